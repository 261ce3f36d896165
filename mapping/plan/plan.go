// Package plan says what a SCIM request would do to the API behind the mapping:
// the calls in their order, what becomes of each attribute, and why. It holds
// what was found out and shows it; package mapping finds it out.
package plan

import (
	"encoding/json"
	"path/filepath"
	"strconv"
)

// Plan is what a request would do. Its JSON form is for programs, [Plan.Text]
// for people. Where it names a place, as in At, that is the mapping's file and
// line: "mappings.yaml:49"; empty where the mapping says nothing about it.
type Plan struct {
	// Mapping is the mapping that the plan is made by.
	Mapping Mapping `json:"mapping"`

	// Live says that the API was asked whatever can be asked without changing
	// anything. Otherwise its answers are assumed, see Assumptions.
	Live bool `json:"live"`

	// Request is the request that the plan is for.
	Request Request `json:"request"`

	// Outcome is what the client would be answered.
	Outcome Outcome `json:"outcome"`

	// Changes are what becomes of the attributes, in the order in which the
	// request would do it.
	Changes []Change `json:"changes,omitempty"`

	// Adoptions are the accounts that creates would take instead of making new
	// ones.
	Adoptions []Adoption `json:"adoptions,omitempty"`

	// Dropped are the attributes of the request that would have no effect.
	Dropped []Drop `json:"dropped,omitempty"`

	// Filter is what becomes of each comparison of a filter.
	Filter []Term `json:"filter,omitempty"`

	// Facts are what was looked for in what the sidecar remembers.
	Facts []Fact `json:"facts,omitempty"`

	// Calls are the calls to the API, in their order. Pages that are read at the
	// same time are in the order of their queries; the members of a group that
	// exists in the mapping alone are read, and then changed, a few at a time and
	// so in no certain order.
	Calls []Call `json:"calls,omitempty"`

	// Kept is what would be stored here, beside the values of attributes, which
	// are among Changes.
	Kept []Keep `json:"kept,omitempty"`

	// Cost is what the request would cost.
	Cost Cost `json:"cost"`

	// Assumptions are what the plan rests on and nobody has asked the API.
	Assumptions []Assumption `json:"assumptions,omitempty"`

	// Unknown are ids that are nobody's and would be left out, as
	// "members 41".
	Unknown []string `json:"unknown,omitempty"`

	// Tolerances names the leniencies that the request needs.
	Tolerances []string `json:"tolerances,omitempty"`

	// Warnings are sentences for the operator.
	Warnings []string `json:"warnings,omitempty"`
}

// Mapping is a mapping file.
type Mapping struct {
	// File is what the file is called.
	File string `json:"file"`

	// Version is a short digest of its content.
	Version string `json:"version"`
}

// Request is a SCIM request, without its body.
type Request struct {
	Method string `json:"method"`

	// Path is the path below the SCIM base, with the query.
	Path string `json:"path"`

	// Resource is the resource type in the mapping: "User"; empty for none.
	Resource string `json:"resource,omitempty"`

	// Operation is "create", "read", "list", "replace", "patch", "delete",
	// "discover" or "bulk"; empty for an unknown path.
	Operation string `json:"operation,omitempty"`

	// ID is the id of the resource; empty for none.
	ID string `json:"id,omitempty"`
}

// Outcome is what a client would be answered.
type Outcome struct {
	// Status is the HTTP status code.
	Status int `json:"status"`

	// Error is why the request would be refused; nil when it would not.
	Error *Error `json:"error,omitempty"`

	// Operations are the outcomes of the operations of a bulk request, in their
	// order; nil for any other request.
	Operations []Outcome `json:"operations,omitempty"`
}

// Refused reports whether the request would be refused, as a whole or one of
// its operations.
func (o Outcome) Refused() bool {
	for _, operation := range o.Operations {
		if operation.Refused() {
			return true
		}
	}
	return o.Error != nil
}

// Error is a SCIM error (RFC 7644 section 3.12).
type Error struct {
	// Type is the detail error keyword; empty for none.
	Type string `json:"scimType,omitempty"`

	Detail string `json:"detail"`

	// Cause is what only the operator may know; empty for nothing.
	Cause string `json:"cause,omitempty"`
}

// Handling says who looks at a part of a filter.
type Handling string

