package mapping

import (
	"context"
	"net/url"

	"golang.org/x/sync/errgroup"
)

// pages reads the pages of a list call.
type pages struct {
	*run
	list  *call
	query url.Values

	// at is where the page is that comes next; zero when the API says that none
	// does.
	at place

	// been are the places that pages led to.
	been map[string]bool
}

// pages reads a list call with further query parameters.
func (x *run) pages(list *call, query url.Values) *pages {
	return &pages{run: x, list: list, query: query, at: place{number: 1}, been: map[string]bool{"": true}}
}

// page reads the page of a number, from 1, and where pages lead to each other
// those before it that were not read yet. The numbers must go up.
func (r *pages) page(ctx context.Context, number int) (*page, error) {
	if r.list.paging.addressable() {
		r.at = place{number: number}
	}
	for r.at.number != 0 {
		if p, err := r.read(ctx); err != nil || p.number == number {
			return p, err
		}
	}
	return &page{number: number, total: unknown, last: true}, nil
}

// endWith reports whether no page follows the one that was read last.
func (r *pages) endWith(ctx context.Context, p *page) (bool, error) {
	if p.last {
		return true, nil
	}
	r.at.past = r.list.paging.addressable()
	next, err := r.read(ctx)
	if err != nil {
		return false, err
	}
	return next.count == 0 && !next.more, nil
}

// read reads the next page.
func (r *pages) read(ctx context.Context) (*page, error) {
	p, err := r.readPageAt(ctx, r.list, r.at, r.query)
	if err != nil {
		return nil, err
	}
	return p, r.goOn(p)
}

// goOn moves on to what follows a page.
func (r *pages) goOn(p *page) error {
	r.at = place{}
	if !p.more {
		return nil
	}
	r.at = p.next
	if r.list.paging.addressable() {
		return nil
	}
	to := p.next.from.Encode()
	if r.been[to] {
		return r.program.upstream.nonsense("the list leads back to a page that was read already")
	}
	r.been[to] = true
	return nil
}

// readSome reads the next pages, up to n of them at a time.
func (r *pages) readSome(ctx context.Context, n int) ([]*page, error) {
	if n == 1 {
		p, err := r.read(ctx)
		return []*page{p}, err
	}
	readers, some := make([]*run, n), make([]*page, n)
	group, groupCtx := errgroup.WithContext(ctx)
	for i := range readers {
		readers[i] = r.apart()
		at := place{number: r.at.number + i}
		group.Go(func() (err error) {
			some[i], err = readers[i].readPageAt(groupCtx, r.list, at, r.query)
			return err
		})
	}
	err := group.Wait()
	for _, reader := range readers {
		r.report.Calls = append(r.report.Calls, reader.report.Calls...)
	}
	if err != nil {
		return nil, err
	}
	return some, r.goOn(some[n-1])
}
