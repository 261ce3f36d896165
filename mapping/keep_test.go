package mapping

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// keeping runs a test against either dialect of the API with a mapping that
// keeps what it has no place for.
func keeping(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.edit(unmapped("keep")...)
		test(t, b)
	})
}

// keptOnes are attributes that Qualytics has no field for.
const keptOnes = `"externalId":"E-1","title":"Boss","nickName":"Kai","profileUrl":"https://example.test/kai","preferredLanguage":"de","userType":"Staff",
	"phoneNumbers":[{"value":"1","type":"work","primary":true},{"value":"2","type":"mobile"}],
	"addresses":[{"type":"work","locality":"Köln","country":"DE"}],"entitlements":[{"value":"x"}],"x509Certificates":[{"value":"AAEC"}],
	"` + scim.SchemaEnterpriseUser + `":{"department":"D \"<1>\"","manager":{"value":"26","$ref":"../Users/26"}}`

// createdWithAll posts a user with everything and returns its id.
func (b *bench) createdWithAll() string {
	b.t.Helper()
	return b.created(`{"userName":"kai","name":{"givenName":"Kai","familyName":"Lang","middleName":"M","honorificPrefix":"Dr."},"emails":[{"value":"kai@corp.test"}],` + keptOnes + `}`)
}

func TestKeepGivesBack(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		id := b.createdWithAll()
		doc := b.want(200, "GET", "/Users/"+id, "")
		want := map[string]any{
			"schemas": []any{scim.SchemaUser, scim.SchemaEnterpriseUser}, "id": id, "externalId": "E-1", "userName": "kai", "displayName": "Kai Lang",
			"name":  map[string]any{"formatted": "Kai Lang", "givenName": "Kai", "familyName": "Lang", "middleName": "M", "honorificPrefix": "Dr."},
			"title": "Boss", "nickName": "Kai", "profileUrl": "https://example.test/kai", "preferredLanguage": "de", "userType": "Staff", "active": true,
			"emails":       []any{map[string]any{"value": "kai@corp.test", "type": "work", "primary": true}},
			"phoneNumbers": []any{map[string]any{"value": "1", "type": "work", "primary": true}, map[string]any{"value": "2", "type": "mobile"}},
			"addresses":    []any{map[string]any{"type": "work", "locality": "Köln", "country": "DE"}},
			"entitlements": []any{map[string]any{"value": "x"}}, "x509Certificates": []any{map[string]any{"value": "AAEC"}},
			"roles":                   []any{map[string]any{"value": "Member", "primary": true}},
			scim.SchemaEnterpriseUser: map[string]any{"department": `D "<1>"`, "manager": map[string]any{"value": "26", "$ref": "../Users/26"}},
		}
		meta, _ := doc["meta"].(map[string]any)
		delete(doc, "meta")
		if !reflect.DeepEqual(doc, want) || meta["resourceType"] != "User" {
			t.Errorf("got\n%v, want\n%v", doc, want)
		}
		listed := at(b.want(200, "GET", "/Users?startIndex=1", ""), "Resources").([]any)
		last, _ := listed[len(listed)-1].(map[string]any)
		shows(t, last, map[string]any{"title": "Boss", "name.middleName": "M"})
		for _, call := range b.sandbox.Calls() {
			if text := string(call.Body) + call.Query.Encode(); strings.Contains(text, "Boss") || strings.Contains(text, "Dr.") {
				t.Errorf("a kept value is sent to the API: %s", text)
			}
		}
		part := b.want(200, "GET", "/Users/"+id+"?attributes=title,name.middleName,"+scim.SchemaEnterpriseUser+":manager", "")
		if got := sortedKeys(part); !slices.Equal(got, []string{"id", "name", "schemas", "title", scim.SchemaEnterpriseUser}) {
			t.Errorf("the projection has %q", got)
		}
		// Somebody else has none of it.
		other := b.want(200, "GET", "/Users/"+somebody(b), "")
		if other["title"] != nil || !reflect.DeepEqual(other["schemas"], []any{scim.SchemaUser}) {
			t.Errorf("somebody else is %v", other)
		}
	})
}

