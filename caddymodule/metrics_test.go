package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	_ "github.com/caddyserver/caddy/v2/modules/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

const usedHead = `# HELP caddy_scim_tolerances_used_total SCIM requests that needed a leniency towards identity providers, by the leniency's name.
# TYPE caddy_scim_tolerances_used_total counter
`

// scraped returns what a registry has, as Prometheus gets it.
func scraped(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
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
	if got := scraped(t, registry); got != want {
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
	want := `# HELP caddy_scim_unknown_references_total Ids in SCIM requests that were nobody's and were left out, as the mapping says, by the type of the resource that was to hold them.
# TYPE caddy_scim_unknown_references_total counter
caddy_scim_unknown_references_total{resource="Group"} 3
`
	if got := scraped(t, registry); got != want {
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
	if got := scraped(t, registry); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	newTestMetrics(t, next, tolerance.OpCase)
	if got, want := scraped(t, next), usedHead+"caddy_scim_tolerances_used_total{tolerance=\"op-case\"} 0\n"; got != want {
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
