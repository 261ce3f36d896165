package mapping

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

const (
	// maxCount is how many resources a list answers at the most, and when the
	// client does not say: some read one page and take it for everything.
	maxCount = 1000

	// maxNarrow is how long a text may be, in bytes, that the API is asked to
	// narrow a list by: what stands in front of it refuses long URLs.
	maxNarrow = 256
)

// window is the part of a result that the client asks for (RFC 7644 section
// 3.4.2.4): start is the first one from 1, count the most.
type window struct {
	start, count int
}

func parseWindow(query url.Values) (window, error) {
	w := window{start: 1, count: maxCount}
	for name, value := range map[string]*int{"startIndex": &w.start, "count": &w.count} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return w, scim.BadRequest(scim.InvalidValue, "%s is not a whole number.", name)
		}
		*value = n
	}
	w.start = max(w.start, 1)
	w.count = min(max(w.count, 0), maxCount)
	return w, nil
}

// list answers GET on a resource type's endpoint.
func (x *run) list(ctx context.Context, query url.Values) (Response, error) {
	x.report.Operation = "list"
	w, err := parseWindow(query)
	if err != nil {
		return Response{}, err
	}
	text := query.Get("filter")
	if text == "" {
		entities, total, err := x.windowOfAll(ctx, w)
		if err != nil {
			return Response{}, err
		}
		return x.listResponse(ctx, entities, total, w.start)
	}
	f, err := filter.Parse(text, x.set, x.tol)
	if err != nil {
		return Response{}, err
	}
	if err := x.filterable(f); err != nil {
		return Response{}, err
	}
	found, err := x.searchAll(ctx, f)
	if err != nil {
		return Response{}, err
	}
	from := min(w.start-1, len(found))
	to := min(from+w.count, len(found))
	return x.listResponse(ctx, found[from:to], len(found), w.start)
}

// filterable refuses a filter on an attribute that no resource ever has: an
// empty result would be taken for the truth.
func (x *run) filterable(f *filter.Filter) error {
	for _, path := range f.Paths() {
		parent := path.Parent()
		if path.Name == "id" || path.Name == "meta" || x.attribute(path) != nil || x.attribute(parent) != nil {
			continue
		}
		if parent == path && x.hasSub(path) {
			continue
		}
		return scim.BadRequest(scim.InvalidFilter, "There is no attribute %s to filter by.", path)
	}
	return nil
}

// hasSub reports whether a sub-attribute of the path is mapped.
func (r *resourceType) hasSub(path schema.Path) bool {
	for _, a := range r.attributes {
		if a.path.Sub != "" && a.path.Parent() == path {
			return true
		}
	}
	return false
}

// searchAll returns the visible resources that match a filter, value groups
// first.
func (x *run) searchAll(ctx context.Context, f *filter.Filter) ([]*entity, error) {
	made, err := x.allMade(ctx, f)
	if err != nil {
		return nil, err
	}
	if made, err = x.matching(ctx, made, f); err != nil {
		return nil, err
	}
	found, err := x.search(ctx, f)
	return append(made, found...), err
}

// search returns the visible resources of the API that match a filter.
func (x *run) search(ctx context.Context, f *filter.Filter) ([]*entity, error) {
	for _, term := range f.EqualityTerms() {
		value, ok := term.Value.(string)
		find := x.finder(term.Path)
		if !ok || find == nil {
			continue
		}
		candidates, err := find(ctx, value)
		if err != nil {
			return nil, err
		}
		return x.matching(ctx, candidates, f)
	}
	return x.searchList(ctx, f)
}

// searchList looks through the API's list, or the part of it that the API
// itself can narrow it down to.
func (x *run) searchList(ctx context.Context, f *filter.Filter) ([]*entity, error) {
	var found []*entity
	seen := make(map[string]bool)
	err := x.eachPage(ctx, x.narrowed(f), func(p *page) (bool, error) {
		for _, e := range p.items {
			if err := x.recall(ctx, e); err != nil {
				return false, err
			}
		}
		matches, err := x.matching(ctx, p.items, f)
		for _, e := range matches {
			if !seen[e.id] {
				seen[e.id] = true
				found = append(found, e)
			}
		}
		return true, err
	})
	return found, err
}

// narrowed returns the query parameters by which the API leaves out resources
// that don't match anyway.
func (x *run) narrowed(f *filter.Filter) url.Values {
	query := make(url.Values)
	var walk func(filter.Expr)
	walk = func(expr filter.Expr) {
		switch expr := expr.(type) {
		case *filter.And:
			walk(expr.L)
			walk(expr.R)
		case *filter.Comparison:
			if value, isText := expr.Value.(string); isText {
				x.narrow(query, expr.Path, string(expr.Op), value)
			}
		}
	}
	walk(f.Root)
	return query
}

// narrowedTo returns the query parameters by which the API leaves out resources
// in which an attribute does not have a value; none when it can't.
func (x *run) narrowedTo(a *attribute, value string) url.Values {
	query := make(url.Values)
	x.narrow(query, a.valuePath(), "eq", value)
	return query
}

// narrow adds the query parameter for a comparison, if there is one that is
// free.
func (x *run) narrow(query url.Values, path schema.Path, operator, value string) {
	p, ok := x.pushdown[path]
	if !ok || !p.operators[operator] || query.Has(p.query) {
		return
	}
	if text, ok := p.text(value); ok && text != "" && len(text) <= maxNarrow {
		query.Set(p.query, text)
	}
}

// matching returns the visible ones of the candidates that match.
func (x *run) matching(ctx context.Context, candidates []*entity, f *filter.Filter) ([]*entity, error) {
	part := onlyPaths(f.Paths()...)
	var found []*entity
	for _, e := range candidates {
		if x.hidden(e) {
			continue
		}
		tree, err := x.scimPart(ctx, e, part)
		if err != nil {
			return nil, err
		}
		if f.Match(tree) {
			found = append(found, e)
		}
	}
	return found, nil
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
	scan, err := x.scan(ctx, scanned != nil)
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

// listResponse is the answer of RFC 7644 section 3.4.2.
func (x *run) listResponse(ctx context.Context, entities []*entity, total, start int) (Response, error) {
	if err := x.reveal(ctx, x.part, entities...); err != nil {
		return Response{}, err
	}
	body := []byte(`{"schemas":["` + scim.MessageListResponse + `"],"totalResults":`)
	body = strconv.AppendInt(body, int64(total), 10)
	body = append(body, `,"startIndex":`...)
	body = strconv.AppendInt(body, int64(start), 10)
	body = append(body, `,"itemsPerPage":`...)
	body = strconv.AppendInt(body, int64(len(entities)), 10)
	body = append(body, `,"Resources":[`...)
	for i, e := range entities {
		if i > 0 {
			body = append(body, ',')
		}
		body = e.kind.appendResource(body, e, x.req.Base, x.part)
	}
	return Response{Status: 200, Body: append(body, ']', '}')}, nil
}
