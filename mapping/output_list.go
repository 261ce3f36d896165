package mapping

import (
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
