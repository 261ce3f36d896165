package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

func TestScanWithoutIDKeys(t *testing.T) {
	c, _ := newTestCorrelations(t, 100, time.Minute)
	doScan(t, c, func() *mapping.Scan {
		return &mapping.Scan{Objects: []mapping.Scanned{{ID: "1", Page: 3, Hidden: true}}}
	})
	if got := c.Page("User", "1"); got != 3 {
		t.Errorf("page = %d", got)
	}
	wantIDs(t, c, userID("1"))
}

func TestScanSharesValues(t *testing.T) {
	c, _ := newTestCorrelations(t, 100, time.Minute)
	c.Learn("9", nil, []mapping.Key{userName("same")})
	doScan(t, c, func() *mapping.Scan {
		scan := scanOf("1", "2", "9")
		for i := range scan.Objects {
			scan.Objects[i].Keys = []mapping.Key{userName("same")}
		}
		return scan
	})
	wantIDs(t, c, userName("same"), "9", "1", "2")
}

func TestScanFails(t *testing.T) {
	c, _ := newTestCorrelations(t, 100, time.Minute)
	failure := errors.New("no")
	for _, tt := range []struct {
		name string
		read func(context.Context) (*mapping.Scan, error)
		want string
	}{
		{"error", func(context.Context) (*mapping.Scan, error) { return nil, failure }, "no"},
		{"nothing", func(context.Context) (*mapping.Scan, error) { return nil, nil }, "the scan returned nothing"},
		{"panic", func(context.Context) (*mapping.Scan, error) { panic("ana@corp.test") }, "panic with a string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scan, err := c.Scan(t.Context(), "User", tt.read)
			if scan != nil || err == nil || err.Error() != tt.want {
				t.Errorf("got %v, %v", scan, err)
			}
			wantScanned(t, c, false)
		})
	}
	doScan(t, c, func() *mapping.Scan { return scanOf("1") })
	wantScanned(t, c, true)
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

func TestChangesDuringScan(t *testing.T) {
	for _, tt := range []struct {
		name    string
		during  func(c *correlations)
		scanned bool
		visible []int
		ids     []string // under u1
	}{
		{"nothing", func(*correlations) {}, true, []int{1}, []string{"1"}},
		{"doubt", func(c *correlations) { c.Doubt("User") }, false, nil, []string{"1"}},
		{"doubt about others", func(c *correlations) { c.Doubt("Group") }, true, []int{1}, []string{"1"}},
		{"shift", func(c *correlations) { c.Shift("User") }, true, nil, []string{"1"}},
		{"somebody new", func(c *correlations) {
			c.Learn("2", nil, []mapping.Key{userName("u1")})
		}, true, []int{1}, []string{"2", "1"}},
		{"renamed", func(c *correlations) {
			c.Learn("1", []mapping.Key{userName("u1")}, []mapping.Key{userName("new")})
		}, true, []int{1}, nil},
		{"renamed and back", func(c *correlations) {
			c.Learn("1", []mapping.Key{userName("u1")}, []mapping.Key{userName("new")})
			c.Learn("1", []mapping.Key{userName("new")}, []mapping.Key{userName("u1")})
		}, true, []int{1}, []string{"1"}},
		{"removed", func(c *correlations) {
			c.Learn("1", []mapping.Key{userName("u1"), userID("1")}, nil)
		}, true, []int{1}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := newTestCorrelations(t, 100, time.Minute)
			doScan(t, c, func() *mapping.Scan {
				tt.during(c)
				return scanOf("1")
			})
			wantScanned(t, c, tt.scanned)
			if s := c.Scanned("User"); s != nil && !slices.Equal(s.Visible, tt.visible) {
				t.Errorf("visible = %v, want %v", s.Visible, tt.visible)
			}
			wantIDs(t, c, userName("u1"), tt.ids...)
			if tt.name == "removed" && c.Page("User", "1") != 0 {
				t.Error("the page of a removed resource came back")
			}
		})
	}
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

func TestConcurrentScansShareOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCorrelations(100, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		type key struct{}
		reads := 0
		finish := make(chan struct{})
		read := func(ctx context.Context) (*mapping.Scan, error) {
			reads++
			if ctx.Value(key{}) != "first" {
				t.Error("the run lacks the values of the first caller")
			}
			select {
			case <-finish:
				return scanOf("1"), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		first, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "first"))
		var left error
		go func() { _, left = c.Scan(first, "User", read) }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				scan, err := c.Scan(t.Context(), "User", read)
				if err != nil || len(scan.Objects) != 1 {
					t.Errorf("%v, %v", scan, err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		var callErr *mapping.CallError
		if !errors.Is(left, context.Canceled) || !errors.As(left, &callErr) || callErr.Timeout {
			t.Errorf("the caller that left got %v", left)
		}
		close(finish)
		wg.Wait()
		if reads != 1 {
			t.Errorf("%d reads", reads)
		}
		wantScanned(t, c, true)
	})
}

func TestScanIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCorrelations(100, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		hang := func(ctx context.Context) (*mapping.Scan, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		// The caller has less time than the run.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Scan(ctx, "User", hang)
		var callErr *mapping.CallError
		if !errors.As(err, &callErr) || !callErr.Timeout {
			t.Errorf("got %v", err)
		}
		start := time.Now()
		if _, err = c.Scan(t.Context(), "User", hang); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got := time.Since(start); got != scanLimit-time.Second {
			t.Errorf("ended after %s", got)
		}
	})
}

func TestDoubtStartsAnotherRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCorrelations(100, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		old := make(chan struct{})
		go func() {
			scan, err := c.Scan(t.Context(), "User", func(context.Context) (*mapping.Scan, error) {
				<-old
				return scanOf("1"), nil
			})
			if err != nil || len(scan.Objects) != 1 {
				t.Errorf("%v, %v", scan, err)
			}
		}()
		synctest.Wait()
		c.Doubt("User")
		scan, err := c.Scan(t.Context(), "User", func(context.Context) (*mapping.Scan, error) {
			return scanOf("1", "2"), nil
		})
		if err != nil || len(scan.Objects) != 2 {
			t.Errorf("%v, %v", scan, err)
		}
		wantScanned(t, c, true)
		close(old)
		synctest.Wait()
		if got := c.Scanned("User"); got == nil || !slices.Equal(got.Visible, []int{2}) {
			t.Errorf("the older run replaced the newer: %+v", got)
		}
	})
}

func TestDestructEndsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCorrelations(100, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		read := func(ctx context.Context) (*mapping.Scan, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		var ended error
		go func() { _, ended = c.Scan(context.WithoutCancel(t.Context()), "User", read) }()
		synctest.Wait()
		if err := c.Destruct(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("got %v", ended)
		}
		scan, err := c.Scan(t.Context(), "User", func(context.Context) (*mapping.Scan, error) { return scanOf("1"), nil })
		if err != nil || scan.Started.IsZero() {
			t.Errorf("after the end: %v, %v", scan, err)
		}
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
