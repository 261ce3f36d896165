package mapping

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// roles are the calls that the program itself makes. Any other call must be
// named by one of these or by an attribute.
var roles = language.Names(language.Roles)

// callSet compiles the calls of a resource, which may name each other.
type callSet struct {
	c        *compiler
	resource string
	specs    map[string]*callSpec
	calls    map[string]*call
	used     map[string]bool
	open     map[string]bool

	// silent says that names of calls may be missing because of a mistake
	// that is reported already.
	silent bool
}

func (c *compiler) callSet(r *resourceType, specs []callSpec) *callSet {
	s := &callSet{
		c: c, resource: r.name, specs: make(map[string]*callSpec), calls: make(map[string]*call),
		used: make(map[string]bool), open: make(map[string]bool),
	}
	for i := range specs {
		name := specs[i].name
		if strings.ContainsAny(name.value, " /") {
			c.AddHint(name.pos, `such as "deactivate"`, "the name %q of a call must be one word without a slash", name.value)
		}
		s.specs[name.value] = &specs[i]
	}
	for i := range specs {
		s.get(specs[i].name.value)
	}
	return s
}

// get compiles the call of that name once; nil when it is not there or wrong.
func (s *callSet) get(name string) *call {
	if compiled, done := s.calls[name]; done {
		return compiled
	}
	spec := s.specs[name]
	if spec == nil || !spec.do.present() {
		return nil
	}
	if s.open[name] {
		s.c.Addf(spec.do.pos, "the call %q leads back to itself", name)
		return nil
	}
	s.open[name] = true
	defer delete(s.open, name)
	compiled := s.compile(name, spec)
	s.calls[name] = compiled
	if compiled != nil {
		s.c.calls = append(s.c.calls, compiled.name)
	}
	return compiled
}

func (s *callSet) compile(name string, spec *callSpec) *call {
	var compiled *call
	if other := spec.do.value; s.specs[other] != nil || !strings.ContainsAny(other, " /") && !contains(language.Methods, strings.ToUpper(other)) {
		target := s.named(spec.do)
		if target == nil {
			return nil
		}
		copied := *target
		compiled = &copied
		compiled.name = s.resource + "." + name
		compiled.expect = append(slices.Clone(target.expect), s.c.constants(spec.expect)...)
		if len(spec.query) > 0 {
			compiled.query, compiled.parameters = encodeConstants(s.c, spec.query), spec.query
		}
		compiled.repeatable = compiled.repeatable || spec.repeatable
	} else if compiled = s.c.plainCall(s.resource+"."+name, spec); compiled == nil {
		return nil
	}
	compiled.pos = spec.name.pos
	if spec.paging != nil {
		compiled.paging = s.c.pagingOf(spec.paging)
	}
	compiled.set = slices.Concat(compiled.set, s.c.constants(spec.set))
	for _, f := range spec.carry {
		field, fieldOK := s.c.fieldPath(f.field)
		from, fromOK := s.c.jsonPath(f.from)
		if fieldOK && fromOK {
			compiled.carry = append(compiled.carry, carried{
				field: field, from: from, fieldPos: f.field.pos, fromPos: f.from.pos,
			})
		}
	}
	compiled.forget, compiled.search, compiled.byID = spec.forget, spec.search, spec.byID
	if spec.undo.present() {
		compiled.undo = s.named(spec.undo)
	}
	return compiled
}

// named returns the call that a text names, and marks it as used.
func (s *callSet) named(t text) *call {
	if _, ok := refer(s.c, t, "call", s.specs); !ok {
		s.used[source.Nearest(t.value, slices.Collect(maps.Keys(s.specs)))] = true
		return nil
	}
	s.used[t.value] = true
	return s.get(t.value)
}

// unused reports the calls that nothing names.
func (s *callSet) unused() {
	for name, spec := range s.specs {
		if slices.Contains(roles, name) || s.used[name] || s.silent {
			continue
		}
		hint := source.DidYouMean(name, roles)
		if hint == "" {
			hint = "the calls that need no mention are " + strings.Join(roles, ", ")
		}
		s.c.AddHint(spec.name.pos, hint, "nothing uses the call %q", name)
	}
}

// plainCall compiles a call that is a method and a path.
func (c *compiler) plainCall(name string, spec *callSpec) *call {
	if !spec.do.present() {
		return nil
	}
	method, path, found := strings.Cut(spec.do.value, " ")
	if !found || !slices.Contains(language.Methods, method) {
		c.AddHint(spec.do.pos, "methods are "+strings.Join(language.Methods, ", "), "%q is not a method and a path such as %q",
			spec.do.value, "GET /users/{id}")
		return nil
	}
	path = strings.TrimLeft(path, " ")
	parts := strings.Split(path, "{id}")
	wrong, hint := pathMistake(strings.Join(parts, "0"))
	if strings.ContainsAny(strings.Join(parts, ""), "{}") {
		wrong, hint = "has a placeholder other than {id}", ""
	}
	if wrong != "" {
		c.AddHint(spec.do.pos, hint, "the path %q %s", path, wrong)
		return nil
	}
	parts[0] = c.prefix + parts[0]
	return &call{
		pos: spec.name.pos, name: name, method: method, path: parts, doPos: spec.do.pos,
		query: encodeConstants(c, spec.query), parameters: spec.query,
		expect: c.constants(spec.expect), repeatable: repeatable(method) || spec.repeatable,
		paging: c.paging,
	}
}

func encodeConstants(c *compiler, specs []constantSpec) string {
	query := make(url.Values)
	for _, spec := range specs {
		if strings.TrimSpace(spec.name.value) == "" {
			c.Addf(spec.name.pos, "a query parameter has no name")
		}
		value := string(spec.raw)
		if strings.HasPrefix(value, `"`) {
			value = unquote(spec.raw)
		}
		query.Set(spec.name.value, value)
	}
	return query.Encode()
}
