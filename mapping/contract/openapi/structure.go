package openapi

import (
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Presence says whether an object has a field.
type Presence int

// What a schema says of a field, from least to most.
const (
	// Unknown: the schema does not say what fields there are.
	Unknown Presence = iota

	// Absent: the schema names the fields that there are, and it is none of them.
	Absent

	// Open: it names some, and says that there may be others.
	Open

	// Present: it names the field.
	Present
)

// Field returns what the schema says of a field of an object.
func (s *Schema) Field(name string) (*Schema, Presence) {
	if s == nil {
		return nil, Unknown
	}
	var found []*jsonschema.Schema
	var presences []Presence
	for _, one := range s.oneOf {
		if typesOf(one, newWalk()).Overlaps(typeObject) {
			inside, presence := field(one, name, newWalk())
			found, presences = append(found, inside...), append(presences, presence)
		}
	}
	if len(presences) == 0 {
		return nil, Absent
	}
	if len(found) == 0 {
		return nil, either(presences)
	}
	return &Schema{oneOf: found}, Present
}

// field looks a field up in a schema and all that it is made of.
func field(s *jsonschema.Schema, name string, on *walk) (found []*jsonschema.Schema, presence Presence) {
	leave, ok := on.enter(s)
	if !ok {
		return nil, Unknown
	}
	defer leave()
	if s.Properties != nil {
		presence = Absent
		if property, ok := s.Properties[name]; ok {
			found, presence = append(found, property), Present
		}
	}
	if presence != Present {
		presence = max(presence, additional(s, name))
	}
	all := func(part *jsonschema.Schema) {
		inside, there := field(part, name, on)
		found, presence = append(found, inside...), max(presence, there)
	}
	if s.Ref != nil {
		all(s.Ref)
	}
	for _, part := range s.AllOf {
		all(part)
	}
	for _, several := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		var presences []Presence
		for _, one := range several {
			if !typesOf(one, on).Overlaps(typeObject) {
				continue
			}
			inside, there := field(one, name, on)
			found, presences = append(found, inside...), append(presences, there)
		}
		presence = max(presence, either(presences))
	}
	return found, presence
}

// additional is what a schema says of a field that it does not name.
func additional(s *jsonschema.Schema, name string) Presence {
	for pattern := range s.PatternProperties {
		if pattern.MatchString(name) {
			return Open
		}
	}
	switch others := s.AdditionalProperties.(type) {
	case bool:
		if others {
			return Open
		}
		return Absent
	case *jsonschema.Schema:
		if others.Bool != nil && !*others.Bool {
			return Absent
		}
		return Open
	default:
		return Unknown
	}
}

// either is what several schemas say of which one describes the object.
func either(presences []Presence) Presence {
	switch {
	case len(presences) == 0:
		return Unknown
	case slices.Contains(presences, Present):
		return Present
	case slices.Contains(presences, Open):
		return Open
	case slices.Contains(presences, Unknown) && slices.Contains(presences, Absent):
		return Open
	default:
		return presences[0]
	}
}

// Elements returns what the schema says of the elements of a list; nil where it
// says nothing.
func (s *Schema) Elements() *Schema {
	if s == nil {
		return nil
	}
	var found []*jsonschema.Schema
	for _, one := range s.oneOf {
		found = append(found, elements(one, newWalk())...)
	}
	if len(found) == 0 {
		return nil
	}
	return &Schema{oneOf: found}
}

func elements(s *jsonschema.Schema, on *walk) []*jsonschema.Schema {
	leave, ok := on.enter(s)
	if !ok {
		return nil
	}
	defer leave()
	found := slices.Clone(s.PrefixItems)
	if s.Items2020 != nil {
		found = append(found, s.Items2020)
	}
	for _, part := range slices.Concat([]*jsonschema.Schema{s.Ref}, s.AllOf, s.AnyOf, s.OneOf) {
		found = append(found, elements(part, on)...)
	}
	return found
}

// Fields returns the names of the fields that the schema names, in order.
func (s *Schema) Fields() []string {
	names := make(map[string]bool)
	if s != nil {
		for _, one := range s.oneOf {
			fields(one, names, newWalk())
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func fields(s *jsonschema.Schema, names map[string]bool, on *walk) {
	leave, ok := on.enter(s)
	if !ok {
		return
	}
	defer leave()
	for name := range s.Properties {
		names[name] = true
	}
	for _, part := range slices.Concat([]*jsonschema.Schema{s.Ref}, s.AllOf, s.AnyOf, s.OneOf) {
		fields(part, names, on)
	}
}

// Required returns the names of the fields that an object must have whichever of
// the schemas describes it, in order.
func (s *Schema) Required() []string {
	if s == nil || len(s.oneOf) == 0 {
		return nil
	}
	common := required(s.oneOf[0], newWalk())
	for _, one := range s.oneOf[1:] {
		common = intersect(common, required(one, newWalk()))
	}
	return slices.Sorted(maps.Keys(common))
}

func required(s *jsonschema.Schema, on *walk) map[string]bool {
	names := make(map[string]bool)
	leave, ok := on.enter(s)
	if !ok {
		return names
	}
	defer leave()
	for _, name := range s.Required {
		names[name] = true
	}
	for _, part := range append([]*jsonschema.Schema{s.Ref}, s.AllOf...) {
		maps.Copy(names, required(part, on))
	}
	for _, several := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		var common map[string]bool
		for _, one := range several {
			if !typesOf(one, on).Overlaps(typeObject) {
				continue
			}
			if common == nil {
				common = required(one, on)
			} else {
				common = intersect(common, required(one, on))
			}
		}
		maps.Copy(names, common)
	}
	return names
}

func intersect(a, b map[string]bool) map[string]bool {
	maps.DeleteFunc(a, func(name string, _ bool) bool { return !b[name] })
	return a
}
