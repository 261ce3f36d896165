package mapping

import (
	"context"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// What makes a resource, or brings one back after a deletion, is noted with
// the Keeper before the API is asked to do it, and struck out when its end is
// known. Whoever repeats a request that got no answer then gets what it made,
// whatever has happened to this process since.

// making are the facts under which a create is noted: the values that the new
// resource alone may have. The request holds locks of these names.
func (x *run) making(values []fieldValue) []Key {
	var keys []Key
	for _, c := range x.claimsOf(values) {
		if c.attribute.unique {
			keys = append(keys, c.key)
		}
	}
	return keys
}

// beginMaking notes that a resource with these values is about to be made.
// Again says that an earlier create of the same did not end.
func (x *run) beginMaking(ctx context.Context, values []fieldValue) (again bool, err error) {
	var newest Newest
	if scan := x.world.Correlations.Scanned(x.name); scan != nil {
		newest = scan.Newest
	}
	for _, key := range x.making(values) {
		before, err := x.world.Keeper.Note(ctx, key, newest)
		if err != nil {
			return false, err
		}
		again = again || before
	}
	return again, nil
}

// endMaking strikes out that a resource is being made. Should it fail,
// nothing comes of it as long as the resource is claimed.
func (x *run) endMaking(ctx context.Context, values []fieldValue) {
	for _, key := range x.making(values) {
		_ = x.world.Keeper.Strike(ctx, key)
	}
}

// beginAdoption notes that an account that is in use is about to be taken for whom
// a create is about. Until that ends it is theirs: after a write whose answer was
// lost it may be known by nothing else. What the API calls it before that does not
// make it anybody's.
func (x *run) beginAdoption(ctx context.Context, e *entity, ch *change) (err error) {
	nameless := *e
	nameless.doc, _ = jsonpath.Document([]byte("{}"))
	e.record, err = x.world.Keeper.Update(ctx, x.name, e.id, func(r Record) Record {
		r, _ = x.recordOf(e, r)
		r.Identity.Created = x.createdAt(e.doc)
		r.Adopting, r.Identity = true, x.identityAfter(&nameless, ch, r)
		return r
	})
	return err
}

// cancelAdoption strikes that out for an account that is certain to be as it was.
func (x *run) cancelAdoption(ctx context.Context, e *entity, before Record) {
	_, _ = x.world.Keeper.Update(ctx, x.name, e.id, func(r Record) Record {
		r.Adopting, r.Identity = before.Adopting, before.Identity
		return r
	})
}

// beginReturn notes that a deactivated resource is about to be active again
// for somebody new. Until that ends it counts as deleted, active or not, so
// that the only way to it is to complete it.
func (x *run) beginReturn(ctx context.Context, e *entity) (err error) {
	e.record, err = x.world.Keeper.Update(ctx, x.name, e.id, func(r Record) Record {
		if r.Underway = true; r.Deleted.IsZero() {
			r.Deleted = time.Now().UTC()
		}
		return r
	})
	return err
}

// cancelReturn strikes that out for a resource that is certain to be inactive
// still. Should it fail, the resource is no more to be seen than before.
func (x *run) cancelReturn(ctx context.Context, e *entity, before Record) {
	_, _ = x.world.Keeper.Update(ctx, x.name, e.id, func(r Record) Record {
		r.Underway, r.Deleted = before.Underway, before.Deleted
		return r
	})
}
