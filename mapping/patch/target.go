package patch

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// request is an operation on one attribute as it was sent.
type request struct {
	op       Op
	path     filter.Path
	value    any
	hasValue bool
	explicit bool // the operation has a path
}

// target checks an operation on one attribute and keeps it.
func (p *parser) target(r request) error {
	path := r.path.Resolved.Path()
	switch {
	case path == schema.Path{Name: "schemas"}:
		return nil
	case r.path.IsReadOnly():
		switch {
		case r.explicit:
			return scim.BadRequest(scim.Mutability, "the attribute %s is read-only", path)
		case !p.Tol.Allow(tolerance.PathlessReadOnly):
			return refused(scim.Mutability, tolerance.PathlessReadOnly, "the attribute %s is read-only", path)
		}
		p.NoteReadOnly(path.String())
		return nil
	case r.path.Filter != nil && !r.path.Attribute.MultiValued:
		return scim.BadRequest(scim.InvalidPath, "the attribute %s has a single value, which needs no filter", path.Parent())
	case r.op == Remove:
		return p.remove(r)
	case !r.hasValue:
		return scim.BadRequest(scim.InvalidValue, "the %s operation on %s has no value", r.op, r.path.Resolved.Path())
	}
	v, present, err := p.canonical(r)
	if err != nil || !present {
		return err
	}
	if v == nil && r.op == Add {
		return nil // there is nothing to add
	}
	p.ops = append(p.ops, Operation{Op: r.op, Path: r.path, Value: v})
	return nil
}

// canonical returns the value of an add or replace operation.
func (p *parser) canonical(r request) (v any, present bool, err error) {
	if r.path.Filter == nil || r.path.Sub != nil {
		return p.Value(r.path.Resolved, r.value)
	}
	v, keep, err := p.Element(r.path.Resolved, r.value)
	if !keep {
		v = nil
	}
	return v, true, err
}

// remove keeps a remove operation. Those of the RFC have no value; a list of
// values is what is to be removed, and anything else says nothing.
func (p *parser) remove(r request) error {
	op := Operation{Op: Remove, Path: r.path}
	s, isString := r.value.(string)
	blank := isString && strings.TrimSpace(s) == ""
	if blank && r.path.Attribute.RefersTo != "" {
		// Whoever names nobody does not mean everybody.
		return scim.BadRequest(scim.InvalidValue, "the remove operation on %s has a value that is blank; without a value it removes all", r.path)
	}
	if !blank && r.value != nil && r.path.Attribute.MultiValued && r.path.Filter == nil && r.path.Sub == nil {
		if !p.Tol.Allow(tolerance.RemoveWithValueList) {
			return refused(scim.InvalidValue, tolerance.RemoveWithValueList, "the remove operation on %s has a value", r.path)
		}
		v, _, err := p.Value(r.path.Resolved, r.value)
		if err != nil {
			return err
		}
		list, _ := v.([]any)
		op.Value, op.Listed = list, true
	}
	p.ops = append(p.ops, op)
	return nil
}

// expandValue makes operations of the members of a value; x is the extension
// that they belong to, or nil.
func (p *parser) expandValue(op Op, x *schema.Schema, value any) error {
	obj, ok := value.(resource.Object)
	if !ok {
		return scim.BadRequest(scim.InvalidValue, "the value of an operation without the path of an attribute must be an object")
	}
	for _, m := range obj {
		if err := p.expand(op, x, m); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) expand(op Op, x *schema.Schema, m resource.Member) error {
	key, _, filtered := strings.Cut(m.Key, "[")
	r, ok, err := resource.ResolveKey(key, x, p.Set, p.Tol)
	switch {
	case err != nil && !filtered:
		return err
	case !ok:
		p.LeaveOut(x, resource.Member{Key: key, Value: m.Value})
		return nil
	case r.Attribute == nil:
		return p.schemaPath(op, filter.Path{Resolved: r}, m.Value)
	}
	path := filter.Path{Resolved: r}
	if filtered {
		if !p.Tol.Allow(tolerance.PathKeys) {
			return refused(scim.InvalidSyntax, tolerance.PathKeys, "a JSON key is a path with a filter on %s", r.Path())
		}
		text := m.Key
		if x != nil && !strings.Contains(key, ":") {
			text = x.ID + ":" + text
		}
		if path, err = filter.ParsePath(text, p.Set, p.Tol); err != nil {
			return err
		}
	}
	return p.target(request{op: op, path: path, value: m.Value, hasValue: true})
}
