package mapping

import (
	"context"
	"slices"
)

// walk finds the page after a place in a list that is in the order of ids:
// nobody is skipped or comes twice because of what becomes of others.
func (l *listing) walk(ctx context.Context) (*listResult, error) {
	r := &listResult{}
	var last *position
	more := false
	for _, t := range l.types {
		found, goesOn, total, err := t.after(ctx, l.after, l.window.count-len(r.entities))
		if err != nil {
			return nil, err
		}
		for i := range found {
			r.entities, last = append(r.entities, found[i].entity), &found[i].at
		}
		r.total += total
		more = more || goesOn
	}
	if more {
		r.next = last
	}
	return r, nil
}

// after returns at most n visible resources of the type that stand after a
// place, whether others may follow, and how many there are in all. The place is
// nil for the beginning.
func (t *listPart) after(ctx context.Context, at *position, n int) (found []placed, more bool, total int, err error) {
	if !t.calls.list.byID {
		all, err := t.all(ctx)
		slices.SortFunc(all, func(a, b placed) int { return t.listing.compare(&a.at, &b.at) })
		rest := slices.DeleteFunc(slices.Clone(all), func(e placed) bool { return at != nil && t.listing.compare(&e.at, at) <= 0 })
		return rest[:min(n, len(rest))], len(rest) > n, len(all), err
	}
	_, total, err = t.windowOfAll(ctx, window{start: 1})
	ended := at != nil && at.Rank > 2*t.rank+1
	if err != nil || n <= 0 || ended {
		return nil, total > 0 && !ended, total, err
	}
	made, err := t.allMade(ctx, nil)
	if err != nil {
		return nil, false, 0, err
	}
	for _, e := range made {
		if p := t.positionOf(e); at == nil || t.listing.compare(&p, at) > 0 {
			found = append(found, placed{entity: e, at: p})
		}
	}
	if len(found) >= n {
		// What the API has comes after all of them.
		return found[:n], len(found) > n || total > len(made), total, nil
	}
	w := &walker{listPart: t, number: 1, left: n - len(found)}
	if at != nil && at.Rank == 2*t.rank+1 {
		w.last, w.number = at.ID, max(at.Page, 1)
	}
	err = w.collect(ctx)
	return append(found, w.found...), w.more, total, err
}

// walker reads the API's list, which is in the order of ids, from an id on.
type walker struct {
	*listPart

	// last is the id that everything up to has been seen of; empty for none.
	last string

	// number is that of the page that was read last.
	number int

	// inTurn reads pages that lead to each other, the last one of which was that
	// of the number turn; nil where each page has a number of its own.
	inTurn *pages
	turn   int

	// left is how many resources are still wanted, found are those that there
	// are, and more says that others may follow: what comes on the next page is
	// not worth a call of its own.
	left  int
	found []placed
	more  bool
}

func (w *walker) collect(ctx context.Context) error {
	p, err := w.begin(ctx)
	for err == nil {
		if err = w.take(ctx, p); err != nil || w.more || p.last {
			return err
		}
		if w.left == 0 {
			w.more = true
			return nil
		}
		p, err = w.next(ctx, p)
	}
	return err
}

// begin returns the page on which to begin. It is one that also has what comes
// before, since people may have moved towards the front since.
func (w *walker) begin(ctx context.Context) (*page, error) {
	for {
		p, err := w.read(ctx, w.number)
		if err != nil || w.number == 1 || w.reaches(p) {
			return p, err
		}
		w.number--
	}
}

// reaches reports whether a page has something up to the last id.
func (w *walker) reaches(p *page) bool {
	known := func(e *entity) bool { return w.compareIDs(e.id, w.last) <= 0 }
	return slices.ContainsFunc(p.items, known) || slices.ContainsFunc(p.others, known)
}

// next returns the page after one. When the list became shorter meanwhile,
// somebody may have moved from the next page onto the one before, which is then
// read again. Pages that lead to each other begin where the one before ended.
func (w *walker) next(ctx context.Context, p *page) (*page, error) {
	following, err := w.read(ctx, w.number+1)
	if err != nil || following.total != unknown && following.total >= p.total || !w.calls.list.paging.addressable() {
		w.number++
		return following, err
	}
	again, err := w.read(ctx, w.number)
	if err != nil || slices.ContainsFunc(again.items, func(e *entity) bool { return w.compareIDs(e.id, w.last) > 0 }) {
		return again, err
	}
	w.number++
	return following, nil
}

// read reads the page of a number; an empty one where the list has none.
func (w *walker) read(ctx context.Context, number int) (p *page, err error) {
	paging := w.calls.list.paging
	if paging.addressable() {
		p, err = w.readPageAt(ctx, w.calls.list, place{number: number, past: number > 1}, nil)
	} else {
		if w.inTurn == nil || number <= w.turn {
			w.inTurn = w.pages(w.calls.list, nil)
		}
		w.turn = number
		p, err = w.inTurn.page(ctx, number)
	}
	switch {
	case err != nil:
		return nil, err
	case !slices.IsSortedFunc(p.items, func(a, b *entity) int { return w.compareIDs(a.id, b.id) }):
		return nil, w.program.upstream.nonsense("the list is not in the order of ids, as the mapping says")
	case paging.addressable() && p.count == 0 && (number-1)*paging.max < p.total:
		// Taking this for the end would make people vanish.
		return nil, w.program.upstream.nonsense("the list ends before its own total")
	}
	return p, nil
}

// take collects what a page has after the last id.
func (w *walker) take(ctx context.Context, p *page) error {
	for _, e := range p.items {
		if w.last != "" && w.compareIDs(e.id, w.last) <= 0 {
			continue
		}
		if err := w.recall(ctx, e); err != nil {
			return err
		}
		if w.hidden(e) {
			continue
		}
		if w.left == 0 {
			w.more = true
			return nil
		}
		w.last = e.id
		at := w.positionOf(e)
		at.Page = w.number
		w.found = append(w.found, placed{entity: e, at: at})
		w.left--
	}
	return nil
}
