package mapping

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// directory is an API of people, unlike Qualytics', that gives out its list in
// one of several styles. Every seventh of them has left: the API then shows
// them in the list alone. Robots are in the list and none of SCIM's matter.
type directory struct {
	style directoryStyle

	// most is how many it gives at a time, whatever it is asked for.
	most int

	// forgets is the id of somebody whom it counts and does not give out.
	forgets string

	// before is called, when it is set, with the number of each list call from
	// 1, before the call is answered; no two at a time.
	before func(call int)

	// answer replaces the answer to a list call when it is set.
	answer func(call int, query url.Values) (header http.Header, body string)

	mu     sync.Mutex
	people []person
	lists  []url.Values // what each list call asked for
}

type person struct {
	UID   string  `json:"uid"`
	Login string  `json:"login"`
	Name  string  `json:"name"`
	Kind  string  `json:"kind"`
	Left  *string `json:"left"`
}

// directoryStyle is one way of giving out a list: what the mapping says of it,
// and how the directory does it.
type directoryStyle struct {
	name, paging string
	serve        func(d *directory, w http.ResponseWriter, query url.Values, found []person)
}

// directoryStyles have %d for the largest page, unless that is left to the API.
var directoryStyles = []directoryStyle{
	{"page", "{page: page, size: per_page, max: %d, items: data.people, total: data.total}", byPage(1, true)},
	{"page, no total", "{page: page, size: per_page, max: %d, items: data.people}", byPage(1, false)},
	{"page from 0", "{page: page, first: 0, size: per_page, max: %d, items: data.people, total: data.total}", byPage(0, true)},
	{"offset", "{offset: skip, limit: limit, max: %d, items: data.people, total: data.total}", bySkip(0, true)},
	{"offset, no total", "{offset: skip, limit: limit, max: %d, items: data.people}", bySkip(0, false)},
	{"offset from 1", "{offset: skip, first: 1, limit: limit, max: %d, items: data.people, total: data.total}", bySkip(1, true)},
	{"cursor", "{cursor: after, next: data.next, size: limit, max: %d, items: data.people}", byToken(false)},
	{"cursor and total", "{cursor: after, next: data.next, size: limit, max: %d, items: data.people, total: data.total}", byToken(true)},
	{"cursor alone", "{cursor: after, next: data.next, items: data.people}", byToken(false)},
	{"link", "{link: next, size: per_page, max: %d, items: .}", byHeader},
}

// inOneAnswer is apart from the others because its pages have no size.
var inOneAnswer = directoryStyle{"whole", "{whole: true, items: .}", func(_ *directory, w http.ResponseWriter, _ url.Values, found []person) {
	send(w, found)
}}

func byPage(first int, counts bool) func(*directory, http.ResponseWriter, url.Values, []person) {
	return func(d *directory, w http.ResponseWriter, query url.Values, found []person) {
		size := d.size(query, "per_page")
		d.sendPage(w, part(found, (number(query, "page")-first)*size, size), nil, len(found), counts)
	}
}

func bySkip(first int, counts bool) func(*directory, http.ResponseWriter, url.Values, []person) {
	return func(d *directory, w http.ResponseWriter, query url.Values, found []person) {
		d.sendPage(w, part(found, number(query, "skip")-first, d.size(query, "limit")), nil, len(found), counts)
	}
}

// byToken names the first person of the next page; a list that ends on a page's
// boundary has an empty last page.
func byToken(counts bool) func(*directory, http.ResponseWriter, url.Values, []person) {
	return func(d *directory, w http.ResponseWriter, query url.Values, found []person) {
		from, size := 0, d.size(query, "limit")
		if after := query.Get("after"); after != "" {
			from = 1 + slices.IndexFunc(found, func(p person) bool { return "after "+p.UID == after })
		}
		people := part(found, from, size)
		var next *string
		if len(people) == size {
			next = new("after " + people[size-1].UID)
		}
		d.sendPage(w, people, next, len(found), counts)
	}
}

// byHeader has links to where the API believes itself to be.
func byHeader(d *directory, w http.ResponseWriter, query url.Values, found []person) {
	size, at := d.size(query, "per_page"), max(number(query, "at"), 0)
	link := func(at int, rel string) {
		next := url.Values{"at": {strconv.Itoa(at)}, "per_page": {strconv.Itoa(size)}}
		w.Header().Add("Link", "<http://inner.test:8080/people?"+next.Encode()+`>; title="a, <b>; rel=next"; rel="`+rel+`"`)
	}
	link(0, "first")
	if at+size < len(found) {
		link(at+size, "next last")
	}
	send(w, d.remembered(part(found, at, size)))
}

