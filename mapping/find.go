package mapping

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// load reads one resource that SCIM shows; otherwise the error has status 404.
func (x *run) load(ctx context.Context, id string) (*entity, error) {
	if x.made != nil {
		return x.loadMade(ctx, id)
	}
	e, err := x.loadAny(ctx, id)
	if err != nil {
		return nil, err
	}
	if e == nil || x.hidden(e) || x.isStranger(e) {
		return nil, x.notFound(id)
	}
	return e, nil
}

// isStranger reports whether the client knows an id as somebody else's than the
// API does now. What it then asks for under that id is not meant for them.
func (x *run) isStranger(e *entity) bool {
	if e.stranger {
		x.warn("The " + x.name + " " + e.id + " was created at another time than what is kept of it: it is somebody else. " +
			"Over SCIM it is there again once it has been looked up.")
	}
	return e.stranger
}

// loadAny reads one resource, even one that was deleted over SCIM; nil when
// there is none that SCIM may know about.
func (x *run) loadAny(ctx context.Context, id string) (*entity, error) {
	if !x.validID(id) {
		return nil, nil
	}
	if len(x.world.Correlations.IDs(x.listedKey(id))) > 0 {
		if e, err := x.loadFromPage(ctx, id); err != nil || e != nil {
			return e, err
		}
	}
	// What is kept is read first: a deletion that is on its way must not be
	// taken for one that somebody has undone.
	before, err := x.world.Keeper.Record(ctx, x.name, id)
	if err != nil {
		return nil, err
	}
	answer, err := x.do(ctx, x.calls.read, id, nil, nil)
	switch {
	case err != nil:
		return nil, err
	case answer.Status == 404:
		return x.loadMissing(ctx, id, before)
	case !answer.ok():
		return nil, x.program.upstream.refused(x.resourceType, answer)
	}
	e, err := x.object(answer)
	switch {
	case err != nil:
		return nil, err
	case e == nil || e.id != id:
		return nil, x.program.upstream.nonsense("the answer is not the object that was asked for")
	case !x.shows(e):
		return nil, nil
	}
	x.assume(e, before)
	// Whoever is known was learnt with everything at the time; a look-up that
	// finds it otherwise learns anew.
	if len(x.world.Correlations.IDs(Key{Resource: x.name, Attribute: "id", Value: id})) == 0 {
		x.learn(e, nil)
	}
	x.restored(ctx, e)
	return e, nil
}

// loadMissing finds a resource that the read call does not. One that was
// deleted over SCIM is not looked for any further unless the run is thorough:
// that the API does not give it out says that it is still deactivated.
func (x *run) loadMissing(ctx context.Context, id string, record Record) (*entity, error) {
	if x.thorough {
		return x.loadFromList(ctx, id, record)
	}
	if !record.Deleted.IsZero() {
		return &entity{kind: x.resourceType, id: id, record: record, state: new(bool), unread: true}, nil
	}
	return x.loadFromList(ctx, id, record)
}

// loadFromList finds a resource that the API only gives in its list, as some
// do with what is deactivated. That an earlier reading did not show it is taken
// for an answer unless something is kept of it: then SCIM has had to do with it,
// by another process perhaps.
func (x *run) loadFromList(ctx context.Context, id string, record Record) (*entity, error) {
	if !x.calls.read.search {
		return nil, nil
	}
	x = x.because(plan.Locate, "")
	key := Key{Resource: x.name, Attribute: "id", Value: id}
	ids, all := x.known(key)
	if all && len(ids) == 0 && record.IsZero() {
		return nil, nil
	}
	if e, err := x.loadFromPage(ctx, id); err != nil || e != nil {
		return e, err
	}
	scan, begun, err := x.scan(ctx, all)
	switch {
	case errors.Is(err, errScanned):
		return x.loadFromList(ctx, id, record)
	case err != nil:
		return nil, err
	}
	if i := slices.IndexFunc(scan.Objects, func(s Scanned) bool { return s.ID == id }); i >= 0 {
		x.world.Correlations.Learn(id, nil, []Key{x.listedKey(id), x.listedKey("")})
		// A reading that others had begun says where to look, and not what is
		// there now.
		if !begun {
			if e, err := x.loadFromPage(ctx, id); err != nil || e != nil {
				return e, err
			}
		}
		return x.revive(ctx, scan.Objects[i])
	}
	x.world.Correlations.Learn(id, []Key{key, x.listedKey(id)}, nil)
	return nil, nil
}

