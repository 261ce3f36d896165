package tests

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// byExternalID returns the ids that a look-up by external id finds.
func (st *stack) byExternalID(t *testing.T, value string) []string {
	t.Helper()
	got := st.scim(t, 200, "GET", "/Users?filter=externalId+eq+%22"+value+"%22", "").json(t)
	var ids []string
	found, _ := got["Resources"].([]any)
	for _, resource := range found {
		ids = append(ids, fmt.Sprint(at(resource, "id")))
	}
	return ids
}

// spread sends n requests at the same time, to each replica in turn.
func spread(t *testing.T, replicas []*replica, n int, request func(i int) (method, path, body string)) []reply {
	t.Helper()
	replies := make([]reply, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			method, path, body := request(i)
			got, err := replicas[i%len(replicas)].send(t, method, basePath+path, body)
			if err != nil {
				t.Error(err)
			}
			replies[i] = got
		})
	}
	all.Wait()
	return replies
}

// TestReplicas has two Caddies with one storage: a client may talk to either.
func TestReplicas(t *testing.T) {
	replicas := startReplicas(t, 2)
	a, b := replicas[0], replicas[1]
	a.sandbox.Seed(6, 2)

	t.Run("what_one_keeps_the_other_finds", func(t *testing.T) {
		for i := range 10 {
			here, there := replicas[i%2], replicas[1-i%2]
			external := "00u" + strconv.Itoa(i)
			made := here.scim(t, 201, "POST", "/Users", fmt.Sprintf(`{"userName":"found.%d","externalId":%q}`, i, external)).json(t)
			id, _ := made["id"].(string)
			if got := there.byExternalID(t, external); len(got) != 1 || got[0] != id {
				t.Errorf("%s is found as %q, not %s", external, got, id)
			}
			there.scim(t, 200, "PUT", "/Users/"+id, fmt.Sprintf(`{"userName":"found.%d","externalId":"next.%d"}`, i, i))
			if got := here.byExternalID(t, external); len(got) != 0 {
				t.Errorf("%s is still found as %q", external, got)
			}
			if got := here.byExternalID(t, fmt.Sprint("next.", i)); len(got) != 1 || got[0] != id {
				t.Errorf("it is found as %q, not %s", got, id)
			}
		}
	})

	t.Run("who_is_deleted_on_one_is_gone_on_the_other", func(t *testing.T) {
		for i, id := range []string{"4", "5", "6"} {
			here, there := replicas[i%2], replicas[1-i%2]
			there.scim(t, 200, "GET", "/Users/"+id, "")
			here.scim(t, 204, "DELETE", "/Users/"+id, "")
			there.scim(t, 404, "GET", "/Users/"+id, "")
			there.scim(t, 404, "DELETE", "/Users/"+id, "")
		}
	})

	t.Run("one_of_many_creates_makes_the_account", func(t *testing.T) {
		before, created := len(a.sandbox.Users()), 0
		for _, got := range spread(t, replicas, 8, func(int) (string, string, string) {
			return "POST", "/Users", `{"userName":"once@corp.test","emails":[{"value":"once@corp.test"}]}`
		}) {
			if got.status == 201 {
				created++
				continue
			}
			isSCIMError(t, got, 409)
		}
		if created != 1 || len(a.sandbox.Users()) != before+1 {
			t.Errorf("%d were created, and there are %d accounts more", created, len(a.sandbox.Users())-before)
		}
	})

	t.Run("the_last_Admin_stays", func(t *testing.T) {
		for round := range 5 {
			var admins []int
			for _, u := range a.sandbox.Users() {
				if u.Role == "Admin" && u.Active() && u.Type == qualytics.TypeHuman {
					admins = append(admins, u.ID)
				}
			}
			if len(admins) != 1 {
				t.Fatalf("there are %d Admins", len(admins))
			}
			admins = append(admins, a.sandbox.AddUser(qualytics.User{UserName: fmt.Sprint("admin.", round), Role: "Admin"}))
			deleted := 0
			for _, got := range spread(t, replicas, 2, func(i int) (string, string, string) {
				return "DELETE", fmt.Sprint("/Users/", admins[i]), ""
			}) {
				if got.status == 204 {
					deleted++
					continue
				}
				isSCIMError(t, got, 403)
			}
			if deleted != 1 {
				t.Errorf("%d of the last two were deleted", deleted)
			}
		}
	})

	team := a.sandbox.AddTeam(qualytics.Team{Name: "Everyone new", Permission: "Author", DatastoreIDs: []int{1, 3}})
	group := fmt.Sprint("/Groups/", team)
	t.Run("all_members_get_in", func(t *testing.T) {
		const changes, mostWrites = 64, 20
		ids := make([]int, changes)
		for i := range ids {
			ids[i] = a.sandbox.AddUser(qualytics.User{UserName: "new." + strconv.Itoa(i)})
		}
		a.sandbox.ResetCalls()
		for i, got := range spread(t, replicas, changes, func(i int) (string, string, string) {
			return "PATCH", group, addMember(strconv.Itoa(ids[i]))
		}) {
			if got.status != 200 {
				t.Errorf("change %d: status %d: %s", i, got.status, got.body)
			}
		}
		if is, _ := a.sandbox.Team(team); len(is.UserIDs) != changes || len(is.DatastoreIDs) != 2 {
			t.Errorf("the team is left with %d users and datastores %v", len(is.UserIDs), is.DatastoreIDs)
		}
		if n := a.sandbox.Count("PUT /api/teams/{id}"); n > mostWrites {
			t.Errorf("%d writes, want at most %d", n, mostWrites)
		}
	})

	t.Run("a_killed_one_is_no_hindrance", func(t *testing.T) {
		late := a.sandbox.AddUser(qualytics.User{UserName: "late"})
		kept := a.scim(t, 201, "POST", "/Users", `{"userName":"kept","externalId":"kept-1"}`).json(t)
		a.sandbox.ResetCalls()
		a.sandbox.Fail("PUT /api/teams/{id}", qualytics.Fault{Kind: qualytics.Slow}, 1)
		var all sync.WaitGroup
		all.Go(func() { _, _ = a.send(t, "PATCH", basePath+group, addMember(strconv.Itoa(late))) })
		if err := a.sandbox.WaitCalls(t.Context(), "PUT /api/teams/{id}", 1); err != nil {
			t.Fatal(err)
		}
		// It holds the lock of the group, and goes.
		a.kill(t)
		b.scim(t, 200, "PATCH", group, addMember(strconv.Itoa(late)))
		all.Wait()
		if got := b.byExternalID(t, "kept-1"); len(got) != 1 || got[0] != kept["id"] {
			t.Errorf("it is found as %q", got)
		}
		a.begin(t)
		if got := a.byExternalID(t, "kept-1"); len(got) != 1 || got[0] != kept["id"] {
			t.Errorf("after the restart it is found as %q", got)
		}
		a.scim(t, 404, "GET", "/Users/4", "")
		a.scim(t, 200, "PATCH", group, addMember(kept["id"].(string)))
	})

	for _, r := range replicas {
		for _, line := range logLines(r.log.text(), `"logger":"http.handlers.scim.storage"`) {
			t.Errorf("logged: %s", strings.TrimSpace(line))
		}
	}
}
