package caddymodule

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// keyedLocks are mutual exclusions by name. The zero value is ready for use.
// A name that nobody holds or waits for takes no memory.
type keyedLocks struct {
	mu    sync.Mutex
	locks map[string]*keyedLock
}

type keyedLock struct {
	// held has room for one element: whoever put it there holds the lock.
	held chan struct{}

	// users counts who holds it or waits for it; guarded by keyedLocks.mu.
	users int
}

// lock waits until it holds all names or ctx ends. Names are always taken in
// the same order, so that two callers can't wait for each other.
func (l *keyedLocks) lock(ctx context.Context, names []string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("waiting for a lock: %w", err)
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	for i, name := range names {
		lock := l.enter(name)
		select {
		case lock.held <- struct{}{}:
		case <-ctx.Done():
			l.leave(name, false)
			l.unlock(names[:i])
			return nil, fmt.Errorf("waiting for a lock: %w", ctx.Err())
		}
	}
	return sync.OnceFunc(func() { l.unlock(names) }), nil
}

func (l *keyedLocks) unlock(names []string) {
	for _, name := range slices.Backward(names) {
		l.leave(name, true)
	}
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

// leave ends the interest in a name, and the hold on it if there is one.
func (l *keyedLocks) leave(name string, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lock := l.locks[name]
	if held {
		<-lock.held
	}
	if lock.users--; lock.users == 0 {
		delete(l.locks, name)
	}
}
