package caddymodule

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

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
		if !errors.As(err, &callErr) || !callErr.Timeout || callErr.RetryAfter != 5*time.Second {
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
