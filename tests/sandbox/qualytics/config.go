package qualytics

import "time"

// Limits of the API and of the ingress in front of it (API page, Conventions).
const (
	// MaxSize is the largest page size of a list; more is answered 422.
	MaxSize = 100
	// DefaultSize is the page size of a list that names none. The real default
	// is unknown, so clients are expected to send one always.
	DefaultSize = 50
	// MaxBody is the largest request body in bytes; more is answered 413.
	MaxBody = 2_621_440
	// MaxURI is the longest request URI in characters; more is answered 414.
	MaxURI = 4096
)

// OwnUserName is the user_name of the Admin service user to whom
// [Config.Token] belongs. The sandbox creates it itself, as its first user.
const OwnUserName = "scim_sidecar"

// DefaultPermission is what a team gets that is created without a permission.
// The real default is unknown; clients are expected to send one.
const DefaultPermission = "Viewer"

// Config says how a [Sandbox] behaves. The zero value is usable: the left side
// of every dialect row, the system's clock, and no token at all, so that every
// call but the public ones is answered 401.
type Config struct {
	// Token is the service token of the sandbox's own Admin service user.
	// Empty: there is none.
	Token string

	// Tokens holds further tokens, each with the id of the user it belongs to.
	// The user is looked up when a call is made, so it may be added later.
	// See [Sandbox.AddToken] for tokens of another kind.
	Tokens map[string]int

	// Dialect picks a side on every point on which the sources of the contract
	// disagree. The zero value is [DialectA].
	Dialect Dialect

	// CreateMakesService makes POST /api/users create a service user instead of
	// a person, as a real instance may do (API page, Users). Of the body it then
	// takes name, role and teams alone, and derives the rest from the name.
	CreateMakesService bool

	// CheckAnswers also validates the sandbox's own answers against the OpenAPI
	// document, injected faults excepted. A mismatch is a violation.
	CheckAnswers bool

	// ForgetCalls keeps no calls, so that [Sandbox.Calls] stays empty. It is
	// meant for a process that runs for long.
	ForgetCalls bool

	// OnCall is called after each call, possibly by several goroutines at once.
	// Nil: nothing is called.
	OnCall func(Call)

	// Now is the clock of created_at and deleted_at. It must be safe for
	// concurrent use and must not call the sandbox. Nil: [time.Now]. Answers
	// carry UTC in whole seconds, RFC 3339 with "Z".
	Now func() time.Time
}

// Dialect picks a side on every row of the contract's table "Where the sources
// disagree". Each field is independent; the zero value of a field is the left
// side of its row.
type Dialect struct {
	// TotalCount names a list's count total_count instead of total.
	TotalCount bool

	// TeamObjects shows a user's teams as objects {"id","created","name"}
	// instead of names. Bodies take names in both dialects.
	TeamObjects bool

	// Created names a user's time of creation created instead of created_at.
	// Teams say created in both dialects.
	Created bool

	// TeamPutClears makes PUT /api/teams/{id} a full replacement: an absent list
	// is cleared, an absent description becomes null and an absent permission
	// [DefaultPermission]. Otherwise whatever is absent stays as it is.
	TeamPutClears bool

	// DeactivatedNotFound treats a deactivated user as absent in every call by
	// id except restore. Otherwise GET shows it with deleted_at set, and PUT
	// works on it. DELETE of a deactivated user is 404 in both dialects.
	DeactivatedNotFound bool
}

// DialectA is the left side of every row of "Where the sources disagree".
func DialectA() Dialect { return Dialect{} }

// DialectB is the right side of every row of "Where the sources disagree".
func DialectB() Dialect {
	return Dialect{
		TotalCount:          true,
		TeamObjects:         true,
		Created:             true,
		TeamPutClears:       true,
		DeactivatedNotFound: true,
	}
}
