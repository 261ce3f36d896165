package mapping

import (
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/source"
)

// pagingStyle is a key that says how a list is read, with those that go with
// it beside "items" and "total".
type pagingStyle struct {
	key  string
	with []string
}

// pagingStyles are those of which a mapping names one.
var pagingStyles = []pagingStyle{
	{"page", []string{"first", "size", "max"}},
	{"offset", []string{"first", "limit", "max"}},
	{"cursor", []string{"next", "size", "max"}},
	{"link", []string{"size", "max"}},
	{"whole", nil},
}

func parsePaging(n source.Node) pagingSpec {
	spec := pagingSpec{pos: n.Pos()}
	m, ok := n.Map()
	if !ok {
		return spec
	}
	style := choosePaging(n, m)
	spec.style = style.key
	switch style.key {
	case "page":
		spec.position = parseText(m.Key("page"))
		spec.first = parseFirst(m)
		spec.parseSize(m, "size", true)
	case "offset":
		spec.position = parseText(m.Key("offset"))
		spec.first = parseFirst(m)
		spec.parseSize(m, "limit", true)
	case "cursor":
		spec.position = parseText(m.Key("cursor"))
		spec.next = parseText(m.Need(spec.pos, "next", "the path of the next cursor in the answer"))
		spec.parseSize(m, "size", false)
	case "link":
		m.Key("link").Word("next")
		spec.parseSize(m, "size", false)
	case "whole":
		whole := m.Key("whole")
		if value, ok := whole.Bool(); ok && !value {
			whole.Addf(`"whole" is true or left out`)
		}
	}
	spec.items = parseText(m.Need(spec.pos, "items", "the path of the list in the answer"))
	spec.total = parseTexts(m.Key("total"))
	m.Close()
	return spec
}

// choosePaging finds out how the list is read, and reports what does not go
// with that. Without a key it could not find out.
func choosePaging(n source.Node, m *source.Map) pagingStyle {
	var keys, chosen []string
	var style pagingStyle
	for _, s := range pagingStyles {
		keys = append(keys, s.key)
	}
	for _, entry := range m.Entries() {
		i := slices.Index(keys, entry.Name)
		if i < 0 {
			continue
		}
		if chosen, style = append(chosen, entry.Name), pagingStyles[i]; len(chosen) > 1 {
			entry.Key.Addf("a list is read in one way, but here are %s", source.AllOf(chosen))
		}
	}
	switch len(chosen) {
	case 0:
		n.Addf("nothing says how lists are read; expected one of %s", source.OneOf(keys))
	case 1:
	default:
		style = pagingStyle{}
	}
	var others []string
	for _, s := range pagingStyles {
		for _, key := range append([]string{s.key}, s.with...) {
			if key != style.key && !slices.Contains(style.with, key) && !slices.Contains(others, key) {
				others = append(others, key)
			}
		}
	}
	if style.key == "" {
		for _, key := range others {
			m.Key(key)
		}
		return style
	}
	for _, entry := range m.Entries() {
		if slices.Contains(others, entry.Name) {
			m.Key(entry.Name)
			entry.Key.AddHint(otherSize(entry.Name, style), "%q means nothing beside %q", entry.Name, style.key)
		}
	}
	return style
}

// otherSize is the hint for the size of a page under another style's name.
func otherSize(name string, style pagingStyle) string {
	for _, pair := range [][2]string{{"limit", "size"}, {"size", "limit"}} {
		if name == pair[0] && slices.Contains(style.with, pair[1]) {
			return `did you mean "` + pair[1] + `"?`
		}
	}
	return ""
}

func has(m *source.Map, name string) bool {
	return slices.ContainsFunc(m.Entries(), func(e source.Entry) bool { return e.Name == name })
}

func parseFirst(m *source.Map) *int {
	first, ok := m.Key("first").Int(0, 1)
	if !ok {
		return nil
	}
	return &first
}

// parseSize reads how large a page may be. Where the API says what comes next,
// that can be left to it.
func (spec *pagingSpec) parseSize(m *source.Map, name string, needed bool) {
	key := func(name string, needed bool, why string) source.Node {
		if needed {
			return m.Need(spec.pos, name, why)
		}
		return m.Key(name)
	}
	needsSize, needsMax := needed || has(m, "max"), needed || has(m, name)
	spec.size = parseText(key(name, needsSize, "the name of the query parameter with the page's size"))
	spec.max, _ = key("max", needsMax, "the largest page that the API gives").Int(1, 10000)
}
