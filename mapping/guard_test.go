package mapping

import (
	"strconv"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func textNumber(n int) string { return strconv.Itoa(n) }

// TestTheLastAdminStays has the last active Admin be threatened in every way.
func TestTheLastAdminStays(t *testing.T) {
	tests := map[string]struct {
		status             int
		scimType           scim.ErrorType
		method, path, body string
	}{
		"a role by PUT":         {400, scim.Mutability, "PUT", "/Users/{boss}", `{"userName":"boss","roles":["Member"]}`},
		"no role by PUT":        {400, scim.Mutability, "PUT", "/Users/{boss}", `{"roles":[]}`},
		"a role by PATCH":       {400, scim.Mutability, "PATCH", "/Users/{boss}", patchOf(`{"op":"replace","path":"roles","value":[{"value":"Manager"}]}`)},
		"no roles by PATCH":     {400, scim.Mutability, "PATCH", "/Users/{boss}", patchOf(`{"op":"remove","path":"roles"}`)},
		"suspension by PUT":     {400, scim.Mutability, "PUT", "/Users/{boss}", `{"displayName":"X","active":false}`},
		"suspension by PATCH":   {400, scim.Mutability, "PATCH", "/Users/{boss}", patchOf(`{"op":"Replace","path":"active","value":"False"}`)},
		"deletion":              {403, "", "DELETE", "/Users/{boss}", ""},
		"the group":             {400, scim.Mutability, "PATCH", admins, remove("{boss}")},
		"the emptied group":     {400, scim.Mutability, "PUT", admins, `{"members":[]}`},
		"an inactive successor": {400, scim.Mutability, "PUT", admins, `{"members":[{"value":"{off}"}]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inStaffDialects(t, func(t *testing.T, s *staff) {
				s.want(204, "DELETE", "/Users/"+s.chief, "")
				s.writesNothing(func() {
					response := s.fails(test.status, test.scimType, test.method, s.fill(test.path), s.fill(test.body))
					if !tells(response, "role Admin") {
						t.Errorf("it does not say why: %s", response.Body)
					}
				})
				shows(t, s.want(200, "GET", "/Users/"+s.boss, ""), map[string]any{"active": true, "displayName": "boss Doe"})
			})
		})
	}
}

// TestAdminsComeAndGo has what the guard allows.
func TestAdminsComeAndGo(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.want(200, "PUT", "/Users/"+s.boss, `{"roles":["Member"]}`)
		s.writesNothing(func() { s.want(200, "PUT", "/Users/"+s.chief, `{"active":true,"roles":["admin"]}`) })
		s.want(200, "PUT", "/Users/"+s.chief, `{"displayName":"The Chief"}`)
		// The successor may come with the same request, and then comes first.
		s.want(200, "PUT", admins, `{"members":[{"value":"`+s.ana+`"}]}`)
		s.roles(map[string]string{s.chief: qualytics.RoleMember})
		s.sandbox.Fail("PUT /api/users/{id}", canned(500), 1)
		before := s.sandbox.Users()
		s.fails(502, "", "PUT", admins, `{"members":[{"value":"`+s.bob+`"}]}`)
		s.sameUsers(before)
		s.want(200, "PUT", "/Users/"+s.bob, `{"roles":["admin"]}`)
		s.want(204, "DELETE", "/Users/"+s.bob, "")
		s.roles(map[string]string{s.boss: qualytics.RoleMember, s.ana: qualytics.RoleAdmin})
		// Whoever is no Admin any more, by somebody else's word, may go.
		s.byHand(s.ana, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
		s.want(204, "DELETE", "/Users/"+s.ana, "")
	})
}

// TestGuardIsNotFooled has somebody else make an Admin of whom nothing says so
// in what is remembered.
func TestGuardIsNotFooled(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		for _, id := range []string{s.boss, s.chief} {
			s.byHand(id, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
		}
		s.byHand(s.ana, func(u *qualytics.User) { u.Role = qualytics.RoleAdmin })
		s.memory.Doubt("User")
		s.writesNothing(func() {
			s.fails(403, "", "DELETE", "/Users/"+s.ana, "")
			s.fails(400, scim.Mutability, "PUT", "/Users/"+s.ana, `{"active":false}`)
		})
	})
}

// TestTwoAdminsCanNotBothGo has each of two Admins be let go at the same time,
// in different ways: one stays.
func TestTwoAdminsCanNotBothGo(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		requests := [][3]string{
			{"PUT", "/Users/" + s.boss, `{"roles":["Member"]}`},
			{"PUT", "/Users/" + s.chief, `{"active":false}`},
			{"PATCH", admins, remove(s.boss)},
			{"PATCH", admins, remove(s.chief)},
			{"DELETE", "/Users/" + s.boss, ""},
		}
		var wait sync.WaitGroup
		for _, r := range requests {
			wait.Go(func() {
				if response, _ := s.send(r[0], r[1], r[2]); response.Status >= 500 {
					t.Errorf("%v: status %d: %s", r, response.Status, response.Body)
				}
			})
		}
		wait.Wait()
		left := 0
		for _, id := range []string{s.boss, s.chief} {
			if u := s.user(id); u.Active() && u.Role == qualytics.RoleAdmin {
				left++
			}
		}
		if left != 1 {
			t.Errorf("%d active Admins are left, want 1", left)
		}
	})
}

// TestGuardedAccounts stay as they are, whatever their role.
func TestGuardedAccounts(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.edit("      last: {role: Admin}\n", "      last: {role: Admin}\n      accounts: [LEAD, chief]\n")
		s.want(200, "GET", "/Users", "")
		for _, id := range []string{s.lead, s.chief} {
			s.writesNothing(func() {
				s.fails(403, "", "DELETE", "/Users/"+id, "")
				s.fails(400, scim.Mutability, "PUT", "/Users/"+id, `{"active":false}`)
				s.fails(400, scim.Mutability, "PUT", "/Users/"+id, `{"roles":["Member"],"displayName":"X"}`)
			})
		}
		s.writesNothing(func() {
			s.fails(400, scim.Mutability, "PATCH", managers, remove(s.lead))
			s.fails(400, scim.Mutability, "PATCH", admins, add(s.ana, s.lead))
			s.fails(400, scim.Mutability, "PATCH", admins, remove(s.chief))
		})
		s.want(200, "PUT", "/Users/"+s.lead, `{"displayName":"The Lead"}`)
		s.want(204, "DELETE", "/Users/"+s.boss, "")
	})
}

// TestReadOnlyTeam shows Public without letting anybody change it.
func TestReadOnlyTeam(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.edit("    hide: {name: Public}\n", "    read-only: {name: Public}\n")
		b.memory.Doubt("Group")
		public, _ := b.sandbox.TeamByName(qualytics.PublicTeam)
		path := groupPath(public.ID)
		for range 2 {
			shows(t, b.want(200, "GET", path, ""), map[string]any{"displayName": "Public"})
			shows(t, b.want(200, "GET", groupsBy(`displayName eq "public"`), ""), map[string]any{"totalResults": 1.0})
			b.sameTeams(func() {
				b.fails(400, scim.Mutability, "PATCH", path, removeMember(b.one))
				b.fails(400, scim.Mutability, "PUT", path, `{"displayName":"Everybody"}`)
				b.fails(403, "", "DELETE", path, "")
				b.want(200, "PUT", path, `{"displayName":"Public"}`)
			})
			b.want(200, "GET", "/Groups", "")
		}
	})
}

// TestUnknownMembersSkipped has a mapping that prefers a part to nothing.
func TestUnknownMembersSkipped(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.edit("        into: user_ids\n", "        into: user_ids\n        unknown: skip\n")
		known := func(response Response, want ...string) {
			t.Helper()
			if got := response.Report.Unknown; len(got) != len(want) {
				t.Errorf("unknown: %v, want %v", got, want)
			}
		}
		response, doc := b.send("PATCH", b.path(), b.fill(patchOf(`{"op":"add","path":"members","value":[{"value":"{three}"},{"value":"4711"},{"value":"a@b.c/x"},{"value":"{bot}"}]}`)))
		showsMembers(t, doc, b.one, b.two, b.off, b.three)
		known(response, "members 4711", "members (not an id)", "members "+b.fill("{bot}"))
		b.intact("Finance", b.one, b.two, b.off, b.three)

		response, _ = b.send("PUT", b.path(), b.fill(`{"members":[{"value":"{four}"},{"value":"4711"}]}`))
		known(response, "members 4711")
		b.intact("Finance", b.four)

		response, doc = b.send("POST", "/Groups", b.fill(`{"displayName":"New","members":[{"value":"{four}"},{"value":"4711"}]}`))
		showsMembers(t, doc, b.four)
		known(response, "members 4711")

		response, _ = b.send("PATCH", admins, b.fill(patchOf(`{"op":"add","path":"members","value":[{"value":"{three}"},{"value":"4711"}]}`)))
		known(response, "members 4711")
		if u, _ := b.sandbox.User(b.three); u.Role != qualytics.RoleAdmin {
			t.Errorf("the role is %s", u.Role)
		}
	})
}
