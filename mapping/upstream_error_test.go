package mapping

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// marker is a text that must stay within the upstream's answer.
const marker = "MARKER"

// upstreamCause returns the UpstreamError at the bottom of an answer.
func upstreamCause(t testing.TB, response Response) *UpstreamError {
	t.Helper()
	var cause *UpstreamError
	if !errors.As(response.Err, &cause) {
		t.Fatalf("the cause is %v, not the upstream", errors.Unwrap(response.Err))
	}
	return cause
}

// canned is a fault that answers with a status and a text that must not get out.
func canned(status int) qualytics.Fault {
	return qualytics.Fault{
		Kind: qualytics.Canned, Status: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: `{"detail":"` + marker + ` ana.reis@corp.test Ana Reis"}`,
	}
}

func TestUpstreamErrors(t *testing.T) {
	tests := map[string]struct {
		fault      qualytics.Fault
		status     int
		scimType   scim.ErrorType
		retryAfter int
		operator   bool
		upstream   int
	}{
		"400":                  {canned(400), 400, scim.InvalidValue, 0, false, 400},
		"401":                  {canned(401), 502, "", 0, true, 401},
		"403":                  {canned(403), 502, "", 0, true, 403},
		"409":                  {canned(409), 409, scim.Uniqueness, 0, false, 409},
		"413":                  {canned(413), 502, "", 0, false, 413},
		"418":                  {canned(418), 502, "", 0, false, 418},
		"422":                  {canned(422), 400, scim.InvalidValue, 0, false, 422},
		"429":                  {qualytics.Fault{Kind: qualytics.TooManyRequests}, 429, "", defaultRetryAfter, false, 429},
		"429 with Retry-After": {qualytics.Fault{Kind: qualytics.TooManyRequests, RetryAfter: "17"}, 429, "", 17, false, 429},
		"503":                  {qualytics.Fault{Kind: qualytics.Unavailable}, 503, "", defaultRetryAfter, false, 503},
		"503 with Retry-After": {qualytics.Fault{Kind: qualytics.Unavailable, RetryAfter: "120"}, 503, "", 120, false, 503},
		"500":                  {canned(500), 502, "", 0, false, 500},
		"502":                  {canned(502), 502, "", 0, false, 502},
		"a redirect":           {canned(302), 502, "", 0, true, 302},
		"HTML":                 {qualytics.Fault{Kind: qualytics.HTMLPage}, 502, "", 0, true, 0},
		"broken JSON":          {qualytics.Fault{Kind: qualytics.BrokenJSON}, 502, "", 0, true, 0},
		"no object":            {qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: `["` + marker + `"]`}, 502, "", 0, true, 0},
		"another object":       {qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: `{"id":4711,"name":"` + marker + `"}`}, 502, "", 0, true, 0},
		"a reset":              {qualytics.Fault{Kind: qualytics.ResetBefore}, 502, "", 0, false, 0},
		"a lost answer":        {qualytics.Fault{Kind: qualytics.ResetAfter}, 502, "", 0, false, 0},
		"half an answer":       {qualytics.Fault{Kind: qualytics.Truncated}, 502, "", 0, false, 0},
	}
	requests := map[string]string{
		"GET /Users/2":   "",
		"PUT /Users/2":   `{"displayName":"MARKER Reis","active":true}`,
		"PATCH /Users/2": patchOf(`{"op":"replace","path":"displayName","value":"MARKER"}`),
	}
	for name, test := range tests {
		for request, body := range requests {
			t.Run(request+" "+name, func(t *testing.T) {
				b := newBench(t, qualytics.Config{})
				b.sandbox.Seed(3, 1)
				before := b.sandbox.Users()
				b.sandbox.Fail("GET /api/users/{id}", test.fault, 1)
				method, path, _ := strings.Cut(request, " ")
				response := b.fails(test.status, test.scimType, method, path, body)
				if response.RetryAfter != test.retryAfter {
					t.Errorf("Retry-After %d, want %d", response.RetryAfter, test.retryAfter)
				}
				if cause := upstreamCause(t, response); cause.Operator != test.operator || cause.Status != test.upstream {
					t.Errorf("cause %+v, want operator %t, status %d", cause, test.operator, test.upstream)
				}
				if calls := response.Report.Calls; len(calls) != 1 || calls[0].Name != "User.read" {
					t.Errorf("report of the calls: %+v", calls)
				}
				keepsQuiet(t, response)
				b.sameUsers(before)
			})
		}
	}
}

