package openapi

import "github.com/santhosh-tekuri/jsonschema/v6"

// walk goes through a schema and all that it is made of, which may lead back to
// itself, and to one part in very many ways.
type walk struct {
	on   map[*jsonschema.Schema]bool
	left int
}

// maxVisits bounds how many schemas are looked at to find out one thing.
const maxVisits = 20_000

func newWalk() *walk { return &walk{on: make(map[*jsonschema.Schema]bool), left: maxVisits} }

// enter reports whether there is a schema that is to be looked at, which it is
// not while it is being looked at already. Then leave ends that.
func (w *walk) enter(s *jsonschema.Schema) (leave func(), ok bool) {
	if s == nil || w.on[s] || w.left == 0 {
		return nil, false
	}
	w.left--
	w.on[s] = true
	return func() { delete(w.on, s) }, true
}
