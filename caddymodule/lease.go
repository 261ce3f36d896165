package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"go.uber.org/zap"
)

const (
	// handOver is how long a lock of the storage is handed on within this
	// process before it is asked whether another process waits for it.
	handOver = time.Second

	// announceAfter is how long a process waits for a lock before it says so,
	// and announceEvery how often it says so again.
	announceAfter = 200 * time.Millisecond
	announceEvery = time.Second

	// unlockTimeout bounds the giving back of a lock, which nobody may stop.
	unlockTimeout = 5 * time.Second
)

// lease is a lock of the storage that this process holds.
type lease struct {
	name   string
	in     *storage
	unlock func(context.Context) error

	// since is when it was taken, or was last found to be wanted by nobody else.
	since time.Time
}

// lease returns the storage's lock of a name. It is the one that was handed on,
// if there is one and it is of the right storage.
func (s *keeperSession) lease(ctx context.Context, name string, handed *lease) (*lease, error) {
	in, all := s.storages.seenFrom(s.own)
	if handed != nil {
		if handed.in == in {
			return handed, nil
		}
		s.giveBack(handed)
	}
	name = digestName(name)
	taken, err := s.take(ctx, in, name)
	if err != nil && in != all[0] && ctx.Err() == nil {
		taken, err = s.take(ctx, all[0], name)
	}
	switch {
	case err == nil:
		return taken, nil
	case ctx.Err() != nil:
		// Somebody else holds it for longer than the request may take.
		return nil, fmt.Errorf("waiting for a lock of the storage: %w", ctx.Err())
	}
	return nil, s.failed(opLock, path.Join(s.prefix, "lock", name), err)
}

// take waits for the storage's lock. A process that waits elsewhere looks only
// now and then, and might never find it free, so it goes first.
func (s *keeperSession) take(ctx context.Context, in *storage, name string) (*lease, error) {
	s.sweep(ctx, in)
	if s.isWanted(ctx, in, name) {
		// It is for the one who waits to say so again.
		_ = in.Delete(ctx, s.waitPath(name))
		if err := wait(ctx, in.poll()); err != nil {
			return nil, err
		}
	}
	defer s.announce(ctx, in, name)()
	unlock, err := in.lock(ctx, s.prefix, name)
	if err != nil {
		return nil, err
	}
	taken := &lease{name: name, in: in, unlock: unlock, since: time.Now()}
	if err := ctx.Err(); err != nil {
		s.giveBack(taken)
		return nil, err
	}
	return taken, nil
}

// sweep tidies a storage up before the first lock in it.
func (s *keeperSession) sweep(ctx context.Context, in *storage) {
	if _, begun := in.swept.LoadOrStore(s.prefix, true); begun {
		return
	}
	switch removed, err := in.sweep(ctx, s.prefix); {
	case err != nil:
		s.logger.Warn("what killed processes have left in the storage could not be removed", zap.Error(err))
	case removed > 0:
		s.logger.Info("what killed processes have left in the storage was removed", zap.Int("files", removed))
	}
}

// isWanted reports whether another process waits for a lock. Not to know it
// does no more harm than that one has to wait.
func (s *keeperSession) isWanted(ctx context.Context, in *storage, name string) bool {
	_, err := in.Load(ctx, s.waitPath(name))
	return err == nil
}

// announce says that this process waits for a lock, if the wait takes long,
// until stop is called.
func (s *keeperSession) announce(ctx context.Context, in *storage, name string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	said := make(chan bool, 1)
	go func() {
		pause, stored := announceAfter, false
		for wait(ctx, pause) == nil {
			_ = in.put(ctx, s.prefix, s.waitPath(name), nil)
			pause, stored = announceEvery, true
		}
		said <- stored
	}()
	return func() {
		cancel()
		if <-said {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTimeout)
			defer cancel()
			_ = in.Delete(ctx, s.waitPath(name))
		}
	}
}

// mayHandOn reports whether a lock may go to somebody else in this process.
func (s *keeperSession) mayHandOn(l *lease) bool {
	if time.Since(l.since) < handOver {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), unlockTimeout)
	defer cancel()
	if s.isWanted(ctx, l.in, l.name) {
		return false
	}
	l.since = time.Now()
	return true
}

// giveBack ends a lease. Should that fail, the lock ends with the rules of the
// storage.
func (s *keeperSession) giveBack(l *lease) {
	ctx, cancel := context.WithTimeout(context.Background(), unlockTimeout)
	defer cancel()
	err := l.unlock(ctx)
	switch key := path.Join(s.prefix, "lock", l.name); {
	case err == nil:
	case !s.storages.has(l.in):
		s.logger.Warn("a lock was left to expire, because its storage is that of a configuration before",
			zap.String("key", key), zap.Error(err))
	default:
		_ = s.failed(opUnlock, key, errors.Join(err, errors.New("the lock may have been lost while it was held")))
	}
}
