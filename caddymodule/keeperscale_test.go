package caddymodule

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
)

// fill stores the records of so many people at once, each with an external id.
func (p *process) fill(t *testing.T, on *memoryStorage, people int) {
	t.Helper()
	for n := range people {
		id := strconv.Itoa(n)
		record, err := encodeRecord(recordKey{"User", id}, identified("x-"+id))
		if err != nil {
			t.Fatal(err)
		}
		index, err := encodeEntry(indexEntry{Format: entryFormat, IDs: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		on.entries[p.recordPath(recordKey{"User", id})] = record
		on.entries[p.indexPath(externalID("x-"+id))] = index
	}
}

// TestKeeperScale has what a request does with the storage be the same with a
// hundred thousand people as with ten, and never be a look at all of them.
func TestKeeperScale(t *testing.T) {
	operations := func(people int) []string {
		on := newMemoryStorage()
		k := newProcess(t, on)
		k.fill(t, on, people)
		session := k.request()
		wantRecord(t, session, "User", "7", identified("x-7"))
		wantRecord(t, session, "User", "nobody", mapping.Record{})
		wantFound(t, session, externalID("x-7"), "7")
		wantFound(t, session, externalID("nobody"))
		keep(t, session, "User", "7", identified("new"))
		keep(t, session, "User", "new", identified("x-7"))
		keep(t, session, "User", "8", mapping.Record{})
		note(t, session, false)
		wantNoted(t, session, true)
		if err := session.Strike(t.Context(), making); err != nil {
			t.Error(err)
		}
		release, err := session.Lock(t.Context(), "User/id:7", "User/id:8")
		if err != nil {
			t.Fatal(err)
		}
		release()
		wantFound(t, k.request(), externalID("new"), "7")
		return slices.Clone(on.calls)
	}
	few, many := operations(10), operations(100_000)
	if !slices.Equal(few, many) {
		t.Errorf("with few people\n%s\nwith many\n%s", strings.Join(few, "\n"), strings.Join(many, "\n"))
	}
	for _, call := range many {
		if strings.HasPrefix(call, opList+" ") {
			t.Errorf("%s", call)
		}
	}
}
