package mapping

import (
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// paging reads how a list is read.
func (o object) paging(name string) pagingSpec {
	n := o.Get(name)
	spec := pagingSpec{pos: n.Pos()}
	m, ok := n.Map()
	if !ok {
		return spec
	}
	choice := typed[*language.Choice](o, name)
	style, reported := choosePaging(n, m, choice)
	o = object{Map: m, p: o.p, of: style}
	o.check(n, spec.pos, reported...)
	spec.items, spec.total = o.text("items"), o.texts("total")
	if style.Name == choice.Name {
		return spec
	}
	switch spec.style = style.Keys[0].Name; spec.style {
	case "link":
		o.word("link")
	case "whole":
		o.flag("whole")
		return spec
	default:
		spec.position = o.text(spec.style)
	}
	if o.of.Has("first") {
		spec.first = o.number("first")
	}
	if o.of.Has("next") {
		spec.next = o.text("next")
	}
	size := "size"
	if spec.style == "offset" {
		size = "limit"
	}
	spec.size, spec.max = o.text(size), o.number("max")
	return spec
}

// choosePaging finds out how the list is read, and reports which keys do not go
// with that. Where it can't find out, every key may be there.
func choosePaging(n source.Node, m *source.Map, choice *language.Choice) (style *language.Object, reported []string) {
	union := choice.Any()
	var chosen []string
	for _, entry := range m.Entries() {
		i := slices.Index(choice.First(), entry.Name)
		if i < 0 {
			continue
		}
		if chosen, style = append(chosen, entry.Name), choice.Objects[i]; len(chosen) > 1 {
			entry.Key.Addf("a list is read in one way, but here are %s", source.AllOf(chosen))
		}
	}
	if len(chosen) == 0 {
		n.Addf("nothing says how lists are read; expected one of %s", source.OneOf(choice.First()))
	}
	if len(chosen) != 1 {
		return union, nil
	}
	for _, entry := range m.Entries() {
		if union.Has(entry.Name) && !style.Has(entry.Name) {
			reported = append(reported, entry.Name)
			entry.Key.AddHint(otherSize(entry.Name, style), "%q means nothing beside %q", entry.Name, chosen[0])
		}
	}
	return style, reported
}

// otherSize is the hint for the size of a page under another style's name.
func otherSize(name string, style *language.Object) string {
	for _, pair := range [][2]string{{"limit", "size"}, {"size", "limit"}} {
		if name == pair[0] && style.Has(pair[1]) {
			return `did you mean "` + pair[1] + `"?`
		}
	}
	return ""
}
