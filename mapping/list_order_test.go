package mapping

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// sorting is the path of a list that is sorted; further parameters may follow.
func sorting(endpoint, sortBy, sortOrder string) string {
	return endpoint + "?" + url.Values{"sortBy": {sortBy}, "sortOrder": {sortOrder}}.Encode()
}

// namesOf returns what the resources of a list have at a path, "-" for nothing.
func namesOf(t testing.TB, doc map[string]any, path string) []string {
	t.Helper()
	list, _ := doc["Resources"].([]any)
	names := make([]string, 0, len(list))
	for _, r := range list {
		name := "-"
		if v := at(r, path); v != nil {
			name = fmt.Sprint(v)
		}
		names = append(names, name)
	}
	return names
}

// sortedPeople adds people of whom some have no name or no address, in the order
// of their ids.
func sortedPeople(b *bench) {
	b.t.Helper()
	day := func(n int) time.Time { return someTime.AddDate(0, 0, n) }
	for _, u := range []qualytics.User{
		{UserName: "m", Name: new("Bo Zed"), Email: new("M@corp.test"), CreatedAt: day(4)},
		{UserName: "B", Name: new("ana Reis"), Role: qualytics.RoleManager, CreatedAt: day(2)},
		{UserName: "a", Email: new("b@corp.test"), CreatedAt: day(3), DeletedAt: new(someTime)},
		{UserName: "z", Name: new("ANA Reis"), Email: new("a@corp.test"), Role: qualytics.RoleAdmin, CreatedAt: day(1)},
		{UserName: "é", Name: new("Ümit Aal"), CreatedAt: day(5)},
	} {
		b.sandbox.AddUser(u)
	}
}

func TestSort(t *testing.T) {
	tests := []struct {
		sortBy, show string
		ascending    string
		descending   string
	}{
		{"userName", "userName", "a B m z é", "é z m B a"},
		{"urn:ietf:params:scim:schemas:core:2.0:User:USERNAME", "userName", "a B m z é", "é z m B a"},
		// Whoever has the same name comes in the order of the ids both ways.
		{"displayName", "userName", "B z m é a", "a é m B z"},
		{"name.familyName", "userName", "é B z m a", "a m B z é"},
		{"emails", "userName", "z a m B é", "B é m a z"},
		{"emails.value", "userName", "z a m B é", "B é m a z"},
		{"roles", "userName", "z B m a é", "m a é B z"},
		{"active", "userName", "a m B z é", "m B z é a"},
		{"meta.created", "userName", "z B a m é", "é m a B z"},
		{"id", "userName", "m B a z é", "é z a B m"},
		{"externalId", "userName", "m B a z é", "m B a z é"},
		{"meta.resourceType", "userName", "m B a z é", "m B a z é"},
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		sortedPeople(b)
		for _, tt := range tests {
			for sortOrder, want := range map[string]string{"": tt.ascending, "ascending": tt.ascending, "Descending": tt.descending} {
				doc := b.want(200, "GET", sorting("/Users", tt.sortBy, sortOrder), "")
				shows(t, doc, map[string]any{"totalResults": 5.0, "itemsPerPage": 5.0, "startIndex": 1.0})
				if got := strings.Join(namesOf(t, doc, tt.show), " "); got != want {
					t.Errorf("%s %s: %s, want %s", tt.sortBy, sortOrder, got, want)
				}
			}
		}
	})
}

// TestSortWindows cuts windows out of a sorted list, with a filter and without.
func TestSortWindows(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		b.want(204, "DELETE", "/Users/"+b.people()[7], "")
		for _, filter := range []string{"", "&filter=" + url.QueryEscape(`active eq true`)} {
			all := b.want(200, "GET", sorting("/Users", "name.familyName", "descending")+filter, "")
			names := namesOf(t, all, "name.familyName")
			// Those without a name come first; they are shown with "".
			for len(names) > 0 && names[0] == "" {
				names = names[1:]
			}
			if !slices.IsSortedFunc(names, func(a, b string) int { return strings.Compare(b, a) }) {
				t.Errorf("not sorted: %.200q", names)
			}
			names = namesOf(t, all, "userName")
			var got []string
			for start := 1; start <= len(names); start += 60 {
				doc := b.want(200, "GET", fmt.Sprintf("%s%s&startIndex=%d&count=60", sorting("/Users", "name.familyName", "descending"), filter, start), "")
				shows(t, doc, map[string]any{"totalResults": float64(len(names)), "startIndex": float64(start)})
				got = append(got, idsOf(t, doc)...)
			}
			if !slices.Equal(got, idsOf(t, all)) {
				t.Errorf("in windows: %v, all at once: %v", got, idsOf(t, all))
			}
			doc := b.want(200, "GET", sorting("/Users", "userName", "")+filter+"&startIndex=9999&count=0", "")
			shows(t, doc, map[string]any{"totalResults": float64(len(names)), "itemsPerPage": 0.0, "Resources": []any{}})
		}
	})
}

