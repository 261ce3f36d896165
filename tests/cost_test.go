package tests

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// lookUp is the path of a look-up by user name.
func lookUp(userName string) string {
	return "/Users?filter=" + url.QueryEscape(`userName eq "`+userName+`"`) + "&"
}

// cost does something and fails the test if that takes more calls than most.
func (st *stack) cost(t *testing.T, most int, what string, do func()) {
	t.Helper()
	st.sandbox.ResetCalls()
	do()
	if calls := st.sandbox.Calls(); len(calls) > most {
		t.Errorf("%s: %d calls instead of %d at most: %s", what, len(calls), most, callList(calls))
	}
}

// callList is what was called, for a message.
func callList(calls []qualytics.Call) string {
	var list []string
	for i, c := range calls {
		if i == 20 {
			return strings.Join(append(list, "…"), ", ")
		}
		list = append(list, fmt.Sprintf("%s %s?%s %d", c.Method, c.Path, c.Query.Encode(), c.Status))
	}
	return strings.Join(list, ", ")
}

// TestCosts are those of the table in docs/scim.md.
func TestCosts(t *testing.T) {
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{sandbox: qualytics.Config{Dialect: dialect}})
			seeded := st.sandbox.Seed(1050, 5)
			u, _ := st.sandbox.UserByName("bruno.silva")
			id := fmt.Sprint("/Users/", u.ID)
			read := func(status int, path string) func() {
				return func() { st.scim(t, status, "GET", path, "") }
			}
			write := func(status int, method, path, body string) func() {
				return func() { st.scim(t, status, method, path, body) }
			}
			patch := func(op string) string {
				return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace",` + op + `}]}`
			}

			st.cost(t, 1, "read by id before anything is known", read(200, id))
			st.cost(t, 3, "delete of an id never seen", write(204, "DELETE", "/Users/17", ""))
			st.cost(t, seeded.People/100+1, "first look-up", read(200, lookUp("nobody")))
			st.cost(t, 0, "the same look-up again", read(200, lookUp("nobody")))
			st.cost(t, 0, "look-up of another nobody", read(200, lookUp("no.body")))
			st.cost(t, 1, "look-up of somebody", read(200, lookUp("bruno.silva")))
			st.cost(t, 1, "look-up in another case", read(200, lookUp("BRUNO.Silva")))
			st.cost(t, 1, "read by id", read(200, id))
			st.cost(t, 1, "PUT of what is there", write(200, "PUT", id, `{"userName":"bruno.silva"}`))
			st.cost(t, 1, "PATCH of what is there", write(200, "PATCH", id, patch(`"path":"active","value":true`)))
			st.cost(t, 2, "PUT", write(200, "PUT", id, `{"userName":"bruno.silva","displayName":"Bruno S"}`))
			st.cost(t, 2, "PATCH", write(200, "PATCH", id, patch(`"path":"displayName","value":"B Silva"`)))
			st.cost(t, 3, "PATCH of active", write(200, "PATCH", id, patch(`"path":"active","value":false`)))
			st.cost(t, 1, "first read of somebody deactivated", read(200, id))
			st.cost(t, 1, "read of somebody deactivated", read(200, id))
			st.cost(t, 3, "PATCH of active with another attribute",
				write(200, "PATCH", id, patch(`"value":{"active":true,"displayName":"Bruno Silva"}`)))
			changed := 200
			if dialect.DeactivatedNotFound {
				changed = 400 // Who is deactivated, which comes first, is not changed any more.
			}
			st.cost(t, 4, "PUT of active with another attribute",
				write(changed, "PUT", id, `{"userName":"bruno.silva","active":false,"displayName":"Bruno"}`))
			st.cost(t, 0, "look-up before a create", read(200, lookUp("new.one")))
			st.cost(t, 2, "first create, which has the service users looked at", write(201, "POST", "/Users", `{"userName":"new.one"}`))
			st.cost(t, 1, "look-up of what was created", read(200, lookUp("new.one")))
			st.cost(t, 1, "create of somebody who is there", write(409, "POST", "/Users", `{"userName":"new.one"}`))
			created, _ := st.sandbox.UserByName("new.one")
			st.cost(t, 3, "delete", write(204, "DELETE", fmt.Sprint("/Users/", created.ID), ""))
			st.cost(t, 1, "look-up of what was deleted", read(200, lookUp("new.one")))
			st.cost(t, 0, "look-up of nobody, after all that", read(200, lookUp("nobody.else")))
		})
	}
}

