package mapping

import (
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

func parseSchemas(n source.Node, problems *source.Problems) []schemaSpec {
	entries, _ := n.Entries()
	var specs []schemaSpec
	for _, entry := range entries {
		spec := schemaSpec{urn: text{pos: entry.Key.Pos(), value: entry.Name}}
		if m, ok := entry.Value.Map(); ok {
			spec.name = parseText(m.Key("name"))
			spec.description = parseText(m.Key("description"))
			before := problems.Count()
			attributes := m.Need(spec.urn.pos, "attributes", "what a resource of this schema consists of")
			spec.attributes = parseDeclared(attributes, problems)
			spec.broken = problems.Count() > before
			m.Close()
		} else {
			spec.broken = true
		}
		specs = append(specs, spec)
	}
	return specs
}

// parseDeclared reads the attributes of a schema, or sub-attributes.
func parseDeclared(n source.Node, problems *source.Problems) []declaredSpec {
	entries, _ := n.Entries()
	var specs []declaredSpec
	for _, entry := range entries {
		before := problems.Count()
		spec := parseDeclaredAttribute(entry, problems)
		spec.broken = problems.Count() > before
		specs = append(specs, spec)
	}
	return specs
}

var (
	dataTypes = words(
		schema.String, schema.Boolean, schema.Decimal, schema.Integer,
		schema.DateTime, schema.Binary, schema.Reference, schema.Complex,
	)
	mutabilities = words(schema.ReadOnly, schema.ReadWrite, schema.Immutable, schema.WriteOnly)
	returneds    = words(schema.ReturnedAlways, schema.ReturnedNever, schema.ReturnedDefault, schema.ReturnedRequest)
	uniquenesses = words(schema.UniqueNone, schema.UniqueServer, schema.UniqueGlobal)
)

func words[T ~string](list ...T) []string {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	return words
}

func parseDeclaredAttribute(entry source.Entry, problems *source.Problems) declaredSpec {
	spec := declaredSpec{name: text{pos: entry.Key.Pos(), value: entry.Name}}
	// "model: string" is short for "model: {type: string}".
	if entry.Value.IsScalar() && !entry.Value.IsNull() {
		spec.typ = parseWord(entry.Value, dataTypes...)
		return spec
	}
	m, ok := entry.Value.Map()
	if !ok {
		return spec
	}
	spec.typ = parseWord(m.Need(spec.name.pos, "type", "the data type of its values"), dataTypes...)
	spec.description = parseText(m.Key("description"))
	spec.multiValued = parseFlag(m.Key("multiValued"))
	spec.required = parseFlag(m.Key("required"))
	spec.caseExact = parseFlag(m.Key("caseExact"))
	spec.mutability = parseWord(m.Key("mutability"), mutabilities...)
	spec.returned = parseWord(m.Key("returned"), returneds...)
	spec.uniqueness = parseWord(m.Key("uniqueness"), uniquenesses...)
	spec.canonicalValues = parseTexts(m.Key("canonicalValues"))
	spec.referenceTypes = parseTexts(m.Key("referenceTypes"))
	if subs := m.Key("subAttributes"); subs.Present() {
		spec.subsPos = subs.Pos()
		spec.subAttributes = parseDeclared(subs, problems)
	}
	m.Close()
	return spec
}

func parseFlag(n source.Node) flagSpec {
	value, ok := n.Bool()
	if !ok {
		return flagSpec{}
	}
	return flagSpec{pos: n.Pos(), value: value}
}

func parseExtensions(n source.Node) []extensionSpec {
	list, _ := n.List()
	var specs []extensionSpec
	for _, element := range list {
		var spec extensionSpec
		if !element.IsMap() {
			spec.schema = parseText(element)
		} else if m, ok := element.Map(); ok {
			spec.schema = parseText(m.Need(element.Pos(), "schema", "the URN of the extension"))
			spec.required = parseFlag(m.Key("required")).value
			m.Close()
		}
		if spec.schema.present() {
			specs = append(specs, spec)
		}
	}
	return specs
}
