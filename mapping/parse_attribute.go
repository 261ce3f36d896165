package mapping

import (
	"github.com/qualytics/scim-sidecar/mapping/language"
)

func parseAttribute(o object) attributeSpec {
	spec := attributeSpec{
		name:     o.name,
		path:     o.texts("path"),
		read:     o.text("read"),
		from:     o.texts("from"),
		values:   o.constants("values"),
		fallback: o.constant("default"),
		clear:    o.constant("clear"),
		absent:   o.constant("absent"),
		as:       o.constants("as"),
		take:     o.texts("take"),
		except:   o.constants("except"),
		of:       o.text("of"),
		into:     o.text("into"),
		unknown:  o.word("unknown"),
		keep:     o.word("keep").present(),
		unique:   o.word("unique"),
		required: o.flag("required").value,
		readOnly: o.flag("read-only").value,
	}
	spec.parseWrite(o)
	elements, _ := entries[language.List](o, "each")
	for _, entry := range elements {
		spec.each = append(spec.each, eachSpec{sub: nameOf(entry), path: parseTexts(entry.Value)})
	}
	words, _ := entries[language.Boolean](o, "words")
	for _, entry := range words {
		if is, ok := entry.Value.Bool(); ok {
			spec.words = append(spec.words, wordSpec{word: nameOf(entry), is: is})
		}
	}
	spec.broken = o.broken()
	return spec
}

// parseWrite reads either a transform's name or a table from true and false
// to the calls that bring them about.
func (spec *attributeSpec) parseWrite(o object) {
	t, n := typed[language.Either](o, "write"), o.Get("write")
	if !n.IsMap() {
		spec.write = parseText(n)
		return
	}
	state, _ := o.p.object(n, t.Mapping, n.Pos())
	for _, name := range []string{"true", "false"} {
		spec.state = append(spec.state, stateSpec{when: name == "true", call: state.text(name)})
	}
}
