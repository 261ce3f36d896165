// Package adminapi has what the SCIM routes of Caddy's admin API take and
// answer, all of it JSON. An error is answered as Caddy's own are:
// {"error": "what was wrong"}.
//
//	GET  /scim/status              [Status]
//	GET  /scim/requests            [Requests]
//	POST /scim/explain             [ExplainRequest] -> [plan.Plan]
//	GET  /scim/sync-check          [SyncCheck]
//	POST /scim/purge               [Purged]
//	POST /scim/release             [Released]
//
// The parameter "handler" of all but explain, "limit" of requests, and "names" and
// "unwritten" of sync-check, which are as the command's, stand in the query and may
// be left out.
package adminapi

import (
	"time"

	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// Prefix begins the paths of the routes.
const Prefix = "/scim/"

// Status says how the SCIM handlers of the running configuration are.
type Status struct {
	// Handlers are all of them. During a reload these are for a moment those of
	// both configurations.
	Handlers []Handler `json:"handlers"`
}

// Handler says how a SCIM handler is.
type Handler struct {
	// ID is what it is called here: the instance and the base path, such as
	// "instance-production/api/scim/v2". It outlives reloads. Handlers with one
	// ID share all that is here.
	ID string `json:"id"`

	// BasePath is the path of the SCIM base.
	BasePath string `json:"base_path"`

	// Upstream is the API's address.
	Upstream string `json:"upstream"`

	// Since is when its configuration was loaded.
	Since time.Time `json:"since"`

	Mapping     plan.Mapping `json:"mapping"`
	Memory      Memory       `json:"memory"`
	Breaker     Breaker      `json:"breaker"`
	Budget      Budget       `json:"budget"`
	Tolerances  Tolerances   `json:"tolerances"`
	Guards      Guards       `json:"guards"`
	Storage     Storage      `json:"storage"`
	Passthrough bool         `json:"passthrough"`

	// Tokens are the handler's own; none with passthrough.
	Tokens []Token `json:"tokens,omitempty"`
}

// Memory says how much is remembered of which id belongs to whom.
type Memory struct {
	// Facts are how many are remembered, of Size at most.
	Facts int `json:"facts"`
	Size  int `json:"size"`

	// Hits and Misses are how often a fact was asked for and was there, or was
	// not, since the mapping or the process began.
	Hits   uint64 `json:"hits"`
	Misses uint64 `json:"misses"`

	// Scans is how often a list of the API was read from its beginning, since
	// then too.
	Scans uint64 `json:"scans"`

	// Lists are the lists that were read completely and still count.
	Lists []List `json:"lists,omitempty"`
}

// List is a complete reading of a list of the API.
type List struct {
	// Name is the resource type, or what part of it the list is.
	Name string `json:"name"`

	// Read is when the reading began.
	Read time.Time `json:"read"`
}

// Breaker says whether the API counts as down.
type Breaker struct {
	Down bool `json:"down"`

	// Next is when a call tries it again; nil if it is not down.
	Next *time.Time `json:"next,omitempty"`
}

// Budget says what is used of the limits on calls.
type Budget struct {
	// UnderWay are the calls that are being made, of Concurrent at most, and
	// Waiting those that wait for their turn.
	UnderWay   int `json:"under_way"`
	Concurrent int `json:"concurrent"`
	Waiting    int `json:"waiting"`

	// PerSecond is how many calls are made per second; 0 for no limit. Burst is
	// how many may be made at once, and Left how many of these now.
	PerSecond float64 `json:"per_second"`
	Burst     int     `json:"burst"`
	Left      int     `json:"left"`
}

// Tolerances are the leniencies towards identity providers.
type Tolerances struct {
	// On are the names of those that are on.
	On []string `json:"on"`

	// Used is how many requests needed which since the process began.
	Used map[string]uint64 `json:"used,omitempty"`
}

// Guards are the limits on what may be done.
type Guards struct {
	ReadOnly    bool `json:"read_only"`
	Maintenance bool `json:"maintenance"`

	// MaxDeactivations is nil without that limit.
	MaxDeactivations *Deactivations `json:"max_deactivations,omitempty"`

	// MaxGroupShrink is how many percent of its members may leave a group at a
	// time; nil without that limit.
	MaxGroupShrink *int `json:"max_group_shrink,omitempty"`
}

// Deactivations says what is used of the limit on deactivations.
type Deactivations struct {
	// Count is how many there may be within WithinSeconds, and Used how many
	// there were.
	Count         int     `json:"count"`
	WithinSeconds float64 `json:"within_seconds"`
	Used          int     `json:"used"`
}

// Storage is where what the API has no place for is kept.
type Storage struct {
	// Prefix begins the keys.
	Prefix string `json:"prefix"`

	// Module is the storage, as it describes itself.
	Module string `json:"module"`
}

// Token is a token that may be presented, without the token.
type Token struct {
	Name     string `json:"name"`
	ReadOnly bool   `json:"read_only"`

	// Expires is when it is accepted no more; nil for never.
	Expires *time.Time `json:"expires,omitempty"`
	Expired bool       `json:"expired"`
}

// Requests are the latest requests, the latest first.
type Requests struct {
	Requests []Request `json:"requests"`

	// Refused are those that had no right token, the latest first. They are counted
	// and not listed, so that nobody can drive the others out of the list.
	Refused []Refused `json:"refused,omitempty"`
}

// Refused are requests from one address that were refused for one reason before it
// was known who asks. The latest hundred of such are remembered.
type Refused struct {
	// Address is the client's.
	Address string `json:"address"`

	// Reason is as in the metric caddy_scim_denied_total: no_token, wrong_token,
	// expired_token, throttled, network or maintenance.
	Reason string `json:"reason"`

	// Count is how many there were, from First to Last.
	Count uint64    `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// Request is a SCIM request that was answered. It holds ids and the names of
// attributes; values only where the configuration says so, and secrets never.
type Request struct {
	// Handler is the ID of the handler that answered it.
	Handler string `json:"handler"`

	Time            time.Time `json:"time"`
	DurationSeconds float64   `json:"duration_seconds"`

	// RequestID is X-Request-Id of the answer.
	RequestID string `json:"request_id,omitempty"`

	// Token is the name of the token that was presented, or User with
	// passthrough the API's id of whose token it was.
	Token string `json:"token,omitempty"`
	User  string `json:"user,omitempty"`

	Method string `json:"method"`

	// Path is path and query, where values are recorded; empty otherwise.
	Path string `json:"path,omitempty"`

	// Resource, Operation and ID are as in [plan.Request].
	Resource  string `json:"resource,omitempty"`
	Operation string `json:"operation,omitempty"`
	ID        string `json:"id,omitempty"`

	Outcome plan.Outcome `json:"outcome"`

	// Changes are the attributes that were changed, with their values where
	// these are recorded.
	Changes   []plan.Change   `json:"changes,omitempty"`
	Adoptions []plan.Adoption `json:"adoptions,omitempty"`
	Dropped   []plan.Drop     `json:"dropped,omitempty"`

	// Calls are those that were made, without bodies, and without queries unless
	// values are recorded.
	Calls []plan.Call `json:"calls,omitempty"`

	Unknown    []string `json:"unknown,omitempty"`
	Tolerances []string `json:"tolerances,omitempty"`
	Warnings   []string `json:"warnings,omitempty"`
}

// ExplainRequest asks for the plan of a SCIM request.
type ExplainRequest struct {
	// Handler is the ID of the handler that would get it. It may be left out
	// where there is one.
	Handler string `json:"handler,omitempty"`

	Method string `json:"method"`

	// Path is the path below the SCIM base, or a whole one, with the query.
	Path string `json:"path"`

	// Body is the request's body as it stands; empty for none.
	Body string `json:"body,omitempty"`

	// IfMatch is the header of that name; empty for none.
	IfMatch string `json:"if_match,omitempty"`
}

// Purged says what was forgotten.
type Purged struct {
	Handlers []PurgedHandler `json:"handlers"`
}

// PurgedHandler is what one handler has forgotten.
type PurgedHandler struct {
	ID    string `json:"id"`
	Facts int    `json:"facts"`
}

// Released says what counts no more towards the limit on deactivations.
type Released struct {
	Handlers []ReleasedHandler `json:"handlers"`
}

// ReleasedHandler is what one handler counts no more.
type ReleasedHandler struct {
	ID            string `json:"id"`
	Deactivations int    `json:"deactivations"`
}
