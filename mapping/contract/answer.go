package contract

import (
	"cmp"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

var (
	array = openapi.TypesOf("array")
	null  = openapi.TypesOf("null")
)

// missing is a field that an object does not have, with those that it has.
type missing struct {
	name  string
	known []string
}

// hint says which field was probably meant.
func (m *missing) hint() string { return source.DidYouMean(m.name, m.known) }

// descend returns what a schema says of the value at a path; nil where it does
// not say. It is missing where the schema names the fields that there are.
func descend(schema *openapi.Schema, keys []string) (*openapi.Schema, *missing) {
	for i, key := range keys {
		inside, presence := schema.Field(key)
		if presence == openapi.Absent {
			var known []string
			for _, name := range schema.Fields() {
				known = append(known, strings.Join(append(keys[:i:i], name), "."))
			}
			return nil, &missing{name: strings.Join(keys[:i+1], "."), known: known}
		}
		schema = inside
	}
	return schema, nil
}

// answer checks what is read in the answer of a call.
func (c *checker) answer(s *mapping.CallShape, o *openapi.Operation, answer *openapi.Content) {
	at := place{s, s.DoPos, o.Pointer()}
	what := "the object"
	if s.Answer.List != nil {
		what = "the list"
	}
	switch {
	case answer == nil:
		c.note(at, "", "the document does not say what is answered, so that it was not checked")
	case !answer.JSON:
		at.pointer = answer.Pointer()
		if s.Answer.Needed && len(answer.Types) == 0 {
			c.fail(RuleAnswer, at, "", "the API answers nothing here, and %s is needed", what)
		} else if s.Answer.Needed {
			c.fail(RuleAnswer, at, "", "the API answers %s here, and not JSON", strings.Join(answer.Types, ", "))
		}
	case answer.Schema == nil:
		at.pointer = answer.Pointer()
		c.unsaid(at)
	case s.Answer.List != nil:
		if element, ok := c.list(s, s.Answer.List, answer.Schema); ok {
			c.object(s, element, at)
		}
	default:
		c.object(s, answer.Schema, at)
	}
}

// unsaid notes that the document is silent.
func (c *checker) unsaid(at place) {
	c.note(at, "", "the document does not say what the answer holds, so that what is read in it was not checked")
}

// list checks how a list stands in an answer, and returns its elements; ok is
// false where that makes no sense.
func (c *checker) list(s *mapping.CallShape, list *mapping.ListShape, schema *openapi.Schema) (element *openapi.Schema, ok bool) {
	at := place{s, list.Items.Pos, schema.Pointer()}
	items, gone := descend(schema, list.Items.Path.Keys())
	switch {
	case gone != nil:
		c.fail(RuleAnswer, at, gone.hint(), "the list is to be at %q, which the answer does not have", list.Items.Path)
		return nil, false
	case !items.Types().Overlaps(array):
		c.fail(RuleType, at, "", "the list is to be at %q, where the answer has the type %s", list.Items.Path, items.Types())
		return nil, false
	}
	if len(list.Total) > 0 {
		total := mapping.ReadShape{Attribute: "the number of all objects", Paths: list.Total, Types: []string{"integer", "number"}}
		c.read(s, &total, schema, "the answer")
	}
	if list.Next != nil {
		next := mapping.ReadShape{Attribute: "the next cursor", Paths: []mapping.PathShape{*list.Next}, Types: []string{"string", "integer", "number"}}
		c.read(s, &next, schema, "the answer")
	}
	return items.Elements(), true
}

// object checks what is read in an object.
func (c *checker) object(s *mapping.CallShape, schema *openapi.Schema, at place) {
	if schema != nil {
		at.pointer = schema.Pointer()
	}
	if id := s.Answer.ID; id != nil {
		found, gone := descend(schema, id.Path.Keys())
		switch {
		case gone != nil && !s.Answer.Needed:
			// It is something else than the object, and not looked at.
			return
		case gone != nil:
			c.fail(RuleAnswer, place{s, id.Pos, at.pointer}, gone.hint(), "the id is read at %q, which the object does not have", id.Path)
		case found == nil:
			c.unsaid(at)
			return
		default:
			c.id(s, id, found)
		}
	}
	for i := range s.Answer.Reads {
		c.read(s, &s.Answer.Reads[i], schema, "the object")
	}
	for i := range s.Answer.Compared {
		c.compared(s, &s.Answer.Compared[i], schema)
	}
}

// id checks the type of an id.
func (c *checker) id(s *mapping.CallShape, id *mapping.PathShape, found *openapi.Schema) {
	types := openapi.TypesOf("string", "number")
	if s.IntegerID {
		types = openapi.TypesOf("number")
	}
	if !found.Types().Overlaps(types) {
		c.fail(RuleType, place{s, id.Pos, found.Pointer()}, "", "the id is to be of the type %s, and %q is of the type %s", types, id.Path, found.Types())
	}
}

// read checks what one attribute is made of.
func (c *checker) read(s *mapping.CallShape, r *mapping.ReadShape, schema *openapi.Schema, in string) {
	at := place{s, r.Paths[0].Pos, schema.Pointer()}
	var found []*openapi.Schema
	var gone []string
	hint := ""
	for _, p := range r.Paths {
		switch value, absent := descend(schema, p.Path.Keys()); {
		case absent != nil:
			gone, hint = append(gone, p.Path.String()), cmp.Or(hint, absent.hint())
		case value.WriteOnly():
			gone = append(gone, p.Path.String())
		default:
			found = append(found, value)
		}
	}
	switch {
	case len(found) > 0:
		c.fallBacks(s, r, schema, in)
		c.readValues(s, r, found, in)
	case len(gone) == 1:
		c.fail(RuleAnswer, at, hint, "%s is read at %q, which %s does not have", r.Attribute, gone[0], in)
	default:
		c.fail(RuleAnswer, at, hint, "%s is read at %s, none of which %s has", r.Attribute, source.AllOf(gone), in)
	}
}

// fallBacks looks for slips among several paths of which some are there. That
// one is not may be for another version of the API.
func (c *checker) fallBacks(s *mapping.CallShape, r *mapping.ReadShape, schema *openapi.Schema, in string) {
	for _, p := range r.Paths {
		_, absent := descend(schema, p.Path.Keys())
		if absent == nil {
			continue
		}
		absent.known = slices.DeleteFunc(absent.known, func(name string) bool {
			return slices.ContainsFunc(r.Paths, func(other mapping.PathShape) bool { return other.Path.String() == name })
		})
		if hint := absent.hint(); hint != "" {
			c.warn(RuleAnswer, place{s, p.Pos, schema.Pointer()}, hint, "%s is read at %q too, which %s does not have", r.Attribute, p.Path, in)
		}
	}
}

// readValues checks the values of which an attribute is made of the first that
// is there.
func (c *checker) readValues(s *mapping.CallShape, r *mapping.ReadShape, values []*openapi.Schema, in string) {
	understood := openapi.TypesOf(r.Types...)
	if len(r.Each) > 0 {
		understood = array
	}
	var types openapi.Types
	for _, value := range values {
		element := value
		if r.List && value.Types().Overlaps(array) {
			element = value.Elements()
		}
		if len(r.Table) > 0 {
			c.covered(s, r.Attribute, r.Paths[0].Path.String(), r.Table, element)
		}
		if len(r.Each) == 0 {
			types |= element.Types()
			continue
		}
		types |= value.Types()
		if element == value || element == nil {
			continue
		}
		for i := range r.Each {
			c.read(s, &r.Each[i], element, "an element of "+r.Attribute)
		}
	}
	if understood != 0 && !types.Without(null).Overlaps(understood) {
		c.fail(RuleType, place{s, r.Paths[0].Pos, values[0].Pointer()}, "",
			"%s can be made of the type %s, and %s has %s at %q", r.Attribute, understood, in, types, r.Paths[0].Path)
	}
}

// compared checks a value that decides what becomes of an object.
func (c *checker) compared(s *mapping.CallShape, k *mapping.ComparedShape, schema *openapi.Schema) {
	value, gone := descend(schema, k.Path.Path.Keys())
	if gone != nil {
		c.fail(RuleAnswer, place{s, k.Path.Pos, schema.Pointer()}, gone.hint(), "%q looks at %q, which the object does not have", k.Key, k.Path.Path)
		return
	}
	// What is not there counts as null.
	if string(k.Value.Raw) == "null" {
		return
	}
	if err := value.Check(k.Value.Raw); err != nil {
		c.fail(RuleValue, place{s, k.Value.Pos, value.Pointer()}, nearest(k.Value.Raw, value),
			"%q compares %q with %s, which it never is: %v", k.Key, k.Path.Path, source.Redact(string(k.Value.Raw)), err)
	}
}

// problems checks where an answer says what was wrong with a body.
func (c *checker) problems(s *mapping.CallShape, o *openapi.Operation) {
	answer, err := o.Response("422")
	switch {
	case err != nil:
		c.broken(s, o, err)
	case answer != nil && answer.Schema != nil:
		list := mapping.ReadShape{
			Attribute: `the list of "errors"`, Paths: []mapping.PathShape{s.Problems.List}, List: true,
			Each: []mapping.ReadShape{{
				Attribute: "the name of a field", Paths: []mapping.PathShape{s.Problems.Field}, Types: []string{"string", "array"},
			}},
		}
		c.read(s, &list, answer.Schema, "the answer 422")
	}
}
