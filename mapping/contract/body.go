package contract

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// body checks the body that a call has.
func (c *checker) body(s *mapping.CallShape, o *openapi.Operation, body *openapi.Content) {
	at := place{s, s.DoPos, o.Pointer()}
	switch {
	case !s.Body:
		if body != nil && body.Required {
			c.fail(RuleBody, at, `say by "set" what it holds`, "the API requires a body, and the mapping has none for this call")
		}
	case body == nil:
		c.fail(RuleBody, at, "", "the API takes no body here, so that what the mapping sends has no effect")
	case !body.JSON:
		c.fail(RuleBody, at, "", "the API takes %s here, and not JSON", strings.Join(body.Types, ", "))
	case body.Schema == nil:
		c.note(at, "", "the document does not say what the body holds, so that it was not checked")
	default:
		for i := range s.Fields {
			c.field(s, &s.Fields[i], body.Schema)
		}
		c.required(s, s.Fields, body.Schema, nil)
	}
}

// field checks one field of a body.
func (c *checker) field(s *mapping.CallShape, f *mapping.FieldShape, body *openapi.Schema) {
	schema, missing := descend(body, f.Path.Keys())
	at := place{s, f.Pos, body.Pointer()}
	switch {
	case missing != nil:
		c.fail(RuleField, at, missing.hint(), "the body has no field %q", f.Path)
	case schema.ReadOnly():
		at.pointer = schema.Pointer()
		c.fail(RuleField, at, "", "the field %q of the body is readOnly", f.Path)
	case schema == nil:
	case f.From != nil:
		c.carried(s, f, schema)
	default:
		c.value(s, f, schema)
	}
}

// value checks what a field can be.
func (c *checker) value(s *mapping.CallShape, f *mapping.FieldShape, schema *openapi.Schema) {
	at := place{s, f.Pos, schema.Pointer()}
	for _, k := range f.Value.Constants {
		c.constant(place{s, k.Pos, at.pointer}, f, k.Raw, schema)
	}
	element := schema
	if f.Value.List {
		if !schema.Types().Overlaps(array) {
			c.fail(RuleType, at, "", "%s is a list, and the field %q of the body takes the type %s", f.Attribute, f.Path, schema.Types())
			return
		}
		element = schema.Elements()
	}
	for _, k := range f.Value.Table {
		c.constant(place{s, k.Pos, element.Pointer()}, f, k.Raw, element)
	}
	if len(f.Value.Table) > 0 {
		c.covered(s, f.Attribute, f.Path.String(), f.Value.Table, element)
	}
	for _, name := range f.Value.Types {
		switch is, takes := openapi.TypesOf(name), element.Types(); {
		case !is.Overlaps(takes):
			c.fail(RuleType, at, "", "%s has the type %s, and the field %q of the body takes %s", f.Attribute, is, f.Path, takes)
		case !is.Within(takes):
			c.warn(RuleType, at, "", "%s has the type %s, and the field %q of the body takes %s alone", f.Attribute, is, f.Path, takes)
		}
	}
	if values, listed := element.Enum(); listed && slices.Contains(f.Value.Types, "string") {
		c.warn(RuleTable, at, `give it a table of "values"`,
			"the field %q of the body takes nothing but %s, and is sent whatever a request says", f.Path, list(values))
	}
}

// constant checks a value that stands in the mapping.
func (c *checker) constant(at place, f *mapping.FieldShape, raw json.RawMessage, schema *openapi.Schema) {
	if err := schema.Check(raw); err != nil {
		c.fail(RuleValue, at, nearest(raw, schema), "the field %q of the body can't be %s: %v", f.Path, source.Redact(string(raw)), err)
	}
}

// covered checks that a table has all values that the API can have.
func (c *checker) covered(s *mapping.CallShape, attribute, path string, table []mapping.ConstantShape, schema *openapi.Schema) {
	values, listed := schema.Enum()
	if !listed {
		return
	}
	for _, value := range values {
		if !slices.ContainsFunc(table, func(k mapping.ConstantShape) bool { return plain(k.Raw) == plain(value) }) {
			c.warn(RuleTable, place{s, table[0].Pos, schema.Pointer()}, "",
				"the table of %s has no word for %s, which %q can be", attribute, value, path)
		}
	}
}

