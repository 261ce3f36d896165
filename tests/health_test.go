package tests

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// withHealth is an edit of the Caddyfile that adds probes' paths.
func withHealth(lines string) func(string) string {
	return replaced("\tscim {\n", lines+"\n\tscim {\n")
}

// everyProbe has each probe look anew.
const everyProbe = "scim_health /readyz {\n\tfreshness 1ns\n}"

// probed does a request as a probe does, without a token, and fails the test
// unless it has this answer.
func (st *stack) probed(t *testing.T, path string, status int, want string) {
	t.Helper()
	got, err := st.send(t, http.MethodGet, path, "", "Authorization", "")
	if err != nil {
		t.Fatal(err)
	}
	if got.status != status || string(got.body) != want {
		t.Errorf("%s: %d %s, want %d %s", path, got.status, got.body, status, want)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: header %v", path, got.header)
	}
}

const isReady = `{"status":"ready"}`

func isUnavailable(reason string) string {
	return `{"status":"unavailable","reasons":["` + reason + `"]}`
}

// TestHealth goes through what becomes of the API.
func TestHealth(t *testing.T) {
	mark := caddyLog.mark()
	st := start(t, setup{edit: withHealth(everyProbe)})
	st.probed(t, "/readyz", 200, isReady)
	for _, kind := range []qualytics.FaultKind{qualytics.Unavailable, qualytics.HTMLPage} {
		st.sandbox.Fail("*", qualytics.Fault{Kind: kind}, -1)
		st.probed(t, "/readyz", 503, isUnavailable("api_failed"))
		st.sandbox.ClearFaults()
		st.probed(t, "/readyz", 200, isReady)
	}
	got, err := st.send(t, "POST", "/readyz", "", "Authorization", "")
	if err != nil || got.status != 405 || got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v %v", got.status, got.header, err)
	}
	got, err = st.send(t, "HEAD", "/readyz", "", "Authorization", "")
	if err != nil || got.status != 200 || len(got.body) > 0 {
		t.Errorf("HEAD: %d %s %v", got.status, got.body, err)
	}
	log := caddyLog.since(mark)
	if lines := logLines(log, `"logger":"http.handlers.scim.health"`, "is not ready"); len(lines) != 2 {
		t.Errorf("the log tells %q", lines)
	}
}

// TestHealthOfTheToken deploys with a token that the API does not know, and
// mends that.
func TestHealthOfTheToken(t *testing.T) {
	wrong := replaced("upstream_token {env.QUALYTICS_TOKEN}", "upstream_token token-of-nobody-at-all")
	// What was found before a reload counts no more after it.
	st := start(t, setup{edit: both(withHealth("scim_health /readyz"), wrong)})
	st.probed(t, "/readyz", 503, isUnavailable("api_refused"))
	st.change(t, withHealth("scim_health /readyz"))
	st.probed(t, "/readyz", 200, isReady)
	st.change(t, both(withHealth("scim_health /readyz"), options("maintenance\nread_only")))
	st.sandbox.ResetCalls()
	st.probed(t, "/readyz", 200, `{"status":"ready","modes":["maintenance","read_only"]}`)
	if calls := st.sandbox.Calls(); len(calls) > 0 {
		t.Errorf("during maintenance the API was called: %v", calls)
	}
}

// TestHealthOfInstances has two handlers, of which one is not ready.
func TestHealthOfInstances(t *testing.T) {
	const more = `
	scim_health /readyz
	scim_health /readyz/eu {
		instance eu
	}
	scim_health /readyz/us {
		instance us
	}
	scim_health /readyz/asia {
		instance asia
	}
	scim {
		base_path /us
		instance us
		token {env.SCIM_TOKEN}
		upstream {$QUALYTICS_URL}
		upstream_token token-of-nobody-at-all
	}`
	st := start(t, setup{edit: both(options("instance eu"), withHealth(more))})
	st.probed(t, "/readyz", 503, isUnavailable("api_refused"))
	st.probed(t, "/readyz/eu", 200, isReady)
	st.probed(t, "/readyz/us", 503, isUnavailable("api_refused"))
	st.probed(t, "/readyz/asia", 503, isUnavailable("no_handler"))
}

// TestHealthOfMany has a thousand probes come at once, which the API must not
// notice.
func TestHealthOfMany(t *testing.T) {
	st := start(t, setup{edit: withHealth("scim_health /readyz {\n\tfreshness 1h\n}")})
	st.sandbox.ResetCalls()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 20 {
				st.probed(t, "/readyz", 200, isReady)
			}
		})
	}
	all.Wait()
	var seen []string
	for _, call := range st.sandbox.Calls() {
		seen = append(seen, call.Method+" "+call.Path)
	}
	if strings.Join(seen, ", ") != "GET /api/users/me" {
		t.Errorf("the API was called: %s", strings.Join(seen, ", "))
	}
}
