package caddymodule

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/certmagic"
)

func TestLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		k := newProcess(t, on)
		release, err := k.Lock(t.Context(), "b", "a", "b")
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			wg.Go(func() {
				release, err := k.Lock(t.Context(), name)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				release()
			})
			synctest.Wait()
		}
		mu.Lock()
		if !slices.Equal(order, []string{"c"}) {
			t.Errorf("held while a and b were locked: %v", order)
		}
		mu.Unlock()
		release()
		release() // once is enough
		wg.Wait()
		if len(order) != 3 {
			t.Errorf("held: %v", order)
		}
		if len(k.locks.locks) != 0 || on.held() != 0 {
			t.Errorf("%d locks are left, %d in the storage", len(k.locks.locks), on.held())
		}
	})
}

func TestLockGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		k := newProcess(t, on)
		release, err := k.Lock(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var failed error
		go func() { _, failed = k.Lock(ctx, "a", "b", "c") }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(failed, context.Canceled) {
			t.Errorf("got %v", failed)
		}
		// What it held already is free again.
		other, err := k.Lock(t.Context(), "a", "c")
		if err != nil {
			t.Fatal(err)
		}
		other()
		release()
		if _, err := k.Lock(ctx, "free"); !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %v", err)
		}
		if len(k.locks.locks) != 0 || on.held() != 0 {
			t.Errorf("%d locks are left, %d in the storage", len(k.locks.locks), on.held())
		}
	})
}

// TestLockExcludes has two processes take several locks each in either order.
func TestLockExcludes(t *testing.T) {
	root := t.TempDir()
	for name, on := range map[string]func() certmagic.Storage{
		"locked by the operating system": func() certmagic.Storage { return &certmagic.FileStorage{Path: root} },
		"locked by the storage": func() certmagic.Storage {
			return struct{ certmagic.Storage }{&certmagic.FileStorage{Path: root}}
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			held := map[string]int{}
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 2 {
				k := newProcess(t, on())
				for i := range 4 {
					all.Go(func() {
						names := []string{"a", "b", "c"}
						if i%2 == 1 {
							slices.Reverse(names)
						}
						for range 25 {
							release, err := k.request().Lock(t.Context(), names...)
							if err != nil {
								t.Error(err)
								return
							}
							if !mu.TryLock() {
								t.Error("held by two")
							} else {
								for _, name := range names {
									held[name]++
								}
								mu.Unlock()
							}
							release()
						}
					})
				}
			}
			all.Wait()
			if held["a"] != 200 {
				t.Errorf("held %d times", held["a"])
			}
		})
	}
}

// TestLockIsHandedOn has many wait in one process. The storage is asked once,
// because it may look at a lock once a second.
func TestLockIsHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		k, other := newProcess(t, on), newProcess(t, on)
		release, err := other.Lock(t.Context(), "Group/id:7")
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				release, err := k.request().Lock(t.Context(), "Group/id:7")
				if err != nil {
					t.Error(err)
					return
				}
				release()
			})
		}
		synctest.Wait()
		asked := on.count(opLock, "")
		if asked != 2 {
			t.Errorf("the storage was asked %d times, want once for each process", asked)
		}
		release()
		begin := time.Now()
		all.Wait()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("took %v", took)
		}
		if n := on.count(opLock, ""); n != asked+1 || on.held() != 0 {
			t.Errorf("the storage was asked %d times more, %d locks are held", n-asked, on.held())
		}
	})
}

// TestLockIsFair has one process with always somebody waiting in it, and one
// that wants the lock once.
func TestLockIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		busy, other := newProcess(t, on), newProcess(t, on)
		ctx, stop := context.WithCancel(t.Context())
		for range 3 {
			go func() {
				for {
					release, err := busy.request().Lock(ctx, "Group/id:7")
					if err != nil {
						return
					}
					_ = wait(ctx, 70*time.Millisecond)
					release()
				}
			}()
		}
		synctest.Wait()
		begin := time.Now()
		for range 10 {
			release, err := other.Lock(ctx, "Group/id:7")
			if err != nil {
				t.Fatal(err)
			}
			release()
		}
		if took := time.Since(begin); took > 10*3*time.Second {
			t.Errorf("took %v", took)
		}
		stop()
		synctest.Wait()
		if left := on.keys(""); len(left) > 0 || on.held() > 0 {
			t.Errorf("left are %q, and %d locks are held", left, on.held())
		}
	})
}

// TestLockIsGivenBack has the only one for whom a lock was held on to give up.
func TestLockIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		k := newProcess(t, on)
		lock := k.locks.enter("a")
		lock.held <- struct{}{}
		var err error
		if lock.lease, err = k.lease(t.Context(), "a", nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = k.Lock(ctx, "a") }()
		synctest.Wait()
		k.locks.leave(k.keeperSession, "a", lock)
		if on.held() != 1 {
			t.Fatal("it was not held on to")
		}
		cancel()
		synctest.Wait()
		if on.held() != 0 || len(k.locks.locks) != 0 {
			t.Errorf("%d are held", on.held())
		}
	})
}

// TestLockTimesOut waits for another process for longer than a request may.
func TestLockTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		k, other := newProcess(t, on), newProcess(t, on)
		release, err := other.Lock(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if _, err := k.Lock(ctx, "a", "b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if on.held() != 1 || len(on.keys("")) > 0 {
			t.Errorf("%d are held, and %q is left", on.held(), on.keys(""))
		}
		if logged := k.errors(); len(logged) > 0 {
			t.Errorf("a long wait is taken for a fault of the storage: %v", logged)
		}
	})
}