// keepsQuiet fails when an answer, its cause or its report holds anything of
// the upstream's text.
func keepsQuiet(t *testing.T, response Response) {
	t.Helper()
	all := string(response.Body) + fmt.Sprintf("%+v", response.Report)
	for err := error(response.Err); err != nil; err = errors.Unwrap(err) {
		all += "\n" + err.Error()
	}
	for _, text := range []string{marker, "ana.reis", "Ana Reis", "@corp.test"} {
		if strings.Contains(all, text) {
			t.Errorf("%q gets out: %s", text, all)
		}
	}
}

// TestWriteErrors has the writing calls fail.
func TestWriteErrors(t *testing.T) {
	for status, want := range map[int]int{400: 400, 401: 502, 403: 502, 409: 409, 422: 400, 500: 502, 502: 502} {
		for call, request := range map[string][3]string{
			"PUT /api/users/{id}":          {"PUT", "/Users/2", `{"displayName":"X"}`},
			"DELETE /api/users/{id}":       {"PUT", "/Users/4", `{"active":false}`},
			"POST /api/users":              {"POST", "/Users", `{"userName":"x"}`},
			"POST /api/users/{id}/restore": {"PUT", "/Users/12", `{"active":true}`},
		} {
			t.Run(fmt.Sprintf("%s %d", call, status), func(t *testing.T) {
				b := newBench(t, qualytics.Config{})
				b.sandbox.Seed(20, 1)
				before := b.sandbox.Users()
				b.sandbox.Fail(call, canned(status), -1)
				response, _ := b.send(request[0], request[1], request[2])
				if response.Status != want {
					t.Errorf("status %d, want %d: %s", response.Status, want, response.Body)
				}
				if cause := upstreamCause(t, response); cause.Status != status {
					t.Errorf("cause %+v", cause)
				}
				keepsQuiet(t, response)
				b.sameUsers(before)
			})
		}
	}
}

// TestValidationErrorsNameTheAttribute has the API say what was wrong.
func TestValidationErrorsNameTheAttribute(t *testing.T) {
	tests := map[string]string{
		`{"detail":[{"loc":["body","role"],"msg":"MARKER"}]}`:                             "roles",
		`{"detail":[{"loc":["body","name"]}]}`:                                            "displayName",
		`{"detail":[{"loc":["body","email"]},{"loc":["body","user_name"]}]}`:              "emails and userName",
		`{"detail":[{"loc":["body","email"]},{"loc":["body","email"],"input":"MARKER"}]}`: "emails",
		`{"detail":[{"loc":["body","MARKER"]}]}`:                                          "one of the values",
		`{"detail":[{"loc":["body","teams",3]}]}`:                                         "one of the values",
		`{"detail":"MARKER"}`:                                                             "one of the values",
		`{"detail":[{"loc":null}]}`:                                                       "one of the values",
		`{"detail":{"loc":["MARKER"]}}`:                                                   "one of the values",
		`MARKER`:                                                                          "one of the values",
		``:                                                                                "one of the values",
	}
	for body, want := range tests {
		t.Run(body, func(t *testing.T) {
			b := newBench(t, qualytics.Config{})
			b.sandbox.Seed(3, 1)
			b.sandbox.Fail("PUT /api/users/{id}", qualytics.Fault{Kind: qualytics.Canned, Status: 422, Body: body}, 1)
			response := b.fails(400, scim.InvalidValue, "PUT", "/Users/2", `{"displayName":"X"}`)
			if !strings.HasSuffix(response.Err.Detail, " "+want+".") {
				t.Errorf("detail %q, want it to name %s", response.Err.Detail, want)
			}
			keepsQuiet(t, response)
		})
	}
}

