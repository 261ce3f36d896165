package tests

import (
	"fmt"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestReload keeps what was learnt, and what only the sidecar knows.
func TestReload(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(250, 3)
	st.scim(t, 201, "POST", "/Users", `{"userName":"kept","externalId":"00u-42"}`)
	st.scim(t, 204, "DELETE", "/Users/4", "")
	st.reload(t)

	st.cost(t, 1, "look-up of somebody known", func() {
		got := st.scim(t, 200, "GET", lookUp("kept"), "").json(t)
		if got["totalResults"] != 1.0 {
			t.Errorf("nobody is found: %v", got)
		}
	})
	st.cost(t, 0, "look-up of nobody", func() { st.scim(t, 200, "GET", lookUp("nobody"), "") })
	got := st.scim(t, 200, "GET", `/Users?filter=externalId+eq+%2200u-42%22`, "").json(t)
	if got["totalResults"] != 1.0 {
		t.Errorf("the external id is forgotten: %v", got)
	}
	st.scim(t, 404, "GET", "/Users/4", "")
}

// TestReloadUnderLoad reloads while requests are under way: none is lost.
func TestReloadUnderLoad(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	release := make(chan struct{})
	st.sandbox.Fail("PUT /api/users/{id}", qualytics.Fault{Kind: qualytics.Slow, Release: release}, -1)
	var all sync.WaitGroup
	for i := 2; i <= 5; i++ {
		if i == 3 {
			continue // a service user
		}
		all.Go(func() {
			got, err := st.send(t, "PUT", fmt.Sprint(basePath, "/Users/", i), `{"displayName":"Changed"}`)
			if err != nil || got.status != 200 {
				t.Errorf("%v, status %d: %s", err, got.status, got.body)
			}
		})
	}
	if err := st.sandbox.WaitCalls(t.Context(), "PUT /api/users/{id}", 3); err != nil {
		t.Fatal(err)
	}
	// What is under way goes on with the configuration it came to.
	st.load(t)
	close(release)
	all.Wait()
	for _, u := range st.sandbox.Users() {
		if u.Type == qualytics.TypeHuman && *u.Name != "Changed" {
			t.Errorf("%s was not changed", u.UserName)
		}
	}
}
