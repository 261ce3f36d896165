package mapping

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// linkFields finds out which field of the API each attribute ends up in. An
// attribute writes the first of its paths, unless another attribute names it
// in "from": then it is written through that one.
func (c *compiler) linkFields(r *resourceType, spec *resourceSpec, declared map[string]*attribute) {
	through := make(map[*attribute]*field)
	silent := false // a "from" may be what an attribute is missing in
	for i := range spec.attributes {
		s := &spec.attributes[i]
		a, ok := declared[s.name.value]
		if !ok || len(s.from) == 0 {
			continue
		}
		silent = silent || s.broken
		f := c.field(r, a, s)
		for _, t := range s.from {
			source, ok := c.template(t, declared)
			if !ok {
				silent = true
				continue
			}
			f.sources = append(f.sources, source)
			for _, referred := range source.attributes() {
				if referred.readOnly {
					c.Addf(t.pos, "%s is read-only, so that no request gives it", referred.name())
				}
				through[referred] = f
			}
		}
		c.fallback(f, s, declared)
	}
	for i := range spec.attributes {
		s := &spec.attributes[i]
		a, ok := declared[s.name.value]
		if !ok {
			continue
		}
		owned := len(s.from) > 0
		if !owned && c.writes(a, s, through[a] != nil, silent || s.broken) {
			f := c.field(r, a, s)
			f.sources = []template{{pos: a.pos, text: "{" + a.name() + "}", parts: []templatePart{{attribute: a}}}}
			c.fallback(f, s, declared)
			owned = true
		}
		switch {
		case owned || s.keep || len(s.state) > 0 || len(s.each) > 0:
		case through[a] != nil:
			c.pointless(a, s, "is written through "+through[a].owner.name(), "default", "clear", "write")
		case a.readOnly:
			c.pointless(a, s, "is read-only", "default", "clear", "write")
		}
	}
}

// writes reports whether an attribute writes its own field, and complains
// about one that nothing writes although SCIM may change it.
func (c *compiler) writes(a *attribute, s *attributeSpec, through, silent bool) bool {
	switch {
	case a.kept || a.on != nil || a.off != nil || len(s.state) > 0 || through || a.readOnly || len(a.each) > 0:
		return false
	case a.read != nil && (silent || len(s.values) > 0):
		return false
	case a.read != nil:
		c.Addf(s.name.pos, `%s can be read but not written: %q has no inverse; name it in a "from", or say "read-only: true"`,
			a.name(), a.read.Name)
		return false
	}
	return len(a.paths) > 0
}

func (c *compiler) field(r *resourceType, a *attribute, s *attributeSpec) *field {
	f := &field{owner: a}
	if len(a.paths) == 0 {
		return f
	}
	f.path = a.paths[0]
	if f.path.IsSelf() {
		c.Addf(s.path[0].pos, `%s can't write ".", the whole object; name one of its fields or say "read-only: true"`, a.name())
		return f
	}
	for _, other := range r.fields {
		theirs, ours := other.path.String(), f.path.String()
		switch {
		case theirs == ours:
			c.Addf(s.name.pos, `%s and %s both write %s; name one of them in the other's "from"`, other.owner.name(), a.name(), ours)
			return f
		case strings.HasPrefix(ours, theirs+".") || strings.HasPrefix(theirs, ours+"."):
			c.Addf(s.name.pos, "%s writes %s and %s writes %s, one of which is inside the other", other.owner.name(), theirs, a.name(), ours)
			return f
		}
	}
	if s.clear != nil {
		f.clear, f.clearPos = s.clear.raw, s.clear.pos
	}
	r.fields = append(r.fields, f)
	return f
}

// template compiles an element of "from", in which a plain name stands for a
// reference, or a text default, in which it stands for itself.
func (c *compiler) template(t text, declared map[string]*attribute) (template, bool) {
	body := t.value
	if !strings.ContainsAny(body, "{}") {
		body = "{" + body + "}"
	}
	compiled, err := parseTemplate(body)
	compiled.pos = t.pos
	if err != nil {
		c.Addf(t.pos, "%v", err)
		return compiled, false
	}
	ok := true
	for i := range compiled.parts {
		part := &compiled.parts[i]
		if part.name == "" {
			continue
		}
		a, known := declared[part.name]
		if !known {
			c.AddHint(t.pos, didYouMeanOf(part.name, declared), "%q is not an attribute of this mapping", part.name)
			ok = false
			continue
		}
		switch part.attribute = a; {
		case a.isPlainList():
			c.Addf(t.pos, "%s is a list of plain values, of which no text can be made", a.name())
		case a.kept && isWhole(a.target):
			c.Addf(t.pos, "%s consists of others, of which no text can be made; name one of them", a.name())
		case a.secret:
			c.Addf(t.pos, "%s is never shown, so that nothing else can be made of it", a.name())
		}
	}
	return compiled, ok
}

func (c *compiler) fallback(f *field, s *attributeSpec, declared map[string]*attribute) {
	if s.fallback == nil {
		return
	}
	f.fallbackPos = s.fallback.pos
	v, _ := jsonpath.Document(s.fallback.raw)
	if !v.IsString() || !strings.ContainsAny(v.Text(), "{}") {
		f.fallbackConstant = s.fallback.raw
		return
	}
	f.fallback, _ = c.template(text{pos: s.fallback.pos, value: v.Text()}, declared)
}
