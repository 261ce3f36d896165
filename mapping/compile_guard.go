package mapping

import (
	"net/url"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/resource"
)

// guard compiles what no request may take away.
func (c *compiler) guard(r *resourceType, spec *resourceSpec) {
	if spec.guard == nil {
		return
	}
	g := &guard{pos: spec.guard.pos, last: c.constants(spec.guard.last), query: make(url.Values)}
	for _, k := range g.last {
		if !slices.ContainsFunc(r.fields, func(f *field) bool { return f.path.String() == k.path.String() }) {
			c.Addf(k.pos, "no attribute of %s writes %s, so that nothing threatens it", r.name, k.path)
		}
		for path, p := range r.pushdown {
			a := r.attribute(path.Parent())
			if a == nil {
				a = r.attribute(path)
			}
			if a != nil && len(a.paths) == 1 && a.paths[0].String() == k.path.String() && a.read == nil && p.operators["eq"] {
				g.query.Set(p.query, plain(k.raw))
			}
		}
	}
	for _, a := range r.attributes {
		if a.unique && g.name == nil {
			g.name = a
		}
	}
	if len(spec.guard.accounts) > 0 && g.name == nil {
		c.Addf(spec.guard.accounts[0].pos, `%s has no attribute that is "unique", by which an account could be known`, r.name)
	}
	for _, t := range spec.guard.accounts {
		g.accounts = append(g.accounts, resource.FoldName(t.value))
	}
	r.guard = g
}
