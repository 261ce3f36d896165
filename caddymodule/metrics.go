package caddymodule

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// metrics are a handler's in the registry of its configuration. A nil *metrics
// counts nothing.
type metrics struct {
	requestMetrics
	callMetrics

	// tolerances has a counter for each leniency that is on, and so a bound.
	tolerances map[string]prometheus.Counter
}

// counted are the names that bound the labels of a handler's metrics.
type counted struct {
	// resources are the resource types, and calls the calls, of the mapping.
	resources, calls []string

	// tolerances are those that are on.
	tolerances tolerance.Set
}

// newMetrics registers the metrics, or takes those that another handler of
// the same configuration has registered. What may be counted begins with 0, so
// that the first time counts too where an increase is looked for, and that a
// leniency that nobody needs can be told from one that is off.
func newMetrics(registry prometheus.Registerer, names counted) (*metrics, error) {
	r := &registrar{registry: registry}
	m := &metrics{requestMetrics: newRequestMetrics(r), callMetrics: newCallMetrics(r), tolerances: make(map[string]prometheus.Counter)}
	used := r.counter("caddy_scim_tolerances_used_total",
		"SCIM requests that needed a leniency towards identity providers, by the leniency's name.",
		"tolerance")
	_, err := register(registry, prometheus.Collector(stateCollector{}))
	if err := errors.Join(r.err, err); err != nil {
		return nil, err
	}
	m.requestMetrics.begin(names.resources)
	m.callMetrics.begin(names.calls)
	for _, name := range names.tolerances.Names() {
		m.tolerances[string(name)] = used.WithLabelValues(string(name))
	}
	return m, nil
}

// registrar registers collectors until it is done, and notes what went wrong.
type registrar struct {
	registry prometheus.Registerer
	err      error
}

func (r *registrar) counter(name, help string, labels ...string) *prometheus.CounterVec {
	vec, err := register(r.registry, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
	r.err = errors.Join(r.err, err)
	return vec
}

func (r *registrar) histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	vec, err := register(r.registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: durationBuckets}, labels))
	r.err = errors.Join(r.err, err)
	return vec
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

// durationBuckets reach from what a fact in memory takes to what an identity
// provider waits for.
var durationBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// statuses are the values of the label of that name; statusNone is that of a
// call without an answer.
var statuses = []string{"2xx", "3xx", "4xx", "429", "5xx"}

const statusNone = "none"

// statusLabel is the value of the label for a status code. What asks for
// patience has one of its own, since that is not the other side's mistake.
func statusLabel(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "429"
	case status >= 500:
		return "5xx"
	case status >= 400:
		return "4xx"
	case status >= 300:
		return "3xx"
	case status >= 200:
		return "2xx"
	}
	return statusNone
}
