package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// crew is a mapping of an API with people and teams, with %s for how its lists
// are read.
const crew = `version: 1
upstream:
  paging: %s
resources:
  User:
    endpoint: /Users
    id: key
    only: {kind: person}
    attributes:
      userName: {path: login, unique: true}
      displayName: {path: label, clear: null}
    calls:
      list: {do: GET /staff, query: {kind: person}}
      others: {do: GET /staff, query: {kind: robot}}
      read: "GET /staff/{id}"
      create: POST /staff
      update: "PUT /staff/{id}"
  Group:
    endpoint: /Groups
    id: {path: id, type: integer}
    attributes:
      displayName: title
      members: {path: people, each: {value: key, display: [label, login]}, of: User, into: keys, absent: []}
    calls:
      list: GET /crews
      read: "GET /crews/{id}"
      create: POST /crews
      update: "PUT /crews/{id}"
      delete: "DELETE /crews/{id}"
`

// crewOf is a world of five people and a robot.
func crewOf(t *testing.T, paging string) *Memory {
	t.Helper()
	m := compiled(t, fmt.Sprintf(crew, paging)).NewMemory()
	for _, o := range []string{
		`{"key":"p1","kind":"person","login":"ana","label":"Ana"}`, `{"key":"p2","kind":"person","login":"ben"}`,
		`{"key":"r1","kind":"robot","login":"cleaner"}`, `{"key":"p3","kind":"person","login":"eva"}`,
		`{"key":"p4","kind":"person","login":"kim"}`, `{"key":"p5","kind":"person","login":"lee"}`,
	} {
		if err := m.Put("User", json.RawMessage(o)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *Memory) asked(t *testing.T, status int, method, path, body string) map[string]any {
	t.Helper()
	path, query, _ := strings.Cut(path, "?")
	response := m.program.Serve(t.Context(), m.World(), Request{Method: method, Path: path, Query: query, Body: []byte(body), Base: testBase})
	if response.Status != status {
		t.Fatalf("%s %s: status %d, want %d: %s %v", method, path, response.Status, status, response.Body, response.Err)
	}
	var doc map[string]any
	if len(response.Body) > 0 {
		if err := json.Unmarshal(response.Body, &doc); err != nil {
			t.Fatal(err)
		}
	}
	return doc
}

func TestMemoryGivesOutListsInEveryWay(t *testing.T) {
	for _, paging := range []string{
		"{page: page, size: size, max: 2, items: items, total: total}",
		"{page: page, first: 0, size: size, max: 2, items: data.items}",
		"{offset: skip, limit: limit, max: 2, items: items, total: meta.total}",
		"{offset: skip, first: 1, limit: limit, max: 5, items: items}",
		"{cursor: after, next: meta.next, size: size, max: 2, items: items}",
		"{cursor: after, next: next, items: items}",
		"{link: next, size: size, max: 2, items: .}",
		"{whole: true, items: .}",
	} {
		m := crewOf(t, paging)
		for range 2 { // the second time, places are remembered
			doc := m.asked(t, 200, "GET", "/Users?startIndex=2&count=3", "")
			if got := idsOf(t, doc); !slices.Equal(got, []string{"p2", "p3", "p4"}) || doc["totalResults"] != 5.0 {
				t.Errorf("%s: %v of %v", paging, got, doc["totalResults"])
			}
		}
	}
}

func TestMemoryDoesWhatItIsAsked(t *testing.T) {
	m := crewOf(t, "{whole: true, items: .}")
	made := m.asked(t, 201, "POST", "/Users", `{"userName":"mia","displayName":"Mia"}`)
	id := textOf(t, made, "id")
	m.asked(t, 409, "POST", "/Users", `{"userName":"MIA"}`)
	m.asked(t, 409, "PUT", "/Users/p1", `{"userName":"Mia"}`)
	m.asked(t, 200, "PUT", "/Users/"+id, `{"userName":"Mia","displayName":null}`)
	shows(t, m.asked(t, 200, "GET", "/Users/"+id, ""), map[string]any{"userName": "Mia", "displayName": nil})
	m.asked(t, 404, "GET", "/Users/r1", "")
	m.asked(t, 404, "GET", "/Users/nobody", "")

	group := m.asked(t, 201, "POST", "/Groups", `{"displayName":"A","members":[{"value":"p1"},{"value":"p2"}]}`)
	shows(t, group, map[string]any{"id": "1", "members.0.display": "Ana", "members.1.display": "ben"})
	if id := textOf(t, m.asked(t, 201, "POST", "/Groups", `{"displayName":"B"}`), "id"); id != "2" {
		t.Errorf("the second group has the id %s", id)
	}
	m.asked(t, 204, "DELETE", "/Groups/1", "")
	m.asked(t, 404, "GET", "/Groups/1", "")
}

// TestMemoryHasNobodyTwice finds a name that was taken without SCIM's knowing.
func TestMemoryHasNobodyTwice(t *testing.T) {
	m := crewOf(t, "{whole: true, items: .}")
	m.asked(t, 200, "GET", `/Users?filter=userName%20eq%20"pia"`, "")
	if err := m.Put("User", json.RawMessage(`{"key":"p9","kind":"person","login":"Pia"}`)); err != nil {
		t.Fatal(err)
	}
	m.asked(t, 409, "POST", "/Users", `{"userName":"pia"}`)
}

func TestMemoryHoldsWhatItAnswered(t *testing.T) {
	m := crewOf(t, "{whole: true, items: .}")
	put := Call{Name: "User.update", Method: "PUT", ID: "p1", Body: []byte(`{"login":"x"}`)}
	name := func() string { return textOf(t, m.asked(t, 200, "GET", "/Users/p1", ""), "userName") }
	m.Answered(t.Context(), put, Answer{Status: 409, Body: []byte(`{"key":"p1","kind":"person","login":"y"}`)})
	if got := name(); got != "ana" {
		t.Errorf("a refused call has changed the name to %s", got)
	}
	m.Answered(t.Context(), Call{Name: "User.read", Method: "GET", ID: "p1"}, Answer{Status: 200, Body: []byte(`{"key":"p1","kind":"person","login":"y"}`)})
	if got := name(); got != "ana" {
		t.Errorf("a call that reads has changed the name to %s", got)
	}
	m.Answered(t.Context(), put, Answer{Status: 200, Body: []byte(`{"key":"p1","kind":"person","login":"y"}`)})
	if got := name(); got != "y" {
		t.Errorf("the name is %s", got)
	}
	m.Answered(t.Context(), put, Answer{Status: 204})
	if got := name(); got != "x" {
		t.Errorf("the name is %s", got)
	}
}

func TestMemoryTakesObjectsAlone(t *testing.T) {
	m := crewOf(t, "{whole: true, items: .}")
	for _, c := range []struct{ resource, object, want string }{
		{"Device", `{"key":"1"}`, `the mapping has no resource "Device"`},
		{"User", `[]`, "the User is not an object"},
		{"User", `{"id":"1"}`, "the User has no id at key"},
		{"Group", `{"id":"a"}`, "the Group has no id at id"},
	} {
		if err := m.Put(c.resource, json.RawMessage(c.object)); err == nil || err.Error() != c.want {
			t.Errorf("%s %s: %v", c.resource, c.object, err)
		}
	}
}

// TestMemoryCanNotHoldIt has a mapping that reaches into what is no object.
func TestMemoryCanNotHoldIt(t *testing.T) {
	m := crewOf(t, "{page: page, size: size, max: 2, items: items.all, total: items.all.n}")
	_, err := m.Do(t.Context(), Call{Name: "User.list", Method: "GET"})
	var failed *CallError
	if !errors.As(err, &failed) {
		t.Errorf("got %v", err)
	}
	if answer, err := m.Do(t.Context(), Call{Name: "caller", Method: "GET"}); answer.Status != 404 || err != nil {
		t.Errorf("a call of no resource: %+v, %v", answer, err)
	}
}
