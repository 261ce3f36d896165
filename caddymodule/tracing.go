package caddymodule

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/qualytics/scim-sidecar/mapping"
)

// Spans stand below the one that Caddy's tracing directive begins, and go where
// that one goes. Without the directive there is nothing to stand below, and no
// spans. They hold what the log holds of a request, and no more.

// tracerName says whose spans they are.
const tracerName = "github.com/qualytics/scim-sidecar"

// shortWait is what a call waits for its turn without a span of its own.
const shortWait = time.Millisecond

// startSpan begins a span if there is one that it can stand below. Otherwise it
// returns the context as it is, and nil.
func startSpan(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	above := trace.SpanFromContext(ctx)
	if !above.SpanContext().IsValid() {
		return ctx, nil
	}
	return above.TracerProvider().Tracer(tracerName).Start(ctx, name, options...)
}

// requestSpan is the span of a SCIM request; nil for none.
type requestSpan struct {
	trace.Span

	// hits and misses are how often something remembered was asked for and was
	// there, or was not.
	hits, misses atomic.Int64
}

// traceRequest begins the span of a request. What is done for the request
// belongs into the context of the one that it returns.
func traceRequest(r *http.Request) (*http.Request, *requestSpan) {
	ctx, span := startSpan(r.Context(), "SCIM")
	if span == nil {
		return r, nil
	}
	return r.WithContext(ctx), &requestSpan{Span: span}
}

// traceID returns by what the trace is known; empty for none.
func (s *requestSpan) traceID() string {
	if s == nil {
		return ""
	}
	return s.SpanContext().TraceID().String()
}

// end ends the span with what came of the request.
func (s *requestSpan) end(x *exchange) {
	if s == nil {
		return
	}
	did := &x.response.Report
	s.SetName(strings.Join(strings.Fields("SCIM "+did.Operation+" "+did.Resource), " "))
	setTexts(s,
		attribute.String("scim.request.id", x.requestID),
		attribute.String("scim.token", x.who.name),
		attribute.String("scim.user", x.who.user),
		attribute.String("scim.operation", did.Operation),
		attribute.String("scim.resource.type", did.Resource),
		attribute.String("scim.resource.id", did.ID))
	s.SetAttributes(
		attribute.Int("http.response.status_code", x.response.Status),
		attribute.Int64("scim.correlations.hits", s.hits.Load()),
		attribute.Int64("scim.correlations.misses", s.misses.Load()))
	if did.Operations != nil {
		s.SetAttributes(attribute.Int("scim.operations", len(did.Operations)), attribute.Int("scim.operations.failed", failures(did.Operations)))
	}
	if x.response.Status >= http.StatusInternalServerError {
		s.SetStatus(codes.Error, "")
	}
	s.End()
}

// setTexts sets those attributes that are not empty.
func setTexts(span trace.Span, attributes ...attribute.KeyValue) {
	span.SetAttributes(slices.DeleteFunc(attributes, func(a attribute.KeyValue) bool { return a.Value.AsString() == "" })...)
}

// watch has the span tell what is asked of what is remembered.
func (s *requestSpan) watch(c mapping.Correlations) mapping.Correlations {
	if s == nil {
		return c
	}
	return &watchedCorrelations{c, s}
}

// watchedCorrelations are the correlations as one traced request uses them.
type watchedCorrelations struct {
	mapping.Correlations
	span *requestSpan
}

// IDs implements [mapping.Correlations].
func (w *watchedCorrelations) IDs(key mapping.Key) []string {
	ids := w.Correlations.IDs(key)
	if len(ids) > 0 {
		w.span.hits.Add(1)
	} else {
		w.span.misses.Add(1)
	}
	return ids
}

// Scan implements [mapping.Correlations]. The calls of a reading stand in the
// trace of the request that began it; others only wait for it.
func (w *watchedCorrelations) Scan(
	ctx context.Context, resource string, read func(context.Context) (*mapping.Scan, error),
) (*mapping.Scan, error) {
	ctx, span := startSpan(ctx, "read list of "+resource)
	if span == nil {
		return w.Correlations.Scan(ctx, resource, read)
	}
	defer span.End()
	var own atomic.Bool
	scan, err := w.Correlations.Scan(ctx, resource, func(ctx context.Context) (*mapping.Scan, error) {
		own.Store(true)
		return read(ctx)
	})
	span.SetAttributes(attribute.Bool("scim.joined", !own.Load()))
	return scan, err
}

// traceCall begins the span of a call to the API; nil for none.
func traceCall(ctx context.Context, call *mapping.Call) (context.Context, trace.Span) {
	ctx, span := startSpan(ctx, call.Name, trace.WithSpanKind(trace.SpanKindClient))
	if span != nil {
		setTexts(span,
			attribute.String("http.request.method", call.Method),
			attribute.String("scim.call", call.Name),
			attribute.String("scim.resource.id", call.ID))
	}
	return ctx, span
}

// endCall ends the span of a call with what came of it.
func endCall(span trace.Span, answer mapping.Answer, err error) {
	if span == nil {
		return
	}
	if answer.Status != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", answer.Status))
	}
	switch {
	case err != nil:
		span.SetStatus(codes.Error, err.Error())
	case answer.Status >= http.StatusInternalServerError:
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// traceTry notes in a call's span that it is tried again. The try counts from 0.
func traceTry(ctx context.Context, try int) {
	if span := trace.SpanFromContext(ctx); try > 0 {
		span.AddEvent("retry")
		span.SetAttributes(attribute.Int("http.request.resend_count", try))
	}
}

// traceWait makes a span of the wait of a call for its turn.
func traceWait(ctx context.Context, from, to time.Time) {
	if to.Sub(from) < shortWait {
		return
	}
	if _, span := startSpan(ctx, "wait for a turn", trace.WithTimestamp(from)); span != nil {
		span.End(trace.WithTimestamp(to))
	}
}

// passTrace puts into the header of a call which trace it is part of, as W3C
// Trace Context has it.
func passTrace(ctx context.Context, header http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
}
