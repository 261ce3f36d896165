package mapping

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/order"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// listing is one request for a list, of one resource type or of several.
type listing struct {
	*run
	window window
	types  []*listPart

	// filtered says that there is a filter. by is what is sorted by; nil for
	// nothing.
	filtered bool
	by       *order.By

	// paged says that the client pages by cursors, and after is where the page
	// before this one ended; nil for the first.
	paged bool
	after *position
}

// listPart is one of the resource types of a listing.
type listPart struct {
	*run
	listing *listing

	// filter and by are the listing's, by the names of this type; nil without.
	filter *filter.Filter
	by     *order.By

	// rank is the number of the type among those of the listing.
	rank int

	// sent are the comparisons of the filter that the API narrows its list by.
	sent []*filter.Comparison
}

// listResult is one page of a list.
type listResult struct {
	entities []*entity
	total    int

	// next is where the page ends when another one follows it; nil when none
	// does, or the client does not page by cursors.
	next *position
}

// list answers GET on a resource type's endpoint.
func (x *run) list(ctx context.Context, query url.Values, types ...*resourceType) (Response, error) {
	x.report.Operation = "list"
	q, err := parseListQuery(query)
	if err != nil {
		return Response{}, err
	}
	return x.listAmong(ctx, q, types...)
}

// search answers POST on "/.search" below a resource type's endpoint, or below
// the base for all types (RFC 7644 section 3.4.3).
func (x *run) search(ctx context.Context, query url.Values, types ...*resourceType) (Response, error) {
	x.report.Operation = "list"
	for _, name := range listParameters {
		if query.Has(name) {
			return Response{}, scim.BadRequest(scim.InvalidSyntax, "A search has its %s in the body, not in the URL.", name)
		}
	}
	q, err := parseSearchRequest(x.req.Body, x.tol)
	if err != nil {
		return Response{}, err
	}
	return x.listAmong(ctx, q, types...)
}

func (x *run) listAmong(ctx context.Context, q *listQuery, types ...*resourceType) (Response, error) {
	l, err := x.newListing(q, types)
	if err != nil {
		return Response{}, err
	}
	result, err := l.result(ctx)
	if err != nil {
		return Response{}, err
	}
	return l.response(ctx, result)
}

