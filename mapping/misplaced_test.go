package mapping

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// htmlPage is a fault that answers with an HTML page, as what stands in front of
// the API does.
func htmlPage(status int) qualytics.Fault {
	return qualytics.Fault{
		Kind: qualytics.Canned, Status: status, Header: http.Header{"Content-Type": {"text/html"}},
		Body: "\n<!DOCTYPE html><html><body>" + marker + "</body></html>",
	}
}

// plainText is a fault that answers with a text, as a router that has no route does.
func plainText(status int) qualytics.Fault {
	return qualytics.Fault{
		Kind: qualytics.Canned, Status: status, Header: http.Header{"Content-Type": {"text/plain"}},
		Body: "404 page not found " + marker,
	}
}

// TestMisplacedAnswers has something in front of the API answer in its place:
// nothing of it is taken for the API's word on a person or a team.
func TestMisplacedAnswers(t *testing.T) {
	faults := map[string]qualytics.Fault{
		"404, a text": plainText(404), "200, a page": {Kind: qualytics.HTMLPage},
	}
	for _, status := range []int{201, 400, 401, 403, 404, 405, 409, 410, 413, 414, 422} {
		faults[fmt.Sprint(status, ", a page")] = htmlPage(status)
	}
	requests := []struct{ call, method, path, body string }{
		{"GET /api/users", "GET", `/Users?filter=userName+eq+"ana.reis"`, ""},
		{"GET /api/users/{id}", "GET", "/Users/2", ""},
		{"GET /api/users/{id}", "DELETE", "/Users/4", ""},
		{"DELETE /api/users/{id}", "DELETE", "/Users/4", ""},
		{"PUT /api/users/{id}", "PUT", "/Users/4", `{"displayName":"X"}`},
		{"DELETE /api/users/{id}", "PUT", "/Users/4", `{"active":false}`},
		{"POST /api/users", "POST", "/Users", `{"userName":"new.one"}`},
		{"GET /api/teams/{id}", "GET", "/Groups/2", ""},
		{"PUT /api/teams/{id}", "PATCH", "/Groups/2", `{"Operations":[{"op":"replace","path":"displayName","value":"X"}]}`},
		{"DELETE /api/teams/{id}", "DELETE", "/Groups/2", ""},
	}
	for name, fault := range faults {
		for _, request := range requests {
			t.Run(name+" to "+request.call, func(t *testing.T) {
				b := newBench(t, qualytics.Config{})
				b.sandbox.Seed(3, 2)
				before := b.sandbox.Users()
				b.sandbox.Fail(request.call, fault, -1)
				response := b.fails(502, "", request.method, request.path, request.body)
				if cause := upstreamCause(t, response); !cause.Operator {
					t.Errorf("nobody is told: %v", cause)
				}
				keepsQuiet(t, response)
				b.sameUsers(before)
				if _, ok := b.sandbox.Team(2); !ok {
					t.Error("the team is gone")
				}
			})
		}
	}
}

// TestMissingCalls has the API not know a call: that is not the client's
// mistake, and above all does not say that there is nobody.
func TestMissingCalls(t *testing.T) {
	for _, status := range []int{404, 405} {
		for call, request := range map[string][3]string{
			"GET /api/users":      {"GET", `/Users?filter=userName+eq+"nobody"`, ""},
			"POST /api/users":     {"POST", "/Users", `{"userName":"new.one"}`},
			"PUT /api/teams/{id}": {"PATCH", "/Groups/2", `{"Operations":[{"op":"replace","path":"displayName","value":"X"}]}`},
		} {
			if status == 404 && call == "PUT /api/teams/{id}" {
				continue // the team may have gone meanwhile
			}
			t.Run(fmt.Sprint(call, " ", status), func(t *testing.T) {
				b := newBench(t, qualytics.Config{})
				b.sandbox.Seed(3, 2)
				b.sandbox.Fail(call, canned(status), -1)
				response := b.fails(502, "", request[0], request[1], request[2])
				if cause := upstreamCause(t, response); !cause.Operator || cause.Status != status {
					t.Errorf("cause %+v", cause)
				}
				keepsQuiet(t, response)
			})
		}
	}
}

// failing is an Upstream that fails the calls of one name.
type failing struct {
	Upstream
	name string
	err  error
}

func (f *failing) Do(ctx context.Context, call Call) (Answer, error) {
	if call.Name == f.name {
		return Answer{}, f.err
	}
	return f.Upstream.Do(ctx, call)
}

// TestUnanswered says what a client is told of a call without an answer.
func TestUnanswered(t *testing.T) {
	why := errors.New("some cause")
	for name, tt := range map[string]struct {
		err                CallError
		status, retryAfter int
		operator           bool
	}{
		"broken off":                 {CallError{Err: why}, 502, 0, false},
		"not reached":                {CallError{Unsent: true, Err: why}, 503, 5, false},
		"too large":                  {CallError{TooLarge: true, Err: why}, 502, 0, true},
		"too late":                   {CallError{Timeout: true, Err: why}, 504, 5, false},
		"too late to be sent":        {CallError{Timeout: true, Unsent: true, Err: why}, 503, 5, false},
		"the API is down":            {CallError{Unsent: true, RetryAfter: 7500 * time.Millisecond, Err: why}, 503, 8, false},
		"it is down, after a try":    {CallError{RetryAfter: time.Second, Err: why}, 503, 1, false},
		"too many calls":             {CallError{Unsent: true, Limited: true, RetryAfter: 90 * time.Second, Err: why}, 429, 90, false},
		"too many, nobody knows how": {CallError{Unsent: true, Limited: true, Err: why}, 429, 5, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, qualytics.Config{})
			b.sandbox.Seed(3, 1)
			b.world.Upstream = &failing{b.world.Upstream, "User.read", &tt.err}
			response := b.fails(tt.status, "", "GET", "/Users/2", "")
			if response.RetryAfter != tt.retryAfter {
				t.Errorf("Retry-After %d, want %d", response.RetryAfter, tt.retryAfter)
			}
			if cause := upstreamCause(t, response); cause.Operator != tt.operator || !errors.Is(cause, why) {
				t.Errorf("cause %+v", cause)
			}
		})
	}
}

// TestRefusedCreateLeavesNoDoubt has a create not even be sent. What is known
// of who is there still holds: a look-up does not read the list again, which
// would make an API that is busy busier.
func TestRefusedCreateLeavesNoDoubt(t *testing.T) {
	for name, tt := range map[string]struct {
		err   CallError
		again bool
	}{
		"not sent": {CallError{Unsent: true, Limited: true, RetryAfter: time.Second, Err: errors.New("busy")}, false},
		"lost":     {CallError{Err: errors.New("reset")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, qualytics.Config{})
			b.sandbox.Seed(3, 1)
			b.found(`userName eq "new.one"`)
			calls := b.world.Upstream
			b.world.Upstream = &failing{calls, "User.create", &tt.err}
			b.send("POST", "/Users", `{"userName":"new.one"}`)
			b.world.Upstream = calls
			b.sandbox.ResetCalls()
			b.found(`userName eq "new.one"`)
			if read := len(b.sandbox.Calls()) > 0; read != tt.again {
				t.Errorf("the list was read again: %t", read)
			}
		})
	}
}
