package mapping

import (
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// unmapped are the words by which the shipped mapping chooses what becomes of
// what it has no place for.
func unmapped(word string) []string { return []string{"unmapped: ignore # keep", "unmapped: " + word} }

const manyAttributes = `{"userName":"ana.r","title":"MARKER","name":{"middleName":"MARKER"},"phoneNumbers":[{"value":"MARKER"}],"emails":[{"value":"ana@corp.test","display":"MARKER"}],
	"` + scim.SchemaEnterpriseUser + `":{"department":"MARKER","manager":{"value":"MARKER"},"floor":1},"shoeSize":"MARKER","nickName":"","photos":[],"groups":[{"value":"1"}],"password":"MARKER"}`

var (
	knownOnes   = []string{"emails.display", "name.middleName", "password", "phoneNumbers", "title", scim.SchemaEnterpriseUser + ":department", scim.SchemaEnterpriseUser + ":manager"}
	unknownOnes = []string{"shoeSize", scim.SchemaEnterpriseUser + ":floor"}
)

// TestUnmappedIsReported names what is left out, by the schema's names and
// apart from it by the client's, and warns where the mapping says so.
func TestUnmappedIsReported(t *testing.T) {
	for word, warnings := range map[string]int{"ignore": 0, "warn": 1} {
		t.Run(word, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.edit(unmapped(word)...)
				id := somebody(b)
				for _, request := range [][3]string{
					{"PUT", "/Users/" + id, manyAttributes},
					{"PATCH", "/Users/" + id, patchOf(`{"op":"add","value":` + manyAttributes + `}`)},
				} {
					var response Response
					b.writesNothing(func() { response, _ = b.send(request[0], request[1], request[2]) })
					got := slices.Sorted(slices.Values(response.Report.Dropped))
					if want := slices.Sorted(slices.Values(slices.Concat(knownOnes, unknownOnes))); response.Status != 200 || !slices.Equal(got, want) {
						t.Errorf("%s: %d, dropped %q, want %q", request[0], response.Status, got, want)
					}
					if got := slices.Sorted(slices.Values(response.Report.Undefined)); !slices.Equal(got, unknownOnes) {
						t.Errorf("%s: undefined %q", request[0], got)
					}
					if len(response.Report.Warnings) != warnings {
						t.Errorf("%s: warnings %q", request[0], response.Report.Warnings)
					}
					if strings.Contains(string(response.Body)+strings.Join(response.Report.Warnings, ""), "MARKER") {
						t.Errorf("%s: a dropped value turns up in %s", request[0], response.Body)
					}
				}
				response, _ := b.send("PUT", "/Users/"+id, `{"userName":"ana.r","title":"","phoneNumbers":[{"value":""}],"password":""}`)
				if len(response.Report.Dropped)+len(response.Report.Warnings) > 0 {
					t.Errorf("of what says nothing, dropped %q, warnings %q", response.Report.Dropped, response.Report.Warnings)
				}
			})
		})
	}
}

func TestUnmappedIsRejected(t *testing.T) {
	enterprise := scim.SchemaEnterpriseUser
	put, patch := "PUT", "PATCH"
	for name, tt := range map[string]struct {
		method, body string
		scimType     scim.ErrorType // none if it is no mistake
		named        string
	}{
		"a known one":               {put, `{"displayName":"N","title":"MARKER"}`, scim.InvalidValue, "title"},
		"a part":                    {put, `{"name":{"givenName":"N","middleName":"MARKER"}}`, scim.InvalidValue, "name.middleName"},
		"a part of a list":          {put, `{"emails":[{"value":"n@corp.test","display":"MARKER"}]}`, scim.InvalidValue, "emails.display"},
		"an extension":              {put, `{"displayName":"N","` + enterprise + `":{"department":"MARKER"}}`, scim.InvalidValue, enterprise + ":department"},
		"an extension of SCIM 1.1":  {put, `{"displayName":"N","urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":"MARKER"}}}`, scim.InvalidValue, enterprise + ":manager"},
		"an unknown one":            {put, `{"displayName":"N","shoeSize":4}`, scim.InvalidValue, "shoeSize"},
		"an unknown extension":      {put, `{"displayName":"N","urn:x:y":{"a":"MARKER"}}`, scim.InvalidValue, "urn:x:y"},
		"a value without a path":    {patch, patchOf(`{"op":"replace","value":{"displayName":"N","title":"MARKER"}}`), scim.InvalidValue, "title"},
		"a path":                    {patch, patchOf(`{"op":"replace","path":"displayName","value":"N"}`, `{"op":"replace","path":"title","value":"MARKER"}`), scim.InvalidPath, "title"},
		"a path with a filter":      {patch, patchOf(`{"op":"add","path":"phoneNumbers[type eq \"work\"].value","value":"MARKER"}`), scim.InvalidPath, "phoneNumbers.value"},
		"a path into an extension":  {patch, patchOf(`{"op":"add","path":"` + enterprise + `:manager.value","value":"MARKER"}`), scim.InvalidPath, enterprise + ":manager.value"},
		"an unknown path":           {patch, patchOf(`{"op":"add","path":"shoeSize","value":"MARKER"}`), scim.InvalidPath, "shoeSize"},
		"what says nothing":         {put, `{"displayName":"N","title":null,"nickName":"","photos":[],"addresses":[{"locality":""}],"` + enterprise + `":{"department":""},"x":null}`, "", ""},
		"read-only ones":            {put, `{"id":"1","displayName":"N","meta":{"version":"1"},"groups":[{"value":"1"}],"` + enterprise + `":{"manager":{"displayName":"M","value":""}}}`, "", ""},
		"a password":                {put, `{"displayName":"N","password":"MARKER"}`, "", ""},
		"schemas of what is absent": {put, `{"displayName":"N","schemas":["` + scim.SchemaUser + `","` + enterprise + `","urn:x:y"]}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.edit(unmapped("reject")...)
				id := somebody(b)
				if tt.scimType == "" {
					b.want(200, tt.method, "/Users/"+id, tt.body)
					if name := b.user(id).Name; name == nil || *name != "N" {
						t.Errorf("the name is %v", name)
					}
					return
				}
				b.writesNothing(func() {
					response := b.fails(400, tt.scimType, tt.method, "/Users/"+id, tt.body)
					if !strings.Contains(response.Err.Detail, tt.named) || strings.Contains(string(response.Body), "MARKER") {
						t.Errorf("the answer is %s, want %q in it", response.Body, tt.named)
					}
				})
			})
		})
	}
	b := newBench(t, qualytics.Config{})
	b.edit(unmapped("reject")...)
	people := len(b.sandbox.Users())
	b.fails(400, scim.InvalidValue, "POST", "/Users", `{"userName":"new","title":"x"}`)
	if got := len(b.sandbox.Users()); got != people {
		t.Errorf("%d users, want %d", got, people)
	}
}

// TestUnmappedMemberType has members say what they refer to, which the mapping
// knows without being told.
func TestUnmappedMemberType(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.edit("    endpoint: /Groups\n", "    endpoint: /Groups\n    unmapped: reject\n")
	b.sandbox.Seed(12, 2)
	member := `{"value":"4","type":"User","display":"X"}`
	for _, request := range [][3]string{
		{"PUT", "/Groups/2", `{"displayName":"Finance DQ","members":[` + member + `]}`},
		{"PATCH", "/Groups/2", patchOf(`{"op":"remove","path":"members"}`, `{"op":"add","path":"members","value":[`+member+`]}`)},
	} {
		response, _ := b.send(request[0], request[1], request[2])
		if team, _ := b.sandbox.Team(2); response.Status != 200 || !slices.Equal(team.UserIDs, []int{4}) || len(response.Report.Dropped) > 0 {
			t.Errorf("%s: %d, the members are %v, dropped %q", request[0], response.Status, team.UserIDs, response.Report.Dropped)
		}
	}
	b.fails(400, scim.InvalidValue, "PUT", "/Groups/2", `{"displayName":"Finance DQ","members":[{"value":"4","kind":"User"}]}`)
}

// TestUnmappedExternalID has a resource that keeps none.
func TestUnmappedExternalID(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.edit("      # Qualytics has no field for it, so the sidecar keeps it.\n      externalId: {keep: here}\n", "", "[userName, externalId]", "[userName]")
	id := b.created(`{"userName":"ana"}`)
	for _, request := range [][2]string{
		{"PUT", `{"externalId":"x"}`}, {"PATCH", patchOf(`{"op":"add","path":"externalId","value":"x"}`)}, {"PATCH", patchOf(`{"op":"add","value":{"externalId":"x"}}`)},
	} {
		response, doc := b.send(request[0], "/Users/"+id, request[1])
		if response.Status != 200 || doc["externalId"] != nil || !slices.Equal(response.Report.Dropped, []string{"externalId"}) {
			t.Errorf("%s: %d %s, dropped %q", request[1], response.Status, response.Body, response.Report.Dropped)
		}
	}
	b.fails(400, scim.InvalidFilter, "GET", filtered(`externalId eq "x"`), "")
}
