package caddymodule

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/qualytics/scim-sidecar/mapping"
)

// report tells the operator what a request did.
func (h *Handler) report(r *http.Request, x *exchange) {
	did := &x.response.Report
	h.metrics.count(did)
	if x.repl != nil {
		x.repl.Set("http.scim.resource", did.Resource)
		x.repl.Set("http.scim.operation", did.Operation)
	}
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok && did.Operation != "" {
		extra.Set(zap.String("scim_resource", did.Resource))
		extra.Set(zap.String("scim_operation", did.Operation))
	}
	c := h.logger.Check(h.level(r.Method, &x.response), "scim request")
	if c == nil {
		return
	}
	fields := make([]zap.Field, 0, 16)
	fields = append(fields,
		zap.String("request_id", x.requestID),
		zap.String("method", r.Method),
		zap.String("resource", did.Resource),
		zap.String("operation", did.Operation),
		zap.String("id", did.ID),
		zap.Int("status", x.response.Status),
		zap.Duration("duration", time.Since(x.start)),
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
	if err := x.response.Err; err != nil {
		fields = append(fields, zap.String("error", err.Error()))
		if err.Cause != nil {
			fields = append(fields, zap.NamedError("cause", err.Cause))
		}
		var p *panicError
		if errors.As(err.Cause, &p) {
			fields = append(fields, zap.ByteString("stack", p.stack))
		}
	}
	c.Write(fields...)
}

// level says how much an operator should care.
func (h *Handler) level(method string, resp *mapping.Response) zapcore.Level {
	var upstream *mapping.UpstreamError
	switch {
	case resp.Err != nil && errors.As(resp.Err.Cause, &upstream) && upstream.Operator:
		if h.Passthrough && (upstream.Status == http.StatusUnauthorized || upstream.Status == http.StatusForbidden) {
			// The token is the identity provider's, not the operator's.
			return zapcore.WarnLevel
		}
		return zapcore.ErrorLevel
	case resp.Status == http.StatusInternalServerError:
		return zapcore.ErrorLevel
	case resp.Status > http.StatusInternalServerError, resp.Status == http.StatusTooManyRequests,
		len(resp.Report.Warnings)+len(resp.Report.Unknown) > 0:
		return zapcore.WarnLevel
	case resp.Status >= http.StatusBadRequest:
		return zapcore.DebugLevel
	case isWrite(method) && resp.Report.Operation != "list":
		return zapcore.InfoLevel
	}
	return zapcore.DebugLevel
}
