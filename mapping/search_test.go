package mapping

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// searchBody is the body of a search with these attributes.
func searchBody(attributes map[string]any) string {
	whole := map[string]any{"schemas": []string{scim.MessageSearchRequest}}
	for name, value := range attributes {
		whole[name] = value
	}
	body, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// TestSearchIsGET sends what a GET has in its URL in a body, for the same answer.
func TestSearchIsGET(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(150, 5)
		b.want(204, "DELETE", "/Users/"+b.people()[3], "")
		for _, attributes := range []map[string]any{
			{},
			{"startIndex": 101, "count": 30},
			{"count": 0},
			{"startIndex": -3, "count": -1},
			{"filter": `displayName co "an" and active eq true`, "sortBy": "userName", "sortOrder": "descending", "count": 7},
			{"filter": `userName eq "ana.reis"`, "attributes": []string{"userName", "name.familyName", "EMAILS.type"}},
			{"excludedAttributes": []string{"emails", "groups", "meta.created"}, "count": 3},
			{"sortBy": "displayName", "startIndex": 60, "count": 2},
		} {
			query := make(url.Values)
			for name, value := range attributes {
				if list, ok := value.([]string); ok {
					value = strings.Join(list, ",")
				}
				text, _ := json.Marshal(value)
				query.Set(name, strings.Trim(string(text), `"`))
				if s, ok := value.(string); ok {
					query.Set(name, s)
				}
			}
			for path, method := range map[string]string{"/Users/.search": "POST", "//users/.SEARCH/": "POST"} {
				b.memory.Doubt("User")
				got := b.want(200, method, path, searchBody(attributes))
				b.memory.Doubt("User")
				want := b.want(200, "GET", "/Users?"+query.Encode(), "")
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%v: %v, want %v", attributes, got, want)
				}
			}
		}
		first := b.want(200, "POST", "/Groups/.search", searchBody(map[string]any{"cursor": "", "count": 4}))
		cursor := textOf(t, first, "nextCursor")
		second := b.want(200, "POST", "/Groups/.search", searchBody(map[string]any{"cursor": cursor, "count": 4}))
		want := b.want(200, "GET", "/Groups?count=4&cursor="+cursor, "")
		if !slices.Equal(idsOf(t, second), idsOf(t, want)) {
			t.Errorf("%v, want %v", idsOf(t, second), idsOf(t, want))
		}
	})
}

// TestSearchBodies has bodies that are right, though not all in the same way.
func TestSearchBodies(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(20, 1)
	for _, body := range []string{
		`{"schemas":["` + scim.MessageSearchRequest + `"],"count":2,"filter":"active eq true"}`,
		`{"SCHEMAS":["` + strings.ToUpper(scim.MessageSearchRequest) + `","x"],"Count":2,"FILTER":"active eq true","sortby":null,"attributes":null,"cursor":null}`,
		`{"count":"2","filter":"active eq true","startIndex":"1","attributes":"userName,id","schemas":["` + scim.MessageSearchRequest + `"]}`,
		`{"count":2,"filter":"active eq true","attributes":[],"excludedAttributes":[],"sortBy":"","sortOrder":"","schemas":["` + scim.MessageSearchRequest + `"]}`,
	} {
		shows(t, b.want(200, "POST", "/Users/.search", body), map[string]any{"totalResults": 18.0, "itemsPerPage": 2.0, "startIndex": 1.0})
	}
	b.world.Tolerances = tolerance.None()
	for _, attributes := range []map[string]any{{"count": "2"}, {"attributes": "userName"}} {
		b.fails(400, scim.InvalidValue, "POST", "/Users/.search", searchBody(attributes))
	}
}

