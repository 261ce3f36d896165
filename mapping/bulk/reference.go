package bulk

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/resource"
)

// prefix tells a reference from an id (RFC 7644 section 3.7.2).
const prefix = "bulkId:"

// Reference is a place in an operation's data that names a resource by the
// bulkId of the operation that makes it.
type Reference struct {
	// BulkID is the name, without "bulkId:".
	BulkID string
	// Within are the names on the way to the place, outermost first: JSON keys
	// and, where it is in an operation of a PATCH, the path of that.
	Within []string
}

// Top returns the key in the data under which the reference is.
func (r Reference) Top() string { return r.Within[0] }

// Resolve returns a copy of the data in which the references are what id
// returns for them; one for which it returns false stays as it is. The
// references are the strings "bulkId:…" and, in a PATCH, those in quotes within
// the filter of a path. The data of a DELETE is nil.
func (op *Operation) Resolve(id func(Reference) (string, bool)) resource.Object {
	if op.Data == nil {
		return nil
	}
	r := resolver{id: id, patch: op.Method == "PATCH"}
	return r.object(op.Data, nil)
}

type resolver struct {
	id    func(Reference) (string, bool)
	patch bool
}

func (r *resolver) value(v any, within []string) any {
	switch v := v.(type) {
	case string:
		return r.text(v, within)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = r.value(e, within)
		}
		return list
	case resource.Object:
		return r.object(v, within)
	}
	return v
}

func (r *resolver) object(obj resource.Object, within []string) resource.Object {
	// The path of an operation says what its value is about.
	path, _, _ := obj.Member("path")
	if text, ok := path.(string); ok && r.patch {
		within = append(within[:len(within):len(within)], text)
	}
	out := make(resource.Object, len(obj))
	for i, m := range obj {
		at := append(within[:len(within):len(within)], m.Key)
		key, value := m.Key, r.value(m.Value, at)
		if r.patch {
			key = r.filter(key, at)
			if text, ok := value.(string); ok && strings.EqualFold(key, "path") {
				value = r.filter(text, at)
			}
		}
		out[i] = resource.Member{Key: key, Value: value}
	}
	return out
}

func (r *resolver) text(s string, within []string) string {
	name, ok := strings.CutPrefix(s, prefix)
	if !ok || name == "" {
		return s
	}
	if id, ok := r.id(Reference{BulkID: name, Within: within}); ok {
		return id
	}
	return s
}

// quoted finds the texts in a filter.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

func (r *resolver) filter(path string, within []string) string {
	return quoted.ReplaceAllStringFunc(path, func(literal string) string {
		var s string
		if json.Unmarshal([]byte(literal), &s) != nil || !strings.HasPrefix(s, prefix) {
			return literal
		}
		id, err := json.Marshal(r.text(s, within))
		if err != nil {
			return literal
		}
		return string(id)
	})
}
