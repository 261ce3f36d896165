package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	_ "github.com/caddyserver/caddy/v2/modules/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/qualytics/scim-sidecar/mapping"
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
	m, err := newMetrics(registry, tolerance.Of(on...))
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
	m.count(&mapping.Report{Resource: "Group", Unknown: []string{"members 1", "members 2"}})
	m.count(&mapping.Report{Resource: "Group", Unknown: []string{"members 1"}})
	m.count(&mapping.Report{Resource: "Team"})
	m.count(&mapping.Report{Operations: []mapping.OperationReport{{Report: mapping.Report{Resource: "Group", Unknown: []string{"members 4"}}}}})
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
	m.count(&mapping.Report{Resource: "User", Dropped: []string{"title", department, "shoeSize", "a (b)", "emails (all but one value)"}, Undefined: []string{"shoeSize", "a (b)"}})
	m.count(&mapping.Report{Resource: "User", Dropped: []string{"title", "hatSize"}, Undefined: []string{"hatSize"}})
	m.count(&mapping.Report{Operations: []mapping.OperationReport{{Report: mapping.Report{Resource: "Group", Dropped: []string{"members.type"}}}}})
	m.count(&mapping.Report{Resource: "Group"})
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

// TestMetricsAreShared has two handlers in one configuration, and one in the
// next.
func TestMetricsAreShared(t *testing.T) {
	registry, next := prometheus.NewPedanticRegistry(), prometheus.NewPedanticRegistry()
	newTestMetrics(t, registry, tolerance.OpCase).count(&mapping.Report{Tolerances: []string{"op-case"}})
	newTestMetrics(t, registry, tolerance.OpCase, tolerance.TrimNames).count(&mapping.Report{Tolerances: []string{"op-case"}})
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
	if _, err := newMetrics(registry, tolerance.AllOn()); err == nil {
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

// TestUpstreamMetrics makes calls of all kinds and looks at what is counted.
func TestUpstreamMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewPedanticRegistry()
		f := newFragile(t)
		f.metrics = newTestMetrics(t, registry)
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
		f.gate.join(&gateSettings{limits: limits{concurrent: 4, perSecond: 1, burst: 1}})
		f.up()
		f.ask(t)
		f.ask(t) // waits for a second
		if _, err := f.Do(ctxFor(t, time.Second/2), get("User.list")); err == nil {
			t.Error("there was room")
		}
		want := `caddy_scim_upstream_refused_total{reason="busy"} 1
caddy_scim_upstream_refused_total{reason="down"} 1
caddy_scim_upstream_tries_total{outcome="2xx"} 4
caddy_scim_upstream_tries_total{outcome="3xx"} 1
caddy_scim_upstream_tries_total{outcome="429"} 1
caddy_scim_upstream_tries_total{outcome="4xx"} 1
caddy_scim_upstream_tries_total{outcome="5xx"} 2
caddy_scim_upstream_tries_total{outcome="broken_off"} 2
caddy_scim_upstream_tries_total{outcome="canceled"} 0
caddy_scim_upstream_tries_total{outcome="timeout"} 0
caddy_scim_upstream_tries_total{outcome="too_large"} 0
caddy_scim_upstream_tries_total{outcome="unreached"} 1
caddy_scim_upstream_wait_seconds_total 1
`
		got := ""
		for line := range strings.Lines(scraped(t, registry, "caddy_scim_upstream_")) {
			if !strings.HasPrefix(line, "#") && !strings.Contains(line, "_down ") && !strings.Contains(line, "_waiting ") {
				got += line
			}
		}
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// TestUpstreamGauges looks at the state that the handlers of a process share.
func TestUpstreamGauges(t *testing.T) {
	h := valid()
	h.Upstream = "http://localhost:9000"
	h.BreakerFailures, h.Retries, h.MaxConcurrentCalls = new(int), new(int), 1
	*h.BreakerFailures = 1
	if err := provision(t, h); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	newTestMetrics(t, registry)
	newTestMetrics(t, registry) // for another handler
	has := func(name, want string) {
		t.Helper()
		if got := scraped(t, registry, name); !strings.HasSuffix(got, "\n"+name+" "+want+"\n") {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	begun, broken := make(chan struct{}), make(chan struct{})
	h.upstream.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		close(begun)
		<-broken
		return reply{}.roundTrip(r)
	})
	has("caddy_scim_upstream_down", "0")
	var all sync.WaitGroup
	all.Go(func() { _, _ = h.upstream.newSession(false).Do(t.Context(), get("User.list")) })
	<-begun
	all.Go(func() { _, _ = h.upstream.newSession(false).Do(t.Context(), get("User.list")) })
	for h.upstream.gate.budget.waiting() == 0 {
		runtime.Gosched()
	}
	has("caddy_scim_upstream_calls_waiting", "1")
	close(broken)
	all.Wait()
	has("caddy_scim_upstream_calls_waiting", "0")
	has("caddy_scim_upstream_down", "1")
}
