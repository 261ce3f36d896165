package caddymodule

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// report tells the operator what a request did.
func (h *Handler) report(r *http.Request, x *exchange) {
	did := &x.response.Report
	took := time.Since(x.start)
	h.metrics.count(&x.response, took)
	if x.repl != nil {
		x.repl.Set("http.scim.resource", did.Resource)
		x.repl.Set("http.scim.operation", did.Operation)
	}
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok && did.Operation != "" {
		extra.Set(zap.String("scim_resource", did.Resource))
		extra.Set(zap.String("scim_operation", did.Operation))
	}
	shared := x.fields()
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok && x.who.name != "" {
		extra.Set(zap.String("scim_token", x.who.name))
	}
	for i := range did.Operations {
		operation := &did.Operations[i]
		h.log("scim bulk operation", operation.Method, operation.Status, operation.Err, &operation.Report,
			append(shared, zap.Int("number", operation.Number))...)
	}
	fields := append(shared, zap.Duration("duration", took))
	if did.Operations != nil {
		fields = append(fields, zap.Int("operations", len(did.Operations)), zap.Int("failed", failures(did.Operations)))
	}
	h.log("scim request", r.Method, x.response.Status, x.response.Err, did, fields...)
}

// fields say which request a line is about, and as whom it came in.
func (x *exchange) fields() []zap.Field {
	fields := []zap.Field{zap.String("request_id", x.requestID)}
	if id := x.span.traceID(); id != "" {
		// As Caddy's access log has it.
		fields = append(fields, zap.String("traceID", id))
	}
	if x.who.name != "" {
		fields = append(fields, zap.String("token", x.who.name))
	}
	if x.who.user != "" {
		fields = append(fields, zap.String("user", x.who.user))
	}
	return slices.Clip(fields)
}

// failures counts the operations that failed.
func failures(operations []mapping.OperationReport) int {
	n := 0
	for i := range operations {
		if operations[i].Err != nil {
			n++
		}
	}
	return n
}

// log writes the line about a request, or about an operation of one.
func (h *Handler) log(message, method string, status int, failure *scim.Error, did *mapping.Report, more ...zap.Field) {
	c := h.logger.Check(h.level(method, status, failure, did), message)
	if c == nil {
		return
	}
	fields := make([]zap.Field, 0, 16)
	fields = append(fields, more...)
	fields = append(fields,
		zap.String("method", method),
		zap.String("resource", did.Resource),
		zap.String("operation", did.Operation),
		zap.String("id", did.ID),
		zap.Int("status", status),
	)
	if len(did.Calls) > 0 {
		calls := make([]string, len(did.Calls))
		for i, call := range did.Calls {
			calls[i] = call.Name + " " + strconv.Itoa(call.Status)
		}
		fields = append(fields, zap.Strings("calls", calls))
	}
	for _, list := range []struct {
		name   string
		values []string
	}{
		{"dropped", did.Dropped},
		{"unknown", did.Unknown},
		{"tolerances", did.Tolerances},
		{"warnings", did.Warnings},
	} {
		if len(list.values) > 0 {
			fields = append(fields, zap.Strings(list.name, list.values))
		}
	}
	if failure != nil {
		fields = append(fields, zap.String("error", failure.Error()))
		if failure.Cause != nil {
			fields = append(fields, zap.NamedError("cause", failure.Cause))
		}
		var p *panicError
		if errors.As(failure.Cause, &p) {
			fields = append(fields, zap.ByteString("stack", p.stack))
		}
	}
	c.Write(fields...)
}

// level says how much an operator should care.
func (h *Handler) level(method string, status int, failure *scim.Error, did *mapping.Report) zapcore.Level {
	var upstream *mapping.UpstreamError
	var denied denial
	switch {
	case failure != nil && errors.As(failure.Cause, &denied):
		if denied.needsOperator() {
			return zapcore.ErrorLevel
		}
		return zapcore.DebugLevel
	case failure != nil && errors.As(failure.Cause, &upstream) && upstream.Operator:
		if h.Passthrough && (upstream.Status == http.StatusUnauthorized || upstream.Status == http.StatusForbidden) {
			// The token is the identity provider's, not the operator's.
			return zapcore.WarnLevel
		}
		return zapcore.ErrorLevel
	case status == http.StatusInternalServerError,
		did.Remains && status < http.StatusInternalServerError && status != http.StatusTooManyRequests:
		// What is refused for good is for somebody to do by hand.
		return zapcore.ErrorLevel
	case failure != nil && errors.Is(failure.Cause, mapping.ErrGuarded):
		// Whoever was to go is still there.
		return zapcore.WarnLevel
	case status > http.StatusInternalServerError, status == http.StatusTooManyRequests,
		len(did.Warnings)+len(did.Unknown) > 0:
		return zapcore.WarnLevel
	case status >= http.StatusBadRequest:
		return zapcore.DebugLevel
	case isWrite(method) && did.Operation != "list":
		return zapcore.InfoLevel
	}
	return zapcore.DebugLevel
}
