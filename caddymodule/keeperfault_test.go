package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// wantSCIMError checks an error that the program gives to the client as it is.
func wantSCIMError(t *testing.T, err error, status int) {
	t.Helper()
	var e *scim.Error
	if !errors.As(err, &e) || e.Status != status || (e.RetryAfter > 0) != (status == 503) {
		t.Errorf("got %#v, want status %d", err, status)
	}
}

// TestKeeperFaults has each operation of the storage fail in turn. Nothing that
// failed is said to have been done, nothing is left locked, and the operator
// gets to know.
func TestKeeperFaults(t *testing.T) {
	ctx := t.Context()
	update := func(k *process) error {
		_, err := k.Update(ctx, "User", "1", func(mapping.Record) mapping.Record { return identified("new") })
		return err
	}
	for _, tt := range []struct {
		operation string
		do        func(k *process) error
	}{
		{opLoad, func(k *process) error { _, err := k.Record(ctx, "User", "1"); return err }},
		{opLoad, func(k *process) error { _, err := k.IDs(ctx, externalID("old")); return err }},
		{opLoad, update},
		{opStore, update},
		{opLock, update},
		{opDelete, func(k *process) error {
			_, err := k.Update(ctx, "User", "1", func(mapping.Record) mapping.Record { return mapping.Record{} })
			return err
		}},
		{opLock, func(k *process) error { _, err := k.Lock(ctx, "User/id:1", "User/id:2"); return err }},
	} {
		on := newMemoryStorage()
		k := newProcess(t, on)
		keep(t, k, "User", "1", identified("old"))
		on.fail(failing(tt.operation))
		wantSCIMError(t, tt.do(k), 503)
		if on.held() > 0 || len(k.locks.locks) > 0 {
			t.Errorf("%s: a lock is held", tt.operation)
		}
		failures := fmt.Sprintf(`caddy_scim_storage_errors_total{operation=%q} 1`, tt.operation)
		if got := scraped(t, k.registry, "caddy_scim_storage_"); !strings.Contains(got, failures+"\n") {
			t.Errorf("no %s in\n%s", failures, got)
		}
		logged := k.errors()
		if len(logged) != 1 || logged[0].Message != "the storage failed" || logged[0].ContextMap()["operation"] != tt.operation {
			t.Errorf("%s: logged %v", tt.operation, logged)
		}

		on.fail(nil)
		wantRecord(t, k, "User", "1", identified("old"))
		wantFound(t, k, externalID("old"), "1")
		wantFound(t, k, externalID("new"))
		if err := update(k); err != nil {
			t.Error(err)
		}
		wantFound(t, k, externalID("old"))
		wantFound(t, k, externalID("new"), "1")
	}
}

// TestKeeperFaultsAfterwards has a record stored although the storage says
// that it was not: it was not acknowledged, and is what it is.
func TestKeeperFaultsAfterwards(t *testing.T) {
	on := newMemoryStorage()
	k := newProcess(t, on)
	keep(t, k, "User", "1", identified("old"))
	on.fail(func(call string, done bool) error {
		if done && strings.HasPrefix(call, opStore+" ") && strings.Contains(call, "/record/") {
			return errFault
		}
		return nil
	})
	_, err := k.Update(t.Context(), "User", "1", func(mapping.Record) mapping.Record { return identified("new") })
	wantSCIMError(t, err, 503)
	on.fail(nil)
	if got, err := k.Record(bulk(t.Context()), "User", "1"); err != nil || !reflect.DeepEqual(got, identified("new")) {
		t.Errorf("in a list: %+v, %v", got, err)
	}
	wantRecord(t, k, "User", "1", identified("new"))
	wantFound(t, k, externalID("new"), "1")
	wantFound(t, k, externalID("old"))
}

// TestUnlockFails has a lock that can't be given back. What was done under it
// is done.
func TestUnlockFails(t *testing.T) {
	on := newMemoryStorage()
	k := newProcess(t, on)
	on.fail(failing(opUnlock))
	keep(t, k, "User", "1", mapping.Record{Claimed: true})
	wantRecord(t, k, "User", "1", mapping.Record{Claimed: true})
	if logged := k.errors(); len(logged) != 1 || logged[0].ContextMap()["operation"] != opUnlock {
		t.Errorf("logged %v", logged)
	}
}

// TestUpdateIsFinished has a client go away, or the time of a request run out,
// when the API has done what the update is to keep.
func TestUpdateIsFinished(t *testing.T) {
	k := newProcess(t, newMemoryStorage())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Update(ctx, "User", "1", func(mapping.Record) mapping.Record { return identified("x") }); err != nil {
		t.Fatal(err)
	}
	wantRecord(t, k, "User", "1", identified("x"))

	_, err := k.Record(ctx, "User", "1")
	wantSCIMError(t, err, 503)
	if logged := k.errors(); len(logged) > 0 {
		t.Errorf("a client that went away is taken for a fault of the storage: %v", logged)
	}
}

// step is one update of a scenario.
type step struct {
	id     string
	record mapping.Record
}

var steps = []step{
	{"1", identified("a")},
	{"2", identified("b")},
	{"1", identified("c")},
	{"2", identified("a")},
	{"1", mapping.Record{}},
	{"2", mapping.Record{Claimed: true}},
	{"1", identified("a")},
}

// TestKeeperCrash kills the process before and after each operation on the
// storage and looks at what a new one finds: all that was acknowledged, and of
// the update that was not, either all or nothing.
func TestKeeperCrash(t *testing.T) {
	whole := newMemoryStorage()
	takeSteps(t, newProcess(t, whole))
	total := len(whole.calls)
	if total < 50 {
		t.Fatalf("only %d operations", total)
	}
	for last := range total {
		for _, took := range []bool{false, true} {
			on := newMemoryStorage()
			calls := 0
			on.fail(func(_ string, done bool) error {
				if !done {
					calls++
				}
				if calls > last+1 || calls == last+1 && done == took {
					return errFault
				}
				return nil
			})
			done := takeSteps(t, newProcess(t, on))
			on.fail(nil)
			clear(on.locks) // they expire
			wantSteps(t, fmt.Sprintf("operation %d, done %t", last, took), newProcess(t, on), done)
		}
	}
}

// takeSteps does the steps until one fails, and returns how many were acknowledged.
func takeSteps(t *testing.T, k *process) int {
	for i, s := range steps {
		if _, err := k.Update(t.Context(), "User", s.id, func(mapping.Record) mapping.Record { return s.record }); err != nil {
			return i
		}
	}
	return len(steps)
}

// wantSteps checks that a process finds what so many steps make, and maybe the
// next one.
func wantSteps(t *testing.T, when string, k *process, done int) {
	t.Helper()
	before, after := make(map[string]mapping.Record), make(map[string]mapping.Record)
	for i, s := range steps[:min(done+1, len(steps))] {
		if i < done {
			before[s.id] = s.record
		}
		after[s.id] = s.record
	}
	values := make(map[mapping.Key][]string)
	for _, id := range []string{"1", "2"} {
		got, err := k.Record(t.Context(), "User", id)
		stored := fmt.Sprint(got)
		if err != nil || stored != fmt.Sprint(before[id]) && stored != fmt.Sprint(after[id]) {
			t.Errorf("%s, %d steps: user %s is %s, %v", when, done, id, stored, err)
		}
		if key, ok := keyOf("User", got); ok {
			values[key] = append(values[key], id)
		}
	}
	for _, value := range []string{"a", "b", "c"} {
		got, err := k.IDs(t.Context(), externalID(value))
		if want := values[externalID(value)]; err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s, %d steps: the ids of %s are %v, %v, want %v", when, done, value, got, err, want)
		}
	}
	if logged := k.errors(); len(logged) > 0 {
		t.Errorf("%s, %d steps: logged %v", when, done, logged)
	}
}
