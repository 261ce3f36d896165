package caddymodule

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

// The defaults for calls to the API. The limits are below those of the ingress
// that Qualytics hosted by oneself has: 50 requests a second, 250 at once and
// 250 connections.
const (
	defaultUpstream        = "http://127.0.0.1:9000"
	defaultTimeout         = 30 * time.Second
	defaultCallTimeout     = 10 * time.Second
	defaultRetries         = 3
	defaultMaxConcurrent   = 100
	defaultMaxPerSecond    = 40
	defaultMaxAnswerSize   = 16 << 20
	defaultBreakerFailures = 10
	defaultBreakerPause    = 10 * time.Second

	// burstSeconds is how many seconds' worth of calls may be made at once.
	burstSeconds = 5

	// providerPatience is how long identity providers wait for an answer.
	providerPatience = time.Minute

	mostRetries = 10
)

func (h *Handler) setUpstreamDefaults() {
	setDefault(&h.Upstream, defaultUpstream)
	setDefault(&h.Timeout, caddy.Duration(defaultTimeout))
	setDefault(&h.CallTimeout, caddy.Duration(defaultCallTimeout))
	setDefault(&h.MaxConcurrentCalls, defaultMaxConcurrent)
	setDefault(&h.MaxAnswerSize, defaultMaxAnswerSize)
	setDefault(&h.BreakerPause, caddy.Duration(defaultBreakerPause))
	setPointer(&h.Retries, defaultRetries)
	setPointer(&h.MaxCallsPerSecond, defaultMaxPerSecond)
	setPointer(&h.BreakerFailures, defaultBreakerFailures)
	if h.MaxCallBurst == 0 && *h.MaxCallsPerSecond > 0 {
		h.MaxCallBurst = int(math.Ceil(min(burstSeconds**h.MaxCallsPerSecond, math.MaxInt32)))
	}
}

// setPointer sets what is nil to a default, where 0 means something else.
func setPointer[T any](to **T, value T) {
	if *to == nil {
		*to = &value
	}
}

// validateUpstream checks the options about calls to the API.
func (h *Handler) validateUpstream(wrong func(format string, args ...any)) {
	if h.Retries != nil && (*h.Retries < 0 || *h.Retries > mostRetries) {
		wrong("retries: must be from 0 to %d, not %d", mostRetries, *h.Retries)
	}
	if h.MaxConcurrentCalls < 1 {
		wrong("max_concurrent_calls: must be at least 1, not %d", h.MaxConcurrentCalls)
	}
	if r := h.MaxCallsPerSecond; r != nil {
		if *r < 0 {
			wrong("max_calls_per_second: must not be negative")
		}
		if *r == 0 && h.MaxCallBurst != 0 {
			wrong("max_call_burst: has no meaning with max_calls_per_second 0, which is no limit")
		}
	}
	if h.MaxCallBurst < 0 {
		wrong("max_call_burst: must be at least 1, not %d", h.MaxCallBurst)
	}
	if h.MaxAnswerSize < 1 {
		wrong("max_answer_size: must be at least 1, not %d", h.MaxAnswerSize)
	}
	if h.BreakerFailures != nil && *h.BreakerFailures < 0 {
		wrong("breaker_failures: must not be negative")
	}
	if (h.UpstreamCert == "") != (h.UpstreamKey == "") {
		wrong("upstream_cert: the certificate and its key belong together")
	}
}

// provisionUpstream sets up the client of the API and returns the API's
// address.
func (h *Handler) provisionUpstream(repl *caddy.Replacer) (*url.URL, error) {
	address, err := replace(repl, "upstream", h.Upstream)
	if err != nil {
		return nil, err
	}
	base, err := parseUpstream(address, h.AllowPlaintext)
	if err != nil {
		return nil, err
	}
	config, err := h.upstreamTLS(repl, base)
	if err != nil {
		return nil, err
	}
	if time.Duration(h.Timeout) >= providerPatience {
		h.logger.Warn("identity providers do not wait as long as timeout says", zap.Duration("timeout", time.Duration(h.Timeout)))
	}
	h.upstream = newUpstreamClient(upstreamOptions{
		base:          base,
		tls:           config,
		callTimeout:   time.Duration(h.CallTimeout),
		retries:       *h.Retries,
		maxConcurrent: h.MaxConcurrentCalls,
		maxAnswer:     h.MaxAnswerSize,
		metrics:       h.metrics,
		logger:        h.logger.Named("upstream"),
	})
	return base, nil
}

// acquireGate takes the gate of an API, which other handlers and
// configurations may share.
func (h *Handler) acquireGate(upstream string) error {
	value, _, err := h.hold(gatePool, poolKey(upstream), func() (caddy.Destructor, error) { return newGate(), nil })
	if err != nil {
		return err
	}
	h.upstream.gate = value.(*gate)
	h.gateSettings = &gateSettings{
		limits:   limits{concurrent: h.MaxConcurrentCalls, perSecond: *h.MaxCallsPerSecond, burst: h.MaxCallBurst},
		breaking: breaking{failures: *h.BreakerFailures, pause: time.Duration(h.BreakerPause)},
	}
	h.upstream.gate.join(h.gateSettings)
	return nil
}

// parseUpstream reads the address of the API.
func parseUpstream(address string, allowPlaintext bool) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The error of url.Parse quotes the address, which may hold a password.
		return nil, errors.New("upstream: not a URL; write it like https://example.qualytics.io")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("upstream: the URL must not hold a user name or password; the token goes into upstream_token")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, fmt.Errorf("upstream: %q has no http or https scheme and host; write it like https://example.qualytics.io", address)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("upstream: the URL must end after the host; leave out the query and the fragment")
	case u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("upstream: the URL must end after the host, but has the path %q; the mapping says which path the API is under", u.Path)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("upstream: the port %s is not between 1 and 65535", port)
		}
	}
	if u.Scheme == "http" && !allowPlaintext && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("upstream: %s would carry the token over the network unencrypted; use https, or write allow_plaintext if that network is trusted", u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
