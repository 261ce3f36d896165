package resource

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// encode writes a resource as JSON, so that what was read can be held against
// what it says, in an order that depends on nothing but its
// content: schemas, id, externalId, the core attributes as the schema lists
// them, attributes unknown to it by name, extensions, meta; sub-attributes
// likewise. Unset attributes (nil) are left out, as RFC 7643 section 2.5 has
// it; empty lists stay. If the resource has no "schemas" it is computed: the
// core schema and the extensions that the resource has values of. Without a
// set everything is ordered by name.
func encode(res Resource, set *schema.Set) []byte {
	e := encoder{}
	e.enc = json.NewEncoder(&e.buf)
	e.enc.SetEscapeHTML(false)
	if set == nil {
		e.object(res, nil)
		return e.buf.Bytes()
	}
	o := e.open()
	o.member("schemas", schemasOf(res, set), nil)
	done := map[string]bool{"schemas": true, "meta": true}
	put := func(a *schema.Attribute) {
		if a != nil && !done[a.Name] {
			done[a.Name] = true
			o.member(a.Name, res[a.Name], a)
		}
	}
	put(set.Attribute("id"))
	put(set.Attribute("externalId"))
	for _, a := range set.Core().Attributes {
		if a.Name != "meta" {
			put(a)
		}
	}
	for _, x := range set.Extensions() {
		done[x.ID] = true
	}
	for _, k := range sortedKeys(res) {
		if !done[k] {
			o.member(k, res[k], nil)
		}
	}
	for _, x := range set.Extensions() {
		if hasValues(res[x.ID]) {
			// An extension is ordered just as a complex attribute is.
			o.member(x.ID, res[x.ID], &schema.Attribute{SubAttributes: x.Attributes})
		}
	}
	o.member("meta", res["meta"], set.Attribute("meta"))
	o.close()
	return e.buf.Bytes()
}

// schemasOf returns the value of "schemas".
func schemasOf(res Resource, set *schema.Set) any {
	if list, ok := res["schemas"].([]any); ok && len(list) > 0 {
		return list
	}
	list := []any{set.Core().ID}
	for _, x := range set.Extensions() {
		if hasValues(res[x.ID]) {
			list = append(list, x.ID)
		}
	}
	return list
}

// hasValues reports whether an extension has anything to show.
func hasValues(v any) bool {
	m, _ := v.(map[string]any)
	for _, e := range m {
		if e != nil {
			return true
		}
	}
	return false
}

type encoder struct {
	buf bytes.Buffer
	enc *json.Encoder
}

func (e *encoder) value(v any, a *schema.Attribute) {
	switch v := v.(type) {
	case map[string]any:
		e.object(v, a)
	case []any:
		e.buf.WriteByte('[')
		for i, el := range v {
			if i > 0 {
				e.buf.WriteByte(',')
			}
			e.value(el, a)
		}
		e.buf.WriteByte(']')
	case json.Number:
		if !json.Valid([]byte(v)) {
			v = "null"
		}
		e.buf.WriteString(string(v))
	default:
		if e.enc.Encode(v) != nil {
			e.buf.WriteString("null")
			return
		}
		// The encoder ends every value with a line feed.
		e.buf.Truncate(e.buf.Len() - 1)
	}
}

func (e *encoder) object(m map[string]any, a *schema.Attribute) {
	o := e.open()
	done := 0
	if a != nil {
		for _, s := range a.SubAttributes {
			if v, ok := m[s.Name]; ok {
				o.member(s.Name, v, s)
				done++
			}
		}
	}
	if done < len(m) {
		for _, k := range sortedKeys(m) {
			if a == nil || a.Sub(k) == nil || a.Sub(k).Name != k {
				o.member(k, m[k], nil)
			}
		}
	}
	o.close()
}

// open starts a JSON object.
func (e *encoder) open() *objectWriter {
	e.buf.WriteByte('{')
	return &objectWriter{e: e}
}

type objectWriter struct {
	e       *encoder
	started bool
}

func (o *objectWriter) member(name string, v any, a *schema.Attribute) {
	if v == nil {
		return
	}
	if o.started {
		o.e.buf.WriteByte(',')
	}
	o.started = true
	o.e.value(name, nil)
	o.e.buf.WriteByte(':')
	o.e.value(v, a)
}

func (o *objectWriter) close() { o.e.buf.WriteByte('}') }

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
