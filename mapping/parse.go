package mapping

import (
	"cmp"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// parse reads a mapping file's shape, as the package language describes it.
// What it could not read is recorded in the returned Problems and left out of
// the spec.
func parse(name string, src []byte) (*fileSpec, *source.Problems) {
	root, problems := source.Read(name, src)
	file := &fileSpec{}
	if !root.Present() {
		return file, problems
	}
	p := &parser{problems}
	o, ok := p.object(root, language.File, source.Pos{Line: 1, Col: 1})
	if !ok {
		return file, problems
	}
	if v := o.text("version"); v.present() && v.value != language.Version {
		p.Addf(v.pos, "expected version %s of the mapping language, found %q", language.Version, v.value)
	}
	upstream, _ := o.object("upstream")
	file.upstream = parseUpstream(upstream)
	file.schemas, _ = each(o, "schemas", parseSchema)
	file.resources, _ = each(o, "resources", parseResource)
	return file, problems
}

func parseUpstream(o object) upstreamSpec {
	errors, _ := o.object("errors")
	spec := upstreamSpec{
		name:     cmp.Or(o.text("name").value, o.of.Key("name").Default.(string)),
		prefix:   o.text("prefix"),
		maxCalls: o.number("max-calls"),
		paging:   o.paging("paging"),
		errors:   errorsSpec{problems: errors.text("problems"), field: errors.text("field")},
	}
	if caller, ok := o.object("caller"); ok {
		spec.caller = &callerSpec{
			call: callSpec{
				name:   text{pos: caller.pos, value: "caller"},
				do:     caller.text("do"),
				expect: caller.constants("must"),
			},
			id: caller.text("id"),
		}
	}
	return spec
}

func parseResource(o object) resourceSpec {
	spec := resourceSpec{
		pos: o.name.pos, name: o.name.value,
		endpoint:    o.text("endpoint"),
		schema:      o.text("schema"),
		extensions:  parseExtensions(o),
		description: o.text("description"),
		only:        o.constants("only"),
		hide:        o.constants("hide"),
		readOnly:    o.constants("read-only"),
		unmapped:    o.word("unmapped"),
	}
	id, _ := o.object("id")
	spec.id, spec.idType = id.text("path"), id.wordOrDefault("type")
	if guard, ok := o.object("guard"); ok {
		spec.guard = &guardSpec{pos: guard.pos, last: guard.constants("last"), accounts: guard.texts("accounts")}
	}
	if groups, ok := o.object("value-groups"); ok {
		spec.values = &valueGroupsSpec{pos: groups.pos, attribute: groups.text("attribute")}
		spec.values.groups, _ = each(groups, "groups", parseValueGroup)
	}
	spec.attributes, spec.hasAttributes = each(o, "attributes", parseAttribute)
	spec.calls, spec.hasCalls = each(o, "calls", parseCall)
	spec.filters, _ = each(o, "filters", parseFilter)
	spec.sorts, _ = each(o, "sorts", parseSort)
	return spec
}

func parseValueGroup(o object) valueGroupSpec {
	return valueGroupSpec{id: o.name, displayName: o.text("displayName"), value: o.text("value")}
}

func parseCall(o object) callSpec {
	spec := callSpec{
		name:       o.name,
		do:         o.text("do"),
		query:      o.constants("query"),
		set:        o.constants("set"),
		expect:     o.constants("expect"),
		undo:       o.text("undo"),
		adoptBy:    parseAdoptions(o),
		returnsBy:  o.texts("returns-by"),
		repeatable: o.flag("repeatable").value,
		forget:     o.word("then").present(),
		search:     o.word("else").present(),
		byID:       o.word("order").present(),
	}
	if o.Get("paging").Present() {
		spec.paging = new(o.paging("paging"))
	}
	carried, _ := entries[language.Text](o, "carry")
	for _, entry := range carried {
		if from := parseText(entry.Value); from.present() {
			spec.carry = append(spec.carry, carrySpec{field: nameOf(entry), from: from})
		}
	}
	return spec
}

func parseAdoptions(o object) []adoptionSpec {
	of := typed[language.List](o, "adopt-by").Of.(*language.Object)
	list, _ := o.Get("adopt-by").List()
	var specs []adoptionSpec
	for _, element := range list {
		rule, _ := o.p.object(element, of, element.Pos())
		spec := adoptionSpec{find: rule.text("find"), equals: rule.text("equals"), only: rule.constants("only")}
		if spec.find.present() {
			specs = append(specs, spec)
		}
	}
	return specs
}

func parseFilter(o object) filterSpec {
	return filterSpec{attribute: o.name, query: o.text("query"), operators: o.texts("narrows")}
}

func parseSort(o object) sortSpec {
	return sortSpec{attribute: o.name, ascending: o.constants("ascending"), descending: o.constants("descending")}
}
