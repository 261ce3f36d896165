package mapping

import (
	"reflect"
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

const enterprise = scim.SchemaEnterpriseUser

// TestKeepChanges has changes of what is kept in every shape that a request
// can have. None costs a write to the API.
func TestKeepChanges(t *testing.T) {
	phone := func(value, kind string, primary any) map[string]any {
		m := map[string]any{"value": value, "type": kind, "primary": primary}
		for k, v := range m {
			if v == nil || v == "" {
				delete(m, k)
			}
		}
		return m
	}
	work, mobile := phone("1", "work", true), phone("2", "mobile", nil)
	patch := func(operations ...string) [2]string { return [2]string{"PATCH", patchOf(operations...)} }
	put := func(body string) [2]string { return [2]string{"PUT", body} }
	for name, tt := range map[string]struct {
		request [2]string
		want    map[string]any // nil for what is gone
	}{
		"PUT of one":             {put(`{"title":"Chief"}`), map[string]any{"title": "Chief", "nickName": "Kai", "phoneNumbers.0.value": "1", "name.middleName": "M"}},
		"PUT of nulls":           {put(`{"title":null,"nickName":"","phoneNumbers":[],"addresses":null}`), map[string]any{"title": nil, "nickName": nil, "phoneNumbers": nil, "addresses": nil, "userType": "Staff"}},
		"PUT of a list":          {put(`{"phoneNumbers":[{"value":"3"}]}`), map[string]any{"phoneNumbers": []any{phone("3", "", nil)}}},
		"PUT of a part":          {put(`{"name":{"middleName":"N"}}`), map[string]any{"name.middleName": "N", "name.honorificPrefix": "Dr.", "name.givenName": "Kai"}},
		"PUT of a part and more": {put(`{"name":{"givenName":"Kai","familyName":"Lang","honorificPrefix":null}}`), map[string]any{"name.middleName": "M", "name.honorificPrefix": nil}},
		"PUT of the extension":   {put(`{"` + enterprise + `":{"manager":{"value":"27"}}}`), map[string]any{"enterprise": map[string]any{"department": `D "<1>"`, "manager": map[string]any{"value": "27"}}}},
		"PUT of no extension":    {put(`{"` + enterprise + `":null}`), map[string]any{"enterprise": nil, "schemas": []any{scim.SchemaUser}}},
		"PUT in SCIM 1.1":        {put(`{"urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":"27","displayName":"X"},"costCenter":"C"}}`), map[string]any{"enterprise": map[string]any{"department": `D "<1>"`, "costCenter": "C", "manager": map[string]any{"value": "27"}}}},

		"replace by path":           {patch(`{"op":"replace","path":"title","value":"Chief"}`), map[string]any{"title": "Chief"}},
		"remove by path":            {patch(`{"op":"remove","path":"title"}`), map[string]any{"title": nil}},
		"replace without path":      {patch(`{"op":"Replace","value":{"title":"Chief","name.middleName":"N","` + enterprise + `:department":"E"}}`), map[string]any{"title": "Chief", "name.middleName": "N", "enterprise.department": "E"}},
		"add to a list":             {patch(`{"op":"add","path":"phoneNumbers","value":[{"value":"3","type":"fax"}]}`), map[string]any{"phoneNumbers": []any{work, mobile, phone("3", "fax", nil)}}},
		"add what is there":         {patch(`{"op":"add","path":"phoneNumbers","value":[{"value":"2","type":"mobile"}]}`), map[string]any{"phoneNumbers": []any{work, mobile}}},
		"another primary":           {patch(`{"op":"add","path":"phoneNumbers","value":[{"value":"3","primary":true}]}`), map[string]any{"phoneNumbers": []any{phone("1", "work", false), mobile, phone("3", "", true)}}},
		"a value by its filter":     {patch(`{"op":"Replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"9"}`), map[string]any{"phoneNumbers": []any{work, phone("9", "mobile", nil)}}},
		"a value that is not there": {patch(`{"op":"Add","path":"phoneNumbers[type eq \"fax\"].value","value":"9"}`), map[string]any{"phoneNumbers": []any{work, mobile, phone("9", "fax", nil)}}},
		"remove by filter":          {patch(`{"op":"remove","path":"phoneNumbers[value eq \"2\"]"}`), map[string]any{"phoneNumbers": []any{work}}},
		"remove a sub-attribute":    {patch(`{"op":"remove","path":"phoneNumbers[value eq \"2\"].type"}`), map[string]any{"phoneNumbers": []any{work, phone("2", "", nil)}}},
		"remove listed values":      {patch(`{"op":"remove","path":"phoneNumbers","value":[{"value":"1"}]}`), map[string]any{"phoneNumbers": []any{mobile}}},
		"remove a list":             {patch(`{"op":"remove","path":"phoneNumbers"}`), map[string]any{"phoneNumbers": nil}},
		"remove the last value":     {patch(`{"op":"remove","path":"addresses[country eq \"DE\"]"}`), map[string]any{"addresses": nil}},
		"a part of an address":      {patch(`{"op":"replace","path":"addresses[type eq \"work\"].locality","value":"Bonn"}`), map[string]any{"addresses.0.locality": "Bonn", "addresses.0.country": "DE"}},
		"a part of the name":        {patch(`{"op":"replace","path":"name.middleName","value":"N"}`), map[string]any{"name.middleName": "N", "name.honorificPrefix": "Dr."}},
		"no part of the name":       {patch(`{"op":"remove","path":"name.middleName"}`), map[string]any{"name.middleName": nil, "name.honorificPrefix": "Dr."}},
		"the name":                  {patch(`{"op":"add","path":"name","value":{"honorificSuffix":"III"}}`), map[string]any{"name.middleName": "M", "name.honorificSuffix": "III"}},
		"of the extension":          {patch(`{"op":"add","path":"` + enterprise + `:employeeNumber","value":"7"}`), map[string]any{"enterprise": map[string]any{"department": `D "<1>"`, "employeeNumber": "7", "manager": map[string]any{"value": "26", "$ref": "../Users/26"}}}},
		"the manager as a string":   {patch(`{"op":"Replace","path":"` + enterprise + `:manager","value":"27"}`), map[string]any{"enterprise": map[string]any{"department": `D "<1>"`, "manager": map[string]any{"value": "27", "$ref": "../Users/26"}}}},
		"a part of the manager":     {patch(`{"op":"remove","path":"` + enterprise + `:manager.$ref"}`), map[string]any{"enterprise": map[string]any{"department": `D "<1>"`, "manager": map[string]any{"value": "26"}}}},
		"all of the manager":        {patch(`{"op":"remove","path":"`+enterprise+`:manager.$ref"}`, `{"op":"remove","path":"`+enterprise+`:manager.value"}`), map[string]any{"enterprise": map[string]any{"department": `D "<1>"`}}},
		"the extension":             {patch(`{"op":"replace","path":"` + enterprise + `","value":{"division":"V"}}`), map[string]any{"enterprise": map[string]any{"department": `D "<1>"`, "division": "V", "manager": map[string]any{"value": "26", "$ref": "../Users/26"}}}},
		"no extension":              {patch(`{"op":"remove","path":"` + enterprise + `"}`), map[string]any{"enterprise": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			keeping(t, func(t *testing.T, b *bench) {
				id := b.createdWithAll()
				var doc map[string]any
				b.writesNothing(func() { doc = b.want(200, tt.request[0], "/Users/"+id, tt.request[1]) })
				if read := b.want(200, "GET", "/Users/"+id, ""); !reflect.DeepEqual(read, doc) {
					t.Errorf("read\n%v, answered\n%v", read, doc)
				}
				// Paths of shows know no URNs.
				doc["enterprise"] = doc[enterprise]
				shows(t, doc, tt.want)
			})
		})
	}
}

// TestKeepRefuses has what is kept held to the schema.
func TestKeepRefuses(t *testing.T) {
	for body, scimType := range map[string]scim.ErrorType{
		`{"title":{"a":1}}`:                                        scim.InvalidValue,
		`{"phoneNumbers":[{"value":true}]}`:                        scim.InvalidValue,
		`{"x509Certificates":[{"value":"?"}]}`:                     scim.InvalidValue,
		`{"profileUrl":"not a URI"}`:                               scim.InvalidValue,
		`{"photos":[{"value":"https://x/a b"}]}`:                   scim.InvalidValue,
		`{"name":{"middleName":[1,2]}}`:                            scim.InvalidValue,
		`{"` + enterprise + `":"x"}`:                               scim.InvalidValue,
		`{"displayName":"N","` + enterprise + `":{"manager":[1]}}`: scim.InvalidValue,
	} {
		b := newBench(t, qualytics.Config{})
		b.edit(unmapped("keep")...)
		id := b.createdWithAll()
		before := b.want(200, "GET", "/Users/"+id, "")
		b.writesNothing(func() { b.fails(400, scimType, "PUT", "/Users/"+id, body) })
		if after := b.want(200, "GET", "/Users/"+id, ""); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: %v", body, after)
		}
	}
}

