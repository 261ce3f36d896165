package resource

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Canon brings JSON values, as [Decode] returns them, into the canonical form
// of an attribute. It serves one request.
type Canon struct {
	// Set is the resource type's schemas.
	Set *schema.Set
	// Tol says which leniencies are on.
	Tol *tolerance.Session
	// Notes collects what is left out.
	Notes
}

// NoteUnmapped records that an attribute is left out that only the full set has.
func (c *Canon) NoteUnmapped(path schema.Path) { c.Unmapped = note(c.Unmapped, path.String()) }

// NotePath is NoteUnmapped for what the path of a PATCH operation names.
func (c *Canon) NotePath(path schema.Path) {
	c.NoteUnmapped(path)
	c.Paths = note(c.Paths, path.String())
}

// NoteUndefinedPath records that the path of a PATCH operation names something that
// is no attribute.
func (c *Canon) NoteUndefinedPath(path schema.Path) {
	c.noteUnknown(path.String())
	c.Paths = note(c.Paths, path.String())
}

// noteUnknown records that something is left out that is no attribute.
func (c *Canon) noteUnknown(name string) { c.Unknown = note(c.Unknown, name) }

// NoteReadOnly records that an attribute is left out since it is read-only.
func (c *Canon) NoteReadOnly(name string) { c.ReadOnly = note(c.ReadOnly, name) }

// Value returns the canonical form of a value for an attribute or
// sub-attribute. It is nil if the attribute is to be unset. The second result
// is false if the value is to be taken as not given at all, such as a blank for
// a boolean. Errors are [scim.Error] with invalidValue.
func (c *Canon) Value(r schema.Resolved, v any) (out any, present bool, err error) {
	w := &where{name: r.Path().Parent().String()}
	if r.Sub != nil {
		return c.value(r.Sub, &where{parent: w, name: r.Sub.Name}, v)
	}
	return c.value(r.Attribute, w, v)
}

// Element returns the canonical form of one value of a multi-valued attribute.
// The second result is false if it says nothing, such as null.
func (c *Canon) Element(r schema.Resolved, v any) (out any, keep bool, err error) {
	w := &where{name: r.Path().Parent().String()}
	if list, ok := v.([]any); ok && len(list) == 1 {
		if !c.Tol.Allow(tolerance.ListForSingle) {
			return nil, false, refused(scim.InvalidValue, tolerance.ListForSingle, "%s: a list stands for a single value", w)
		}
		v = list[0]
	}
	return c.element(r.Attribute, w, v)
}

// where is the place of a value, for error messages. It is put into words only
// if there is an error.
type where struct {
	parent *where
	name   string
	index  int // of the element, if name is empty
}

func (w *where) String() string {
	switch {
	case w.parent == nil:
		return w.name
	case w.name == "":
		return w.parent.String() + "[" + strconv.Itoa(w.index) + "]"
	}
	return w.parent.String() + "." + w.name
}

// attribute is the place without indexes of elements.
func (w *where) attribute() string {
	switch {
	case w.parent == nil:
		return w.name
	case w.name == "":
		return w.parent.attribute()
	}
	return w.parent.attribute() + "." + w.name
}

func (c *Canon) value(a *schema.Attribute, w *where, v any) (any, bool, error) {
	switch {
	case v == nil:
		return nil, true, nil
	case a.MultiValued:
		return c.list(a, w, v)
	}
	return c.single(a, w, v)
}

func (c *Canon) list(a *schema.Attribute, w *where, v any) (any, bool, error) {
	in, ok := v.([]any)
	if !ok {
		if s, ok := v.(string); ok && isBlank(s) && !a.BlankIsMistake && c.Tol.Allow(tolerance.BlankMeansUnset) {
			return nil, true, nil
		}
		if !c.Tol.Allow(tolerance.SingleObjectForList) {
			return nil, false, refused(scim.InvalidValue, tolerance.SingleObjectForList, "%s: must be a list", w)
		}
		in = []any{v}
	}
	out := make([]any, 0, len(in))
	var seen map[string]bool
	if len(in) > 1 {
		seen = make(map[string]bool, len(in))
	}
	at := where{parent: w}
	for i, e := range in {
		at.index = i
		el, keep, err := c.element(a, &at, e)
		if err != nil {
			return nil, false, err
		}
		if !keep {
			if !c.Tol.Allow(tolerance.NullInList) {
				return nil, false, refused(scim.InvalidValue, tolerance.NullInList, "%s: has no value", &at)
			}
			continue
		}
		// A value that is there twice says no more than one that is there once.
		if seen != nil {
			k := key(el, a)
			if seen[k] {
				continue
			}
			seen[k] = true
		}
		out = append(out, el)
	}
	if a.BlankIsMistake && len(out) == 0 && len(in) > 0 {
		return nil, false, valueError(w, "has values that are all blank; an empty list removes all")
	}
	return out, true, c.onePrimary(out, w)
}

