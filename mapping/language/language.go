// Package language describes the mapping language: every key, where it stands,
// what its value may be and what it is for. The parser of mapping files, the
// JSON Schema for editors ([JSONSchema]) and the tables of the reference
// ([Tables]) all go by it, so that none of them knows a key that another
// doesn't.
//
// Texts for people are Markdown.
package language

import (
	"fmt"
	"slices"
)

// Object is a mapping that has certain keys.
type Object struct {
	// Name is what the language calls it, such as "call" or "value group".
	Name string

	// What says what it stands for: a phrase without a full stop.
	What string

	// Section is the heading under which the reference has it.
	Section string

	// Keys are those that it may have, in the order of the reference.
	Keys []Key

	// Short is the key that a scalar in place of the mapping is the value of;
	// empty if there must be a mapping.
	Short string

	// Together are keys of which none can be without the others.
	Together []string

	// NotEmpty says that one of the keys must be there, whichever.
	NotEmpty bool
}

// Key is a key of an [Object].
type Key struct {
	Name string

	// What says what it is for: a phrase without a full stop. More are whole
	// sentences, or empty.
	What, More string

	// Type is what the value may be.
	Type Type

	// Required says that the mapping must have it.
	Required bool

	// Default is the value that holds without the key; nil if there is none.
	Default any

	// Example is a value in one line of YAML; empty where the type shows what
	// to write.
	Example string
}

// Plain is what the key is for, without marks.
func (k *Key) Plain() string { return unmarked(k.What) }

// Key returns the key of that name. It panics if there is none: nothing may
// ask for a key that is not described.
func (o *Object) Key(name string) *Key {
	if i := slices.IndexFunc(o.Keys, func(k Key) bool { return k.Name == name }); i >= 0 {
		return &o.Keys[i]
	}
	panic(fmt.Sprintf("language: there is no key %q in %s", name, o.Name))
}

// Has reports whether a key of that name is described.
func (o *Object) Has(name string) bool {
	return slices.ContainsFunc(o.Keys, func(k Key) bool { return k.Name == name })
}

// Names returns the names of the keys.
func (o *Object) Names() []string {
	names := make([]string, len(o.Keys))
	for i, k := range o.Keys {
		names[i] = k.Name
	}
	return names
}

// Type is what a value may be: [Text], [Integer], [Boolean], [Constant],
// [List], [Map], [Either], [Choice] or *[Object].
type Type interface {
	// schema returns the JSON Schema of the type.
	schema(s *schemas) object

	// phrase says in Markdown what a value is, of one or of several.
	phrase(several bool) string

	// parts returns the types that it consists of.
	parts() []Type
}

// Text is a scalar that is read as a text, whatever YAML takes it for.
type Text struct {
	// Name is what a value is called, such as "path"; empty for a text.
	Name string

	// Pattern is a regular expression that a value must match, with the
	// meaning that Go and ECMA-262 have in common; empty for any text that is
	// not blank.
	Pattern string

	// Form says for people what the pattern does, with an example.
	Form string

	// Words are the only values, if there are any.
	Words []Word

	// Section is the heading under which the reference says more of the words;
	// empty where there is no more to say.
	Section string
}

// Word is one of the texts that the language knows somewhere.
type Word struct {
	Name string

	// What says what it stands for; empty where the name says it.
	What string
}

// Words makes words of names that say what they stand for.
func Words[T ~string](names ...T) []Word {
	words := make([]Word, len(names))
	for i, name := range names {
		words[i].Name = string(name)
	}
	return words
}

// Names returns the names of words.
func Names(words []Word) []string {
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = word.Name
	}
	return names
}

// Integer is a whole number in a range.
type Integer struct{ Low, High int }

// Boolean is true or false.
type Boolean struct {
	// OnlyTrue says that false is not written: the key is left out instead.
	OnlyTrue bool
}

// Constant is any value as JSON has them.
type Constant struct {
	// Scalar says that it is neither a list nor a mapping.
	Scalar bool

	// NotNull says that it is not null either.
	NotNull bool
}

// List is a list of values, or one value without the brackets. It is not empty.
type List struct{ Of Type }

// Map is a mapping that has free keys, all with values of one type. It is not
// empty.
type Map struct {
	// Keys is what the keys are.
	Keys Text

	// Known are keys with a meaning of their own, and those an editor can
	// propose.
	Known []Word

	// Required are keys that must be there.
	Required []string

	// Of is what the values are.
	Of Type
}

// Either is a scalar or a mapping.
type Either struct {
	Scalar  Text
	Mapping *Object
}

// Choice is one of several mappings. Each has a first key that none of the
// others has, and must have it.
type Choice struct {
	Name, What, Section string
	Objects             []*Object
}

// Any returns a mapping that may have the keys of all, and must have those that
// each of them must have.
func (c *Choice) Any() *Object {
	union := &Object{Name: c.Name, What: c.What}
	for _, o := range c.Objects {
		for _, k := range o.Keys {
			if !union.Has(k.Name) {
				k.Required = !slices.ContainsFunc(c.Objects, func(o *Object) bool { return !o.Has(k.Name) || !o.Key(k.Name).Required })
				union.Keys = append(union.Keys, k)
			}
		}
	}
	return union
}

// First returns the names of the keys by which the mappings are told apart.
func (c *Choice) First() []string {
	names := make([]string, len(c.Objects))
	for i, o := range c.Objects {
		names[i] = o.Keys[0].Name
	}
	return names
}

func (Text) parts() []Type     { return nil }
func (Integer) parts() []Type  { return nil }
func (Boolean) parts() []Type  { return nil }
func (Constant) parts() []Type { return nil }
func (t List) parts() []Type   { return []Type{t.Of} }
func (t Map) parts() []Type    { return []Type{t.Of} }
func (t Either) parts() []Type { return []Type{t.Scalar, t.Mapping} }

func (c *Choice) parts() []Type {
	types := make([]Type, len(c.Objects))
	for i, o := range c.Objects {
		types[i] = o
	}
	return types
}

func (o *Object) parts() []Type {
	types := make([]Type, len(o.Keys))
	for i, k := range o.Keys {
		types[i] = k.Type
	}
	return types
}

// Objects returns every object that a file can have, itself the first, in the
// order of the reference.
func Objects() []*Object {
	var found []*Object
	var add func(t Type)
	add = func(t Type) {
		if o, ok := t.(*Object); ok {
			if slices.Contains(found, o) {
				return
			}
			found = append(found, o)
		}
		for _, part := range t.parts() {
			add(part)
		}
	}
	add(File)
	return found
}
