package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// valueGroups are groups that the API does not have: the members of each are
// the resources in which an attribute has the group's value.
type valueGroups struct {
	// kind is the type of their members, by is the attribute, and field is
	// what it is written to.
	kind  *resourceType
	by    *attribute
	field *field

	// groups are in the order of precedence: whoever is in several has the
	// value of the first.
	groups []*valueGroup

	// members is the attribute of a group that lists them.
	members *attribute
}

// valueGroup is one of them.
type valueGroup struct {
	*valueGroups
	pos      source.Pos
	id, name string

	// word is the value in SCIM, and raw what the API holds for it.
	word string
	raw  json.RawMessage

	// holders is the name under which the correlations know the list of those
	// who have the value. That somebody does is a fact of that list, listed,
	// and of the list of all, held: each is lost together with what it is a
	// part of.
	holders      string
	listed, held Key
}

func (v *valueGroups) byID(id string) *valueGroup {
	return v.first(func(g *valueGroup) bool { return g.id == id })
}

// byName compares without case, as names of groups are.
func (v *valueGroups) byName(name string) *valueGroup {
	folded := resource.Fold(strings.TrimSpace(name))
	return v.first(func(g *valueGroup) bool { return resource.Fold(g.name) == folded })
}

func (v *valueGroups) first(is func(*valueGroup) bool) *valueGroup {
	if v == nil {
		return nil
	}
	if i := slices.IndexFunc(v.groups, is); i >= 0 {
		return v.groups[i]
	}
	return nil
}

// above returns the groups that come before g.
func (g *valueGroup) above() []*valueGroup { return g.groups[:slices.Index(g.groups, g)] }

// hasValue reports whether an object of the API has the group's value.
func (g *valueGroup) hasValue(doc jsonpath.Value) bool { return sameJSON(g.by.lookup(doc), g.raw) }

// of returns the groups that a resource is in, in their order. The API holds
// the value of the first; that somebody was put into a later one too is kept
// here, and means something only for as long as the API's value comes first.
func (v *valueGroups) of(e *entity) []*valueGroup {
	if v == nil {
		return nil
	}
	i := slices.IndexFunc(v.groups, func(g *valueGroup) bool { return g.hasValue(e.doc) })
	if i < 0 {
		return nil
	}
	in := []*valueGroup{v.groups[i]}
	for _, g := range v.groups[i+1:] {
		if slices.Contains(e.record.Groups, g.id) {
			in = append(in, g)
		}
	}
	return in
}

// with returns the groups that somebody is in who was in these, once g is
// added or removed.
func (g *valueGroup) with(in []*valueGroup, add bool) []*valueGroup {
	var after []*valueGroup
	for _, other := range g.groups {
		if other == g && add || other != g && slices.Contains(in, other) {
			after = append(after, other)
		}
	}
	return after
}

// change puts a resource into exactly these groups.
func (v *valueGroups) change(have resource.Resource, in []*valueGroup) *change {
	ch := &change{
		have: have, want: resource.DeepCopy(have), touched: map[schema.Path]bool{v.by.path: true},
		mustClear: true, regroups: true,
	}
	var value any
	for i, g := range in {
		switch {
		case i > 0:
			ch.groups = append(ch.groups, g.id)
		case v.by.isList():
			value = []any{map[string]any{"value": g.word}}
		default:
			value = g.word
		}
	}
	resource.Set(ch.want, v.by.path, value)
	return ch
}

// groupsAfter returns what is kept of a resource's value groups after a change.
// A request that gives the value itself speaks for all of them.
func (r *resourceType) groupsAfter(ch *change, kept []string, values []fieldValue) []string {
	if ch.regroups {
		return ch.groups
	}
	for _, groups := range r.grouped {
		if slices.ContainsFunc(values, func(v fieldValue) bool { return v.field == groups.field }) {
			return nil
		}
	}
	return kept
}

// nameFree refuses a name that a value group has.
func (x *run) nameFree(ch *change) error {
	if x.derived == nil || !ch.touched[displayName] {
		return nil
	}
	g := x.derived.made.byName(textAt(ch.want, displayName))
	if g == nil {
		return nil
	}
	return scim.Errorf(409, scim.Uniqueness, "displayName is already taken by the %s with the id %s.", x.name, g.id)
}

var displayName = schema.Path{Name: "displayName"}

func textAt(res resource.Resource, path schema.Path) string {
	v, _ := resource.Get(res, path)
	text, _ := v.(string)
	return text
}

// keys are the facts that a resource has the values of groups.
func (v *valueGroups) keys(dst []Key, doc jsonpath.Value) []Key {
	for _, g := range v.groups {
		if g.hasValue(doc) {
			dst = append(dst, g.listed, g.held)
		}
	}
	return dst
}

// mayMatch reports whether a filter can match the group at all, as far as its
// id and name tell.
func (g *valueGroup) mayMatch(f *filter.Filter) bool {
	for _, term := range f.EqualityTerms() {
		value, isText := term.Value.(string)
		switch {
		case term.Path == schema.Path{Name: "id"} && (!isText || value != g.id),
			term.Path == schema.Path{Name: "displayName"} && (!isText || resource.Fold(value) != resource.Fold(g.name)):
			return false
		}
	}
	return true
}

// madeGroup is the object that stands for a value group in place of one of the
// API's.
type madeGroup struct {
	ID          string       `json:"id"`
	DisplayName string       `json:"displayName"`
	Members     []madeMember `json:"members,omitempty"`
}

type madeMember struct {
	Value   string `json:"value"`
	Display string `json:"display,omitempty"`
}

func memberIDs(members []madeMember) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Value
	}
	return ids
}

// made is the entity of a value group. Its members are unknown until somebody
// asks for them.
func (r *resourceType) madeEntity(g *valueGroup, record Record) *entity {
	e := &entity{kind: r, id: g.id, record: record, group: g}
	e.makeDocument()
	return e
}

// setMembers says who is in a value group.
func (e *entity) setMembers(members []madeMember) {
	e.members, e.membersKnown = members, true
	e.makeDocument()
}

func (e *entity) makeDocument() {
	raw, err := json.Marshal(madeGroup{ID: e.group.id, DisplayName: e.group.name, Members: e.members})
	if err == nil {
		e.raw = raw
		e.doc, _ = jsonpath.Document(raw)
	}
}
