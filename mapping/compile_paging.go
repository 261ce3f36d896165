package mapping

import (
	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// pagingOf compiles how lists are read. What could not be compiled leaves a
// style that sends nothing.
func (c *compiler) pagingOf(spec *pagingSpec) *paging {
	p := &paging{style: inOne{}, max: spec.max, written: spec}
	size := pageSize{name: spec.size.value, max: spec.max}
	switch position := spec.position.value; spec.style {
	case "page":
		p.style = byNumber{page: position, first: spec.first, size: size}
		c.sameParameter(spec, "the page's number and its size")
	case "offset":
		p.style = byOffset{offset: position, first: spec.first, limit: size}
		c.sameParameter(spec, "the offset and the limit")
	case "cursor":
		p.style = byCursor{cursor: position, next: c.inAnswer(spec, spec.next, "next cursor"), size: size}
		c.sameParameter(spec, "the cursor and the page's size")
	case "link":
		p.style = byLink{size: size}
	}
	p.items, _ = c.jsonPath(spec.items)
	for _, t := range spec.total {
		p.total = append(p.total, c.inAnswer(spec, t, "total"))
	}
	return p
}

func (c *compiler) sameParameter(spec *pagingSpec, both string) {
	if spec.size.present() && spec.position.value == spec.size.value {
		c.Addf(spec.size.pos, "%q can't be both %s", spec.size.value, both)
	}
}

// inAnswer compiles the path of something that an answer says beside the list.
func (c *compiler) inAnswer(spec *pagingSpec, t text, what string) jsonpath.Path {
	p, ok := c.jsonPath(t)
	switch {
	case !ok:
	case p.IsSelf():
		c.Addf(t.pos, `"." is the whole answer; name the field that holds the %s`, what)
	case spec.items.value == ".":
		c.Addf(t.pos, `the answer is the list itself ("items: ."), so that it holds no %s`, what)
	}
	return p
}

// pages returns how a list call is read; that of the API where the call is
// missing or wrong.
func (s *callSet) pages(name string) *paging {
	if compiled := s.get(name); compiled != nil {
		return compiled.paging
	}
	return s.c.paging
}
