package mapping

import (
	"context"
	"errors"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// claim is a value that a write is about to give to a resource, or by which a
// create looks for one, with those who have it.
type claim struct {
	key       Key
	attribute *attribute
	value     string

	// ids are those that may have the value. Read says that a list was read for
	// them, so that they are all.
	ids  []string
	read bool

	// holders are those that have it, each read by its id under its lock.
	holders []*entity
}

// lockName is the lock of the value, without which nobody is given it.
func (c *claim) lockName() string { return c.key.Resource + "/" + c.key.Attribute + ":" + c.key.Value }

// claims are the values for which others are looked for.
type claims []*claim

func (cs *claims) add(r *resourceType, a *attribute, value string) {
	key := a.key(r, value)
	if value != "" && cs.of(key) == nil {
		*cs = append(*cs, &claim{key: key, attribute: a, value: value})
	}
}

func (cs claims) of(key Key) *claim {
	for _, c := range cs {
		if c.key == key {
			return c
		}
	}
	return nil
}

// claimsOf are the values that a write may give to one resource alone.
func (x *run) claimsOf(values []fieldValue) (cs claims) {
	for _, v := range values {
		if v.field.owner.exclusive {
			cs.add(x.resourceType, v.field.owner, unquote(v.raw))
		}
	}
	return cs
}

// errMoved says that somebody has got a value, or lost it, since it was looked up.
var errMoved = errors.New("others changed what was looked up")

// look finds out who may have the values. It holds no lock, since it may have to
// read the whole list.
func (x *run) look(ctx context.Context, cs claims) (err error) {
	for _, c := range cs {
		if c.ids, c.read, err = x.candidates(ctx, c.attribute, c.value); err != nil {
			return err
		}
	}
	return nil
}

// lockHolders locks those who may have the values. A resource is always locked
// before a value.
func (x *run) lockHolders(ctx context.Context, cs claims) (release func(), err error) {
	var names []string
	for _, c := range cs {
		for _, id := range c.ids {
			if name := x.lockName(id); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return x.lock(ctx, names)
}

func (x *run) lockValues(ctx context.Context, cs claims) (release func(), err error) {
	var names []string
	for _, c := range cs {
		names = append(names, c.lockName())
	}
	return x.lock(ctx, names)
}

func (x *run) lock(ctx context.Context, names []string) (release func(), err error) {
	if len(names) == 0 {
		return func() {}, nil
	}
	return x.world.Keeper.Lock(ctx, names...)
}

// settle reads by their ids who has the values now, under the locks of the values.
// With mustHold they must be those that were looked up, whose locks are held; the
// error is errMoved where they are not, or where memory was wrong.
func (x *run) settle(ctx context.Context, cs claims, mustHold bool) error {
	looked := make(map[string]bool)
	for _, c := range cs {
		for _, id := range c.ids {
			looked[id] = true
		}
	}
	read := make(map[string]*entity)
	for _, c := range cs {
		c.holders = nil
		run, stale := x.because(plan.Verify, c.attribute.name()), false
		ids := without(slices.Concat(c.ids, x.world.Correlations.IDs(c.key)), nil)
		for _, id := range ids {
			if mustHold && !looked[id] {
				return errMoved
			}
			e, done := read[id]
			if !done {
				var err error
				if e, err = run.loadAny(ctx, id); err != nil {
					return err
				}
				read[id] = e
			}
			if e != nil && (e.unread || x.fits(e, c.attribute, c.key)) {
				c.holders = append(c.holders, e)
				continue
			}
			stale = true
			x.forget(id, c.key, e)
		}
		if stale && !c.read {
			x.world.Correlations.Doubt(x.name)
			return errMoved
		}
		// To read one of them may have taken a reading of the list, and shown more.
		if len(without(x.world.Correlations.IDs(c.key), ids)) > 0 {
			return errMoved
		}
	}
	return nil
}

// free refuses that a resource is given a value which another one has that SCIM
// shows, or an object of the API that SCIM does not show. The entity is the
// resource; nil for a new one.
func (x *run) free(ctx context.Context, cs claims, e *entity) error {
	wanted := slices.DeleteFunc(slices.Clone(cs), func(c *claim) bool {
		return !c.attribute.exclusive || e != nil && !e.unread && x.fits(e, c.attribute, c.key)
	})
	for _, c := range wanted {
		for _, h := range c.holders {
			if (e == nil || h.id != e.id) && !x.hidden(h) {
				return x.taken(c, "the "+x.name+" "+h.id)
			}
		}
	}
	for _, c := range wanted {
		other, err := x.otherWith(ctx, c)
		switch {
		case err != nil:
			return err
		case other != "":
			return x.taken(c, "the object "+other+", which is not shown over SCIM")
		}
	}
	return nil
}

// reserve locks the values that a write gives to one resource alone until release
// is called, and refuses the write where others have them. The resource's lock is
// held.
func (x *run) reserve(ctx context.Context, e *entity, values []fieldValue) (release func(), err error) {
	// What differs in case alone is its own.
	cs := slices.DeleteFunc(x.claimsOf(values), func(c *claim) bool { return x.fits(e, c.attribute, c.key) })
	if len(cs) == 0 {
		return func() {}, nil
	}
	for range maxTries {
		if err = x.look(ctx, cs); err != nil {
			return nil, err
		}
		if release, err = x.lockValues(ctx, cs); err != nil {
			return nil, err
		}
		if err = x.settle(ctx, cs, false); err == nil {
			err = x.free(ctx, cs, e)
		}
		if err == nil {
			return release, nil
		}
		release()
		if !errors.Is(err, errMoved) {
			return nil, err
		}
	}
	return nil, outOfTime(context.DeadlineExceeded)
}

// maxTries is how often what others change meanwhile is looked up.
const maxTries = 3
