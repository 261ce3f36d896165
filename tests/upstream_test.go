package tests

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// with returns an overlay that sets options, as names and values in turn.
func with(options ...any) func(map[string]any) {
	return func(config map[string]any) {
		for i := 0; i < len(options); i += 2 {
			setOption(config, options[i].(string), options[i+1])
		}
	}
}

// comeBack checks that an answer is a SCIM error that says in whole seconds
// when to come back, and returns them.
func comeBack(t *testing.T, got reply, status int) int {
	t.Helper()
	isSCIMError(t, got, status)
	seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	return seconds
}

// TestFaultsOfOneTry has a try of each writing call fail once. The provider
// notices only where the sidecar can't tell whether the API has acted.
func TestFaultsOfOneTry(t *testing.T) {
	const (
		twice = 2 // the call was repeated
		once  = 1
	)
	writes := []struct {
		call, method, path, body string
		keyed                    bool
	}{
		{"POST /api/users", "POST", "/Users", `{"userName":"new.one"}`, false},
		{"PUT /api/users/{id}", "PUT", "/Users/2", `{"displayName":"Changed"}`, true},
		{"DELETE /api/users/{id}", "PUT", "/Users/4", `{"active":false}`, true},
		{"DELETE /api/users/{id}", "DELETE", "/Users/5", "", true},
		{"POST /api/users/{id}/restore", "PUT", "/Users/12", `{"active":true}`, true},
		{"POST /api/teams", "POST", "/Groups", `{"displayName":"New"}`, false},
		{"PUT /api/teams/{id}", "PATCH", "/Groups/2", `{"Operations":[{"op":"replace","path":"displayName","value":"X"}]}`, true},
		{"DELETE /api/teams/{id}", "DELETE", "/Groups/2", "", true},
	}
	for name, tt := range map[string]struct {
		fault      qualytics.Fault
		keyed      int // tries of a call that may be repeated
		other      int // and of one that may not
		status     int // of the latter
		retryAfter bool
	}{
		"429":            {qualytics.Fault{Kind: qualytics.TooManyRequests}, twice, twice, 0, false},
		"503":            {qualytics.Fault{Kind: qualytics.Unavailable}, twice, once, 503, true},
		"503 for long":   {qualytics.Fault{Kind: qualytics.Unavailable, RetryAfter: "3600"}, once, once, 503, true},
		"500":            {qualytics.Fault{Kind: qualytics.ServerError}, once, once, 502, false},
		"reset before":   {qualytics.Fault{Kind: qualytics.ResetBefore}, twice, once, 502, false},
		"reset after":    {qualytics.Fault{Kind: qualytics.ResetAfter}, twice, once, 502, false},
		"half an answer": {qualytics.Fault{Kind: qualytics.Truncated}, twice, once, 502, false},
		"a page":         {qualytics.Fault{Kind: qualytics.HTMLPage}, once, once, 502, false},
		"broken JSON":    {qualytics.Fault{Kind: qualytics.BrokenJSON}, once, once, 502, false},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			st := start(t, setup{})
			st.sandbox.Seed(20, 2)
			for _, write := range writes {
				st.sandbox.ClearFaults()
				before := st.sandbox.Count(write.call)
				st.sandbox.Fail(write.call, tt.fault, 1)
				got, err := st.send(t, write.method, basePath+write.path, write.body)
				if err != nil {
					t.Fatal(err)
				}
				tries, want := st.sandbox.Count(write.call)-before, tt.other
				if write.keyed {
					want = tt.keyed
				}
				if tries != want {
					t.Errorf("%s %s: %d tries instead of %d", write.method, write.path, tries, want)
				}
				switch {
				case want == twice && got.status >= 300:
					t.Errorf("%s %s: status %d: %s", write.method, write.path, got.status, got.body)
				case want == once && tt.retryAfter:
					comeBack(t, got, tt.status)
				case want == once:
					isSCIMError(t, got, tt.status)
				}
			}
		})
	}
}

