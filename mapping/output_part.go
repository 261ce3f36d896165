package mapping

import (
	"bytes"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// cutParts cuts the value that dst holds from start on, of the attribute at the
// path, down to the sub-attributes that the projection includes. It reports
// whether anything is left.
func cutParts(dst []byte, start int, path schema.Path, part *projection) ([]byte, bool) {
	doc, ok := jsonpath.Document(bytes.Clone(dst[start:]))
	dst = dst[:start]
	switch {
	case !ok:
		return dst, false
	case doc.IsObject():
		return appendParts(dst, doc, path, part)
	case !doc.IsArray():
		return append(dst, doc.Raw()...), true
	}
	dst = append(dst, '[')
	given, kept := false, false
	doc.Each(func(element jsonpath.Value) bool {
		given = true
		length := len(dst)
		if kept {
			dst = append(dst, ',')
		}
		var some bool
		if dst, some = appendParts(dst, element, path, part); !some {
			dst = dst[:length]
		}
		kept = kept || some
		return true
	})
	// An attribute that is shown as an empty list stays one.
	return append(dst, ']'), kept || !given
}

// appendParts appends those sub-attributes of a complex value that the
// projection includes, and reports whether there are any.
func appendParts(dst []byte, value jsonpath.Value, path schema.Path, part *projection) ([]byte, bool) {
	dst = append(dst, '{')
	some := false
	value.Keys(func(name string, v jsonpath.Value) bool {
		path.Sub = name
		if !part.includes(path) {
			return true
		}
		if some {
			dst = append(dst, ',')
		}
		dst = append(append(appendString(dst, name), ':'), v.Raw()...)
		some = true
		return true
	})
	return append(dst, '}'), some
}
