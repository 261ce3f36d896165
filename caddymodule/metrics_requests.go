package caddymodule

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// operations are those on resources, as [mapping.Report] has them.
var operations = []string{"create", "read", "list", "replace", "patch", "delete"}

// requestMetrics are about SCIM requests and operations of bulk requests. The
// mapping bounds the resource types.
type requestMetrics struct {
	requests        *prometheus.CounterVec
	requestDuration *prometheus.HistogramVec

	// deactivations counts the requests by which somebody is to lose access.
	deactivations *prometheus.CounterVec

	// remaining counts those of them after which the API has the resource still.
	remaining *prometheus.CounterVec

	guarded *prometheus.CounterVec
	denied  *prometheus.CounterVec

	unknown *prometheus.CounterVec

	// dropped counts by resource type and attribute, which the schemas bound.
	dropped *prometheus.CounterVec
}

func newRequestMetrics(r *registrar) requestMetrics {
	return requestMetrics{
		requests: r.counter("caddy_scim_requests_total",
			"SCIM requests and operations of bulk requests, by the type of the resource, the operation and the class of the status.",
			"resource", "operation", "status"),
		requestDuration: r.histogram("caddy_scim_request_duration_seconds",
			"How long SCIM requests took, by the type of the resource and the operation.",
			"resource", "operation"),
		deactivations: r.counter("caddy_scim_deactivations_total",
			"SCIM requests and operations of bulk requests that were to deactivate or delete a resource, by its type and the class of the status.",
			"resource", "status"),
		remaining: r.counter("caddy_scim_remaining_total",
			"SCIM requests and operations of bulk requests that were to deactivate or delete a resource which the API still has, as far as is known, by its type.",
			"resource"),
		guarded: r.counter("caddy_scim_guard_refusals_total",
			"SCIM requests and operations of bulk requests that were refused because the mapping guards what they would take away, by the type of the resource.",
			"resource"),
		denied: r.counter("caddy_scim_denied_total",
			"SCIM requests and operations of bulk requests that were refused whatever they ask for, by the reason.",
			"reason"),
		unknown: r.counter("caddy_scim_unknown_references_total",
			"Ids in SCIM requests that were nobody's and were left out, as the mapping says, by the type of the resource that was to hold them.",
			"resource"),
		dropped: r.counter("caddy_scim_attributes_dropped_total",
			"Attributes in SCIM requests that had no effect, or not the whole, by the type of the resource and their names; what no schema has is (undefined).",
			"resource", "attribute"),
	}
}

// begin has what may be counted begin with 0.
func (m *requestMetrics) begin(resources []string) {
	for _, status := range statuses {
		for _, resource := range resources {
			m.deactivations.WithLabelValues(resource, status)
			for _, operation := range operations {
				m.requests.WithLabelValues(resource, operation, status)
			}
		}
		for _, operation := range []string{"", "discover", "bulk"} {
			m.requests.WithLabelValues("", operation, status)
		}
	}
	for _, resource := range resources {
		m.remaining.WithLabelValues(resource)
		m.guarded.WithLabelValues(resource)
		m.unknown.WithLabelValues(resource)
	}
	for _, d := range denials {
		m.denied.WithLabelValues(string(d))
	}
}

// count counts a request that was answered, and each operation of a bulk
// request.
func (m *metrics) count(response *mapping.Response, took time.Duration) {
	if m == nil {
		return
	}
	did := &response.Report
	m.requestDuration.WithLabelValues(did.Resource, did.Operation).Observe(took.Seconds())
	for _, name := range did.Tolerances {
		if counter, ok := m.tolerances[name]; ok {
			counter.Inc()
		}
	}
	m.countOne(did, response.Status, response.Err)
	for i := range did.Operations {
		operation := &did.Operations[i]
		m.countOne(&operation.Report, operation.Status, operation.Err)
	}
}

// countOne counts a request, or an operation of one.
func (m *requestMetrics) countOne(did *mapping.Report, status int, failure *scim.Error) {
	class := statusLabel(status)
	m.requests.WithLabelValues(did.Resource, did.Operation, class).Inc()
	if did.Deactivates {
		m.deactivations.WithLabelValues(did.Resource, class).Inc()
	}
	if did.Remains {
		m.remaining.WithLabelValues(did.Resource).Inc()
	}
	if failure != nil {
		var d denial
		if errors.As(failure.Cause, &d) {
			m.denied.WithLabelValues(string(d)).Inc()
		}
		if errors.Is(failure.Cause, mapping.ErrGuarded) {
			m.guarded.WithLabelValues(did.Resource).Inc()
		}
	}
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
