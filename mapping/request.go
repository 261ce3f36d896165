package mapping

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Request is one SCIM request, already authenticated.
type Request struct {
	// Method is the HTTP method in capitals.
	Method string

	// Path is the unescaped path below the SCIM base: "/Users/41". Repeated
	// and trailing slashes are ignored.
	Path string

	// Query is the raw query without "?". Empty pairs are ignored.
	Query string

	// Body is the whole body; empty for none.
	Body []byte

	// IfMatch and IfNoneMatch are the values of those headers: "*", or entity
	// tags with commas between (RFC 9110 section 13.1); empty for none. They
	// count for requests about one resource.
	IfMatch, IfNoneMatch string

	// ID ties together what is said of the request in several places; empty for
	// none.
	ID string

	// failure is why nothing of the request can be done but to deactivate whom it
	// deactivates; nil for nothing.
	failure error

	// Base is the URL of the SCIM base without a trailing slash, as the
	// client reaches it: "https://scim.example.com/api/scim/v2".
	Base string
}

// IsSearch reports whether the request is a search, which is a POST that changes
// nothing (RFC 7644 section 3.4.3). Method and Path must be set.
func (r Request) IsSearch() bool {
	segments := r.segments()
	return r.Method == "POST" && len(segments) > 0 && isSearch(segments[len(segments)-1])
}

// segments returns what is between the slashes of the path.
func (r Request) segments() []string {
	return strings.FieldsFunc(r.Path, func(c rune) bool { return c == '/' })
}

// Response is the answer to a Request.
type Response struct {
	// Status is the HTTP status code.
	Status int

	// Body is a JSON document; nil for none, as with 204 and 304.
	Body []byte

	// Location is the URL of the resource in the body, or of the one that a 304
	// stands for; empty for none.
	Location string

	// Version is the entity tag of the resource in the body, or of the one that
	// a 304 stands for: W/"0123456789abcdef"; empty for none.
	Version string

	// Allow lists the methods that the path knows, for status 405 and OPTIONS.
	Allow []string

	// RetryAfter is in seconds; 0 for none.
	RetryAfter int

	// Err is why the request failed, its cause included; nil when it did not.
	// Body holds what the client may know of it.
	Err *scim.Error

	// Report is what the operator may want to know.
	Report Report
}

// Report says what a request did. It holds no personal data.
type Report struct {
	// Resource is the resource type's name in the mapping, such as "User";
	// empty for the discovery endpoints and unknown paths.
	Resource string

	// Operation is one of "create", "read", "list", "replace", "patch",
	// "delete", "discover", "bulk"; empty for unknown paths.
	Operation string

	// ID is the resource's id, when there is one.
	ID string

	// Deactivates says that the request was to deactivate the resource or to
	// delete it, whatever came of it.
	Deactivates bool

	// Remains says that the API still has the resource, or still has it active, as
	// far as is known, although the request was to deactivate or delete it: the API
	// refused that, did not do it or did not answer.
	Remains bool

	// Calls are the names and statuses of the upstream calls in their order;
	// the status is 0 where no answer came.
	Calls []CallReport

	// Dropped names the attributes of the request that had no effect: the
	// mapping has no place for them, or another one took precedence.
	Dropped []string

	// Undefined are those of Dropped that no schema has: the client's own words,
	// where all others are names of the mapping's schemas, with a remark in
	// parentheses behind some.
	Undefined []string

	// Unknown are the ids in the request that are nobody's and were left out,
	// as the mapping says, each with its attribute: "members 41". What can't be
	// an id is not repeated.
	Unknown []string

	// Tolerances names the leniencies that the request needed.
	Tolerances []string

	// Warnings are sentences for the operator, such as an account that could
	// not be undone.
	Warnings []string

	// Operations are what came of the operations of a bulk request, in its
	// order and without those that were not attempted; nil for any other
	// request. Calls, Dropped and Warnings are theirs, and not repeated in the
	// bulk request's own report.
	Operations []OperationReport
}

// OperationReport is what came of one operation of a bulk request.
type OperationReport struct {
	// Number is the operation's place in the request, from 1.
	Number int

	// Method is its HTTP method; empty if it is none that a mapping knows.
	Method string

	// Status is the HTTP status code.
	Status int

	// Err is why the operation failed, as in [Response]; nil when it did not.
	Err *scim.Error

	// Report is as for a request that consists of the operation alone.
	Report
}

// with returns the report of two requests that do the work of one.
func (r Report) with(more Report) Report {
	r.Calls = append(r.Calls, more.Calls...)
	r.Dropped = append(r.Dropped, more.Dropped...)
	r.Undefined = append(r.Undefined, more.Undefined...)
	r.Unknown = append(r.Unknown, more.Unknown...)
	r.Warnings = append(r.Warnings, more.Warnings...)
	r.Tolerances = union(r.Tolerances, more.Tolerances)
	r.Deactivates = r.Deactivates || more.Deactivates
	r.Remains = r.Remains || more.Remains
	return r
}

func union(names, more []string) []string {
	for _, name := range more {
		if !contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// add adds what went on beside the request.
func (r *Report) add(other *Report) {
	r.Calls = append(r.Calls, other.Calls...)
	r.Dropped = append(r.Dropped, other.Dropped...)
	r.Undefined = append(r.Undefined, other.Undefined...)
	r.Unknown = append(r.Unknown, other.Unknown...)
	r.Warnings = append(r.Warnings, other.Warnings...)
}

// CallReport is one upstream call that a request made.
type CallReport struct {
	Name   string
	Status int
}
