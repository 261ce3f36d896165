package qualytics_test

import (
	"fmt"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestCreateUser(t *testing.T) {
	for _, c := range []struct {
		name, body, want string
		service          bool
	}{
		{
			"everything", `{"name":"Ana Reis","role":"Manager","teams":["Finance DQ","Public"],"email":"a@corp.test","user_name":"Ana"}`,
			`{"created_at":"2026-03-01T12:00:00Z","deleted_at":null,"email":"a@corp.test","id":2,"last_login":null,"name":"Ana Reis","role":"Manager","teams":["Public","Finance DQ"],"user_id":"auth0|k2","user_name":"Ana","user_type":"Human"}`, false,
		},
		{
			"a name alone", `{"name":"Ana  O'Reis Ü."}`,
			`{"created_at":"2026-03-01T12:00:00Z","deleted_at":null,"email":null,"id":2,"last_login":null,"name":"Ana  O'Reis Ü.","role":"Member","teams":["Public"],"user_id":"auth0|k2","user_name":"ana__oreis_ü","user_type":"Human"}`, false,
		},
		{
			"a name without a letter", `{"name":"!"}`,
			`{"created_at":"2026-03-01T12:00:00Z","deleted_at":null,"email":null,"id":2,"last_login":null,"name":"!","role":"Member","teams":["Public"],"user_id":"auth0|k2","user_name":"user_2","user_type":"Human"}`, false,
		},
		{
			"a service user", `{"name":"Ana Reis","email":"a@corp.test","user_name":"ana.reis"}`,
			`{"created_at":"2026-03-01T12:00:00Z","deleted_at":null,"email":"ana_reis@service","id":2,"last_login":null,"name":"Ana Reis","role":"Member","teams":["Public"],"user_id":"ana_reis@service","user_name":"ana_reis","user_type":"Service"}`, true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := start(t, qualytics.Config{CreateMakesService: c.service})
			a.AddTeam(qualytics.Team{Name: "Finance DQ"})
			same(t, "created", a.do("POST", "/api/users", c.body, 200).json, c.want)
			same(t, "read", a.do("GET", "/api/users/2", "", 200).json, c.want)
		})
	}
}

func TestUpdateUserKeepsWhatIsAbsent(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.AddTeam(qualytics.Team{Name: "Finance DQ"})
	a.AddTeam(qualytics.Team{Name: "Sales DQ"})
	id := a.AddUser(qualytics.User{
		UserName: "ana", Email: new("a@corp.test"), Name: new("Ana"), Role: qualytics.RoleAdmin, Teams: []string{"Finance DQ"},
	})
	path := fmt.Sprintf("/api/users/%d", id)
	for _, c := range []struct{ body, want string }{
		{`{}`, `["ana","a@corp.test","Ana","Admin",["Public","Finance DQ"]]`},
		{`{"email":null}`, `["ana",null,"Ana","Admin",["Public","Finance DQ"]]`},
		{`{"user_name":"ANA"}`, `["ANA",null,"Ana","Admin",["Public","Finance DQ"]]`},
		{`{"teams":["Sales DQ"]}`, `["ANA",null,"Ana","Admin",["Public","Sales DQ"]]`},
		{`{"teams":[],"role":"Member","name":"Ana R"}`, `["ANA",null,"Ana R","Member",["Public"]]`},
	} {
		u := a.do("PUT", path, c.body, 200).json
		same(t, c.body, []any{u["user_name"], u["email"], u["name"], u["role"], u["teams"]}, c.want)
	}
}

func TestDeactivateAndRestore(t *testing.T) {
	for name, dialect := range map[string]qualytics.Dialect{"shown": qualytics.DialectA(), "hidden": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			a := start(t, qualytics.Config{Dialect: dialect})
			a.AddTeam(qualytics.Team{Name: "Finance DQ"})
			a.AddUser(qualytics.User{UserName: "ana", Role: qualytics.RoleManager, Teams: []string{"Finance DQ"}})
			seen := 200
			if dialect.DeactivatedNotFound {
				seen = 404
			}
			a.do("DELETE", "/api/users/2", "", 204)
			a.do("DELETE", "/api/users/2", "", 404)
			a.do("GET", "/api/users/2", "", seen)
			a.do("PUT", "/api/users/2", `{"role":"Manager"}`, seen)
			if u, _ := a.User(2); u.Active() || u.Role != qualytics.RoleManager || len(u.Teams) != 2 {
				t.Errorf("deactivated: %+v, want role and teams kept", u)
			}
			if team, _ := a.TeamByName("finance dq"); len(team.UserIDs) != 1 {
				t.Errorf("members %v, want the deactivated one kept", team.UserIDs)
			}
			if got := a.do("POST", "/api/users/2/restore", "", 200).json["deleted_at"]; got != nil {
				t.Errorf("deleted_at %v after restore", got)
			}
			a.do("POST", "/api/users/2/restore", "", 200)
			a.do("GET", "/api/users/2", "", 200)
			a.do("POST", "/api/users/9/restore", "", 404)
		})
	}
}

func TestListUsers(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.AddTeam(qualytics.Team{Name: "Finance DQ"})
	a.AddUser(qualytics.User{UserName: "b", Name: new("Bea Reis"), Teams: []string{"Finance DQ"}})
	a.AddUser(qualytics.User{UserName: "c", Name: new("Ana REISER"), Role: qualytics.RoleAdmin})
	a.AddUser(qualytics.User{UserName: "d", Name: new("Zoe Reis"), DeletedAt: &clock})
	a.AddUser(qualytics.User{UserName: "e", LastLogin: &clock})
	for _, c := range []struct{ query, ids, counts string }{
		{"size=100", "[1,2,3,5]", "[4,1,100,1]"},
		{"size=3", "[1,2,3]", "[4,1,3,2]"},
		{"size=3&page=2", "[5]", "[4,2,3,2]"},
		{"size=3&page=3", "[]", "[4,3,3,2]"},
		{"size=10&include_deleted=true", "[1,2,3,4,5]", "[5,1,10,1]"},
		{"size=10&name=rEIS", "[2,3]", "[2,1,10,1]"},
		{"size=10&type=Human", "[2,3,5]", "[3,1,10,1]"},
		{"size=10&role=Admin", "[1,3]", "[2,1,10,1]"},
		{"size=10&team=Finance+DQ", "[2]", "[1,1,10,1]"},
		{"size=10&team=Public", "[1,2,3,5]", "[4,1,10,1]"},
		{"size=10&team=Nope", "[]", "[0,1,10,0]"},
		{"size=10&sort=name", "[5,3,2,1]", "[4,1,10,1]"},
		{"size=10&sort=last_login&sort_dir=desc", "[5,1,2,3]", "[4,1,10,1]"},
	} {
		t.Run(c.query, func(t *testing.T) {
			page := a.do("GET", "/api/users?"+c.query, "", 200).json
			ids := []any{}
			for _, item := range page["items"].([]any) {
				ids = append(ids, item.(map[string]any)["id"])
			}
			same(t, "ids", ids, c.ids)
			same(t, "counts", []any{page["total"], page["page"], page["size"], page["pages"]}, c.counts)
		})
	}
}
