package mapping

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// groupPatches are the bodies that identity providers send for a group. The
// people of want are those that SCIM shows afterwards.
var groupPatches = []struct {
	name, body string
	want       string
	rename     string
	calls      int
}{
	{"add", `{"Operations":[{"op":"add","path":"members","value":[{"value":"{three}"}]}]}`, "1 2 3 off", "", 2},
	{"add with an odd op", `{"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"{three}"}]}]}`, "1 2 3 off", "", 2},
	{"add two", `{"Operations":[{"op":"ADD","path":"members","value":[{"value":"{three}"},{"value":"{four}","display":"x"}]}]}`, "1 2 3 4 off", "", 2},
	{"add a text", `{"Operations":[{"op":"Add","name":"addMember","path":"members","value":"{three}"}],"id":"x"}`, "1 2 3 off", "", 2},
	{"add texts", `{"Operations":[{"op":"add","path":"members","value":["{three}","{four}"]}]}`, "1 2 3 4 off", "", 2},
	{"add an object", `{"Operations":[{"op":"add","path":"members","value":{"value":"{three}"}}]}`, "1 2 3 off", "", 2},
	{"add without a path", `{"Operations":[{"op":"add","value":{"members":[{"value":"{three}"}]}}]}`, "1 2 3 off", "", 2},
	{"add twice in one", `{"Operations":[{"op":"add","path":"members","value":[{"value":"{three}"},{"value":"{three}"}]}]}`, "1 2 3 off", "", 2},
	{"add whoever is in", `{"Operations":[{"op":"add","path":"members","value":[{"value":"{one}"},{"value":"{off}"}]}]}`, "1 2 off", "", 1},
	{"add and one who is in", `{"Operations":[{"op":"add","path":"members","value":[{"value":"{one}","display":null},{"value":"{three}","display":""}]}]}`, "1 2 3 off", "", 2},
	{"remove a list", `{"Operations":[{"op":"remove","path":"members","value":[{"value":"{one}","display":""}]}]}`, "2 off", "", 2},
	{"remove a list, odd op", `{"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"{one}"}]}]}`, "2 off", "", 2},
	{"remove two", `{"Operations":[{"op":"remove","path":"members","value":[{"value":"{one}"},{"value":"{off}"}]}]}`, "2", "", 2},
	{"remove texts", `{"Operations":[{"op":"Remove","path":"members","value":["{one}"]}]}`, "2 off", "", 2},
	{"remove by filter", `{"Operations":[{"op":"remove","path":"members[value eq \"{two}\"]"}]}`, "1 off", "", 2},
	{"remove nobody by filter", `{"Operations":[{"op":"remove","path":"members[value eq \"{three}\"]"}]}`, "1 2 off", "", 1},
	{"remove whoever is out", `{"Operations":[{"op":"remove","path":"members","value":[{"value":"{three}"},{"value":"98765"},{"value":"x"}]}]}`, "1 2 off", "", 1},
	{"remove an empty list", `{"Operations":[{"op":"remove","path":"members","value":[]}]}`, "1 2 off", "", 1},
	{"remove all", `{"Operations":[{"op":"remove","path":"members"}]}`, "", "", 2},
	{"remove the hidden", `{"Operations":[{"op":"remove","path":"members","value":[{"value":"{bot}"},{"value":"{gone}"}]}]}`, "1 2 off", "", 1},
	{"remove the hidden by filter", `{"Operations":[{"op":"remove","path":"members[value eq \"{bot}\"]"},{"op":"remove","path":"members[value eq \"{gone}\"]"}]}`, "1 2 off", "", 1},
	{"replace", `{"Operations":[{"op":"replace","path":"members","value":[{"value":"{one}"},{"value":"{three}"}]}]}`, "1 3", "", 2},
	{"replace without a path", `{"Operations":[{"op":"replace","value":{"members":[{"value":"{four}"}]}}]}`, "4", "", 2},
	{"replace by nobody", `{"Operations":[{"op":"replace","path":"members","value":[]}]}`, "", "", 2},
	{"replace by the same", `{"Operations":[{"op":"Replace","path":"members","value":[{"value":"{off}"},{"value":"{two}"},{"value":"{one}"}]}]}`, "1 2 off", "", 1},
	{"rename", `{"Operations":[{"op":"replace","value":{"id":"{team}","displayName":"Money"}}]}`, "1 2 off", "Money", 3},
	{"rename by path", `{"Operations":[{"op":"Replace","path":"displayName","value":"Money"}]}`, "1 2 off", "Money", 3},
	{"rename in case", `{"Operations":[{"op":"replace","path":"displayName","value":"FINANCE"}]}`, "1 2 off", "FINANCE", 2},
	{"the same name", `{"Operations":[{"op":"replace","value":{"id":"{team}","displayName":"Finance"}}]}`, "1 2 off", "", 1},
	{"rename with members", `{"Operations":[{"op":"replace","value":{"id":"{team}","displayName":"Money"}},{"op":"add","path":"members","value":[{"value":"{three}","display":"three"}]}]}`, "1 2 3 off", "Money", 3},
	{"several in order", `{"Operations":[{"op":"remove","path":"members[value eq \"{one}\"]"},{"op":"add","path":"members","value":[{"value":"{three}"}]},{"op":"remove","path":"members[value eq \"{three}\"]"},{"op":"add","path":"members","value":[{"value":"{one}"},{"value":"{four}"}]}]}`, "1 2 4 off", "", 2},
	{"empty, then add", `{"Operations":[{"op":"replace","path":"members","value":[]},{"op":"add","path":"members","value":[{"value":"{three}"}]}]}`, "3", "", 2},
	{"there and back", `{"Operations":[{"op":"add","path":"members","value":[{"value":"{three}"}]},{"op":"remove","path":"members","value":[{"value":"{three}"}]}]}`, "1 2 off", "", 1},
	{"SCIM 1.1 add", `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"{three}"}]}`, "1 2 3 off", "", 2},
	{"SCIM 1.1 delete", `{"members":[{"value":"{one}","operation":"delete"}]}`, "2 off", "", 2},
	{"SCIM 1.1 both", `{"members":[{"value":"{one}","operation":"delete"},{"value":"{four}","operation":"add"}]}`, "2 4 off", "", 2},
}

