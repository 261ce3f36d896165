package mapping

import (
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestBlankMembersEmptyNothing sends what a template makes of a macro that is
// not filled in: a team must not lose everybody by it.
func TestBlankMembersEmptyNothing(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(12, 2)
	team, _ := b.sandbox.Team(2)
	for _, members := range []string{`[{"value":""}]`, `[""]`, `[null]`, `[{"value":null}]`, `{"value":""}`, `""`, `" "`} {
		b.fails(400, scim.InvalidValue, "PUT", "/Groups/2", `{"displayName":"Finance DQ","members":`+members+`}`)
		b.fails(400, scim.InvalidValue, "PATCH", "/Groups/2", patchOf(`{"op":"replace","path":"members","value":`+members+`}`))
	}
	if now, _ := b.sandbox.Team(2); len(now.UserIDs) != len(team.UserIDs) || len(team.UserIDs) == 0 {
		t.Errorf("%d members of %d are left", len(now.UserIDs), len(team.UserIDs))
	}
}

// TestMembersWithoutValue sends members that say who they are by everything but
// their id: nobody may get lost by that.
func TestMembersWithoutValue(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(12, 2)
	before, _ := b.sandbox.Team(2)
	uri := `"$ref":"https://scim.corp.test/api/scim/v2/Users/6"`
	for _, members := range []string{
		`[{` + uri + `}]`, `[{` + uri + `,"type":"User"}]`, `[{"display":"Elif Kaya"}]`, `[{"type":"User"}]`, `[{"value":"6"},{` + uri + `}]`,
	} {
		b.fails(400, scim.InvalidValue, "PUT", "/Groups/2", `{"displayName":"Finance DQ","members":`+members+`}`)
		b.fails(400, scim.InvalidValue, "POST", "/Groups", `{"displayName":"New","members":`+members+`}`)
		for _, op := range []string{"add", "replace", "remove"} {
			b.fails(400, scim.InvalidValue, "PATCH", "/Groups/2", patchOf(`{"op":"`+op+`","path":"members","value":`+members+`}`))
		}
	}
	b.fails(400, scim.InvalidValue, "PATCH", "/Groups/2", patchOf(`{"op":"replace","path":"members[display sw \"Ana\"]","value":{`+uri+`}}`))
	b.fails(400, scim.NoTarget, "PATCH", "/Groups/2", patchOf(`{"op":"remove","path":"members"}`, `{"op":"add","path":"members.$ref","value":"https://scim.corp.test/api/scim/v2/Users/6"}`))
	if now, _ := b.sandbox.Team(2); !slices.Equal(now.UserIDs, before.UserIDs) {
		t.Errorf("the members %v became %v", before.UserIDs, now.UserIDs)
	}
}
