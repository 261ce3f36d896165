package mapping

import (
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