// onePrimary keeps RFC 7643 section 2.4's promise of at most one primary value.
func (c *Canon) onePrimary(list []any, w *where) error {
	seen := false
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok || m["primary"] != true {
			continue
		}
		if seen {
			if !c.Tol.Allow(tolerance.ManyPrimaries) {
				return refused(scim.InvalidValue, tolerance.ManyPrimaries, "%s: more than one value is primary", w)
			}
			m["primary"] = false
		}
		seen = true
	}
	return nil
}

// element returns one value of a list, and whether it says anything.
func (c *Canon) element(a *schema.Attribute, w *where, v any) (any, bool, error) {
	if v == nil {
		return nil, false, nil
	}
	if a.Type != schema.Complex {
		out, present, err := c.scalar(a, w, v)
		return out, present && out != nil, err
	}
	switch v := v.(type) {
	case Object:
		v, err := c.fromJSONText(a, w, v)
		if err != nil {
			return nil, false, err
		}
		if err := refersElsewhere(a, w, v); err != nil {
			return nil, false, err
		}
		m, given, err := c.subs(a, w, v)
		if err != nil {
			return nil, false, err
		}
		value, hasValue := m["value"]
		for k, s := range m {
			if s == nil {
				delete(m, k)
			}
		}
		switch {
		case hasValue && value == nil:
			// {"value":"","type":"work"} is a template whose macro was unset.
			return nil, false, nil
		case a.RefersTo != "" && len(m) > 0 && !hasValue:
			return nil, false, valueError(w, "has no value, the id by which it refers to a "+a.RefersTo)
		case len(m) > 0:
			return m, true, nil
		case given:
			return nil, false, valueError(w, "has nothing that could be stored")
		}
		return nil, false, nil
	case string:
		if obj, ok, err := c.jsonText(a, w, v); err != nil || ok {
			if err != nil {
				return nil, false, err
			}
			return c.element(a, w, obj)
		}
		m, err := c.plain(a, w, v)
		return m, m != nil, err
	}
	return nil, false, valueError(w, "must be an object")
}

// jsonText returns the object that the text of a role or entitlement is, as Entra
// ID writes it.
func (c *Canon) jsonText(a *schema.Attribute, w *where, text string) (obj Object, ok bool, err error) {
	if a.Name != "roles" && a.Name != "entitlements" || !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil, false, nil
	}
	v, err := Decode([]byte(text), Limits{})
	obj, ok = v.(Object)
	if _, found := unwrap(obj); err != nil || !ok || !found {
		return nil, false, nil
	}
	if !c.Tol.Allow(tolerance.JSONText) {
		return nil, false, refused(scim.InvalidValue, tolerance.JSONText, "%s: is the text of a JSON object", w)
	}
	return obj, true, nil
}

// fromJSONText returns a value with what its "value" says where that is such a
// text.
func (c *Canon) fromJSONText(a *schema.Attribute, w *where, obj Object) (Object, error) {
	for i, m := range obj {
		text, isText := m.Value.(string)
		if !isText || !strings.EqualFold(m.Key, "value") {
			continue
		}
		inner, ok, err := c.jsonText(a, w, text)
		if ok {
			obj = slices.Clone(obj)
			obj[i].Value, _ = unwrap(inner)
		}
		return obj, err
	}
	return obj, nil
}

// refersElsewhere refuses a reference to another type than the attribute's: ids
// of different types can be the same, and so somebody else would be meant.
func refersElsewhere(a *schema.Attribute, w *where, obj Object) error {
	if a.RefersTo == "" {
		return nil
	}
	kind, _, err := obj.Member("type")
	if err != nil {
		return err
	}
	if s, ok := kind.(string); ok && !isBlank(s) && !strings.EqualFold(strings.TrimSpace(s), a.RefersTo) {
		return valueError(w, "has a type that is not "+a.RefersTo+", which is all it can refer to")
	}
	uri, _, err := obj.Member("$ref")
	if err != nil {
		return err
	}
	id, _, err := obj.Member("value")
	if err != nil {
		return err
	}
	s, isText := uri.(string)
	value, hasValue := id.(string)
	if isText && !isBlank(s) && hasValue && !isBlank(value) && !refersTo(s, a.RefersAt, value) {
		return valueError(w, "has a $ref that is not the URI of the "+a.RefersTo+" with this value")
	}
	return nil
}