// restored notes that somebody has brought back a resource that SCIM deleted
// before it was read. From then on it is like any other; without that it would
// vanish again as soon as somebody deactivates it. Should it fail, the next
// reading does it.
func (x *run) restored(ctx context.Context, e *entity) {
	before := e.record
	if before.Deleted.IsZero() || x.hidden(e) {
		return
	}
	record, err := x.keep(ctx, e.id, func(now Record) Record {
		if now.Deleted.Equal(before.Deleted) {
			now.Deleted, now.Returned = time.Time{}, now.Deleted
		}
		return now
	})
	if err == nil {
		e.record = record
	}
}

// listedKey is the fact that the API gives the resource in its list only;
// without an id, that it does so with what is deactivated.
func (r *resourceType) listedKey(id string) Key {
	return Key{Resource: r.name, Attribute: "(in the list only)", Value: id}
}

// loadFromPage reads a resource from the page of the list on which the latest
// scan saw it; nil when it is not there, or when no scan saw it.
func (x *run) loadFromPage(ctx context.Context, id string) (*entity, error) {
	number := x.world.Correlations.Page(x.name, id)
	if number == 0 {
		return nil, nil
	}
	p, err := x.readPage(ctx, number)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(p.items, func(e *entity) bool { return e.id == id })
	if i < 0 {
		return nil, nil
	}
	e := p.items[i]
	listed := []Key{x.listedKey(id)}
	if x.state == nil || x.state.isOn(e) {
		x.world.Correlations.Learn(id, listed, nil)
	} else {
		x.world.Correlations.Learn(id, nil, append(listed, x.listedKey("")))
	}
	return e, x.recall(ctx, e)
}

// known returns the ids known to go with a key, and whether a scan says that
// these are all. The scan is looked at on both sides: one that ends after the
// ids were read, or that something was forgotten of before, says nothing of
// them.
func (x *run) known(key Key) (ids []string, all bool) {
	all = x.world.Correlations.Scanned(x.name) != nil
	ids = x.world.Correlations.IDs(key)
	return ids, all && x.world.Correlations.Scanned(x.name) != nil
}

// maxVerified is how many resources are read one by one to find out which of
// them still have a value that thousands may share.
const maxVerified = 10

// find returns the resources of which an attribute has this value, those
// deleted over SCIM included.
func (x *run) find(ctx context.Context, a *attribute, value string) ([]*entity, error) {
	key := a.key(x.resourceType, value)
	x = x.because(plan.Find, a.name())
	ids, scanned := x.known(key)
	x.explainFact(a.name(), a.pos, ids, scanned)
	// One id is all there is of a unique attribute; of any other only a scan
	// knows whether there are more. Many are sooner read from the list.
	if (scanned || a.unique && len(ids) > 0) && len(ids) <= maxVerified {
		found, stale, err := x.verify(ctx, a, key, ids)
		if err != nil || !stale {
			return found, err
		}
	}
	if query := x.narrowedTo(a, value); len(query) > 0 {
		return x.findNarrowed(ctx, a, key, query)
	}
	scan, begun, err := x.scan(ctx, scanned)
	switch {
	case errors.Is(err, errScanned):
		return x.find(ctx, a, value)
	case err != nil:
		return nil, err
	}
	// What was learnt while the scan went on is not in it.
	if ids = without(slices.Concat(scan.holders(key), x.world.Correlations.IDs(key)), nil); len(ids) <= maxVerified {
		found, _, err := x.verify(ctx, a, key, ids)
		return found, err
	}
	if !begun {
		// Of so many not each is read, so that the reading must be this request's.
		if scan, _, err = x.scan(ctx, true); err != nil {
			return nil, err
		}
	}
	var found []*entity
	for _, s := range scan.Objects {
		if !slices.Contains(s.Keys, key) {
			continue
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == s.ID })
		e, err := x.revive(ctx, s)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	more, _, err := x.verify(ctx, a, key, ids)
	return append(found, more...), err
}

