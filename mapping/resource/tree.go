package resource

import "github.com/qualytics/scim-sidecar/mapping/schema"

// Get returns the value at a canonical path, and whether there is one; an
// attribute that is explicitly unset is there with the value nil. For a
// sub-attribute of a multi-valued attribute it is the list of the elements'
// values.
func Get(res Resource, p schema.Path) (value any, present bool) {
	if p.URN != "" {
		v, ok := res[p.URN]
		if p.Name == "" {
			return v, ok
		}
		if res, ok = v.(map[string]any); !ok {
			return nil, false
		}
	}
	v, ok := res[p.Name]
	if p.Sub == "" || !ok {
		return v, ok
	}
	switch v := v.(type) {
	case map[string]any:
		s, ok := v[p.Sub]
		return s, ok
	case []any:
		var out []any
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				if s, ok := m[p.Sub]; ok {
					out = append(out, s)
				}
			}
		}
		return out, len(out) > 0
	}
	return nil, false
}

// Set puts a value at a canonical path, making the objects around it as
// needed. A sub-attribute of a multi-valued attribute is set in each element.
func Set(res Resource, p schema.Path, v any) {
	if p.URN != "" {
		if p.Name == "" {
			res[p.URN] = v
			return
		}
		res = child(res, p.URN)
	}
	if p.Sub == "" {
		res[p.Name] = v
		return
	}
	if list, ok := res[p.Name].([]any); ok {
		for _, e := range list {
			if m, ok := e.(map[string]any); ok {
				m[p.Sub] = v
			}
		}
		return
	}
	child(res, p.Name)[p.Sub] = v
}

func child(m map[string]any, key string) map[string]any {
	c, ok := m[key].(map[string]any)
	if !ok {
		c = map[string]any{}
		m[key] = c
	}
	return c
}

// DeepCopy returns a copy that shares nothing with res.
func DeepCopy(res Resource) Resource {
	if res == nil {
		return nil
	}
	return CopyValue(res).(Resource)
}

// CopyValue returns a copy of a value within a resource that shares nothing
// with it.
func CopyValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = CopyValue(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = CopyValue(e)
		}
		return out
	}
	return v
}
