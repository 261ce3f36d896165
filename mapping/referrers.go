package mapping

import (
	"context"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

// lockReferrers locks the resources that hold a reference to the entity, as the
// API says, until release is called. A change of one of them writes all its
// references back as they were read, those too that SCIM does not show. It must
// not come between and give somebody back what has just been taken.
//
// Whoever holds the lock of such a resource waits for no other, so that this
// one may be waited for with locks held.
func (x *run) lockReferrers(ctx context.Context, e *entity) (release func(), err error) {
	var names []string
	for _, a := range x.attributes {
		if a.of == nil || !a.readOnly {
			continue
		}
		target := x.on(a.of)
		if list := target.referenceList(); list == nil || list.of != x.resourceType {
			continue
		}
		var ids []string
		a.lookup(e.doc).Each(func(v jsonpath.Value) bool {
			ids, err = target.referrer(ctx, a, v)
			for _, id := range ids {
				names = append(names, target.lockName(id))
			}
			return err == nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return func() {}, nil
	}
	return x.world.Keeper.Lock(ctx, names...)
}

// referrer returns the id that an element of a list holds, or the ids of what
// has its name.
func (x *run) referrer(ctx context.Context, a *attribute, v jsonpath.Value) ([]string, error) {
	if id := firstScalar(v, a.idPaths()).Text(); id != "" {
		return []string{id}, nil
	}
	i := slices.IndexFunc(x.indexed, func(by *attribute) bool { return by.unique })
	name := a.nameOf(v)
	if i < 0 || name == "" || a.excepted(v) {
		return nil, nil
	}
	found, err := x.find(ctx, x.indexed[i], name)
	var ids []string
	for _, e := range found {
		ids = append(ids, e.id)
	}
	return ids, err
}
