package qualytics_test

import (
	"fmt"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestDialects takes every combination of the five rows, so that no switch
// leans on another.
func TestDialects(t *testing.T) {
	for bits := range 1 << 5 {
		d := qualytics.Dialect{
			TotalCount:          bits&1 != 0,
			TeamObjects:         bits&2 != 0,
			Created:             bits&4 != 0,
			TeamPutClears:       bits&8 != 0,
			DeactivatedNotFound: bits&16 != 0,
		}
		t.Run(fmt.Sprintf("%05b", bits), func(t *testing.T) { checkDialect(t, d) })
	}
	if qualytics.DialectA() != (qualytics.Dialect{}) {
		t.Error("DialectA is not the zero value")
	}
}

func checkDialect(t *testing.T, d qualytics.Dialect) {
	a := start(t, qualytics.Config{Dialect: d})
	a.AddUser(qualytics.User{UserName: "ana", DeletedAt: &clock})
	a.AddTeam(qualytics.Team{
		Name: "One", Description: new("d"), Permission: "Editor", UserIDs: []int{2}, DatastoreIDs: []int{3},
	})
	pick := func(right bool, one, other string) string {
		if right {
			return other
		}
		return one
	}
	page := a.do("GET", "/api/teams?size=1", "", 200).json
	same(t, "count", []any{page["total"], page["total_count"]}, pick(d.TotalCount, "[2,null]", "[null,2]"))
	users := a.do("GET", "/api/users?size=1", "", 200).json
	same(t, "count", []any{users["total"], users["total_count"]}, pick(d.TotalCount, "[1,null]", "[null,1]"))
	me := a.do("GET", "/api/users/me", "", 200).json
	same(t, "teams", me["teams"], pick(d.TeamObjects, `["Public"]`, `[{"created":"2026-03-01T12:00:00Z","id":1,"name":"Public"}]`))
	same(t, "created", []any{me["created_at"], me["created"]},
		pick(d.Created, `["2026-03-01T12:00:00Z",null]`, `[null,"2026-03-01T12:00:00Z"]`))
	want := 200
	if d.DeactivatedNotFound {
		want = 404
	}
	a.do("GET", "/api/users/2", "", want)
	a.do("PUT", "/api/users/2", `{}`, want)

	a.do("PUT", "/api/teams/2", `{"name":"One"}`, 200)
	team, _ := a.Team(2)
	same(t, "team", []any{team.Description, team.Permission, team.UserIDs, team.DatastoreIDs},
		pick(d.TeamPutClears, `["d","Editor",[2],[3]]`, `[null,"Viewer",[],[]]`))
	a.do("PUT", "/api/teams/2", `{"name":"One","description":"e","permission":"Drafter","user_ids":[1],"datastore_ids":[1,5]}`, 200)
	team, _ = a.Team(2)
	same(t, "team", []any{team.Description, team.Permission, team.UserIDs, team.DatastoreIDs}, `["e","Drafter",[1],[1,5]]`)
}
