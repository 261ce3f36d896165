package tests

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// atOnce sends n requests at the same time and returns the answers.
func (st *stack) atOnce(t *testing.T, n int, request func(i int) (method, path, body string)) []reply {
	t.Helper()
	return st.atOnceIn(t.Context(), t, n, request)
}

// atOnceIn is atOnce within a context.
func (st *stack) atOnceIn(ctx context.Context, t *testing.T, n int, request func(i int) (method, path, body string)) []reply {
	t.Helper()
	replies := make([]reply, n)
	begin := make(chan struct{})
	var ready, done sync.WaitGroup
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			method, path, body := request(i)
			got, err := st.sendIn(ctx, method, basePath+path, body)
			if err != nil {
				t.Error(err)
			}
			replies[i] = got
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	return replies
}

// TestCreateTogether has two creates of the same person at once: one makes the
// account, the other one is told.
func TestCreateTogether(t *testing.T) {
	for name, userNames := range map[string][]string{
		"the same name":     {"twice@corp.test", "twice@corp.test"},
		"in another case":   {"twice@corp.test", "Twice@Corp.Test"},
		"eight of the name": slices.Repeat([]string{"twice@corp.test"}, 8),
	} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{})
			st.sandbox.Seed(120, 2)
			before := len(st.sandbox.Users())
			replies := st.atOnce(t, len(userNames), func(i int) (string, string, string) {
				return "POST", "/Users", `{"userName":"` + userNames[i] + `"}`
			})
			created := 0
			for _, r := range replies {
				switch r.status {
				case 201:
					created++
				default:
					isSCIMError(t, r, 409)
					if r.json(t)["scimType"] != "uniqueness" {
						t.Errorf("scimType is %v", r.json(t)["scimType"])
					}
				}
			}
			if created != 1 || len(st.sandbox.Users()) != before+1 {
				t.Errorf("%d were created, and there are %d accounts more", created, len(st.sandbox.Users())-before)
			}
		})
	}
}

// TestAdoptTogether has two people of one e-mail address created at once beside
// one account of that address: only one of them gets it.
func TestAdoptTogether(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	st.sandbox.EditUser(2, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
	replies := st.atOnce(t, 2, func(i int) (string, string, string) {
		return "POST", "/Users", fmt.Sprintf(`{"userName":"new.%d","emails":[{"value":"ana.reis@corp.test"}]}`, i)
	})
	adopted := 0
	for _, r := range replies {
		if r.status == 201 && r.json(t)["id"] == "2" {
			adopted++
		}
	}
	if adopted != 1 {
		t.Errorf("the account was given to %d: %s, %s", adopted, replies[0].body, replies[1].body)
	}
}

// TestPutTogether has 50 updates of one user at once, then one more: the last
// one counts.
func TestPutTogether(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	for _, r := range st.atOnce(t, 50, func(i int) (string, string, string) {
		return "PUT", "/Users/4?", fmt.Sprintf(`{"userName":"bruno.silva","displayName":"Bruno %d","active":%t}`, i%5, i%2 == 0)
	}) {
		if r.status != 200 || r.json(t)["id"] != "4" {
			t.Errorf("status %d: %s", r.status, r.body)
		}
	}
	st.scim(t, 200, "PUT", "/Users/4", `{"userName":"bruno.silva","displayName":"Bruno Last","active":true}`)
	if u, _ := st.sandbox.User(4); *u.Name != "Bruno Last" || !u.Active() {
		t.Errorf("the account is %+v", u)
	}
}

// TestDeleteTogether has one user deleted several times at once.
func TestDeleteTogether(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	deleted := 0
	for _, r := range st.atOnce(t, 5, func(int) (string, string, string) { return "DELETE", "/Users/4?", "" }) {
		switch r.status {
		case 204:
			deleted++
		default:
			isSCIMError(t, r, 404)
		}
	}
	if deleted != 1 {
		t.Errorf("deleted %d times", deleted)
	}
}
