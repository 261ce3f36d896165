package mapping

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

const (
	admins   = "/Groups/role-admin"
	managers = "/Groups/role-manager"
)

// roleGroupsOf returns the ids of the shipped mapping's groups of a role.
func roleGroupsOf(role string) []string {
	switch role {
	case qualytics.RoleAdmin:
		return []string{"role-admin"}
	case qualytics.RoleManager:
		return []string{"role-manager"}
	default:
		return nil
	}
}

// staff is a bench with people of every role.
type staff struct {
	*bench

	// boss and chief are Admins, lead is a Manager, ana and bob are Members,
	// off is a deactivated Manager, gone is an Admin whom SCIM deleted, and bot
	// is a service user who is an Admin.
	boss, chief, lead, ana, bob, off, gone, bot string
}

func inStaffDialects(t *testing.T, test func(t *testing.T, s *staff)) {
	t.Helper()
	inBothDialects(t, func(t *testing.T, b *bench) {
		person := func(name, role string) string {
			return strconv.Itoa(b.sandbox.AddUser(qualytics.User{UserName: name, Name: new(name + " Doe"), Email: new(name + "@corp.test"), Role: role}))
		}
		s := &staff{bench: b}
		s.boss, s.chief = person("boss", qualytics.RoleAdmin), person("chief", qualytics.RoleAdmin)
		s.lead, s.off = person("lead", qualytics.RoleManager), person("off", qualytics.RoleManager)
		s.ana, s.bob = person("ana", qualytics.RoleMember), person("bob", qualytics.RoleMember)
		s.gone = person("gone", qualytics.RoleAdmin)
		s.bot = strconv.Itoa(b.sandbox.AddUser(qualytics.User{UserName: "bot", Type: qualytics.TypeService, Role: qualytics.RoleAdmin}))
		b.byHand(s.off, switchOff)
		b.want(200, "GET", "/Users", "")
		b.want(204, "DELETE", "/Users/"+s.gone, "")
		b.sandbox.ResetCalls()
		test(t, s)
	})
}

// roles fails unless the API holds these roles, by user.
func (s *staff) roles(want map[string]string) {
	s.t.Helper()
	for id, role := range want {
		if got := s.user(id).Role; got != role {
			s.t.Errorf("%s is %s, want %s", s.user(id).UserName, got, role)
		}
	}
}

// in fails unless a group has exactly these members.
func (s *staff) in(path string, want ...string) {
	s.t.Helper()
	s.showsIDs(s.want(200, "GET", path, ""), want...)
}

func (s *staff) showsIDs(doc map[string]any, want ...string) {
	s.t.Helper()
	got := []string{}
	list, _ := doc["members"].([]any)
	for _, m := range list {
		got = append(got, textOf(s.t, m, "value"))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("members %v, want %v", got, want)
	}
}

func add(ids ...string) string { return patchOf(memberOp("add", ids)) }

func remove(ids ...string) string { return patchOf(memberOp("remove", ids)) }

func memberOp(op string, ids []string) string {
	return `{"op":"` + op + `","path":"members","value":` + memberList(ids...) + `}`
}

func memberList(ids ...string) string {
	list := "["
	for i, id := range ids {
		if i > 0 {
			list += ","
		}
		list += `{"value":"` + id + `"}`
	}
	return list + "]"
}

func TestValueGroupsAreShown(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		doc := s.want(200, "GET", admins, "")
		shows(t, doc, map[string]any{
			"id": "role-admin", "displayName": "Qualytics Admin", "schemas.0": scim.SchemaGroup,
			"meta.resourceType": "Group", "meta.location": testBase + admins,
			"members.0.value": s.boss, "members.0.display": "boss Doe",
		})
		s.showsIDs(doc, s.boss, s.chief)
		s.in(managers, s.lead, s.off)
		s.costs(0, func() {
			shows(t, s.want(200, "GET", admins+"?excludedAttributes=members", ""), map[string]any{"id": "role-admin", "members": nil})
		})
		shows(t, s.want(200, "GET", "/Users/"+s.boss, ""), map[string]any{
			"groups.0.value": "role-admin", "groups.0.display": "Qualytics Admin", "groups.1": nil,
		})
		shows(t, s.want(200, "GET", "/Users/"+s.ana, ""), map[string]any{"groups": nil})
	})
}

func TestValueGroupsAreFound(t *testing.T) {
	tests := map[string][]string{
		`displayName eq "Qualytics Admin"`:                                {"role-admin"},
		`displayName eq "qualytics ADMIN"`:                                {"role-admin"},
		`displayName sw "qualytics"`:                                      {"role-admin", "role-manager"},
		`displayName co "finance"`:                                        {"2"},
		`id eq "role-manager"`:                                            {"role-manager"},
		`id eq "2"`:                                                       {"2"},
		`id eq "role-admin" and members eq "{boss}"`:                      {"role-admin"},
		`id eq "role-admin" and members eq "{ana}"`:                       {},
		`members.value eq "{lead}"`:                                       {"role-manager", "2"},
		`members[value eq "{gone}"]`:                                      {},
		`members[value eq "{bot}"]`:                                       {},
		`displayName eq "Qualytics Admin" and not (members.value eq "9")`: {"role-admin"},
		`displayName eq "Qualytics Admin" or displayName eq "Finance"`:    {"role-admin", "2"},
		`externalId eq "nothing"`:                                         {},
	}
	inStaffDialects(t, func(t *testing.T, s *staff) {
		lead, _ := strconv.Atoi(s.lead)
		s.sandbox.AddTeam(qualytics.Team{Name: "Finance", UserIDs: []int{lead}})
		for filter, want := range tests {
			got := idsOf(t, s.want(200, "GET", groupsBy(s.fill(filter)), ""))
			if !slices.Equal(got, want) {
				t.Errorf("%s finds %v, want %v", filter, got, want)
			}
		}
		if got := s.found(`groups.value eq "role-manager"`); !slices.Equal(got, []string{s.lead, s.off}) {
			t.Errorf("by group: %v", got)
		}
	})
}

