// Package audit has the records of what was changed over SCIM: what is in one,
// and how it comes out of what a request decides and does.
package audit

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"

	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// Record is what one request, or one operation of a bulk request, did to one
// resource. In the log its fields stand beside the logger's own.
type Record struct {
	// RequestID is X-Request-Id of the answer, and of the calls to the API.
	RequestID string `json:"request_id,omitempty"`

	// Handler is the SCIM handler's id, as "caddy scim status" has it, and
	// Mapping the version of its mapping.
	Handler string `json:"handler"`
	Mapping string `json:"mapping"`

	// Token is the name of the token that was presented, or User with passthrough
	// the API's id of whose token it was. ClientIP is where the request came from.
	Token    string `json:"token,omitempty"`
	User     string `json:"user,omitempty"`
	ClientIP string `json:"client_ip,omitempty"`

	// Method is the HTTP method, and Operation what the request is: "create",
	// "replace", "patch", "delete", or "read" or "list" where reading has found
	// out that something kept here is out of date.
	Method    string `json:"method"`
	Operation string `json:"operation"`

	// Number is the place in the bulk request, from 1; 0 for any other request.
	Number int `json:"number,omitempty"`

	// Resource is the resource type, and ID the SCIM id, of what was changed:
	// that which the request names, or another one that changed along with it.
	Resource string `json:"resource"`
	ID       string `json:"id,omitempty"`

	// Result is what came of it for this resource: "done"; "partly" and "undone"
	// where it was left or taken back half-way; "ignored" where the API accepted
	// and did not do it; "unknown" where no answer says; or "refused" by a guard,
	// a limit or the API, and not done.
	Result plan.Result `json:"result"`

	// Status is the HTTP status of the answer, or of the operation, and Error
	// what was wrong; empty for nothing.
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"`

	// Adopted says that a create took an account that was there.
	Adopted *Adopted `json:"adopted,omitempty"`

	// Changes are what became of attributes, in their order.
	Changes []Change `json:"changes,omitempty"`

	// Kept is what is stored here from now on, beside values: "that SCIM deleted
	// it". See [plan.Keep].
	Kept []string `json:"kept,omitempty"`

	// Calls are those to the API that were about the resource. That which the
	// request names has also those about none in particular.
	Calls []Call `json:"calls,omitempty"`

	// Remains says that the resource was to be deactivated or deleted, and that the
	// API has it still as far as is known.
	Remains bool `json:"remains,omitempty"`

	// Warnings are sentences about what was left in a bad way.
	Warnings []string `json:"warnings,omitempty"`
}

// Adopted says how an account was found that a create took.
type Adopted struct {
	// By is the attribute.
	By string `json:"by"`

	// Back says that it was deactivated, and comes back.
	Back bool `json:"back"`
}

// Change is what became of one attribute: a [plan.Change], without what the
// record says already.
type Change struct {
	Attribute string          `json:"attribute"`
	Field     string          `json:"field,omitempty"`
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
	Added     []string        `json:"added,omitempty"`
	Removed   []string        `json:"removed,omitempty"`
	How       plan.How        `json:"how"`
	By        string          `json:"by,omitempty"`
	Result    plan.Result     `json:"result"`
	At        string          `json:"at,omitempty"`
}

// Call is a call to the API: a [plan.Call], without what the record says already.
type Call struct {
	Name    string       `json:"name"`
	Method  string       `json:"method"`
	Path    string       `json:"path"`
	Query   string       `json:"query,omitempty"`
	Purpose plan.Purpose `json:"purpose"`
	Status  int          `json:"status"`
	Result  plan.Result  `json:"result,omitempty"`

	// RequestID is that of the request which made the call, where changes of
	// several were written together and it was another one.
	RequestID string `json:"request_id,omitempty"`
}

// The results that only a record has.
const (
	Partly  plan.Result = "partly"
	Refused plan.Result = "refused"
)

// MaxReads bounds how many calls that read a record has: a list may have any
// number of pages. All that write are there.
const MaxReads = 100

// key is a resource.
type key struct{ resource, id string }

