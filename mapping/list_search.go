package mapping

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// maxNarrow is how long a text may be, in bytes, that the API is asked to
// narrow a list by: what stands in front of it refuses long URLs.
const maxNarrow = 256

var (
	idPath           = schema.Path{Name: "id"}
	schemasPath      = schema.Path{Name: "schemas"}
	resourceTypePath = schema.Path{Name: "meta", Sub: "resourceType"}
)

// parseFilter reads the filter of a listing by the names of this type.
func (t *listPart) parseFilter(text string, others []*listPart) (err error) {
	if t.filter, err = filter.ParseAmong(text, t.set, setsOf(others), t.tol); err != nil {
		return err
	}
	for _, path := range t.filter.Paths() {
		if !t.anyHas(path, others) {
			return scim.BadRequest(scim.InvalidFilter, "There is no attribute %s to filter by.", path)
		}
	}
	return nil
}

// anyHas reports whether resources of any type of the listing ever have a value
// at a path: an empty result, or an order by nothing, would be taken for the
// truth.
func (t *listPart) anyHas(path schema.Path, others []*listPart) bool {
	return t.mayHave(path) || slices.ContainsFunc(others, func(other *listPart) bool { return other.mayHave(path) })
}

// mayHave reports whether resources of the type can have a value at a path.
func (r *resourceType) mayHave(path schema.Path) bool {
	switch path {
	case idPath, schemasPath, resourceTypePath, metaVersion, schema.Path{Name: "meta"}, schema.Path{Name: "meta", Sub: "location"}:
		return true
	}
	return r.attribute(path) != nil || r.attribute(path.Parent()) != nil || path.Sub == "" && r.hasSub(path)
}

// hasSub reports whether a sub-attribute of the path is mapped.
func (r *resourceType) hasSub(path schema.Path) bool {
	return slices.ContainsFunc(r.attributes, func(a *attribute) bool { return a.path.Sub != "" && a.path.Parent() == path })
}

// all returns all visible resources of the type that the listing is about,
// value groups first.
func (t *listPart) all(ctx context.Context) ([]placed, error) {
	if t.filter != nil && t.rulesOut(t.filter) {
		return nil, nil
	}
	made, err := t.allMade(ctx, t.filter)
	if err != nil {
		return nil, err
	}
	found, err := t.sift(ctx, made)
	if err != nil {
		return nil, err
	}
	more, err := t.fromAPI(ctx)
	return append(found, more...), err
}

// rulesOut reports whether a filter can't match any resource of the type.
func (t *listPart) rulesOut(f *filter.Filter) bool {
	return slices.ContainsFunc(f.EqualityTerms(), func(term filter.Term) bool {
		return term.Absent || term.Path == resourceTypePath && term.Value != t.name
	})
}

// sift returns the visible ones of the candidates that match, each with its
// place.
func (t *listPart) sift(ctx context.Context, candidates []*entity) ([]placed, error) {
	part := t.looksAt()
	var found []placed
	for _, e := range candidates {
		if t.hidden(e) {
			continue
		}
		p := placed{entity: e, at: t.positionOf(e)}
		if part != nil {
			tree, err := t.scimPart(ctx, e, part)
			if err != nil {
				return nil, err
			}
			if t.filter != nil && !t.filter.Match(tree) {
				continue
			}
			if t.by != nil {
				p.at.Key = t.by.Key(tree)
			}
		}
		found = append(found, p)
	}
	return found, nil
}

// looksAt returns the part of a resource that filter and order are about; nil
// without either.
func (t *listPart) looksAt() *projection {
	if t.filter == nil && t.by == nil {
		return nil
	}
	part := onlyPaths()
	if t.filter != nil {
		part = onlyPaths(t.filter.Paths()...)
	}
	if t.by != nil && !t.by.Absent {
		part.only[t.by.Path] = true
	}
	if part.only[schemasPath] {
		// Which of them a resource has depends on what it has of them.
		for _, extension := range t.set.Extensions() {
			part.only[schema.Path{URN: extension.ID}] = true
		}
	}
	return part
}

// fromAPI returns those resources of the API that the listing is about.
func (t *listPart) fromAPI(ctx context.Context) ([]placed, error) {
	if t.filter != nil {
		for _, term := range t.filter.EqualityTerms() {
			value, ok := term.Value.(string)
			find := t.finder(term.Path)
			if !ok || find == nil {
				continue
			}
			t.explainFilter(&term.Comparison)
			candidates, err := find(ctx, value)
			if err != nil {
				return nil, err
			}
			return t.sift(ctx, candidates)
		}
	}
	return t.fromList(ctx)
}

// fromList looks through the API's list, or the part of it that the API itself
// can narrow it down to.
func (t *listPart) fromList(ctx context.Context) ([]placed, error) {
	var found []placed
	query := t.narrowed()
	if t.filter != nil {
		t.explainFilter(nil)
	}
	err := t.eachPageOf(ctx, t.calls.list, query, readAhead, func(p *page) (bool, error) {
		if err := t.within(p); err != nil {
			return false, err
		}
		for _, e := range p.items {
			if err := t.recall(ctx, e); err != nil {
				return false, err
			}
		}
		more, err := t.sift(ctx, p.items)
		found = append(found, more...)
		return true, err
	})
	return found, err
}

// within refuses to go on with a list that has more pages than one request may
// read, as soon as the API says how many there are.
func (x *run) within(p *page) error {
	if !x.bounded {
		return nil
	}
	x.lore.pages++
	if x.lore.pages+x.pagesAfter(p) <= x.program.upstream.maxCalls {
		return nil
	}
	return x.tooMany()
}

// pagesAfter returns how many pages of the list come after one, as far as the
// API says: at least one unless it is the last.
func (x *run) pagesAfter(p *page) int {
	size := x.calls.list.paging.max
	if size == 0 {
		size = p.count
	}
	switch {
	case p.last:
		return 0
	case p.total == unknown || size == 0:
		return 1
	default:
		return max((p.total-1)/size+1-p.number, 1)
	}
}

// tooMany is the error for a list that can't be filtered or sorted here.
func (x *run) tooMany() *scim.Error {
	names := []string{"id"}
	for _, a := range x.attributes {
		if x.finder(a.valuePath()) != nil {
			names = append(names, a.valuePath().String())
		}
	}
	return scim.BadRequest(scim.TooMany,
		"%s can't do this by itself, and to do it here would take more than %d calls. A filter that says what %s equals takes less.",
		x.program.upstream.name, x.program.upstream.maxCalls, strings.Join(names, " or "))
}

// narrowed returns the query parameters by which the API leaves out resources
// that don't match anyway.
func (t *listPart) narrowed() url.Values {
	query := make(url.Values)
	if t.filter == nil {
		return query
	}
	var walk func(filter.Expr)
	walk = func(expr filter.Expr) {
		switch expr := expr.(type) {
		case *filter.And:
			walk(expr.L)
			walk(expr.R)
		case *filter.ValuePath:
			walk(expr.Filter)
		case *filter.Comparison:
			if value, isText := expr.Value.(string); isText && !expr.Absent && t.narrow(query, expr.Path, string(expr.Op), value) {
				t.sent = append(t.sent, expr)
			}
		}
	}
	walk(t.filter.Root)
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
// free, and reports whether it did.
func (x *run) narrow(query url.Values, path schema.Path, operator, value string) bool {
	p, ok := x.pushdown[path]
	if !ok || !p.operators[operator] || query.Has(p.query) {
		return false
	}
	text, ok := p.text(value)
	if !ok || text == "" || len(text) > maxNarrow {
		return false
	}
	query.Set(p.query, text)
	return true
}
