package qualytics_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

const newUser = `{"name":"Ana Reis","user_name":"ana.reis"}`

func TestFaultsThatAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fault       qualytics.Fault
		status      int
		contentType string
		body        string
	}{
		"429":    {qualytics.Fault{Kind: qualytics.TooManyRequests}, 429, "text/html", "<h1>429 Too Many Requests</h1>"},
		"503":    {qualytics.Fault{Kind: qualytics.Unavailable, RetryAfter: "7"}, 503, "text/html", "503 Service Temporarily Unavailable"},
		"500":    {qualytics.Fault{Kind: qualytics.ServerError}, 500, "application/json", `{"detail":"Internal Server Error"}`},
		"page":   {qualytics.Fault{Kind: qualytics.HTMLPage}, 200, "text/html", "<html>"},
		"broken": {qualytics.Fault{Kind: qualytics.BrokenJSON}, 200, "application/json", `{"items":`},
		"canned": {qualytics.Fault{
			Kind: qualytics.Canned, Status: 307, Body: "elsewhere",
			Header: http.Header{"Location": {"http://127.0.0.1:1/"}, "Content-Type": {"text/plain"}},
		}, 307, "text/plain", "elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, qualytics.Config{})
			a.Fail("POST /api/users", c.fault, 1)
			res := a.do("POST", "/api/users", newUser, c.status)
			if got := res.header.Get("Content-Type"); got != c.contentType || !strings.Contains(res.text, c.body) {
				t.Errorf("%s: %q", got, res.text)
			}
			if got := res.header.Get("Retry-After"); got != c.fault.RetryAfter {
				t.Errorf("Retry-After %q, want %q", got, c.fault.RetryAfter)
			}
			if _, ok := a.UserByName("ana.reis"); ok {
				t.Error("the call was acted upon")
			}
			a.do("POST", "/api/users", newUser, 200)
		})
	}
}

func TestFaultsThatBreakTheConnection(t *testing.T) {
	for name, c := range map[string]struct {
		kind  qualytics.FaultKind
		acted bool
		err   error
	}{
		"before":    {qualytics.ResetBefore, false, syscall.ECONNRESET},
		"after":     {qualytics.ResetAfter, true, syscall.ECONNRESET},
		"truncated": {qualytics.Truncated, true, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, qualytics.Config{})
			a.Fail("* /api/users", qualytics.Fault{Kind: c.kind}, -1)
			_, err := a.send(a.request("POST", "/api/users", newUser))
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if _, ok := a.UserByName("ana.reis"); ok != c.acted {
				t.Errorf("acted upon: %v, want %v", ok, c.acted)
			}
			a.ClearFaults()
			a.do("GET", "/api/users", "", 200)
		})
	}
}

func TestTruncatedAnswerWithoutABodyIsLost(t *testing.T) {
	a := start(t, qualytics.Config{})
	id := a.AddUser(qualytics.User{UserName: "ana"})
	a.Fail("DELETE *", qualytics.Fault{Kind: qualytics.Truncated}, 1)
	if _, err := a.send(a.request("DELETE", "/api/users/2", "")); err == nil {
		t.Error("an answer came")
	}
	if u, _ := a.User(id); u.Active() {
		t.Error("the call was not acted upon")
	}
}