// TestSortGroups has the groups that are roles stand among the teams.
func TestSortGroups(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		for _, name := range []string{"Zeta", "alpha", "Quark", "qualytics l"} {
			b.sandbox.AddTeam(qualytics.Team{Name: name})
		}
		b.want(200, "PUT", "/Groups/role-manager", `{"externalId":"m"}`)
		for _, tt := range []struct{ path, want string }{
			{sorting("/Groups", "displayName", ""), "alpha|Qualytics Admin|qualytics l|Qualytics Manager|Quark|Zeta"},
			{sorting("/Groups", "displayName", "descending"), "Zeta|Quark|Qualytics Manager|qualytics l|Qualytics Admin|alpha"},
			{sorting("/Groups", "displayName", "") + "&startIndex=2&count=2", "Qualytics Admin|qualytics l"},
			{sorting("/Groups", "displayName", "") + "&filter=" + url.QueryEscape(`displayName co "qua"`), "Qualytics Admin|qualytics l|Qualytics Manager|Quark"},
			{sorting("/Groups", "externalId", ""), "Qualytics Manager|Qualytics Admin|Zeta|alpha|Quark|qualytics l"},
			{sorting("/Groups", "meta.created", "descending"), "Qualytics Admin|Qualytics Manager|Zeta|alpha|Quark|qualytics l"},
			{sorting("/Groups", "members", ""), "Qualytics Admin|Qualytics Manager|Zeta|alpha|Quark|qualytics l"},
		} {
			if got := strings.Join(namesOf(t, b.want(200, "GET", tt.path, ""), "displayName"), "|"); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.path, got, tt.want)
			}
		}
	})
}

func TestSortRefuses(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	b.costs(0, func() {
		for _, sortBy := range []string{"nothing", "title", "name", "meta", "password", "meta.lastModified", "emails.display", "userName,active", "name.middleName", "members"} {
			b.fails(400, scim.InvalidValue, "GET", sorting("/Users", sortBy, ""), "")
		}
		b.fails(400, scim.InvalidValue, "GET", sorting("/Users", "userName", "asc"), "")
		b.fails(400, scim.InvalidValue, "GET", sorting("/Groups", "userName", ""), "")
	})
	// Without something to sort by, an order has no effect.
	b.want(200, "GET", "/Users?sortBy=&sortOrder=descending", "")
}

// apiSorts has the mapping let the API sort people and teams by their names.
func apiSorts(t testing.TB) *Program {
	t.Helper()
	src := string(readFile(t, "../mappings.yaml"))
	src = strings.Replace(src, "    filters:\n      # The API's", "    sorts:\n      displayName:\n        ascending: {sort: name, sort_dir: asc}\n        descending: {sort: name, sort_dir: desc}\n    filters:\n      # The API's", 1)
	src += "    sorts:\n      displayName: {ascending: {sort_name: asc}}\n"
	return compiled(t, src)
}

// TestSortedByAPI takes the order from the API, which has the role groups put
// where they belong, and reads no more of it than it needs.
func TestSortedByAPI(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 120)
		b.want(204, "DELETE", "/Users/"+b.people()[3], "")
		b.want(200, "GET", "/Users?count=0", "")
		b.want(200, "GET", "/Groups?count=0", "")
		here := b.program
		for _, tt := range []struct {
			path  string
			calls int
		}{
			{sorting("/Groups", "displayName", ""), 2},
			{sorting("/Groups", "displayName", "") + "&startIndex=1&count=30", 1},
			{sorting("/Groups", "displayName", "") + "&startIndex=60&count=30", 1},
			{sorting("/Groups", "displayName", "") + "&startIndex=121&count=1", 2},
			{sorting("/Groups", "displayName", "") + "&startIndex=500", 0},
			{sorting("/Groups", "displayName", "") + "&count=0", 0},
			// The mapping does not have this direction, and no filters.
			{sorting("/Groups", "displayName", "descending") + "&count=5", 2},
			{sorting("/Groups", "displayName", "") + "&count=5&filter=" + url.QueryEscape(`id pr`), 2},
			{sorting("/Groups", "externalId", "") + "&count=5", 2},
			{sorting("/Groups", "displayName", "") + "&count=5&cursor", 2},
		} {
			path := tt.path + "&attributes=displayName"
			b.program = here
			want := b.want(200, "GET", path, "")
			b.program = apiSorts(t)
			var got map[string]any
			b.costs(tt.calls, func() { got = b.want(200, "GET", path, "") })
			if !slices.Equal(idsOf(t, got), idsOf(t, want)) || got["totalResults"] != want["totalResults"] {
				t.Errorf("%s: %v, want %v", path, idsOf(t, got), idsOf(t, want))
			}
		}
		var got map[string]any
		path := sorting("/Users", "displayName", "descending") + "&count=100&startIndex=2&attributes=displayName"
		b.costs(2, func() { got = b.want(200, "GET", path, "") })
		query := b.sandbox.Calls()[1].Query
		if query.Get("sort") != "name" || query.Get("sort_dir") != "desc" || query.Get("page") != "2" {
			t.Errorf("sent %v", query)
		}
		shows(t, got, map[string]any{"totalResults": 249.0, "itemsPerPage": 100.0})
	})
}
