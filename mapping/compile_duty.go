package mapping

import (
	"regexp"
	"slices"
	"strings"
)

// duty is what a call must be like for what it is made for.
type duty struct {
	methods []string
	id      bool // the path names the resource
	body    bool
}

var (
	writing = []string{"POST", "PUT", "PATCH"}
	acting  = []string{"POST", "PUT", "PATCH", "DELETE"}

	// duties are those of the calls that the program itself makes.
	duties = map[string]duty{
		"list":    {methods: []string{"GET"}},
		"read":    {methods: []string{"GET"}, id: true},
		"others":  {methods: []string{"GET"}},
		"create":  {methods: writing, body: true},
		"update":  {methods: writing, id: true, body: true},
		"readmit": {methods: writing, id: true, body: true},
		"delete":  {methods: acting, id: true, body: true},
	}

	// action is the duty of a call that changes a resource's state.
	action = duty{methods: acting, id: true, body: true}
)

// foreignPlaceholder matches what stands for an id in a path elsewhere.
var foreignPlaceholder = regexp.MustCompile(`:\w+|<\w+>|\$\w+`)

// duties checks that each call can do what it is named for.
func (s *callSet) duties(spec *resourceSpec) {
	for _, name := range roles {
		s.duty(name, duties[name])
	}
	for i := range spec.attributes {
		for _, state := range spec.attributes[i].state {
			s.duty(state.call.value, action)
		}
	}
	if create := s.specs["create"]; create != nil {
		s.duty(create.undo.value, action)
	}
	for _, name := range []string{"list", "others"} {
		list := s.specs[name]
		if list == nil {
			continue
		}
		for _, k := range list.query {
			if k.name.value != "" && contains(s.pages(name).parameters(), k.name.value) {
				s.c.Addf(k.name.pos, `"paging" sends the parameter %q already`, k.name.value)
			}
		}
	}
	for i := range spec.calls {
		s.misplaced(&spec.calls[i])
	}
}

func (s *callSet) duty(name string, d duty) {
	spec, compiled := s.specs[name], s.get(name)
	if spec == nil || compiled == nil {
		return
	}
	if !contains(d.methods, compiled.method) {
		s.c.Addf(spec.do.pos, "the call %q must be a %s", name, strings.Join(d.methods, " or "))
	}
	switch id := len(compiled.path) > 1; {
	case d.id && !id:
		hint := ""
		if other := foreignPlaceholder.FindString(spec.do.value); other != "" {
			hint = "write {id} in place of " + other
		}
		s.c.AddHint(spec.do.pos, hint, "the path of the call %q must hold {id}", name)
	case !d.id && id:
		s.c.Addf(spec.do.pos, "the path of the call %q can't hold {id}: it is not about one resource", name)
	}
	if !d.body && len(spec.set) > 0 {
		s.c.Addf(spec.set[0].name.pos, `the call %q sends no body, so that "set" means nothing`, name)
	}
}

// queries reports whether every list call sends this query parameter.
func (s *callSet) queries(parameter string) bool {
	list := s.specs["list"]
	return parameter != "" && contains(s.pages("list").parameters(), parameter) ||
		list != nil && slices.ContainsFunc(list.query, func(k constantSpec) bool { return k.name.value == parameter })
}

// misplaced reports what a call is told to do that only another can.
func (s *callSet) misplaced(spec *callSpec) {
	name := spec.name.value
	if name != "create" && len(spec.adoptBy) > 0 {
		s.c.Addf(spec.adoptBy[0].find.pos, `only the call "create" can adopt`)
	}
	if name != "delete" && spec.forget {
		s.c.Addf(spec.name.pos, `only the call "delete" can forget`)
	}
	if name != "update" && len(spec.carry) > 0 {
		s.c.Addf(spec.carry[0].field.pos, `only the call "update" can carry fields`)
	}
	if name != "list" && name != "others" && spec.paging != nil {
		s.c.Addf(spec.paging.pos, `only the calls "list" and "others" read a list`)
	}
	if name != "read" && spec.search {
		s.c.Addf(spec.name.pos, `only the call "read" can go on in the list`)
	}
	if name != "list" && spec.byID {
		s.c.Addf(spec.name.pos, `only the call "list" can have an order`)
	}
	if name == "create" || !slices.Contains(roles, name) {
		return
	}
	if spec.undo.present() {
		s.c.Addf(spec.undo.pos, `only the call "create" can be undone`)
	}
	if len(spec.expect) > 0 {
		s.c.Addf(spec.expect[0].name.pos, `only of the call "create" can anything be expected`)
	}
}
