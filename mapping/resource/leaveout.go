package resource

import (
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// LeaveOut notes a member of an object that the set has no place for. The
// object is the value of the extension x, or a resource itself if x is nil.
func (c *Canon) LeaveOut(x *schema.Schema, m Member) {
	name := m.Key
	if x != nil {
		name = x.ID + ":" + name
	}
	r, known := c.resolveFull(name)
	switch {
	case saysNothing(m.Value):
	case IsPassword(schema.Path{Name: name}), known && IsPassword(r.Path()):
		c.NoteUnmapped(schema.Path{Name: "password"})
	case !known:
		c.noteUnknown(name)
	case r.Attribute == nil:
		obj, isObject := m.Value.(Object)
		if !isObject {
			c.NoteUnmapped(r.Path())
			return
		}
		for _, part := range obj {
			c.LeaveOut(r.Schema, part)
		}
	case r.IsReadOnly():
		c.NoteReadOnly(r.Path().String())
	default:
		c.NoteUnmapped(r.Path())
	}
}

// leaveOutSub notes a member of a complex value that the set has no place for.
func (c *Canon) leaveOutSub(w *where, m Member) {
	r, known := c.resolveFull(w.attribute() + "." + m.Key)
	switch {
	case saysNothing(m.Value):
	case !known:
		c.noteUnknown(w.attribute() + "." + m.Key)
	case r.IsReadOnly():
		c.NoteReadOnly(r.Path().String())
	default:
		c.NoteUnmapped(r.Path())
	}
}

// resolveFull finds what a name means in the full set. That it takes a
// leniency counts for nothing, since what it names is left out.
func (c *Canon) resolveFull(name string) (schema.Resolved, bool) {
	path, err := schema.ParseAttrPath(name)
	if err != nil {
		return schema.Resolved{}, false
	}
	return c.Set.Full().ResolveFor(path, c.Tol.Apart())
}

// saysNothing reports whether leaving a value out loses nothing: it is null or
// blank, or has nothing but such values, as a template has that was not filled
// in. Of {"value":"","type":"work"} only the value counts.
func saysNothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return isBlank(v)
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !saysNothing(e) })
	case Object:
		for _, m := range v {
			if strings.EqualFold(m.Key, "value") {
				return saysNothing(m.Value)
			}
		}
		return !slices.ContainsFunc(v, func(m Member) bool { return !saysNothing(m.Value) })
	}
	return false
}
