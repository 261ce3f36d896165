package caddymodule

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
)

func init() {
	caddy.RegisterModule(new(Health))
	httpcaddyfile.RegisterHandlerDirective("scim_health", parseHealth)
	httpcaddyfile.RegisterDirectiveOrder("scim_health", httpcaddyfile.Before, "respond")
}

// Health answers whether the SCIM handlers of the configuration are ready, for
// probes and load balancers, which have no token: 200 if all of them can do
// their work, and 503 otherwise. That is so when the API accepts the handler's
// token, as the mapping's `caller` finds out, and Caddy's storage can be read.
// With `passthrough`, the API just has to answer; without `caller`, it must not
// count as down. A handler with `maintenance` is ready without the API being
// asked, and one with `read_only` as any other: that they refuse requests is
// meant. While the server waits to shut down (`shutdown_delay`), the answer is
// 503.
//
// However many probes come, the API is asked once in the time that `freshness`
// says, by a call like any other, within the handler's limits. A probe waits
// for that for 0.8 seconds at most. Should it take longer, the answer before
// stands, for as long as `call_timeout`.
//
// The answer is a small JSON document, such as `{"status":"ready"}` or
// `{"status":"unavailable","reasons":["api_failed"]}`. What can't be done it
// tells in these words alone; the log of `http.handlers.scim.health` has the
// causes, a line for each change.
//
// Reason | Meaning
// -------|--------
// `api_failed` | The API does not answer, not in time, with 5xx, or with what the mapping does not expect
// `api_refused` | The API does not accept the token, or it is not that of an Admin
// `storage_failed` | Caddy's storage can't be read
// `not_known_yet` | The first look, or the present one, is not over
// `no_handler` | There is no SCIM handler, or none of the instance
// `shutting_down` | The server waits to shut down
//
// A handler's `read_only` and `maintenance` are named in `modes`.
//
// # Caddyfile
//
// As a directive it is ordered before `respond`:
//
//	scim_health [<matcher>] {
//		instance  <name>
//		freshness <duration>
//	}
type Health struct {
	// The instance whose handlers are asked, as its handler's `instance` has it.
	// Default: all handlers of the configuration. Accepts placeholders.
	Instance string `json:"instance,omitempty"`

	// For how long an answer counts, and so how often the API is asked at the
	// most. Default: `10s`
	Freshness caddy.Duration `json:"freshness,omitempty"`

	// prefix begins the storage keys of the instance; empty for all.
	prefix string

	// registry is that of the configuration, by which its handlers are known.
	registry *prometheus.Registry
}

const defaultHealthFreshness = 10 * time.Second

const (
	unreadyNoHandler = "no_handler"
	unreadyShutdown  = "shutting_down"
)

// CaddyModule returns the Caddy module information.
func (*Health) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.scim_health", New: func() caddy.Module { return new(Health) }}
}

// Provision sets up the module.
func (m *Health) Provision(ctx caddy.Context) (err error) {
	setDefault(&m.Freshness, caddy.Duration(defaultHealthFreshness))
	m.registry = ctx.GetMetricsRegistry()
	if m.Instance != "" {
		m.prefix, err = storagePrefix(caddy.NewReplacer(), m.Instance, "")
	}
	return err
}

// Validate implements [caddy.Validator].
func (m *Health) Validate() error {
	if m.Freshness < 0 {
		return errors.New("freshness: must be longer than 0")
	}
	return nil
}

// healthAnswer is what a probe is answered.
type healthAnswer struct {
	// Status is "ready" or "unavailable".
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
	Modes   []string `json:"modes,omitempty"`
}

// ServeHTTP answers a probe.
func (m *Health) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	answer, status := m.answer(r), http.StatusOK
	if answer.Status = "ready"; len(answer.Reasons) > 0 {
		answer.Status, status = "unavailable", http.StatusServiceUnavailable
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		// Nobody is left to tell when this fails.
		_, _ = w.Write(body)
	}
	return nil
}

// answer asks all handlers at once.
func (m *Health) answer(r *http.Request) healthAnswer {
	if isShuttingDown(r) {
		return healthAnswer{Reasons: []string{unreadyShutdown}}
	}
	handlers := m.handlers()
	if len(handlers) == 0 {
		return healthAnswer{Reasons: []string{unreadyNoHandler}}
	}
	var a healthAnswer
	found := make([][]string, len(handlers))
	var all sync.WaitGroup
	for i, h := range handlers {
		all.Go(func() { found[i] = h.readiness.ask(r.Context(), time.Duration(m.Freshness)) })
		a.Modes = append(a.Modes, h.modes()...)
	}
	all.Wait()
	a.Reasons = slices.Concat(found...)
	for _, list := range []*[]string{&a.Reasons, &a.Modes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return a
}

// handlers returns those that are asked. During a reload there are those of the
// configuration before, too, which are not.
func (m *Health) handlers() []*Handler {
	return slices.DeleteFunc(live.all(), func(h *Handler) bool {
		return h.registry != m.registry || m.prefix != "" && h.keeper.prefix != m.prefix
	})
}

// modes names what an operator has had the handler refuse.
func (h *Handler) modes() []string {
	var modes []string
	if h.Maintenance != nil {
		modes = append(modes, string(deniedMaintenance))
	}
	if h.ReadOnly != nil {
		modes = append(modes, string(deniedReadOnly))
	}
	return modes
}

// isShuttingDown reports whether the server waits to shut down.
func isShuttingDown(r *http.Request) bool {
	repl, _ := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if repl == nil {
		return false
	}
	down, _ := repl.Get("http.shutting_down")
	return down == true
}

func parseHealth(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	m := new(Health)
	return m, m.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the module from Caddyfile tokens. The syntax is
// that of [Health].
func (m *Health) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Errf("unexpected argument '%s'; the options of scim_health go into a block", d.Val())
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] {
			return d.Errf("%s is given twice", option)
		}
		seen[option] = true
		var err error
		switch option {
		case "instance":
			err = parseString(d, &m.Instance)
		case "freshness":
			err = parseDuration(d, &m.Freshness)
		default:
			err = d.Errf("unrecognized subdirective '%s'", option)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Health)(nil)
	_ caddy.Validator             = (*Health)(nil)
	_ caddyfile.Unmarshaler       = (*Health)(nil)
	_ caddyhttp.MiddlewareHandler = (*Health)(nil)
)