func TestSlowFaults(t *testing.T) {
	for name, c := range map[string]struct {
		kind  qualytics.FaultKind
		acted bool
	}{
		"before": {qualytics.Slow, false},
		"after":  {qualytics.SlowAfter, true},
	} {
		t.Run(name+", given up", func(t *testing.T) {
			a := start(t, qualytics.Config{})
			a.Fail("POST /api/users", qualytics.Fault{Kind: c.kind}, 1)
			ctx, giveUp := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() {
				_, err := a.send(a.request("POST", "/api/users", newUser).WithContext(ctx))
				served <- err
			}()
			wait := a.WaitCalls
			if c.acted {
				wait = a.WaitServed
			}
			if err := wait(t.Context(), "POST /api/users", 1); err != nil {
				t.Fatal(err)
			}
			giveUp()
			if err := <-served; !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			if _, ok := a.UserByName("ana.reis"); ok != c.acted {
				t.Errorf("acted upon: %v, want %v", ok, c.acted)
			}
		})
		t.Run(name+", released", func(t *testing.T) {
			a := start(t, qualytics.Config{})
			release := make(chan struct{})
			a.Fail("POST /api/users", qualytics.Fault{Kind: c.kind, Release: release}, 1)
			served := make(chan result, 1)
			go func() {
				res, _ := a.send(a.request("POST", "/api/users", newUser))
				served <- res
			}()
			if err := a.WaitCalls(t.Context(), "POST /api/users", 1); err != nil {
				t.Fatal(err)
			}
			close(release)
			if res := <-served; res.status != 200 {
				t.Errorf("status %d", res.status)
			}
		})
	}
}

// TestStrike is told when a call has been acted upon, or won't be.
func TestStrike(t *testing.T) {
	for kind, acted := range map[qualytics.FaultKind]bool{
		qualytics.ResetBefore: false, qualytics.ResetAfter: true, qualytics.Truncated: true,
		qualytics.Slow: false, qualytics.SlowAfter: true, qualytics.ServerError: false,
	} {
		a := start(t, qualytics.Config{})
		release := make(chan struct{})
		struck := make(chan bool, 1)
		a.Fail("POST /api/users", qualytics.Fault{Kind: kind, Release: release, Strike: func() {
			_, there := a.UserByName("ana.reis")
			struck <- there
		}}, 1)
		served := make(chan struct{})
		go func() {
			_, _ = a.send(a.request("POST", "/api/users", newUser))
			close(served)
		}()
		if there := <-struck; there != acted {
			t.Errorf("kind %d: acted upon: %v, want %v", kind, there, acted)
		}
		close(release)
		<-served
	}
}

func TestFaultsAreChosenByPatternAndNumber(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.Seed(2, 1)
	a.Fail("GET /api/users/2", qualytics.Fault{Kind: qualytics.Unavailable, Skip: 1}, 2)
	a.Fail("GET /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError, Skip: 3}, 1)
	for i, want := range []int{200, 503, 503, 200, 200, 500, 200} {
		if res, err := a.send(a.request("GET", "/api/users/2", "")); err != nil || res.status != want {
			t.Errorf("call %d: %d, %v, want %d", i, res.status, err, want)
		}
	}
	a.do("GET", "/api/users", "", 200)
}

func TestRandomFaultsRepeat(t *testing.T) {
	decisions := func(seed uint64) (text string, failed int) {
		a := start(t, qualytics.Config{})
		a.FailRandomly("*", qualytics.Fault{Kind: qualytics.ServerError}, 0.5, seed)
		for range 64 {
			res, err := a.send(a.request("GET", "/api/health", ""))
			if err != nil {
				t.Fatal(err)
			}
			if res.status == 500 {
				failed++
			}
			text += res.header.Get("Content-Type") + "|"
		}
		return text, failed
	}
	first, failed := decisions(1)
	again, _ := decisions(1)
	other, _ := decisions(2)
	if first != again || first == other || failed == 0 || failed == 64 {
		t.Errorf("%d of 64 failed; repeated: %v; same for another seed: %v", failed, first == again, first == other)
	}
}

func TestAnotherWriterComesBetween(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.AddTeam(qualytics.Team{Name: "One"})
	a.AddUser(qualytics.User{UserName: "ana"})
	a.Before("PUT /api/teams/{id}", 1, func(sb *qualytics.Sandbox) {
		sb.EditTeam(2, func(team *qualytics.Team) { team.UserIDs = []int{1, 2} })
	})
	a.do("PUT", "/api/teams/2", `{"name":"One"}`, 200)
	if team, _ := a.Team(2); len(team.UserIDs) != 2 {
		t.Errorf("members %v", team.UserIDs)
	}
}
