package caddymodule

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/caddyserver/certmagic"

	"github.com/qualytics/scim-sidecar/mapping"
)

// takeOver gives a process the storage of another configuration.
func (p *process) takeOver(on certmagic.Storage) *process {
	next := *p
	next.keeperSession = p.session(p.storages.attach(on), p.keeperReport)
	return &next
}

func TestStorages(t *testing.T) {
	var s storages
	one, other := newMemoryStorage(), newMemoryStorage()
	a, b := s.attach(one), s.attach(one)
	c := s.attach(other)
	if a != b || a == c {
		t.Error("only what is the same is the same")
	}
	see := func(own, read *storage, write ...*storage) {
		t.Helper()
		gotRead, gotWrite := s.seenFrom(own)
		if gotRead != read || !slices.Equal(gotWrite, write) {
			t.Errorf("reads %p, writes %p; want %p, %p", gotRead, gotWrite, read, write)
		}
	}
	see(a, a, c, a)
	see(c, c, c, a)
	s.detach(b)
	see(a, a, c, a)
	s.detach(a)
	see(a, c, c)
	see(c, c, c)
	s.detach(c)
	see(a, a, a)

	// Some are made of what can't be compared.
	odd := struct {
		certmagic.Storage
		_ []string
	}{Storage: one}
	if a, b := s.attach(odd), s.attach(odd); a == b {
		t.Error("what can't be compared is the same")
	}
}

// TestStorageChanges takes over from a configuration with another storage,
// whose client is closed under the requests that are still being finished.
func TestStorageChanges(t *testing.T) {
	before, after := newMemoryStorage(), newMemoryStorage()
	old := newProcess(t, before)
	keep(t, old, "User", "1", identified("a"))
	release, err := old.Lock(t.Context(), "User/id:1")
	if err != nil {
		t.Fatal(err)
	}

	next := old.takeOver(after)
	// Until the new one is there to stay, the old one goes on with what it has.
	wantRecord(t, old.request(), "User", "1", identified("a"))
	// What is written now is in both, whichever stays.
	keep(t, old.request(), "User", "2", identified("b"))
	keep(t, next.request(), "User", "3", identified("c"))
	for _, on := range []*memoryStorage{before, after} {
		k := newProcess(t, on)
		wantRecord(t, k, "User", "2", identified("b"))
		wantFound(t, k, externalID("c"), "3")
	}

	before.fail(func(string, bool) error { return errors.New("the client is closed") })
	keep(t, old.request(), "User", "4", identified("d"))
	wantRecord(t, old.request(), "User", "4", identified("d"))
	old.storages.detach(old.own)
	keep(t, old.request(), "User", "5", identified("e"))
	wantFound(t, old.request(), externalID("e"), "5")
	release()
	wantFound(t, newProcess(t, after), externalID("d"), "4")
	wantFound(t, newProcess(t, after), externalID("e"), "5")
	if after.held() > 0 {
		t.Errorf("%d locks are held", after.held())
	}
}

// TestStorageIsRefused has the configuration with the new storage given up.
func TestStorageIsRefused(t *testing.T) {
	before, after := newMemoryStorage(), newMemoryStorage()
	k := newProcess(t, before)
	next := k.takeOver(after)
	keep(t, next.request(), "User", "1", identified("a"))
	k.storages.detach(next.own)
	wantFound(t, k.request(), externalID("a"), "1")

	// What the new one can't take is not acknowledged, for it may be the one
	// that stays.
	next = k.takeOver(after)
	after.fail(failing(opStore))
	_, err := k.request().Update(t.Context(), "User", "2", func(mapping.Record) mapping.Record { return identified("b") })
	wantSCIMError(t, err, 503)
	k.storages.detach(next.own)
	keep(t, k.request(), "User", "2", identified("b"))
}

// TestLockOverReload has somebody wait with the old configuration and somebody
// with the new one.
func TestLockOverReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newMemoryStorage(), newMemoryStorage()
		old := newProcess(t, before)
		release, err := old.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		next := old.takeOver(after)
		got := 0
		for _, k := range []*process{old, next} {
			go func() {
				release, err := k.request().Lock(t.Context(), "a")
				if err != nil {
					t.Error(err)
					return
				}
				got++ // the race detector watches
				release()
			}()
			synctest.Wait()
		}
		if got != 0 {
			t.Error("held by two")
		}
		release()
		synctest.Wait()
		if got != 2 || before.held()+after.held() > 0 {
			t.Errorf("%d got it, %d and %d are held", got, before.held(), after.held())
		}
	})
}
