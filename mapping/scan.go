package mapping

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// maxPages bounds how long a list is followed, for an API whose pages never
// end.
const maxPages = 100_000

// readAhead is how many pages a scan reads at a time: enough to have a large
// list before a provider loses patience, and little beside the API's limits.
const readAhead = 4

// page is one page of the API's list.
type page struct {
	number int

	// items are the entities on it that SCIM may know about, those deleted
	// over SCIM included.
	items []*entity

	// others are the ids of what SCIM may not know about.
	others []string

	// last says that no page follows.
	last bool

	// pages is how many pages there are; 0 when the API does not say.
	pages int

	// total is how many objects the API says there are; unknown when it does not.
	total int
}

const unknown = -1

// readPage reads one page of the list, from 1.
func (x *run) readPage(ctx context.Context, number int) (*page, error) {
	return x.readPageOf(ctx, x.calls.list, number, nil)
}

// readPageOf reads one page of a list call, with further query parameters.
func (x *run) readPageOf(ctx context.Context, list *call, number int, query url.Values) (*page, error) {
	paging := &x.program.upstream.paging
	asked := url.Values{paging.page: {strconv.Itoa(number)}, paging.size: {strconv.Itoa(paging.max)}}
	for key, values := range query {
		asked[key] = values
	}
	answer, err := x.do(ctx, list, "", asked, nil)
	if err != nil {
		return nil, err
	}
	if !answer.ok() {
		return nil, x.program.upstream.refused(x.resourceType, answer)
	}
	doc, ok := jsonpath.Document(answer.Body)
	items := doc.Get(paging.items)
	if !ok || !items.IsArray() {
		return nil, x.program.upstream.nonsense("the list has no " + paging.items.String())
	}
	p := &page{number: number, total: unknown}
	count, foreign := 0, false
	items.Each(func(item jsonpath.Value) bool {
		count++
		id, ok := x.idOf(item)
		if !ok {
			foreign = true
			return true
		}
		e := &entity{kind: x.resourceType, id: id, raw: []byte(item.Raw()), doc: item}
		if x.shows(e) {
			p.items = append(p.items, e)
		} else {
			p.others = append(p.others, id)
		}
		return true
	})
	if foreign {
		return nil, x.program.upstream.nonsense("the list holds objects without " + x.id.String())
	}
	total, known := total(doc, paging.total)
	switch {
	case known && count == 0 && (number-1)*paging.max < total:
		// Taking this for the end would make people vanish.
		return nil, x.program.upstream.nonsense("the list ends before its own total")
	case known:
		p.total = total
		p.pages = min((total+paging.max-1)/paging.max, maxPages)
		p.last = count == 0 || number*paging.max >= total
	default:
		p.last = count < paging.max
	}
	return p, nil
}

func total(doc jsonpath.Value, paths []jsonpath.Path) (int, bool) {
	for _, p := range paths {
		if v := doc.Get(p); v.IsNumber() {
			n, err := strconv.Atoi(v.Text())
			return n, err == nil && n >= 0
		}
	}
	return 0, false
}

// eachPage reads the whole list with further query parameters, page by page,
// until visit returns false.
func (x *run) eachPage(ctx context.Context, query url.Values, visit func(*page) (bool, error)) error {
	return x.eachPageFrom(ctx, 1, query, visit)
}

func (x *run) eachPageFrom(ctx context.Context, number int, query url.Values, visit func(*page) (bool, error)) error {
	return x.eachPageOf(ctx, x.calls.list, number, query, visit)
}

// eachPageOf is eachPage for a list call, from a page on.
func (x *run) eachPageOf(
	ctx context.Context, list *call, number int, query url.Values, visit func(*page) (bool, error),
) error {
	for ; number <= maxPages; number++ {
		p, err := x.readPageOf(ctx, list, number, query)
		if err != nil {
			return err
		}
		more, err := visit(p)
		if err != nil || !more || p.last {
			return err
		}
	}
	return x.program.upstream.nonsense("the list does not end")
}

// errScanned says that somebody else's scan ended just before this one began.
var errScanned = errors.New("there is a fresh scan")

