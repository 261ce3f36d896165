package mapping

import (
	"context"
	"net/url"
	"slices"
)

const (
	// maxPages bounds how long a list is followed, for an API whose pages never
	// end.
	maxPages = 100_000

	// maxStale is how many pages in a row may hold nothing but what was on
	// pages before them: one is when the list moves while it is read, but an
	// API that does not look at the page's number gives nothing else.
	maxStale = 3

	// maxPasses is how often a list is read that did not hold still.
	maxPasses = 3

	// readAhead is how many pages a scan reads at a time: enough to have a large
	// list before a provider loses patience, and little beside the API's limits.
	readAhead = 4
)

// reading is one pass over a whole list.
type reading struct {
	*pages
	ahead int

	// seen has the number of the pass in which an object was last seen.
	seen map[string]int
	pass int

	// held is how many objects this pass has seen, each counted once; stale is
	// how many pages in a row had none that was new.
	held, stale int

	// most and least are the bounds of what the API has said that the list has;
	// shrunk says that it became less from one page to a later one.
	most, least int
	shrunk      bool
}

// eachPage reads the whole list with further query parameters, page by page,
// until visit returns false.
func (x *run) eachPage(ctx context.Context, query url.Values, visit func(*page) (bool, error)) error {
	return x.eachPageOf(ctx, x.calls.list, query, 1, visit)
}

// eachPageOf is eachPage for a list call, with so many pages read at a time
// where the API says how many there are. No object comes on two pages. A list
// that moves while it is read, so that objects could have slipped past, is
// read once more, one page at a time, which tells growth from shrinking: pages
// from 1 on come again, with what is new on them.
func (x *run) eachPageOf(
	ctx context.Context, list *call, query url.Values, ahead int, visit func(*page) (bool, error),
) error {
	seen := make(map[string]int)
	for pass := 1; pass <= maxPasses; pass++ {
		r := &reading{pages: x.pages(list, query), ahead: ahead, seen: seen, pass: pass, least: unknown}
		whole, err := r.all(ctx, visit)
		if err != nil || whole {
			return err
		}
		ahead = 1
	}
	return x.program.upstream.nonsense("the list's own total does not fit what is on its pages, however often they are read")
}

// all reads the list to its end. Whole says that nothing of it can have been
// missed, or that visit did not want more.
func (r *reading) all(ctx context.Context, visit func(*page) (bool, error)) (whole bool, err error) {
	n := 1
	for r.at.number <= maxPages {
		some, err := r.readSome(ctx, n)
		if err != nil {
			return false, err
		}
		for _, p := range some {
			if err := r.note(p); err != nil {
				return false, err
			}
			if more, err := visit(p); err != nil || !more {
				return true, err
			}
		}
		last := some[len(some)-1]
		if r.ends(last) {
			return !r.shrunk && r.held >= r.least, nil
		}
		n = r.atOnce(last)
	}
	return false, r.program.upstream.nonsense("the list does not end")
}

// note takes off a page what was seen before, and remembers what it says of the
// list.
func (r *reading) note(p *page) error {
	held := r.held
	known := func(e *entity) bool {
		before := r.seen[e.id]
		if before < r.pass {
			r.seen[e.id] = r.pass
			r.held++
		}
		return before > 0
	}
	p.items = slices.DeleteFunc(p.items, known)
	p.others = slices.DeleteFunc(p.others, known)
	switch {
	case r.held > held:
		r.stale = 0
	case p.count > 0:
		r.stale++
	}
	if r.stale > maxStale {
		return r.program.upstream.nonsense("page after page holds the same objects")
	}
	if p.total == unknown || p.count == 0 && p.number > 1 {
		// Past the end an API may count nothing.
		return nil
	}
	r.shrunk = r.shrunk || p.total < r.most
	r.most = max(r.most, p.total)
	if r.least == unknown || p.total < r.least {
		r.least = p.total
	}
	return nil
}

// ends reports whether the list ends with a page. Without a count, only what
// the API says of the next page and an empty page are sure signs: it may give
// less than it was asked for.
func (r *reading) ends(p *page) bool {
	switch full := p.count >= r.list.paging.max; {
	case !p.more:
		return true
	case !r.list.paging.addressable() || p.total == unknown || r.held < p.total:
		return false
	case full && (p.number == 1 || r.held > p.total):
		// The total may be that of the page alone.
		r.at.past = true
		return false
	default:
		return true
	}
}

// atOnce returns how many pages there are to be read next: as many as the list
// seems to have, by the size of the one before.
func (r *reading) atOnce(p *page) int {
	if p.total == unknown || p.count == 0 || !r.list.paging.addressable() {
		return 1
	}
	pages := (p.total - r.held + p.count - 1) / p.count
	return max(min(pages, r.ahead), 1)
}