// TestLostAnswerToCreate has an account be made without anybody knowing: the
// next look-up must look again, and a repeat must not make another but take it,
// once.
func TestLostAnswerToCreate(t *testing.T) {
	for name, fault := range map[string]qualytics.Fault{
		"reset": {Kind: qualytics.ResetAfter}, "half an answer": {Kind: qualytics.Truncated},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 1)
				if ids := b.found(`userName eq "new.one"`); len(ids) > 0 {
					t.Fatalf("found %v", ids)
				}
				b.sandbox.Fail("POST /api/users", fault, 1)
				b.fails(502, "", "POST", "/Users", `{"userName":"new.one"}`)
				made := b.found(`userName eq "new.one"`)
				if len(made) != 1 {
					t.Fatalf("found %v", made)
				}
				// The repeat gets what the first one made, as it describes it.
				people := len(b.sandbox.Users())
				answer := b.want(201, "POST", "/Users", `{"userName":"New.One","active":false,"roles":[{"value":"Manager"}]}`)
				shows(t, answer, map[string]any{"id": made[0], "active": false, "roles.0.value": "Manager"})
				if now := len(b.sandbox.Users()); now != people {
					t.Errorf("%d accounts instead of %d", now, people)
				}
				b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"new.one"}`)
			})
		})
	}
}

// TestCreateNotDone has an account not be made.
func TestCreateNotDone(t *testing.T) {
	for _, kind := range []qualytics.FaultKind{
		qualytics.ResetBefore, qualytics.TooManyRequests, qualytics.Unavailable, qualytics.ServerError, qualytics.HTMLPage, qualytics.BrokenJSON,
	} {
		inBothDialects(t, func(t *testing.T, b *bench) {
			b.sandbox.Seed(3, 1)
			people := len(b.sandbox.Users())
			b.found(`userName eq "new.one"`)
			b.sandbox.Fail("POST /api/users", qualytics.Fault{Kind: kind}, 1)
			if response, _ := b.send("POST", "/Users", `{"userName":"new.one"}`); response.Status < 429 {
				t.Errorf("status %d", response.Status)
			}
			b.created(`{"userName":"new.one"}`)
			if got := len(b.sandbox.Users()); got != people+1 {
				t.Errorf("%d new users", got-people)
			}
		})
	}
}

// TestTimeouts has the API take longer than anybody waits.
func TestTimeouts(t *testing.T) {
	tests := map[string][2]string{
		"GET /Users/2":    {"GET /api/users/{id}", ""},
		"PUT /Users/2":    {"PUT /api/users/{id}", `{"displayName":"X"}`},
		"DELETE /Users/4": {"DELETE /api/users/{id}", ""},
		"POST /Users":     {"POST /api/users", `{"userName":"x"}`},
		"GET /Users":      {"GET /api/users", ""},
	}
	for request, test := range tests {
		t.Run(request, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 1)
				b.want(200, "GET", "/Users/2", "")
				b.want(200, "GET", "/Users/4", "")
				b.sandbox.ResetCalls()
				b.sandbox.Fail(test[0], qualytics.Fault{Kind: qualytics.Slow}, 1)
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					_ = b.sandbox.WaitCalls(t.Context(), test[0], 1)
					cancel()
				}()
				method, path, _ := strings.Cut(request, " ")
				response, _ := b.sendContext(ctx, method, path, test[1])
				if response.Status != 504 {
					t.Errorf("status %d: %s", response.Status, response.Body)
				}
				if cause := upstreamCause(t, response); cause.Status != 0 || cause.Operator {
					t.Errorf("cause %+v", cause)
				}
			})
		})
	}
}
