package plan

import "encoding/json"

// Decision is one of the types of this package that tell what a request decides
// and does: [Change], [Adoption], [Drop], [Term], [Fact], [Mention], [Call] or
// [Keep].
type Decision interface{ isDecision() }

// How says how a value comes about.
type How string

// The ways in which values come about.
const (
	// Given: the request gives it.
	Given How = "given"

	// Default: the mapping gives it, because the request does not.
	Default How = "default"

	// Set: the mapping gives it with every such call.
	Set How = "set"

	// Cleared: the request takes a value away.
	Cleared How = "cleared"

	// Called: a call of its own makes it so.
	Called How = "called"

	// Kept: the sidecar keeps it, since the API has no place for it.
	Kept How = "kept"

	// Through: changes of other resources make it so.
	Through How = "through"

	// Unchanged: the API holds it already, so that nothing is written.
	Unchanged How = "unchanged"
)

// Result says what came of something that a request did.
type Result string

// The results.
const (
	// Done: it is so.
	Done Result = "done"

	// Undone: it was done, and taken back.
	Undone Result = "undone"

	// Ignored: the API accepted it, and holds another value all the same.
	Ignored Result = "ignored"

	// Unknown: no answer says whether it was done.
	Unknown Result = "unknown"

	// Failed: it was not done.
	Failed Result = "failed"
)

// Change is what becomes of one attribute.
type Change struct {
	// Resource is the resource type, and ID the resource's id; empty for one
	// that is to be made.
	Resource string `json:"resource"`
	ID       string `json:"id,omitempty"`

	// Attribute is the SCIM attribute by its canonical name, or several with
	// blanks between that one field is made from; the field, where there is none.
	Attribute string `json:"attribute"`

	// Field is the field of the API's object; empty where there is none.
	Field string `json:"field,omitempty"`

	// Before and After are its values as the API has them, or for what is kept
	// here as SCIM has them; empty for none. A value that nobody may see is
	// [Redacted].
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`

	// OpenBefore and OpenAfter say that Before and After are of a closed set, which
	// the mapping names, or true or false, so that they say nothing of a person.
	OpenBefore bool `json:"-"`
	OpenAfter  bool `json:"-"`

	// Added and Removed are what becomes of a list of references.
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`

	How How `json:"how"`

	// By is how the value is made: a template and transforms, such as
	// "{name.givenName} {name.familyName} | squeeze", or the name of a call;
	// empty where it is taken as it is.
	By string `json:"by,omitempty"`

	// Result is what came of it; empty in a plan, and until that is known.
	Result Result `json:"result,omitempty"`

	At string `json:"at"`
}

// Adoption is an account that a create takes instead of making a new one.
type Adoption struct {
	Resource string `json:"resource"`
	ID       string `json:"id"`

	// By is the attribute that it was found by.
	By string `json:"by"`

	// Back says that it was deactivated, and comes back.
	Back bool `json:"back,omitempty"`

	At string `json:"at"`
}

// Loss says why something in a request has no effect.
type Loss string

// The reasons.
const (
	// Unmapped: the mapping has no place for the attribute.
	Unmapped Loss = "unmapped"

	// Undefined: no schema has the attribute.
	Undefined Loss = "undefined"

	// ReadOnly: clients can't write the attribute.
	ReadOnly Loss = "read-only"

	// Outweighed: another attribute that writes the same field takes
	// precedence, or the API can't be without a value.
	Outweighed Loss = "outweighed"

	// OneValue: the API has room for one of several values.
	OneValue Loss = "one-value"

	// Respelt: the API holds another value than the one that was sent.
	Respelt Loss = "respelt"

	// NotTaken: the API accepted the value, and does not hold it.
	NotTaken Loss = "not-taken"
)

// Drop is an attribute of the request that has no effect, or not the whole.
type Drop struct {
	Resource string `json:"resource"`

	// ID is the resource's id where Why is what the API's answer shows; empty
	// otherwise.
	ID string `json:"id,omitempty"`

	Attribute string `json:"attribute"`
	Why       Loss   `json:"why"`
	At        string `json:"at"`
}

func (Change) isDecision()   {}
func (Adoption) isDecision() {}
func (Drop) isDecision()     {}
func (Term) isDecision()     {}
func (Fact) isDecision()     {}
func (Mention) isDecision()  {}
func (Call) isDecision()     {}
func (Keep) isDecision()     {}