// The ways to handle a part of a filter.
const (
	// LookedUp: it finds the resources that may match, which are then checked.
	LookedUp Handling = "looked-up"

	// Narrowed: the API leaves out others by it, and it is checked here.
	Narrowed Handling = "narrowed"

	// Checked: it is checked here, against every resource that was read.
	Checked Handling = "checked"
)

// Term is what becomes of one comparison of a filter.
type Term struct {
	Resource string `json:"resource"`

	// Text is the comparison: `displayName co "ana"`.
	Text string `json:"text"`

	Handling Handling `json:"handling"`

	// Query is the query parameter that the API gets; empty for none.
	Query string `json:"query,omitempty"`

	At string `json:"at"`
}

// Fact is something that was looked for in what the sidecar remembers.
type Fact struct {
	Resource string `json:"resource"`

	// Attribute is by what a resource was looked for.
	Attribute string `json:"attribute"`

	// Known are the ids that are remembered.
	Known []string `json:"known,omitempty"`

	// All says that these are all there are, since the whole list was read a
	// short while ago. With nothing known, that is an answer too: nobody.
	All bool `json:"all"`

	At string `json:"at"`
}

// Hit reports whether something was remembered.
func (f Fact) Hit() bool { return len(f.Known) > 0 || f.All }

// Mention says of whom a request speaks in the list of references of a
// resource. It is part of no plan.
type Mention struct {
	Resource, ID   string
	Added, Removed []string

	// Others says that what becomes of the list hangs on who else is in it.
	Others bool
}

// Call is one call to the API.
type Call struct {
	// Number is its place, from 1.
	Number int `json:"number"`

	// Name is its name in the mapping: "User.update".
	Name string `json:"name"`

	// Resource and ID are the resource that it is about; ID is empty where it is
	// about several, or one that is to be made.
	Resource string `json:"resource,omitempty"`
	ID       string `json:"id,omitempty"`

	Method string `json:"method"`

	// Path is the escaped path, and Query the encoded query; empty for none.
	Path  string `json:"path"`
	Query string `json:"query,omitempty"`

	// Body is the JSON body, with [Redacted] in place of secrets; empty for
	// none.
	Body json.RawMessage `json:"body,omitempty"`

	Purpose Purpose `json:"purpose"`

	// About is the attribute, or the group, that the purpose is about; empty for
	// none.
	About string `json:"about,omitempty"`

	// Writes says that the call changes something, so that it is not made for a
	// plan.
	Writes bool `json:"writes"`

	// Status is what the API answered; 0 where it was not asked, or did not.
	Status int `json:"status,omitempty"`

	// Result is what came of a call that writes and was made; empty for others.
	Result Result `json:"result,omitempty"`

	// RequestID is that of the request which made it, as the API gets it; empty
	// in a plan.
	RequestID string `json:"request_id,omitempty"`

	// Otherwise says what happens if the API answers another thing than is
	// assumed; empty where it was asked, or where that fails the request.
	Otherwise string `json:"otherwise,omitempty"`

	At string `json:"at"`
}

// Keep is what is stored here of one resource.
type Keep struct {
	Resource string `json:"resource"`
	ID       string `json:"id"`

	// What is a sentence's end: "that SCIM deleted it".
	What string `json:"what"`

	// Result is what came of it; empty in a plan.
	Result Result `json:"result,omitempty"`
}

// Cost is what a request costs.
type Cost struct {
	// Calls are all calls, Reads and Writes those of either kind, and Pages
	// those of Reads that read a page of a list.
	Calls  int `json:"calls"`
	Reads  int `json:"reads"`
	Writes int `json:"writes"`
	Pages  int `json:"pages"`

	// AtLeast says that lists were assumed to have one page each.
	AtLeast bool `json:"at_least,omitempty"`
}

// Assumption is something that the plan rests on.
type Assumption struct {
	// Text is a sentence.
	Text string `json:"text"`
	At   string `json:"at,omitempty"`
}

// Place is a line of a file, which is named without its directory, as At has it;
// empty for line 0, which is none.
func Place(file string, line int) string {
	if line == 0 {
		return ""
	}
	return filepath.Base(file) + ":" + strconv.Itoa(line)
}

// Redacted stands in the place of a secret.
const Redacted = "REDACTED"
