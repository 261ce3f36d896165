package mapping

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// TestPagingStyles has the same people given out in every style, and compares
// whole answers: SCIM shows nothing of how the API pages.
func TestPagingStyles(t *testing.T) {
	for _, people := range []int{0, 1, 2, 100, 101, 250} {
		expected := make(map[string]string)
		for _, size := range []int{1, 2, 100} {
			for _, style := range append([]directoryStyle{inOneAnswer}, directoryStyles...) {
				t.Run(fmt.Sprintf("%s/%d of %d", style.name, size, people), func(t *testing.T) {
					showsSamePeople(t, newDirectory(style, people), size, expected)
				})
			}
		}
	}
}

// someWindows are the whole list, and windows within and across pages and past
// the end.
var someWindows = []string{
	"", "startIndex=95&count=10", "startIndex=236", "startIndex=1&count=10", "startIndex=99&count=2", "startIndex=101&count=100",
	"startIndex=2&count=1", "startIndex=1000", "count=0",
}

func showsSamePeople(t *testing.T, d *directory, size int, expected map[string]string) {
	b := newDirectoryBench(t, d, size)
	get := func(path string) map[string]any {
		t.Helper()
		response, doc := b.send("GET", path, "")
		got := fmt.Sprintf("%d %s", response.Status, response.Body)
		if want, ok := expected[path]; ok && got != want {
			t.Errorf("%s is\n%s, want\n%s", path, got, want)
		}
		expected[path] = got
		return doc
	}
	all := d.shown(func(int, person) bool { return true })
	for i, window := range slices.Concat(someWindows[:3], someWindows) {
		if i < 3 {
			b.memory.Doubt("User")
		}
		query, _ := url.ParseQuery(window)
		start, count := max(number(query, "startIndex"), 1), 1000
		if query.Has("count") {
			count = number(query, "count")
		}
		from := min(start-1, len(all))
		want := all[from:min(from+count, len(all))]
		doc := get("/Users?" + window)
		if got := idsOf(t, doc); !slices.Equal(got, want) {
			t.Errorf("%q holds %q, want %q", window, got, want)
		}
		shows(t, doc, map[string]any{"totalResults": float64(len(all)), "itemsPerPage": float64(len(want)), "startIndex": float64(start)})
	}
	for filter, wanted := range map[string]func(i int, p person) bool{
		`displayName co "person 3"`:    func(i int, _ person) bool { return i%10 == 3 },
		`displayName eq "person 3"`:    func(i int, _ person) bool { return i%10 == 3 },
		`userName eq "p100"`:           func(i int, _ person) bool { return i == 100 },
		`userName eq "P3"`:             func(i int, _ person) bool { return i == 3 },
		`userName eq "p49"`:            func(int, person) bool { return false },
		`id eq "u003"`:                 func(i int, _ person) bool { return i == 3 },
		`active eq false and id pr`:    func(_ int, p person) bool { return p.Left != nil },
		`not (displayName sw "Perso")`: func(int, person) bool { return false },
	} {
		if got, want := idsOf(t, get(filtered(filter))), d.shown(wanted); !slices.Equal(got, want) {
			t.Errorf("%s finds %q, want %q", filter, got, want)
		}
	}
	for _, i := range []int{0, 3, 49, 50, 101, 248} {
		get(fmt.Sprintf("/Users/u%03d", i))
	}
}

// TestPagingCosts counts the calls of a list of 250, read for the first time
// and once more, and of its windows.
func TestPagingCosts(t *testing.T) {
	costs := map[string][4]int{
		// all at first, all again, the last ten, somebody who left on page 2
		"page":             {3, 3, 1, 1},
		"page, no total":   {4, 4, 2, 1},
		"page from 0":      {3, 3, 1, 1},
		"offset":           {3, 3, 1, 1},
		"offset, no total": {4, 4, 2, 1},
		"offset from 1":    {3, 3, 1, 1},
		"cursor":           {3, 3, 3, 2},
		"cursor and total": {3, 3, 3, 2},
		"cursor alone":     {9, 9, 9, 4},
		"link":             {3, 3, 3, 2},
		"whole":            {1, 1, 1, 1},
	}
	for _, style := range append([]directoryStyle{inOneAnswer}, directoryStyles...) {
		t.Run(style.name, func(t *testing.T) {
			d := newDirectory(style, 250)
			b := newDirectoryBench(t, d, 100)
			for i, path := range []string{"/Users", "/Users", "/Users?startIndex=236", "/Users/u101"} {
				got := d.asks(func() { b.send("GET", path, "") })
				if got != costs[style.name][i] {
					t.Errorf("%s: %d list calls, want %d", path, got, costs[style.name][i])
				}
			}
		})
	}
}