func TestValueGroupChanges(t *testing.T) {
	const admin, manager, member = qualytics.RoleAdmin, qualytics.RoleManager, qualytics.RoleMember
	tests := map[string]struct {
		method, path, body string
		want               map[string]string
		members            []string
	}{
		"add":                        {"PATCH", admins, add("{ana}"), map[string]string{"{ana}": admin}, []string{"{boss}", "{chief}", "{ana}"}},
		"add two":                    {"PATCH", managers, add("{ana}", "{bob}"), map[string]string{"{ana}": manager, "{bob}": manager}, []string{"{lead}", "{off}", "{ana}", "{bob}"}},
		"add as text":                {"PATCH", managers, patchOf(`{"op":"Add","path":"members","value":["{ana}"]}`), map[string]string{"{ana}": manager}, []string{"{lead}", "{off}", "{ana}"}},
		"add and name":               {"PATCH", managers, patchOf(`{"op":"replace","value":{"id":"role-manager","displayName":"Qualytics Manager"}}`, memberOp("add", []string{"{ana}"})), map[string]string{"{ana}": manager}, []string{"{lead}", "{off}", "{ana}"}},
		"in the way of 1.1":          {"PATCH", managers, `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"{ana}"},{"value":"{lead}","operation":"delete"}]}`, map[string]string{"{ana}": manager, "{lead}": member}, []string{"{off}", "{ana}"}},
		"remove":                     {"PATCH", managers, remove("{lead}"), map[string]string{"{lead}": member}, []string{"{off}"}},
		"remove by filter":           {"PATCH", admins, patchOf(`{"op":"remove","path":"members[value eq \"{chief}\"]"}`), map[string]string{"{chief}": member}, []string{"{boss}"}},
		"remove by name":             {"PATCH", managers, patchOf(`{"op":"remove","path":"members[display eq \"lead Doe\"]"}`), map[string]string{"{lead}": member}, []string{"{off}"}},
		"replace":                    {"PATCH", managers, patchOf(`{"op":"replace","path":"members","value":[{"value":"{ana}"},{"value":"{off}"}]}`), map[string]string{"{ana}": manager, "{lead}": member}, []string{"{off}", "{ana}"}},
		"put":                        {"PUT", managers, `{"displayName":"Qualytics Manager","members":[{"value":"{bob}","display":null},{"value":"{off}"}]}`, map[string]string{"{bob}": manager, "{lead}": member}, []string{"{off}", "{bob}"}},
		"put without members":        {"PUT", managers, `{"displayName":"qualytics manager"}`, nil, []string{"{lead}", "{off}"}},
		"remove and add":             {"PATCH", managers, patchOf(memberOp("remove", []string{"{lead}"}), memberOp("add", []string{"{lead}"})), nil, []string{"{lead}", "{off}"}},
		"add whoever is in":          {"PATCH", admins, add("{boss}"), nil, []string{"{boss}", "{chief}"}},
		"remove whoever is out":      {"PATCH", admins, remove("{ana}"), nil, []string{"{boss}", "{chief}"}},
		"remove nobody's id":         {"PATCH", admins, remove("4711", "x"), nil, []string{"{boss}", "{chief}"}},
		"remove a service user":      {"PATCH", admins, remove("{bot}"), nil, []string{"{boss}", "{chief}"}},
		"remove the deleted":         {"PATCH", admins, remove("{gone}"), nil, []string{"{boss}", "{chief}"}},
		"empty but for the inactive": {"PUT", managers, `{"members":[{"value":"{off}"}]}`, map[string]string{"{lead}": member}, []string{"{off}"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inStaffDialects(t, func(t *testing.T, s *staff) {
				before := s.sandbox.Users()
				doc := s.want(200, test.method, test.path, s.fill(test.body))
				members := make([]string, len(test.members))
				for i, m := range test.members {
					members[i] = s.fill(m)
				}
				s.showsIDs(doc, members...)
				s.in(test.path, members...)
				writes := 0
				for _, call := range s.sandbox.Calls() {
					if call.Method != "GET" {
						writes++
					}
				}
				if writes != len(test.want) {
					t.Errorf("%d writes, want %d", writes, len(test.want))
				}
				for i := range before {
					if role, changed := test.want[s.name(before[i].ID)]; changed {
						before[i].Role = role
					}
				}
				s.sameUsers(before)
			})
		})
	}
}

// fill puts ids into a text in which they are called {boss}, {ana} and so on.
func (s *staff) fill(text string) string { return s.replacer(false).Replace(text) }

// name returns what fill replaces by an id.
func (s *staff) name(id int) string { return s.replacer(true).Replace("<" + strconv.Itoa(id) + ">") }

func (s *staff) replacer(back bool) *strings.Replacer {
	var pairs []string
	for name, id := range map[string]string{
		"{boss}": s.boss, "{chief}": s.chief, "{lead}": s.lead, "{ana}": s.ana, "{bob}": s.bob,
		"{off}": s.off, "{gone}": s.gone, "{bot}": s.bot,
	} {
		if back {
			name, id = "<"+id+">", name
		}
		pairs = append(pairs, name, id)
	}
	return strings.NewReplacer(pairs...)
}
