package caddymodule

import (
	"math"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"
)

func parseCaddyfile(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	h.Reset()
	h.Next()
	if err := handler.adaptMappings(h.File()); err != nil {
		return nil, h.WrapErr(err)
	}
	return handler, nil
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. The syntax is
// that of the [Handler].
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Errf("unexpected argument '%s'; the options of scim go into a block", d.Val())
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] && option != "token" && option != "allow" {
			return d.Errf("%s is given twice", option)
		}
		seen[option] = true
		if err := h.unmarshalOption(d, option); err != nil {
			return err
		}
	}
	return nil
}

// unmarshalOption sets one option, whose name was just read.
func (h *Handler) unmarshalOption(d *caddyfile.Dispenser, option string) error {
	switch option {
	case "mappings":
		return parseString(d, &h.Mappings)
	case "base_path":
		return parseString(d, &h.BasePath)
	case "public_url":
		return parseString(d, &h.PublicURL)
	case "token":
		var token Token
		err := token.unmarshal(d)
		h.Tokens = append(h.Tokens, token)
		return err
	case "allow":
		return h.unmarshalAllow(d)
	case "max_auth_failures":
		h.MaxAuthFailures = new(Rate)
		return h.MaxAuthFailures.unmarshal(d, true)
	case "read_only":
		h.ReadOnly = new(Pause)
		return h.ReadOnly.unmarshal(d)
	case "maintenance":
		h.Maintenance = new(Pause)
		return h.Maintenance.unmarshal(d)
	case "max_deactivations":
		h.MaxDeactivations = new(Rate)
		return h.MaxDeactivations.unmarshal(d, false)
	case "max_group_shrink":
		h.MaxGroupShrink = new(MaxGroupShrink)
		return h.MaxGroupShrink.unmarshal(d)
	case "passthrough":
		return parseFlag(d, &h.Passthrough)
	case "passthrough_ttl":
		return parseDuration(d, &h.PassthroughTTL)
	case "upstream":
		return parseString(d, &h.Upstream)
	case "upstream_token":
		return parseString(d, &h.UpstreamToken)
	case "upstream_ca":
		return parseString(d, &h.UpstreamCA)
	case "upstream_cert":
		return parseStrings(d, &h.UpstreamCert, &h.UpstreamKey)
	case "allow_plaintext":
		return parseFlag(d, &h.AllowPlaintext)
	case "instance":
		return parseString(d, &h.Instance)
	case "timeout":
		return parseDuration(d, &h.Timeout)
	case "call_timeout":
		return parseDuration(d, &h.CallTimeout)
	case "retries":
		h.Retries = new(int)
		return parseInt(d, h.Retries, 0)
	case "breaker_failures":
		h.BreakerFailures = new(int)
		return parseInt(d, h.BreakerFailures, 0)
	case "breaker_pause":
		return parseDuration(d, &h.BreakerPause)
	case "max_concurrent_calls":
		return parseInt(d, &h.MaxConcurrentCalls, 1)
	case "max_calls_per_second":
		h.MaxCallsPerSecond = new(float64)
		return parseFloat(d, h.MaxCallsPerSecond)
	case "max_call_burst":
		return parseInt(d, &h.MaxCallBurst, 1)
	case "max_answer_size":
		return parseSize(d, &h.MaxAnswerSize)
	case "max_body_size":
		return parseSize(d, &h.MaxBodySize)
	case "max_bulk_operations":
		return parseInt(d, &h.MaxBulkOperations, 1)
	case "correlations":
		h.Correlations = new(Correlations)
		return h.Correlations.unmarshal(d)
	case "response_type":
		return parseString(d, &h.ResponseType)
	case "recent_requests":
		h.RecentRequests = new(RecentRequests)
		return h.RecentRequests.unmarshal(d)
	case "audit":
		h.Audit = new(Audit)
		return h.Audit.unmarshal(d)
	case "tolerances":
		h.Tolerances = new(Tolerances)
		return h.Tolerances.unmarshal(d)
	default:
		return d.Errf("unrecognized subdirective '%s'", option)
	}
}

// unmarshal sets up c from its block.
func (c *Correlations) unmarshal(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] {
			return d.Errf("correlations: %s is given twice", option)
		}
		seen[option] = true
		var err error
		switch option {
		case "size":
			err = parseInt(d, &c.Size, 1)
		case "freshness":
			c.Freshness = new(caddy.Duration)
			err = parseAnyDuration(d, c.Freshness, 0)
		default:
			err = d.Errf("unrecognized subdirective 'correlations %s'", option)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func parseString(d *caddyfile.Dispenser, to *string) error {
	return parseStrings(d, to)
}

func parseStrings(d *caddyfile.Dispenser, to ...*string) error {
	if !d.AllArgs(to...) {
		return d.ArgErr()
	}
	for _, s := range to {
		if *s == "" {
			return d.Errf("%s", "the value must not be empty")
		}
	}
	return nil
}

func parseFlag(d *caddyfile.Dispenser, to *bool) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	*to = true
	return nil
}

func parseInt(d *caddyfile.Dispenser, to *int, least int) error {
	option := d.Val()
	var arg string
	if !d.AllArgs(&arg) {
		return d.ArgErr()
	}
	return parseNumber(d, option, arg, to, least)
}

func parseNumber(d *caddyfile.Dispenser, option, arg string, to *int, least int) error {
	n, err := strconv.Atoi(arg)
	if err != nil || n < least {
		return d.Errf("invalid %s '%s': must be a whole number from %d", option, arg, least)
	}
	*to = n
	return nil
}

func parseFloat(d *caddyfile.Dispenser, to *float64) error {
	option := d.Val()
	var arg string
	if !d.AllArgs(&arg) {
		return d.ArgErr()
	}
	f, err := strconv.ParseFloat(arg, 64)
	if err != nil || !(f >= 0) || math.IsInf(f, 0) {
		return d.Errf("invalid %s '%s': must be a number from 0", option, arg)
	}
	*to = f
	return nil
}

// parseDuration reads a duration greater than 0, because 0 in the JSON means
// the default.
func parseDuration(d *caddyfile.Dispenser, to *caddy.Duration) error {
	return parseAnyDuration(d, to, 1)
}

func parseAnyDuration(d *caddyfile.Dispenser, to *caddy.Duration, least time.Duration) error {
	option := d.Val()
	var arg string
	if !d.AllArgs(&arg) {
		return d.ArgErr()
	}
	duration, err := caddy.ParseDuration(arg)
	if err != nil {
		return d.Errf("invalid %s '%s': must be a duration such as 30s or 5m", option, arg)
	}
	if duration < least {
		return d.Errf("invalid %s '%s': too short", option, arg)
	}
	*to = caddy.Duration(duration)
	return nil
}

func parseSize(d *caddyfile.Dispenser, to *int64) error {
	option := d.Val()
	var arg string
	if !d.AllArgs(&arg) {
		return d.ArgErr()
	}
	size, err := humanize.ParseBytes(arg)
	if err != nil || size == 0 || size > math.MaxInt64 {
		return d.Errf("invalid %s '%s': must be a size such as 512KiB or 1MiB", option, arg)
	}
	*to = int64(size)
	return nil
}
