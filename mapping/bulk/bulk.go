// Package bulk reads bulk requests (RFC 7644 section 3.7) and resolves the
// references in them to what they make themselves.
package bulk

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Request is a bulk request.
type Request struct {
	// FailOnErrors is the number of errors after which nothing more is to be
	// attempted; 0 for no such number.
	FailOnErrors int
	// Operations are what to do; there is at least one.
	Operations []Operation

	makers map[string]int
}

// Operation is one operation of a bulk request.
type Operation struct {
	// Method is "POST", "PUT", "PATCH" or "DELETE"; whatever was sent if Err
	// is set, and empty if that is no string.
	Method string
	// BulkID is the name by which other operations refer to what this one
	// makes; empty for none, which a POST can't have.
	BulkID string
	// Path is below the SCIM base, unescaped and without a query. If the path
	// ends in a reference, as "/Users/bulkId:x" does, it is what stands before.
	Path string
	// PathRef is the BulkID that the path refers to; empty for none.
	PathRef string
	// Version is what the operation demands of the resource's version, as it
	// was sent; empty for nothing, as always for a POST.
	Version string
	// Data is the body of the request that the operation stands for; nil for a
	// DELETE.
	Data resource.Object
	// Err says why the operation can't be done whatever comes of the others;
	// nil when nothing in itself is wrong with it.
	Err *scim.Error
}

// around is how many levels of JSON there are around the data of an operation.
const around = 3

// Parse reads the body of a bulk request with no more than so many operations.
// What is wrong with one operation is in its Err. The error is about the whole
// request, of which nothing may be done then: a [scim.Error] with
// invalidSyntax or invalidValue, or status 413 if there are too many
// operations.
func Parse(body []byte, maxOperations int) (*Request, error) {
	v, err := resource.Decode(body, resource.Limits{Depth: resource.DefaultDepth + around})
	if err != nil {
		return nil, err
	}
	obj, ok := v.(resource.Object)
	if !ok {
		return nil, syntaxError("the body is not a JSON object")
	}
	if err := checkSchemas(obj); err != nil {
		return nil, err
	}
	var r Request
	if r.FailOnErrors, err = failOnErrors(obj); err != nil {
		return nil, err
	}
	v, _, err = obj.Member("Operations")
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	switch {
	case !ok || len(list) == 0:
		return nil, syntaxError("Operations must be a list of one or more operations")
	case len(list) > maxOperations:
		return nil, scim.Errorf(413, "", "The number of operations exceeds the maxOperations (%d).", maxOperations)
	}
	r.Operations = make([]Operation, len(list))
	for i, v := range list {
		op, ok := v.(resource.Object)
		if !ok {
			return nil, syntaxError("an operation is not a JSON object")
		}
		r.Operations[i] = parseOperation(op)
	}
	r.distinguish()
	return &r, nil
}

func checkSchemas(obj resource.Object) error {
	v, _, err := obj.Member("schemas")
	if err != nil {
		return err
	}
	list, _ := v.([]any)
	for _, urn := range list {
		if s, ok := urn.(string); ok && strings.EqualFold(s, scim.MessageBulkRequest) {
			return nil
		}
	}
	return syntaxError("the schemas of a bulk request must be [%q]", scim.MessageBulkRequest)
}

// failOnErrors returns the number of errors to stop at. 0 is refused: it could
// be meant as never or as at once.
func failOnErrors(obj resource.Object) (int, error) {
	v, _, err := obj.Member("failOnErrors")
	if err != nil || v == nil {
		return 0, err
	}
	text, _ := v.(json.Number)
	n, err := strconv.Atoi(text.String())
	if err != nil || n < 1 {
		return 0, scim.BadRequest(scim.InvalidValue, "failOnErrors must be a whole number from 1")
	}
	return n, nil
}

func parseOperation(obj resource.Object) Operation {
	var op Operation
	fail := func(err error) {
		if err != nil && op.Err == nil {
			op.Err = scim.AsError(err)
		}
	}
	fail(text(obj, "method", &op.Method))
	fail(text(obj, "bulkId", &op.BulkID))
	switch op.Method {
	case "POST":
		if op.BulkID == "" {
			fail(scim.BadRequest(scim.InvalidValue, "an operation with the method POST needs a bulkId"))
		}
	case "PUT", "PATCH", "DELETE":
	default:
		fail(scim.BadRequest(scim.InvalidValue, "the method of an operation must be POST, PUT, PATCH or DELETE"))
	}
	fail(op.parsePath(obj))
	if op.Method != "POST" {
		fail(text(obj, "version", &op.Version))
	}
	fail(op.parseData(obj))
	return op
}

// text reads a member that is a string, if it is there.
func text(obj resource.Object, name string, to *string) error {
	v, _, err := obj.Member(name)
	if err != nil || v == nil {
		return err
	}
	s, ok := v.(string)
	if !ok {
		return syntaxError("the %s of an operation must be a string", name)
	}
	*to = s
	return nil
}

func (op *Operation) parsePath(obj resource.Object) error {
	var sent string
	if err := text(obj, "path", &sent); err != nil {
		return err
	}
	sent, _, _ = strings.Cut(sent, "?")
	path, err := url.PathUnescape(sent)
	switch {
	case err != nil:
		return scim.BadRequest(scim.InvalidValue, "the path of an operation is not well-formed")
	case path == "":
		return scim.BadRequest(scim.InvalidValue, "an operation needs a path")
	}
	op.Path = path
	if before, name, ok := strings.Cut(path, "/"+prefix); ok && op.Method != "POST" {
		op.Path, op.PathRef = before, strings.TrimRight(name, "/")
		if op.PathRef == "" {
			return scim.BadRequest(scim.InvalidValue, "the path of an operation refers to an empty bulkId")
		}
	}
	return nil
}

func (op *Operation) parseData(obj resource.Object) error {
	v, _, err := obj.Member("data")
	if err != nil || op.Method == "DELETE" {
		return err
	}
	var ok bool
	if op.Data, ok = v.(resource.Object); !ok {
		return syntaxError("the data of an operation must be a JSON object, the body of the request that it stands for")
	}
	return nil
}

// distinguish marks the operations whose bulkId is not theirs alone: nobody
// could tell which of the results is whose.
func (r *Request) distinguish() {
	count := make(map[string]int, len(r.Operations))
	r.makers = make(map[string]int, len(r.Operations))
	for i := range r.Operations {
		op := &r.Operations[i]
		count[op.BulkID]++
		if op.Method == "POST" {
			r.makers[op.BulkID] = i
		}
	}
	for i := range r.Operations {
		op := &r.Operations[i]
		if op.BulkID != "" && count[op.BulkID] > 1 && op.Err == nil {
			op.Err = scim.BadRequest(scim.InvalidValue, "another operation has the same bulkId")
		}
	}
}

// Maker returns the index of the operation that makes what a bulkId stands
// for, and whether there is one. One of several with the same bulkId has an Err.
func (r *Request) Maker(bulkID string) (int, bool) {
	i, ok := r.makers[bulkID]
	return i, ok && bulkID != ""
}

func syntaxError(format string, args ...any) *scim.Error {
	return scim.BadRequest(scim.InvalidSyntax, format, args...)
}
