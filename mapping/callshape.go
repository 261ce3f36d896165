package mapping

import (
	"encoding/json"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// CallShape is what the program sends with one call of the mapping, and what it
// reads in the answer. Each part has its place in the mapping file.
type CallShape struct {
	// Resource is the resource type, and Role what the call is to it: "list",
	// "read", "others", "create", "update", "readmit", "delete", or the name of a
	// call that an attribute or another call names. The call of "caller" has no
	// resource.
	Resource, Role string

	// Pos is where the call has its name, and DoPos where method and path stand.
	Pos, DoPos source.Pos

	// Method and Path are what is called; the path has "{id}" where the id of a
	// resource goes.
	Method, Path string

	// IntegerID says that only whole numbers come in the place of "{id}". IDPos
	// is where the mapping says so, or could.
	IntegerID bool
	IDPos     source.Pos

	// Query are the parameters that the call may have.
	Query []ParameterShape

	// Body says that the call has a body, a JSON object, and Fields are what it
	// may hold. A field that comes about in several ways is there several times.
	Body   bool
	Fields []FieldShape

	// Answer is what is read in the answer; nil for nothing.
	Answer *AnswerShape

	// Problems is what is read in an answer with the status 422; nil for nothing.
	Problems *ProblemShape
}

// Name is the name that the call has in logs and plans: "User.update".
func (s *CallShape) Name() string { return strings.TrimPrefix(s.Resource+"."+s.Role, ".") }

// ParameterShape is a query parameter.
type ParameterShape struct {
	Name string
	Pos  source.Pos

	// Always says that no call is without it.
	Always bool

	Value ValueShape
}

// FieldShape is a field of a body.
type FieldShape struct {
	Path jsonpath.Path
	Pos  source.Pos

	// Attribute is the SCIM attribute whose value it is; empty for none.
	Attribute string

	// Always says that no body is without it.
	Always bool

	Value ValueShape

	// From is where in the object, as the API gave it, the value is taken from;
	// nil for a value that does not come from there.
	From *PathShape
}

// ValueShape is what a field or a parameter can be.
type ValueShape struct {
	// Constants are values that the mapping gives.
	Constants []ConstantShape

	// Table are the values of the API that a table has for those of requests,
	// and Types the types, in the words of JSON Schema, of the values that are
	// taken from requests without a table. Either are those of the elements if it
	// is a List.
	Table []ConstantShape
	Types []string
	List  bool
}

// ConstantShape is a JSON value that stands in the mapping file.
type ConstantShape struct {
	Raw json.RawMessage
	Pos source.Pos
}

// PathShape is a path that stands in the mapping file.
type PathShape struct {
	Path jsonpath.Path
	Pos  source.Pos
}

// AnswerShape is what is read in an answer.
type AnswerShape struct {
	// Needed says that the call fails unless its answer holds the object, or
	// the list.
	Needed bool

	// List is how a list of objects stands in the answer; nil for one object.
	// What follows is then read in each of them.
	List *ListShape

	// ID is where an object has its id; nil if that is not read.
	ID *PathShape

	// Reads are what attributes are made of.
	Reads []ReadShape

	// Compared are values that decide what becomes of the object.
	Compared []ComparedShape
}

// ListShape is how a list stands in an answer.
type ListShape struct {
	Items PathShape

	// Total are the paths of which one holds the number of all objects, and Next
	// is the path of the next cursor; nil for none.
	Total []PathShape
	Next  *PathShape

	// Linked says that a Link header leads to the next page, by whatever query
	// parameters the API puts there.
	Linked bool
}

// ReadShape is what one attribute, or one part of it, is made of.
type ReadShape struct {
	// Attribute is its name.
	Attribute string

	// Paths are looked at one after the other until one has a value.
	Paths []PathShape

	// Types are the types that are understood, in the words of JSON Schema, of
	// the elements if it is a List; none for whatever it is.
	Types []string
	List  bool

	// Table are the API's values in the attribute's table; none without one.
	Table []ConstantShape

	// Each are the parts of the elements of a list of objects.
	Each []ReadShape
}

// ProblemShape is where an answer says what was wrong with a body.
type ProblemShape struct {
	// List is the path of the list of problems, and Field that, in each of them,
	// of the name of a field or of a list that ends in it.
	List, Field PathShape
}

// ComparedShape is a value that the API's object is compared with.
type ComparedShape struct {
	// Key is the key of the mapping under which it stands: "only".
	Key  string
	Path PathShape

	Value ConstantShape
}

// Calls returns the shapes of all calls that the program makes, in the order of
// the resources, and of what they are to these.
func (p *Program) Calls() []CallShape {
	var shapes []CallShape
	if p.caller != nil {
		shapes = append(shapes, p.caller.shape())
	}
	for _, r := range p.resources {
		shapes = append(shapes, r.shapes()...)
	}
	if u := &p.upstream; u.problems != nil && u.field != nil {
		problems := &ProblemShape{List: PathShape{*u.problems, u.problemsPos}, Field: PathShape{*u.field, u.fieldPos}}
		for i := range shapes {
			if shapes[i].Body {
				shapes[i].Problems = problems
			}
		}
	}
	return shapes
}

func (c *CallerCheck) shape() CallShape {
	s := c.call.shape(nil)
	s.Answer = &AnswerShape{Needed: true, Compared: compared("must", c.call.expect)}
	if c.id != nil {
		s.Answer.ID = &PathShape{Path: *c.id, Pos: c.idPos}
	}
	return s
}

func (r *resourceType) shapes() []CallShape {
	var shapes []CallShape
	seen := make(map[*call]bool)
	add := func(c *call, more func(*CallShape)) {
		if c == nil || seen[c] {
			return
		}
		seen[c] = true
		s := c.shape(r)
		if more != nil {
			more(&s)
		}
		shapes = append(shapes, s)
	}
	calls := &r.calls
	add(calls.list, func(s *CallShape) { r.listShape(s, calls.list) })
	add(calls.others, func(s *CallShape) { r.othersShape(s, calls.others) })
	add(calls.read, func(s *CallShape) { s.Answer = r.objectShape(true) })
	add(calls.create, func(s *CallShape) { r.createShape(s, calls.create) })
	add(calls.update, func(s *CallShape) { r.updateShape(s, calls.update) })
	add(calls.readmit, func(s *CallShape) { r.readmitShape(s) })
	if r.state != nil {
		for _, c := range []*call{r.state.on, r.state.off} {
			add(c, func(s *CallShape) { s.Answer = r.objectShape(false) })
		}
	}
	add(calls.delete, nil)
	if calls.create != nil {
		add(calls.create.undo, nil)
	}
	return shapes
}

// shape is what every call has, with the constants of its own.
func (c *call) shape(r *resourceType) CallShape {
	s := CallShape{
		Role: c.name, Pos: c.pos, DoPos: c.doPos, Method: c.method, Path: strings.Join(c.path, "{id}"), Body: len(c.set) > 0,
	}
	if r != nil {
		s.Resource, s.Role = r.name, strings.TrimPrefix(c.name, r.name+".")
		s.IntegerID, s.IDPos = r.idInteger, r.idPos
	}
	for _, k := range c.parameters {
		p := parameterOf(k)
		p.Always = true
		s.Query = append(s.Query, p)
	}
	for _, k := range c.set {
		s.Fields = append(s.Fields, FieldShape{
			Path: k.path, Pos: k.pos, Always: true, Value: ValueShape{Constants: []ConstantShape{{Raw: k.raw, Pos: k.valuePos}}},
		})
	}
	return s
}

func parameterOf(k constantSpec) ParameterShape {
	return ParameterShape{
		Name: k.name.value, Pos: k.name.pos, Value: ValueShape{Constants: []ConstantShape{{Raw: k.raw, Pos: k.pos}}},
	}
}

func compared(key string, constants []constant) []ComparedShape {
	var shapes []ComparedShape
	for _, k := range constants {
		shapes = append(shapes, ComparedShape{
			Key: key, Path: PathShape{Path: k.path, Pos: k.pos}, Value: ConstantShape{Raw: k.raw, Pos: k.valuePos},
		})
	}
	return shapes
}

// pathsOf are compiled paths with the places of the texts that they were
// compiled from.
func pathsOf(paths []jsonpath.Path, texts []text) []PathShape {
	var shapes []PathShape
	for i, p := range paths {
		shapes = append(shapes, PathShape{Path: p, Pos: texts[i].pos})
	}
	return shapes
}