// TestKeepFilters finds people by what is kept of them.
func TestKeepFilters(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		somebody(b)
		kai := b.createdWithAll()
		eva := b.created(`{"userName":"eva","title":"boss","externalId":"e-1","nickName":"E","` + enterprise + `":{"department":"D2"}}`)
		for filter, want := range map[string][]string{
			`title eq "BOSS"`:                               {kai, eva},
			`title eq "boss" and nickName eq "kai"`:         {kai},
			`externalId eq "e-1"`:                           {eva},
			`externalId eq "E-1" and title sw "bo"`:         {kai},
			`title pr`:                                      {kai, eva},
			`nickName ne "Kai" and title pr`:                {eva},
			`name.middleName eq "m"`:                        {kai},
			`name.honorificPrefix pr`:                       {kai},
			`phoneNumbers eq "2"`:                           {kai},
			`phoneNumbers.value eq "2"`:                     {kai},
			`phoneNumbers[type eq "mobile"].value eq "1"`:   {},
			`phoneNumbers[type eq "work" and value eq "1"]`: {kai},
			`x509Certificates.value eq "AAEC"`:              {kai},
			`x509Certificates.value eq "aaec"`:              {},
			`profileUrl eq "https://example.test/kai"`:      {kai},
			enterprise + `:department eq "d2"`:              {eva},
			enterprise + `:manager.value eq "26"`:           {kai},
			enterprise + `:manager eq "26"`:                 {kai},
			enterprise + `:manager[value eq "26"]`:          {kai},
			`addresses.country eq "de" or title eq "x"`:     {kai},
			`title eq "nobody"`:                             {},
			`userName eq "kai" and title eq "nobody"`:       {},
		} {
			if got := b.found(filter); !slices.Equal(got, want) {
				t.Errorf("%s: found %q, want %q", filter, got, want)
			}
		}
		for _, filter := range []string{`password eq "x"`, `shoeSize eq "1"`, enterprise + `:nope pr`, `emails.display eq "x"`} {
			b.fails(400, scim.InvalidFilter, "GET", filtered(filter), "")
		}
		b.want(204, "DELETE", "/Users/"+kai, "")
		if got := b.found(`title eq "boss"`); !slices.Equal(got, []string{eva}) {
			t.Errorf("found %q after a deletion", got)
		}
	})
}
