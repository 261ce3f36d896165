package mapping

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// FuzzCursor takes any text for a cursor, and any content for that of a cursor
// that was opened: it leads to a place that can be, or is refused.
func FuzzCursor(f *testing.F) {
	b := newBareBench(f, shipped(f), qualytics.DialectB())
	b.sandbox.Seed(30, 5)
	b.world.Secret = []byte("a token")
	x := &run{program: b.program, world: b.world, tol: tolerance.AllOn().Session(), report: &Report{}, lore: newLore()}
	l, err := x.newListing(&listQuery{sortBy: "displayName"}, b.program.resources)
	if err != nil {
		f.Fatal(err)
	}
	for _, after := range []position{{Rank: 1, ID: "5", Page: 1}, {Rank: 2, ID: "role-admin"}, {Rank: 3, ID: "18446744073709551616"}, {Rank: 4}, {Rank: -1, ID: "x"}, {Rank: 0, ID: "role-admin"}} {
		plain, err := json.Marshal(cursor{Version: b.program.version, Query: l.digest(), After: after})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(l.seal(&after), plain)
	}
	f.Add("", []byte(`{}`))
	f.Add("AAAA=", []byte(`{"v":1}`))
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 40)), []byte(`null`))
	f.Fuzz(func(t *testing.T, text string, plain []byte) {
		_, openErr := l.open(text)
		at, readErr := l.read(plain)
		for _, err := range []error{openErr, readErr} {
			if e := scim.AsError(err); e != nil && (e.Status != 400 || e.Type != scim.InvalidCursor && e.Type != scim.ExpiredCursor) {
				t.Errorf("%v", err)
			}
		}
		if readErr != nil {
			return
		}
		// A place that is accepted can be compared, and comes back as it was.
		l.compare(at, at)
		if again, err := l.open(l.seal(at)); err != nil || *again != *at {
			t.Errorf("%+v comes back as %+v, %v", at, again, err)
		}
	})
}

// FuzzSearch sends whatever body to every search: it finds something or is
// refused, and what it finds is what a GET with the same parameters finds.
func FuzzSearch(f *testing.F) {
	for _, attributes := range []map[string]any{
		{},
		{"filter": `userName eq "ana.reis"`},
		{"sortBy": "displayName", "sortOrder": "descending", "count": 2, "startIndex": 3},
		{"cursor": "", "count": 3, "attributes": []string{"userName", "members.value"}},
		{"excludedAttributes": []string{"members"}, "filter": "members pr"},
		{"filter": `emails[type eq "work"].value co "@" or meta.resourceType eq "Group"`, "sortBy": "meta.created"},
		{"cursor": "AAAA"},
	} {
		f.Add(searchBody(attributes))
	}
	f.Add(`{"schemas":["` + scim.MessageSearchRequest + `"],"Count":"1","SORTBY":"emails","filter":null}`)
	b := newBareBench(f, shipped(f), qualytics.DialectB())
	b.sandbox.Seed(30, 5)
	f.Fuzz(func(t *testing.T, body string) {
		b.t = t
		for _, path := range []string{"/.search", "/Users/.search", "/Groups/.search"} {
			b.sandbox.ResetCalls()
			response, doc := b.send("POST", path, body)
			switch response.Status {
			case 400:
			case 200:
				ids := idsOf(t, doc)
				if len(ids) != int(doc["itemsPerPage"].(float64)) || float64(len(ids)) > doc["totalResults"].(float64) {
					t.Errorf("%s: %s", body, response.Body)
				}
			default:
				t.Errorf("%s %s: status %d, %v", path, body, response.Status, response.Err)
			}
		}
	})
}

// FuzzList filters and sorts: it finds the same resources whichever way they are
// sorted, and by cursors as at once.
func FuzzList(f *testing.F) {
	for _, seed := range [][2]string{
		{`displayName co "a"`, "userName"},
		{`active eq true and not (emails pr)`, "name.familyName"},
		{`id pr`, "emails.type"},
		{`roles[value eq "Admin"]`, "meta.created"},
		{`meta.created gt "2026-01-02T08:05:00Z"`, "externalId"},
		{`schemas pr`, "id"},
	} {
		f.Add(seed[0], seed[1], uint8(3))
	}
	b := newBareBench(f, shipped(f), qualytics.DialectA())
	b.sandbox.Seed(40, 5)
	f.Fuzz(func(t *testing.T, filter, sortBy string, size uint8) {
		b.t = t
		b.sandbox.ResetCalls()
		for _, path := range []string{"/Users/.search", "/.search"} {
			attributes := map[string]any{"filter": filter, "sortBy": sortBy}
			response, ascending := b.send("POST", path, searchBody(attributes))
			if response.Status != 200 {
				if response.Status != 400 {
					t.Errorf("status %d: %v", response.Status, response.Err)
				}
				continue
			}
			attributes["sortOrder"] = "descending"
			descending := b.want(200, "POST", path, searchBody(attributes))
			plain := b.want(200, "POST", path, searchBody(map[string]any{"filter": filter}))
			everybody := locations(t, plain)
			for _, sorted := range []map[string]any{ascending, descending} {
				if got := locations(t, sorted); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(everybody))) {
					t.Errorf("%s, %s: found %v, sorted %v", filter, sortBy, everybody, got)
				}
			}
			attributes["count"] = int(size)%20 + 1
			var walked []string
			for attributes["cursor"] = ""; attributes["cursor"] != nil; {
				doc := b.want(200, "POST", path, searchBody(attributes))
				walked = append(walked, locations(t, doc)...)
				attributes["cursor"] = doc["nextCursor"]
			}
			if want := locations(t, descending); !slices.Equal(walked, want) {
				t.Errorf("%s, %s: by cursors %v, at once %v", filter, sortBy, walked, want)
			}
		}
	})
}

// locations returns where the resources of a list are.
func locations(t testing.TB, doc map[string]any) []string {
	t.Helper()
	return namesOf(t, doc, "meta.location")
}
