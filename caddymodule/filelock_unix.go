//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// lockPoll is the longest pause between two looks at a lock file.
	lockPoll = 100 * time.Millisecond

	// filePoll is how long a lock must be free for another process to find it so.
	filePoll = 2 * lockPoll
)

// lockFile waits until no other process, and nobody else in this one, holds
// the file locked, and locks it. The operating system ends the lock with the
// process, however that ends. The error is [errors.ErrUnsupported] where the
// file system has no locks.
func lockFile(ctx context.Context, name string) (unlock func(context.Context) error, err error) {
	file, err := openLocked(ctx, name)
	if err != nil {
		return nil, err
	}
	return func(context.Context) error { return removeLocked(file) }, nil
}

// openLocked is lockFile for what is to be written to.
func openLocked(ctx context.Context, name string) (*os.File, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, lockPoll) {
		file, err := tryLockFile(name)
		if err != nil || file != nil {
			return file, err
		}
		if err := wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// removeLocked ends a lock. The file is removed while it is locked: whoever has
// opened it meanwhile sees that it is not there any more.
func removeLocked(file *os.File) error {
	return errors.Join(os.Remove(file.Name()), file.Close())
}

// tryLockFile returns nil when somebody else holds the lock.
func tryLockFile(name string) (*os.File, error) {
	file, err := openLockFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, err
		}
		file, err = openLockFile(name)
	}
	if err != nil {
		return nil, err
	}
	if err := flock(file); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, nil
		}
		return nil, &fs.PathError{Op: "flock", Path: name, Err: err}
	}
	// The file may have been removed, and made anew, before it was locked. It
	// is opened and not just looked up, because a network file system may only
	// remember what it was.
	again, err := os.Open(name)
	if err == nil {
		defer again.Close()
		if sameFile(file, again) {
			return file, nil
		}
	}
	file.Close()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, nil
}

func openLockFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
}

func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func sameFile(a, b *os.File) bool {
	first, err := a.Stat()
	if err != nil {
		return false
	}
	second, err := b.Stat()
	return err == nil && os.SameFile(first, second)
}
