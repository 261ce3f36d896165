package mapping

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/source"
)

// version is the version of the mapping language that this package reads.
const version = "1"

// parse reads a mapping file's shape. What it could not read is recorded in
// the returned Problems and left out of the spec.
func parse(name string, src []byte) (*fileSpec, *source.Problems) {
	root, problems := source.Read(name, src)
	if !root.Present() {
		return &fileSpec{}, problems
	}
	file := &fileSpec{}
	m, ok := root.Map()
	if !ok {
		return file, problems
	}
	top := source.Pos{Line: 1, Col: 1}
	if v := m.Need(top, "version", `write "version: 1"`); v.Present() {
		if text, ok := v.String(); ok && text != version {
			v.Addf("expected version %s of the mapping language, found %q", version, text)
		}
	}
	file.upstream = parseUpstream(m.Need(top, "upstream", "it says how to talk to the API"))
	file.schemas = parseSchemas(m.Key("schemas"), problems)
	resources, _ := m.Need(top, "resources", "it says what SCIM shows").Entries()
	for _, entry := range resources {
		file.resources = append(file.resources, parseResource(entry, problems))
	}
	m.Close()
	return file, problems
}

func parseUpstream(n source.Node) upstreamSpec {
	spec := upstreamSpec{pos: n.Pos(), name: "the API"}
	m, ok := n.Map()
	if !ok {
		return spec
	}
	if name := parseText(m.Key("name")); name.present() {
		spec.name = name.value
	}
	spec.prefix = parseText(m.Key("prefix"))
	spec.paging = parsePaging(m.Need(n.Pos(), "paging", "it says how lists are read"))
	if e, ok := m.Key("errors").Map(); ok {
		spec.errors = errorsSpec{problems: parseText(e.Key("problems")), field: parseText(e.Key("field"))}
		e.Close()
	}
	if limit := m.Key("max-calls"); limit.Present() {
		spec.maxCalls, _ = limit.Int(1, 100_000)
	}
	if caller := m.Key("caller"); caller.Present() {
		spec.caller = parseCaller(caller)
	}
	m.Close()
	return spec
}

func parseCaller(n source.Node) *callerSpec {
	m, ok := n.Map()
	if !ok {
		return nil
	}
	spec := &callerSpec{call: callSpec{name: text{pos: n.Pos(), value: "caller"}}}
	spec.call.do = parseText(m.Need(n.Pos(), "do", "the call that answers whose token it is"))
	spec.call.expect = parseConstants(m.Need(n.Pos(), "must", "what the answer must hold; without it every token of the API would be let in"))
	spec.id = parseText(m.Key("id"))
	m.Close()
	return spec
}

func parseResource(entry source.Entry, problems *source.Problems) resourceSpec {
	spec := resourceSpec{pos: entry.Key.Pos(), name: entry.Name}
	m, ok := entry.Value.Map()
	if !ok {
		return spec
	}
	spec.endpoint = parseText(m.Need(spec.pos, "endpoint", `the path below the SCIM base, such as "/Users"`))
	spec.schema = parseText(m.Key("schema"))
	spec.extensions = parseExtensions(m.Key("extensions"))
	spec.description = parseText(m.Key("description"))
	spec.id, spec.idType = parseID(m.Need(spec.pos, "id", "where the API's objects hold their id"))
	spec.only = parseConstants(m.Key("only"))
	spec.hide = parseConstants(m.Key("hide"))
	spec.readOnly = parseConstants(m.Key("read-only"))
	spec.guard = parseGuard(m.Key("guard"))
	spec.unmapped = parseWord(m.Key("unmapped"), unmappedWords...)
	attributes, ok := m.Need(spec.pos, "attributes", "what SCIM shows").Entries()
	for _, a := range attributes {
		before := problems.Count()
		attribute := parseAttribute(a)
		attribute.broken = problems.Count() > before
		spec.attributes = append(spec.attributes, attribute)
	}
	spec.noAttributes = !ok
	spec.values = parseValueGroups(m.Key("value-groups"))
	calls, ok := m.Need(spec.pos, "calls", "which calls do the work").Entries()
	for _, c := range calls {
		spec.calls = append(spec.calls, parseCall(c))
	}
	spec.noCalls = !ok
	filters, _ := m.Key("filters").Entries()
	for _, f := range filters {
		spec.filters = append(spec.filters, parseFilter(f))
	}
	sorts, _ := m.Key("sorts").Entries()
	for _, s := range sorts {
		spec.sorts = append(spec.sorts, parseSort(s))
	}
	m.Close()
	return spec
}

func parseGuard(n source.Node) *guardSpec {
	m, ok := n.Map()
	if !ok {
		return nil
	}
	spec := &guardSpec{pos: n.Pos()}
	spec.last = parseConstants(m.Need(n.Pos(), "last", "the values that somebody active must keep"))
	spec.accounts = parseTexts(m.Key("accounts"))
	m.Close()
	return spec
}

