package patch

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// scim11 reads a body without "Operations", which is a PATCH of SCIM 1.1: the
// attributes to change, with lists whose elements are added, or removed if they
// say "operation":"delete", and in meta.attributes the names of those to clear.
func (p *parser) scim11(obj resource.Object) error {
	if !p.looksLikeSCIM11(obj) {
		return syntaxError("the body has no Operations")
	}
	if !p.Tol.Allow(tolerance.SCIM11Patch) {
		return refused(scim.InvalidSyntax, tolerance.SCIM11Patch, "the body has no Operations")
	}
	// What is cleared is cleared first: the attributes in the body are the new state.
	for _, m := range obj {
		if strings.EqualFold(m.Key, "meta") {
			if err := p.clear11(m.Value); err != nil {
				return err
			}
		}
	}
	for _, m := range obj {
		if strings.EqualFold(m.Key, "meta") || strings.EqualFold(m.Key, "schemas") {
			continue
		}
		r, ok, err := resource.ResolveKey(m.Key, nil, p.Set, p.Tol)
		list, isList := elements(m.Value)
		if err == nil && ok && isList && r.Attribute != nil && r.Attribute.MultiValued && r.Sub == nil {
			err = p.list11(r, list)
		} else {
			err = p.expand(Replace, nil, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// looksLikeSCIM11 reports whether there is any attribute in the body, so that
// a body that is simply wrong is not taken for one that changes nothing.
func (p *parser) looksLikeSCIM11(obj resource.Object) bool {
	for _, m := range obj {
		if a := p.Set.Attribute(m.Key); a != nil && a.Name != "schemas" && a.Name != "id" {
			return true
		}
		if strings.Contains(m.Key, ":") && p.Set.Schema(m.Key, p.Tol) != nil {
			return true
		}
	}
	return false
}

// clear11 takes meta.attributes.
func (p *parser) clear11(meta any) error {
	obj, _ := meta.(resource.Object)
	v, _, err := obj.Member("attributes")
	if err != nil {
		return err
	}
	list, _ := v.([]any)
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return scim.BadRequest(scim.InvalidValue, "meta.attributes must be a list of attribute names")
		}
		path, kind, err := p.attributePath(s)
		switch {
		case err != nil || kind == unmapped:
		case path.Attribute == nil:
			err = p.schemaPath(Remove, path, nil)
		default:
			err = p.target(request{op: Remove, path: path, explicit: true})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list11 takes a multi-valued attribute, in runs of elements of one operation,
// so that their order counts.
func (p *parser) list11(r schema.Resolved, list []any) error {
	for len(list) > 0 {
		op, first := operation11(list[0])
		run := []any{first}
		for len(run) < len(list) {
			next, e := operation11(list[len(run)])
			if next != op {
				break
			}
			run = append(run, e)
		}
		list = list[len(run):]
		err := p.target(request{op: op, path: filter.Path{Resolved: r}, value: run, hasValue: true})
		if err != nil {
			return err
		}
	}
	return nil
}

// operation11 returns what to do with an element, and the element without its
// "operation".
func operation11(e any) (Op, any) {
	obj, ok := e.(resource.Object)
	if !ok {
		return Add, e
	}
	op := Add
	out := make(resource.Object, 0, len(obj))
	for _, m := range obj {
		if !strings.EqualFold(m.Key, "operation") {
			out = append(out, m)
		} else if s, ok := m.Value.(string); ok && strings.EqualFold(s, "delete") {
			op = Remove
		}
	}
	return op, out
}

// elements returns the list that a value is, or the list of a single object.
func elements(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, len(v) > 0
	case resource.Object:
		return []any{v}, true
	}
	return nil, false
}