func TestSearchRefuses(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	b.costs(0, func() {
		for _, path := range []string{"/.search", "/Users/.search", "/Groups/.search"} {
			for body, kind := range map[string]scim.ErrorType{
				``: scim.InvalidSyntax, `[]`: scim.InvalidSyntax, `null`: scim.InvalidSyntax, `{"schemas":`: scim.InvalidSyntax,
				`{}`: scim.InvalidSyntax, `{"filter":"id pr"}`: scim.InvalidSyntax, `{"schemas":"` + scim.MessageSearchRequest + `"}`: scim.InvalidSyntax,
				`{"schemas":["` + scim.MessagePatchOp + `"]}`: scim.InvalidSyntax, `{"schemas":[]}`: scim.InvalidSyntax,
				searchBody(map[string]any{"filters": "id pr"}):                                             scim.InvalidSyntax,
				searchBody(map[string]any{"userName": "x"}):                                                scim.InvalidSyntax,
				searchBody(map[string]any{"filter": "id pr", "Filter": "id pr"}):                           scim.InvalidSyntax,
				`{"filter":"id pr","filter":"id pr","schemas":["` + scim.MessageSearchRequest + `"]}`:      scim.InvalidSyntax,
				searchBody(map[string]any{"filter": true}):                                                 scim.InvalidValue,
				searchBody(map[string]any{"filter": []string{"id pr"}}):                                    scim.InvalidValue,
				searchBody(map[string]any{"count": 1.5}):                                                   scim.InvalidCount,
				searchBody(map[string]any{"count": true}):                                                  scim.InvalidValue,
				searchBody(map[string]any{"startIndex": "one"}):                                            scim.InvalidValue,
				searchBody(map[string]any{"cursor": 7}):                                                    scim.InvalidValue,
				searchBody(map[string]any{"cursor": "x"}):                                                  scim.InvalidCursor,
				searchBody(map[string]any{"cursor": "", "count": 0}):                                       scim.InvalidCount,
				searchBody(map[string]any{"cursor": "", "startIndex": 1}):                                  scim.InvalidValue,
				searchBody(map[string]any{"attributes": []any{"id", 1}}):                                   scim.InvalidValue,
				searchBody(map[string]any{"attributes": map[string]any{}}):                                 scim.InvalidValue,
				searchBody(map[string]any{"attributes": []any{"id"}, "excludedAttributes": []any{"name"}}): scim.InvalidValue,
				searchBody(map[string]any{"filter": ""}):                                                   scim.InvalidFilter,
				searchBody(map[string]any{"filter": "nothing pr"}):                                         scim.InvalidFilter,
				searchBody(map[string]any{"filter": "userName pr or nothing pr"}):                          scim.InvalidFilter,
				searchBody(map[string]any{"filter": "meta.lastModified pr"}):                               scim.InvalidFilter,
				searchBody(map[string]any{"sortBy": "nothing"}):                                            scim.InvalidValue,
				searchBody(map[string]any{"sortBy": "meta.lastModified"}):                                  scim.InvalidValue,
				searchBody(map[string]any{"sortBy": 1}):                                                    scim.InvalidValue,
			} {
				b.fails(400, kind, "POST", path, body)
			}
			for _, parameter := range []string{"filter=id+pr", "count=1", "ATTRIBUTES=id", "cursor"} {
				b.fails(400, scim.InvalidSyntax, "POST", path+"?"+parameter, searchBody(nil))
			}
			for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE"} {
				if response := b.fails(405, "", method, path, searchBody(nil)); !slices.Equal(response.Allow, []string{"POST", "OPTIONS"}) {
					t.Errorf("%s %s: Allow %v", method, path, response.Allow)
				}
			}
		}
		for _, path := range []string{"/Users/2/.search", "/Schemas/.search", "/.search/x", "/ServiceProviderConfig/.search"} {
			b.fails(map[bool]int{true: 405, false: 404}[strings.HasPrefix(path, "/Schemas")], "", "POST", path, searchBody(nil))
		}
	})
}

