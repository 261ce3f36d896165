package caddymodule

import (
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qualytics/scim-sidecar/mapping"
)

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

// TestStateMetrics looks at handlers of one id, as there are during a reload and
// with two sites, and at one of another.
func TestStateMetrics(t *testing.T) {
	now := time.Date(2027, time.January, 1, 12, 0, 0, 0, time.UTC)
	handler := func(instance string, all ...Token) *Handler {
		h := valid()
		h.now = func() time.Time { return now }
		h.Instance, h.Tokens, h.MaxDeactivations = instance, all, perHour(3)
		h.Correlations = &Correlations{Size: 500}
		if err := provision(t, h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	until := func(name, day string) Token {
		return Token{Name: name, Token: name + "-of-the-identity-provider", Expires: day}
	}
	handler("eu", until("old", "2027-01-31"), until("okta", "2027-01-31"))
	h := handler("eu", until("okta", "2027-02-28"), Token{Name: "forever", Token: goodToken})
	us := handler("us", Token{Token: goodToken})
	us.MaxDeactivations = nil
	us.safeguard = nil
	if _, err := h.safeguard.Deactivate(t.Context(), "User", "1"); err != nil {
		t.Fatal(err)
	}
	key := mapping.Key{Resource: "User", Attribute: "userName", Value: "ana"}
	h.correlations.IDs(key)
	h.correlations.Learn("1", nil, []mapping.Key{key})
	h.correlations.IDs(key)
	h.correlations.IDs(key)
	doScan(t, h.correlations, func() *mapping.Scan { return new(mapping.Scan) })

	registry := prometheus.NewPedanticRegistry()
	newTestMetrics(t, registry)
	const eu = `{handler="instance-eu/api/scim/v2"`
	for name, want := range map[string]string{
		"caddy_scim_correlations_hits_total":        eu + "} 2\n",
		"caddy_scim_correlations_misses_total":      eu + "} 1\n",
		"caddy_scim_correlations_scans_total":       eu + "} 1\n",
		"caddy_scim_correlations_size":              eu + "} 500\n",
		"caddy_scim_max_deactivations_used":         eu + "} 1\n",
		"caddy_scim_max_deactivations":              eu + "} 3\n",
		"caddy_scim_mapping_info":                   eu + `,version="` + h.mapping.Version + "\"} 1\n",
		"caddy_scim_token_expiry_timestamp_seconds": eu + ",token=\"okta\"} 1.8038592e+09\n" + eu + ",token=\"old\"} 1.80144e+09\n",
	} {
		got := ""
		for line := range strings.Lines(samples(t, registry, name)) {
			if strings.HasPrefix(line, eu) {
				got += line
			}
		}
		if got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
	if got := samples(t, registry, "caddy_scim_max_deactivations"); strings.Contains(got, "-us/") {
		t.Errorf("without a limit: %s", got)
	}
	if got := samples(t, registry, "caddy_scim_correlations_facts"); !strings.HasPrefix(got, eu+"} ") {
		t.Errorf("facts: %s", got)
	}
}
