package caddymodule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// gateOf returns the settings that count for a handler's calls.
func gateOf(h *Handler) string {
	breaking := h.upstream.gate.breaker.settings
	return fmt.Sprintf("%+v down after %d for %s", h.upstream.gate.budget.limits, breaking.failures, breaking.pause)
}

// TestUpstreamDefaults are below what the ingress allows that self-hosted
// Qualytics has: 50 a second, 250 at once, 250 connections.
func TestUpstreamDefaults(t *testing.T) {
	rate := func(r float64) *float64 { return &r }
	none := 0
	for _, tt := range []struct {
		change func(h *Handler)
		want   string
	}{
		{func(*Handler) {}, "{concurrent:100 perSecond:40 burst:200} down after 10 for 10s"},
		{func(h *Handler) { h.MaxCallsPerSecond = rate(0.5) }, "{concurrent:100 perSecond:0.5 burst:3} down after 10 for 10s"},
		{func(h *Handler) { h.MaxCallsPerSecond = rate(0.1) }, "{concurrent:100 perSecond:0.1 burst:1} down after 10 for 10s"},
		{func(h *Handler) { h.MaxCallBurst = 7 }, "{concurrent:100 perSecond:40 burst:7} down after 10 for 10s"},
		{func(h *Handler) { h.MaxCallsPerSecond = rate(0) }, "{concurrent:100 perSecond:0 burst:0} down after 10 for 10s"},
		{func(h *Handler) { h.MaxConcurrentCalls, h.BreakerFailures = 5, &none }, "{concurrent:5 perSecond:40 burst:200} down after 0 for 10s"},
		{func(h *Handler) { h.BreakerPause = caddy.Duration(time.Minute) }, "{concurrent:100 perSecond:40 burst:200} down after 10 for 1m0s"},
	} {
		h := valid()
		tt.change(h)
		if err := provision(t, h); err != nil {
			t.Fatal(err)
		}
		if got := gateOf(h); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
		if h.upstream.maxAnswer != 16<<20 || h.upstream.callTimeout != 10*time.Second || h.Timeout != caddy.Duration(30*time.Second) {
			t.Error("defaults are missing")
		}
	}
}

// TestGateIsShared has handlers come and go.
func TestGateIsShared(t *testing.T) {
	with := func(upstream string, concurrent int) *Handler {
		h := valid()
		h.Upstream, h.MaxConcurrentCalls = upstream, concurrent
		if err := provision(t, h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	wants := func(h *Handler, concurrent int) {
		t.Helper()
		if got := h.upstream.gate.budget.limits.concurrent; got != concurrent {
			t.Errorf("%d calls at once, want %d", got, concurrent)
		}
	}
	first := with("https://gate.test", 10)
	other := with("https://other.test", 20)
	second := with("https://Gate.test/", 30)
	if first.upstream.gate != second.upstream.gate || first.upstream.gate == other.upstream.gate {
		t.Error("the gate must be that of the upstream")
	}
	wants(first, 30)
	wants(other, 20)
	// A configuration that is not taken, or one that is replaced, goes.
	broken := valid()
	broken.Upstream, broken.MaxConcurrentCalls, broken.UpstreamToken = "https://gate.test", 40, "{env.TEST_UNSET}"
	if provision(t, broken) == nil {
		t.Error("no error")
	}
	wants(first, 30)
	if err := second.Cleanup(); err != nil {
		t.Error(err)
	}
	wants(first, 10)
	third := with("https://gate.test", 50)
	if err := first.Cleanup(); err != nil {
		t.Error(err)
	}
	wants(third, 50)
	g := third.upstream.gate
	if err := third.Cleanup(); err != nil {
		t.Error(err)
	}
	if with("https://gate.test", 1).upstream.gate == g || g.budget.limits.concurrent != 50 {
		t.Error("the gate must go with the last handler, and serve its requests to their ends")
	}
}

func TestUpstreamMistakes(t *testing.T) {
	negative := -1
	for _, tt := range []struct {
		change func(h *Handler)
		want   string
	}{
		{func(h *Handler) { h.MaxCallsPerSecond, h.MaxCallBurst = new(float64), 5 }, "max_call_burst: has no meaning with max_calls_per_second 0, which is no limit"},
		{func(h *Handler) { h.MaxAnswerSize = -1 }, "max_answer_size: must be at least 1, not -1"},
		{func(h *Handler) { h.BreakerFailures = &negative }, "breaker_failures: must not be negative"},
		{func(h *Handler) { h.BreakerPause = -1 }, "breaker_pause: must be longer than 0"},
	} {
		h := valid()
		tt.change(h)
		if err := provision(t, h); err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// TestLongTimeout warns of a deadline that no identity provider waits for.
func TestLongTimeout(t *testing.T) {
	for timeout, warned := range map[time.Duration]bool{59 * time.Second: false, time.Minute: true} {
		core, logs := observer.New(zapcore.WarnLevel)
		h := valid()
		h.logger, h.Timeout = zap.New(core), caddy.Duration(timeout)
		h.setDefaults()
		if _, err := h.provisionUpstream(caddy.NewReplacer()); err != nil {
			t.Fatal(err)
		}
		if (logs.Len() == 1) != warned || warned && !strings.Contains(logs.All()[0].Message, "timeout") {
			t.Errorf("%s: log %v", timeout, logs.All())
		}
	}
}

func TestParseUpstream(t *testing.T) {
	for _, tt := range []struct {
		address   string
		plaintext bool
		want      string // the URL, or the error
	}{
		{"https://Corp.Qualytics.io", false, "https://corp.qualytics.io"},
		{"https://corp.qualytics.io:8443/", false, "https://corp.qualytics.io:8443"},
		{"http://127.0.0.1:9000", false, "http://127.0.0.1:9000"},
		{"http://[::1]:9000", false, "http://[::1]:9000"},
		{"http://localhost", false, "http://localhost"},
		{"http://api.localhost", false, "http://api.localhost"},
		{"http://api:9000", true, "http://api:9000"},
		{"http://api:9000", false, "upstream: api:9000 would carry the token over the network unencrypted; use https, or write allow_plaintext if that network is trusted"},
		{"http://127.0.0.1.example.com", false, "upstream: 127.0.0.1.example.com would carry the token over the network unencrypted; use https, or write allow_plaintext if that network is trusted"},
		{"https://user:pass@host", false, "upstream: the URL must not hold a user name or password; the token goes into upstream_token"},
		{"https://host/api", false, `upstream: the URL must end after the host, but has the path "/api"; the mapping says which path the API is under`},
		{"https://host?x=1", false, "upstream: the URL must end after the host; leave out the query and the fragment"},
		{"https://host#x", false, "upstream: the URL must end after the host; leave out the query and the fragment"},
		{"host:9000", false, `upstream: "host:9000" has no http or https scheme and host; write it like https://example.qualytics.io`},
		{"ftp://host", false, `upstream: "ftp://host" has no http or https scheme and host; write it like https://example.qualytics.io`},
		{"https://", false, `upstream: "https://" has no http or https scheme and host; write it like https://example.qualytics.io`},
		{"https://host:0", false, "upstream: the port 0 is not between 1 and 65535"},
		{"https://host:99999", false, "upstream: the port 99999 is not between 1 and 65535"},
		{"https://u:p@ho st", false, "upstream: not a URL; write it like https://example.qualytics.io"},
	} {
		u, err := parseUpstream(tt.address, tt.plaintext)
		got := fmt.Sprint(u)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.address, got, tt.want)
		}
	}
}
