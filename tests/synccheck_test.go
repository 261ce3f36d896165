package tests

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// syncChecked runs the command, and returns its findings and its exit code.
func syncChecked(t *testing.T, admin string, args ...string) (findings []mapping.Finding, code int) {
	t.Helper()
	out, messages, code := caddyScim(t, "", append([]string{"sync-check", "--address", admin, "--format", "json"}, args...)...)
	var all adminapi.SyncCheck
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all.Handlers) != 1 {
		t.Fatalf("%v, exit code %d: %s %s", err, code, messages, out)
	}
	return all.Handlers[0].Findings, code
}

// TestSyncCheck has one of each kind, found by what was done over SCIM and by
// others, and changes nothing.
func TestSyncCheck(t *testing.T) {
	inBothDialects := map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()}
	for name, dialect := range inBothDialects {
		t.Run(name, func(t *testing.T) {
			st, admin := startWithAdmin(t, setup{sandbox: qualytics.Config{Dialect: dialect}})
			st.sandbox.Seed(120, 2)
			// The provider takes everybody over, so that nothing is found.
			for _, u := range st.sandbox.Users() {
				if u.Type == qualytics.TypeHuman && u.Active() {
					st.scim(t, 200, "PATCH", fmt.Sprint("/Users/", u.ID), patchOf("externalId", fmt.Sprintf(`"e-%d"`, u.ID)))
				}
			}
			st.scim(t, 200, "PATCH", "/Groups/2", addMember("4"))
			st.scim(t, 200, "PATCH", "/Users/5", patchOf("active", "false"))
			st.scim(t, 204, "DELETE", "/Users/7", "")
			if found, code := syncChecked(t, admin); len(found) != 0 || code != 0 {
				t.Fatalf("exit code %d: %+v", code, found)
			}

			st.scim(t, 204, "DELETE", "/Users/8", "")
			st.sandbox.EditUser(8, func(u *qualytics.User) { u.DeletedAt = nil })
			st.sandbox.EditUser(5, func(u *qualytics.User) { u.DeletedAt = nil })
			// That the provider sees them does not make them its own.
			st.scim(t, 200, "GET", "/Users/8", "")
			st.scim(t, 200, "GET", "/Users/5", "")
			// Here the API does not let go of somebody, in either way.
			st.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.Canned, Status: 400, Body: `{"detail":"active tokens"}`}, 1)
			st.scim(t, 400, "PATCH", "/Users/13", patchOf("active", "false"))
			st.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.Canned, Status: 204}, 1)
			st.scim(t, 502, "DELETE", "/Users/14", "")
			newcomer := st.sandbox.AddUser(qualytics.User{UserName: "sneaky", Email: new("sneaky@corp.test"), Name: new("Sneaky One")})
			st.sandbox.EditUser(9, func(u *qualytics.User) { u.DeletedAt = new(now) })
			st.sandbox.EditUser(10, func(u *qualytics.User) { u.Type = qualytics.TypeService })
			st.sandbox.EditUser(12, func(u *qualytics.User) { u.Email = new("ana.reis@corp.test") })
			st.sandbox.DeleteTeam(2)
			st.sandbox.ResetCalls()
			users := len(st.sandbox.Users())

			found, code := syncChecked(t, admin, "--names", "--unwritten", "1h")
			var got []string
			for _, f := range found {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s %s", f.Kind, f.Resource, f.ID, f.Name, f.Attribute, strings.Join(f.Others, ","))))
			}
			want := []string{
				"still-there User 13 " + st.userName(t, 13), "still-there User 14 " + st.userName(t, 14),
				"active-again User 5 " + st.userName(t, 5), "active-again User 8 femi.okafor", fmt.Sprint("unprovisioned User ", newcomer, " sneaky"),
				"gone User 10", "gone Group 2", "deactivated User 9 grace.hopper", "double User 2 ana.reis emails 12",
			}
			if !slices.Equal(got, want) || code != 1 {
				t.Errorf("exit code %d\n%s\nwant\n%s", code, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, c := range st.sandbox.Calls() {
				if c.Method != "GET" {
					t.Errorf("%s %s was called", c.Method, c.Path)
				}
			}
			if again, _ := syncChecked(t, admin, "--names", "--unwritten", "1h"); len(again) != len(found) || len(st.sandbox.Users()) != users {
				t.Errorf("the second time there are %+v", again)
			}

			out, messages, code := caddyScim(t, "", "sync-check", "--address", admin)
			if code != 1 || messages != "" || strings.Contains(out, "sneaky") || strings.Contains(out, "corp.test") {
				t.Errorf("exit code %d: %s\n%s", code, messages, out)
			}
			for _, part := range []string{"unprovisioned: active, and never written over SCIM", fmt.Sprint("User ", newcomer), "Nobody takes this access away"} {
				if !strings.Contains(out, part) {
					t.Errorf("%q is not in\n%s", part, out)
				}
			}
		})
	}
}

// userName is that of a user of the API.
func (st *stack) userName(t *testing.T, id int) string {
	t.Helper()
	u, ok := st.sandbox.User(id)
	if !ok {
		t.Fatalf("there is no user %d", id)
	}
	return u.UserName
}

