package mapping

import (
	"context"
	"errors"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// errScanned says that somebody else's scan ended just before this one began.
var errScanned = errors.New("there is a fresh scan")

// scan reads the whole list once for all requests that need it at the moment.
// Unless the caller has found a fresh scan wanting, the error is errScanned when
// there turns out to be one. Begun says that the reading began in this call, and
// not before it in somebody else's.
func (x *run) scan(ctx context.Context, again bool) (scan *Scan, begun bool, err error) {
	scan, err = x.shared(ctx, x.name, func(ctx context.Context, reader *run) (*Scan, error) {
		begun = true
		if !again && x.world.Correlations.Scanned(x.name) != nil {
			return nil, errScanned
		}
		return reader.readAll(ctx)
	})
	return scan, begun, err
}

// holders returns the ids of those that a reading found to have a value.
func (s *Scan) holders(key Key) (ids []string) {
	for _, object := range s.Objects {
		if slices.Contains(object.Keys, key) {
			ids = append(ids, object.ID)
		}
	}
	return ids
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

// readAll reads the list, several pages at a time where the API says how many
// there are.
func (x *run) readAll(ctx context.Context) (*Scan, error) {
	scan, moved := &Scan{Visible: []int{}}, false
	add := func(p *page) (bool, error) {
		if p.count == 0 && !p.more {
			return true, nil
		}
		visible := 0
		for _, e := range p.items {
			if err := x.recall(ctx, e); err != nil {
				return false, err
			}
			if created, ok := instant(x.createdAt(e.doc)); ok {
				scan.Newest.add(e.id, created)
			}
			hidden := x.hidden(e)
			if !hidden {
				visible++
			}
			scan.Objects = append(scan.Objects, Scanned{
				ID: e.id, Page: p.number, Hidden: hidden, Keys: x.keys(e), Object: e.raw,
			})
		}
		moved = moved || p.number <= len(scan.Visible)
		scan.Visible = append(scan.Visible, visible)
		return true, nil
	}
	err := x.eachPageOf(ctx, x.calls.list, nil, readAhead, add)
	if moved {
		scan.Visible = nil
	}
	return scan, err
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