// TestStatusesOfTheAPI says what a provider hears, and how loud the log is.
func TestStatusesOfTheAPI(t *testing.T) {
	for status, want := range map[int]struct {
		status int
		level  string
	}{
		302: {502, "error"}, 400: {400, "debug"}, 401: {502, "error"}, 403: {502, "error"}, 404: {404, "debug"}, 405: {502, "error"},
		409: {409, "debug"}, 418: {502, "warn"}, 422: {400, "debug"}, 429: {429, "warn"}, 500: {502, "warn"}, 503: {503, "warn"},
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			mark := caddyLog.mark()
			st := start(t, setup{overlay: with("retries", 0)})
			st.sandbox.Seed(3, 2)
			st.sandbox.Fail("PUT /api/users/{id}", qualytics.Fault{
				Kind: qualytics.Canned, Status: status,
				Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"17"}, "Location": {st.api.URL}},
				Body:   `{"detail":"` + markAPI + `"}`,
			}, -1)
			got := st.scim(t, want.status, "PUT", "/Users/2", `{"displayName":"Changed"}`)
			isSCIMError(t, got, want.status)
			if after := got.header.Get("Retry-After"); (after == "17") != (status == 429 || status == 503) {
				t.Errorf("Retry-After is %q", after)
			}
			if got.header.Get("WWW-Authenticate") != "" || got.header.Get("Location") != "" {
				t.Errorf("head %v", got.header)
			}
			inner := strings.TrimPrefix(st.api.URL, "http://")
			for _, text := range []string{markAPI, inner} {
				if strings.Contains(string(got.body), text) || len(logLines(caddyLog.since(mark), text, `"logger":"http.handlers.scim`)) > 0 {
					t.Errorf("%q gets out: %s", text, got.body)
				}
			}
			if len(logLines(caddyLog.since(mark), `"level":"`+want.level+`"`, `"msg":"scim request"`, `"method":"PUT"`)) != 1 {
				t.Errorf("the log has no line with the level %s:\n%s", want.level, caddyLog.since(mark))
			}
		})
	}
}

// TestRedirectOfTheAPI must not take the token to somewhere else.
func TestRedirectOfTheAPI(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer other.Close()
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	for _, status := range []int{301, 302, 303, 307, 308} {
		st.sandbox.ClearFaults()
		st.sandbox.Fail("*", qualytics.Fault{Kind: qualytics.Canned, Status: status, Header: http.Header{"Location": {other.URL}}}, -1)
		isSCIMError(t, st.scim(t, 502, "GET", "/Users/2", ""), 502)
		isSCIMError(t, st.scim(t, 502, "POST", "/Users", `{"userName":"new.one"}`), 502)
	}
}

// TestDeadlineOfARequest has the API not answer.
func TestDeadlineOfARequest(t *testing.T) {
	st := start(t, setup{overlay: with("timeout", 100*time.Millisecond)})
	st.sandbox.Seed(3, 2)
	st.sandbox.Fail("* /api/users/{id}", qualytics.Fault{Kind: qualytics.Slow}, -1)
	comeBack(t, st.scim(t, 504, "GET", "/Users/2", ""), 504)
	comeBack(t, st.scim(t, 504, "PATCH", "/Users/2", `{"Operations":[{"op":"replace","path":"active","value":false}]}`), 504)
}

// TestBudgetOfCalls has room for three calls, and then for none in an hour. A
// change that would get only half of its calls is not begun, and a reload
// gives nothing anew.
func TestBudgetOfCalls(t *testing.T) {
	st := start(t, setup{paced: true, overlay: with("max_calls_per_second", 1.0/3600, "max_call_burst", 2)})
	st.sandbox.Seed(3, 2)
	before, _ := st.sandbox.User(4)
	st.scim(t, 200, "GET", "/Users/4", "")
	got := st.scim(t, 429, "PUT", "/Users/4", `{"displayName":"Changed","active":false}`)
	if seconds := comeBack(t, got, 429); seconds < 3500 || seconds > 3600 {
		t.Errorf("Retry-After is %d", seconds)
	}
	st.reload(t)
	comeBack(t, st.scim(t, 429, "GET", "/Users/4", ""), 429)
	if calls := st.sandbox.Calls(); len(calls) != 2 {
		t.Errorf("%d calls were made", len(calls))
	}
	if after, _ := st.sandbox.User(4); *after.Name != *before.Name || !after.Active() {
		t.Errorf("the account is %+v", after)
	}
	// A new limit counts at once.
	config := decode(t, st.config)
	with("max_calls_per_second", 0, "max_call_burst", 0)(config)
	st.config = encode(t, config)
	st.reload(t)
	st.scim(t, 200, "PUT", "/Users/4", `{"displayName":"Changed","active":false}`)
}

