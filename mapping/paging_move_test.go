package mapping

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// counting are the styles in which the API says how many people there are.
func counting() []directoryStyle {
	return slices.DeleteFunc(slices.Clone(directoryStyles), func(s directoryStyle) bool {
		return !strings.Contains(s.paging, "total")
	})
}

// TestPagingOfMoreAndMore has people come in at the front while the list is
// read: those who move to the next page are shown once.
func TestPagingOfMoreAndMore(t *testing.T) {
	for _, style := range directoryStyles {
		d := newDirectory(style, 250)
		want := d.shown(func(int, person) bool { return true })
		d.before = func(call int) {
			if call > 1 && call < 5 {
				d.people = slices.Insert(d.people, 0, person{UID: fmt.Sprintf("new%d", len(d.people)), Login: "new", Kind: "person"})
			}
		}
		b := newDirectoryBench(t, d, 100)
		for _, path := range []string{"/Users", filtered("id pr")} {
			d.lists = nil
			got := idsOf(t, b.want(200, "GET", path, ""))
			slices.Sort(got)
			old := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return strings.HasPrefix(id, "new") })
			if !slices.Equal(old, want) {
				t.Errorf("%s: %s shows %d people, want %d", style.name, path, len(old), len(want))
			}
			if len(slices.Compact(slices.Clone(got))) != len(got) {
				t.Errorf("%s: %s shows somebody twice", style.name, path)
			}
		}
	}
}

// TestPagingOfFewer has somebody go from the first page before the second is
// read, so that somebody else slips onto the first: the list is read again.
func TestPagingOfFewer(t *testing.T) {
	for _, style := range counting() {
		for _, path := range []string{"/Users", filtered("id pr"), filtered(`userName eq "p100"`)} {
			d := newDirectory(style, 250)
			d.before = func(call int) {
				if call == 2 {
					d.people = slices.Delete(d.people, 5, 6)
				}
			}
			b := newDirectoryBench(t, d, 100)
			var got []string
			if calls := d.asks(func() { got = idsOf(t, b.want(200, "GET", path, "")) }); calls > 7 {
				t.Errorf("%s: %s takes %d list calls", style.name, path, calls)
			}
			if !slices.Contains(got, "u100") {
				t.Errorf("%s: %s has lost somebody", style.name, path)
			}
			shows(t, b.want(200, "GET", "/Users?count=10", ""), map[string]any{"totalResults": float64(len(d.shown(func(int, person) bool { return true })))})
			b.everybody(d)
		}
	}
}

// TestPagingThatNeverHoldsStill has somebody go before every page.
func TestPagingThatNeverHoldsStill(t *testing.T) {
	for _, style := range counting() {
		d := newDirectory(style, 250)
		d.before = func(int) { d.people = slices.Delete(d.people, 0, 1) }
		newDirectoryBench(t, d, 100).nobody(d, 15)
	}
}

// TestPagingBesideAnotherWriter has somebody come and go after the list was
// read, by another hand.
func TestPagingBesideAnotherWriter(t *testing.T) {
	for _, style := range append([]directoryStyle{inOneAnswer}, directoryStyles...) {
		for _, people := range []int{1, 98, 99, 100, 101, 103, 200, 248} {
			for _, most := range []int{1000, 50} {
				d := newDirectory(style, people)
				d.most = most
				b := newDirectoryBench(t, d, 100)
				b.want(200, "GET", "/Users", "")
				end := fmt.Sprintf("/Users?startIndex=%d&count=1000", max(people-20, 1))
				shows(t, b.want(200, "GET", end, ""), map[string]any{"totalResults": float64(people - people/50)})
				d.people = append(d.people, person{UID: "zoe", Login: "zoe", Kind: "person"})
				doc := b.want(200, "GET", end, "")
				if got := idsOf(t, doc); got[len(got)-1] != "zoe" || doc["totalResults"] != float64(people-people/50+1) {
					t.Errorf("%s, %d of %d: somebody new is not shown: %v %q", style.name, most, people, doc["totalResults"], got)
				}
				d.people = d.people[:people]
				shows(t, b.want(200, "GET", end, ""), map[string]any{"totalResults": float64(people - people/50)})
			}
		}
	}
}

// TestPagingFindsTheMoved reads somebody whom the API shows in its list alone,
// on another page than before.
func TestPagingFindsTheMoved(t *testing.T) {
	for _, style := range append([]directoryStyle{inOneAnswer}, directoryStyles...) {
		d := newDirectory(style, 250)
		b := newDirectoryBench(t, d, 100)
		b.want(200, "GET", "/Users", "")
		for range 2 {
			shows(t, b.want(200, "GET", "/Users/u198", ""), map[string]any{"active": true})
			shows(t, b.want(200, "GET", "/Users/u101", ""), map[string]any{"active": false})
			d.people = slices.Delete(d.people, 0, 10)
		}
		d.people = d.people[:50]
		b.fails(404, "", "GET", "/Users/u101", "")
	}
}

// TestPagingByATotalOfThePage has the mapping name as the total what is only
// the number of people on the page, which must not hide the pages after it.
func TestPagingByATotalOfThePage(t *testing.T) {
	for _, name := range []string{"page", "offset"} {
		style := styleNamed(t, name)
		serve := style.serve
		style.serve = func(d *directory, w http.ResponseWriter, query url.Values, found []person) {
			size, from := number(query, "per_page"), (number(query, "page")-1)*100
			if name == "offset" {
				size, from = number(query, "limit"), number(query, "skip")
			}
			people := part(found, from, size)
			serve(d, w, url.Values{"page": {"1"}, "per_page": {"100"}, "skip": {"0"}, "limit": {"100"}}, people)
		}
		for _, people := range []int{0, 1, 99, 100, 101, 200, 250} {
			d := newDirectory(style, people)
			b := newDirectoryBench(t, d, 100)
			if people <= 100 || people%100 == 0 {
				b.everybody(d)
			} else {
				b.nobody(d, 15)
			}
		}
	}
}

// TestPagingPastTheEnd has an API that answers 404 for a page that is not
// there, which only a list with a total can be told from a failure by.
func TestPagingPastTheEnd(t *testing.T) {
	for name, ok := range map[string]bool{"page": true, "page, no total": false} {
		style := styleNamed(t, name)
		serve := style.serve
		style.serve = func(d *directory, w http.ResponseWriter, query url.Values, found []person) {
			if number(query, "page") > max((len(found)+99)/100, 1) {
				w.WriteHeader(404)
				return
			}
			serve(d, w, query, found)
		}
		for _, people := range []int{0, 1, 100, 101, 200} {
			d := newDirectory(style, people)
			b := newDirectoryBench(t, d, 100)
			if ok {
				b.everybody(d)
			} else if response, _ := b.send("GET", "/Users", ""); people > 0 && response.Status == 200 {
				t.Errorf("%s: a list of %d people that ends in a failure is shown", name, people)
			}
		}
	}
}
