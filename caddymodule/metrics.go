package caddymodule

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// metrics are a handler's counters in the registry of its configuration. A nil
// *metrics counts nothing.
type metrics struct {
	// tolerances has a counter for each leniency that is on, and so a bound.
	tolerances map[string]prometheus.Counter

	// unknown counts by resource type; the mapping bounds those.
	unknown *prometheus.CounterVec
}

// newMetrics registers the counters, or takes those that another handler of
// the same configuration has registered. Each leniency that is on begins with
// 0, so that one that nobody needs can be told from one that is off.
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
	m := &metrics{tolerances: make(map[string]prometheus.Counter), unknown: unknown}
	for _, name := range on.Names() {
		m.tolerances[string(name)] = used.WithLabelValues(string(name))
	}
	return m, nil
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
	if n := len(did.Unknown); n > 0 {
		m.unknown.WithLabelValues(did.Resource).Add(float64(n))
	}
}

// deniedCounter counts what the sidecar itself kept from being done. The zero
// value counts nothing.
type deniedCounter struct{ requests *prometheus.CounterVec }

// newDeniedCounter registers the counter as newMetrics does.
func newDeniedCounter(registry prometheus.Registerer) (deniedCounter, error) {
	requests, err := register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_scim_denied_total",
		Help: "SCIM requests and operations of bulk requests that were refused whatever they ask for, by the reason.",
	}, []string{"reason"}))
	if err != nil {
		return deniedCounter{}, err
	}
	for _, d := range denials {
		requests.WithLabelValues(string(d))
	}
	return deniedCounter{requests}, nil
}

// count counts a failure, if the sidecar is what refused.
func (c deniedCounter) count(failure *scim.Error) {
	var d denial
	if c.requests != nil && failure != nil && errors.As(failure.Cause, &d) {
		c.requests.WithLabelValues(string(d)).Inc()
	}
}
