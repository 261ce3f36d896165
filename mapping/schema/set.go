package schema

import (
	"maps"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Set is everything a resource type consists of: its core schema, extensions
// and the common attributes. It is immutable; the schemas given to [NewSet]
// must not be changed afterwards.
type Set struct {
	core       *Schema
	extensions []*Schema
	names      map[string]*Attribute
	byURN      map[string]*Schema
	full       *Set
}

// NewSet makes a Set. Where the core schema defines a common attribute (id,
// externalId, meta) itself, that definition counts.
func NewSet(core *Schema, extensions ...*Schema) *Set {
	s := &Set{
		core: core, extensions: extensions,
		names: map[string]*Attribute{}, byURN: map[string]*Schema{},
	}
	for _, a := range core.Attributes {
		s.names[lowerName(a.Name)] = a
	}
	for _, a := range append(Common(), schemasAttribute()) {
		key := lowerName(a.Name)
		if s.names[key] == nil {
			s.names[key] = a
		}
	}
	for _, x := range extensions {
		s.byURN[lowerName(x.ID)] = x
	}
	s.byURN[lowerName(core.ID)] = core
	return s
}

// Within returns the set as what is left of a larger one, see [Set.Full].
func (s *Set) Within(full *Set) *Set {
	part := *s
	part.full = full
	return &part
}

// Full returns the set that this one is a part of; itself if it is none.
func (s *Set) Full() *Set {
	if s.full == nil {
		return s
	}
	return s.full
}

// Without returns the set without one of the common attributes, for a service
// that has no place for it. The name is the canonical one.
func (s *Set) Without(name string) *Set {
	part := *s
	part.names = maps.Clone(s.names)
	delete(part.names, lowerName(name))
	return &part
}

// Only returns the set with one attribute alone, for those who look for that and
// for nothing else. The path must be canonical, and the set must have it.
func (s *Set) Only(p Path) *Set {
	core, extensions := *s.core, []*Schema(nil)
	core.Attributes = nil
	if x := s.Extension(p.URN); p.URN != "" && x != nil {
		part := *x
		part.Attributes = []*Attribute{x.Attribute(p.Name)}
		extensions = []*Schema{&part}
	} else {
		core.Attributes = []*Attribute{s.Attribute(p.Name)}
	}
	part := NewSet(&core, extensions...)
	for name := range part.names {
		if p.URN != "" || name != lowerName(p.Name) {
			delete(part.names, name)
		}
	}
	return part
}

// Core returns the core schema.
func (s *Set) Core() *Schema { return s.core }

// Extensions returns the extensions in their order.
func (s *Set) Extensions() []*Schema { return s.extensions }

// Extension returns the extension with that URN, whatever its case, or nil.
func (s *Set) Extension(urn string) *Schema {
	if x := s.byURN[lowerName(urn)]; x != s.core {
		return x
	}
	return nil
}

// Attribute returns the core or common attribute of that name, whatever its
// case, or nil.
func (s *Set) Attribute(name string) *Attribute {
	if a, ok := s.names[name]; ok {
		return a
	}
	return s.names[lowerName(name)]
}

// Schema returns the schema that a URN names, the core schema or an extension,
// or nil. Foreign URNs are understood if tol allows [tolerance.ForeignURNs].
func (s *Set) Schema(urn string, tol *tolerance.Session) *Schema {
	key := lowerName(urn)
	if x := s.byURN[key]; x != nil {
		return x
	}
	x := s.byURN[lowerName(s.foreign(key))]
	if x != nil && tol.Allow(tolerance.ForeignURNs) {
		return x
	}
	return nil
}

// Resolved is what a [Path] names within a [Set].
type Resolved struct {
	// Schema defines the attribute; for common attributes it is the core schema.
	Schema *Schema
	// Attribute is nil if the path names a schema as a whole.
	Attribute *Attribute
	// Sub is nil if the path names no sub-attribute.
	Sub *Attribute
	// Extension is whether Schema is an extension.
	Extension bool
}

// Path returns the canonical path, with the names as the schema spells them.
func (r Resolved) Path() Path {
	var p Path
	if r.Extension || r.Attribute == nil {
		p.URN = r.Schema.ID
	}
	if r.Attribute != nil {
		p.Name = r.Attribute.Name
	}
	if r.Sub != nil {
		p.Sub = r.Sub.Name
	}
	return p
}

// Target returns the sub-attribute if there is one, otherwise the attribute.
func (r Resolved) Target() *Attribute {
	if r.Sub != nil {
		return r.Sub
	}
	return r.Attribute
}

// IsReadOnly reports whether clients cannot write what was resolved at all, or
// the attribute that it is a part of.
func (r Resolved) IsReadOnly() bool {
	return r.Attribute != nil && r.Attribute.IsReadOnly() || r.Sub != nil && r.Sub.IsReadOnly()
}

// Resolve finds what a path names, whatever the case of names and URN, and
// reports whether there is such a thing. Foreign URNs are not understood.
func (s *Set) Resolve(p Path) (Resolved, bool) {
	return s.ResolveFor(p, strict)
}

// strict is shared by all callers: a session with nothing on records nothing.
var strict = tolerance.None().Session()

// ResolveFor is [Set.Resolve], with foreign URNs understood if tol allows it.
func (s *Set) ResolveFor(p Path, tol *tolerance.Session) (Resolved, bool) {
	if p.URN == "" {
		return s.member(s.core, s.Attribute(p.Name), p.Sub)
	}
	// The last part of a URN looks like an attribute, so the whole is tried first.
	whole := p.String()
	if x := s.byURN[lowerName(whole)]; x != nil {
		return Resolved{Schema: x, Extension: x != s.core}, true
	}
	x := s.byURN[lowerName(p.URN)]
	if x == nil {
		if w := s.Schema(whole, tol); w != nil {
			return Resolved{Schema: w, Extension: w != s.core}, true
		}
		x = s.Schema(p.URN, tol)
	}
	switch {
	case x == nil || p.Name == "":
		return Resolved{}, false
	case x == s.core:
		return s.member(x, s.Attribute(p.Name), p.Sub)
	}
	return s.member(x, x.Attribute(p.Name), p.Sub)
}

func (s *Set) member(x *Schema, a *Attribute, sub string) (Resolved, bool) {
	if a == nil {
		return Resolved{}, false
	}
	r := Resolved{Schema: x, Attribute: a, Extension: x != s.core}
	if sub != "" {
		if r.Sub = a.Sub(sub); r.Sub == nil {
			return Resolved{}, false
		}
	}
	return r, true
}
