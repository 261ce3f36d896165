package schema

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// Path names an attribute: [URN ":"] Name ["." Sub] (RFC 7644 section 3.10).
// In the canonical form, as [Resolved.Path] returns it, URN is empty for core
// and common attributes. A Path with a URN alone names an extension as a whole.
// Paths are comparable; only canonical ones should be compared.
type Path struct {
	URN  string
	Name string
	Sub  string
}

// String returns the path in attribute notation.
func (p Path) String() string {
	s := p.Name
	if p.Sub != "" {
		s += "." + p.Sub
	}
	switch {
	case p.URN == "":
		return s
	case s == "":
		return p.URN
	}
	return p.URN + ":" + s
}

// Parent returns the path without its sub-attribute.
func (p Path) Parent() Path {
	p.Sub = ""
	return p
}

// ParseAttrPath splits attribute notation into its parts, keeping their case.
// It knows no schema: a URN with dots and no attribute, such as
// "urn:…:2.0:User", may come back as the URN "urn:…:2.0" with the attribute
// "User", which [Set.Resolve] sets right. The error is a [scim.Error] with
// invalidPath.
func ParseAttrPath(s string) (Path, error) {
	colon := strings.LastIndexByte(s, ':')
	name, sub, dotted := strings.Cut(s[colon+1:], ".")
	if IsName(name) && (!dotted || IsName(sub)) {
		p := Path{Name: name, Sub: sub}
		if colon >= 0 {
			p.URN = s[:colon]
		}
		if colon != 0 {
			return p, nil
		}
	}
	if colon > 0 && IsURI(s) {
		return Path{URN: s}, nil
	}
	return Path{}, scim.BadRequest(scim.InvalidPath, "an attribute path is not of the form [URN:]attribute[.sub-attribute]")
}

// IsName reports whether s can be the name of an attribute. RFC 7643 section
// 2.1 wants a letter first; "$ref" is the RFC's own exception.
func IsName(s string) bool {
	s = strings.TrimPrefix(s, "$")
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// IsURI reports whether s can be the id of a schema: a URI such as
// "urn:example:params:scim:schemas:core:2.0:Device" (RFC 7643 section 7).
func IsURI(s string) bool {
	if s == "" || !isLetter(s[0]) || !strings.Contains(s, ":") || strings.HasSuffix(s, ":") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`"<>[](){}\^|`+"`", c) >= 0 {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }
