package mapping

import (
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestProjection asks for parts of a user.
func TestProjection(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	for query, want := range map[string][]string{
		"attributes=userName":                                          {"id", "schemas", "userName"},
		"attributes=USERNAME,name.familyName":                          {"id", "name", "schemas", "userName"},
		"attributes=urn:ietf:params:scim:schemas:core:2.0:User:active": {"active", "id", "schemas"},
		"attributes=nickName":                                          {"id", "schemas"},
		"attributes=meta.location":                                     {"id", "meta", "schemas"},
		"attributes=meta.created":                                      {"id", "meta", "schemas"},
		"excludedAttributes=name,emails,roles,groups,meta,externalId":  {"active", "displayName", "id", "schemas", "userName"},
		"excludedAttributes=id,userName,meta,name,emails,groups,roles": {"active", "displayName", "externalId", "id", "schemas"},
	} {
		doc := b.want(200, "GET", "/Users/"+id+"?"+query, "")
		if got := sortedKeys(doc); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	name, _ := b.want(200, "GET", "/Users/"+id+"?attributes=name.familyName", "")["name"].(map[string]any)
	if len(name) != 1 || name["familyName"] != "Reis" {
		t.Errorf("the name is %v", name)
	}
	meta, _ := b.want(200, "GET", "/Users/"+id+"?excludedAttributes=meta.created", "")["meta"].(map[string]any)
	if len(meta) != 3 || meta["location"] == nil || meta["resourceType"] != "User" || meta["version"] == nil {
		t.Errorf("meta is %v", meta)
	}
	b.fails(400, scim.InvalidValue, "GET", "/Users?attributes=id&excludedAttributes=name", "")
}

// TestExcludedMembers saves the calls that the members would take.
func TestExcludedMembers(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(60, 4)
	b.costs(1, func() {
		doc := b.want(200, "GET", `/Groups?filter=displayName+eq+%22finance%20dq%22&excludedAttributes=members`, "")
		group, _ := at(doc, "Resources").([]any)[0].(map[string]any)
		if group["members"] != nil || group["displayName"] != "Finance DQ" {
			t.Errorf("the group is %v", group)
		}
	})
	b.costs(1, func() { b.want(200, "GET", "/Groups/2?excludedAttributes=members", "") })
}
