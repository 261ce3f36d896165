package caddymodule

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// outcome is what became of a try of a call; a value of the label of that name.
type outcome string

const (
	outcome2xx       outcome = "2xx"
	outcome3xx       outcome = "3xx"
	outcome4xx       outcome = "4xx"
	outcome429       outcome = "429"
	outcome5xx       outcome = "5xx"
	outcomeUnreached outcome = "unreached"
	outcomeBrokenOff outcome = "broken_off"
	outcomeTooLarge  outcome = "too_large"
	outcomeTimeout   outcome = "timeout"
	outcomeCanceled  outcome = "canceled"
)

var outcomes = []outcome{
	outcome2xx, outcome3xx, outcome4xx, outcome429, outcome5xx,
	outcomeUnreached, outcomeBrokenOff, outcomeTooLarge, outcomeTimeout, outcomeCanceled,
}

// metrics are a handler's in the registry of its configuration. A nil *metrics
// counts nothing.
type metrics struct {
	// tolerances has a counter for each leniency that is on, and so a bound.
	tolerances map[string]prometheus.Counter

	// unknown counts by resource type; the mapping bounds those.
	unknown *prometheus.CounterVec

	// dropped counts by resource type and attribute, which the schemas bound.
	dropped *prometheus.CounterVec

	tries    *prometheus.CounterVec
	refusals *prometheus.CounterVec
	wait     prometheus.Counter
}

// newMetrics registers the metrics, or takes those that another handler of
// the same configuration has registered. What may be counted begins with 0, so
// that a leniency that nobody needs can be told from one that is off.
func newMetrics(registry prometheus.Registerer, on tolerance.Set) (*metrics, error) {
	used, err := register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_scim_tolerances_used_total",
		Help: "SCIM requests that needed a leniency towards identity providers, by the leniency's name.",
	}, []string{"tolerance"}))
	if err != nil {
		return nil, err
	}
	unknown, err := register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_scim_unknown_references_total",
		Help: "Ids in SCIM requests that were nobody's and were left out, as the mapping says, by the type of the resource that was to hold them.",
	}, []string{"resource"}))
	if err != nil {
		return nil, err
	}
	dropped, err := register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_scim_attributes_dropped_total",
		Help: "Attributes in SCIM requests that had no effect, or not the whole, by the type of the resource and their names; what no schema has is (undefined).",
	}, []string{"resource", "attribute"}))
	if err != nil {
		return nil, err
	}
	m := &metrics{tolerances: make(map[string]prometheus.Counter), unknown: unknown, dropped: dropped}
	for _, name := range on.Names() {
		m.tolerances[string(name)] = used.WithLabelValues(string(name))
	}
	return m, m.registerUpstream(registry)
}

// registerUpstream registers the metrics about calls to the API.
func (m *metrics) registerUpstream(registry prometheus.Registerer) (err error) {
	if m.tries, err = register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_scim_upstream_tries_total",
		Help: "Tries of calls to the API, by what became of them.",
	}, []string{"outcome"})); err != nil {
		return err
	}
	for _, o := range outcomes {
		m.tries.WithLabelValues(string(o))
	}
	if m.refusals, err = register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_scim_upstream_refused_total",
		Help: "Calls to the API that were not made, by the reason.",
	}, []string{"reason"})); err != nil {
		return err
	}
	for _, reason := range []refusalReason{refusedBusy, refusedDown} {
		m.refusals.WithLabelValues(string(reason))
	}
	if m.wait, err = register(registry, prometheus.NewCounter(prometheus.CounterOpts{
		Name: "caddy_scim_upstream_wait_seconds_total",
		Help: "Time that calls to the API have waited for their turn.",
	})); err != nil {
		return err
	}
	if _, err = register(registry, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "caddy_scim_upstream_calls_waiting",
		Help: "Calls that wait for their turn now.",
	}, callsWaiting)); err != nil {
		return err
	}
	_, err = register(registry, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "caddy_scim_upstream_down",
		Help: "Upstreams that count as down now.",
	}, upstreamsDown))
	return err
}

// register registers a collector, or returns the one that is there already.
func register[C prometheus.Collector](registry prometheus.Registerer, c C) (C, error) {
	err := registry.Register(c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing, nil
		}
	}
	return c, err
}

// count counts what one request needed and left out.
func (m *metrics) count(did *mapping.Report) {
	if m == nil {
		return
	}
	for _, name := range did.Tolerances {
		if counter, ok := m.tolerances[name]; ok {
			counter.Inc()
		}
	}
	m.countLeftOut(did)
	for i := range did.Operations {
		m.countLeftOut(&did.Operations[i].Report)
	}
}

// countLeftOut counts what a request, or an operation of one, gave in vain.
func (m *metrics) countLeftOut(did *mapping.Report) {
	if n := len(did.Unknown); n > 0 {
		m.unknown.WithLabelValues(did.Resource).Add(float64(n))
	}
	for _, dropped := range did.Dropped {
		// A remark stands in parentheses behind the name.
		name, _, _ := strings.Cut(dropped, " (")
		if slices.Contains(did.Undefined, dropped) {
			name = "(undefined)"
		}
		m.dropped.WithLabelValues(did.Resource, name).Inc()
	}
}

// tried counts a try of a call.
func (m *metrics) tried(o outcome) {
	if m != nil {
		m.tries.WithLabelValues(string(o)).Inc()
	}
}

// refused counts a call that was not made.
func (m *metrics) refused(reason refusalReason) {
	if m != nil {
		m.refusals.WithLabelValues(string(reason)).Inc()
	}
}

// waited adds to the time that calls have waited.
func (m *metrics) waited(d time.Duration) {
	if m != nil {
		m.wait.Add(d.Seconds())
	}
}
