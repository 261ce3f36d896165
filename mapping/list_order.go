package mapping

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/order"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// position is where a resource stands in a list that is sorted, or paged by
// cursors: by the value that is sorted by, then by its type, then by its id.
type position struct {
	Key order.Key `json:"k,omitzero"`

	// Rank is twice that of the type, and one more for what is not a value group.
	Rank int `json:"r"`

	ID string `json:"i"`

	// Page is the API's page on which it was seen; 0 when that is not known.
	Page int `json:"p,omitempty"`
}

// placed is a resource at its place.
type placed struct {
	entity *entity
	at     position
}

func (t *listPart) positionOf(e *entity) position {
	p := position{Rank: 2 * t.rank, ID: e.id}
	if e.group == nil {
		p.Rank++
	}
	return p
}

// compare returns a negative number if a stands before b, and a positive one if
// it stands after it.
func (l *listing) compare(a, b *position) int {
	if l.by != nil {
		if c := l.by.Compare(a.Key, b.Key); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(a.Rank, b.Rank); c != 0 {
		return c
	}
	t := l.types[a.Rank/2]
	if a.Rank%2 == 0 {
		number := func(id string) int {
			return slices.IndexFunc(t.derived.made.groups, func(g *valueGroup) bool { return g.id == id })
		}
		return cmp.Compare(number(a.ID), number(b.ID))
	}
	return t.compareIDs(a.ID, b.ID)
}

// compareIDs compares two ids, which are valid.
func (r *resourceType) compareIDs(a, b string) int {
	if r.idInteger {
		if c := cmp.Compare(len(a), len(b)); c != 0 {
			return c
		}
	}
	return strings.Compare(a, b)
}

// parseOrder reads what the listing is sorted by, by the names of this type.
func (t *listPart) parseOrder(q *listQuery, others []*listPart) (err error) {
	if t.by, err = order.Parse(q.sortBy, q.sortOrder, t.set, setsOf(others), t.tol); err != nil || t.by == nil {
		return err
	}
	if !t.by.Absent && !t.anyHas(t.by.Path, others) {
		return scim.BadRequest(scim.InvalidValue, "sortBy names %s, which no resource has.", t.by.Path)
	}
	return nil
}

func setsOf(types []*listPart) []*schema.Set {
	sets := make([]*schema.Set, len(types))
	for i, t := range types {
		sets[i] = t.set
	}
	return sets
}

// mainOrder returns the order of a type that has the attribute; nil when
// nothing is sorted.
func (l *listing) mainOrder() *order.By {
	for _, t := range l.types {
		if t.by != nil && !t.by.Absent {
			return t.by
		}
	}
	return nil
}

// apiOrder is how the API is asked for its list in the order of an attribute;
// nil for a direction that it does not have.
type apiOrder struct {
	pos                   source.Pos
	ascending, descending url.Values

	// written are the parameters of both as they stand in the file.
	written []constantSpec
}

// isIn reports whether a query asks for one of the directions.
func (o apiOrder) isIn(query string) bool {
	asked, _ := url.ParseQuery(query)
	has := func(order url.Values) bool {
		for name := range order {
			if asked.Get(name) != order.Get(name) {
				return false
			}
		}
		return order != nil
	}
	return has(o.ascending) || has(o.descending)
}

// sortedByAPI returns the query parameters by which the API sorts its list as
// it is asked for; nil when it can't.
func (l *listing) sortedByAPI() url.Values {
	if len(l.types) > 1 {
		return nil
	}
	sorts := l.types[0].sorts[l.by.Path]
	if l.by.Descending {
		return sorts.descending
	}
	return sorts.ascending
}

// sorted cuts the page out of a list that the API sorts. The value groups among
// it are put where they belong.
func (l *listing) sorted(ctx context.Context) (*listResult, error) {
	t := l.types[0]
	_, total, err := t.windowOfAll(ctx, window{start: 1})
	if err != nil {
		return nil, err
	}
	made, err := t.allMade(ctx, nil)
	if err != nil {
		return nil, err
	}
	waiting, err := t.sift(ctx, made)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(waiting, func(a, b placed) int { return l.compare(&a.at, &b.at) })
	if l.window.count == 0 || l.window.start > total {
		return l.cut(nil, total), nil
	}
	var all []placed
	need := l.window.start - 1 + l.window.count
	err = t.eachPage(ctx, l.sortedByAPI(), func(p *page) (bool, error) {
		if t.lore.pages++; t.lore.pages > t.program.upstream.maxCalls {
			return false, t.tooMany()
		}
		for _, e := range p.items {
			if err := t.recall(ctx, e); err != nil {
				return false, err
			}
		}
		found, err := t.sift(ctx, p.items)
		for _, e := range found {
			for len(waiting) > 0 && l.by.Compare(waiting[0].at.Key, e.at.Key) <= 0 {
				all, waiting = append(all, waiting[0]), waiting[1:]
			}
			all = append(all, e)
		}
		return len(all) < need, err
	})
	return l.cut(append(all, waiting...), total), err
}
