package mapping

import (
	"context"
	"maps"
	"net/url"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// page is one page of the API's list.
type page struct {
	number int

	// items are the entities on it that SCIM may know about, those deleted
	// over SCIM included.
	items []*entity

	// others are what SCIM may not know about.
	others []*entity

	// count is how many objects it holds, and total how many the API says that
	// the whole list has; unknown when it does not say.
	count, total int

	// next is where the list goes on; without more it ends here.
	next place
	more bool

	// last says that no page follows; without it one may.
	last bool
}

// readPage reads one page of the list, from 1; an empty one where the list has
// none of that number.
func (x *run) readPage(ctx context.Context, number int) (*page, error) {
	return x.pages(x.calls.list, nil).page(ctx, number)
}

// readPageAt reads one page of a list call, with further query parameters.
func (x *run) readPageAt(ctx context.Context, list *call, at place, query url.Values) (*page, error) {
	p := &page{number: at.number, total: unknown, last: true}
	for {
		answer, err := x.do(ctx, list, "", list.listQuery(at, query), nil)
		switch {
		case err != nil:
			return nil, err
		case answer.Status == 404 && at.past:
			return p, nil
		case answer.Status == 404:
			// Passed on, it would say that a resource is not there.
			return nil, x.program.upstream.missing(answer.Status)
		case !answer.ok():
			return nil, x.program.upstream.refused(x.resourceType, answer)
		}
		r, err := x.put(p, list.paging, answer)
		if err != nil {
			return nil, err
		}
		next, more, err := list.paging.after(at, r)
		if err != nil {
			return nil, x.program.upstream.nonsense(err.Error())
		}
		if at = next; more && next.number == p.number {
			continue
		}
		p.next, p.more, p.total = next, more, r.total
		p.last = !more || list.paging.addressable() && (p.number-1)*list.paging.max+p.count == p.total
		return p, nil
	}
}

// listQuery returns the query parameters of a list call beside its constants,
// which outweigh what the API says of the next page.
func (c *call) listQuery(at place, query url.Values) url.Values {
	asked := make(url.Values)
	maps.Copy(asked, c.paging.query(at))
	if at.from != nil {
		constants, _ := url.ParseQuery(c.query)
		for name := range constants {
			asked.Del(name)
		}
	}
	maps.Copy(asked, query)
	return asked
}

// put puts what an answer holds onto the page.
func (x *run) put(p *page, paging *paging, answer Answer) (*reply, error) {
	doc, ok := jsonpath.Document(answer.Body)
	items := doc.Get(paging.items)
	if !ok || !items.IsArray() {
		return nil, x.program.upstream.nonsense("the list has no " + paging.items.String())
	}
	r := &reply{doc: doc, link: answer.Link, total: total(doc, paging.total)}
	foreign := false
	items.Each(func(item jsonpath.Value) bool {
		r.count++
		id, ok := x.idOf(item)
		if !ok {
			foreign = true
			return true
		}
		e := &entity{kind: x.resourceType, id: id, raw: []byte(item.Raw()), doc: item}
		if x.shows(e) {
			p.items = append(p.items, e)
		} else {
			p.others = append(p.others, e)
		}
		return true
	})
	if foreign {
		return nil, x.program.upstream.nonsense("the list holds objects without " + x.id.String())
	}
	p.count += r.count
	return r, nil
}

// total returns what an answer says of how many objects the whole list has.
func total(doc jsonpath.Value, paths []jsonpath.Path) int {
	for _, p := range paths {
		if v := doc.Get(p); v.IsNumber() {
			if n, err := strconv.Atoi(v.Text()); err == nil && n >= 0 {
				return n
			}
			return unknown
		}
	}
	return unknown
}
