package mapping

import (
	"context"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// slowly is an Upstream that takes its time.
type slowly struct {
	Upstream
	before func(query url.Values) time.Duration
}

func (u *slowly) Do(ctx context.Context, call Call) (Answer, error) {
	query, _ := url.ParseQuery(call.Query)
	time.Sleep(u.before(query))
	return u.Upstream.Do(ctx, call)
}

func aSecond(url.Values) time.Duration { return time.Second }

// TestPagingAhead reads a thousand people from an API that takes a second for a
// page: where it counts, and pages have numbers, four are read at a time.
func TestPagingAhead(t *testing.T) {
	for name, want := range map[string]int{
		"page": 4, "page from 0": 4, "offset": 4, "page, no total": 11, "offset, no total": 11, "cursor": 11, "cursor and total": 11, "link": 10,
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDirectory(styleNamed(t, name), 1000)
			b := newDirectoryBench(t, d, 100)
			b.world.Upstream = &slowly{b.world.Upstream, aSecond}
			start := time.Now()
			b.want(200, "GET", "/Users", "")
			if took := time.Since(start); took != time.Duration(want)*time.Second {
				t.Errorf("%s: a list takes %v, want %d seconds", name, took, want)
			}
		})
	}
}

// TestPagingAheadOfOthers has the API answer the third page before the second,
// and somebody come in between: that is no list that shrinks.
func TestPagingAheadOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirectory(styleNamed(t, "page"), 250)
		d.before = func(call int) {
			if query := d.lists[call-1]; query.Get("page") == "2" {
				d.people = append(d.people, person{UID: "zoe" + time.Now().String(), Login: "zoe", Kind: "person"})
			}
		}
		b := newDirectoryBench(t, d, 100)
		late := func(query url.Values) time.Duration {
			return map[string]time.Duration{"2": time.Second}[query.Get("page")]
		}
		b.world.Upstream = &slowly{b.world.Upstream, late}
		got := idsOf(t, b.want(200, "GET", "/Users", ""))
		for _, id := range d.shown(func(i int, _ person) bool { return i < 250 }) {
			if !slices.Contains(got, id) {
				t.Errorf("%s is not shown", id)
			}
		}
	})
}
