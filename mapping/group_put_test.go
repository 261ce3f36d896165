package mapping

import (
	"fmt"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestGroupPuts(t *testing.T) {
	for _, c := range []struct {
		name, body, want, rename string
		calls                    int
	}{
		{"members", `{"displayName":"Finance","members":[{"value":"{two}","display":"x"},{"value":"{three}"}]}`, "2 3", "Finance", 2},
		{"the same", `{"id":"{team}","displayName":"Finance","members":[{"value":"{one}","display":null},{"value":"{two}"},{"value":"{off}"}]}`, "1 2 off", "Finance", 1},
		{"no members named", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Money"}`, "1 2 off", "Money", 3},
		{"nobody", `{"displayName":"Finance","members":[]}`, "", "Finance", 2},
		{"null", `{"displayName":"Finance","members":null}`, "", "Finance", 2},
		{"a name alone", `{"displayName":"Finance"}`, "1 2 off", "Finance", 1},
		{"members alone", `{"members":[{"value":"{four}"}]}`, "4", "Finance", 2},
		{"texts", `{"displayName":"Money","members":["{one}"]}`, "1", "Money", 3},
		{"externalId", `{"displayName":"Finance","externalId":"g-1"}`, "1 2 off", "Finance", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				var doc map[string]any
				b.costs(c.calls, func() { doc = b.want(200, "PUT", b.path(), b.fill(c.body)) })
				showsMembers(t, doc, b.people(c.want)...)
				b.intact(c.rename, b.people(c.want)...)
				b.sameTeams(func() { b.want(200, "PUT", b.path(), b.fill(c.body)) })
			})
		})
	}
}

// TestRefusedGroupChanges write nothing and name who is meant.
func TestRefusedGroupChanges(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		for _, who := range []string{b.fill("{bot}"), b.fill("{gone}"), "987654", "1", "garbage", "-3", "0", "1e3", "../users", "99999999999999999999999"} {
			member := fmt.Sprintf(`{"value":%q}`, who)
			for method, body := range map[string]string{
				"PATCH": patchOf(`{"op":"add","path":"members","value":[`+b.fill(`{"value":"{three}"},`)+member+`]}`, `{"op":"replace","path":"displayName","value":"Money"}`),
				"PUT":   `{"displayName":"Money","members":[` + member + `]}`,
			} {
				b.sameTeams(func() {
					response := b.fails(400, "invalidValue", method, b.path(), body)
					if _, numeric := atoi(who); numeric && who != "-3" && !tells(response, who) {
						t.Errorf("the answer does not name %s: %s", who, response.Body)
					}
				})
			}
			b.sameTeams(func() {
				b.fails(400, "invalidValue", "POST", "/Groups", `{"displayName":"New","members":[`+b.fill(`{"value":"{one}"},`)+member+`]}`)
			})
		}
		for _, body := range []string{
			`{"op":"remove","path":"displayName"}`, `{"op":"replace","path":"displayName","value":""}`, `{"op":"replace","path":"displayName","value":null}`,
		} {
			b.sameTeams(func() {
				if response, _ := b.send("PATCH", b.path(), patchOf(body)); response.Status != 400 {
					t.Errorf("%s: status %d", body, response.Status)
				}
			})
		}
		b.intact("Finance", b.one, b.two, b.off)
	})
}

// TestRenameToATakenName is refused, whoever has the name.
func TestRenameToATakenName(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.sandbox.AddTeam(qualytics.Team{Name: "Sales"})
		teams := b.sandbox.Teams()
		for _, name := range []string{"Sales", "sALES", "Public", "public"} {
			b.fails(409, "uniqueness", "PATCH", b.path(), patchOf(`{"op":"replace","path":"displayName","value":"`+name+`"}`))
			b.fails(409, "uniqueness", "PUT", b.path(), `{"displayName":"`+name+`","members":[]}`)
		}
		if now := b.sandbox.Teams(); len(now) != len(teams) {
			t.Errorf("%d teams", len(now))
		}
		b.intact("Finance", b.one, b.two, b.off)
	})
}

// TestOthersMembersStay has another writer change the team before a request.
func TestOthersMembersStay(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		bot := b.sandbox.AddUser(qualytics.User{UserName: "bot.2", Type: qualytics.TypeService})
		stranger := b.sandbox.AddUser(qualytics.User{UserName: "stranger"})
		b.sandbox.EditTeam(b.team, func(team *qualytics.Team) { team.UserIDs = append(team.UserIDs, b.four, bot, stranger) })
		showsMembers(t, b.want(200, "PATCH", b.path(), addMember(b.three)), b.one, b.two, b.three, b.four, b.off, stranger)
		b.intact("Finance", b.one, b.two, b.three, b.four, b.off, stranger, bot)

		// A service user of whom nobody has heard yet stays even so.
		later := b.sandbox.AddUser(qualytics.User{UserName: "bot.3", Type: qualytics.TypeService})
		b.sandbox.EditTeam(b.team, func(team *qualytics.Team) { team.UserIDs = append(team.UserIDs, later) })
		showsMembers(t, b.want(200, "PUT", b.path(), `{"displayName":"Finance","members":[]}`))
		b.intact("Finance", bot, later)
		b.costs(1, func() { showsMembers(t, b.want(200, "GET", b.path(), "")) })
	})
}

// TestReturnedMember is shown again once SCIM knows of the person again.
func TestReturnedMember(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.want(201, "POST", "/Users", `{"userName":"gone"}`)
		gone := fmt.Sprint(b.gone)
		if teams := b.user(gone).Teams; len(teams) != 1 {
			t.Errorf("who was deleted comes back with %v", teams)
		}
		doc := b.want(200, "PATCH", b.path(), addMember(b.gone))
		showsMembers(t, doc, b.one, b.two, b.off, b.gone)
		b.want(200, "PATCH", b.path(), removeMember(b.gone))
		if teams := b.user(gone).Teams; len(teams) != 1 {
			t.Errorf("teams %v", teams)
		}
	})
}
