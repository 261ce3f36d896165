package mapping

import (
	"regexp"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// projection is the part of a resource that an answer holds (RFC 7644 section
// 3.9). A nil projection is everything. "schemas" and "id" are always there.
type projection struct {
	only, except map[schema.Path]bool

	// returned are the characteristics of those attributes that an answer does
	// not hold by default, or always holds (RFC 7643 section 7). It is nil for a
	// part that is not for the client, which consists of whole attributes.
	returned map[schema.Path]schema.Returned

	// spoken are the attributes that the request gives values of: an answer holds
	// those that it does not hold by default.
	spoken map[schema.Path]bool
}

// onlyPaths is the projection to some attributes.
func onlyPaths(paths ...schema.Path) *projection {
	p := &projection{only: make(map[schema.Path]bool)}
	for _, path := range paths {
		p.only[path] = true
	}
	return p
}

// project makes the part of a resource that a client asks for by "attributes"
// or "excludedAttributes"; nil for everything. RFC 7644 section 3.9 has the two
// exclude each other, so that a request with both does not say what it wants.
// Names of attributes that there are none of ask for nothing.
//
// Microsoft's tests ask for values by a filter, as in emails[type eq "work"],
// which RFC 7644 section 3.10 does not have. They get all values of the attribute.
func (x *run) project(attributes, excluded []string) (*projection, error) {
	asked := filters.ReplaceAllLiteralString(strings.Join(attributes, ","), "")
	p := &projection{only: x.attributePaths(asked), except: x.attributePaths(strings.Join(excluded, ",")), returned: x.returned}
	switch {
	case p.only != nil && p.except != nil:
		return nil, scim.BadRequest(scim.InvalidValue, "attributes and excludedAttributes can't be given together.")
	case p.only == nil && p.except == nil && len(p.returned) == 0:
		return nil, nil
	}
	return p, nil
}

// filters are what stands in brackets behind the names of attributes.
var filters = regexp.MustCompile(`\[[^]]*]`)

// speaksOf has the answer show what a change gives values of.
func (x *run) speaksOf(ch *change) {
	if x.part != nil {
		x.part.spoken = ch.touched
	}
}

// attributePaths returns what names with commas between them name; nil when
// there are none. The URN of a schema names all its attributes.
func (x *run) attributePaths(names string) map[schema.Path]bool {
	var paths map[schema.Path]bool
	for name := range strings.SplitSeq(names, ",") {
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
		resolved, ok := x.set.ResolveFor(path, x.tol)
		switch {
		case !ok:
		case resolved.Attribute == nil && !resolved.Extension:
			for _, a := range resolved.Schema.Attributes {
				paths[schema.Path{Name: a.Name}] = true
			}
		default:
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
	if p.returned[path.Parent()] == schema.ReturnedNever {
		return false
	}
	switch p.returned[path] {
	case schema.ReturnedAlways:
		return true
	case schema.ReturnedNever:
		return false
	case schema.ReturnedRequest:
		return p.names(path) || p.only == nil && p.spoken[path] && !namesPart(p.except, path)
	}
	if p.only == nil {
		return !namesPart(p.except, path)
	}
	return p.names(path)
}

// names reports whether "attributes" names an attribute or a part of it.
func (p *projection) names(path schema.Path) bool {
	if namesPart(p.only, path) {
		return true
	}
	for part := range p.only {
		if path.Sub == "" && part.Sub != "" && part.Parent() == path {
			return true
		}
	}
	return false
}

// namesPart reports whether an attribute is among those that are named, or a part
// of one.
func namesPart(paths map[schema.Path]bool, path schema.Path) bool {
	return paths[path] || paths[path.Parent()] || path.URN != "" && paths[schema.Path{URN: path.URN}]
}

// cuts reports whether the answer may leave out sub-attributes of an attribute
// that it holds.
func (p *projection) cuts(path schema.Path) bool {
	if p == nil || p.returned == nil {
		return false
	}
	for part := range p.only {
		if part.Sub != "" && part.Parent() == path {
			return !namesPart(p.only, path)
		}
	}
	for part := range p.except {
		if part.Sub != "" && part.Parent() == path {
			return true
		}
	}
	for part := range p.returned {
		if part.Sub != "" && part.Parent() == path {
			return true
		}
	}
	return false
}

// notByDefault returns the attributes of a set that an answer does not hold by
// default, or always holds.
func notByDefault(set *schema.Set) map[schema.Path]schema.Returned {
	found := make(map[schema.Path]schema.Returned)
	add := func(urn string, attributes []*schema.Attribute) {
		for _, a := range attributes {
			path := schema.Path{URN: urn, Name: a.Name}
			note(found, path, a)
			for _, sub := range a.SubAttributes {
				path.Sub = sub.Name
				note(found, path, sub)
			}
		}
	}
	add("", set.Core().Attributes)
	for _, extension := range set.Extensions() {
		add(extension.ID, extension.Attributes)
	}
	return found
}

func note(found map[schema.Path]schema.Returned, path schema.Path, a *schema.Attribute) {
	if a.Returned != "" && a.Returned != schema.ReturnedDefault {
		found[path] = a.Returned
	}
}
