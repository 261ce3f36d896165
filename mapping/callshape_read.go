package mapping

import (
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// listShape adds what the list of the resource is asked with and read by.
func (r *resourceType) listShape(s *CallShape, c *call) {
	s.Query = slices.Concat(s.Query, c.paging.shapes(), r.narrowingShapes())
	s.Answer = r.objectShape(true)
	s.Answer.List = c.paging.listShape()
}

// othersShape adds what is read of the objects that SCIM does not show, which
// is no more than who they are.
func (r *resourceType) othersShape(s *CallShape, c *call) {
	s.Query = append(s.Query, c.paging.shapes()...)
	s.Answer = &AnswerShape{Needed: true, List: c.paging.listShape(), ID: r.idShape(), Compared: compared("only", r.only)}
}

func (p *paging) listShape() *ListShape {
	list := &ListShape{Items: PathShape{Path: p.items, Pos: p.written.items.pos}, Total: pathsOf(p.total, p.written.total)}
	switch style := p.style.(type) {
	case byCursor:
		list.Next = &PathShape{Path: style.next, Pos: p.written.next.pos}
	case byLink:
		list.Linked = true
	}
	return list
}

func (r *resourceType) idShape() *PathShape { return &PathShape{Path: r.id, Pos: r.idPos} }

// objectShape is what is read in an object of the API.
func (r *resourceType) objectShape(needed bool) *AnswerShape {
	s := &AnswerShape{Needed: needed, ID: r.idShape()}
	for _, a := range r.attributes {
		if !a.kept && !a.secret {
			s.Reads = append(s.Reads, a.readShape())
		}
	}
	s.Compared = slices.Concat(compared("only", r.only), compared("hide", r.hide), compared("read-only", r.readOnly))
	if r.guard != nil {
		s.Compared = append(s.Compared, compared("last", r.guard.last)...)
	}
	return s
}

var scalarTypes = []string{"string", "boolean", "integer", "number"}

// readShape is what the attribute is made of, see appendValue.
func (a *attribute) readShape() ReadShape {
	s := ReadShape{Attribute: a.name(), Paths: pathsOf(a.paths, a.written.path)}
	switch {
	case len(a.each) > 0:
		s.List = true
		for i, part := range a.each {
			s.Each = append(s.Each, ReadShape{
				Attribute: a.name() + "." + part.key, Paths: pathsOf(part.paths, a.written.each[i].path), Types: readTypes(part.sub),
			})
		}
	case a.read != nil && a.read.Test != nil:
	case a.on != nil || a.off != nil:
		s.Types = []string{"boolean"}
	case a.read != nil:
		s.Types = scalarTypes
	case a.toAPI != nil:
		s.Table, s.Types = a.tableShape(), scalarTypes
	default:
		s.Types = readTypes(a.valueTarget())
	}
	s.List = s.List || a.isPlainList()
	return s
}

// readTypes are the types of the API's values that SCIM can show as an
// attribute, see appendAs.
func readTypes(target *schema.Attribute) []string {
	switch {
	case target == nil:
		return scalarTypes
	case target.Type == schema.Boolean:
		return []string{"boolean"}
	case target.Type == schema.Integer:
		return []string{"integer"}
	case target.Type == schema.Decimal:
		return []string{"integer", "number"}
	case target.Type == schema.DateTime:
		return []string{"string"}
	default:
		return scalarTypes
	}
}
