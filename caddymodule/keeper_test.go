package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/qualytics/scim-sidecar/mapping"
)

func externalID(value string) mapping.Key {
	return mapping.Key{Resource: "User", Attribute: "externalId", Value: value}
}

func TestKeeper(t *testing.T) {
	k := newKeeper()
	ctx := t.Context()
	keep := func(resource, id string, record mapping.Record) {
		t.Helper()
		if _, err := k.Update(ctx, resource, id, func(mapping.Record) mapping.Record { return record }); err != nil {
			t.Fatal(err)
		}
	}
	wantIDs := func(key mapping.Key, want ...string) {
		t.Helper()
		got, err := k.IDs(ctx, key)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("IDs(%v) = %v, %v; want %v", key, got, err, want)
		}
	}
	if got, err := k.Record(ctx, "User", "1"); err != nil || !got.IsZero() {
		t.Errorf("of nobody: %+v, %v", got, err)
	}

	record := mapping.Record{
		Attributes: map[string]json.RawMessage{
			"externalId": json.RawMessage(`"a\u0062c"`),
			"nickName":   json.RawMessage(`null`),
			"x":          json.RawMessage(`{"y":1}`),
		},
		Claimed: true,
		Applied: map[string]string{"name": "d"},
	}
	keep("User", "1", record)
	keep("User", "2", mapping.Record{Attributes: map[string]json.RawMessage{"externalId": json.RawMessage(`"abc"`)}})
	keep("Group", "1", mapping.Record{Attributes: map[string]json.RawMessage{"externalId": json.RawMessage(`"abc"`)}})
	wantIDs(externalID("abc"), "1", "2")
	wantIDs(externalID("ABC"))
	wantIDs(mapping.Key{Resource: "User", Attribute: "nickName"})

	got, _ := k.Record(ctx, "User", "1")
	if !reflect.DeepEqual(got, record) {
		t.Errorf("got %+v", got)
	}
	// What the caller does to its copies stays with the caller.
	record.Attributes["externalId"][1] = 'X'
	got.Attributes["externalId"] = json.RawMessage(`"other"`)
	got.Applied["name"] = "e"
	got, _ = k.Record(ctx, "User", "1")
	if string(got.Attributes["externalId"]) != `"a\u0062c"` || got.Applied["name"] != "d" {
		t.Errorf("the record changed: %+v", got)
	}

	keep("User", "1", mapping.Record{Attributes: map[string]json.RawMessage{"externalId": json.RawMessage(`"new"`)}})
	wantIDs(externalID("abc"), "2")
	wantIDs(externalID("new"), "1")
	keep("User", "1", mapping.Record{})
	keep("User", "2", mapping.Record{})
	wantIDs(externalID("abc"))
	wantIDs(externalID("new"))
	if len(k.records) != 1 || len(k.index) != 1 {
		t.Errorf("%d records and %d values are left", len(k.records), len(k.index))
	}
}

func TestLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeeper()
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
		if len(k.locks.locks) != 0 {
			t.Errorf("%d locks are left", len(k.locks.locks))
		}
	})
}

func TestLockGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeeper()
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
		if len(k.locks.locks) != 0 {
			t.Errorf("%d locks are left", len(k.locks.locks))
		}
	})
}

func TestLockExcludes(t *testing.T) {
	k := newKeeper()
	held := map[string]int{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			names := []string{"a", "b", "c"}
			if i%2 == 1 {
				slices.Reverse(names)
			}
			for range 100 {
				release, err := k.Lock(t.Context(), names...)
				if err != nil {
					t.Error(err)
					return
				}
				for _, name := range names {
					held[name]++ // the race detector watches
				}
				release()
			}
		})
	}
	wg.Wait()
	if held["a"] != 800 {
		t.Errorf("held %d times", held["a"])
	}
}
