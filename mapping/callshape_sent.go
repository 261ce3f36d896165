package mapping

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// createShape adds what a create sends: each field has a value, or else its
// default.
func (r *resourceType) createShape(s *CallShape, c *call) {
	s.Body = true
	s.Fields = slices.Concat(s.Fields, r.fieldShapes(true), r.listFieldShapes())
	s.Answer = r.objectShape(true)
	s.Answer.Compared = append(s.Answer.Compared, compared("expect", c.expect)...)
}

// readmitShape adds what brings somebody back, who is described by a create.
func (r *resourceType) readmitShape(s *CallShape) {
	s.Body = true
	s.Fields = append(s.Fields, r.fieldShapes(true)...)
	s.Answer = r.objectShape(true)
}

// updateShape adds what an update sends: the fields that change, and those that
// are always sent back.
func (r *resourceType) updateShape(s *CallShape, c *call) {
	s.Body = true
	s.Fields = slices.Concat(s.Fields, r.fieldShapes(false), r.listFieldShapes())
	for _, f := range c.carry {
		s.Fields = append(s.Fields, FieldShape{
			Path: f.field, Pos: f.fieldPos, Always: true, From: &PathShape{Path: f.from, Pos: f.fromPos},
		})
	}
	s.Answer = r.objectShape(false)
}

// fieldShapes are the fields that attributes are written to.
func (r *resourceType) fieldShapes(creating bool) []FieldShape {
	var shapes []FieldShape
	for _, f := range r.fields {
		value := ValueShape{}
		for i := range f.sources {
			f.addSource(&value, &f.sources[i])
		}
		if f.clear != nil {
			value.Constants = append(value.Constants, ConstantShape{Raw: f.clear, Pos: f.clearPos})
		}
		if creating && f.fallbackConstant != nil {
			value.Constants = append(value.Constants, ConstantShape{Raw: f.fallbackConstant, Pos: f.fallbackPos})
		}
		if creating && len(f.fallback.parts) > 0 {
			value.addType("string")
		}
		shapes = append(shapes, FieldShape{
			Path: f.path, Pos: f.owner.written.path[0].pos, Attribute: f.owner.name(), Always: creating && f.isAlwaysCreated(), Value: value,
		})
	}
	return shapes
}

// addSource adds what a field can become by one of its sources, see render.
func (f *field) addSource(value *ValueShape, source *template) {
	a := source.alone()
	if a == nil || f.owner.write != nil {
		value.addType("string")
		return
	}
	value.List = a.isPlainList()
	if a.toAPI != nil {
		value.Table = append(value.Table, a.tableShape()...)
	} else {
		value.addType(jsonType(a.valueTarget()))
	}
}

func (v *ValueShape) addType(name string) {
	if !slices.Contains(v.Types, name) {
		v.Types = append(v.Types, name)
	}
}

// alone returns the attribute whose value the template is as it stands; nil when
// it makes a text.
func (t *template) alone() *attribute {
	if len(t.parts) == 1 && len(t.parts[0].transforms) == 0 {
		return t.parts[0].attribute
	}
	return nil
}

// isAlwaysCreated reports whether every create sends the field.
func (f *field) isAlwaysCreated() bool {
	return f.fallbackConstant != nil || slices.ContainsFunc(append(slices.Clone(f.sources), f.fallback), template.isSure)
}

// isSure reports whether every new resource has a text for the template.
func (t template) isSure() bool {
	return slices.ContainsFunc(t.parts, func(part templatePart) bool {
		return part.attribute != nil && len(part.transforms) == 0 && part.attribute.required && part.attribute.within == nil
	})
}

// listFieldShapes are the fields that hold the ids of lists of references.
func (r *resourceType) listFieldShapes() []FieldShape {
	var shapes []FieldShape
	for _, a := range r.attributes {
		if a.into == nil {
			continue
		}
		kind := "string"
		if a.of.idInteger {
			kind = "integer"
		}
		shapes = append(shapes, FieldShape{
			Path: *a.into, Pos: a.written.into.pos, Attribute: a.name(), Value: ValueShape{Types: []string{kind}, List: true},
		})
	}
	return shapes
}

// tableShape are the API's values in the table of an attribute.
func (a *attribute) tableShape() []ConstantShape {
	var table []ConstantShape
	for _, v := range a.written.values {
		table = append(table, ConstantShape{Raw: v.raw, Pos: v.pos})
	}
	return table
}

// jsonType is the type of the JSON values that an attribute has.
func jsonType(target *schema.Attribute) string {
	switch {
	case target == nil:
		return "string"
	case target.Type == schema.Boolean:
		return "boolean"
	case target.Type == schema.Integer:
		return "integer"
	case target.Type == schema.Decimal:
		return "number"
	default:
		return "string"
	}
}

// shapes are the parameters that ask for a page.
func (p *paging) shapes() []ParameterShape {
	number := func(n int) []ConstantShape {
		return []ConstantShape{{Raw: json.RawMessage(strconv.Itoa(n)), Pos: p.written.pos}}
	}
	position := ParameterShape{Name: p.written.position.value, Pos: p.written.position.pos}
	first := func(n int) {
		position.Always = true
		position.Value = ValueShape{Constants: number(n), Types: []string{"integer"}}
		position.Value.Constants[0].Pos = position.Pos
	}
	switch style := p.style.(type) {
	case byNumber:
		first(style.first)
	case byOffset:
		first(style.first)
	}
	var shapes []ParameterShape
	if position.Name != "" {
		shapes = append(shapes, position)
	}
	if size := p.written.size; size.present() {
		value := ValueShape{Constants: number(p.max)}
		if _, rest := p.style.(byOffset); rest {
			// What is left of a page is asked for by less.
			value.Types = []string{"integer"}
		}
		value.Constants[0].Pos = size.pos
		shapes = append(shapes, ParameterShape{Name: size.value, Pos: size.pos, Always: true, Value: value})
	}
	return shapes
}

// narrowingShapes are the parameters of filters and sorts.
func (r *resourceType) narrowingShapes() []ParameterShape {
	var shapes []ParameterShape
	for _, path := range slices.SortedFunc(maps.Keys(r.pushdown), comparePaths) {
		p := r.pushdown[path]
		a := r.attribute(path)
		if a == nil {
			a = r.attribute(path.Parent())
		}
		value := ValueShape{Types: []string{jsonType(a.valueTarget())}}
		if p.values != nil {
			value = ValueShape{}
			for _, k := range a.tableShape() {
				if string(k.Raw) != "null" {
					value.Table = append(value.Table, k)
				}
			}
		}
		shapes = append(shapes, ParameterShape{Name: p.query, Pos: p.queryPos, Value: value})
	}
	for _, path := range slices.SortedFunc(maps.Keys(r.sorts), comparePaths) {
		for _, k := range r.sorts[path].written {
			shapes = append(shapes, parameterOf(k))
		}
	}
	return shapes
}

func comparePaths(a, b schema.Path) int { return strings.Compare(a.String(), b.String()) }
