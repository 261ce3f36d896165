package patch

import (
	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// list carries out an operation on a multi-valued attribute.
func (a *applier) list(op Operation) error {
	at := op.Path.Resolved.Path().Parent()
	stored, _ := resource.Get(a.out, at)
	old, _ := stored.([]any)
	attr := op.Path.Attribute
	whole := op.Path.Filter == nil && op.Path.Sub == nil
	var list []any
	var err error
	switch {
	case whole && op.Listed:
		listed, _ := op.Value.([]any)
		list = without(old, listed, attr)
	case whole && op.Value == nil:
		if attr.Required {
			return scim.BadRequest(scim.Mutability, "the attribute %s is required", at)
		}
		if stored != nil {
			resource.Set(a.out, at, nil)
		}
		return nil
	case whole:
		values, _ := resource.CopyValue(op.Value).([]any)
		if op.Op == Replace {
			old = nil
		}
		list = union(old, values, attr)
	case op.Value == nil:
		list, err = a.removeChosen(old, op)
	default:
		list, err = a.changeChosen(old, op)
	}
	switch {
	case err != nil:
		return err
	case len(list) == 0 && attr.Required:
		return scim.BadRequest(scim.Mutability, "the attribute %s is required", at)
	case len(list) == 0 && stored == nil && op.Op == Remove:
		return nil
	}
	if list == nil {
		list = []any{}
	}
	resource.Set(a.out, at, list)
	return nil
}

// chosen reports whether an operation is about an element.
func chosen(op Operation, e any) bool {
	return op.Path.Filter == nil || filter.MatchElement(op.Path.Filter, e)
}

// removeChosen removes elements, or a sub-attribute of them.
func (a *applier) removeChosen(old []any, op Operation) ([]any, error) {
	sub := op.Path.Sub
	out := make([]any, 0, len(old))
	for _, e := range old {
		m, isObject := e.(map[string]any)
		switch {
		case !chosen(op, e):
			out = append(out, e)
		case sub == nil, !isObject, sub.Name == "value":
			// Nothing is left of a value once its "value" is gone: a type or a
			// label would describe nothing.
		case sub.Required:
			return nil, scim.BadRequest(scim.Mutability, "the attribute %s is required", op.Path.Resolved.Path())
		case sub.Mutability == schema.Immutable && m[sub.Name] != nil:
			return nil, immutable(op.Path.Resolved.Path())
		default:
			delete(m, sub.Name)
			if len(m) > 0 {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// changeChosen sets elements, or a sub-attribute of them.
func (a *applier) changeChosen(old []any, op Operation) ([]any, error) {
	changed := -1
	for i, e := range old {
		if !chosen(op, e) {
			continue
		}
		v, err := change(e, op)
		if err != nil {
			return nil, err
		}
		old[i], changed = v, i
		if isPrimary(op) {
			keepPrimary(old, i)
		}
	}
	if changed >= 0 {
		return old, nil
	}
	e, err := a.create(op)
	if err != nil {
		return nil, err
	}
	return union(old, []any{e}, op.Path.Attribute), nil
}

func isPrimary(op Operation) bool {
	if op.Path.Sub != nil {
		return op.Path.Sub.Name == "primary" && op.Value == true
	}
	m, _ := op.Value.(map[string]any)
	return m["primary"] == true
}

// change returns an element as the operation leaves it.
func change(e any, op Operation) (any, error) {
	m, isObject := e.(map[string]any)
	v := resource.CopyValue(op.Value)
	if sub := op.Path.Sub; sub != nil {
		if !isObject {
			return nil, noTarget(op)
		}
		if sub.Mutability == schema.Immutable && m[sub.Name] != nil && !resource.Equal(m[sub.Name], v, sub) {
			return nil, immutable(op.Path.Resolved.Path())
		}
		m[sub.Name] = v
		return m, nil
	}
	in, ok := v.(map[string]any)
	if !ok || !isObject {
		return v, nil
	}
	for _, sub := range op.Path.Attribute.SubAttributes {
		given, has := in[sub.Name]
		if has && sub.Mutability == schema.Immutable && m[sub.Name] != nil && !resource.Equal(m[sub.Name], given, sub) {
			path := op.Path.Resolved.Path()
			path.Sub = sub.Name
			return nil, immutable(path)
		}
	}
	if op.Op == Add {
		for k, s := range in {
			m[k] = s
		}
		return m, nil
	}
	// What the path says of the value stays true unless the new one says otherwise.
	equal, _ := filter.OnlyEquality(op.Path.Filter)
	for _, c := range equal {
		if _, given := in[c.Path.Sub]; !given && c.Op == filter.Eq && c.Value != nil {
			if s, ok := m[c.Path.Sub]; ok {
				in[c.Path.Sub] = s
			}
		}
	}
	return in, nil
}

// create returns the element that an operation describes whose path chooses
// none: what its filter says is equal, and the operation's value. A filter says
// what kind of value is meant, such as [type eq "work"]; by one that asks for a
// certain value, or for an access, nothing is made (RFC 7644 section 3.5.2.3).
func (a *applier) create(op Operation) (any, error) {
	m := map[string]any{}
	if op.Path.Filter != nil {
		equal, only := filter.OnlyEquality(op.Path.Filter)
		if !only || op.Path.Attribute.GivesAccess() {
			return nil, noTarget(op)
		}
		for _, c := range equal {
			if c.Path.Sub == "value" {
				return nil, noTarget(op)
			}
			if old, twice := m[c.Path.Sub]; c.Path.Sub == "" || c.Attr.IsReadOnly() || twice && !resource.Equal(old, c.Value, c.Attr) {
				return nil, noTarget(op)
			}
			m[c.Path.Sub] = c.Value
		}
	}
	v := resource.CopyValue(op.Value)
	in, isObject := v.(map[string]any)
	switch {
	case op.Path.Sub != nil:
		m[op.Path.Sub.Name] = v
	case isObject:
		for k, s := range in {
			m[k] = s
		}
	default:
		return nil, noTarget(op)
	}
	if op.Path.Attribute.RefersTo != "" && m["value"] == nil {
		return nil, noTarget(op)
	}
	if !a.tol.Allow(tolerance.FilterPathCreates) {
		return nil, refused(scim.NoTarget, tolerance.FilterPathCreates, "the path %s matches no value", op.Path.Resolved.Path())
	}
	return m, nil
}

func noTarget(op Operation) error {
	return scim.BadRequest(scim.NoTarget, "the path of an operation on %s matches no value", op.Path.Resolved.Path())
}