// TestDownAPI stops to ask an API that is down, over a reload, and says so
// once.
func TestDownAPI(t *testing.T) {
	const hour = 3600
	mark := caddyLog.mark()
	options := []any{"breaker_failures", 3, "breaker_pause", hour * time.Second, "retries", 1}
	st := start(t, setup{overlay: with(options...)})
	st.sandbox.Seed(3, 2)
	st.sandbox.Fail("*", qualytics.Fault{Kind: qualytics.Unavailable}, -1)
	comeBack(t, st.scim(t, 503, "GET", "/Users/2", ""), 503)
	comeBack(t, st.scim(t, 503, "GET", "/Users/2", ""), 503)
	st.sandbox.ClearFaults()
	st.sandbox.ResetCalls()
	for range 3 {
		for _, request := range [][3]string{
			{"GET", "/Users/2", ""}, {"GET", lookUp("nobody"), ""}, {"POST", "/Users", `{"userName":"new.one"}`}, {"DELETE", "/Groups/2", ""},
		} {
			if seconds := comeBack(t, st.scim(t, 503, request[0], request[1], request[2]), 503); seconds < hour-100 || seconds > hour {
				t.Errorf("Retry-After is %d", seconds)
			}
		}
		st.reload(t)
	}
	if calls := st.sandbox.Calls(); len(calls) > 0 {
		t.Errorf("%d calls were made", len(calls))
	}
	if lines := logLines(caddyLog.since(mark), `"level":"warn"`, "the API is down"); len(lines) != 1 {
		t.Errorf("log: %q", lines)
	}
}

// TestDownAPIComesBack tries an API that is down with the next call.
func TestDownAPIComesBack(t *testing.T) {
	mark := caddyLog.mark()
	st := start(t, setup{overlay: with("breaker_failures", 3, "breaker_pause", 1, "retries", 0)})
	st.sandbox.Seed(3, 2)
	st.sandbox.Fail("*", qualytics.Fault{Kind: qualytics.ResetBefore}, 5)
	for range 5 {
		isSCIMError(t, st.scim(t, 502, "GET", "/Users/2", ""), 502)
	}
	st.scim(t, 200, "GET", "/Users/2", "")
	st.scim(t, 200, "GET", "/Users/2", "")
	log := caddyLog.since(mark)
	if down, up := logLines(log, "the API is down"), logLines(log, "the API answers again"); len(down) != 1 || len(up) != 1 {
		t.Errorf("log: %q, %q", down, up)
	}
	// Why it was down is told, and not where it is.
	if causes := logLines(log, `"logger":"http.handlers.scim`, "connection reset by peer"); len(causes) < 5 {
		t.Errorf("the log does not say why: %s", log)
	}
	inner := strings.TrimPrefix(st.api.URL, "http://")
	if lines := logLines(log, `"logger":"http.handlers.scim`, inner); len(lines) > 0 {
		t.Errorf("the log has the API's address: %q", lines)
	}
}

// TestTLSToTheAPI trusts the authority that is named and no other.
func TestTLSToTheAPI(t *testing.T) {
	cert := certificateFor(t)
	pair, err := tls.X509KeyPair([]byte(cert.chain), []byte(cert.key))
	if err != nil {
		t.Fatal(err)
	}
	sandbox, plain := sandboxtest.NewServer(t, qualytics.Config{})
	sandbox.Seed(3, 2)
	server := httptest.NewUnstartedServer(plain.Config.Handler)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	address := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(cert.chain), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		options []any
		status  int
	}{
		"named":     {[]any{"upstream", address, "upstream_ca", file}, 200},
		"not named": {[]any{"upstream", address}, 503},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			mark := caddyLog.mark()
			st := start(t, setup{overlay: with(tt.options...)})
			got := st.scim(t, tt.status, "GET", "/Users/2", "")
			if tt.status == 200 {
				return
			}
			isSCIMError(t, got, tt.status)
			if len(logLines(caddyLog.since(mark), "scim request", "certificate signed by unknown authority")) == 0 {
				t.Errorf("the log does not say why: %s", caddyLog.since(mark))
			}
		})
	}
}
