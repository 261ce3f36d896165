package mapping

import (
	"strconv"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestCreateGroups(t *testing.T) {
	for _, c := range []struct {
		name, body, want string
	}{
		{"OneLogin", `{"schemas":["urn:scim:schemas:core:1.0"],"displayName":"Contractors","members":[]}`, ""},
		{"no members", `{"displayName":"Contractors"}`, ""},
		{"null members", `{"displayName":"Contractors","members":null,"externalId":null}`, ""},
		{"Entra", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"g-1","displayName":"Contractors","meta":{"resourceType":"Group"}}`, ""},
		{"members", `{"displayName":"Contractors","members":[{"value":"{one}","display":"x"},{"value":"{off}"},{"value":"{one}"}]}`, "1 off"},
		{"texts", `{"displayName":"Contractors","members":["{three}"]}`, "3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				var doc map[string]any
				b.costs(2, func() { doc = b.want(201, "POST", "/Groups", b.fill(c.body)) })
				showsMembers(t, doc, b.people(c.want)...)
				id := textOf(t, doc, "id")
				n, _ := atoi(id)
				shows(t, doc, map[string]any{"displayName": "Contractors", "meta.location": testBase + "/Groups/" + id})
				team, _ := b.sandbox.Team(n)
				if team.Permission != "Viewer" || len(team.DatastoreIDs) != 0 || len(team.UserIDs) != len(b.people(c.want)) {
					t.Errorf("made %s", teamText(team))
				}
				b.costs(1, func() { b.fails(409, "uniqueness", "POST", "/Groups", b.fill(c.body)) })
				b.costs(1, func() { b.want(200, "PATCH", "/Groups/"+id, removeMember(b.four)) })
				b.costs(2, func() { b.want(200, "PATCH", "/Groups/"+id, addMember(b.two)) })
				b.costs(3, func() { b.want(204, "DELETE", "/Groups/"+id, "") })
				b.intact("Finance", b.one, b.two, b.off)
			})
		})
	}
}

func TestTakenGroupNames(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		before := b.sandbox.Teams()
		for _, name := range []string{"Finance", "finance", "FINANCE", "Public", "public", "PUBLIC"} {
			b.fails(409, "uniqueness", "POST", "/Groups", b.fill(`{"displayName":"`+name+`","members":[{"value":"{three}"}]}`))
		}
		for _, body := range []string{`{}`, `{"displayName":""}`, `{"displayName":null}`, `{"members":[]}`, b.fill(`{"members":[{"value":"{one}"}]}`)} {
			b.costs(0, func() { b.fails(400, "invalidValue", "POST", "/Groups", body) })
		}
		if now := b.sandbox.Teams(); len(now) != len(before) {
			t.Errorf("there are %d teams", len(now))
		}
		b.intact("Finance", b.one, b.two, b.off)
	})
}

// TestGroupOfAnotherWriter is found though no request has seen it.
func TestGroupOfAnotherWriter(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.sandbox.Before("POST /api/teams", 1, func(s *qualytics.Sandbox) { s.AddTeam(qualytics.Team{Name: "new"}) })
		b.fails(409, "uniqueness", "POST", "/Groups", `{"displayName":"New"}`)
		if _, ok := b.sandbox.TeamByName("new"); !ok {
			t.Error("the other's team is gone")
		}
	})
}

func TestDeleteGroups(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.costs(3, func() { b.want(204, "DELETE", b.path(), "") })
		if _, ok := b.sandbox.Team(b.team); ok {
			t.Error("the team is still there")
		}
		for _, method := range []string{"DELETE", "GET", "PUT", "PATCH"} {
			b.fails(404, "", method, b.path(), `{"displayName":"x","Operations":[{"op":"remove","path":"members"}]}`)
		}
		if found := idsOf(t, b.want(200, "GET", groupsBy(`displayName eq "Finance"`), "")); len(found) > 0 {
			t.Errorf("found %v", found)
		}
		b.want(201, "POST", "/Groups", `{"displayName":"Finance"}`)
		unseen := b.sandbox.AddTeam(qualytics.Team{Name: "Unseen"})
		b.costs(3, func() { b.want(204, "DELETE", groupPath(unseen), "") })
		b.costs(0, func() { b.fails(404, "", "DELETE", "/Groups/garbage", "") })
	})
}

// TestPublic is neither shown nor touched.
func TestPublic(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		public, _ := b.sandbox.TeamByName(qualytics.PublicTeam)
		id := strconv.Itoa(public.ID)
		for range 2 {
			for method, body := range map[string]string{
				"GET": "", "DELETE": "", "PUT": `{"displayName":"Public","members":[]}`, "PATCH": addMember(b.three),
			} {
				b.sameTeams(func() { b.fails(404, "", method, "/Groups/"+id, body) })
			}
			for _, filter := range []string{`displayName eq "Public"`, `displayName eq "public"`, `id eq "` + id + `"`, `displayName sw "Pub"`} {
				shows(t, b.want(200, "GET", groupsBy(filter), ""), map[string]any{"totalResults": 0.0})
			}
			shows(t, b.want(200, "GET", "/Groups", ""), map[string]any{"totalResults": 3.0, "Resources.2.displayName": "Finance"})
		}
	})
}
