package mapping

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

func styleNamed(t *testing.T, name string) directoryStyle {
	t.Helper()
	for _, style := range directoryStyles {
		if style.name == name {
			return style
		}
	}
	t.Fatalf("there is no style %q", name)
	return directoryStyle{}
}

// everybody fails unless a list and a search show all people, each once, in
// order.
func (b *bench) everybody(d *directory) {
	b.t.Helper()
	want := d.shown(func(int, person) bool { return true })
	b.memory.Doubt("User")
	for _, path := range []string{"/Users", filtered("id pr")} {
		doc := b.want(200, "GET", path, "")
		if got := idsOf(b.t, doc); !slices.Equal(got, want) {
			b.t.Errorf("%s: %d people, want %d: %q", path, len(got), len(want), got)
		}
		shows(b.t, doc, map[string]any{"totalResults": float64(len(want))})
	}
}

// nobody fails unless a list and a search are refused because of the API, with
// no more list calls than that.
func (b *bench) nobody(d *directory, calls int) {
	b.t.Helper()
	for _, path := range []string{"/Users", filtered("id pr"), filtered(`userName eq "p1"`)} {
		b.memory.Doubt("User")
		asked := d.asks(func() {
			if cause := upstreamCause(b.t, b.fails(502, "", "GET", path, "")); !cause.Operator {
				b.t.Errorf("%s: the operator is not asked to act", path)
			}
		})
		if asked > calls {
			b.t.Errorf("%s: %d list calls, want %d at the most", path, asked, calls)
		}
	}
}

// TestPagingEndsOnABoundary has the last page full.
func TestPagingEndsOnABoundary(t *testing.T) {
	for name, calls := range map[string][2]int{
		// lists of 100 and of 200; the total of a first page that is full may be
		// the page's alone, and this cursor leads to an empty page
		"page": {2, 2}, "page, no total": {2, 3}, "page from 0": {2, 2}, "offset": {2, 2}, "offset, no total": {2, 3}, "offset from 1": {2, 2},
		"cursor": {2, 3}, "cursor and total": {2, 3}, "link": {1, 2},
	} {
		for i, want := range calls {
			d := newDirectory(styleNamed(t, name), 100*(i+1))
			b := newDirectoryBench(t, d, 100)
			if got := d.asks(func() { b.want(200, "GET", "/Users", "") }); got != want {
				t.Errorf("%s: %d list calls for %d people, want %d", name, got, len(d.people), want)
			}
			b.everybody(d)
		}
	}
}

// TestPagingOfLess has an API that gives half of what it is asked for, without
// a word.
func TestPagingOfLess(t *testing.T) {
	for _, style := range directoryStyles {
		for _, people := range []int{49, 50, 51, 100, 101, 250} {
			d := newDirectory(style, people)
			d.most = 50
			b := newDirectoryBench(t, d, 100)
			b.everybody(d)
			for _, window := range []string{"startIndex=40&count=20", "startIndex=81", "startIndex=1&count=5"} {
				for range 2 {
					shows(t, b.want(200, "GET", "/Users?"+window, ""), map[string]any{"totalResults": float64(len(d.shown(func(int, person) bool { return true })))})
				}
			}
		}
	}
}

// TestPagingThatSkips has an API that gives half of each page and goes on with
// the next: the other halves can't be had.
func TestPagingThatSkips(t *testing.T) {
	style := styleNamed(t, "page")
	style.serve = func(d *directory, w http.ResponseWriter, query url.Values, found []person) {
		d.sendPage(w, part(found, (number(query, "page")-1)*100, 50), nil, len(found), true)
	}
	d := newDirectory(style, 250)
	newDirectoryBench(t, d, 100).nobody(d, 15)
}

// TestPagingThatForgets has an API that leaves out one person of those it
// counts, on any page.
func TestPagingThatForgets(t *testing.T) {
	for _, name := range []string{"page", "page from 0", "offset", "cursor and total"} {
		for _, forgotten := range []int{0, 150, 249} {
			d := newDirectory(styleNamed(t, name), 250)
			d.forgets = d.people[forgotten].UID
			newDirectoryBench(t, d, 100).nobody(d, 15)
		}
	}
}

// TestPagingThatRepeats has an API that gives the first page again and again.
func TestPagingThatRepeats(t *testing.T) {
	for _, style := range directoryStyles {
		serve := style.serve
		style.serve = func(d *directory, w http.ResponseWriter, query url.Values, found []person) {
			for name, value := range map[string]string{"page": "1", "skip": "0", "after": "", "at": "0"} {
				query.Set(name, value)
			}
			if style.name == "page from 0" {
				query.Set("page", "0")
			}
			serve(d, w, query, found)
		}
		for _, size := range []int{1, 100} {
			d := newDirectory(style, 250)
			b := newDirectoryBench(t, d, size)
			b.nobody(d, 10)
		}
	}
}

// TestPagingInCircles has cursors and links lead back.
func TestPagingInCircles(t *testing.T) {
	for name, to := range map[string]func(call int) (http.Header, string){
		"cursor": func(call int) (http.Header, string) {
			return nil, fmt.Sprintf(`{"data":{"people":[{"uid":"u%d","kind":"person"}],"next":"c%d"}}`, call, call%3)
		},
		"link": func(call int) (http.Header, string) {
			return http.Header{"Link": {fmt.Sprintf(`<?b=1&a=%d>; rel=next`, call%3)}}, fmt.Sprintf(`[{"uid":"u%d","kind":"person"}]`, call)
		},
	} {
		d := newDirectory(styleNamed(t, name), 0)
		d.answer = func(call int, _ url.Values) (http.Header, string) { return to(call) }
		newDirectoryBench(t, d, 100).nobody(d, 4)
	}
}

// TestPagingOfNothing has cursors lead over empty pages, as an API does that
// looks through its records a part at a time.
func TestPagingOfNothing(t *testing.T) {
	d := newDirectory(styleNamed(t, "cursor"), 1)
	d.answer = func(call int, query url.Values) (http.Header, string) {
		switch after := query.Get("after"); {
		case after == "19":
			return nil, `{"data":{"people":[{"uid":"u000","kind":"person"}]}}`
		default:
			return nil, fmt.Sprintf(`{"data":{"people":[],"next":%d}}`, number(query, "after")+1)
		}
	}
	b := newDirectoryBench(t, d, 100)
	b.everybody(d)
	b.everybody(d)
}
