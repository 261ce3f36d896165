package caddymodule

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// unmarshal sets up t from the arguments and the block of its option.
func (t *Token) unmarshal(d *caddyfile.Dispenser) error {
	switch args := d.RemainingArgs(); len(args) {
	case 1:
		t.Token = args[0]
	case 2:
		t.Name, t.Token = args[0], args[1]
		if !isTokenName(t.Name) {
			return d.Errf("the name of a token must consist of 1 to %d letters, digits, dots, dashes and underscores", maxTokenName)
		}
	default:
		return d.ArgErr()
	}
	if t.Token == "" {
		return d.Errf("%s", "the value must not be empty")
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] {
			return d.Errf("token: %s is given twice", option)
		}
		seen[option] = true
		var err error
		switch option {
		case "expires":
			if err = parseString(d, &t.Expires); err == nil {
				if _, wrong := t.end(); wrong != nil {
					err = d.WrapErr(wrong)
				}
			}
		case "read_only":
			err = parseFlag(d, &t.ReadOnly)
		default:
			err = d.Errf("unrecognized subdirective 'token %s'", option)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unmarshalAllow adds the networks of one line, which are written as for
// Caddy's own matchers.
func (h *Handler) unmarshalAllow(d *caddyfile.Dispenser) error {
	line := d.NewFromNextSegment()
	var matcher caddyhttp.MatchClientIP
	if err := matcher.UnmarshalCaddyfile(line); err != nil {
		return err
	}
	if len(matcher.Ranges) == 0 {
		return d.ArgErr()
	}
	for _, text := range matcher.Ranges {
		if strings.ContainsRune(text, '{') {
			continue // a placeholder, which is looked at once it is known
		}
		address, _, _ := strings.Cut(text, "%")
		_, notAddress := netip.ParseAddr(address)
		_, notNetwork := netip.ParsePrefix(address)
		if notAddress != nil && notNetwork != nil {
			return d.Errf("invalid allow '%s': must be an address such as 192.0.2.7, a network such as 192.0.2.0/24, or private_ranges", text)
		}
	}
	h.Allow = append(h.Allow, matcher.Ranges...)
	return nil
}

// unmarshal sets up r from "<count> <duration>", or from "off" where it may be.
func (r *Rate) unmarshal(d *caddyfile.Dispenser, mayBeOff bool) error {
	option := d.Val()
	args := d.RemainingArgs()
	if mayBeOff && len(args) == 1 && args[0] == "off" {
		return nil
	}
	if len(args) != 2 {
		return d.ArgErr()
	}
	count, err := strconv.Atoi(args[0])
	if err != nil || count < 1 {
		return d.Errf("invalid %s '%s': must be a whole number from 1", option, args[0])
	}
	within, err := caddy.ParseDuration(args[1])
	if err != nil || within <= 0 {
		return d.Errf("invalid %s '%s': must be a duration such as 1m or 1h", option, args[1])
	}
	r.Count, r.Within = count, caddy.Duration(within)
	return nil
}

// unmarshal sets up p from an optional duration.
func (p *Pause) unmarshal(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() == 0 {
		return nil
	}
	return parseDuration(d, &p.RetryAfter)
}

// unmarshal sets up m from "<percent>% [<members>]".
func (m *MaxGroupShrink) unmarshal(d *caddyfile.Dispenser) error {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) != 1 && len(args) != 2 {
		return d.ArgErr()
	}
	digits, isPercent := strings.CutSuffix(args[0], "%")
	percent, err := strconv.Atoi(digits)
	if err != nil || !isPercent || percent < 0 || percent > 99 {
		return d.Errf("invalid %s '%s': must be from 0%% to 99%%", option, args[0])
	}
	m.Percent = percent
	if len(args) == 2 {
		spared, err := strconv.Atoi(args[1])
		if err != nil || spared < 0 {
			return d.Errf("invalid %s '%s': must be a whole number from 0", option, args[1])
		}
		m.Spared = &spared
	}
	return nil
}