func parseValueGroups(n source.Node) *valueGroupsSpec {
	m, ok := n.Map()
	if !ok {
		return nil
	}
	spec := &valueGroupsSpec{pos: n.Pos()}
	spec.attribute = parseText(m.Need(n.Pos(), "attribute", "the attribute of the members whose value says who is in which group"))
	groups, _ := m.Need(n.Pos(), "groups", "the groups by their ids, the first one taking precedence").Entries()
	for _, entry := range groups {
		group := valueGroupSpec{id: text{pos: entry.Key.Pos(), value: entry.Name}}
		if g, ok := entry.Value.Map(); ok {
			group.displayName = parseText(g.Need(entry.Key.Pos(), "displayName", "the group's name"))
			group.value = parseText(g.Need(entry.Key.Pos(), "value", "the attribute's value that its members have"))
			g.Close()
		}
		spec.groups = append(spec.groups, group)
	}
	m.Close()
	return spec
}

func parseID(n source.Node) (path text, idType string) {
	if !n.IsMap() {
		return parseText(n), "string"
	}
	m, _ := n.Map()
	path = parseText(m.Need(n.Pos(), "path", "where the id is"))
	idType = "string"
	if word, ok := m.Key("type").Word("string", "integer"); ok {
		idType = word
	}
	m.Close()
	return path, idType
}

func parseCall(entry source.Entry) callSpec {
	spec := callSpec{name: text{pos: entry.Key.Pos(), value: entry.Name}}
	if entry.Value.IsScalar() {
		spec.do = parseText(entry.Value)
		return spec
	}
	m, ok := entry.Value.Map()
	if !ok {
		return spec
	}
	spec.do = parseText(m.Need(spec.name.pos, "do", `a method and a path such as "GET /users", or another call's name`))
	spec.query = parseConstants(m.Key("query"))
	spec.set = parseConstants(m.Key("set"))
	spec.expect = parseConstants(m.Key("expect"))
	spec.undo = parseText(m.Key("undo"))
	spec.adoptBy = parseTexts(m.Key("adopt-by"))
	spec.carry = parseCarry(m.Key("carry"))
	if paging := m.Key("paging"); paging.Present() {
		spec.paging = new(parsePaging(paging))
	}
	spec.repeatable, _ = m.Key("repeatable").Bool()
	if then := m.Key("then"); then.Present() {
		_, spec.forget = then.Word("forget")
	}
	if otherwise := m.Key("else"); otherwise.Present() {
		_, spec.search = otherwise.Word("list")
	}
	if order := m.Key("order"); order.Present() {
		_, spec.byID = order.Word("id")
	}
	m.Close()
	return spec
}

func parseCarry(n source.Node) []carrySpec {
	m, ok := n.Map()
	if !ok {
		return nil
	}
	var carried []carrySpec
	for _, entry := range m.Entries() {
		if from := parseText(entry.Value); from.present() {
			carried = append(carried, carrySpec{field: text{pos: entry.Key.Pos(), value: entry.Name}, from: from})
		}
	}
	return carried
}

func parseFilter(entry source.Entry) filterSpec {
	spec := filterSpec{attribute: text{pos: entry.Key.Pos(), value: entry.Name}}
	m, ok := entry.Value.Map()
	if !ok {
		return spec
	}
	spec.query = parseText(m.Need(spec.attribute.pos, "query", "the list call's query parameter"))
	spec.operators = parseTexts(m.Need(spec.attribute.pos, "narrows", "the operators for which the API's result holds every match"))
	m.Close()
	return spec
}

func parseSort(entry source.Entry) sortSpec {
	spec := sortSpec{attribute: text{pos: entry.Key.Pos(), value: entry.Name}}
	m, ok := entry.Value.Map()
	if !ok {
		return spec
	}
	spec.ascending = parseConstants(m.Key("ascending"))
	spec.descending = parseConstants(m.Key("descending"))
	if len(m.Entries()) == 0 {
		entry.Value.Addf(`say by which query parameters the list is sorted "ascending" or "descending"`)
	}
	m.Close()
	return spec
}

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

// parseWord reads a text that is one of the known words.
func parseWord(n source.Node, known ...string) text {
	word, ok := n.Word(known...)
	if !ok {
		return text{}
	}
	return text{pos: n.Pos(), value: word}
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

func parseConstants(n source.Node) []constantSpec {
	entries, _ := n.Entries()
	var constants []constantSpec
	for _, entry := range entries {
		if raw, ok := entry.Value.JSON(); ok {
			constants = append(constants, constantSpec{
				name: text{pos: entry.Key.Pos(), value: entry.Name}, pos: entry.Value.Pos(), raw: raw,
			})
		}
	}
	return constants
}

func parseConstant(n source.Node) *constantSpec {
	raw, ok := n.JSON()
	if !ok {
		return nil
	}
	return &constantSpec{pos: n.Pos(), raw: raw}
}