// maxNested bounds how many lists in one another are looked into, of which a
// document may have any number.
const maxNested = 8

// carried checks a field that is sent back as it stands in the object.
func (c *checker) carried(s *mapping.CallShape, f *mapping.FieldShape, schema *openapi.Schema) {
	object := c.objects[s.Resource]
	keys := f.From.Path.Keys()
	from := object
	lists := 0
	for len(keys) > 0 && from != nil {
		if from.Types().Without(null) == array && lists < maxNested {
			from = from.Elements()
			lists++
			continue
		}
		next, missing := descend(from, keys[:1])
		if missing != nil {
			c.fail(RuleAnswer, place{s, f.From.Pos, from.Pointer()}, missing.hint(),
				"%q is to be sent back, which the object does not have", f.From.Path)
			return
		}
		from, keys = next, keys[1:]
	}
	at := place{s, f.From.Pos, schema.Pointer()}
	for range lists {
		if !schema.Types().Overlaps(array) {
			break
		}
		schema = schema.Elements()
	}
	if from == nil || schema == nil {
		return
	}
	switch is, takes := from.Types(), schema.Types(); {
	case !is.Overlaps(takes):
		c.fail(RuleType, at, "", "%q, which is sent back as %q, has the type %s, and the body takes %s", f.From.Path, f.Path, is, takes)
	case !is.Within(takes):
		c.warn(RuleType, at, "", "%q, which is sent back as %q, can be %s, and the body takes %s alone", f.From.Path, f.Path, is.Without(takes), takes)
	}
}

// required checks that the fields are sent which an object must have: the body,
// or one in it that is at a path.
func (c *checker) required(s *mapping.CallShape, fields []mapping.FieldShape, schema *openapi.Schema, path []string) {
	inside := make(map[string]bool)
	for _, name := range schema.Required() {
		if field, _ := schema.Field(name); field.ReadOnly() {
			continue
		}
		c.requiredField(s, fields, schema, append(slices.Clone(path), name))
	}
	for _, f := range fields {
		keys := f.Path.Keys()
		if len(keys) <= len(path)+1 || !slices.Equal(keys[:len(path)], path) || inside[keys[len(path)]] {
			continue
		}
		name := keys[len(path)]
		inside[name] = true
		if field, _ := schema.Field(name); field != nil {
			c.required(s, fields, field, append(slices.Clone(path), name))
		}
	}
}

func (c *checker) requiredField(s *mapping.CallShape, fields []mapping.FieldShape, schema *openapi.Schema, keys []string) {
	var by []string
	path := keys[:len(keys)-1]
	alone := len(path) > 0
	for _, f := range fields {
		theirs := f.Path.Keys()
		shared := min(len(theirs), len(keys))
		if !slices.Equal(theirs[:shared], keys[:shared]) {
			alone = alone && !slices.Equal(theirs[:min(len(theirs), len(path))], path)
			continue
		}
		if f.Always {
			return
		}
		by = append(by, f.Attribute)
	}
	at := place{s, s.Pos, schema.Pointer()}
	name := strings.Join(keys, ".")
	switch {
	case alone && len(by) > 0:
		// Without it, there is not the object either.
	case len(by) == 0:
		c.fail(RuleRequired, at, `give it by "set", or map an attribute to it`, "the API requires the field %q, which nothing in the mapping gives", name)
	case s.Role == "update":
		c.fail(RuleRequired, at, `have it sent back by "carry"`, "the API requires the field %q, and an update has it only when it changes", name)
	default:
		c.warn(RuleRequired, at, `give it a "default", or say "required: true"`,
			"the API requires the field %q, and a request without %s has none", name, source.AllOf(by))
	}
}
