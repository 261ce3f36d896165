package mapping

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// callCounts is how many calls of each kind a step made: "GET /users 101".
func (b *bench) callCounts(step func()) string {
	b.t.Helper()
	b.sandbox.ResetCalls()
	step()
	counts := make(map[string]int)
	for _, call := range b.sandbox.Calls() {
		kind := call.Method + " " + strings.TrimPrefix(call.Path, "/api")
		for _, parameter := range []string{"name", "role", "sort"} {
			if call.Query.Has(parameter) {
				kind += "?" + parameter
			}
		}
		counts[kind]++
	}
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%s %d", kind, counts[kind]))
	}
	return strings.Join(list, ", ")
}

// TestListCosts counts the calls of lists in front of an API with ten thousand
// people and a thousand teams.
func TestListCosts(t *testing.T) {
	users := func(filter, more string) string { return "/Users?filter=" + url.QueryEscape(filter) + more }
	groups := func(filter, more string) string { return "/Groups?filter=" + url.QueryEscape(filter) + more }
	search := func(attributes map[string]any) string { return searchBody(attributes) }
	steps := []struct {
		what, path, body string
		calls            string
		total            float64
	}{
		// The first list finds out which pages hold whom. That of the teams is also
		// needed to show people's teams, which some dialects give by name alone.
		{"count of all groups", "/Groups?count=0", "", "GET /teams 11", 1002},
		{"first list page", "/Users?startIndex=1&count=100", "", "GET /users 100", 10_000},
		{"list page", "/Users?startIndex=5001&count=100", "", "GET /users 1", 10_000},
		{"list page across two of the API's", "/Users?startIndex=5051&count=100", "", "GET /users 2", 10_000},
		{"last list page", "/Users?startIndex=10000&count=100", "", "GET /users 1", 10_000},
		{"list page past the end", "/Users?startIndex=10001", "", "", 10_000},
		{"count of all", "/Users?count=0", "", "", 10_000},
		{"page by the first cursor", "/Users?count=100&cursor", "", "GET /users 1", 10_000},
		{"look-up", users(`userName eq "ana.reis"`, ""), "", "GET /users/2 1", 1},
		{"look-up of nobody", users(`userName eq "nobody"`, ""), "", "", 0},
		{"filter handed down", users(`displayName co "Reis"`, "&attributes=userName"), "", "GET /users?name 4", 400},
		{"filter handed down in part", users(`roles eq "Admin" and active eq true`, "&attributes=userName"), "", "GET /users?role 5", 500},
		{"filter handed down out of a value path", users(`roles[value eq "Manager" and primary eq true]`, "&count=1"), "", "GET /users?role 10", 1000},
		{"filter checked here", users(`active eq false`, "&count=10"), "", "GET /users 100", 1000},
		{"filter checked here, next page", users(`active eq false`, "&count=10&startIndex=11"), "", "GET /users 100", 1000},
		{"sorted here", sorting("/Users", "userName", "") + "&count=10", "", "GET /users 100", 10_000},
		{"filtered by the API, sorted here", sorting("/Users", "userName", "") + "&count=10&filter=" + url.QueryEscape(`displayName sw "Ana R"`), "", "GET /users?name 1", 40},
		{"first list of groups", "/Groups?count=100", "", "GET /teams 1, GET /users?role 15", 1002},
		{"groups without members", "/Groups?startIndex=401&count=100&excludedAttributes=members", "", "GET /teams 2", 1002},
		{"groups by the first cursor, without members", "/Groups?count=100&excludedAttributes=members&cursor", "", "GET /teams 1", 1002},
		{"group by name", groups(`displayName eq "Finance DQ 7"`, "&excludedAttributes=members"), "", "GET /teams/62 1", 1},
		{"groups by a part of the name", groups(`displayName co "Finance"`, "&excludedAttributes=members"), "", "GET /teams?name 2", 100},
		{"groups of somebody", groups(`members eq "2"`, "&attributes=displayName"), "", "GET /teams 11, GET /users?role 15", 3},
		{"groups sorted", sorting("/Groups", "displayName", "") + "&count=10&attributes=displayName", "", "GET /teams 11", 1002},
		{"search over all, unfiltered", "/.search", search(map[string]any{"startIndex": 10_001, "count": 5, "attributes": []string{"displayName"}}), "GET /teams 1", 11_002},
		{"search over all, sorted", "/.search", search(map[string]any{"sortBy": "displayName", "count": 5, "attributes": []string{"displayName"}}), "GET /teams 11, GET /users 100", 11_002},
		{"search over all by what one type has", "/.search", search(map[string]any{"filter": `userName eq "ana.reis"`, "attributes": []string{"userName"}}), "GET /users/2 1", 1},
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(10_000, 1000)
		for _, step := range steps {
			var doc map[string]any
			got := b.callCounts(func() {
				method := "GET"
				if step.body != "" {
					method = "POST"
				}
				doc = b.want(200, method, step.path, step.body)
			})
			if got != step.calls || doc["totalResults"] != step.total {
				t.Errorf("%s: %v found by %s, want %v by %s", step.what, doc["totalResults"], got, step.total, step.calls)
			}
		}
	})
}

// TestCursorWalkCosts reads everybody by cursors, each exactly once.
func TestCursorWalkCosts(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(10_000, 1000)
		var people, teams []string
		got := b.callCounts(func() { people = b.walked("/Users?count=100&attributes=userName", nil) })
		if want := "GET /users 299"; got != want || !slices.Equal(people, b.people()) {
			t.Errorf("%d people by %s, want %s", len(people), got, want)
		}
		got = b.callCounts(func() { people = b.walked("/Users?count=1000&attributes=userName", nil) })
		if want := "GET /users 109"; got != want || !slices.Equal(people, b.people()) {
			t.Errorf("%d people by %s, want %s", len(people), got, want)
		}
		got = b.callCounts(func() { teams = b.walked("/Groups?count=100&excludedAttributes=members", nil) })
		if want := "GET /teams 32"; got != want || len(teams) != 1002 || len(slices.Compact(slices.Sorted(slices.Values(teams)))) != 1002 {
			t.Errorf("%d teams by %s, want %s", len(teams), got, want)
		}
	})
}
