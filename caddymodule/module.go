// Package caddymodule is a Caddy handler that answers SCIM 2.0 requests by
// calling an API that has no SCIM of its own. What goes where is said by a
// mapping file; see package mapping.
package caddymodule

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

func init() {
	caddy.RegisterModule(new(Handler))
	httpcaddyfile.RegisterHandlerDirective("scim", parseCaddyfile)
	httpcaddyfile.RegisterDirectiveOrder("scim", httpcaddyfile.Before, "respond")
}

// Handler answers SCIM 2.0 requests (RFC 7643, RFC 7644) by calls to the
// Qualytics API, as a mapping file describes. It answers everything at and
// below its base path, without regard to case, repeated slashes and a slash
// at the end, and passes every other request to the next handler. It never
// redirects.
//
// Every request must present a bearer token, either one of the handler's own
// (`tokens`) or one made in Qualytics by an Admin (`passthrough`). Nothing but
// the client's address is looked at before the token is accepted, and during
// `maintenance` the path. The body of a request must come within `timeout`.
//
// Requests that write are finished even when the client goes away meanwhile,
// so that no change is left half done; `timeout` bounds them all the same.
//
// # Caddyfile
//
// As a directive, `scim` takes only options in a block. It is ordered before
// `respond` and so before `reverse_proxy`.
//
//	scim [<matcher>] {
//		mappings       <file>
//		base_path      <path>
//		public_url     <url>
//
//		token [<name>] <token|sha256:digest> {
//			expires <date>
//			read_only
//		}
//		passthrough
//		passthrough_ttl <duration>
//		allow <network...>|private_ranges
//		max_auth_failures <count> <duration>|off
//
//		read_only   [<retry_after>]
//		maintenance [<retry_after>]
//		max_deactivations <count> <duration>
//		max_group_shrink  <percent>% [<spared>]
//
//		upstream       <url>
//		upstream_token <token>
//		allow_plaintext
//
//		timeout              <duration>
//		call_timeout         <duration>
//		retries              <count>
//		max_concurrent_calls <count>
//		max_calls_per_second <number>
//		max_body_size        <size>
//		max_bulk_operations  <count>
//
//		correlations {
//			size      <count>
//			freshness <duration>
//		}
//
//		response_type auto|application/json|application/scim+json
//		tolerances    [all|onelogin|okta|entra|jumpcloud|strict] [+<name>...] [-<name>...]
//	}
//
// `token` and `allow` may be repeated. `tolerances` takes a profile, leniencies to switch
// on and off, or both. The fields below say what each option means.
//
// # Placeholders
//
// The handler sets these for handlers and logs that come after it:
//
// Placeholder | Description
// ------------|---------------
// `{http.scim.resource}` | The resource type as the mapping calls it, such as `User`; empty for the discovery endpoints and bulk requests
// `{http.scim.operation}` | `create`, `read`, `list`, `replace`, `patch`, `delete`, `discover` or `bulk`; empty when the path is unknown
// `{http.scim.token}` | The name of the token that was presented; unset with `passthrough`
// `{http.auth.user.id}` | With `passthrough`: the API's id of the user whose token was presented
//
// The access log gets the first three as `scim_resource`, `scim_operation` and
// `scim_token`.
//
// # Logs
//
// Each SCIM request has one line in the log of `http.handlers.scim`: level
// debug for reads and for mistakes of the client, info for writes, warn when
// the API is in trouble or something needs a look, error when an operator
// must act, such as when the API does not accept the token. The line names
// the token, resource, operation, id, status, the calls that were made and what
// of the request had no effect. It never holds bodies, filter values, names or
// tokens themselves. What is refused before it is looked at has level debug,
// but a limit on what may be taken away has level error. Its `request_id` is Caddy's `{http.request.uuid}`, which the
// response carries as `X-Request-Id` and which is sent to the API under the
// same name.
//
// A bulk request has such a line for each of its operations, with its number
// in the request, and then one for itself that says how many there were and
// how many failed.
//
// # Metrics
//
// Caddy's metrics have these of the handler. They begin with 0 at each reload.
//
// Name | Labels | Description
// -----|--------|------------
// `caddy_scim_denied_total` | `reason`: `network`, `maintenance`, `no_token`, `wrong_token`, `expired_token`, `throttled`, `read_only_token`, `read_only`, `max_deactivations`, `max_group_shrink` | Requests, and operations of bulk requests, that were refused whatever they ask for
// `caddy_scim_tolerances_used_total` | `tolerance`: the leniency's name | SCIM requests that needed a leniency; there is a series for each that is on
// `caddy_scim_unknown_references_total` | `resource`: the resource type | ids that were nobody's and were left out, where the mapping says so
//
// # Reloads
//
// What has been learnt about which id belongs to whom outlives a reload as
// long as the upstream and the content of the mapping file stay the same;
// what is kept on behalf of the API (values that it has no field for)
// outlives it as long as the upstream does. Handlers with the same upstream
// share both, and the size and freshness loaded last apply to all of them.
// Both are in memory and end with the process. So does the count that
// `max_deactivations` limits, which outlives a reload as long as the upstream
// stays the same; the limit loaded last applies to it.
//
// Caddy does not see when the mapping file changes: after an edit, use
// `caddy reload --force`.
type Handler struct {
	// The mapping file, relative to the working directory. It is read and
	// compiled when the configuration is loaded; mistakes in it keep the
	// configuration from being loaded. Default: `mappings.yaml`. Accepts
	// placeholders.
	Mappings string `json:"mappings,omitempty"`

	// The path of the SCIM base. Requests that are neither at nor below it go
	// to the next handler. Default: `/api/scim/v2`
	BasePath string `json:"base_path,omitempty"`

	// Scheme and host by which clients reach this server, such as
	// `https://scim.example.com`, for the URLs in responses. By default they
	// are taken from each request, and from its X-Forwarded-Proto and
	// X-Forwarded-Host only if it comes from one of the server's
	// `trusted_proxies`. Accepts placeholders.
	PublicURL string `json:"public_url,omitempty"`

	// The tokens that identity providers may present. Several are for
	// changing them without an interruption, and for telling clients apart.
	// Only digests of them are held in memory. A token that is unset or empty
	// keeps the configuration from being loaded. `{env.SCIM_TOKEN}` and
	// `{file./run/secrets/scim}` keep a token out of the configuration, and so
	// does its digest in its place.
	Tokens []Token `json:"tokens,omitempty"`

	// The networks from which requests are accepted, as addresses or in CIDR
	// notation; all others get 403 before their token is looked at. The address
	// of a client is what Caddy takes it for: it believes the headers of a proxy
	// only if the server's `trusted_proxies` names it. Default: all. Accepts
	// placeholders.
	Allow []string `json:"allow,omitempty"`

	// How many wrong tokens are answered as such, from one IPv4 address or IPv6
	// network (/64), within a time. Further ones get 429 with Retry-After, until
	// the time since the first is over; with `passthrough`, the API is not asked
	// about tokens then that have not worked before. Requests with a right token
	// pass all the while. A count of 0 is no limit. Default: 20 within 1 minute
	MaxAuthFailures *Rate `json:"max_auth_failures,omitempty"`

	// Refuse all requests that write, with status 503 and Retry-After.
	ReadOnly *Pause `json:"read_only,omitempty"`

	// Refuse all requests but those by which clients find out what the server
	// can do, with status 503 and Retry-After, whoever they come from. The API
	// is not called.
	Maintenance *Pause `json:"maintenance,omitempty"`

	// How many users and groups may be deactivated or deleted within a time that
	// goes along: what goes beyond it gets 503 with Retry-After, and an operator
	// is told in the log. What is inactive already does not count, and neither
	// does what fails. The count outlives a reload and begins anew with the
	// process; each replica counts for itself. Default: no limit
	MaxDeactivations *Rate `json:"max_deactivations,omitempty"`

	// How many of the members that SCIM shows one request may take out of a
	// group, whoever it puts in. A group's deletion takes out all. What goes
	// beyond it gets 503 with Retry-After, and an operator is told in the log.
	// Default: no limit
	MaxGroupShrink *MaxGroupShrink `json:"max_group_shrink,omitempty"`

	// Accept the tokens of the API's own Admins instead, and call the API with
	// the very token that was presented. Whose a token is and whether it may
	// be used is asked of the API as the mapping says. Excludes `tokens` and
	// `upstream_token`. Default: false
	Passthrough bool `json:"passthrough,omitempty"`

	// How long the API's word on a presented token counts, and so how long a
	// token may still work after it was revoked, if no call is made with it.
	// Refusals count for 15 seconds at most. Default: `1m`
	PassthroughTTL caddy.Duration `json:"passthrough_ttl,omitempty"`

	// The API's address: scheme, host and optional port. The mapping says the
	// path. Default: `http://127.0.0.1:9000`. Accepts placeholders.
	Upstream string `json:"upstream,omitempty"`

	// The token of an Admin in the API, with which the calls are made.
	// Required unless `passthrough` is on. A token that is unset or empty
	// keeps the configuration from being loaded. Accepts placeholders.
	UpstreamToken string `json:"upstream_token,omitempty"`

	// Allow an upstream with plain HTTP that is not on this host. Whoever can
	// listen on the network in between reads the token. Default: false
	AllowPlaintext bool `json:"allow_plaintext,omitempty"`

	// How long one SCIM request may take, all its calls included. It should
	// be shorter than what the identity provider waits. Default: `30s`
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// How long one try of one call may take. Default: `10s`
	CallTimeout caddy.Duration `json:"call_timeout,omitempty"`

	// How many times a call is tried again after status 429, 502, 503 or 504
	// or a lost connection, with growing pauses, at least as long as the
	// API's Retry-After asks for. Calls that are not harmless to repeat are
	// tried again only if the API can't have acted on them. From 0 to 10.
	// Default: 3
	Retries *int `json:"retries,omitempty"`

	// How many calls may be under way at once. Further ones wait.
	// Default: 100
	MaxConcurrentCalls int `json:"max_concurrent_calls,omitempty"`

	// How many calls are made per second, where the API has a limit that is
	// better not hit. Further ones wait. Default: 0, which is no limit
	MaxCallsPerSecond float64 `json:"max_calls_per_second,omitempty"`

	// The largest request body that is read, in bytes. What is said of bulk
	// requests in ServiceProviderConfig names it as `maxPayloadSize`.
	// Default: 1048576 (1 MiB)
	MaxBodySize int64 `json:"max_body_size,omitempty"`

	// How many operations a bulk request may have, its `maxOperations`. They
	// are done one after the other, and `timeout` bounds them all together.
	// Default: 500
	MaxBulkOperations int `json:"max_bulk_operations,omitempty"`

	// What is remembered of which id belongs to whom.
	Correlations *Correlations `json:"correlations,omitempty"`

	// The content type of responses: `application/json`,
	// `application/scim+json`, or `auto` for the latter when the request's
	// Accept header names it and the former otherwise. Default: `auto`
	ResponseType string `json:"response_type,omitempty"`

	// Which leniencies towards identity providers are on. What a request
	// needs is named in its log line and counted.
	Tolerances *Tolerances `json:"tolerances,omitempty"`

	logger  *zap.Logger
	program program
	auth    authenticator

	base       basePath
	origin     string
	tolerances tolerance.Set
	metrics    *metrics
	denied     deniedCounter
	now        func() time.Time

	// network is nil where requests may come from anywhere, and attempts where
	// failed ones are not counted.
	network  *caddyhttp.MatchClientIP
	attempts *failedAttempts

	// safeguard is nil where there are no limits on what is taken away.
	safeguard mapping.Safeguard

	upstream     *upstreamClient
	correlations *correlations
	keeper       *keeper

	// held are the pooled values to give back in Cleanup.
	held []heldValue
}

// Correlations bounds what is remembered of which id belongs to whom. It only
// saves calls: what is forgotten is looked up again.
type Correlations struct {
	// How many facts are remembered; a user has about four. When there is no
	// more room, those not used for longest are forgotten. Default: 100000
	Size int `json:"size,omitempty"`

	// How long after a complete reading of the API's list an unknown name
	// counts as belonging to nobody, without another reading. 0 reads the
	// list each time. Default: `5m`
	Freshness *caddy.Duration `json:"freshness,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.scim",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.Validator             = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
