package mapping

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// valueGroups compiles the groups of a resource that exist in the mapping
// alone. The types that lists refer to must be known.
func (c *compiler) valueGroups(r *resourceType, spec *valueGroupsSpec) {
	members := r.attribute(schema.Path{Name: "members"})
	if members == nil || members.of == nil || r.attribute(displayName) == nil {
		c.Addf(spec.pos, `%s needs "displayName", and "members" that say "of" which resource they are, to have groups by value`, r.name)
		return
	}
	v := &valueGroups{kind: members.of}
	if !c.groupValue(v, spec) {
		return
	}
	derived := &resourceType{
		name: r.name, endpoint: r.endpoint, description: r.description, set: r.set, others: r.others, made: v,
		mandatory: r.mandatory, unmapped: r.unmapped, returned: r.returned,
		pos: spec.pos, unmappedPos: r.unmappedPos,
	}
	derived.id, _ = c.jsonPath(text{pos: spec.pos, value: "id"})
	derived.attributes = append(derived.attributes, c.madeName(spec.pos, r), c.madeMembers(spec.pos, members))
	for _, a := range r.attributes {
		if a.kept {
			derived.attributes = append(derived.attributes, a)
		}
	}
	v.members = derived.attributes[1]
	for i := range spec.groups {
		c.valueGroup(r, v, &spec.groups[i])
	}
	derived.output = newOutput(derived)
	r.derived = derived
	v.kind.grouped = append(v.kind.grouped, v)
	for _, a := range v.kind.attributes {
		if a.of == r && len(a.each) > 0 {
			a.made = v
		}
	}
}

// groupValue finds the attribute of the members that the groups go by.
func (c *compiler) groupValue(v *valueGroups, spec *valueGroupsSpec) bool {
	if !spec.attribute.present() {
		return false
	}
	declared := make(map[string]*attribute)
	for _, a := range v.kind.attributes {
		declared[a.name()] = a
	}
	a, ok := refer(c, spec.attribute, "attribute of "+v.kind.name, declared)
	if !ok {
		return false
	}
	v.by = a
	for _, f := range v.kind.fields {
		if f.owner == a {
			v.field = f
		}
	}
	switch {
	case a.isPlainList():
		c.Addf(spec.attribute.pos, "%s is a list of plain values, but a group goes by one", a.name())
	case a.toAPI == nil:
		c.Addf(spec.attribute.pos, `%s has no table of "values", of which each group takes one`, a.name())
	case v.field == nil || v.kind.calls.update == nil:
		c.Addf(spec.attribute.pos, "%s of a %s can't be changed, so that nobody could be put into a group", a.name(), v.kind.name)
	case v.field.clear == nil:
		c.Addf(spec.attribute.pos, `%s has no "clear", which is what somebody gets who is taken out of a group`, a.name())
	default:
		return true
	}
	return false
}

// valueGroup compiles one group.
func (c *compiler) valueGroup(r *resourceType, v *valueGroups, spec *valueGroupSpec) {
	g := &valueGroup{pos: spec.id.pos, valueGroups: v, id: spec.id.value, name: strings.TrimSpace(spec.displayName.value), word: spec.value.value}
	switch {
	case !isWord(g.id):
		c.Addf(spec.id.pos, "the id %q of the group must be one word of letters and digits", g.id)
		return
	case strings.Contains(strings.ToLower(g.id), "bulkid"):
		c.Addf(spec.id.pos, "the id %q of the group must not contain \"bulkId\", which stands for something else in bulk requests", g.id)
		return
	case r.validID(g.id) && r.idInteger:
		c.Addf(spec.id.pos, "the id %q of the group could be that of a %s of the API", g.id, r.name)
		return
	case !spec.displayName.present() || !spec.value.present():
		return
	}
	raw, ok := v.by.toAPI[resource.Fold(strings.TrimSpace(g.word))]
	if !ok {
		hint := source.DidYouMean(g.word, v.by.words)
		if hint == "" {
			hint = "expected " + source.OneOf(v.by.words)
		}
		c.AddHint(spec.value.pos, hint, "%s has no value %q", v.by.name(), g.word)
		return
	}
	g.raw = raw
	if string(raw) == string(v.field.clear) {
		c.Addf(spec.value.pos, "%q is what somebody has who is in no group", g.word)
	}
	for _, other := range v.groups {
		switch {
		case resource.Fold(other.name) == resource.Fold(g.name):
			c.Addf(spec.displayName.pos, "the group %s has this name already; names are compared without case", other.id)
		case string(other.raw) == string(g.raw):
			c.Addf(spec.value.pos, "the group %s has this value already", other.id)
		}
	}
	g.holders = v.kind.name + " with " + v.by.name() + " " + plain(raw)
	g.listed = Key{Resource: g.holders, Attribute: "(has the value)"}
	g.held = Key{Resource: v.kind.name, Attribute: "(has a value)", Value: g.id}
	v.groups = append(v.groups, g)
}

// madeName is the attribute of a group that exists in the mapping alone.
func (c *compiler) madeName(pos source.Pos, r *resourceType) *attribute {
	name := *r.attribute(displayName)
	name.paths = c.jsonPaths([]text{{pos: pos, value: "displayName"}})
	name.read, name.write, name.absent = nil, nil, nil
	return &name
}

func (c *compiler) madeMembers(pos source.Pos, of *attribute) *attribute {
	members := *of
	members.paths = c.jsonPaths([]text{{pos: pos, value: "members"}})
	members.each, members.except, members.into, members.readOnly = nil, nil, nil, false
	for _, part := range of.each {
		if part.key == "value" || part.key == "display" {
			members.each = append(members.each, element{key: part.key, sub: part.sub, paths: c.jsonPaths([]text{{pos: pos, value: part.key}})})
		}
	}
	return &members
}