// Records returns what a ledger that is closed comes to: a record for each
// resource that may have been changed, none if nothing was. About is what they
// have in common, with the resource that the request names. Values says whether
// values are shown that may say something of a person.
func Records(l *Ledger, about Record, values bool) []Record {
	changed := l.changed()
	// What is about none of them in particular goes to that of the request.
	main := max(0, slices.Index(changed, key{about.Resource, about.ID}))
	var records []Record
	for i, k := range changed {
		r := about
		r.Resource, r.ID = k.resource, k.id
		if i != main {
			r.Warnings, r.Remains = nil, false
		}
		l.fill(&r, k, func(c plan.Call) bool {
			of := key{c.Resource, c.ID}
			return of == k || i == main && !slices.Contains(changed, of)
		}, values)
		if r.Remains && r.Result == plan.Done {
			r.Result = plan.Ignored
		}
		records = append(records, r)
	}
	return records
}

// Refusal returns the record of a request that a guard, a limit or the API refused.
func Refusal(l *Ledger, about Record, values bool) Record {
	l.fill(&about, key{about.Resource, about.ID}, func(plan.Call) bool { return true }, values)
	about.Result = Refused
	return about
}

// changed returns the resources that may have been changed, in the order in which
// they were.
func (l *Ledger) changed() []key {
	var keys []key
	add := func(k key, r plan.Result) {
		if r != plan.Failed && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, c := range l.Calls {
		if c.Writes {
			add(key{c.Resource, c.ID}, c.Result)
		}
	}
	for _, c := range l.Changes {
		add(key{c.Resource, c.ID}, c.Result)
	}
	for _, k := range l.Keeps {
		add(key{k.Resource, k.ID}, k.Result)
	}
	return keys
}

// fill puts into a record what a ledger has of a resource, and those calls that
// belong to it.
func (l *Ledger) fill(r *Record, k key, belongs func(plan.Call) bool, values bool) {
	var results []plan.Result
	for _, c := range l.Changes {
		if k == (key{c.Resource, c.ID}) {
			c = Discreet(c, values)
			r.Changes = append(r.Changes, Change{
				c.Attribute, c.Field, c.Before, c.After, c.Added, c.Removed, c.How, c.By, c.Result, c.At,
			})
			results = append(results, c.Result)
		}
	}
	for _, kept := range l.Keeps {
		if k == (key{kept.Resource, kept.ID}) {
			r.Kept = append(r.Kept, kept.What)
			results = append(results, kept.Result)
		}
	}
	for _, a := range l.Adoptions {
		if k == (key{a.Resource, a.ID}) {
			r.Adopted = &Adopted{By: a.By, Back: a.Back}
		}
	}
	reads := 0
	for _, c := range l.Calls {
		if !c.Writes {
			reads++
		}
		if !belongs(c) || !c.Writes && reads > MaxReads {
			continue
		}
		call := Call{
			Name: c.Name, Method: c.Method, Path: c.Path, Purpose: c.Purpose, Status: c.Status, Result: c.Result,
		}
		if c.RequestID != r.RequestID {
			call.RequestID = c.RequestID
		}
		if values {
			call.Query = c.Query
		}
		r.Calls = append(r.Calls, call)
		if c.Writes && len(r.Changes)+len(r.Kept) == 0 {
			results = append(results, c.Result)
		}
	}
	r.Result = sum(results)
}

// sum is what came of all of several things.
func sum(results []plan.Result) plan.Result {
	has := func(r plan.Result) bool { return slices.Contains(results, r) }
	switch {
	case has(plan.Unknown):
		return plan.Unknown
	case has(plan.Done) && (has(plan.Failed) || has(plan.Ignored) || has(plan.Undone)):
		return Partly
	}
	for _, r := range []plan.Result{plan.Done, plan.Ignored, plan.Undone} {
		if has(r) {
			return r
		}
	}
	return plan.Failed
}

// MarshalLogObject implements [zapcore.ObjectMarshaler]. The fields have the names
// and the form that they have as JSON.
func (r *Record) MarshalLogObject(e zapcore.ObjectEncoder) error {
	v := reflect.ValueOf(*r)
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if option == "omitempty" && v.Field(i).IsZero() {
			continue
		}
		if err := e.AddReflected(name, v.Field(i).Interface()); err != nil {
			return err
		}
	}
	return nil
}