// TestRootSearch goes over people and groups.
func TestRootSearch(t *testing.T) {
	tests := []struct {
		attributes map[string]any
		total      int
		names      string
	}{
		{map[string]any{}, 9, "ana.reis bruno.silva chloe.martin ana.r Qualytics_Admin Qualytics_Manager Finance_DQ Sales_DQ Ana_Fans"},
		{map[string]any{"startIndex": 4, "count": 3}, 9, "ana.r Qualytics_Admin Qualytics_Manager"},
		{map[string]any{"startIndex": 8}, 9, "Sales_DQ Ana_Fans"},
		{map[string]any{"startIndex": 10}, 9, ""},
		{map[string]any{"count": 0}, 9, ""},
		{map[string]any{"filter": `displayName sw "ana"`}, 3, "ana.reis ana.r Ana_Fans"},
		{map[string]any{"filter": `userName sw "ana"`}, 2, "ana.reis ana.r"},
		{map[string]any{"filter": `userName eq "ana.r"`}, 1, "ana.r"},
		{map[string]any{"filter": `userName eq "ana.r" or members pr`}, 6, "ana.r Qualytics_Admin Qualytics_Manager Finance_DQ Sales_DQ Ana_Fans"},
		{map[string]any{"filter": `not (userName pr)`}, 5, "Qualytics_Admin Qualytics_Manager Finance_DQ Sales_DQ Ana_Fans"},
		{map[string]any{"filter": `meta.resourceType eq "User"`}, 4, "ana.reis bruno.silva chloe.martin ana.r"},
		{map[string]any{"filter": `(meta.resourceType eq User) or (meta.resourceType eq Group)`, "count": 1}, 9, "ana.reis"},
		{map[string]any{"filter": `schemas eq "` + scim.SchemaGroup + `" and displayName co "Qualytics"`}, 2, "Qualytics_Admin Qualytics_Manager"},
		{map[string]any{"filter": scim.SchemaUser + `:displayName sw "ana"`}, 2, "ana.reis ana.r"},
		{map[string]any{"filter": `externalId eq "e1"`}, 2, "ana.r Sales_DQ"},
		{map[string]any{"sortBy": "displayName"}, 9, "Ana_Fans ana.r ana.reis bruno.silva chloe.martin Finance_DQ Qualytics_Admin Qualytics_Manager Sales_DQ"},
		{map[string]any{"sortBy": "userName", "count": 5}, 9, "ana.r ana.reis bruno.silva chloe.martin Qualytics_Admin"},
		{map[string]any{"sortBy": "userName", "sortOrder": "descending", "count": 6}, 9, "Qualytics_Admin Qualytics_Manager Finance_DQ Sales_DQ Ana_Fans chloe.martin"},
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		somebody(b)
		b.want(201, "POST", "/Groups", `{"displayName":"Ana Fans","members":[{"value":"2"}]}`)
		b.want(200, "PUT", "/Groups/3", `{"externalId":"e1"}`)
		b.sandbox.EditTeam(2, func(t *qualytics.Team) { t.UserIDs = []int{2} })
		b.sandbox.EditTeam(3, func(t *qualytics.Team) { t.UserIDs = []int{2} })
		for _, tt := range tests {
			doc := b.want(200, "POST", "/.search", searchBody(tt.attributes))
			names := namesOf(t, doc, "userName")
			for i, name := range namesOf(t, doc, "displayName") {
				if names[i] == "-" {
					names[i] = strings.ReplaceAll(name, " ", "_")
				}
			}
			if got := strings.Join(names, " "); got != tt.names || doc["totalResults"] != float64(tt.total) {
				t.Errorf("%v: %v: %s, want %d: %s", tt.attributes, doc["totalResults"], got, tt.total, tt.names)
			}
		}
		// Each type has its own attributes of those that are named.
		doc := b.want(200, "POST", "/.search", searchBody(map[string]any{"attributes": []string{"userName", "members.value"}, "filter": `id eq "2"`}))
		if got := sortedKeys(at(doc, "Resources.0").(map[string]any)); !slices.Equal(got, []string{"id", "schemas", "userName"}) {
			t.Errorf("the person has %v", got)
		}
		if got := sortedKeys(at(doc, "Resources.1").(map[string]any)); !slices.Equal(got, []string{"id", "members", "schemas"}) {
			t.Errorf("the group has %v", got)
		}
		for _, attributes := range []map[string]any{
			{"count": 2}, {"count": 2, "sortBy": "displayName"}, {"count": 3, "filter": `displayName co "a"`}, {"count": 2, "sortBy": "userName", "sortOrder": "descending"},
		} {
			var got []string
			for attributes["cursor"] = ""; attributes["cursor"] != nil; {
				doc := b.want(200, "POST", "/.search", searchBody(attributes))
				got = append(got, namesOf(t, doc, "meta.location")...)
				attributes["cursor"] = doc["nextCursor"]
			}
			delete(attributes, "cursor")
			attributes["count"] = 100
			if want := namesOf(t, b.want(200, "POST", "/.search", searchBody(attributes)), "meta.location"); !slices.Equal(got, want) {
				t.Errorf("%v: by cursors %v, want %v", attributes, got, want)
			}
		}
	})
}

// TestSearchReport says what a search was, for the log.
func TestSearchReport(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	for path, resource := range map[string]string{"/.search": "", "/Users/.search": "User"} {
		response, _ := b.send("POST", path, searchBody(map[string]any{"count": 0}))
		if response.Report.Operation != "list" || response.Report.Resource != resource {
			t.Errorf("%s: %+v", path, response.Report)
		}
	}
	for path, want := range map[string]bool{"/.search": true, "/Users/.Search/": true, "/Users": false, "": false, "/Users/2": false} {
		if got := (Request{Method: "POST", Path: path}).IsSearch(); got != want || (Request{Method: "PUT", Path: path}).IsSearch() {
			t.Errorf("%s: %v", path, got)
		}
	}
}
