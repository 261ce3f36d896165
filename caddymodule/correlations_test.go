package caddymodule

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

func userName(value string) mapping.Key {
	return mapping.Key{Resource: "User", Attribute: "userName", Value: value}
}

func userID(id string) mapping.Key {
	return mapping.Key{Resource: "User", Attribute: "id", Value: id}
}

// newTestCorrelations returns correlations with a clock that the test sets.
func newTestCorrelations(t *testing.T, size int, freshness time.Duration) (*correlations, *time.Time) {
	t.Helper()
	c, err := newCorrelations(size, freshness)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c.now = func() time.Time { return now }
	t.Cleanup(func() {
		if err := c.Destruct(); err != nil {
			t.Error(err)
		}
	})
	return c, &now
}

// scanOf returns a scan of users with these ids, each with the user name
// "u" + id, two on a page.
func scanOf(ids ...string) *mapping.Scan {
	scan := &mapping.Scan{}
	for i, id := range ids {
		page := i/2 + 1
		scan.Objects = append(scan.Objects, mapping.Scanned{
			ID: id, Page: page, Keys: []mapping.Key{userID(id), userName("u" + id)},
		})
		if len(scan.Visible) < page {
			scan.Visible = append(scan.Visible, 0)
		}
		scan.Visible[page-1]++
	}
	return scan
}

// doScan scans users and fails the test if that fails.
func doScan(t *testing.T, c *correlations, read func() *mapping.Scan) {
	t.Helper()
	if _, err := c.Scan(t.Context(), "User", func(context.Context) (*mapping.Scan, error) { return read(), nil }); err != nil {
		t.Fatal(err)
	}
}

func wantIDs(t *testing.T, c *correlations, key mapping.Key, want ...string) {
	t.Helper()
	if got := c.IDs(key); !slices.Equal(got, want) || (len(want) == 0) != (got == nil) {
		t.Errorf("IDs(%v) = %#v, want %#v", key, got, want)
	}
}

func wantScanned(t *testing.T, c *correlations, want bool) {
	t.Helper()
	if got := c.Scanned("User") != nil; got != want {
		t.Errorf("scanned = %t, want %t", got, want)
	}
}

func TestLearn(t *testing.T) {
	c, _ := newTestCorrelations(t, 100, time.Minute)
	wantIDs(t, c, userName("ana"))

	c.Learn("41", nil, []mapping.Key{userName("ana"), userID("41")})
	held := c.IDs(userName("ana"))
	c.Learn("42", nil, []mapping.Key{userName("ana")})
	c.Learn("41", nil, []mapping.Key{userName("ana")})
	wantIDs(t, c, userName("ana"), "41", "42")
	if !slices.Equal(held, []string{"41"}) {
		t.Errorf("a slice that was handed out became %v", held)
	}

	held = c.IDs(userName("ana"))
	c.Learn("41", []mapping.Key{userName("ana"), userName("bo")}, []mapping.Key{userName("bo")})
	wantIDs(t, c, userName("ana"), "42")
	wantIDs(t, c, userName("bo"), "41")
	if !slices.Equal(held, []string{"41", "42"}) {
		t.Errorf("a slice that was handed out became %v", held)
	}

	c.Learn("42", []mapping.Key{userName("ana"), userName("nobody")}, nil)
	wantIDs(t, c, userName("ana"))
	wantIDs(t, c, userID("41"), "41")
}

