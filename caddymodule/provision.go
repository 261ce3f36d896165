package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// The defaults of the options.
const (
	defaultMappings       = "mappings.yaml"
	defaultBasePath       = "/api/scim/v2"
	defaultPassthroughTTL = time.Minute
	defaultMaxBodySize    = 1 << 20
	defaultMaxBulk        = 500
	defaultSize           = 100_000
	defaultFreshness      = 5 * time.Minute
	defaultAuthFailures   = 20
	defaultAuthWindow     = time.Minute

	responseTypeAuto = "auto"
)

// shortToken is the length below which a token can be guessed.
const shortToken = 16

// provisioned is what Provision makes of the options.
type provisioned struct {
	logger  *zap.Logger
	program program
	auth    authenticator

	base       basePath
	origin     string
	tolerances tolerance.Set
	metrics    *metrics
	now        func() time.Time

	// network is nil where requests may come from anywhere, and attempts where
	// failed ones are not counted.
	network  *caddyhttp.MatchClientIP
	attempts *failedAttempts

	// safeguard is nil where there are no limits on what is taken away.
	safeguard mapping.Safeguard

	upstream     *upstreamClient
	gateSettings *gateSettings
	correlations *correlations
	keeper       *keeper
	keeperReport *keeperReport
	storage      *storage

	// auditor is nil where no audit log is written.
	auditor *zap.Logger

	enlisted

	// held gives back, in Cleanup, what is shared with other configurations.
	held []func() error
}

// Provision sets up the handler. It reads the mapping file and makes no
// network connection, so that `caddy validate` works anywhere.
func (h *Handler) Provision(ctx caddy.Context) error {
	return h.provision(ctx, ctx.Storage())
}

func (h *Handler) provision(ctx caddy.Context, storage certmagic.Storage) error {
	h.logger = ctx.Logger()
	h.setDefaults()
	if !h.Audit.Off {
		h.auditor = h.logger.Named(auditLog)
	}
	// Asked before Caddy does, because below shared state is changed.
	if err := h.Validate(); err != nil {
		return err
	}
	repl := caddy.NewReplacer()

	base, err := parseBasePath(h.BasePath)
	if err != nil {
		return err
	}
	h.base = base
	if err := h.provisionOrigin(repl); err != nil {
		return err
	}
	if h.tolerances, err = h.Tolerances.resolve(); err != nil {
		return err
	}
	program, err := h.loadMappings(repl)
	if err != nil {
		return err
	}
	h.program = program
	names := counted{resources: program.Resources(), calls: program.CallNames(), tolerances: h.tolerances}
	if h.metrics, err = newMetrics(ctx.GetMetricsRegistry(), names); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	upstream, err := h.provisionUpstream(repl)
	if err != nil {
		return err
	}
	if err := h.provisionAuth(repl, program); err != nil {
		return err
	}
	if err := h.provisionAccess(ctx); err != nil {
		return err
	}
	if h.keeperReport, err = newKeeperReport(ctx.GetMetricsRegistry(), h.logger.Named("storage")); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	prefix, err := storagePrefix(repl, h.Instance, upstream.String())
	if err != nil {
		return err
	}
	if err := h.acquire(upstream.String(), program.Version(), prefix, storage); err != nil {
		return err
	}
	if err := h.acquireSafeguard(upstream.String()); err != nil {
		return err
	}
	if err := h.acquireGate(upstream.String()); err != nil {
		return err
	}
	h.registry = ctx.GetMetricsRegistry()
	h.provisionReadiness(program.Caller())
	return h.enlist(plan.Mapping{File: program.File(), Version: program.Version()})
}