// scan reads the whole list once for all requests that need it at the moment.
// Unless the caller has found a fresh scan wanting, the error is errScanned when
// there turns out to be one.
func (x *run) scan(ctx context.Context, again bool) (*Scan, error) {
	return x.shared(ctx, x.name, func(ctx context.Context, reader *run) (*Scan, error) {
		if !again && x.world.Correlations.Scanned(x.name) != nil {
			return nil, errScanned
		}
		return reader.readAll(ctx)
	})
}

// shared reads something that the correlations know under a name, together
// with all others who ask for it at the moment. The reading may outlive this
// request when others wait for it too, so that it has a run of its own.
func (x *run) shared(
	ctx context.Context, name string, read func(ctx context.Context, reader *run) (*Scan, error),
) (*Scan, error) {
	var calls []CallReport
	scan, err := x.world.Correlations.Scan(ctx, name, func(ctx context.Context) (*Scan, error) {
		reader := x.apart()
		scan, err := read(ctx, reader)
		calls = reader.report.Calls
		return scan, err
	})
	if ctx.Err() == nil {
		x.report.Calls = append(x.report.Calls, calls...)
	}
	var waited *CallError
	if errors.As(err, &waited) {
		err = x.program.upstream.unanswered(waited)
	}
	return scan, err
}

// readAll reads the list, after its first page several pages at a time where
// the API says how many there are.
func (x *run) readAll(ctx context.Context) (*Scan, error) {
	scan := &Scan{}
	seen := make(map[string]bool)
	add := func(p *page) (bool, error) {
		visible := 0
		for _, e := range p.items {
			// An object can be on two pages when the list moves while it is read.
			if seen[e.id] {
				continue
			}
			seen[e.id] = true
			if err := x.recall(ctx, e); err != nil {
				return false, err
			}
			hidden := x.hidden(e)
			if !hidden {
				visible++
			}
			scan.Objects = append(scan.Objects, Scanned{
				ID: e.id, Page: p.number, Hidden: hidden, Keys: x.keys(e), Object: e.raw,
			})
		}
		scan.Visible = append(scan.Visible, visible)
		return true, nil
	}
	return scan, x.eachPageAhead(ctx, nil, add)
}

// eachPageAhead is eachPage for a caller that wants all pages.
func (x *run) eachPageAhead(ctx context.Context, query url.Values, visit func(*page) (bool, error)) error {
	first, err := x.readPageOf(ctx, x.calls.list, 1, query)
	if err != nil {
		return err
	}
	if _, err := visit(first); err != nil || first.last {
		return err
	}
	if first.pages == 0 {
		return x.eachPageFrom(ctx, 2, query, visit)
	}
	readers := make([]*run, first.pages-1)
	pages := make([]*page, first.pages-1)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(readAhead)
	for i := range readers {
		readers[i] = x.apart()
		group.Go(func() (err error) {
			pages[i], err = readers[i].readPageOf(groupCtx, x.calls.list, i+2, query)
			return err
		})
	}
	err = group.Wait()
	for i := range readers {
		x.report.Calls = append(x.report.Calls, readers[i].report.Calls...)
	}
	if err != nil {
		return err
	}
	for _, p := range pages {
		if _, err := visit(p); err != nil {
			return err
		}
	}
	// The list may have grown meanwhile.
	if last := pages[len(pages)-1]; !last.last {
		return x.eachPageFrom(ctx, last.number+1, query, visit)
	}
	return nil
}

// recall adds to the entity what is kept of it.
func (x *run) recall(ctx context.Context, e *entity) (err error) {
	e.record, err = x.world.Keeper.Record(ctx, x.name, e.id)
	return err
}

// revive makes an entity of what a scan found.
func (x *run) revive(ctx context.Context, s Scanned) (*entity, error) {
	doc, ok := jsonpath.Document(s.Object)
	if !ok {
		return nil, x.program.upstream.nonsense("the answer is not JSON")
	}
	e := &entity{kind: x.resourceType, id: s.ID, raw: s.Object, doc: doc}
	return e, x.recall(ctx, e)
}
