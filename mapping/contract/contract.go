// Package contract compares what a mapping sends and reads with what an OpenAPI
// document says that the API takes and answers.
package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// The rules that a mapping can fail to keep. They are the names by which a
// finding is known, so that they stay the same.
const (
	// RuleCall: the API has the call.
	RuleCall = "call"

	// RuleParameter: the API has the query parameter.
	RuleParameter = "query-parameter"

	// RuleBody: the API takes the body, if there is one, and as JSON.
	RuleBody = "body"

	// RuleField: the body has the field, and requests may set it.
	RuleField = "body-field"

	// RuleRequired: what the API requires is sent.
	RuleRequired = "required"

	// RuleType: values are of a type that fits.
	RuleType = "type"

	// RuleValue: the API can have the values that stand in the mapping.
	RuleValue = "value"

	// RuleTable: a table has all values that the API can have.
	RuleTable = "value-table"

	// RuleAnswer: the answer has what is read in it.
	RuleAnswer = "answer"

	// RuleUnchecked: the document says enough to check the rest.
	RuleUnchecked = "unchecked"

	// RuleDeprecated: the API is going to have the call.
	RuleDeprecated = "deprecated"

	// RuleDocument: the document can be read where it speaks of a call.
	RuleDocument = "document"
)

// Check returns what does not fit, in no certain order: each at its place in the
// mapping file, with a pointer into the document. The error says that nothing
// could be checked, because of what the document is like.
func Check(program *mapping.Program, document *openapi.Document) ([]source.Diagnostic, error) {
	operations, err := document.Operations()
	if err != nil {
		return nil, err
	}
	if len(operations) == 0 {
		return nil, fmt.Errorf("it has no calls")
	}
	c := &checker{operations: operations, findings: make(map[source.Diagnostic]*finding), objects: make(map[string]*openapi.Schema)}
	shapes := program.Calls()
	if c.elsewhere(shapes) {
		return c.diagnostics(), nil
	}
	found := make([]*openapi.Operation, len(shapes))
	for i := range shapes {
		found[i] = c.find(&shapes[i])
		c.learn(&shapes[i], found[i])
	}
	for i := range shapes {
		if found[i] != nil {
			c.call(&shapes[i], found[i])
		}
	}
	return c.diagnostics(), nil
}

type checker struct {
	operations []*openapi.Operation

	// findings are by what they say without saying of which calls, and order is
	// that in which they came.
	findings map[source.Diagnostic]*finding
	order    []source.Diagnostic

	// objects are the objects that the resources' read calls answer.
	objects map[string]*openapi.Schema
}

// finding is a diagnostic that is about one call, or several alike.
type finding struct {
	hint, pointer string
	calls         []string
}

// place is a call, and where in its part of the document what is said is about.
type place struct {
	call    *mapping.CallShape
	pos     source.Pos
	pointer string
}

func (c *checker) add(severity source.Severity, rule string, at place, hint, format string, args ...any) {
	key := source.Diagnostic{Pos: at.pos, Severity: severity, Rule: rule, Message: fmt.Sprintf(format, args...)}
	f := c.findings[key]
	if f == nil {
		f = &finding{hint: hint, pointer: at.pointer}
		c.findings[key] = f
		c.order = append(c.order, key)
	}
	if name := at.call.Name(); !slices.Contains(f.calls, name) {
		f.calls = append(f.calls, name)
	}
}

func (c *checker) fail(rule string, at place, hint, format string, args ...any) {
	c.add(source.Error, rule, at, hint, format, args...)
}

func (c *checker) warn(rule string, at place, hint, format string, args ...any) {
	c.add(source.Warning, rule, at, hint, format, args...)
}

func (c *checker) note(at place, hint, format string, args ...any) {
	c.add(source.Note, RuleUnchecked, at, hint, format, args...)
}

// broken says that a part of the document can't be read.
func (c *checker) broken(s *mapping.CallShape, o *openapi.Operation, err error) {
	c.fail(RuleDocument, place{s, s.DoPos, o.Pointer()}, "", "the document can't be used here: %v", err)
}

func (c *checker) diagnostics() []source.Diagnostic {
	list := make([]source.Diagnostic, len(c.order))
	for i, key := range c.order {
		f := c.findings[key]
		list[i] = key
		list[i].Message = strings.Join(f.calls, ", ") + ": " + key.Message
		list[i].Hint, list[i].Pointer = f.hint, f.pointer
	}
	return list
}

// call checks one call for which the document has an operation.
func (c *checker) call(s *mapping.CallShape, o *openapi.Operation) {
	parameters, err := o.Parameters()
	if err != nil {
		c.broken(s, o, err)
	} else {
		c.pathID(s, o, parameters)
		c.query(s, o, parameters)
	}
	if body, err := o.Body(); err != nil {
		c.broken(s, o, err)
	} else {
		c.body(s, o, body)
	}
	if answer, err := o.Answer(); err != nil {
		c.broken(s, o, err)
	} else if s.Answer != nil {
		c.answer(s, o, answer)
	}
	if s.Problems != nil {
		c.problems(s, o)
	}
	if o.Deprecated() {
		c.warn(RuleDeprecated, place{s, s.DoPos, o.Pointer()}, "", "the API is going to be without this call: the document has it as deprecated")
	}
}

// learn keeps what the object of a resource is, as the call that reads it
// answers. What is wrong with that is said later.
func (c *checker) learn(s *mapping.CallShape, o *openapi.Operation) {
	if s.Role != "read" || o == nil {
		return
	}
	if answer, err := o.Answer(); err == nil && answer != nil {
		c.objects[s.Resource] = answer.Schema
	}
}
