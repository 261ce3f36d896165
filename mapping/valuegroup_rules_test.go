package mapping

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestValueGroupsRefuse has nothing change, whatever else the request asks for.
func TestValueGroupsRefuse(t *testing.T) {
	tests := map[string]struct {
		status             int
		scimType           scim.ErrorType
		method, path, body string
		says               string
	}{
		"an unknown member":           {400, scim.InvalidValue, "PATCH", managers, add("{ana}", "4711"), "4711"},
		"a member without an id":      {400, scim.InvalidValue, "PATCH", managers, add("{ana}", "x/y"), "can't be the id"},
		"a service user":              {400, scim.InvalidValue, "PATCH", managers, add("{bot}"), "no such User"},
		"whom SCIM deleted":           {400, scim.InvalidValue, "PATCH", managers, add("{gone}"), "no such User"},
		"an unknown member in a PUT":  {400, scim.InvalidValue, "PUT", managers, `{"members":[{"value":"{ana}"},{"value":"4711"}]}`, "4711"},
		"another name":                {400, scim.Mutability, "PATCH", managers, patchOf(`{"op":"replace","path":"displayName","value":"Leads"}`), "renamed"},
		"another name with members":   {400, scim.Mutability, "PUT", managers, `{"displayName":"Leads","members":[]}`, "renamed"},
		"deletion":                    {403, "", "DELETE", managers, "", "can't be deleted"},
		"a group of that name":        {409, scim.Uniqueness, "POST", "/Groups", `{"displayName":"qualytics admin","members":[{"value":"{ana}"}]}`, "role-admin"},
		"a team of that name":         {409, scim.Uniqueness, "PATCH", "{team}", patchOf(`{"op":"replace","path":"displayName","value":"QUALYTICS Admin"}`), "role-admin"},
		"a team of that name by PUT":  {409, scim.Uniqueness, "PUT", "{team}", `{"displayName":"Qualytics Manager","members":[{"value":"{ana}"}]}`, "role-manager"},
		"a group that does not exist": {404, "", "PATCH", "/Groups/role-none", add("{ana}"), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inStaffDialects(t, func(t *testing.T, s *staff) {
				team := groupPath(s.sandbox.AddTeam(qualytics.Team{Name: "Finance"}))
				path := strings.ReplaceAll(test.path, "{team}", team)
				s.sameTeams(func() {
					response := s.fails(test.status, test.scimType, test.method, path, s.fill(test.body))
					if !tells(response, test.says) {
						t.Errorf("it does not say %q: %s", test.says, response.Body)
					}
				})
			})
		})
	}
}

// TestSeveralValueGroups has somebody in two groups: the first one's role
// counts, and the other one's comes back with the removal from the first.
func TestSeveralValueGroups(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		role := func(want string) {
			t.Helper()
			s.roles(map[string]string{s.lead: want})
		}
		s.want(200, "PATCH", admins, add(s.lead))
		role(qualytics.RoleAdmin)
		s.in(admins, s.boss, s.chief, s.lead)
		s.in(managers, s.lead, s.off)
		shows(t, s.want(200, "GET", "/Users/"+s.lead, ""), map[string]any{
			"groups.0.value": "role-admin", "groups.1.value": "role-manager", "roles.0.value": "Admin",
		})
		s.want(200, "PATCH", admins, remove(s.lead))
		role(qualytics.RoleManager)
		s.in(admins, s.boss, s.chief)

		// Put in below, and taken out below: the API has nothing to do.
		s.writesNothing(func() { s.showsIDs(s.want(200, "PATCH", managers, add(s.boss)), s.lead, s.off, s.boss) })
		s.in(managers, s.lead, s.off, s.boss)
		s.writesNothing(func() { s.showsIDs(s.want(200, "PATCH", managers, remove(s.boss)), s.lead, s.off) })
		s.want(200, "PATCH", admins, remove(s.boss))
		s.roles(map[string]string{s.boss: qualytics.RoleMember})

		// A role that is given for itself speaks for all groups.
		s.want(200, "PATCH", managers, add(s.boss))
		s.want(200, "PATCH", admins, add(s.boss))
		s.want(200, "PUT", "/Users/"+s.boss, `{"roles":["Member"]}`)
		s.in(managers, s.lead, s.off)
		s.want(200, "PATCH", admins, add(s.boss))
		s.in(managers, s.lead, s.off)

		// So does one that somebody else gives.
		s.want(200, "PATCH", managers, add(s.boss))
		s.in(managers, s.lead, s.off, s.boss)
		s.byHand(s.boss, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
		s.in(managers, s.lead, s.off)
		s.in(admins, s.chief)
	})
}

