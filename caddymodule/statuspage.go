package caddymodule

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/caddymodule/statuspage"
)

func init() {
	caddy.RegisterModule(StatusPage{})
	httpcaddyfile.RegisterHandlerDirective("scim_status", parseStatusPage)
	httpcaddyfile.RegisterDirectiveOrder("scim_status", httpcaddyfile.Before, "respond")
}

// StatusPage answers with a page that says how the SCIM handlers of the process
// are, and what the latest requests did, as the admin API tells programs. It
// changes nothing, and takes no script.
//
// It is meant to stand behind an authentication of Caddy's, such as `basic_auth`,
// and answers 403 to whoever has not come through one. It is no part of the admin
// API, since that refuses what browsers send when somebody opens a page.
//
// # Caddyfile
//
//	scim_status [<matcher>] [<placeholder>]
type StatusPage struct {
	// A placeholder that has a value when somebody is authenticated. Default:
	// `{http.auth.user.id}`, which `basic_auth` and other modules for
	// authentication set. For certificates of clients, it is
	// `{http.request.tls.client.subject}`.
	Authenticated string `json:"authenticated,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (StatusPage) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.scim_status", New: func() caddy.Module { return new(StatusPage) }}
}

func parseStatusPage(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	p := new(StatusPage)
	return p, p.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the page from Caddyfile tokens, see [StatusPage].
func (p *StatusPage) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		p.Authenticated = d.Val()
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	if d.NextBlock(0) {
		return d.Errf("unrecognized subdirective '%s'", d.Val())
	}
	return nil
}

// Validate implements [caddy.Validator]. What is the same for everybody would let
// everybody in.
func (p *StatusPage) Validate() error {
	if a := p.Authenticated; a != "" && (len(a) < 3 || a[0] != '{' || a[len(a)-1] != '}') {
		return errors.New("scim_status: what tells that somebody is authenticated must be a placeholder, such as {http.auth.user.id}")
	}
	return nil
}

// ServeHTTP answers with the page.
func (p *StatusPage) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	placeholder := p.Authenticated
	if placeholder == "" {
		placeholder = "{http.auth.user.id}"
	}
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok || repl.ReplaceAll(placeholder, "") == "" {
		return caddyhttp.Error(http.StatusForbidden, errors.New("scim_status: nobody is authenticated; put basic_auth or the like before it"))
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return caddyhttp.Error(http.StatusMethodNotAllowed, errors.New("the status page can only be read"))
	}
	return writeStatusPage(w)
}

// writeStatusPage answers with the page of all handlers.
func writeStatusPage(w http.ResponseWriter) error {
	found, err := live.find("")
	if err != nil {
		return err
	}
	s := adminapi.Status{}
	for _, h := range found {
		s.Handlers = append(s.Handlers, h.status())
	}
	return statuspage.Write(w, s, latestRequests(found, statuspage.Requests), time.Now())
}

// Interface guards
var (
	_ caddy.Validator             = (*StatusPage)(nil)
	_ caddyfile.Unmarshaler       = (*StatusPage)(nil)
	_ caddyhttp.MiddlewareHandler = (*StatusPage)(nil)
)
