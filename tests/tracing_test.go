package tests

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// spanExporter keeps what Caddy's tracing directive exports.
type spanExporter struct {
	mu    sync.Mutex
	spans tracetest.SpanStubs
}

var exported spanExporter

func init() {
	autoexport.RegisterSpanExporter("test", func(context.Context) (sdktrace.SpanExporter, error) { return &exported, nil })
}

func (e *spanExporter) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spans = append(e.spans, tracetest.SpanStubsFromReadOnlySpans(spans)...)
	return nil
}

func (*spanExporter) Shutdown(context.Context) error { return nil }

// startTraced is start with the tracing directive before scim. What it returns
// ends Caddy, which exports all spans, and returns these.
func startTraced(t *testing.T, s setup) (st *stack, spans func() tracetest.SpanStubs) {
	t.Helper()
	t.Setenv("OTEL_TRACES_EXPORTER", "test")
	exported.spans = nil
	s.edit = func(caddyfile string) string {
		return strings.Replace(caddyfile, "\tscim {", "\ttracing {\n\t\tspan scim-sidecar\n\t}\n\n\tscim {", 1)
	}
	return start(t, s), func() tracetest.SpanStubs {
		stop(t)
		return exported.spans
	}
}

const (
	traceID  = "11111111111111111111111111111111"
	sampled  = "00-" + traceID + "-2222222222222222-01"
	unwanted = "00-" + traceID + "-2222222222222222-00"
)

// outline draws the spans of a trace below one, in the order of time, with some
// of their attributes.
func outline(spans tracetest.SpanStubs, below string, attributes ...string) string {
	var b strings.Builder
	var draw func(below, indent string)
	draw = func(below, indent string) {
		for _, s := range spans {
			if s.Parent.SpanID().String() != below {
				continue
			}
			b.WriteString(indent + s.Name)
			for _, a := range s.Attributes {
				if slices.Contains(attributes, string(a.Key)) {
					fmt.Fprintf(&b, " %s=%s", a.Key, a.Value.String())
				}
			}
			if s.Status.Code == codes.Error {
				b.WriteString(" error")
			}
			b.WriteString("\n")
			draw(s.SpanContext.SpanID().String(), indent+"  ")
		}
	}
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	draw(below, "")
	return b.String()
}

// TestTracing looks at the spans of requests, and at what the API is told of
// them.
func TestTracing(t *testing.T) {
	mark := caddyLog.mark()
	st, spans := startTraced(t, setup{})
	st.sandbox.Seed(8, 1)
	send := func(status int, method, path, body string) {
		t.Helper()
		st.ask(t, status, method, path, body, "Traceparent", sampled)
	}
	send(200, "GET", lookUp("nobody"), "")
	send(200, "GET", lookUp("nobody"), "")
	st.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.Unavailable}, 1)
	send(200, "PATCH", "/Users/4", `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	st.sandbox.Fail("GET /api/users/3", qualytics.Fault{Kind: qualytics.Canned, Status: 500}, 1)
	send(502, "GET", "/Users/3", "")
	send(200, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"DELETE","path":"/Users/5"},{"method":"DELETE","path":"/Users/99"}]}`)
	calls := st.sandbox.Calls()
	all := spans()

	got := outline(slices.Clone(all), "2222222222222222", "http.response.status_code", "http.request.resend_count",
		"scim.resource.type", "scim.operation", "scim.resource.id", "scim.token", "scim.correlations.hits", "scim.correlations.misses", "scim.operations.failed")
	for _, want := range []string{
		`scim-sidecar http.response.status_code=200
  SCIM list User scim.token=token-1 scim.operation=list scim.resource.type=User http.response.status_code=200 scim.correlations.hits=0 scim.correlations.misses=2`,
		"\n    read list of User\n      User.list http.response.status_code=200\n",
		"\n    User.deactivate scim.resource.id=4 http.request.resend_count=1 http.response.status_code=2",
		"\n    User.read scim.resource.id=3 http.response.status_code=500 error\n",
		" scim.operations.failed=1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, got)
		}
	}
	for _, s := range all {
		for _, a := range s.Attributes {
			for _, secret := range []string{"nobody", *st.sandbox.Users()[1].Name, scimToken} {
				if strings.HasPrefix(s.InstrumentationScope.Name, "github.com/qualytics/") && strings.Contains(a.Value.String(), secret) {
					t.Errorf("%s has %s=%s", s.Name, a.Key, a.Value.String())
				}
			}
		}
	}

	// The API can tell by which call of which trace it was called.
	known := make(map[string]string)
	for _, s := range all {
		known["00-"+s.SpanContext.TraceID().String()+"-"+s.SpanContext.SpanID().String()+"-01"] = s.Name
	}
	for _, call := range calls {
		if name := known[call.Header.Get("Traceparent")]; !strings.HasPrefix(name, "User.") {
			t.Errorf("%s %s: Traceparent %q is that of %q", call.Method, call.Path, call.Header.Get("Traceparent"), name)
		}
	}
	if lines := logLines(caddyLog.since(mark), `"msg":"scim request"`, `"traceID":"`+traceID+`"`); len(lines) != 5 {
		t.Errorf("%d lines of the log have the trace", len(lines))
	}
}

// TestTracingOfNobody has a client want no trace, and a configuration without.
func TestTracingOfNobody(t *testing.T) {
	st, spans := startTraced(t, setup{})
	st.sandbox.Seed(3, 1)
	st.ask(t, 200, "GET", "/Users/2", "", "Traceparent", unwanted)
	for _, call := range st.sandbox.Calls() {
		if got := call.Header.Get("Traceparent"); !strings.HasPrefix(got, "00-"+traceID+"-") || !strings.HasSuffix(got, "-00") {
			t.Errorf("%s: Traceparent %q", call.Path, got)
		}
	}
	if all := spans(); len(all) > 0 {
		t.Errorf("there are %d spans", len(all))
	}

	st = start(t, setup{})
	st.sandbox.Seed(3, 1)
	st.ask(t, 200, "GET", "/Users/2", "", "Traceparent", sampled)
	for _, call := range st.sandbox.Calls() {
		if got := call.Header.Get("Traceparent"); got != "" {
			t.Errorf("%s: Traceparent %q", call.Path, got)
		}
	}
}