// TestSyncCheckIsSettled has what is found about leavers be settled by the API's
// doing it after all, by a person who does it, and by a write over SCIM.
func TestSyncCheckIsSettled(t *testing.T) {
	st, admin := startWithAdmin(t, setup{})
	st.sandbox.Seed(8, 1)
	for _, u := range st.sandbox.Users() {
		if u.Type == qualytics.TypeHuman {
			st.scim(t, 200, "PATCH", fmt.Sprint("/Users/", u.ID), patchOf("externalId", `"e"`))
		}
	}
	st.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.Canned, Status: 400}, 3)
	for _, id := range []int{4, 5, 9} {
		st.scim(t, 400, "PATCH", fmt.Sprint("/Users/", id), patchOf("active", "false"))
	}
	st.sandbox.ClearFaults()
	st.scim(t, 204, "DELETE", "/Users/6", "")
	st.scim(t, 200, "PATCH", "/Users/7", patchOf("active", "false"))
	for _, id := range []int{6, 7} {
		st.sandbox.EditUser(id, func(u *qualytics.User) { u.DeletedAt = nil })
		st.scim(t, 200, "GET", fmt.Sprint("/Users/", id), "")
	}
	kinds := func() (kinds []string) {
		found, _ := syncChecked(t, admin)
		for _, f := range found {
			kinds = append(kinds, fmt.Sprint(f.Kind, " ", f.ID))
		}
		return kinds
	}
	want := []string{"still-there 4", "still-there 5", "still-there 9", "active-again 6", "active-again 7"}
	for _, restart := range []bool{false, true} {
		if restart {
			st.load(t)
		}
		if got := kinds(); !slices.Equal(got, want) {
			t.Fatalf("found %q", got)
		}
	}
	st.scim(t, 200, "PATCH", "/Users/9", patchOf("active", "false"))
	st.sandbox.EditUser(4, func(u *qualytics.User) { u.DeletedAt = new(now) })
	st.scim(t, 200, "PATCH", "/Users/5", patchOf("active", "true"))
	st.scim(t, 200, "PATCH", "/Users/6", patchOf("externalId", `"e6"`))
	st.scim(t, 200, "PUT", "/Users/7", `{"userName":"`+st.userName(t, 7)+`","active":true}`)
	if got := kinds(); len(got) > 0 {
		t.Errorf("still found: %q", got)
	}
}

// TestSyncCheckOfGroups finds those that were written, and not of late.
func TestSyncCheckOfGroups(t *testing.T) {
	st, admin := startWithAdmin(t, setup{})
	st.sandbox.Seed(3, 3)
	for _, u := range st.sandbox.Users() {
		if u.Type == qualytics.TypeHuman {
			st.scim(t, 200, "PATCH", fmt.Sprint("/Users/", u.ID), patchOf("externalId", `"e"`))
		}
	}
	st.scim(t, 200, "PATCH", "/Groups/3", addMember("4"))
	if found, code := syncChecked(t, admin); len(found) != 0 || code != 0 {
		t.Errorf("exit code %d: %+v", code, found)
	}
	// Since the beginning of the day is long enough.
	if found, code := syncChecked(t, admin, "--unwritten", "0s"); len(found) != 1 || found[0].ID != "3" || found[0].Kind != mapping.Unwritten || code != 1 {
		t.Errorf("exit code %d: %+v", code, found)
	}
	for _, args := range [][]string{{"--unwritten", "long"}, {"--unwritten", "-1h"}, {"--handler", "x"}, {"more"}} {
		if out, messages, code := caddyScim(t, "", append([]string{"sync-check", "--address", admin}, args...)...); code != 2 || messages == "" || out != "" {
			t.Errorf("%q: exit code %d: %s%s", args, code, messages, out)
		}
	}
	// An API that is down has no answer, and nobody is taken for gone.
	st.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Unavailable}, -1)
	if out, messages, code := caddyScim(t, "", "sync-check", "--address", admin); code != 2 || !strings.Contains(messages, "can't be read") {
		t.Errorf("exit code %d: %s%s", code, messages, out)
	}
}

// TestSyncAdvice has advice for every kind of finding.
func TestSyncAdvice(t *testing.T) {
	for _, kind := range mapping.FindingKinds {
		if a := adminapi.SyncAdvice[kind]; a.What == "" || a.ToDo == "" {
			t.Errorf("%s has the advice %+v", kind, a)
		}
	}
	if len(adminapi.SyncAdvice) != len(mapping.FindingKinds) {
		t.Errorf("%d kinds have advice, of %d", len(adminapi.SyncAdvice), len(mapping.FindingKinds))
	}
}

// TestSyncCheckPage compares the table of the page with what the command prints.
func TestSyncCheckPage(t *testing.T) {
	var want strings.Builder
	want.WriteString("| finding | what it is | what to do |\n|---|---|---|\n")
	for _, kind := range mapping.FindingKinds {
		a := adminapi.SyncAdvice[kind]
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", kind, a.What, a.ToDo)
	}
	hasTable(t, "docs/operation.md", "findings", want.String())
}