func (h *Handler) setDefaults() {
	if h.now == nil {
		h.now = time.Now
	}
	if h.MaxAuthFailures == nil {
		h.MaxAuthFailures = &Rate{Count: defaultAuthFailures, Within: caddy.Duration(defaultAuthWindow)}
	}
	setDefault(&h.Mappings, defaultMappings)
	setDefault(&h.BasePath, defaultBasePath)
	setDefault(&h.PassthroughTTL, caddy.Duration(defaultPassthroughTTL))
	setDefault(&h.MaxBodySize, defaultMaxBodySize)
	setDefault(&h.MaxBulkOperations, defaultMaxBulk)
	setDefault(&h.ResponseType, responseTypeAuto)
	setPointer(&h.RecentRequests, RecentRequests{Count: defaultRecent})
	setPointer(&h.Audit, Audit{})
	h.setUpstreamDefaults()
	if h.Correlations == nil {
		h.Correlations = new(Correlations)
	}
	setDefault(&h.Correlations.Size, defaultSize)
	if h.Correlations.Freshness == nil {
		freshness := caddy.Duration(defaultFreshness)
		h.Correlations.Freshness = &freshness
	}
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// Validate checks the values of the options and what they mean together.
func (h *Handler) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	switch {
	case h.Passthrough && len(h.Tokens) > 0:
		wrong("passthrough and token exclude each other: leave out one of them")
	case h.Passthrough && h.UpstreamToken != "":
		wrong("passthrough and upstream_token exclude each other: with passthrough, the API is called with the token that was presented")
	case !h.Passthrough && len(h.Tokens) == 0:
		wrong("nobody could get in: set token, for example to {env.SCIM_TOKEN}, or passthrough")
	case !h.Passthrough && h.UpstreamToken == "":
		wrong("upstream_token is missing: set it to the token of an Admin in the API, for example {env.QUALYTICS_TOKEN}")
	}
	h.validateTokens(wrong)
	h.validateAccess(wrong)
	for _, d := range []struct {
		option string
		value  caddy.Duration
	}{
		{"passthrough_ttl", h.PassthroughTTL},
		{"timeout", h.Timeout},
		{"call_timeout", h.CallTimeout},
		{"breaker_pause", h.BreakerPause},
	} {
		if d.value <= 0 {
			wrong("%s: must be longer than 0", d.option)
		}
	}
	h.validateUpstream(wrong)
	if h.MaxBodySize < 1 {
		wrong("max_body_size: must be at least 1, not %d", h.MaxBodySize)
	}
	if h.MaxBulkOperations < 1 {
		wrong("max_bulk_operations: must be at least 1, not %d", h.MaxBulkOperations)
	}
	if r := h.RecentRequests; r != nil && (r.Count < 0 || r.Count > maxRecent) {
		wrong("recent_requests: must be from 0 to %d, not %d", maxRecent, r.Count)
	}
	if c := h.Correlations; c != nil {
		if c.Size < 1 {
			wrong("correlations size: must be at least 1, not %d", c.Size)
		}
		if c.Freshness != nil && *c.Freshness < 0 {
			wrong("correlations freshness: must not be negative")
		}
	}
	switch h.ResponseType {
	case responseTypeAuto, scim.MediaType, scim.MediaTypeJSON:
	default:
		wrong("response_type: must be %s, %s or %s, not %q", responseTypeAuto, scim.MediaTypeJSON, scim.MediaType, h.ResponseType)
	}
	if _, err := h.Tolerances.resolve(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (h *Handler) provisionOrigin(repl *caddy.Replacer) error {
	if h.PublicURL == "" {
		return nil
	}
	address, err := replace(repl, "public_url", h.PublicURL)
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !isHost(u.Host) ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return fmt.Errorf("public_url: %q is not a scheme and a host; write it like https://scim.example.com", address)
	}
	h.origin = u.Scheme + "://" + u.Host
	return nil
}

func (h *Handler) provisionAuth(repl *caddy.Replacer, program *mapping.Program) error {
	if h.Passthrough {
		caller := program.Caller()
		if caller == nil {
			return errors.New("passthrough: the mapping does not say how to ask the API whose token it is; add that to the mapping, or use token and upstream_token")
		}
		check := callerCheck{call: caller.Call(), permits: caller.Permits}
		auth, err := newPassthrough(check, time.Duration(h.PassthroughTTL), time.Duration(h.CallTimeout),
			func(ctx context.Context, token string, call mapping.Call) (mapping.Answer, error) {
				return (&session{upstreamClient: h.upstream, turn: newTurn(false), token: token}).Do(ctx, call)
			})
		if err != nil {
			return err
		}
		h.auth = auth
		return nil
	}

	tokens, err := h.provisionTokens(repl)
	if err != nil {
		return err
	}
	auth := &ownTokens{tokens: tokens, now: h.now, logger: h.logger}
	auth.upstream, err = secret(repl, "upstream_token", h.UpstreamToken)
	h.auth = auth
	return err
}

// replace resolves the placeholders of an option that is no secret.
func replace(repl *caddy.Replacer, option, value string) (string, error) {
	value, err := repl.ReplaceOrErr(value, true, true)
	if err != nil {
		return "", fmt.Errorf("%s: %w", option, err)
	}
	return value, nil
}

// secret resolves the placeholders of a token. Its errors never quote what
// could be a part of the token.
func secret(repl *caddy.Replacer, option, value string) (string, error) {
	name := "the value"
	if isPlaceholder(value) {
		name = value
	}
	token, err := repl.ReplaceOrErr(value, true, true)
	if token = strings.TrimSpace(token); err != nil || token == "" {
		return "", fmt.Errorf("%s: %s is unset or empty; set it before the server starts", option, name)
	}
	for _, c := range []byte(token) {
		if c <= ' ' || c >= 0x7f || c == ',' {
			return "", fmt.Errorf("%s: %s holds a character that no bearer token can have, such as a blank or a comma", option, name)
		}
	}
	return token, nil
}

// isPlaceholder reports whether a value is one reference to a secret and
// nothing else.
func isPlaceholder(value string) bool {
	inner, ok := strings.CutPrefix(value, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	return ok && closed && !strings.ContainsAny(inner, "{}") &&
		(strings.HasPrefix(inner, "env.") || strings.HasPrefix(inner, "file."))
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.Validator             = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