// TestFirstLookUpsTogether has 50 look-ups come before anything is known, all
// of them while the list is read: it is read once for all.
func TestFirstLookUpsTogether(t *testing.T) {
	const askers = 50
	for name, ask := range map[string]struct {
		userName func(i int) string
		total    float64
	}{
		"the same nobody":    {func(int) string { return "nobody" }, 0},
		"different nobodies": {func(i int) string { return fmt.Sprint("nobody.", i) }, 0},
		"somebody":           {func(int) string { return "grace.hopper" }, 1},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			st := start(t, setup{})
			people := st.sandbox.Seed(1050, 5).People
			release := make(chan struct{})
			st.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Slow, Release: release}, 1)
			done := st.lookUps(t, askers, ask.total, ask.userName)
			limit := time.Now().Add(patience)
			for strings.Count(goroutines(), "caddymodule.(*correlations).Scan(") < askers {
				if time.Now().After(limit) {
					t.Fatal("the look-ups do not come to wait for the list")
				}
				runtime.Gosched()
			}
			close(release)
			done()
			// Whoever is found is read for each who asks, and has teams, which the API
			// gives by name alone.
			pages := people/100 + 1
			most := pages + int(ask.total)*(askers+1)
			if calls := st.sandbox.Calls(); st.sandbox.Count("GET /api/users") != pages || len(calls) > most {
				t.Errorf("%d calls instead of %d: %s", len(calls), most, callList(calls))
			}
		})
	}
}

// TestLookUpsWhileListEnds has look-ups come just when the first reading of the
// list ends: all of them find who is there.
func TestLookUpsWhileListEnds(t *testing.T) {
	const askers, rounds = 50, 10
	for range rounds {
		t.Run("round", func(t *testing.T) {
			st := start(t, setup{})
			people := st.sandbox.Seed(1050, 5).People
			// With their connections made, they come closer together.
			st.atOnce(t, askers, func(int) (string, string, string) { return "GET", "/ServiceProviderConfig", "" })
			release := make(chan struct{})
			st.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Slow, Release: release, Skip: people / 100}, 1)
			first := st.lookUps(t, 1, 1, func(int) string { return "grace.hopper" })
			if err := st.sandbox.WaitCalls(t.Context(), "GET /api/users", people/100+1); err != nil {
				t.Fatal(err)
			}
			others := st.lookUps(t, askers, 1, func(int) string { return "grace.hopper" })
			close(release)
			first()
			others()
			if n := st.sandbox.Count("GET /api/users"); n > people/100+1 {
				t.Errorf("the list took %d calls", n)
			}
		})
	}
}

// lookUps begins n look-ups at once, each of which is to find so many, and
// returns a function that waits for all of them.
func (st *stack) lookUps(t *testing.T, n int, total float64, userName func(i int) string) (wait func()) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			got, err := st.send(t, "GET", basePath+lookUp(userName(i)), "")
			if err != nil || got.status != 200 {
				t.Errorf("%v, status %d: %s", err, got.status, got.body)
			} else if found := got.json(t)["totalResults"]; found != total {
				t.Errorf("%v found instead of %v", found, total)
			}
		})
	}
	return all.Wait
}

// TestFirstProvisioning creates a thousand people beside ten thousand, each
// with a look-up first, as OneLogin does: the list is read but once.
func TestFirstProvisioning(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(10_000, 5)
	const people = 1000
	st.cost(t, 1110, "a thousand people", func() {
		for i := range people {
			userName := fmt.Sprintf("new.person.%d@corp.test", i)
			if got := st.scim(t, 200, "GET", lookUp(userName), "").json(t); got["totalResults"] != 0.0 {
				t.Fatalf("%s is there: %v", userName, got)
			}
			st.scim(t, 201, "POST", "/Users", `{"userName":"`+userName+`","name":{"givenName":"New","familyName":"Person"}}`)
		}
	})
	if n := st.sandbox.Count("POST /api/users"); n != people {
		t.Errorf("%d accounts were made instead of %d", n, people)
	}
}
