package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// api stands in for the API that is asked whose a token is.
type api struct {
	mu     sync.Mutex
	asked  []string
	answer func(token string) (mapping.Answer, error)
}

func (a *api) ask(_ context.Context, token string, _ mapping.Call) (mapping.Answer, error) {
	a.mu.Lock()
	a.asked = append(a.asked, token)
	a.mu.Unlock()
	return a.answer(token)
}

// knows lets in the token "admin".
func (a *api) knows(token string) (mapping.Answer, error) {
	if token == "admin" {
		return mapping.Answer{Status: 200, Body: []byte("Admin")}, nil
	}
	return mapping.Answer{Status: 401}, nil
}

func newTestPassthrough(t *testing.T, a *api) (*passthrough, *time.Time) {
	t.Helper()
	check := callerCheck{
		call: mapping.Call{Name: "caller"},
		permits: func(answer mapping.Answer) (string, bool, error) {
			if len(answer.Body) == 0 {
				return "", false, errors.New("not an object")
			}
			return "17", string(answer.Body) == "Admin", nil
		},
	}
	p, err := newPassthrough(check, time.Minute, time.Second, a.ask)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p.now = func() time.Time { return now }
	return p, &now
}

// try returns the status of an attempt to get in; 200 for success.
func try(t *testing.T, p *passthrough, token string) int {
	t.Helper()
	who, err := p.authenticate(t.Context(), token)
	if err == nil {
		if who.token != token || who.user != "17" {
			t.Errorf("got in as %+v", who)
		}
		return 200
	}
	e := scim.AsError(err)
	if (e.Status == 503 || e.Status == 429) != (e.RetryAfter > 0) {
		t.Errorf("status %d with Retry-After %d", e.Status, e.RetryAfter)
	}
	return e.Status
}

func TestPassthroughRemembers(t *testing.T) {
	a := &api{}
	a.answer = a.knows
	p, now := newTestPassthrough(t, a)
	for _, step := range []struct {
		after  time.Duration
		token  string
		status int
		asked  int // so far
	}{
		{0, "admin", 200, 1},
		{59 * time.Second, "admin", 200, 1},
		{time.Second, "admin", 200, 2},
		{0, "guess", 401, 3},
		{refusedTTL - 1, "guess", 401, 3},
		{1, "guess", 401, 4},
		{0, "admin", 200, 4},
	} {
		*now = now.Add(step.after)
		if got := try(t, p, step.token); got != step.status || len(a.asked) != step.asked {
			t.Errorf("%+v: status %d, asked %d times", step, got, len(a.asked))
		}
	}

	p.revoked("admin")
	a.answer = func(string) (mapping.Answer, error) { return mapping.Answer{Status: 401}, nil }
	if got := try(t, p, "admin"); got != 401 {
		t.Errorf("after it was revoked: %d", got)
	}
	*now = now.Add(refusedTTL)
	a.answer = a.knows
	if got := try(t, p, "admin"); got != 200 {
		t.Errorf("after it was given back: %d", got)
	}
}

func TestPassthroughVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name       string
		answer     mapping.Answer
		err        error
		status     int
		retryAfter int
		remembered bool
	}{
		{"an Admin", mapping.Answer{Status: 200, Body: []byte("Admin")}, nil, 200, 0, true},
		{"a Member", mapping.Answer{Status: 200, Body: []byte("Member")}, nil, 401, 0, true},
		{"unknown", mapping.Answer{Status: 401}, nil, 401, 0, true},
		{"forbidden", mapping.Answer{Status: 403, Body: []byte(`{"detail":"x"}`)}, nil, 401, 0, true},
		{"forbidden by the ingress", mapping.Answer{Status: 403, Body: []byte("\n <html>")}, nil, 503, 5, false},
		{"a login", mapping.Answer{Status: 401, Body: []byte("<!doctype html>")}, nil, 503, 5, false},
		{"limited", mapping.Answer{Status: 429, RetryAfter: 7500 * time.Millisecond}, nil, 503, 8, false},
		{"failing", mapping.Answer{Status: 500}, nil, 503, 5, false},
		{"moved", mapping.Answer{Status: 307}, nil, 503, 5, false},
		{"not there", mapping.Answer{Status: 404}, nil, 503, 5, false},
		{"nonsense", mapping.Answer{Status: 200}, nil, 503, 5, false},
		{"down", mapping.Answer{}, &mapping.CallError{Unsent: true, RetryAfter: 8500 * time.Millisecond, Err: errors.New("down")}, 503, 9, false},
		{"not reached", mapping.Answer{}, &mapping.CallError{Unsent: true, Err: errors.New("refused")}, 503, 5, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &api{answer: func(string) (mapping.Answer, error) { return tt.answer, tt.err }}
			p, _ := newTestPassthrough(t, a)
			for range 2 {
				_, err := p.authenticate(t.Context(), "token-of-the-client")
				status, retryAfter := 200, 0
				if err != nil {
					e := scim.AsError(err)
					status, retryAfter = e.Status, e.RetryAfter
					if said := fmt.Sprint(e, e.Cause); strings.Contains(said, "token-of") {
						t.Errorf("the token is in %q", said)
					}
				}
				if status != tt.status || retryAfter != tt.retryAfter {
					t.Errorf("got %d with %d, want %d with %d", status, retryAfter, tt.status, tt.retryAfter)
				}
			}
			if (len(a.asked) == 1) != tt.remembered {
				t.Errorf("asked %d times", len(a.asked))
			}
		})
	}
}

func TestPassthroughPanics(t *testing.T) {
	a := &api{answer: func(string) (mapping.Answer, error) { panic("x") }}
	p, _ := newTestPassthrough(t, a)
	if got := try(t, p, "admin"); got != 500 {
		t.Errorf("got %d", got)
	}
}

func TestPassthroughSharesQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		a := &api{}
		a.answer = func(token string) (mapping.Answer, error) {
			<-open
			return a.knows(token)
		}
		p, _ := newTestPassthrough(t, a)
		ctx, leave := context.WithCancel(t.Context())
		var left error
		go func() { _, left = p.authenticate(ctx, "admin") }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if got := try(t, p, "admin"); got != 200 {
					t.Errorf("got %d", got)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		if scim.AsError(left).Status != http.StatusServiceUnavailable {
			t.Errorf("the one that left got %v", left)
		}
		close(open)
		wg.Wait()
		if len(a.asked) != 1 {
			t.Errorf("asked %d times", len(a.asked))
		}
	})
}

func TestPassthroughGuesses(t *testing.T) {
	a := &api{}
	a.answer = a.knows
	p, now := newTestPassthrough(t, a)
	if got := try(t, p, "admin"); got != 200 {
		t.Fatal(got)
	}
	limited := 0
	for i := range 10 * maxRefused {
		switch got := try(t, p, fmt.Sprint("guess", i)); got {
		case 401:
		case 429:
			limited++
		default:
			t.Fatalf("guess %d got %d", i, got)
		}
		if i%10 == 0 {
			*now = now.Add(time.Second)
		}
	}
	if limited < 4*maxRefused {
		t.Errorf("only %d were limited", limited)
	}
	if n := p.refused.Len(); n > maxRefused {
		t.Errorf("%d are remembered", n)
	}
	// Whoever worked before is not held up: its verdict is old by now.
	if got := try(t, p, "admin"); got != 200 || a.asked[len(a.asked)-1] != "admin" {
		t.Errorf("got %d", got)
	}
}
