package filter

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Path is the target of a PATCH operation (RFC 7644 section 3.5.2):
// attribute, attribute.sub, attribute[filter] or attribute[filter].sub.
type Path struct {
	// Resolved is what the path names. Its Attribute is nil if the path is an
	// extension as a whole.
	schema.Resolved
	// Filter chooses among the attribute's values; nil for all.
	Filter Expr
}

// String returns the canonical text.
func (p Path) String() string {
	if p.Filter == nil {
		return p.Resolved.Path().String()
	}
	var b strings.Builder
	(&ValuePath{Path: p.Resolved.Path().Parent(), Filter: p.Filter}).write(&b, false)
	if p.Sub != nil {
		b.WriteString("." + p.Sub.Name)
	}
	return b.String()
}

// ParsePath reads the target of a PATCH operation. Errors are [scim.Error] with
// invalidPath, or invalidFilter if what is wrong is in the brackets.
func ParsePath(s string, set *schema.Set, tol *tolerance.Session) (Path, error) {
	bracket := strings.IndexByte(s, '[')
	p, err := newParser(s, Limits{}, set, tol, scim.InvalidPath)
	if err != nil {
		return Path{}, err
	}
	name := s
	if bracket >= 0 {
		name = s[:bracket]
	}
	out, err := p.resolve(name)
	if err != nil || bracket < 0 {
		return out, err
	}
	p.pos = bracket
	if out.Attribute == nil {
		return Path{}, p.expected("an attribute before the bracket")
	}
	p.kind = scim.InvalidFilter
	vp, err := p.valuePath(target{path: out.Resolved.Path(), attr: out.Resolved.Target()}, 0)
	if err != nil {
		return Path{}, err
	}
	p.kind = scim.InvalidPath
	out.Filter = vp.Filter
	if p.pos == len(s) {
		return out, nil
	}
	if !p.accept('.') {
		return Path{}, p.expected(`"." or the end`)
	}
	if out.Sub = out.Attribute.Sub(s[p.pos:]); out.Sub == nil {
		return Path{}, p.errorAt(p.pos, "there is no such sub-attribute of "+vp.Path.String())
	}
	return out, nil
}

func (p *parser) resolve(name string) (Path, error) {
	attr, err := schema.ParseAttrPath(name)
	if err != nil {
		return Path{}, p.errorAt(0, "expected an attribute")
	}
	r, ok := p.set.ResolveFor(attr, p.tol)
	if !ok {
		return Path{}, p.unknown(0, attr, name)
	}
	return Path{Resolved: r}, nil
}