func TestValueGroupCosts(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		// The list of all people was read a moment ago. That another Admin is left
		// takes one more look.
		for path, removal := range map[string]int{admins: 3, managers: 2} {
			s.costs(2, func() { s.want(200, "PATCH", path, add(s.ana)) })
			s.costs(1, func() { s.want(200, "PATCH", path, add(s.ana)) })
			s.costs(removal, func() { s.want(200, "PATCH", path, remove(s.ana)) })
		}
		s.memory.Doubt("User")
		s.want(200, "GET", "/Groups", "")
		s.costs(2, func() { s.want(200, "PATCH", managers, add(s.ana)) })
		s.costs(0, func() { s.want(200, "GET", groupsBy(`id eq "role-admin"`)+"&attributes=displayName", "") })
	})
}

// TestValueGroupsSeeOthers has somebody else change roles: what is remembered
// of them decides nothing.
func TestValueGroupsSeeOthers(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.want(200, "GET", "/Groups", "")
		s.byHand(s.ana, func(u *qualytics.User) { u.Role = qualytics.RoleAdmin })
		s.byHand(s.lead, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
		s.writesNothing(func() { s.want(200, "PATCH", managers, add(s.ana)) })
		s.showsIDs(s.want(200, "PATCH", managers, add(s.lead)), s.lead, s.off, s.ana)
		s.roles(map[string]string{s.ana: qualytics.RoleAdmin, s.lead: qualytics.RoleManager})
		s.in(admins, s.boss, s.chief, s.ana)
		s.in(managers, s.lead, s.off, s.ana)
	})
}

// TestValueGroupsTogether has many requests change one group at once.
func TestValueGroupsTogether(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		ids := []string{s.ana, s.bob}
		for range 30 {
			ids = append(ids, s.created(`{"userName":"u`+textNumber(len(ids))+`"}`))
		}
		var wait sync.WaitGroup
		for _, id := range ids {
			wait.Go(func() {
				if response, _ := s.send("PATCH", managers, add(id)); response.Status != 200 {
					t.Errorf("status %d: %s", response.Status, response.Body)
				}
			})
			wait.Go(func() {
				if response, _ := s.send("PATCH", admins, add(id)); response.Status != 200 {
					t.Errorf("status %d: %s", response.Status, response.Body)
				}
			})
		}
		wait.Wait()
		for _, id := range ids {
			s.roles(map[string]string{id: qualytics.RoleAdmin})
		}
		s.in(admins, append([]string{s.boss, s.chief}, ids...)...)
		s.in(managers, append([]string{s.lead, s.off}, ids...)...)
	})
}

// TestValueGroupThatFails has one of several people not be changed: the answer
// says so, and a repeat completes it.
func TestValueGroupThatFails(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.sandbox.Fail("PUT /api/users/{id}", canned(500), 1)
		response := s.fails(502, "", "PATCH", admins, add(s.ana, s.bob))
		done := 0
		for _, id := range []string{s.ana, s.bob} {
			if s.user(id).Role == qualytics.RoleAdmin {
				done++
			}
		}
		if done > 0 != tells(response, "Of 2 members to change 1 were changed") {
			t.Errorf("%d were changed: %s", done, response.Body)
		}
		s.want(200, "PATCH", admins, add(s.ana, s.bob))
		s.roles(map[string]string{s.ana: qualytics.RoleAdmin, s.bob: qualytics.RoleAdmin})
	})
}

// refuses sends a request that must be answered 400, and returns the answer.
func (s *staff) refuses(method, path, body string) Response {
	s.t.Helper()
	response, _ := s.send(method, path, body)
	if response.Status != 400 {
		s.t.Errorf("status %d: %s", response.Status, response.Body)
	}
	return response
}

