package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Pause keeps requests from being done for a while.
type Pause struct {
	// How long clients are asked to wait before they try again. Default: `5m`
	RetryAfter caddy.Duration `json:"retry_after,omitempty"`
}

const defaultPause = 5 * time.Minute

func (p *Pause) wait() time.Duration {
	if p.RetryAfter == 0 {
		return defaultPause
	}
	return time.Duration(p.RetryAfter)
}

// validateAccess checks who may come in, and how much they may do.
func (h *Handler) validateAccess(wrong func(format string, args ...any)) {
	if r := h.MaxAuthFailures; r != nil && (r.Count < 0 || r.Count > 0 && r.Within <= 0) {
		wrong("max_auth_failures: must be a number from 0, which is off, within a time longer than 0")
	}
	if r := h.MaxDeactivations; r != nil && (r.Count < 1 || r.Within <= 0) {
		wrong("max_deactivations: must be a number from 1 within a time longer than 0")
	}
	if m := h.MaxGroupShrink; m != nil && (m.Percent < 0 || m.Percent > 99 || m.Spared != nil && *m.Spared < 0) {
		wrong("max_group_shrink: must be from 0 to 99 percent, and spare a number of members from 0")
	}
	for option, p := range map[string]*Pause{"maintenance": h.Maintenance, "read_only": h.ReadOnly} {
		if p != nil && p.RetryAfter < 0 {
			wrong("%s: must not be negative", option)
		}
	}
}

// provisionAccess sets up who may come in.
func (h *Handler) provisionAccess(ctx caddy.Context) (err error) {
	if len(h.Allow) > 0 {
		h.network = &caddyhttp.MatchClientIP{Ranges: h.Allow}
		if err := h.network.Provision(ctx); err != nil {
			return fmt.Errorf("allow: %w", err)
		}
	}
	if r := h.MaxAuthFailures; r.Count > 0 {
		h.attempts, err = newFailedAttempts(r.Count, time.Duration(r.Within), h.now)
	}
	for option, p := range map[string]*Pause{"maintenance": h.Maintenance, "read_only": h.ReadOnly} {
		if p != nil {
			h.logger.Warn("requests are refused until the option is taken away", zap.String("option", option))
		}
	}
	return err
}

// admit decides whether a request may come in, and notes as whom. Nothing but
// the client's address, whether there is maintenance, and the token is looked
// at before the token is accepted.
func (h *Handler) admit(ctx context.Context, r *http.Request, path string, x *exchange) error {
	if h.network != nil {
		in, err := h.network.MatchWithError(r)
		if err != nil {
			return notYet(err)
		}
		if !in {
			return errNetwork
		}
	}
	// What is under maintenance may be the API, which could not say whose a
	// token is, or be wrong about it.
	if h.Maintenance != nil && (x.writes || !isDiscovery(r, path)) {
		return deniedMaintenance.until(http.StatusServiceUnavailable, h.Maintenance.wait(),
			"This SCIM server is closed for maintenance; nothing was done. Try again later.")
	}
	if err := h.identify(ctx, r, x); err != nil {
		return err
	}
	switch {
	case x.writes && x.who.readOnly:
		x.challenge = challengeScope
		return errTokenReadOnly
	case x.writes && h.ReadOnly != nil:
		return deniedReadOnly.until(http.StatusServiceUnavailable, h.ReadOnly.wait(),
			"This SCIM server is read-only at the moment; nothing was done. Try again later.")
	}
	return nil
}

// identify finds out whose token a request presents.
func (h *Handler) identify(ctx context.Context, r *http.Request, x *exchange) error {
	token, presented := bearer(r.Header)
	x.challenge = challenge
	if presented {
		x.challenge = challengeInvalid
	}
	if token == "" {
		return errTokenMissing
	}
	from := clientNetwork(r)
	wait := h.attempts.wait(from)
	who, err := h.auth.authenticate(ctx, token, wait > 0)
	switch {
	case errors.Is(err, errTokenRefused) && wait > 0:
		return deniedThrottled.until(http.StatusTooManyRequests, wait,
			"The bearer token is not accepted, as others from this address were not: further ones are only looked at after a while. Compare it with the one that the SCIM server expects.")
	case errors.Is(err, errTokenRefused) && h.attempts.add(from):
		h.logger.Warn("too many wrong tokens from one address; further ones are slowed down",
			zap.String("client_ip", clientIP(r)), zap.String("network", from.String()))
	}
	if err != nil {
		return err
	}
	x.who = who
	if x.repl != nil {
		x.repl.Set("http.scim.token", who.name)
		if who.user != "" {
			x.repl.Set("http.auth.user.id", who.user)
		}
	}
	return nil
}

// notYet is the answer where Caddy can't tell a client's address yet.
func notYet(err error) error {
	var e caddyhttp.HandlerError
	if errors.As(err, &e) && e.StatusCode != 0 {
		return scim.Errorf(e.StatusCode, "", "The address of the client can't be told yet; try again.").WithCause(e.Err)
	}
	return err
}

// isDiscovery reports whether a request asks what the server can do, and nothing of
// the API.
func isDiscovery(r *http.Request, path string) bool {
	return mapping.IsDiscovery(path) && !(path == "/" && r.URL.RawQuery != "")
}

// writes reports whether a request may change something. A search is a POST
// that only reads (RFC 7644 section 3.4.3).
func writes(method, path string) bool {
	return isWrite(method) && !(mapping.Request{Method: method, Path: path}).IsSearch()
}
