package caddymodule

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/qualytics/scim-sidecar/caddymodule/audit"
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Audit says what is written to the log `http.handlers.scim.audit` about each
// change that was made over SCIM.
type Audit struct {
	// Write nothing. Default: false
	Off bool `json:"off,omitempty"`

	// Whether the values of attributes are written, which are personal data, and
	// the queries of calls. Without it they are only where they come from a closed
	// set: roles, and what is true or false. Secrets never are. Default: false
	Values bool `json:"values,omitempty"`
}

// unmarshal sets up a from the arguments of its option.
func (a *Audit) unmarshal(d *caddyfile.Dispenser) error {
	var word string
	if !d.AllArgs(&word) {
		return d.ArgErr()
	}
	switch word {
	case "off":
		a.Off = true
	case "values":
		a.Values = true
	default:
		return d.Errf("unexpected '%s'; it can be: off, values", word)
	}
	return nil
}

// auditLog is the name of the log below that of the handler.
const auditLog = "audit"

// audits reports whether changes are written down.
func (h *Handler) audits() bool {
	return h.auditor != nil && h.auditor.Core().Enabled(zapcore.InfoLevel)
}

// audit writes down what a request that was let in has changed.
func (h *Handler) audit(r *http.Request, x *exchange) {
	if x.recording == nil || !h.audits() {
		return
	}
	about := audit.Record{
		RequestID: x.requestID, Handler: h.id(), Mapping: h.mapping.Version,
		Token: x.who.name, User: x.who.user, ClientIP: clientIP(r),
	}
	for _, p := range x.recording.close() {
		did, method, status, failure := &x.response.Report, r.Method, x.response.Status, x.response.Err
		about.Number = p.number
		if p.number > 0 {
			operation := operationOf(did.Operations, p.number)
			if operation == nil {
				// It was begun, and the whole came to an end before it did.
				operation = &mapping.OperationReport{Status: status, Err: failure}
			}
			did, method, status, failure = &operation.Report, operation.Method, operation.Status, operation.Err
		}
		about.Method, about.Operation, about.Status, about.Error = method, did.Operation, status, ""
		about.Resource, about.ID, about.Remains, about.Warnings = did.Resource, did.ID, did.Remains, did.Warnings
		if failure != nil {
			about.Error = failure.Error()
		}
		h.writeDown(&p.ledger, about, failure)
	}
}

// operationOf returns the report of an operation by its number; nil for none.
func operationOf(operations []mapping.OperationReport, number int) *mapping.OperationReport {
	for i := range operations {
		if operations[i].Number == number {
			return &operations[i]
		}
	}
	return nil
}

// writeDown writes the records that a ledger comes to.
func (h *Handler) writeDown(l *audit.Ledger, about audit.Record, failure *scim.Error) {
	records := audit.Records(l, about, h.Audit.Values)
	if len(records) == 0 && (about.Remains || isGuarded(failure)) {
		records = append(records, audit.Refusal(l, about, h.Audit.Values))
	}
	for i := range records {
		level := zapcore.InfoLevel
		if records[i].Result != plan.Done {
			level = zapcore.WarnLevel
		}
		h.auditor.Log(level, "scim change", zap.Inline(&records[i]))
	}
}

// isGuarded reports whether a request was refused for what it would take away.
func isGuarded(failure *scim.Error) bool {
	if failure == nil {
		return false
	}
	var d denial
	return errors.As(failure.Cause, &d) && d.needsOperator() || errors.Is(failure.Cause, mapping.ErrGuarded)
}
