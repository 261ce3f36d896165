// Package caddymodule is a Caddy handler that answers SCIM 2.0 requests by
// calling an API that has no SCIM of its own. What goes where is said by a
// mapping file; see package mapping.
package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	_ "github.com/qualytics/scim-sidecar/caddymodule/command" // registers `caddy scim`
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
// # Calls to the API
//
// The limits on calls are for the sum of all handlers with the same upstream.
// Calls beyond them wait: those of requests that read, of requests that write
// and of bulk work, which is what a request calls after its tenth call, take
// turns, and among each the oldest request comes first. A request that could
// not get its turn within `timeout` is answered 429 with Retry-After at once,
// unless it has changed something already.
//
// When so many tries in a row as `breaker_failures` says found no connection,
// no answer in time, half an answer or status 502, 503 or 504, the API counts
// as down: requests that need it are answered 503 with Retry-After at once.
// After each `breaker_pause` one call tries it; an answer ends the state.
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
//		upstream_ca    <file>
//		upstream_cert  <cert_file> <key_file>
//		allow_plaintext
//		instance       <name>
//
//		timeout              <duration>
//		call_timeout         <duration>
//		retries              <count>
//		max_concurrent_calls <count>
//		max_calls_per_second <number>
//		max_call_burst       <count>
//		max_answer_size      <size>
//		breaker_failures     <count>
//		breaker_pause        <duration>
//
//		max_body_size        <size>
//		max_bulk_operations  <count>
//
//		correlations {
//			size      <count>
//			freshness <duration>
//		}
//
//		response_type auto|application/json|application/scim+json
//		recent_requests <count> [values]|off
//		audit           values|off
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
// the API is in trouble or something needs a look, such as a change that the
// mapping guards against, error when an operator must act, such as when the API
// does not accept the token. The line names the token, resource, operation, id,
// status, the calls that were made and what of the request had no effect. It
// never holds bodies, filter values, names or tokens themselves. What is refused
// before it is looked at has level debug, but a limit on what may be taken away
// has level error. Its `request_id` is Caddy's `{http.request.uuid}`, which the
// response carries as `X-Request-Id` and which is sent to the API under the same
// name. That the API counts as down, and that it answers again, has a
// line each in the log of `http.handlers.scim.upstream`, warn and info.
//
// A bulk request has such a line for each of its operations, with its number
// in the request, and then one for itself that says how many there were and
// how many failed.
//
// What was changed over SCIM has a record in the log of
// `http.handlers.scim.audit`, one for each resource and request: level info
// where all was done, warn where something was left undone, taken back, or
// refused by a guard or a limit.
//
// # Metrics
//
// Caddy's metrics have these of the handler. They begin with 0 at each reload,
// save those with a `handler`, its id in the admin API, and those of calls that
// wait and upstreams that are down. A `status` is `2xx`, `3xx`, `4xx`, `429` or
// `5xx`; resource types and calls are those of the mapping.
//
// Name | Labels | Description
// -----|--------|------------
// `caddy_scim_requests_total` | `resource`, `operation`, `status` | Requests, and operations of bulk requests; resource and operation as in the placeholders
// `caddy_scim_request_duration_seconds` | `resource`, `operation` | Histogram of the time that requests took
// `caddy_scim_deactivations_total` | `resource`, `status` | Requests, and operations of bulk requests, that were to deactivate or delete a resource
// `caddy_scim_remaining_total` | `resource` | Requests, and operations of bulk requests, that were to deactivate or delete a resource which the API still has, as far as is known
// `caddy_scim_guard_refusals_total` | `resource` | Requests, and operations of bulk requests, that were refused because the mapping guards what they would take away
// `caddy_scim_denied_total` | `reason`: `network`, `maintenance`, `no_token`, `wrong_token`, `expired_token`, `throttled`, `read_only_token`, `read_only`, `max_deactivations`, `max_group_shrink` | Requests, and operations of bulk requests, that were refused whatever they ask for
// `caddy_scim_max_deactivations` | `handler` | The limit `max_deactivations`
// `caddy_scim_max_deactivations_used` | `handler` | What counts towards it now
// `caddy_scim_tolerances_used_total` | `tolerance`: the leniency's name | Requests that needed a leniency; there is a series for each that is on
// `caddy_scim_attributes_dropped_total` | `resource`; `attribute`: its name, or `(undefined)` | Attributes in requests that had no effect, or not the whole
// `caddy_scim_unknown_references_total` | `resource` | Ids that were nobody's and were left out, where the mapping says so
// `caddy_scim_upstream_calls_total` | `call`; `status`, or `none` | Calls to the API, with what was answered in the end
// `caddy_scim_upstream_tries_total` | `outcome`: `2xx`, `3xx`, `4xx`, `429`, `5xx`, `unreached`, `broken_off`, `too_large`, `timeout`, `canceled` | Tries of calls to the API, repeats included
// `caddy_scim_upstream_try_duration_seconds` | `call` | Histogram of the time that tries took
// `caddy_scim_upstream_retries_total` | | Tries after a call's first
// `caddy_scim_upstream_refused_total` | `reason`: `busy`, `down` | Calls that were not made: their turn would have come too late, or the API counts as down
// `caddy_scim_upstream_wait_seconds_total` | | Time that calls have waited for their turn
// `caddy_scim_upstream_calls_waiting` | | Calls that wait for their turn now, over all upstreams of the process
// `caddy_scim_upstream_down` | | Upstreams of the process that count as down now
// `caddy_scim_correlations_hits_total` | `handler` | How often something was remembered that was asked for
// `caddy_scim_correlations_misses_total` | `handler` | How often it was not
// `caddy_scim_correlations_scans_total` | `handler` | How often a list of the API was read from its beginning
// `caddy_scim_correlations_facts` | `handler` | Facts that are remembered
// `caddy_scim_correlations_size` | `handler` | How many there may be
// `caddy_scim_mapping_info` | `handler`; `version`: a digest of the mapping file | Always 1
// `caddy_scim_token_expiry_timestamp_seconds` | `handler`; `token`: its name | When a token is accepted no more, of those that expire
// `caddy_scim_storage_errors_total` | `operation`: `load`, `store`, `delete`, `list`, `lock` or `unlock` | Operations on Caddy's storage that failed; requests that need them get 503
// `caddy_scim_storage_unreadable_total` | `entry`: `record` or `index` | Entries of the storage that were found unreadable
//
// # Traces
//
// With Caddy's `tracing` directive, a request has a span below Caddy's, and that
// has one for each call to the API, reading of a list and wait for a turn. They
// hold what the log line does, which has the trace's id as `traceID`.
//
// # Reloads
//
// What has been learnt about which id belongs to whom outlives a reload as
// long as the upstream and the content of the mapping file stay the same.
// Handlers that have both in common share it, and the size and freshness loaded
// last apply to all of them. It is in memory and ends with the process.
//
// What is kept on behalf of the API (values that it has no field for) is in
// Caddy's storage, for as long as the instance has the same name or address.
// Handlers, and processes with the same storage, share it and exclude each
// other from changing one resource at the same time.
//
// What was used of the limits on calls, and whether the API counts as down,
// outlives a reload too. The settings loaded last apply to all handlers with
// the same upstream; changed breaker settings take the API for up. So does the count
// that `max_deactivations` limits; the limit loaded last applies to it.
//
// With a Caddyfile, an edit of the mapping file makes another configuration,
// which has the file's digest: `caddy reload` and `caddy run --watch` apply it.
// With JSON without a digest, use `caddy reload --force`.
type Handler struct {
	// The mapping file. It is compiled when the configuration is loaded, which
	// mistakes in it prevent. In a Caddyfile it is relative to that file, unless
	// it begins with a placeholder; in JSON, to the server's working directory.
	// Default: `mappings.yaml`. Accepts placeholders.
	Mappings string `json:"mappings,omitempty"`

	// The SHA-256 of the mapping file, as `sha256:` and hexadecimal digits. A
	// file that has another one keeps the configuration from being loaded. A
	// Caddyfile's adapter sets it, or sets `unreadable`, with which no
	// configuration is loaded. Default: any file will do
	MappingsDigest string `json:"mappings_digest,omitempty"`

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

	// A file with the certificates of the authorities, in PEM form, that an
	// https upstream's certificate may come from, instead of those that the
	// system trusts. It is read when the configuration is loaded. Accepts
	// placeholders.
	UpstreamCA string `json:"upstream_ca,omitempty"`

	// A file with the certificate, in PEM form and with the intermediate ones,
	// that is presented to an https upstream that asks for one. It and
	// `upstream_key` are read when the configuration is loaded. Accepts
	// placeholders.
	UpstreamCert string `json:"upstream_cert,omitempty"`

	// The file with the private key of `upstream_cert`, in PEM form. Accepts
	// placeholders.
	UpstreamKey string `json:"upstream_key,omitempty"`

	// Allow an upstream with plain HTTP that is not on this host. Whoever can
	// listen on the network in between reads the token. Default: false
	AllowPlaintext bool `json:"allow_plaintext,omitempty"`

	// A name for the API's instance: up to 63 small letters, digits and
	// dashes. What is kept in Caddy's storage belongs to the instance, which is
	// known by its name or, by default, its address. So handlers with one name
	// share what is kept, and an instance with a name may change its address.
	// Accepts placeholders.
	Instance string `json:"instance,omitempty"`

	// How long one SCIM request may take, all its calls, their repeats and the
	// waits between them included. What has to be taken back when it is over
	// gets one more `call_timeout`. Both together should be less than the 60
	// seconds that identity providers wait. Default: `30s`
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// How long one try of one call may take. Default: `10s`
	CallTimeout caddy.Duration `json:"call_timeout,omitempty"`

	// How many times a call is tried again after status 429, 502, 503 or 504
	// or a lost connection, with growing pauses, at least as long as the
	// API's Retry-After asks for. Where that is longer than the request may
	// take, the client is told instead. Calls that are not harmless to repeat
	// are tried again only if the API can't have acted on them. From 0 to 10.
	// Default: 3
	Retries *int `json:"retries,omitempty"`

	// How many calls may be under way at once, and so how many connections
	// there are. Further ones wait. Default: 100
	MaxConcurrentCalls int `json:"max_concurrent_calls,omitempty"`

	// How many calls are made per second in the long run, repeats included.
	// Further ones wait. 0 is no limit. Default: 40
	MaxCallsPerSecond *float64 `json:"max_calls_per_second,omitempty"`

	// How many calls may be made at once when there were few before. They are
	// made up for afterwards. Default: five seconds' worth of
	// `max_calls_per_second`, which is 200 with its default
	MaxCallBurst int `json:"max_call_burst,omitempty"`

	// The largest answer of the API that is read, in bytes, after it was
	// decompressed. A larger one fails the request with status 502.
	// Default: 16777216 (16 MiB)
	MaxAnswerSize int64 `json:"max_answer_size,omitempty"`

	// After how many failed tries in a row the API counts as down. 0 is never.
	// Default: 10
	BreakerFailures *int `json:"breaker_failures,omitempty"`

	// How long an API that is down is left alone before it is tried again.
	// Default: `10s`
	BreakerPause caddy.Duration `json:"breaker_pause,omitempty"`

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

	// What the admin API tells of the latest requests.
	RecentRequests *RecentRequests `json:"recent_requests,omitempty"`

	// What is written to the audit log.
	Audit *Audit `json:"audit,omitempty"`

	// Which leniencies towards identity providers are on. What a request
	// needs is named in its log line and counted.
	Tolerances *Tolerances `json:"tolerances,omitempty"`

	provisioned
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.scim",
		New: func() caddy.Module { return new(Handler) },
	}
}
