package tests

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// inDialects runs a test against either side of every point on which the
// sources of the API disagree.
func inDialects(t *testing.T, test func(t *testing.T, st *stack)) {
	t.Helper()
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			test(t, start(t, setup{sandbox: qualytics.Config{Dialect: dialect}}))
		})
	}
}

// groupNamed returns the id of the one group that a look-up by name finds, as a
// provider does it.
func (st *stack) groupNamed(t *testing.T, name string) string {
	t.Helper()
	found := st.scim(t, 200, "GET", "/Groups?filter=displayName+eq+%22"+strings.ReplaceAll(name, " ", "+")+"%22&", "").json(t)
	list, _ := found["Resources"].([]any)
	if len(list) != 1 {
		t.Fatalf("%d groups are named %s: %v", len(list), name, found)
	}
	group, _ := list[0].(map[string]any)
	id, _ := group["id"].(string)
	return id
}

// TestRoleGroups has a provider find a role as a group, as it finds any other,
// and give it to people and take it from them.
func TestRoleGroups(t *testing.T) {
	inDialects(t, func(t *testing.T, st *stack) {
		st.sandbox.Seed(30, 3)
		made := st.scim(t, 201, "POST", "/Users", `{"userName":"ana.new"}`).json(t)
		user, _ := made["id"].(string)
		number, _ := strconv.Atoi(user)
		is := func(role string) {
			t.Helper()
			if u, _ := st.sandbox.User(number); u.Role != role {
				t.Errorf("the role is %s, want %s", u.Role, role)
			}
		}
		// A provider that wants to create the group is told to look for it.
		st.scim(t, 409, "POST", "/Groups", `{"displayName":"Qualytics Admin","members":[]}`)
		admins, managers := st.groupNamed(t, "Qualytics Admin"), st.groupNamed(t, "qualytics manager")
		st.cost(t, 2, "a new Manager", func() { st.scim(t, 200, "PATCH", "/Groups/"+managers+"?", addMember(user)) })
		is(qualytics.RoleManager)
		st.cost(t, 2, "a new Admin", func() { st.scim(t, 200, "PATCH", "/Groups/"+admins+"?", addMember(user)) })
		is(qualytics.RoleAdmin)
		got := st.scim(t, 200, "GET", "/Users/"+user, "").json(t)
		if groups := fmt.Sprint(got["groups"]); !strings.Contains(groups, admins) || !strings.Contains(groups, managers) {
			t.Errorf("the user's groups are %s", groups)
		}
		remove := strings.Replace(addMember(user), `"add"`, `"remove"`, 1)
		st.scim(t, 200, "PATCH", "/Groups/"+admins, remove)
		is(qualytics.RoleManager)
		st.scim(t, 200, "PATCH", "/Groups/"+managers, remove)
		is(qualytics.RoleMember)
		st.scim(t, 403, "DELETE", "/Groups/"+admins, "")
	})
}

// TestAllGroupsCost lists two hundred teams, Public among them, and the role
// groups, with all their members.
func TestAllGroupsCost(t *testing.T) {
	inDialects(t, func(t *testing.T, st *stack) {
		st.sandbox.Seed(300, 199)
		st.cost(t, 5, "all groups", func() {
			got := st.scim(t, 200, "GET", "/Groups", "").json(t)
			if total := got["totalResults"]; total != 201.0 {
				t.Errorf("%v groups", total)
			}
		})
		st.cost(t, 1, "a look-up by name", func() {
			st.scim(t, 200, "GET", "/Groups?filter=displayName+eq+%22Sales+DQ%22&excludedAttributes=members", "")
		})
	})
}

// TestLastAdminOnTheWire has a provider let go of the only Admin, by mistake.
func TestLastAdminOnTheWire(t *testing.T) {
	inDialects(t, func(t *testing.T, st *stack) {
		boss := st.sandbox.AddUser(qualytics.User{UserName: "boss", Role: qualytics.RoleAdmin})
		path := fmt.Sprintf("/Users/%d", boss)
		before, _ := st.sandbox.User(boss)
		for _, r := range []struct {
			status             int
			method, path, body string
		}{
			{403, "DELETE", path, ""},
			{400, "PUT", path + "?", `{"userName":"boss","active":"false"}`},
			{400, "PATCH", path, `{"Operations":[{"op":"replace","value":{"active":false}}]}`},
			{400, "PUT", "/Groups/" + st.groupNamed(t, "Qualytics Admin"), `{"displayName":"Qualytics Admin","members":[]}`},
		} {
			got := st.scim(t, r.status, r.method, r.path, r.body)
			if !strings.Contains(string(got.body), "role Admin") {
				t.Errorf("%s %s: it does not say why: %s", r.method, r.path, got.body)
			}
		}
		if after, _ := st.sandbox.User(boss); after.Role != before.Role || !after.Active() {
			t.Errorf("the Admin is %+v", after)
		}
	})
}
