package mapping

import (
	"net/url"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// projection is the part of a resource that an answer holds (RFC 7644 section
// 3.9). A nil projection is everything. "schemas" and "id" are always there.
type projection struct {
	only, except map[schema.Path]bool
}

// onlyPaths is the projection to some attributes.
func onlyPaths(paths ...schema.Path) *projection {
	p := &projection{only: make(map[schema.Path]bool)}
	for _, path := range paths {
		p.only[path] = true
	}
	return p
}

// parseProjection reads the parameters attributes and excludedAttributes. Names
// of attributes that there are none of ask for nothing.
func (x *run) parseProjection(query url.Values) (*projection, error) {
	only, except := x.attributePaths(query["attributes"]), x.attributePaths(query["excludedAttributes"])
	switch {
	case only != nil && except != nil:
		return nil, scim.BadRequest(scim.InvalidValue, "attributes and excludedAttributes can't be given together.")
	case only == nil && except == nil:
		return nil, nil
	}
	return &projection{only: only, except: except}, nil
}

// attributePaths returns what a parameter names; nil when it is not given.
func (x *run) attributePaths(values []string) map[schema.Path]bool {
	var paths map[schema.Path]bool
	for _, name := range strings.Split(strings.Join(values, ","), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if paths == nil {
			paths = make(map[schema.Path]bool)
		}
		path, err := schema.ParseAttrPath(name)
		if err != nil {
			continue
		}
		if resolved, ok := x.set.ResolveFor(path, x.tol); ok {
			paths[resolved.Path()] = true
		}
	}
	return paths
}

// asksFor reports whether the request names an attribute, or what it is a part
// of, as one that the answer is to hold.
func (p *projection) asksFor(path schema.Path) bool {
	return p != nil && p.only != nil && p.includes(path)
}

// includes reports whether the answer holds an attribute: it is named itself,
// as a part of one that is named, or because a part of it is.
func (p *projection) includes(path schema.Path) bool {
	if p == nil {
		return true
	}
	named := func(paths map[schema.Path]bool) bool {
		return paths[path] || paths[path.Parent()] || path.URN != "" && paths[schema.Path{URN: path.URN}]
	}
	if p.only == nil {
		return !named(p.except)
	}
	if named(p.only) {
		return true
	}
	for part := range p.only {
		if path.Sub == "" && part.Sub != "" && part.Parent() == path {
			return true
		}
	}
	return false
}
