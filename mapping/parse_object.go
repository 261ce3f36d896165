package mapping

import (
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// parser reads the parts of a mapping file.
type parser struct{ *source.Problems }

// object is a mapping of the file with the keys that the language has there.
// Its methods panic if it has no such key, or one of another type. Without the
// mapping, or for what is wrong in it, they return nothing.
type object struct {
	*source.Map
	p      *parser
	of     *language.Object
	before int

	// name is the key it stands under; pos is its place.
	name text
	pos  source.Pos
}

// object reads a mapping, or the scalar that is short for it. Keys that the
// language does not have there are mistakes, and so are those that are missing,
// at the given place.
func (p *parser) object(n source.Node, of *language.Object, at source.Pos) (object, bool) {
	o := object{Map: &source.Map{}, p: p, of: of, before: p.Count(), pos: n.Pos()}
	short := of.Short != "" && n.Present() && !n.IsMap()
	if short && (n.IsNull() || !n.IsScalar()) {
		n.Expected("a text or a mapping")
		return o, false
	}
	if short {
		o.Map = n.Under(of.Short)
		return o, true
	}
	m, ok := n.Map()
	if !ok {
		return o, false
	}
	o.Map = m
	o.check(n, at)
	return o, true
}

// check reports keys that are missing, and unknown ones but for those that are
// reported already.
func (o object) check(n source.Node, at source.Pos, reported ...string) {
	together := slices.ContainsFunc(o.of.Together, func(name string) bool { return o.Get(name).Present() })
	for i := range o.of.Keys {
		k := &o.of.Keys[i]
		if !k.Required && !(together && slices.Contains(o.of.Together, k.Name)) {
			continue
		}
		hint := ""
		if k.Example != "" {
			hint = `for example "` + k.Name + ": " + k.Example + `"`
		}
		o.Need(at, k.Name, k.Plain(), hint)
	}
	o.Only(o.of.Names(), reported...)
	if o.of.NotEmpty && len(o.Entries()) == 0 {
		n.AddHint("expected "+source.OneOf(o.of.Names())+", or both", "the mapping is empty")
	}
}

// broken reports whether something in it is reported already.
func (o object) broken() bool { return o.p.Count() > o.before }

// typed returns the type that the language has for a key.
func typed[T language.Type](o object, name string) T { return o.of.Key(name).Type.(T) }

func (o object) text(name string) text {
	_ = typed[language.Text](o, name)
	return parseText(o.Get(name))
}

// word returns a text that is one of the words for the key.
func (o object) word(name string) text {
	word, ok := o.Get(name).Word(language.Names(typed[language.Text](o, name).Words)...)
	if !ok {
		return text{}
	}
	return text{pos: o.Get(name).Pos(), value: word}
}

// wordOrDefault returns such a text, or what holds without it.
func (o object) wordOrDefault(name string) string {
	if word := o.word(name); word.present() {
		return word.value
	}
	return o.of.Key(name).Default.(string)
}

func (o object) texts(name string) []text {
	_ = typed[language.List](o, name).Of.(language.Text)
	return parseTexts(o.Get(name))
}

func (o object) flag(name string) flagSpec {
	t, n := typed[language.Boolean](o, name), o.Get(name)
	value, ok := n.Bool()
	if !ok {
		return flagSpec{}
	}
	if t.OnlyTrue && !value {
		n.Addf("%q is true or left out", name)
	}
	return flagSpec{pos: n.Pos(), value: value}
}

// number returns a whole number, or what holds without it.
func (o object) number(name string) int {
	t := typed[language.Integer](o, name)
	value, ok := o.Get(name).Int(t.Low, t.High)
	if !ok {
		value, _ = o.of.Key(name).Default.(int)
	}
	return value
}

func (o object) constant(name string) *constantSpec {
	_ = typed[language.Constant](o, name)
	n := o.Get(name)
	raw, ok := n.JSON()
	if !ok {
		return nil
	}
	return &constantSpec{pos: n.Pos(), raw: raw}
}

func (o object) constants(name string) []constantSpec {
	of := typed[language.Map](o, name).Of.(language.Constant)
	entries, _ := o.Get(name).Entries()
	var constants []constantSpec
	for _, entry := range entries {
		switch n := entry.Value; {
		case of.Scalar && of.NotNull && (!n.IsScalar() || n.IsNull()):
			n.Expected("a text, a number, true or false")
			continue
		case of.Scalar && !n.IsScalar():
			n.Expected("a text, a number, true, false or null")
			continue
		}
		if raw, ok := entry.Value.JSON(); ok {
			constants = append(constants, constantSpec{name: nameOf(entry), pos: entry.Value.Pos(), raw: raw})
		}
	}
	return constants
}

// object reads a mapping under a key.
func (o object) object(name string) (object, bool) {
	n := o.Get(name)
	return o.p.object(n, typed[*language.Object](o, name), n.Pos())
}

// entries returns the entries of a mapping with free keys whose values are of
// one type.
func entries[T language.Type](o object, name string) (list []source.Entry, ok bool) {
	_ = typed[language.Map](o, name).Of.(T)
	return o.Get(name).Entries()
}

// each reads the mappings that stand under the free keys of another. It returns
// false if there is none, which is then reported.
func each[T any](o object, name string, parse func(o object) T) (specs []T, ok bool) {
	list, ok := entries[*language.Object](o, name)
	of := typed[language.Map](o, name).Of.(*language.Object)
	for _, entry := range list {
		part, _ := o.p.object(entry.Value, of, entry.Key.Pos())
		part.name = nameOf(entry)
		specs = append(specs, parse(part))
	}
	return specs, ok
}

func nameOf(entry source.Entry) text { return text{pos: entry.Key.Pos(), value: entry.Name} }

func parseText(n source.Node) text {
	value, ok := n.String()
	if ok && strings.TrimSpace(value) == "" {
		n.Addf("the text is empty")
		ok = false
	}
	if !ok {
		return text{}
	}
	return text{pos: n.Pos(), value: value}
}

func parseTexts(n source.Node) []text {
	list, ok := n.List()
	if !ok {
		return nil
	}
	var texts []text
	for _, element := range list {
		if t := parseText(element); t.present() {
			texts = append(texts, t)
		}
	}
	return texts
}
