package qualytics_test

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestTokens(t *testing.T) {
	a := start(t, qualytics.Config{Tokens: map[string]int{"admin": 2, "nobody": 99}})
	a.ExpectViolations("no bearer token", "no such call")
	a.AddUser(qualytics.User{UserName: "admin", Role: qualytics.RoleAdmin})
	for name, u := range map[string]qualytics.User{
		"manager": {Role: qualytics.RoleManager},
		"member":  {},
		"gone":    {Role: qualytics.RoleAdmin, DeletedAt: &clock},
	} {
		u.UserName = name
		a.AddToken(name, a.AddUser(u), qualytics.FullToken)
	}
	a.AddToken("scim", 2, qualytics.ScimOnly)
	a.AddToken("revoked", 2, qualytics.FullToken)
	a.RevokeToken("revoked")

	for token, want := range map[string][5]int{
		// health, users/me, users, teams, a new team without a body
		"admin":   {204, 200, 200, 200, 422},
		"manager": {204, 200, 403, 200, 403},
		"member":  {204, 200, 403, 403, 403},
		"gone":    {204, 401, 401, 401, 401},
		"scim":    {204, 403, 403, 403, 403},
		"revoked": {204, 401, 401, 401, 401},
		"nobody":  {204, 401, 401, 401, 401},
		"wrong":   {204, 401, 401, 401, 401},
		"":        {204, 401, 401, 401, 401},
	} {
		t.Run(token, func(t *testing.T) {
			b := a.as(token)
			b.t = t
			a.ExpectViolations("no body")
			b.do("GET", "/api/health", "", want[0])
			b.do("GET", "/api/openapi.json", "", 200)
			b.do("GET", "/api/users/me", "", want[1])
			b.do("GET", "/api/users?size=1", "", want[2])
			b.do("GET", "/api/teams?size=1", "", want[3])
			b.do("POST", "/api/teams", "", want[4])
		})
	}
	if got := a.as("admin").do("GET", "/api/users/me", "", 200).json["id"]; got != 2.0 {
		t.Errorf("me is %v, want 2", got)
	}
	a.as("scim").do("GET", "/api/scim/v2/Users", "", 404)
}

func TestTokenFollowsTheRoleOfItsUser(t *testing.T) {
	a := start(t, qualytics.Config{})
	id := a.AddUser(qualytics.User{UserName: "ana"})
	a.AddToken("ana", id, qualytics.FullToken)
	a.as("ana").do("GET", "/api/users", "", 403)
	a.EditUser(id, func(u *qualytics.User) { u.Role = qualytics.RoleAdmin })
	a.as("ana").do("GET", "/api/users", "", 200)
	a.EditUser(id, func(u *qualytics.User) { u.DeletedAt = &clock })
	a.as("ana").do("GET", "/api/users", "", 401)
}

func TestNoTokenIsKept(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.do("GET", "/api/users/me", "", 200)
	call := a.Calls()[0]
	if call.By != a.OwnID() || strings.Contains(compact(t, call), a.token) {
		t.Errorf("call %+v", call)
	}
}