// candidates returns the ids of those that may have a value of an attribute. Read
// says that a list was read for that, so that memory had no part in it.
func (x *run) candidates(ctx context.Context, a *attribute, value string) (ids []string, read bool, err error) {
	key := a.key(x.resourceType, value)
	x = x.because(plan.Find, a.name())
	ids, scanned := x.known(key)
	x.explainFact(a.name(), a.pos, ids, scanned)
	if scanned || a.unique && len(ids) > 0 {
		return slices.Clone(ids), false, nil
	}
	if query := x.narrowedTo(a, value); len(query) > 0 {
		found, err := x.findNarrowed(ctx, a, key, query)
		for _, e := range found {
			ids = append(ids, e.id)
		}
		return ids, true, err
	}
	scan, _, err := x.scan(ctx, false)
	switch {
	case errors.Is(err, errScanned):
		return x.candidates(ctx, a, value)
	case err != nil:
		return nil, false, err
	}
	// What memory says beside it is looked at as well, and forgotten if it is wrong.
	return without(slices.Concat(scan.holders(key), x.world.Correlations.IDs(key)), nil), true, nil
}

// findNarrowed finds resources by a query of the API that leaves out others.
func (x *run) findNarrowed(ctx context.Context, a *attribute, key Key, query url.Values) ([]*entity, error) {
	var found []*entity
	err := x.eachPage(ctx, query, func(p *page) (bool, error) {
		if err := x.within(p); err != nil {
			return false, err
		}
		for _, e := range p.items {
			if !x.fits(e, a, key) {
				continue
			}
			if err := x.recall(ctx, e); err != nil {
				return false, err
			}
			x.learn(e, nil)
			found = append(found, e)
		}
		return true, nil
	})
	return found, err
}

// verify reads the resources with these ids and returns those that the key
// still fits. Stale says that it did not fit one of them any more.
func (x *run) verify(ctx context.Context, a *attribute, key Key, ids []string) (found []*entity, stale bool, err error) {
	x = x.because(plan.Verify, a.name())
	for _, id := range slices.Clone(ids) {
		e, err := x.loadAny(ctx, id)
		if err != nil {
			return nil, false, err
		}
		if e != nil && (e.unread || x.fits(e, a, key)) {
			found = append(found, e)
			continue
		}
		stale = true
		x.forget(id, key, e)
	}
	return found, stale, nil
}

// forget has a resource not be found by a fact any more that turned out to be
// wrong, but by what it is now; the entity is nil where it is not there.
func (x *run) forget(id string, key Key, e *entity) {
	var now []Key
	if e != nil {
		now = x.keys(e)
	}
	x.world.Correlations.Learn(id, []Key{key}, now)
}

func (x *run) fits(e *entity, a *attribute, key Key) bool {
	text, ok := a.text(e.doc)
	return ok && a.key(x.resourceType, text) == key
}

// findKept returns the visible resources whose kept attribute has this value.
func (x *run) findKept(ctx context.Context, a *attribute, value string) ([]*entity, error) {
	ids, err := x.world.Keeper.IDs(ctx, Key{Resource: x.name, Attribute: a.name(), Value: value})
	if err != nil {
		return nil, err
	}
	return x.loadAll(ctx, ids)
}

func (x *run) loadAll(ctx context.Context, ids []string) ([]*entity, error) {
	var found []*entity
	for _, id := range ids {
		e, err := x.loadAny(ctx, id)
		if err != nil {
			return nil, err
		}
		if e != nil && !x.isStranger(e) {
			found = append(found, e)
		}
	}
	return found, nil
}

// finder returns how to find resources by an attribute; nil when only a look
// at all of them tells.
func (x *run) finder(path schema.Path) func(ctx context.Context, value string) ([]*entity, error) {
	if path == (schema.Path{Name: "id"}) {
		return func(ctx context.Context, value string) ([]*entity, error) {
			return x.loadAll(ctx, []string{value})
		}
	}
	for _, a := range x.attributes {
		if a.path != path && (!a.isList() || a.path != path.Parent() || path.Sub != "value") {
			continue
		}
		switch {
		case a.kept && a.name() != KeptKey:
			return nil
		case a.kept:
			return func(ctx context.Context, value string) ([]*entity, error) { return x.findKept(ctx, a, value) }
		case a.isText() && slices.Contains(x.indexed, a):
			return func(ctx context.Context, value string) ([]*entity, error) { return x.find(ctx, a, value) }
		}
	}
	return nil
}
