package caddymodule

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
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

// callMetrics are about calls to the API. The mapping bounds their names.
type callMetrics struct {
	calls       *prometheus.CounterVec
	tries       *prometheus.CounterVec
	tryDuration *prometheus.HistogramVec
	refusals    *prometheus.CounterVec

	// retries and wait have no labels.
	retries, wait *prometheus.CounterVec
}

func newCallMetrics(r *registrar) callMetrics {
	return callMetrics{
		calls: r.counter("caddy_scim_upstream_calls_total",
			"Calls to the API by their name in the mapping and the class of the status that was answered in the end; none for no answer.",
			"call", "status"),
		tries: r.counter("caddy_scim_upstream_tries_total",
			"Tries of calls to the API, by what became of them.",
			"outcome"),
		tryDuration: r.histogram("caddy_scim_upstream_try_duration_seconds",
			"How long tries of calls to the API took, from their turn to the end of the answer, by the name of the call in the mapping.",
			"call"),
		retries: r.counter("caddy_scim_upstream_retries_total",
			"Tries of calls to the API after the first."),
		refusals: r.counter("caddy_scim_upstream_refused_total",
			"Calls to the API that were not made, by the reason.",
			"reason"),
		wait: r.counter("caddy_scim_upstream_wait_seconds_total",
			"Time that calls to the API have waited for their turn."),
	}
}

// begin has what may be counted begin with 0.
func (m *callMetrics) begin(calls []string) {
	for _, call := range calls {
		for _, status := range append([]string{statusNone}, statuses...) {
			m.calls.WithLabelValues(call, status)
		}
	}
	for _, o := range outcomes {
		m.tries.WithLabelValues(string(o))
	}
	for _, reason := range []refusalReason{refusedBusy, refusedDown} {
		m.refusals.WithLabelValues(string(reason))
	}
	m.retries.WithLabelValues()
	m.wait.WithLabelValues()
}

// called counts a call that has ended, with status 0 if there is no answer.
func (m *metrics) called(call string, status int) {
	if m != nil {
		m.calls.WithLabelValues(call, statusLabel(status)).Inc()
	}
}

// tried counts a try of a call.
func (m *metrics) tried(call string, o outcome, took time.Duration) {
	if m != nil {
		m.tries.WithLabelValues(string(o)).Inc()
		m.tryDuration.WithLabelValues(call).Observe(took.Seconds())
	}
}

// retried counts a try after the first.
func (m *metrics) retried() {
	if m != nil {
		m.retries.WithLabelValues().Inc()
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
		m.wait.WithLabelValues().Add(d.Seconds())
	}
}
