package mapping

import (
	"cmp"
	"net/url"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// appendMapped appends a value of the API by the table of values, or as it is.
func (a *attribute) appendMapped(dst []byte, v jsonpath.Value, target *schema.Attribute) ([]byte, bool) {
	if a.toSCIM != nil {
		if raw, ok := a.toSCIM[v.Raw()]; ok {
			return append(dst, raw...), true
		}
	}
	return appendAs(dst, v, target)
}

// appendPlain appends a list of plain values; one value of the API is a list of
// that value.
func (a *attribute) appendPlain(dst []byte, e *entity) ([]byte, bool) {
	dst, some := append(dst, '['), false
	one := func(v jsonpath.Value) bool {
		start := len(dst)
		if some {
			dst = append(dst, ',')
		}
		result, ok := a.appendMapped(dst, v, a.target)
		if !ok {
			dst = dst[:start]
			return true
		}
		dst, some = result, true
		return true
	}
	if v := a.lookup(e.doc); v.IsArray() {
		v.Each(one)
	} else {
		one(v)
	}
	return append(dst, ']'), some
}

func (a *attribute) appendEach(dst []byte, e *entity, base string) ([]byte, bool) {
	dst, some := a.appendElements(append(dst, '['), e, base)
	for _, g := range a.made.of(e) {
		if some {
			dst = append(dst, ',')
		}
		dst, some = a.appendGroup(dst, g, base), true
	}
	return append(dst, ']'), some
}

// appendElements appends the elements of the API's list that SCIM shows, and
// reports whether there are any.
func (a *attribute) appendElements(dst []byte, e *entity, base string) ([]byte, bool) {
	first := true
	a.lookup(e.doc).Each(func(v jsonpath.Value) bool {
		if a.excepted(v) || a.of != nil && e.unshown[firstScalar(v, a.idPaths()).Text()] {
			return true
		}
		start := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		var found bool
		if dst, found = a.appendElement(dst, v, e.named, base); !found {
			dst = dst[:start]
			return true
		}
		first = false
		return true
	})
	return dst, !first
}

// appendElement appends an element of the API's list, with the id that its name
// stands for where it has no other. It reports whether there is anything in it.
func (a *attribute) appendElement(dst []byte, v jsonpath.Value, named map[string]string, base string) ([]byte, bool) {
	dst = append(dst, '{')
	found := false
	for i := range a.each {
		part := &a.each[i]
		value := firstScalar(v, part.paths)
		id := ""
		if !value.Exists() && part.key == "value" && a.of != nil {
			id = named[a.nameOf(v)]
		}
		if !value.Exists() && id == "" {
			continue
		}
		if found {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, part.key), ':')
		if id != "" {
			dst = appendString(dst, id)
		} else {
			dst, _ = appendAs(dst, value, part.sub)
		}
		if part.key == "value" && a.refers {
			dst = a.of.appendRef(dst, base, cmp.Or(id, value.Text()))
		}
		found = true
	}
	return append(dst, '}'), found
}

// appendGroup appends a value group as an element of a list of groups.
func (a *attribute) appendGroup(dst []byte, g *valueGroup, base string) []byte {
	dst = append(dst, '{')
	for i := range a.each {
		var text string
		switch a.each[i].key {
		case "value":
			text = g.id
		case "display":
			text = g.name
		default:
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = appendString(append(appendString(dst, a.each[i].key), ':'), text)
		if a.each[i].key == "value" && a.refers {
			dst = a.of.appendRef(dst, base, text)
		}
	}
	return append(dst, '}')
}

// appendRef appends the member "$ref" of an element that refers to a resource
// (RFC 7643 section 2.4); nothing without a base.
func (r *resourceType) appendRef(dst []byte, base, id string) []byte {
	if base == "" {
		return dst
	}
	dst = appendString(append(dst, `,"$ref":`...), base)
	dst = append(dst[:len(dst)-1], r.endpoint...)
	dst = append(append(dst, '/'), url.PathEscape(id)...)
	return append(dst, '"')
}

// excepted reports whether SCIM leaves an element of a list out.
func (a *attribute) excepted(v jsonpath.Value) bool {
	for _, x := range a.except {
		for i := range a.each {
			if part := &a.each[i]; part.key == x.path.String() && sameJSON(firstScalar(v, part.paths), x.raw) {
				return true
			}
		}
	}
	return false
}
