package caddymodule

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

var making = mapping.Key{Resource: "User", Attribute: "userName", Value: "anna@corp.test"}

// newest is what the API had made last when the first note was made.
var newest = mapping.Newest{Created: time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC), IDs: []string{"4"}}

// wantNoted fails the test unless there is a note with what the first one had, or
// none.
func wantNoted(t *testing.T, k mapping.Keeper, want bool) {
	t.Helper()
	at, got, err := k.Noted(t.Context(), making)
	if err != nil || got != want || got && !reflect.DeepEqual(at, newest) {
		t.Errorf("noted: %t after %v, %v; want %t after %v", got, at, err, want, newest)
	}
}

// note notes that somebody is being made, and fails the test unless that was
// noted before, or was not.
func note(t *testing.T, k mapping.Keeper, before bool) {
	t.Helper()
	at := newest
	if before {
		at = mapping.Newest{Created: at.Created.Add(time.Hour), IDs: []string{"5"}}
	}
	if again, err := k.Note(t.Context(), making, at); err != nil || again != before {
		t.Errorf("noted before: %t, %v; want %t", again, err, before)
	}
}

// TestKeeperNotes has a process end between a note and its end.
func TestKeeperNotes(t *testing.T) {
	on := newMemoryStorage()
	k := newProcess(t, on)
	wantNoted(t, k, false)
	note(t, k, false)
	next := newProcess(t, on)
	wantNoted(t, next, true)
	note(t, next, true)
	if keys := on.keys(""); len(keys) != 1 || !strings.HasPrefix(keys[0], "scim/upstream-test/underway/") ||
		strings.Contains(keys[0]+string(on.entries[keys[0]]), "anna") {
		t.Errorf("stored is %q", keys)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if err := next.Strike(ended, making); err != nil {
			t.Error(err)
		}
		wantNoted(t, k, false)
	}
	if keys := on.keys(""); len(keys) > 0 {
		t.Errorf("left are %q", keys)
	}
}

// TestKeeperNoteFaults has each operation of the storage fail in turn.
func TestKeeperNoteFaults(t *testing.T) {
	for operation, do := range map[string]func(k *process) error{
		opLoad:   func(k *process) error { _, _, err := k.Noted(t.Context(), making); return err },
		opStore:  func(k *process) error { _, err := k.Note(t.Context(), making, newest); return err },
		opDelete: func(k *process) error { return k.Strike(t.Context(), making) },
	} {
		on := newMemoryStorage()
		k := newProcess(t, on)
		on.fail(failing(operation))
		wantSCIMError(t, do(k), 503)
		if len(k.errors()) != 1 {
			t.Errorf("%s: logged %v", operation, k.errors())
		}
	}
}

// TestKeeperNotesOverStorages has a note be in the old storage and the new one
// while one takes over from the other.
func TestKeeperNotesOverStorages(t *testing.T) {
	before, after := newMemoryStorage(), newMemoryStorage()
	k := newProcess(t, before)
	next := k.takeOver(after)
	note(t, k.request(), false)
	wantNoted(t, newProcess(t, before), true)
	wantNoted(t, newProcess(t, after), true)
	if err := next.request().Strike(t.Context(), making); err != nil {
		t.Error(err)
	}
	wantNoted(t, newProcess(t, before), false)
	wantNoted(t, newProcess(t, after), false)
}
