package mapping

import (
	"github.com/qualytics/scim-sidecar/mapping/source"
)

func parseAttribute(entry source.Entry) attributeSpec {
	spec := attributeSpec{name: text{pos: entry.Key.Pos(), value: entry.Name}}
	// "displayName: name" is short for "displayName: {path: name}".
	if entry.Value.IsScalar() && !entry.Value.IsNull() {
		spec.path = parseTexts(entry.Value)
		return spec
	}
	m, ok := entry.Value.Map()
	if !ok {
		return spec
	}
	spec.path = parseTexts(m.Key("path"))
	spec.read = parseText(m.Key("read"))
	spec.parseWrite(m.Key("write"))
	spec.from = parseTexts(m.Key("from"))
	spec.parseValues(m.Key("values"))
	spec.fallback = parseConstant(m.Key("default"))
	spec.clear = parseConstant(m.Key("clear"))
	spec.absent = parseConstant(m.Key("absent"))
	spec.as = parseConstants(m.Key("as"))
	spec.take = parseTexts(m.Key("take"))
	spec.parseEach(m.Key("each"))
	spec.except = parseConstants(m.Key("except"))
	spec.of = parseText(m.Key("of"))
	spec.into = parseText(m.Key("into"))
	spec.unknown = parseWord(m.Key("unknown"), "refuse", "skip")
	spec.parseWords(m.Key("words"))
	if keep := m.Key("keep"); keep.Present() {
		_, spec.keep = keep.Word("here")
	}
	spec.unique, _ = m.Key("unique").Bool()
	spec.required, _ = m.Key("required").Bool()
	spec.readOnly, _ = m.Key("read-only").Bool()
	m.Close()
	return spec
}

// parseWrite reads either a transform's name or a table from true and false
// to the calls that bring them about.
func (spec *attributeSpec) parseWrite(n source.Node) {
	if !n.IsMap() {
		spec.write = parseText(n)
		return
	}
	m, _ := n.Map()
	for _, state := range []string{"true", "false"} {
		call := parseText(m.Need(n.Pos(), state, "the call that makes the attribute "+state))
		spec.state = append(spec.state, stateSpec{when: state == "true", call: call})
	}
	m.Close()
}

func (spec *attributeSpec) parseWords(n source.Node) {
	m, ok := n.Map()
	if !ok {
		return
	}
	for _, entry := range m.Entries() {
		if is, ok := entry.Value.Bool(); ok {
			spec.words = append(spec.words, wordSpec{word: text{pos: entry.Key.Pos(), value: entry.Name}, is: is})
		}
	}
}

func (spec *attributeSpec) parseValues(n source.Node) {
	entries, _ := n.Entries()
	for _, entry := range entries {
		raw, ok := entry.Value.JSON()
		if !ok {
			continue
		}
		spec.values = append(spec.values, valueSpec{
			scim: text{pos: entry.Key.Pos(), value: entry.Name},
			api:  constantSpec{pos: entry.Value.Pos(), raw: raw},
		})
	}
}

func (spec *attributeSpec) parseEach(n source.Node) {
	entries, _ := n.Entries()
	for _, entry := range entries {
		spec.each = append(spec.each, eachSpec{
			sub:  text{pos: entry.Key.Pos(), value: entry.Name},
			path: parseTexts(entry.Value),
		})
	}
}
