package qualytics_test

import (
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestTeamLifeCycle(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.AddUser(qualytics.User{UserName: "ana", Name: new("Ana"), Email: new("a@corp.test")})
	a.AddUser(qualytics.User{UserName: "bo"})
	created := a.do("POST", "/api/teams", `{"name":"Finance DQ","description":"d","user_ids":[2,2],"datastore_ids":[3],"permission":"Editor"}`, 200)
	const want = `{"created":"2026-03-01T12:00:00Z","datastores":[{"id":3,"name":"ledger"}],"description":"d","id":2,` +
		`"name":"Finance DQ","permission":"Editor","users":[{"created":"2026-03-01T12:00:00Z","email":"a@corp.test",` +
		`"id":2,"name":"Ana","role":"Member","user_id":"auth0|k2"}]}`
	same(t, "created", created.json, want)
	same(t, "read", a.do("GET", "/api/teams/2", "", 200).json, want)

	bare := a.do("POST", "/api/teams", `{"name":"Bare"}`, 200).json
	same(t, "bare", []any{bare["permission"], bare["description"], bare["users"], bare["datastores"]}, `["Viewer",null,[],[]]`)
	a.do("PUT", "/api/teams/3", `{"name":"BARE","description":null,"permission":"Reporter"}`, 200)
	a.do("PUT", "/api/teams/3", `{"name":"finance DQ"}`, 409)

	a.do("DELETE", "/api/teams/2", "", 204)
	a.do("GET", "/api/teams/2", "", 404)
	if u, _ := a.User(2); len(u.Teams) != 1 {
		t.Errorf("teams %v after the team was deleted, want Public alone", u.Teams)
	}
	if id := a.AddTeam(qualytics.Team{Name: "Finance DQ"}); id != 4 {
		t.Errorf("id %d, want a new one", id)
	}
}

func TestTeamsAndUsersAreOneRelation(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.AddTeam(qualytics.Team{Name: "One"})
	a.AddTeam(qualytics.Team{Name: "Two"})
	a.AddUser(qualytics.User{UserName: "ana"})
	a.AddUser(qualytics.User{UserName: "bo"})
	check := func(what, users, teams string) {
		t.Helper()
		u2, _ := a.User(2)
		u3, _ := a.User(3)
		one, _ := a.Team(2)
		two, _ := a.Team(3)
		same(t, what, []any{u2.Teams, u3.Teams}, users)
		same(t, what, []any{one.UserIDs, two.UserIDs}, teams)
	}
	a.do("PUT", "/api/users/2", `{"teams":["One","Two"]}`, 200)
	check("by the user", `[["Public","One","Two"],["Public"]]`, `[[2],[2]]`)
	a.do("PUT", "/api/teams/2", `{"name":"One","user_ids":[3]}`, 200)
	check("by the team", `[["Public","Two"],["Public","One"]]`, `[[3],[2]]`)
	a.do("PUT", "/api/teams/2", `{"name":"Uno"}`, 200)
	check("by the name", `[["Public","Two"],["Public","Uno"]]`, `[[3],[2]]`)
	a.EditUser(3, func(u *qualytics.User) { u.Teams = []string{"Two"} })
	check("by another writer's user", `[["Public","Two"],["Public","Two"]]`, `[[],[2,3]]`)
	a.EditTeam(3, func(team *qualytics.Team) { team.UserIDs = nil })
	check("by another writer's team", `[["Public"],["Public"]]`, `[[],[]]`)
}

func TestPublicHoldsEverybody(t *testing.T) {
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			a := start(t, qualytics.Config{Dialect: dialect})
			a.AddUser(qualytics.User{UserName: "ana"})
			a.do("PUT", "/api/teams/1", `{"name":"Public","permission":"Reporter","datastore_ids":[1]}`, 200)
			a.do("PUT", "/api/teams/1", `{"name":"Public","permission":"Author","user_ids":[2,1]}`, 200)
			a.do("POST", "/api/teams", `{"name":"PUBLIC"}`, 409)
			a.AddUser(qualytics.User{UserName: "bo"})
			team := a.do("GET", "/api/teams/1", "", 200).json
			if got := len(team["users"].([]any)); got != 3 || team["permission"] != "Author" {
				t.Errorf("%d users, permission %v", got, team["permission"])
			}
		})
	}
}

func TestListTeams(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.Seed(3, 12)
	for _, c := range []struct{ query, ids string }{
		{"size=5", "[1,2,3,4,5]"},
		{"size=5&page=3", "[11,12,13]"},
		{"size=5&name=FINANCE", "[2,12]"},
		{"size=3&sort_name=desc", "[11,7,13]"},
		{"size=2&sort_created=desc", "[1,2]"},
	} {
		t.Run(c.query, func(t *testing.T) {
			ids := []any{}
			for _, item := range a.do("GET", "/api/teams?"+c.query, "", 200).json["items"].([]any) {
				ids = append(ids, item.(map[string]any)["id"])
			}
			same(t, "ids", ids, c.ids)
		})
	}
}