// people turns "1 3 off" into the users of the bench that are called so.
func (s *teamBench) people(names string) []int {
	var ids []int
	for name, id := range map[string]int{"1": s.one, "2": s.two, "3": s.three, "4": s.four, "off": s.off} {
		for word := range strings.FieldsSeq(names) {
			if word == name {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func TestGroupPatches(t *testing.T) {
	for _, c := range groupPatches {
		t.Run(c.name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				users := b.sandbox.Users()
				name := c.rename
				if name == "" {
					name = "Finance"
				}
				var doc map[string]any
				b.costs(c.calls, func() { doc = b.want(200, "PATCH", b.path(), b.fill(c.body)) })
				shows(t, doc, map[string]any{"displayName": name, "id": b.fill("{team}"), "meta.resourceType": "Group"})
				showsMembers(t, doc, b.people(c.want)...)
				b.intact(name, b.people(c.want)...)

				// The same again is as good as done.
				again := b.fill(c.body)
				if c.name != "several in order" && c.name != "empty, then add" {
					b.sameTeams(func() { doc = b.want(200, "PATCH", b.path(), again) })
				}
				showsMembers(t, doc, b.people(c.want)...)
				showsMembers(t, b.want(200, "GET", b.path(), ""), b.people(c.want)...)
				for i, u := range b.sandbox.Users() {
					users[i].Teams, u.Teams = nil, nil
					if shown(users[i]) != shown(u) {
						t.Errorf("a user was changed: %s", shown(u))
					}
				}
			})
		})
	}
}

// TestGroupPatchesOneByOne has each change written by itself.
func TestGroupPatchesOneByOne(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.world.Gatherer = nil
		b.costs(2, func() { b.want(200, "PATCH", b.path(), addMember(b.three)) })
		b.costs(2, func() { b.want(200, "PATCH", b.path(), removeMember(b.one)) })
		b.costs(1, func() { b.want(200, "PATCH", b.path(), removeMember(b.one)) })
		b.fails(400, "invalidValue", "PATCH", b.path(), addMember(b.bot))
		b.intact("Finance", b.two, b.three, b.off)
	})
}

// TestMembersOfAnotherType are refused, since a group's id can be a person's.
func TestMembersOfAnotherType(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		nested := b.fill(`[{"value":"{three}","type":"Group","$ref":"` + testBase + `/Groups/{three}"}]`)
		b.sameTeams(func() {
			b.fails(400, scim.InvalidValue, "PATCH", b.path(), patchOf(`{"op":"add","path":"members","value":`+nested+`}`))
			b.fails(400, scim.InvalidValue, "PUT", b.path(), `{"members":`+nested+`}`)
			b.fails(400, scim.InvalidValue, "POST", "/Groups", `{"displayName":"Nested","members":`+nested+`}`)
			b.fails(400, scim.InvalidValue, "PATCH", admins, patchOf(`{"op":"add","path":"members","value":`+nested+`}`))
		})
		b.want(200, "PATCH", b.path(), b.fill(patchOf(`{"op":"add","path":"members","value":[{"value":"{three}","type":"user"}]}`)))
		b.intact("Finance", b.one, b.two, b.off, b.three)
	})
}