// TestKeepAdvertises has the schemas show what can be kept, and nothing that
// can't.
func TestKeepAdvertises(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		user := schemaAttributes(t, b.want(200, "GET", "/Schemas/"+scim.SchemaUser, "")["attributes"], "")
		enterprise := schemaAttributes(t, b.want(200, "GET", "/Schemas/"+scim.SchemaEnterpriseUser, "")["attributes"], "")
		for _, name := range []string{"title", "name.middleName", "name.givenName", "phoneNumbers.display", "addresses.country", "x509Certificates.value", "emails.value", "timezone"} {
			if user[name] == nil || user[name]["mutability"] != "readWrite" {
				t.Errorf("%s is %v", name, user[name])
			}
		}
		for _, name := range []string{"password", "emails.display", "groups.type"} {
			if user[name] != nil {
				t.Errorf("%s is %v", name, user[name])
			}
		}
		if got := slices.Sorted(maps.Keys(enterprise)); !slices.Equal(got, []string{"costCenter", "department", "division", "employeeNumber", "manager", "manager.$ref", "manager.value", "organization"}) {
			t.Errorf("the extension has %q", got)
		}
		shows(t, b.want(200, "GET", "/ResourceTypes/User", ""), map[string]any{"schemaExtensions": []any{map[string]any{"schema": scim.SchemaEnterpriseUser, "required": false}}})
		shows(t, b.want(200, "GET", "/ResourceTypes/Group", ""), map[string]any{"schemaExtensions": []any{}})
	})
}

// TestKeepLeavesOut has attributes that can't be kept, which are reported.
func TestKeepLeavesOut(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		response, doc := b.send("POST", "/Users", `{"userName":"kai","password":"MARKER","shoeSize":"MARKER","urn:x:y":{"a":"MARKER"},
			"emails":[{"value":"kai@corp.test","display":"MARKER"}],"phoneNumbers":[{"value":"1","pager":"MARKER"}],"title":"Boss"}`)
		got := slices.Sorted(slices.Values(response.Report.Dropped))
		if !slices.Equal(got, []string{"emails.display", "password", "phoneNumbers.pager", "shoeSize", "urn:x:y"}) || doc["title"] != "Boss" {
			t.Errorf("%d, dropped %q: %s", response.Status, got, response.Body)
		}
		for _, record := range b.keeper.records {
			for name, raw := range record.Attributes {
				if strings.Contains(string(raw), "MARKER") {
					t.Errorf("%s is kept: %s", name, raw)
				}
			}
		}
	})
}

// TestKeepNeverSaysActive has a mapping without a place for "active" or members:
// to keep them would be to say that somebody lost their access.
func TestKeepNeverSaysActive(t *testing.T) {
	b := newDeviceBench(t, "resources:\n", `resources:
  Account:
    endpoint: /Accounts
    schema: urn:ietf:params:scim:schemas:core:2.0:User
    unmapped: keep
    id: id
    attributes: {userName: serial}
    calls: {list: GET /devices, read: "GET /devices/{id}", create: POST /devices, update: "PUT /devices/{id}"}
  Club:
    endpoint: /Clubs
    schema: urn:ietf:params:scim:schemas:core:2.0:Group
    unmapped: keep
    id: id
    attributes: {displayName: serial}
    calls: {list: GET /devices, read: "GET /devices/{id}", create: POST /devices, update: "PUT /devices/{id}"}
`)
	response, doc := b.send("POST", "/Accounts", `{"userName":"kai","active":true,"title":"Boss","name":{"givenName":"Kai"}}`)
	if doc["active"] != nil || !slices.Equal(response.Report.Dropped, []string{"active"}) {
		t.Errorf("%s, dropped %q", response.Body, response.Report.Dropped)
	}
	shows(t, doc, map[string]any{"title": "Boss", "name.givenName": "Kai"})
	id := textOf(t, doc, "id")
	b.fails(400, scim.InvalidPath, "PATCH", "/Accounts/"+id, patchOf(`{"op":"replace","path":"active","value":false}`))
	response, doc = b.send("POST", "/Clubs", `{"displayName":"club","members":[{"value":"1"}],"externalId":"e"}`)
	if doc["members"] != nil || doc["externalId"] != "e" || !slices.Equal(response.Report.Dropped, []string{"members"}) {
		t.Errorf("%s, dropped %q", response.Body, response.Report.Dropped)
	}
}

