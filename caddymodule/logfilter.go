package caddymodule

import (
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap/zapcore"
)

func init() { caddy.RegisterModule(QueryRedaction{}) }

// QueryRedaction is a filter for the field request>uri of access logs. It leaves the
// query parameters by which SCIM lists are cut and sorted as they are, and puts
// REDACTED in place of the values of all others, however their names are written: a
// filter says who was looked up, whether it is called filter, Filter or %66ilter.
//
//	format filter {
//		request>uri scim_query
//	}
type QueryRedaction struct{}

// CaddyModule implements [caddy.Module].
func (QueryRedaction) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.logging.encoders.filter.scim_query", New: func() caddy.Module { return new(QueryRedaction) }}
}

// UnmarshalCaddyfile implements [caddyfile.Unmarshaler]. There is nothing to set.
func (*QueryRedaction) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	for d.Next() {
		if d.NextArg() || d.NextBlock(0) {
			return d.ArgErr()
		}
	}
	return nil
}

// harmless are the parameters whose values say nothing of anybody.
var harmless = []string{"startindex", "count", "sortby", "sortorder", "attributes", "excludedattributes", "page", "size"}

// Filter implements [logging.LogFieldFilter].
func (*QueryRedaction) Filter(in zapcore.Field) zapcore.Field {
	path, query, some := strings.Cut(in.String, "?")
	if !some {
		return in
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, valued := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		switch {
		case err == nil && slices.Contains(harmless, strings.ToLower(strings.TrimSpace(plain))):
		case valued:
			parts[i] = name + "=REDACTED"
		case part != "":
			parts[i] = "REDACTED"
		}
	}
	in.String = path + "?" + strings.Join(parts, "&")
	return in
}

// Interface guards.
var (
	_ logging.LogFieldFilter = (*QueryRedaction)(nil)
	_ caddyfile.Unmarshaler  = (*QueryRedaction)(nil)
)
