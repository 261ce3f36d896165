package mapping

import (
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// validate checks that what a change makes of a resource is as the schema
// wants it (RFC 7643 section 7): what is required is there, in a new resource
// at all and in a change wherever it is spoken of; what is immutable stays.
func (r *resourceType) validate(ch *change) error {
	if ch.creating {
		for _, urn := range r.mandatory {
			if !given(ch.want, schema.Path{URN: urn}) {
				return scim.BadRequest(scim.InvalidValue, "The extension %s is required.", urn)
			}
		}
	}
	for _, a := range r.attributes {
		if a.readOnly {
			continue
		}
		if a.required && r.misses(ch, a) {
			return scim.BadRequest(scim.InvalidValue, "%s is required.", a.name())
		}
		if !ch.touched[a.path] {
			continue
		}
		if err := a.partsGiven(ch.want); err != nil {
			return err
		}
		if err := a.unaltered(ch); err != nil {
			return err
		}
	}
	return r.wholesGiven(ch)
}

// misses reports whether a required attribute ought to have a value after the
// change and has none.
func (r *resourceType) misses(ch *change, a *attribute) bool {
	switch {
	case given(ch.want, a.path):
		return false
	case a.within == nil:
		return ch.creating || ch.touched[a.path]
	default:
		return given(ch.want, *a.within) && (ch.creating || r.touchesIn(ch, *a.within))
	}
}

// touchesIn reports whether a change speaks of anything in an extension or a
// complex attribute.
func (r *resourceType) touchesIn(ch *change, whole schema.Path) bool {
	return slices.ContainsFunc(r.attributes, func(a *attribute) bool { return ch.touched[a.path] && isIn(a.path, whole) })
}

func isIn(path, whole schema.Path) bool {
	return path.URN == whole.URN && (whole.Name == "" || path.Name == whole.Name)
}

// given reports whether there is a value at a path: of an extension or complex
// attribute, whether any part has one.
func given(res resource.Resource, path schema.Path) bool {
	v, _ := resource.Get(res, path)
	return hasValue(v)
}

func hasValue(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		for _, part := range v {
			if hasValue(part) {
				return true
			}
		}
		return false
	}
	return true
}

// partsGiven checks the required sub-attributes of an attribute that is mapped
// or kept as a whole.
func (a *attribute) partsGiven(want resource.Resource) error {
	value, _ := resource.Get(want, a.path)
	elements, isList := value.([]any)
	if !isList {
		elements = []any{value}
	}
	for _, sub := range a.target.SubAttributes {
		if !sub.Required || sub.IsReadOnly() {
			continue
		}
		for _, element := range elements {
			if m, ok := element.(map[string]any); ok && hasValue(m) && !hasValue(m[sub.Name]) {
				return scim.BadRequest(scim.InvalidValue, "%s.%s is required.", a.name(), sub.Name)
			}
		}
	}
	return nil
}

// wholesGiven checks the required complex attributes that are mapped in parts.
func (r *resourceType) wholesGiven(ch *change) error {
	check := func(attributes []*schema.Attribute, urn string) error {
		for _, whole := range attributes {
			path := schema.Path{URN: urn, Name: whole.Name}
			if !whole.Required || whole.IsReadOnly() || !r.hasSub(path) || given(ch.want, path) {
				continue
			}
			if urn != "" && !r.isMandatory(urn) && !given(ch.want, schema.Path{URN: urn}) {
				continue
			}
			if ch.creating || r.touchesIn(ch, schema.Path{URN: urn, Name: path.Name}) {
				return scim.BadRequest(scim.InvalidValue, "%s is required.", path)
			}
		}
		return nil
	}
	if err := check(r.set.Core().Attributes, ""); err != nil {
		return err
	}
	for _, extension := range r.set.Extensions() {
		if err := check(extension.Attributes, extension.ID); err != nil {
			return err
		}
	}
	return nil
}

// unaltered checks that what can be set once keeps the value that it has. Which
// value of a list is which can't be told, so that only the list as a whole can
// be such here.
func (a *attribute) unaltered(ch *change) error {
	have, _ := resource.Get(ch.have, a.path)
	want, _ := resource.Get(ch.want, a.path)
	if !hasValue(have) {
		return nil
	}
	if a.target.Mutability == schema.Immutable {
		if !resource.Equal(have, want, a.target) {
			return fixed(a.name())
		}
		// Another spelling of the same is no change either.
		resource.Set(ch.want, a.path, have)
		return nil
	}
	before, isWhole := have.(map[string]any)
	after, _ := want.(map[string]any)
	if !isWhole {
		return nil
	}
	for _, sub := range a.target.SubAttributes {
		if sub.Mutability == schema.Immutable && before[sub.Name] != nil && !resource.Equal(before[sub.Name], after[sub.Name], sub) {
			return fixed(a.name() + "." + sub.Name)
		}
	}
	return nil
}

func fixed(name string) error {
	return scim.BadRequest(scim.Mutability, "%s can't be changed once it is set.", name)
}
