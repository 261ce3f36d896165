package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	_ "github.com/caddyserver/caddy/v2/modules/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

const usedName = "caddy_scim_tolerances_used_total"

const usedHead = `# HELP caddy_scim_tolerances_used_total SCIM requests that needed a leniency towards identity providers, by the leniency's name.
# TYPE caddy_scim_tolerances_used_total counter
`

// scraped returns what a registry has of a metric, as Prometheus gets it.
func scraped(t *testing.T, registry *prometheus.Registry, name string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var lines strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if strings.Contains(line, name) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func newTestMetrics(t *testing.T, registry prometheus.Registerer, on ...tolerance.Name) *metrics {
	t.Helper()
	m, err := newMetrics(registry, counted{tolerances: tolerance.Of(on...)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	h, _ := newTestHandler(t, func(_ context.Context, _ mapping.World, req mapping.Request) mapping.Response {
		return mapping.Response{Status: 400, Report: mapping.Report{Tolerances: strings.Split(req.Query, "&")}}
	})
	h.metrics = newTestMetrics(t, registry, tolerance.StringBooleans, tolerance.OpCase, tolerance.TrimNames)
	for _, query := range []string{"op-case", "string-booleans&op-case", "no-such-leniency", "path-keys", ""} {
		serve(t, h, request(t, "GET", "/api/scim/v2/Users?"+query, ""))
	}
	want := usedHead + `caddy_scim_tolerances_used_total{tolerance="op-case"} 2
caddy_scim_tolerances_used_total{tolerance="string-booleans"} 1
caddy_scim_tolerances_used_total{tolerance="trim-names"} 0
`
	if got := scraped(t, registry, usedName); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestUnknownReferences counts by resource what was left out.
func TestUnknownReferences(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m := newTestMetrics(t, registry)
	m.count(&mapping.Response{Report: mapping.Report{Resource: "Group", Unknown: []string{"members 1", "members 2"}}}, 0)
	m.count(&mapping.Response{Report: mapping.Report{Resource: "Group", Unknown: []string{"members 1"}}}, 0)
	m.count(&mapping.Response{Report: mapping.Report{Resource: "Team"}}, 0)
	m.count(&mapping.Response{Report: mapping.Report{Operations: []mapping.OperationReport{{Report: mapping.Report{Resource: "Group", Unknown: []string{"members 4"}}}}}}, 0)
	want := `# HELP caddy_scim_unknown_references_total Ids in SCIM requests that were nobody's and were left out, as the mapping says, by the type of the resource that was to hold them.
# TYPE caddy_scim_unknown_references_total counter
caddy_scim_unknown_references_total{resource="Group"} 4
`
	if got := scraped(t, registry, "caddy_scim_unknown_references_total"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestDroppedAttributes counts by attribute what was left out, in names that
// clients can't make up.
func TestDroppedAttributes(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m := newTestMetrics(t, registry)
	const department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
	m.count(&mapping.Response{Report: mapping.Report{Resource: "User", Dropped: []string{"title", department, "shoeSize", "a (b)", "emails (all but one value)"}, Undefined: []string{"shoeSize", "a (b)"}}}, 0)
	m.count(&mapping.Response{Report: mapping.Report{Resource: "User", Dropped: []string{"title", "hatSize"}, Undefined: []string{"hatSize"}}}, 0)
	m.count(&mapping.Response{Report: mapping.Report{Operations: []mapping.OperationReport{{Report: mapping.Report{Resource: "Group", Dropped: []string{"members.type"}}}}}}, 0)
	m.count(&mapping.Response{Report: mapping.Report{Resource: "Group"}}, 0)
	want := `# HELP caddy_scim_attributes_dropped_total Attributes in SCIM requests that had no effect, or not the whole, by the type of the resource and their names; what no schema has is (undefined).
# TYPE caddy_scim_attributes_dropped_total counter
caddy_scim_attributes_dropped_total{attribute="(undefined)",resource="User"} 3
caddy_scim_attributes_dropped_total{attribute="emails",resource="User"} 1
caddy_scim_attributes_dropped_total{attribute="members.type",resource="Group"} 1
caddy_scim_attributes_dropped_total{attribute="title",resource="User"} 2
caddy_scim_attributes_dropped_total{attribute="` + department + `",resource="User"} 1
`
	if got := scraped(t, registry, "caddy_scim_attributes"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// samples returns those of a metric that are not 0, without its name.
func samples(t *testing.T, registry *prometheus.Registry, name string) string {
	t.Helper()
	var lines strings.Builder
	for line := range strings.Lines(scraped(t, registry, name)) {
		if rest, ok := strings.CutPrefix(line, name); ok && !strings.HasSuffix(rest, " 0\n") {
			lines.WriteString(rest)
		}
	}
	return lines.String()
}

// TestRequestMetrics counts requests, and the operations of a bulk request by
// themselves.
func TestRequestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m, err := newMetrics(registry, counted{resources: []string{"User", "Group"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{
		"caddy_scim_requests_total": 75, "caddy_scim_deactivations_total": 10, "caddy_scim_guard_refusals_total": 2, "caddy_scim_remaining_total": 2,
	} {
		if got := strings.Count(scraped(t, registry, name), "} 0\n"); got != want {
			t.Errorf("%d series of %s begin with 0, want %d", got, name, want)
		}
	}
	count := func(status int, did mapping.Report, cause error) {
		response := &mapping.Response{Status: status, Report: did}
		if status >= 400 {
			response.Err = &scim.Error{Status: status, Cause: cause}
		}
		m.count(response, 30*time.Millisecond)
	}
	count(200, mapping.Report{Resource: "User", Operation: "list"}, nil)
	count(200, mapping.Report{Resource: "User", Operation: "patch", Deactivates: true}, nil)
	count(503, mapping.Report{Resource: "User", Operation: "patch", Deactivates: true}, deniedDeactivations)
	count(429, mapping.Report{Resource: "User", Operation: "delete", Deactivates: true, Remains: true}, nil)
	count(400, mapping.Report{Resource: "User", Operation: "replace", Deactivates: true}, mapping.ErrGuarded)
	count(401, mapping.Report{}, deniedWrongToken)
	count(200, mapping.Report{Operation: "bulk", Operations: []mapping.OperationReport{
		{Status: 204, Report: mapping.Report{Resource: "User", Operation: "delete", Deactivates: true}},
		{Status: 502, Err: &scim.Error{Status: 502}, Report: mapping.Report{Resource: "Group", Operation: "create"}},
	}}, nil)
	for name, want := range map[string]string{
		"caddy_scim_requests_total": `{operation="",resource="",status="4xx"} 1
{operation="bulk",resource="",status="2xx"} 1
{operation="create",resource="Group",status="5xx"} 1
{operation="delete",resource="User",status="2xx"} 1
{operation="delete",resource="User",status="429"} 1
{operation="list",resource="User",status="2xx"} 1
{operation="patch",resource="User",status="2xx"} 1
{operation="patch",resource="User",status="5xx"} 1
{operation="replace",resource="User",status="4xx"} 1
`,
		"caddy_scim_request_duration_seconds_count": `{operation="",resource=""} 1
{operation="bulk",resource=""} 1
{operation="delete",resource="User"} 1
{operation="list",resource="User"} 1
{operation="patch",resource="User"} 2
{operation="replace",resource="User"} 1
`,
		"caddy_scim_deactivations_total": `{resource="User",status="2xx"} 2
{resource="User",status="429"} 1
{resource="User",status="4xx"} 1
{resource="User",status="5xx"} 1
`,
		"caddy_scim_guard_refusals_total": `{resource="User"} 1
`,
		"caddy_scim_remaining_total": `{resource="User"} 1
`,
		"caddy_scim_denied_total": `{reason="max_deactivations"} 1
{reason="wrong_token"} 1
`,
	} {
		if got := samples(t, registry, name); got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// TestMetricsAreShared has two handlers in one configuration, and one in the
// next.
func TestMetricsAreShared(t *testing.T) {
	registry, next := prometheus.NewPedanticRegistry(), prometheus.NewPedanticRegistry()
	newTestMetrics(t, registry, tolerance.OpCase).count(&mapping.Response{Report: mapping.Report{Tolerances: []string{"op-case"}}}, 0)
	newTestMetrics(t, registry, tolerance.OpCase, tolerance.TrimNames).count(&mapping.Response{Report: mapping.Report{Tolerances: []string{"op-case"}}}, 0)
	want := usedHead + `caddy_scim_tolerances_used_total{tolerance="op-case"} 2
caddy_scim_tolerances_used_total{tolerance="trim-names"} 0
`
	if got := scraped(t, registry, usedName); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	newTestMetrics(t, next, tolerance.OpCase)
	if got, want := scraped(t, next, usedName), usedHead+"caddy_scim_tolerances_used_total{tolerance=\"op-case\"} 0\n"; got != want {
		t.Errorf("the next configuration: got\n%swant\n%s", got, want)
	}
}

// TestMetricsClash registers where the name is taken by something else.
func TestMetricsClash(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "caddy_scim_tolerances_used_total", Help: "Something else."}))
	if _, err := newMetrics(registry, counted{}); err == nil {
		t.Error("no error")
	}
}

// TestMetricsInCaddy looks at what Caddy exports, before and after a reload.
func TestMetricsInCaddy(t *testing.T) {
	client := isolate(t)
	server := httptest.NewServer(http.HandlerFunc(users))
	t.Cleanup(server.Close)
	options := "upstream " + server.URL + "\ntoken " + goodToken + "\nupstream_token " + testToken + "\n"
	address := startCaddy(t, "", options+"tolerances entra\n")
	has := func(want ...string) {
		t.Helper()
		_, body := fetch(t, client, address, "/metrics", "")
		for _, line := range want {
			if !strings.Contains(body, "\ncaddy_scim_tolerances_used_total"+line+"\n") {
				t.Errorf("no %s in\n%s", line, body)
			}
		}
		if strings.Contains(body, "scim11-patch") {
			t.Errorf("what is off is counted:\n%s", body)
		}
	}
	unquoted := func() {
		t.Helper()
		fetch(t, client, address, "/api/scim/v2/Users?filter=userName+eq+ana", goodToken)
	}
	unquoted()
	unquoted()
	has(`{tolerance="unquoted-filter-value"} 2`, `{tolerance="op-case"} 0`)

	startCaddy(t, address, options+"tolerances entra -op-case\n")
	has(`{tolerance="unquoted-filter-value"} 0`)
	unquoted()
	has(`{tolerance="unquoted-filter-value"} 1`)
}

// notCounted are the samples that [TestUpstreamMetrics] is not about.
var notCounted = regexp.MustCompile(`_(down|waiting|sum|bucket)\b`)

// TestUpstreamMetrics makes calls of all kinds and looks at what is counted.
func TestUpstreamMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewPedanticRegistry()
		f := newFragile(t)
		var err error
		if f.metrics, err = newMetrics(registry, counted{calls: []string{"User.list", "User.read"}}); err != nil {
			t.Fatal(err)
		}
		for _, r := range []reply{{status: 200}, {status: 302}, {status: 404}, {status: 429}, {status: 500}, {status: 200, cut: true}, {unreached: true}, {}} {
			f.reply = r.roundTrip
			f.ask(t)
		}
		f.ask(t) // is refused: three failed in a row
		time.Sleep(10*time.Second + 1)
		f.up()
		f.retries = 1
		replies := []reply{{status: 503}, {status: 204}}
		f.reply = func(r *http.Request) (*http.Response, error) {
			next := replies[0]
			replies = replies[1:]
			return next.roundTrip(r)
		}
		f.ask(t) // is still down
		time.Sleep(10*time.Second + 1)
		f.ask(t)
		replies = []reply{{status: 429}, {status: 200}}
		f.ask(t) // is repeated
		f.gate.join(&gateSettings{limits: limits{concurrent: 4, perSecond: 1, burst: 1}})
		f.up()
		f.ask(t)
		f.ask(t) // waits for a second
		if _, err := f.Do(ctxFor(t, time.Second/2), get("User.list")); err == nil {
			t.Error("there was room")
		}
		want := `caddy_scim_upstream_calls_total{call="User.list",status="2xx"} 5
caddy_scim_upstream_calls_total{call="User.list",status="3xx"} 1
caddy_scim_upstream_calls_total{call="User.list",status="429"} 1
caddy_scim_upstream_calls_total{call="User.list",status="4xx"} 1
caddy_scim_upstream_calls_total{call="User.list",status="5xx"} 2
caddy_scim_upstream_calls_total{call="User.list",status="none"} 5
caddy_scim_upstream_calls_total{call="User.read",status="2xx"} 0
caddy_scim_upstream_calls_total{call="User.read",status="3xx"} 0
caddy_scim_upstream_calls_total{call="User.read",status="429"} 0
caddy_scim_upstream_calls_total{call="User.read",status="4xx"} 0
caddy_scim_upstream_calls_total{call="User.read",status="5xx"} 0
caddy_scim_upstream_calls_total{call="User.read",status="none"} 0
caddy_scim_upstream_refused_total{reason="busy"} 1
caddy_scim_upstream_refused_total{reason="down"} 1
caddy_scim_upstream_retries_total 1
caddy_scim_upstream_tries_total{outcome="2xx"} 5
caddy_scim_upstream_tries_total{outcome="3xx"} 1
caddy_scim_upstream_tries_total{outcome="429"} 2
caddy_scim_upstream_tries_total{outcome="4xx"} 1
caddy_scim_upstream_tries_total{outcome="5xx"} 2
caddy_scim_upstream_tries_total{outcome="broken_off"} 2
caddy_scim_upstream_tries_total{outcome="canceled"} 0
caddy_scim_upstream_tries_total{outcome="timeout"} 0
caddy_scim_upstream_tries_total{outcome="too_large"} 0
caddy_scim_upstream_tries_total{outcome="unreached"} 1
caddy_scim_upstream_try_duration_seconds_count{call="User.list"} 14
caddy_scim_upstream_wait_seconds_total 1
`
		got := ""
		for line := range strings.Lines(scraped(t, registry, "caddy_scim_upstream_")) {
			if !strings.HasPrefix(line, "#") && !notCounted.MatchString(line) {
				got += line
			}
		}
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}