// TestKeptAttributesGo has them vanish with the resource, and not come back
// with the next one.
func TestKeptAttributesGo(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		id := b.createdWithAll()
		b.want(204, "DELETE", "/Users/"+id, "")
		if record := b.keeper.records["User/"+id]; len(record.Attributes) > 0 || record.Deleted.IsZero() {
			t.Errorf("kept after the deletion: %v", record)
		}
		if again := b.created(`{"userName":"kai"}`); again != id {
			t.Errorf("it came back as %s, not %s", again, id)
		}
		doc := b.want(200, "GET", "/Users/"+id, "")
		if doc["title"] != nil || doc["externalId"] != nil || at(doc, "name.middleName") != nil {
			t.Errorf("it came back with %v", doc)
		}
		// What is deactivated stays as it is, and so does what is kept of it.
		b.want(200, "PUT", "/Users/"+id, `{"title":"Boss","active":false}`)
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"title": "Boss", "active": false})
	})
}

// TestKeptAttributesOutliveAReading has somebody else delete a team: what was
// kept of it is shown no more, and kept, since one reading may be wrong.
func TestKeptAttributesOutliveAReading(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		id := textOf(t, b.want(201, "POST", "/Groups", `{"displayName":"Gone","externalId":"g1"}`), "id")
		if ids := idsOf(t, b.want(200, "GET", groupsBy(`externalId eq "g1"`), "")); !slices.Equal(ids, []string{id}) {
			t.Errorf("found %v", ids)
		}
		n, _ := atoi(id)
		b.sandbox.DeleteTeam(n)
		b.fails(404, "", "GET", "/Groups/"+id, "")
		if ids := idsOf(t, b.want(200, "GET", groupsBy(`externalId eq "g1"`), "")); len(ids) > 0 {
			t.Errorf("found %v", ids)
		}
		if record := b.keeper.records["Group/"+id]; !record.Claimed {
			t.Errorf("kept of a team that is gone: %v", record)
		}
		b.sandbox.Fail("GET /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError}, 1)
		user := b.createdWithAll()
		if response, _ := b.send("GET", "/Users/"+user, ""); response.Status < 500 {
			t.Errorf("status %d", response.Status)
		}
		shows(t, b.want(200, "GET", "/Users/"+user, ""), map[string]any{"title": "Boss"})
	})
}

// TestKeptAttributesStayWithADeactivatedUser has another process make somebody
// whom this one's reading of the list did not show, and a third party deactivate
// them, upon which some APIs answer 404.
func TestKeptAttributesStayWithADeactivatedUser(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		b.found(`userName eq "kai"`)
		own := b.world.Correlations
		b.world.Correlations = newMemory()
		id := b.createdWithAll()
		b.byHand(id, switchOff)
		b.world.Correlations = own
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false, "title": "Boss", "externalId": "E-1"})
	})
	// Where no list is asked for, what is deactivated looks like what is gone.
	b := newBench(t, qualytics.Config{Dialect: qualytics.DialectB()})
	b.edit(append(unmapped("keep"), `read: {do: "GET /users/{id}", else: list}`, `read: {do: "GET /users/{id}"}`)...)
	id := b.createdWithAll()
	b.byHand(id, switchOff)
	b.fails(404, "", "GET", "/Users/"+id, "")
	b.byHand(id, switchOn)
	shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"title": "Boss"})
}

// TestKeptAttributesOutliveAMoment has the API show nobody for a moment, in which
// somebody is read.
func TestKeptAttributesOutliveAMoment(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		id := b.createdWithAll()
		b.sandbox.Fail("GET /api/users/{id}", qualytics.Fault{Kind: qualytics.Canned, Status: 404, Body: `{"detail":"Not Found"}`}, 1)
		b.sandbox.Fail("GET /api/users", qualytics.Fault{
			Kind: qualytics.Canned, Status: 200, Body: `{"items":[],"total":0,"total_count":0,"page":1,"size":100,"pages":1}`,
		}, 1)
		b.fails(404, "", "GET", "/Users/"+id, "")
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"title": "Boss", "externalId": "E-1"})
		b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"else","emails":[{"value":"kai@corp.test"}]}`)
	})
}

// TestNoLongerKept has a mapping that keeps less than the one before.
func TestNoLongerKept(t *testing.T) {
	keeping(t, func(t *testing.T, b *bench) {
		id := b.createdWithAll()
		b.program = shipped(t)
		doc := b.want(200, "GET", "/Users/"+id, "")
		if doc["title"] != nil || doc["externalId"] != "E-1" {
			t.Errorf("shown is %v", doc)
		}
		b.want(200, "PUT", "/Users/"+id, `{"displayName":"Kai L."}`)
		if got := slices.Sorted(maps.Keys(b.keeper.records["User/"+id].Attributes)); !slices.Equal(got, []string{"externalId"}) {
			t.Errorf("kept is %q", got)
		}
	})
}