// refersTo reports whether a URI, absolute or relative, is that of the resource
// with an id: it ends in the id, and in the endpoint before that if it has any.
func refersTo(uri, endpoint, id string) bool {
	u, err := url.Parse(strings.TrimSpace(uri))
	if err != nil {
		return false
	}
	segments := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	last, err := url.PathUnescape(segments[len(segments)-1])
	if err != nil || last != strings.TrimSpace(id) {
		return false
	}
	return len(segments) == 1 || endpoint == "" || strings.EqualFold("/"+segments[len(segments)-2], endpoint)
}

// single returns the value of a single-valued attribute.
func (c *Canon) single(a *schema.Attribute, w *where, v any) (any, bool, error) {
	if list, ok := v.([]any); ok {
		switch {
		case len(list) > 1:
			return nil, false, valueError(w, "must be a single value")
		case !c.Tol.Allow(tolerance.ListForSingle):
			return nil, false, refused(scim.InvalidValue, tolerance.ListForSingle, "%s: must be a single value", w)
		case len(list) == 0 || list[0] == nil:
			return nil, true, nil
		}
		if _, nested := list[0].([]any); nested {
			return nil, false, valueError(w, "must be a single value")
		}
		v = list[0]
	}
	if a.Type != schema.Complex {
		return c.scalar(a, w, v)
	}
	switch v := v.(type) {
	case Object:
		m, _, err := c.subs(a, w, v)
		if err != nil {
			return nil, false, err
		}
		return m, true, nil
	case string:
		m, err := c.plain(a, w, v)
		if m == nil {
			return nil, true, err
		}
		return m, true, err
	}
	return nil, false, valueError(w, "must be an object")
}

// plain returns the complex value that a string stands for; nil for a blank.
func (c *Canon) plain(a *schema.Attribute, w *where, s string) (any, error) {
	sub := a.Sub("value")
	switch {
	case isBlank(s) && c.Tol.Allow(tolerance.BlankMeansUnset):
		return nil, nil
	case sub == nil:
		return nil, valueError(w, "must be an object")
	case !c.Tol.Allow(tolerance.PlainStringForComplex):
		return nil, refused(scim.InvalidValue, tolerance.PlainStringForComplex, "%s: must be an object", w)
	}
	v, present, err := c.scalar(sub, &where{parent: w, name: sub.Name}, s)
	if err != nil || !present || v == nil {
		return nil, err
	}
	return map[string]any{sub.Name: v}, nil
}

// subs returns the sub-attributes of a complex value, nil for the unset ones,
// and whether the object said anything at all.
func (c *Canon) subs(a *schema.Attribute, w *where, obj Object) (out map[string]any, given bool, err error) {
	out = make(map[string]any, len(obj))
	for _, m := range obj {
		if s, ok := m.Value.(string); m.Value != nil && (!ok || !isBlank(s)) {
			given = true
		}
		sub, err := c.sub(a, w, m.Key)
		if err != nil {
			return nil, false, err
		}
		if sub == nil {
			// What a value refers to goes without saying; see refersElsewhere.
			if a.RefersTo == "" || !strings.EqualFold(m.Key, "type") {
				c.leaveOutSub(w, m)
			}
			continue
		}
		if sub.IsReadOnly() {
			c.NoteReadOnly(w.attribute() + "." + sub.Name)
			continue
		}
		at := &where{parent: w, name: sub.Name}
		if _, twice := out[sub.Name]; twice {
			return nil, false, syntaxError("the attribute %s is there twice", at)
		}
		v, present, err := c.value(sub, at, m.Value)
		if err != nil {
			return nil, false, err
		}
		if present {
			out[sub.Name] = v
		}
	}
	return out, given, nil
}

// sub returns the sub-attribute that a key names, or nil.
func (c *Canon) sub(a *schema.Attribute, w *where, key string) (*schema.Attribute, error) {
	if s := a.Sub(key); s != nil {
		return s, nil
	}
	if a.Name != "manager" || !strings.EqualFold(key, "managerId") {
		return nil, nil
	}
	s := a.Sub("value")
	if s != nil && !c.Tol.Allow(tolerance.ManagerShapes) {
		return nil, refused(scim.InvalidValue, tolerance.ManagerShapes, "%s: has managerId in place of value", w)
	}
	return s, nil
}

func valueError(at any, must string) *scim.Error {
	return scim.BadRequest(scim.InvalidValue, "%s: %s", at, must)
}

// refused is the error for input that a leniency would have understood.
func refused(t scim.ErrorType, n tolerance.Name, format string, args ...any) *scim.Error {
	e := scim.BadRequest(t, format, args...)
	e.Detail += n.IsOff()
	return e
}