func TestScanIsRemembered(t *testing.T) {
	c, now := newTestCorrelations(t, 100, time.Minute)
	started := *now
	wantScanned(t, c, false)

	scan, err := c.Scan(t.Context(), "User", func(context.Context) (*mapping.Scan, error) {
		*now = now.Add(10 * time.Second)
		return scanOf("1", "2", "3"), nil
	})
	if err != nil || len(scan.Objects) != 3 {
		t.Fatalf("%v, %v", scan, err)
	}
	if got, want := c.Scanned("User"), (&mapping.Scan{Started: started, Visible: []int{2, 1}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if c.Scanned("Group") != nil {
		t.Error("a scan of users counts for groups")
	}
	wantIDs(t, c, userName("u3"), "3")
	for id, want := range map[string]int{"1": 1, "2": 1, "3": 2, "4": 0} {
		if got := c.Page("User", id); got != want {
			t.Errorf("page of %s = %d, want %d", id, got, want)
		}
	}

	// Age counts from the first page on.
	*now = started.Add(time.Minute)
	wantScanned(t, c, true)
	*now = now.Add(1)
	wantScanned(t, c, false)
	wantIDs(t, c, userName("u3"), "3")
}

func TestFreshnessZero(t *testing.T) {
	c, _ := newTestCorrelations(t, 100, 0)
	doScan(t, c, func() *mapping.Scan { return scanOf("1") })
	wantScanned(t, c, false)
}

func TestDoubtAndShift(t *testing.T) {
	c, _ := newTestCorrelations(t, 100, time.Minute)
	c.Doubt("User")
	c.Shift("User")
	doScan(t, c, func() *mapping.Scan { return scanOf("1") })

	held := c.Scanned("User")
	c.Shift("User")
	if got := c.Scanned("User"); got == nil || got.Visible != nil || got.Started != held.Started {
		t.Errorf("after a shift: %+v", got)
	}
	if held.Visible == nil {
		t.Error("a scan that was handed out changed")
	}
	c.Doubt("User")
	wantScanned(t, c, false)
	wantIDs(t, c, userName("u1"), "1")
}

// learnMany learns n facts that belong to no user.
func learnMany(c *correlations, n int) {
	for i := range n {
		c.Learn("7", nil, []mapping.Key{{Resource: "Group", Attribute: "displayName", Value: fmt.Sprint(i)}})
	}
}

func TestEviction(t *testing.T) {
	t.Run("of what the scan found", func(t *testing.T) {
		c, _ := newTestCorrelations(t, 10, time.Minute)
		doScan(t, c, func() *mapping.Scan { return scanOf("1", "2") })
		learnMany(c, 6)
		wantScanned(t, c, true)
		learnMany(c, 10)
		wantScanned(t, c, false)
	})
	t.Run("of what was there before and the scan did not find", func(t *testing.T) {
		c, _ := newTestCorrelations(t, 10, time.Minute)
		c.Learn("9", nil, []mapping.Key{userName("gone")})
		doScan(t, c, func() *mapping.Scan { return scanOf("1", "2") })
		learnMany(c, 6)
		wantIDs(t, c, userName("gone"))
		wantScanned(t, c, true)
	})
	t.Run("of what was learnt after the scan", func(t *testing.T) {
		c, _ := newTestCorrelations(t, 10, time.Minute)
		doScan(t, c, func() *mapping.Scan { return scanOf("1", "2") })
		c.Learn("3", nil, []mapping.Key{userName("u3")})
		for range 3 {
			// All but u3 are in use.
			learnMany(c, 5)
			for _, id := range []string{"1", "2"} {
				c.IDs(userID(id))
				c.IDs(userName("u" + id))
			}
		}
		learnMany(c, 6)
		wantIDs(t, c, userName("u3"))
		wantScanned(t, c, false)
	})
	t.Run("of what was learnt during the scan", func(t *testing.T) {
		c, _ := newTestCorrelations(t, 10, time.Minute)
		doScan(t, c, func() *mapping.Scan {
			c.Learn("3", nil, []mapping.Key{userName("u3")})
			learnMany(c, 10)
			return scanOf("1", "2")
		})
		wantScanned(t, c, false)
	})
	t.Run("during the scan, of what was there before", func(t *testing.T) {
		c, _ := newTestCorrelations(t, 10, time.Minute)
		c.Learn("1", nil, []mapping.Key{userName("u1")})
		doScan(t, c, func() *mapping.Scan {
			learnMany(c, 10)
			return scanOf("1", "2")
		})
		wantIDs(t, c, userName("u1"), "1")
		wantScanned(t, c, true)
	})
	t.Run("by the scan itself", func(t *testing.T) {
		c, _ := newTestCorrelations(t, 3, time.Minute)
		doScan(t, c, func() *mapping.Scan { return scanOf("1", "2") })
		wantScanned(t, c, false)
	})
	t.Run("by a smaller size", func(t *testing.T) {
		c, now := newTestCorrelations(t, 10, time.Minute)
		doScan(t, c, func() *mapping.Scan { return scanOf("1", "2") })
		c.configure(4, 2*time.Minute)
		*now = now.Add(90 * time.Second)
		wantScanned(t, c, true)
		c.configure(3, 2*time.Minute)
		wantScanned(t, c, false)
	})
	t.Run("a wanted removal is none", func(t *testing.T) {
		c, _ := newTestCorrelations(t, 10, time.Minute)
		doScan(t, c, func() *mapping.Scan { return scanOf("1", "2") })
		c.Learn("1", []mapping.Key{userID("1"), userName("u1")}, nil)
		wantScanned(t, c, true)
	})
}

func TestCorrelationsConcurrently(t *testing.T) {
	c, _ := newTestCorrelations(t, 50, time.Minute)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 200 {
				id := fmt.Sprint((worker + i) % 30)
				c.Learn(id, []mapping.Key{userName("x" + id)}, []mapping.Key{userName("u" + id)})
				for _, id := range c.IDs(userName("u" + id)) {
					_ = strings.Clone(id)
				}
				switch i % 20 {
				case 3:
					c.Doubt("User")
				case 5:
					c.Shift("User")
				case 7:
					doScan(t, c, func() *mapping.Scan { return scanOf("1", "2", "3") })
				case 9:
					c.configure(40+i%10, time.Minute)
				}
				c.Scanned("User")
				c.Page("User", id)
			}
		})
	}
	wg.Wait()
}