// size is how many people are asked for, or 30.
func (d *directory) size(query url.Values, name string) int {
	if !query.Has(name) {
		return min(30, d.most)
	}
	return min(number(query, name), d.most)
}

// number returns a parameter; one that is no number is -1.
func number(query url.Values, name string) int {
	n, err := strconv.Atoi(query.Get(name))
	if err != nil {
		return -1
	}
	return n
}

func part(people []person, from, count int) []person {
	from = min(max(from, 0), len(people))
	return people[from:min(from+max(count, 0), len(people))]
}

func (d *directory) sendPage(w http.ResponseWriter, people []person, next *string, total int, counts bool) {
	data := map[string]any{"people": d.remembered(people), "next": next}
	if counts {
		data["total"] = total
	}
	send(w, map[string]any{"data": data})
}

func (d *directory) remembered(people []person) []person {
	return slices.DeleteFunc(slices.Clone(people), func(p person) bool { return p.UID == d.forgets })
}

func send(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

// newDirectory has so many people.
func newDirectory(style directoryStyle, people int) *directory {
	d := &directory{style: style, most: 1000, people: []person{}}
	for i := range people {
		p := person{UID: fmt.Sprintf("u%03d", i), Login: fmt.Sprintf("p%d", i), Name: fmt.Sprintf("Person %d", i%10), Kind: "person"}
		if i%7 == 3 {
			p.Left = new("2026-01-01")
		}
		if i%50 == 49 {
			p.Kind = "robot"
		}
		d.people = append(d.people, p)
	}
	return d
}

func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	query := r.URL.Query()
	if uid, one := strings.CutPrefix(r.URL.Path, "/v1/people/"); one {
		i := slices.IndexFunc(d.people, func(p person) bool { return p.UID == uid && p.Left == nil })
		if i < 0 {
			w.WriteHeader(404)
			return
		}
		send(w, d.people[i])
		return
	}
	if r.URL.Path != "/v1/people" || query.Get("state") != "all" {
		w.WriteHeader(500)
		return
	}
	d.lists = append(d.lists, query)
	if d.before != nil {
		d.before(len(d.lists))
	}
	if d.answer != nil {
		header, body := d.answer(len(d.lists), query)
		for name, values := range header {
			w.Header()[name] = values
		}
		_, _ = w.Write([]byte(body))
		return
	}
	found := d.people
	if q := strings.ToLower(query.Get("q")); q != "" {
		found = slices.DeleteFunc(slices.Clone(found), func(p person) bool { return !strings.Contains(strings.ToLower(p.Name), q) })
	}
	d.style.serve(d, w, query, found)
}

// shown returns the ids of those whom SCIM shows, in order, that are wanted.
func (d *directory) shown(wanted func(i int, p person) bool) []string {
	ids := []string{}
	for i, p := range d.people {
		if p.Kind == "person" && wanted(i, p) {
			ids = append(ids, p.UID)
		}
	}
	return ids
}

// directoryMapping is a mapping for the directory, with this for "paging".
func directoryMapping(paging string) string {
	return `version: 1
upstream:
  name: Directory
  prefix: /v1
  paging: ` + paging + `
  max-calls: 1000
resources:
  User:
    endpoint: /Users
    id: uid
    only: {kind: person}
    attributes:
      userName: {path: login, unique: true}
      displayName: name
      active: {path: left, read: is-null, write: {true: back, false: leave}}
    calls:
      list: {do: GET /people, query: {state: all}}
      read: {do: "GET /people/{id}", else: list}
      back: "POST /people/{id}/back"
      leave: "DELETE /people/{id}"
    filters:
      displayName: {query: q, narrows: [eq, co]}
`
}

// newDirectoryBench puts the mapping for a directory in front of it, with pages
// of a size where the style has one.
func newDirectoryBench(t testing.TB, d *directory, size int) *bench {
	t.Helper()
	paging := d.style.paging
	if strings.Contains(paging, "%d") {
		paging = fmt.Sprintf(paging, size)
	}
	program, err := Load("directory.yaml", []byte(directoryMapping(paging)))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	return newBenchOn(t, program, nil, d, qualytics.Dialect{})
}

// asks counts the list calls that a step makes.
func (d *directory) asks(step func()) int {
	d.lists = nil
	step()
	return len(d.lists)
}
