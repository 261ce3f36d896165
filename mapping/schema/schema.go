// Package schema holds the resource schemas of RFC 7643 and finds attributes
// in them by name, path or URN.
package schema

import "encoding/json"

// Type is the data type of an attribute (RFC 7643 section 2.3).
type Type string

// The data types.
const (
	String    Type = "string"
	Boolean   Type = "boolean"
	Decimal   Type = "decimal"
	Integer   Type = "integer"
	DateTime  Type = "dateTime"
	Binary    Type = "binary"
	Reference Type = "reference"
	Complex   Type = "complex"
)

// Mutability says when an attribute may be written (RFC 7643 section 7).
type Mutability string

// The kinds of mutability.
const (
	ReadOnly  Mutability = "readOnly"
	ReadWrite Mutability = "readWrite"
	Immutable Mutability = "immutable"
	WriteOnly Mutability = "writeOnly"
)

// Returned says when an attribute is part of an answer (RFC 7643 section 7).
type Returned string

// The kinds of being returned.
const (
	ReturnedAlways  Returned = "always"
	ReturnedNever   Returned = "never"
	ReturnedDefault Returned = "default"
	ReturnedRequest Returned = "request"
)

// Uniqueness says how far values are kept unique (RFC 7643 section 7).
type Uniqueness string

// The kinds of uniqueness.
const (
	UniqueNone   Uniqueness = "none"
	UniqueServer Uniqueness = "server"
	UniqueGlobal Uniqueness = "global"
)

// Attribute is the definition of an attribute or sub-attribute (RFC 7643
// section 7). Its JSON form is an attribute of a Schema resource. An empty
// Mutability, Returned or Uniqueness stands for the RFC's default: readWrite,
// default and none.
type Attribute struct {
	Name            string
	Type            Type
	MultiValued     bool
	Description     string
	Required        bool
	CanonicalValues []string
	CaseExact       bool
	Mutability      Mutability
	Returned        Returned
	Uniqueness      Uniqueness
	ReferenceTypes  []string
	SubAttributes   []*Attribute

	// BlankIsMistake says that a list of nothing but blank values is a mistake
	// and does not empty the attribute: too much hangs on it for a template that
	// was not filled in. It is not part of the JSON either.
	BlankIsMistake bool

	// RefersTo is the resource type whose ids the values are, and RefersAt its
	// endpoint, such as "/Users"; empty for none. They are not part of the JSON,
	// where ReferenceTypes says what may be.
	RefersTo, RefersAt string

	// Identifies says that the text decides which resource it is. Such texts are
	// compared without the case of ASCII letters at the most. It is not part of the
	// JSON.
	Identifies bool

	// Address says that the text is an e-mail address. It is not part of the JSON.
	Address bool

	// Normal makes of a text what the service stores of it, so that a text can be
	// compared with what is there; ok is false when nothing is left. Nil for a text
	// as it is. It is not part of the JSON.
	Normal func(string) (text string, ok bool)

	// Words are further texts, in lower case, that requests may send for true
	// and false. They are the service's own matter and not part of the JSON.
	Words map[string]bool
}

// Sub returns the sub-attribute of that name, whatever its case, or nil.
func (a *Attribute) Sub(name string) *Attribute {
	return find(a.SubAttributes, name)
}

// GivesAccess reports whether the values of the attribute let somebody in:
// references, roles and entitlements. What is not understood of them is an error
// then, and never left out.
func (a *Attribute) GivesAccess() bool {
	return a.RefersTo != "" || a.Name == "roles" || a.Name == "entitlements" || a.Name == "groups" || a.Name == "members"
}

// IsReadOnly reports whether clients cannot write the attribute at all.
func (a *Attribute) IsReadOnly() bool { return a.Mutability == ReadOnly }

// Clone returns a deep copy.
func (a *Attribute) Clone() *Attribute {
	c := *a
	c.CanonicalValues = append([]string(nil), a.CanonicalValues...)
	c.ReferenceTypes = append([]string(nil), a.ReferenceTypes...)
	c.SubAttributes = cloneAll(a.SubAttributes)
	return &c
}

// MarshalJSON returns the attribute as RFC 7643 section 7 has it. What does
// not apply to the data type is left out: caseExact except for text,
// referenceTypes except for references, uniqueness for booleans.
func (a *Attribute) MarshalJSON() ([]byte, error) {
	out := struct {
		Name            string       `json:"name"`
		Type            Type         `json:"type"`
		MultiValued     bool         `json:"multiValued"`
		Description     string       `json:"description"`
		Required        bool         `json:"required"`
		CanonicalValues []string     `json:"canonicalValues,omitempty"`
		CaseExact       *bool        `json:"caseExact,omitempty"`
		Mutability      Mutability   `json:"mutability"`
		Returned        Returned     `json:"returned"`
		Uniqueness      Uniqueness   `json:"uniqueness,omitempty"`
		ReferenceTypes  []string     `json:"referenceTypes,omitempty"`
		SubAttributes   []*Attribute `json:"subAttributes,omitempty"`
	}{
		Name: a.Name, Type: a.Type, MultiValued: a.MultiValued, Description: a.Description,
		Required: a.Required, CanonicalValues: a.CanonicalValues,
		Mutability: or(a.Mutability, ReadWrite), Returned: or(a.Returned, ReturnedDefault),
	}
	switch a.Type {
	case String, Reference, Binary:
		out.CaseExact = &a.CaseExact
	}
	if a.Type != Boolean {
		out.Uniqueness = or(a.Uniqueness, UniqueNone)
	}
	if a.Type == Reference {
		out.ReferenceTypes = a.ReferenceTypes
	}
	if a.Type == Complex {
		out.SubAttributes = a.SubAttributes
	}
	return json.Marshal(out)
}

// Schema is a resource schema or schema extension (RFC 7643 section 7). Its
// JSON form has id, name, description and attributes; what makes it a resource
// ("schemas" and "meta") is added by whoever serves it.
type Schema struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Attributes  []*Attribute `json:"attributes"`
}

// Attribute returns the attribute of that name, whatever its case, or nil.
func (s *Schema) Attribute(name string) *Attribute {
	return find(s.Attributes, name)
}

// Clone returns a deep copy.
func (s *Schema) Clone() *Schema {
	c := *s
	c.Attributes = cloneAll(s.Attributes)
	return &c
}

func cloneAll(list []*Attribute) []*Attribute {
	if list == nil {
		return nil
	}
	out := make([]*Attribute, len(list))
	for i, a := range list {
		out[i] = a.Clone()
	}
	return out
}

func find(list []*Attribute, name string) *Attribute {
	for _, a := range list {
		if equalName(a.Name, name) {
			return a
		}
	}
	return nil
}

// equalName compares names without regard to ASCII case. Unicode folding is
// not wanted: names are ASCII, and a Kelvin sign is no "k".
func equalName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// lowerName returns s with ASCII letters in lower case.
func lowerName(s string) string {
	for i := range len(s) {
		if s[i] != lower(s[i]) {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return s
}

func or[T ~string](v, fallback T) T {
	if v == "" {
		return fallback
	}
	return v
}
