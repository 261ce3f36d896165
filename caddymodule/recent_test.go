package caddymodule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping"
)

// ringOf is a ring after so many requests, numbered from 1.
func ringOf(size, requests int) *recent {
	r := &recent{tolerances: make(map[string]uint64)}
	r.resize(size)
	for i := range requests {
		r.add(adminapi.Request{ID: fmt.Sprint(i + 1), Tolerances: []string{"op-case"}})
	}
	return r
}

func (r *recent) ids(n int) string {
	var ids []string
	for _, request := range r.latest(n) {
		ids = append(ids, request.ID)
	}
	return strings.Join(ids, " ")
}

func TestRecentRequests(t *testing.T) {
	for _, c := range []struct {
		size, requests, n int
		want              string
	}{
		{3, 0, 10, ""},
		{3, 2, 10, "2 1"},
		{3, 3, 10, "3 2 1"},
		{3, 7, 10, "7 6 5"},
		{3, 7, 2, "7 6"},
		{1, 7, 10, "7"},
		{0, 7, 10, ""},
	} {
		r := ringOf(c.size, c.requests)
		if got := r.ids(c.n); got != c.want {
			t.Errorf("%d of %d requests: %q, want %q", c.size, c.requests, got, c.want)
		}
		if got := r.usedTolerances()["op-case"]; got != uint64(c.requests) {
			t.Errorf("%d tolerances are counted, of %d", got, c.requests)
		}
	}
}

func TestRecentRequestsOfAnotherSize(t *testing.T) {
	for size, want := range map[int]string{0: "", 1: "8", 2: "8 7", 3: "8 7 6", 4: "8 7 6 5", 9: "8 7 6 5"} {
		r := ringOf(3, 7)
		r.resize(size)
		r.add(adminapi.Request{ID: "8"})
		if got := r.ids(10); got != want {
			t.Errorf("size %d: %q, want %q", size, got, want)
		}
	}
}

// TestCorrelationsCopy is as good as what it is a copy of, and nothing that it
// learns is known elsewhere.
func TestCorrelationsCopy(t *testing.T) {
	c, _ := newTestCorrelations(t, 10, time.Minute)
	ana, bo := mapping.Key{Resource: "User", Attribute: "userName", Value: "ana"}, mapping.Key{Resource: "User", Attribute: "userName", Value: "bo"}
	c.Learn("41", nil, []mapping.Key{ana})
	c.resources["User"] = &knowledge{complete: &mapping.Scan{Started: c.now(), Visible: []int{1}}}
	d, err := c.copy()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Destruct()
	if got := d.IDs(ana); len(got) != 1 || got[0] != "41" || d.Scanned("User") == nil {
		t.Errorf("the copy knows %v", got)
	}
	d.Learn("42", []mapping.Key{ana}, []mapping.Key{bo})
	d.Learn("41", []mapping.Key{ana}, nil)
	d.Doubt("User")
	if got := c.IDs(ana); len(got) != 1 || len(c.IDs(bo)) != 0 || c.Scanned("User") == nil {
		t.Errorf("the copy changed what it is a copy of: %v, %v", got, c.IDs(bo))
	}
	if n := c.purge(); n != 1 || len(c.IDs(ana)) != 0 || c.Scanned("User") != nil {
		t.Errorf("%d facts were purged, and %v are left", n, c.IDs(ana))
	}
}
