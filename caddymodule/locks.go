package caddymodule

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// keyedLocks are mutual exclusions by name, within this process and, by the
// storage's locks, with every other one that has the same storage. The zero
// value is ready for use. A name that nobody holds or waits for takes no memory.
type keyedLocks struct {
	mu    sync.Mutex
	locks map[string]*keyedLock
}

type keyedLock struct {
	// held has room for one element: whoever put it there holds the lock
	// within this process, and may use lease.
	held chan struct{}

	// lease is the storage's lock; nil for none. It is handed on to whoever
	// waits in this process.
	lease *lease

	// users counts who holds it or waits for it; guarded by keyedLocks.mu.
	users int
}

// lock waits until it holds all names or ctx ends. Names are always taken in
// the same order, so that two callers can't wait for each other. This process
// settles first whose turn it is, so that only one of those who wait here
// waits at the storage. Here says that the locks are held within this process alone.
func (l *keyedLocks) lock(ctx context.Context, s *keeperSession, here bool, names ...string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("waiting for a lock: %w", err)
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	held := make([]*keyedLock, 0, len(names))
	unlock := func() {
		for i, lock := range slices.Backward(held) {
			l.unlock(s, names[i], lock)
		}
	}
	for _, name := range names {
		lock := l.enter(name)
		select {
		case lock.held <- struct{}{}:
		case <-ctx.Done():
			l.leave(s, name, lock)
			unlock()
			return nil, fmt.Errorf("waiting for a lock: %w", ctx.Err())
		}
		held = append(held, lock)
		if here {
			continue
		}
		if lock.lease, err = s.lease(ctx, name, lock.lease); err != nil {
			unlock()
			return nil, err
		}
	}
	return sync.OnceFunc(unlock), nil
}

// unlock lets the next one have a lock, with the storage's lock if there is a
// next one in this process and no other process has to wait for too long.
func (l *keyedLocks) unlock(s *keeperSession, name string, lock *keyedLock) {
	l.mu.Lock()
	wanted := lock.users > 1
	l.mu.Unlock()
	if lock.lease != nil && (!wanted || !s.mayHandOn(lock.lease)) {
		s.giveBack(lock.lease)
		lock.lease = nil
	}
	<-lock.held
	l.leave(s, name, lock)
}

// enter announces an interest in a name.
func (l *keyedLocks) enter(name string) *keyedLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	lock := l.locks[name]
	if lock == nil {
		if l.locks == nil {
			l.locks = make(map[string]*keyedLock)
		}
		lock = &keyedLock{held: make(chan struct{}, 1)}
		l.locks[name] = lock
	}
	lock.users++
	return lock
}

// leave ends the interest in a name. The last one gives back what was handed
// on to somebody who has given up.
func (l *keyedLocks) leave(s *keeperSession, name string, lock *keyedLock) {
	l.mu.Lock()
	lock.users--
	last := lock.users == 0
	if last {
		delete(l.locks, name)
	}
	l.mu.Unlock()
	if last && lock.lease != nil {
		s.giveBack(lock.lease)
	}
}

// wait waits for a time, or until ctx ends and then returns why.
func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
