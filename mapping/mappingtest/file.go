// Package mappingtest runs tests of a mapping that are written as data: what
// the API has, SCIM requests, the calls to the API that each of them has to
// make, and the answer that the client has to get.
//
// [Load] reads a file of tests, [File.Run] runs them in a [mapping.Memory], and
// [File.Fill] writes what happens into tests that do not say what should.
package mappingtest

import (
	"encoding/json"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// File is a file of tests. It is immutable.
type File struct {
	// Name is what the file is called in messages.
	Name string

	// Program is the mapping that is tested.
	Program *mapping.Program

	// Tests are its tests, in their order.
	Tests []*Test

	src []byte
}

// Test is a sequence of requests in a world of its own.
type Test struct {
	// Name says what is tested, in a sentence.
	Name string

	// Pos is where the test is in its file.
	Pos source.Pos

	tolerances tolerance.Set
	api        []object
	kept       []kept
	steps      []*step
}

// object is something that the API has at the start of a test.
type object struct {
	resource string
	raw      json.RawMessage
}

// kept is what the sidecar keeps of a resource at the start of a test.
type kept struct {
	resource, id string
	record       mapping.Record
}

// step is one request and what should come of it.
type step struct {
	pos source.Pos

	// title is the request's line, as it was written.
	title   string
	request mapping.Request

	// calls are those that have to be made; none is a demand too. hasCalls says
	// that the file speaks of them.
	calls    []*call
	hasCalls bool

	// dropped are the attributes that the request is to give in vain; nil when
	// the file does not speak of them.
	dropped []string

	// answer is what the client has to get; nil when the file does not say.
	answer *answer
}

// call is a call to the API that has to be made.
type call struct {
	// line is the call as it was written: "GET /api/users?page=1".
	line, method, path, query string
	hasQuery                  bool

	// body is what has to be sent; nil for nothing.
	body json.RawMessage

	// answer is what the API answers; nil for what its memory does.
	answer *mapping.Answer

	// fault is one of the words of faults in place of an answer; empty for none.
	fault string
}

// answer is an answer to the client.
type answer struct {
	status  int
	headers map[string]string

	// body is a pattern, see fit; nil for anything.
	body any
}

// faults are the ways in which a call gets no answer.
var faults = []string{faultUnsent, faultLost, faultTimeout}

const (
	// faultUnsent: the API has not seen the call.
	faultUnsent = "unsent"

	// faultLost: the API has done it, and the connection broke before its
	// answer came.
	faultLost = "lost"

	// faultTimeout: the API has done it, and its answer did not come in time.
	faultTimeout = "timeout"
)

// headers are those of answers that a test can look at.
var headers = []string{"Location", "ETag", "Retry-After", "Allow"}

// Named returns the file's tests that have the names of others.
func (f *File) Named(others []*Test) []*Test {
	var found []*Test
	for _, t := range f.Tests {
		if slices.ContainsFunc(others, func(other *Test) bool { return other.Name == t.Name }) {
			found = append(found, t)
		}
	}
	return found
}
