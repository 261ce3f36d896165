package qualytics_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestCallsAreRecorded(t *testing.T) {
	var told []qualytics.Call
	a := start(t, qualytics.Config{OnCall: func(c qualytics.Call) { told = append(told, c) }})
	a.do("GET", "/api/users?size=5&page=2", "", 200)
	a.do("POST", "/api/users", newUser, 200)
	a.do("GET", "/api/users/2", "", 200)
	a.do("GET", "/api/users/me", "", 200)
	a.as("wrong").do("DELETE", "/api/teams/9", "", 401)
	var got []any
	for _, c := range a.Calls() {
		got = append(got, []any{c.Method, c.Path, c.Operation, c.Query, string(c.Body), c.By, c.Status})
	}
	same(t, "calls", got, `[["GET","/api/users","GET /api/users",{"page":["2"],"size":["5"]},"",1,200],`+
		`["POST","/api/users","POST /api/users",{},"{\"name\":\"Ana Reis\",\"user_name\":\"ana.reis\"}",1,200],`+
		`["GET","/api/users/2","GET /api/users/{id}",{},"",1,200],`+
		`["GET","/api/users/me","GET /api/users/me",{},"",1,200],`+
		`["DELETE","/api/teams/9","DELETE /api/teams/{id}",{},"",0,401]]`)
	same(t, "told", told, compact(t, a.Calls()))
	for pattern, want := range map[string]int{
		"*": 5, "GET *": 3, "* /api/users": 2, "GET /api/users": 1, "GET /api/users/{id}": 1, "GET /api/users/2": 1,
		"* /api/teams*": 1, "GET /api/users/*": 2, "PUT *": 0, "nonsense": 0,
	} {
		if got := a.Count(pattern); got != want {
			t.Errorf("Count(%q) = %d, want %d", pattern, got, want)
		}
	}
	a.ResetCalls()
	if n := len(a.Calls()); n != 0 {
		t.Errorf("%d calls after a reset", n)
	}
}

func TestForgetCalls(t *testing.T) {
	a := start(t, qualytics.Config{ForgetCalls: true})
	a.do("GET", "/api/health", "", 204)
	if n := len(a.Calls()); n != 0 {
		t.Errorf("%d calls kept", n)
	}
}

func TestWaitCallsEndsWithItsContext(t *testing.T) {
	a := start(t, qualytics.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.WaitCalls(ctx, "*", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestConcurrentWriters is for the race detector, and checks that the relation
// of users and teams has two equal sides afterwards.
func TestConcurrentWriters(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.Seed(20, 4)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				team := (w+i)%4 + 2
				name := a.teamName(team)
				var err error
				switch i % 4 {
				case 0:
					_, err = a.send(a.request("PUT", fmt.Sprintf("/api/teams/%d", team), `{"name":"`+name+`","user_ids":[2,5]}`))
				case 1:
					_, err = a.send(a.request("PUT", fmt.Sprintf("/api/users/%d", i+2), `{"teams":["`+name+`"]}`))
				case 2:
					_, err = a.send(a.request("GET", "/api/teams?size=100", ""))
				default:
					a.EditUser(i+2, func(u *qualytics.User) { u.Teams = []string{name} })
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	members := map[string][]int{}
	for _, u := range a.Users() {
		for _, name := range u.Teams {
			members[name] = append(members[name], u.ID)
		}
	}
	for _, team := range a.Teams() {
		if fmt.Sprint(team.UserIDs) != fmt.Sprint(members[team.Name]) {
			t.Errorf("team %s: %v, its users say %v", team.Name, team.UserIDs, members[team.Name])
		}
	}
}

func (a *api) teamName(id int) string {
	team, _ := a.Team(id)
	return team.Name
}
