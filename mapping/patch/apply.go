package patch

import (
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Apply carries out operations in their order, all or none, on a copy of a
// resource. An attribute or sub-attribute that was removed is nil in the
// result; a list of which every value was removed is empty. Removing what is
// not there changes nothing.
//
// The second result is the canonical paths that the operations aim at, each
// once, in order: sub-attributes where single sub-attributes were set, even if
// nothing changed. Errors are [scim.Error] with noTarget or mutability.
func Apply(res resource.Resource, ops []Operation, set *schema.Set, tol *tolerance.Session) (resource.Resource, []schema.Path, error) {
	a := applier{out: resource.DeepCopy(res), set: set, tol: tol, seen: map[schema.Path]bool{}}
	if a.out == nil {
		a.out = resource.Resource{}
	}
	for _, op := range ops {
		if err := a.apply(op); err != nil {
			return nil, nil, err
		}
	}
	return a.out, a.touched, nil
}

type applier struct {
	out     resource.Resource
	set     *schema.Set
	tol     *tolerance.Session
	touched []schema.Path
	seen    map[schema.Path]bool
}

func (a *applier) touch(p schema.Path) {
	if !a.seen[p] {
		a.seen[p] = true
		a.touched = append(a.touched, p)
	}
}

func (a *applier) apply(op Operation) error {
	path := op.Path.Resolved.Path()
	switch {
	case op.Path.Attribute == nil:
		return a.clearExtension(op.Path.Schema)
	case op.Path.Attribute.MultiValued:
		a.touch(path)
		return a.list(op)
	}
	value, isComplex := op.Value.(map[string]any)
	if !isComplex || op.Path.Sub != nil {
		a.touch(path)
		return a.single(op.Path.Resolved, op.Value)
	}
	// A complex value sets the sub-attributes it has and leaves the others.
	for _, sub := range op.Path.Attribute.SubAttributes {
		v, ok := value[sub.Name]
		if !ok {
			continue
		}
		r := op.Path.Resolved
		r.Sub = sub
		a.touch(r.Path())
		if err := a.single(r, v); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) clearExtension(x *schema.Schema) error {
	a.touch(schema.Path{URN: x.ID})
	for _, attr := range x.Attributes {
		if attr.IsReadOnly() {
			continue
		}
		if err := a.single(schema.Resolved{Schema: x, Attribute: attr, Extension: true}, nil); err != nil {
			return err
		}
	}
	return nil
}

// single sets a single-valued attribute or sub-attribute, or unsets it if v is nil.
func (a *applier) single(r schema.Resolved, v any) error {
	path := r.Path()
	old, _ := resource.Get(a.out, path)
	switch {
	case v == nil && r.Target().Required:
		return scim.BadRequest(scim.Mutability, "the attribute %s is required", path)
	case v == nil && old == nil:
		return nil
	case r.Target().Mutability == schema.Immutable && old != nil && !resource.Equal(old, v, r.Target()):
		return immutable(path)
	}
	resource.Set(a.out, path, v)
	return nil
}

func immutable(path schema.Path) error {
	return scim.BadRequest(scim.Mutability, "the attribute %s cannot be changed once it is set", path)
}