func (x *run) newListing(q *listQuery, types []*resourceType) (*listing, error) {
	l := &listing{run: x, filtered: q.filter != nil}
	var err error
	if l.window, err = q.window(); err != nil {
		return nil, err
	}
	for i, r := range types {
		t := &listPart{run: x.on(r), listing: l, rank: i}
		t.bounded = true
		l.types = append(l.types, t)
	}
	for _, t := range l.types {
		if t.part, err = t.project(q.only, q.except); err != nil {
			return nil, err
		}
		others := slices.DeleteFunc(slices.Clone(l.types), func(other *listPart) bool { return other == t })
		if err := t.parseOrder(q, others); err != nil {
			return nil, err
		}
		if q.filter == nil {
			continue
		}
		if err := t.parseFilter(*q.filter, others); err != nil {
			return nil, err
		}
	}
	l.by = l.mainOrder()
	if q.cursor != nil {
		l.paged = true
		if l.after, err = l.open(*q.cursor); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// result finds the page that is asked for.
func (l *listing) result(ctx context.Context) (*listResult, error) {
	switch plain := !l.filtered && l.by == nil; {
	case plain && !l.paged:
		return l.windows(ctx)
	case plain:
		return l.walk(ctx)
	case !l.filtered && !l.paged && l.sortedByAPI() != nil:
		return l.sorted(ctx)
	default:
		return l.gather(ctx)
	}
}

// windows cuts the page out of the lists of all types, one after the other.
func (l *listing) windows(ctx context.Context) (*listResult, error) {
	r := &listResult{}
	for _, t := range l.types {
		w := window{start: max(l.window.start-r.total, 1), count: l.window.count - len(r.entities)}
		entities, total, err := t.windowOfAll(ctx, w)
		if err != nil {
			return nil, err
		}
		r.entities = append(r.entities, entities...)
		r.total += total
	}
	return r, nil
}

// gather finds everything that belongs into the list, sorts it where it has an
// order, and cuts the page out.
func (l *listing) gather(ctx context.Context) (*listResult, error) {
	var all []placed
	for _, t := range l.types {
		found, err := t.all(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if l.by != nil || l.paged {
		slices.SortStableFunc(all, func(a, b placed) int { return l.compare(&a.at, &b.at) })
	}
	return l.cut(all, len(all)), nil
}

// cut makes a page of what was found, of which the list has total. With
// cursors, the page begins with what comes after the one before it.
func (l *listing) cut(all []placed, total int) *listResult {
	r := &listResult{total: total}
	from := min(l.window.start-1, len(all))
	if l.after != nil {
		from, _ = slices.BinarySearchFunc(all, l.after, func(e placed, after *position) int {
			if l.compare(&e.at, after) > 0 {
				return 1
			}
			return -1
		})
	}
	to := min(from+l.window.count, len(all))
	for _, e := range all[from:to] {
		r.entities = append(r.entities, e.entity)
	}
	if l.paged && to < len(all) {
		r.next = &all[to-1].at
	}
	return r
}

// windowOfAll returns one part of all visible resources, value groups first,
// and how many there are.
func (x *run) windowOfAll(ctx context.Context, w window) ([]*entity, int, error) {
	made, err := x.allMade(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	count := len(made)
	from := min(w.start-1, count)
	made = made[from:min(from+w.count, count)]
	rest := window{start: max(w.start-count, 1), count: w.count - len(made)}
	entities, total, err := x.window(ctx, rest)
	return append(made, entities...), count + total, err
}

// window returns one part of the API's visible resources, and how many there
// are. A fresh scan tells on which pages the part is, so that only those are read.
func (x *run) window(ctx context.Context, w window) ([]*entity, int, error) {
	scanned := x.world.Correlations.Scanned(x.name)
	if scanned != nil && scanned.Visible != nil {
		entities, fits, err := x.fromPages(ctx, scanned.Visible, w)
		if err != nil || fits {
			return entities, sum(scanned.Visible), err
		}
	}
	scan, _, err := x.scan(ctx, scanned != nil)
	switch {
	case errors.Is(err, errScanned):
		return x.window(ctx, w)
	case err != nil:
		return nil, 0, err
	}
	var entities []*entity
	total := 0
	for _, s := range scan.Objects {
		if s.Hidden {
			continue
		}
		total++
		if total < w.start || len(entities) == w.count {
			continue
		}
		e, err := x.revive(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		entities = append(entities, e)
	}
	return entities, total, nil
}

// fromPages reads the pages that hold a part of the visible resources. It
// returns fits=false when a page does not hold what the scan saw on it.
func (x *run) fromPages(ctx context.Context, visible []int, w window) (entities []*entity, fits bool, err error) {
	before, pages := 0, x.pages(x.calls.list, nil)
	for i, count := range visible {
		first, last := before+1, before+count
		before = last
		if last < w.start || len(entities) == w.count || count == 0 {
			continue
		}
		p, err := pages.page(ctx, i+1)
		if err != nil {
			return nil, false, err
		}
		seen := 0
		for _, e := range p.items {
			if err := x.recall(ctx, e); err != nil {
				return nil, false, err
			}
			if x.hidden(e) {
				continue
			}
			if first+seen >= w.start && len(entities) < w.count {
				entities = append(entities, e)
			}
			seen++
		}
		if seen != count {
			return nil, false, nil
		}
		if i == len(visible)-1 {
			// The list may have grown since, by what SCIM itself made.
			if ended, err := pages.endWith(ctx, p); err != nil || !ended {
				return nil, false, err
			}
		}
	}
	return entities, true, nil
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}

// response is the answer of RFC 7644 section 3.4.2, with the cursor of RFC 9865
// section 2.
func (l *listing) response(ctx context.Context, r *listResult) (Response, error) {
	for _, t := range l.types {
		if err := t.reveal(ctx, t.part, t.own(r.entities)...); err != nil {
			return Response{}, err
		}
	}
	body := []byte(`{"schemas":["` + scim.MessageListResponse + `"],"totalResults":`)
	body = strconv.AppendInt(body, int64(r.total), 10)
	if !l.paged {
		body = append(body, `,"startIndex":`...)
		body = strconv.AppendInt(body, int64(l.window.start), 10)
	}
	body = append(body, `,"itemsPerPage":`...)
	body = strconv.AppendInt(body, int64(len(r.entities)), 10)
	if r.next != nil {
		body = appendString(append(body, `,"nextCursor":`...), l.seal(r.next))
	}
	body = append(body, `,"Resources":[`...)
	for i, e := range r.entities {
		if i > 0 {
			body = append(body, ',')
		}
		body = e.kind.appendResource(body, e, l.req.Base, l.partOf(e))
	}
	return Response{Status: 200, Body: append(body, ']', '}')}, nil
}

// own returns those of the entities that are of the type, value groups first.
func (t *listPart) own(entities []*entity) []*entity {
	var made, others []*entity
	for _, e := range entities {
		switch e.kind {
		case t.derived:
			made = append(made, e)
		case t.resourceType:
			others = append(others, e)
		}
	}
	return append(made, others...)
}

// partOf returns the part of an entity that the answer is to hold.
func (l *listing) partOf(e *entity) *projection {
	for _, t := range l.types {
		if e.kind == t.resourceType || e.kind == t.derived {
			return t.part
		}
	}
	return nil
}
