package tests

import (
	"fmt"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// addMember is the body of a PATCH that adds one member.
func addMember(id string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":` +
		`[{"op":"add","path":"members","value":[{"value":"` + id + `"}]}]}`
}

// TestMembersAtOnce adds a hundred people to one team at the same moment: all
// get in, and the changes that wait for each other are written together.
func TestMembersAtOnce(t *testing.T) {
	const changes, mostWrites = 100, 20
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{sandbox: qualytics.Config{Dialect: dialect}})
			bot := st.sandbox.AddUser(qualytics.User{UserName: "bot", Type: qualytics.TypeService})
			team := st.sandbox.AddTeam(qualytics.Team{
				Name: "Everyone new", Permission: "Author", UserIDs: []int{bot}, DatastoreIDs: []int{1, 3},
			})
			ids := make([]int, changes)
			for i := range ids {
				ids[i] = st.sandbox.AddUser(qualytics.User{UserName: "new." + strconv.Itoa(i)})
			}
			st.scim(t, 200, "GET", "/Users?count=0", "")
			st.sandbox.ResetCalls()
			// The first one is kept until all have been sent.
			release := make(chan struct{})
			st.sandbox.Fail("GET /api/teams/{id}", qualytics.Fault{Kind: qualytics.Slow, Release: release}, 1)
			var unsent atomic.Int32
			unsent.Store(changes)
			sent := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
				if unsent.Add(-1) == 0 {
					close(release)
				}
			}})
			for i, got := range st.atOnceIn(sent, t, changes, func(i int) (string, string, string) {
				return "PATCH", fmt.Sprintf("/Groups/%d", team), addMember(strconv.Itoa(ids[i]))
			}) {
				if got.status != 200 {
					t.Errorf("change %d: status %d: %s", i, got.status, got.body)
				}
			}
			if n := st.sandbox.Count("PUT /api/teams/{id}"); n > mostWrites {
				t.Errorf("%d writes, want at most %d", n, mostWrites)
			}
			is, _ := st.sandbox.Team(team)
			if len(is.UserIDs) != changes+1 || len(is.DatastoreIDs) != 2 || is.Permission != "Author" {
				t.Errorf("the team is left with %d users, datastores %v and permission %s", len(is.UserIDs), is.DatastoreIDs, is.Permission)
			}
		})
	}
}

// TestFullSync provisions people and groups from nothing as OneLogin does: a
// look-up and a create for each person, a create for each group, and a change
// of a group for each membership.
func TestFullSync(t *testing.T) {
	const people, groups, mostCalls = 500, 20, 2700
	st := start(t, setup{})
	st.sandbox.ResetCalls()
	userIDs, groupIDs := make([]string, people), make([]string, groups)
	for i := range userIDs {
		name := "person." + strconv.Itoa(i)
		st.scim(t, 200, "GET", lookUp(name), "")
		made := st.scim(t, 201, "POST", "/Users", `{"userName":"`+name+`"}`).json(t)
		userIDs[i], _ = made["id"].(string)
	}
	for i := range groupIDs {
		made := st.scim(t, 201, "POST", "/Groups", fmt.Sprintf(`{"displayName":"Group %d"}`, i)).json(t)
		groupIDs[i], _ = made["id"].(string)
	}
	for i, id := range userIDs {
		for _, group := range []int{i % groups, (i + 7) % groups} {
			st.scim(t, 200, "PATCH", "/Groups/"+groupIDs[group], addMember(id))
		}
	}
	if calls := len(st.sandbox.Calls()); calls > mostCalls {
		t.Errorf("%d calls, want at most %d", calls, mostCalls)
	}
	for i := range groupIDs {
		team, _ := st.sandbox.TeamByName("Group " + strconv.Itoa(i))
		if len(team.UserIDs) != 2*people/groups {
			t.Errorf("%s has %d users, want %d", team.Name, len(team.UserIDs), 2*people/groups)
		}
	}
}