// TestValueGroupBesideOneWhoStays changes several people of whom the API does not
// change one: the others are changed, and the error names that one.
func TestValueGroupBesideOneWhoStays(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		both := patchOf(memberOp("remove", []string{s.off, s.lead}), memberOp("add", []string{s.ana, s.bob}))
		if !s.dialect.DeactivatedNotFound {
			s.sandbox.Fail("PUT /api/users/"+s.off, canned(422), -1)
		}
		for range 2 {
			response := s.refuses("PATCH", managers, both)
			if !tells(response, "not changed: "+s.off+".") {
				t.Errorf("%s", response.Body)
			}
			s.roles(map[string]string{s.off: "Manager", s.lead: "Member", s.ana: "Manager", s.bob: "Manager"})
		}
		// What is kept here does not hang on it either.
		s.refuses("PATCH", managers, patchOf(memberOp("remove", []string{s.off}), `{"op":"add","path":"externalId","value":"m1"}`))
		shows(t, s.want(200, "GET", managers, ""), map[string]any{"externalId": "m1"})
	})
}

// TestValueGroupBesideOneWhoIsNotTaken has the API fail at one person only, time
// after time, which may be any number of others' turn.
func TestValueGroupBesideOneWhoIsNotTaken(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.sandbox.Fail("PUT /api/users/"+s.ana, canned(500), -1)
		ids, want := []string{s.ana, s.bob}, map[string]string{s.ana: "Member", s.bob: "Manager"}
		for range 3 * readAhead {
			id := s.created(`{"userName":"u` + textNumber(len(ids)) + `"}`)
			ids, want[id] = append(ids, id), "Manager"
		}
		response := s.fails(502, "", "PATCH", managers, add(ids...))
		if !tells(response, fmt.Sprintf("Of %d members to change %d were changed; not changed: %s.", len(ids), len(ids)-1, s.ana)) {
			t.Errorf("%s", response.Body)
		}
		s.roles(want)
	})
}

// TestLastAdminStaysWhenNobodyFollows replaces the Admins by somebody whom the API
// does not make one: the last one stays, whoever else goes.
func TestLastAdminStaysWhenNobodyFollows(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.sandbox.Fail("PUT /api/users/"+s.ana, canned(422), -1)
		response := s.refuses("PUT", admins, `{"displayName":"Qualytics Admin","members":`+memberList(s.ana)+`}`)
		if !tells(response, s.ana) {
			t.Errorf("%s", response.Body)
		}
		s.roles(map[string]string{s.boss: "Admin", s.chief: "Admin", s.ana: "Member"})
		// With another who follows, they go.
		s.refuses("PUT", admins, `{"displayName":"Qualytics Admin","members":`+memberList(s.ana, s.bob)+`}`)
		s.roles(map[string]string{s.boss: "Member", s.chief: "Member", s.bob: "Admin", s.ana: "Member"})
	})
}

// TestValueGroupThatIsNotRead has the API fail where it is asked who is in a
// group: nobody is changed, and the answer says why.
func TestValueGroupThatIsNotRead(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		for n := range 3 {
			s.restart()
			s.sandbox.Fail("GET /api/users*", qualytics.Fault{Kind: qualytics.Unavailable, Skip: n}, 1)
			s.writesNothing(func() {
				s.fails(503, "", "PUT", admins, `{"displayName":"Qualytics Admin","members":`+memberList(s.boss, s.ana)+`}`)
			})
		}
		s.want(200, "PATCH", admins, add(s.ana))
	})
}

func TestExternalIDOfAValueGroup(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.writesNothing(func() {
			shows(t, s.want(200, "PATCH", admins, patchOf(`{"op":"add","path":"externalId","value":"e1"}`)), map[string]any{"externalId": "e1"})
			shows(t, s.want(200, "GET", admins, ""), map[string]any{"externalId": "e1"})
			if got := idsOf(t, s.want(200, "GET", groupsBy(`externalId eq "e1"`), "")); len(got) != 1 || got[0] != "role-admin" {
				t.Errorf("found %v", got)
			}
		})
	})
}
