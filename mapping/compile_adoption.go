package mapping

import "slices"

// adoptions compiles the rules by which a create takes what is there.
func (c *compiler) adoptions(r *resourceType, create *callSpec, declared map[string]*attribute) {
	known := func(t text) (*attribute, bool) {
		a, ok := refer(c, t, "mapped attribute", declared)
		switch {
		case !ok:
			return nil, false
		case !slices.ContainsFunc(r.fields, func(f *field) bool { return f.owner == a }):
			c.Addf(t.pos, "%s writes no field of its own, so that nobody can be found by it", a.name())
			return nil, false
		case a.isPlainList() || a.secret:
			c.Addf(t.pos, "%s has no value that anybody could be found by", a.name())
			return nil, false
		}
		return a, true
	}
	for _, spec := range create.adoptBy {
		find, ok := known(spec.find)
		equals := find
		if spec.equals.present() {
			var also bool
			equals, also = known(spec.equals)
			ok = ok && also
		}
		only := c.constants(spec.only)
		if ok {
			r.calls.create.adoptBy = append(r.calls.create.adoptBy, adoption{
				pos: spec.find.pos, find: find, equals: equals, only: only,
			})
		}
	}
	for _, t := range create.returnsBy {
		a, ok := refer(c, t, "mapped attribute", declared)
		switch {
		case !ok:
		case a.isPlainList() || a.secret || len(a.each) > 0 || a.kept && a.target.Type != "string":
			c.Addf(t.pos, "%s has no value that anybody could be known by", a.name())
		default:
			r.calls.create.returnsBy = append(r.calls.create.returnsBy, a)
		}
	}
	if len(create.returnsBy) == 0 {
		r.calls.create.returnsBy = slices.DeleteFunc(slices.Clone(r.attributes), func(a *attribute) bool {
			return !a.unique && !(a.kept && a.name() == KeptKey)
		})
	}
}
