//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package caddymodule

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestLockFile has many take a lock that exists only while it is held.
func TestLockFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a", "b", "lock")
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				unlock, err := lockFile(t.Context(), name)
				if err != nil {
					t.Error(err)
					return
				}
				if !mu.TryLock() {
					t.Error("held by two")
				} else {
					runtime.Gosched()
					_, _ = os.Stat(name) // somebody else gets a turn
					mu.Unlock()
				}
				if err := unlock(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestLockFileFails(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "lock")
	unlock, err := lockFile(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := lockFile(ctx, name); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it is held: %v", err)
	}
	if err := unlock(t.Context()); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lockFile(t.Context(), filepath.Join(name, "lock")); err == nil {
		t.Error("no error within what is no directory")
	}
	// A file that was left by whom was killed is free.
	if unlock, err = lockFile(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	_ = unlock(t.Context())
}
