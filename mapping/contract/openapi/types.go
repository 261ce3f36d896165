package openapi

import (
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Types is a set of the types of JSON Schema. A number that is not whole and one
// that is are two; a schema of the type "number" has both.
type Types uint

const (
	typeNull Types = 1 << iota
	typeBoolean
	typeInteger
	typeFraction
	typeString
	typeArray
	typeObject

	typeAny = 1<<iota - 1
)

// typeNames are the names in messages, in their order.
var typeNames = []struct {
	is   Types
	name string
}{
	{typeString, "string"},
	{typeInteger | typeFraction, "number"},
	{typeInteger, "integer"},
	{typeBoolean, "boolean"},
	{typeArray, "array"},
	{typeObject, "object"},
	{typeNull, "null"},
}

// TypesOf returns the set of types with these names.
func TypesOf(names ...string) Types {
	var types Types
	for _, t := range typeNames {
		for _, name := range names {
			if t.name == name {
				types |= t.is
			}
		}
	}
	return types
}

// Overlaps reports whether some value is of a type in both sets.
func (t Types) Overlaps(other Types) bool { return t&other != 0 }

// Within reports whether the other set has all types of this one.
func (t Types) Within(other Types) bool { return t&^other == 0 }

// Without returns the set without the types of another.
func (t Types) Without(other Types) Types { return t &^ other }

// String names the types: "string or null".
func (t Types) String() string {
	if t == typeAny {
		return "anything"
	}
	var names []string
	for _, known := range typeNames {
		if known.is&^t == 0 {
			names = append(names, known.name)
			t &^= known.is
		}
	}
	return strings.Join(names, " or ")
}

// Types returns the types that a value can have.
func (s *Schema) Types() Types {
	if s == nil {
		return typeAny
	}
	var types Types
	for _, one := range s.oneOf {
		types |= typesOf(one, newWalk())
	}
	return types
}

// typesOf errs on the side of more types.
func typesOf(s *jsonschema.Schema, on *walk) Types {
	leave, ok := on.enter(s)
	if !ok {
		return typeAny
	}
	defer leave()
	types := Types(typeAny)
	if s.Bool != nil && !*s.Bool {
		return 0
	}
	if s.Types != nil {
		types = TypesOf(s.Types.ToStrings()...)
	}
	if s.Const != nil {
		types &= typeOfValue(*s.Const)
	}
	if s.Enum != nil {
		var listed Types
		for _, value := range s.Enum.Values {
			listed |= typeOfValue(value)
		}
		types &= listed
	}
	if s.Ref != nil {
		types &= typesOf(s.Ref, on)
	}
	for _, part := range s.AllOf {
		types &= typesOf(part, on)
	}
	for _, several := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		var either Types
		for _, one := range several {
			either |= typesOf(one, on)
		}
		if len(several) > 0 {
			types &= either
		}
	}
	return types
}

func typeOfValue(value any) Types {
	switch value.(type) {
	case nil:
		return typeNull
	case bool:
		return typeBoolean
	case string:
		return typeString
	case []any:
		return typeArray
	case map[string]any:
		return typeObject
	default:
		return typeInteger | typeFraction
	}
}
