package mapping

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// on returns a run of another resource type within the same request.
func (x *run) on(r *resourceType) *run {
	return &run{
		resourceType: r, program: x.program, world: x.world, req: x.req, tol: x.tol, report: x.report, lore: x.lore,
		reason: x.reason,
	}
}

// apart returns a run of the same resource type with a report of its own, for
// what goes on beside the request.
func (x *run) apart() *run {
	r := x.on(x.resourceType)
	r.report, r.lore = &Report{}, newLore()
	return r
}

// reveal completes what is known of entities of this type, value groups first,
// as far as a part of them is to be shown.
func (x *run) reveal(ctx context.Context, part *projection, entities ...*entity) error {
	for _, e := range entities {
		if err := x.acknowledge(ctx, e); err != nil {
			return err
		}
	}
	i := slices.IndexFunc(entities, func(e *entity) bool { return e.group == nil })
	if i < 0 {
		i = len(entities)
	}
	if i > 0 && (part.includes(entities[0].group.members.path) || part.asksFor(metaVersion)) {
		if err := x.fillMembers(ctx, entities[:i]); err != nil {
			return err
		}
	}
	if i < len(entities) {
		if err := x.revealReferences(ctx, part, entities[i:]); err != nil {
			return err
		}
	}
	if part.includes(metaVersion) {
		return x.stamp(ctx, entities...)
	}
	return nil
}

// revealReferences finds out which elements of the entities' lists SCIM may
// show: a reference to something that SCIM does not show would lead nowhere.
func (x *run) revealReferences(ctx context.Context, part *projection, entities []*entity) error {
	for _, a := range x.attributes {
		if a.of == nil || !part.includes(a.path) {
			continue
		}
		target, must := x.on(a.of), part.asksForID(a)
		for _, e := range entities {
			var err error
			a.lookup(e.doc).Each(func(v jsonpath.Value) bool {
				id := firstScalar(v, a.idPaths()).Text()
				if id == "" {
					err = target.findByName(ctx, a, e, v, must)
					return err == nil
				}
				if _, seen := e.unshown[id]; seen {
					return true
				}
				var hidden bool
				if hidden, err = target.isOther(ctx, id); hidden {
					if e.unshown == nil {
						e.unshown = make(map[string]bool)
					}
					e.unshown[id] = true
				}
				return err == nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// asksForID reports whether a filter, an order or the client names the ids that a
// list of references holds.
func (p *projection) asksForID(a *attribute) bool {
	id, uri := a.path, a.path
	id.Sub, uri.Sub = "value", "$ref"
	return p != nil && (p.only[id] || p.only[uri])
}

// findByName finds the id of an element that the API gives by its name alone:
// in what is known, or in the list of all, which is read once for all such
// names. A request that takes but a read of one resource is not made dearer by
// that; where there is no id the name has to do. Not so if the request must
// have it: then the list is read, even if a reading did not show the name.
func (x *run) findByName(ctx context.Context, a *attribute, e *entity, v jsonpath.Value, must bool) error {
	i := slices.IndexFunc(x.indexed, func(by *attribute) bool { return by.unique })
	name := a.nameOf(v)
	if i < 0 || name == "" || a.excepted(v) {
		return nil
	}
	key := x.indexed[i].key(x.resourceType, name)
	x = x.because(plan.Names, "")
	ids, all := x.known(key)
	if len(ids) == 0 && (must || !all && x.readsLists()) {
		if err := x.readNames(ctx, all); err != nil && must {
			return err
		}
		ids, _ = x.known(key)
	}
	if len(ids) == 1 {
		if e.named == nil {
			e.named = make(map[string]string)
		}
		e.named[name] = ids[0]
	}
	return nil
}

// readNames reads the list of all, once in a request.
func (x *run) readNames(ctx context.Context, again bool) error {
	err, read := x.lore.namesRead[x.resourceType]
	if !read {
		if _, _, err = x.scan(ctx, again); errors.Is(err, errScanned) {
			err = nil
		}
		x.lore.namesRead[x.resourceType] = err
	}
	return err
}

// readsLists reports whether the request has read a list.
func (x *run) readsLists() bool {
	return slices.ContainsFunc(x.report.Calls, func(c CallReport) bool { return strings.HasSuffix(c.Name, ".list") })
}

// nameOf returns what an element is called.
func (a *attribute) nameOf(v jsonpath.Value) string {
	for i := range a.each {
		if a.each[i].key == "display" {
			return firstScalar(v, a.each[i].paths).Text()
		}
	}
	return ""
}

// knowOthers reads which objects of the API are none of this type, unless that
// is known.
func (x *run) knowOthers(ctx context.Context, why plan.Purpose, about string) error {
	if x.calls.others == nil || x.world.Correlations.Scanned(x.others) != nil {
		return nil
	}
	_, err := x.scanOthers(ctx, why, about)
	return err
}

func (x *run) scanOthers(ctx context.Context, why plan.Purpose, about string) (*Scan, error) {
	x = x.because(why, about)
	x.lore.othersRead[x.resourceType] = true
	return x.shared(ctx, x.others, func(ctx context.Context, reader *run) (*Scan, error) {
		return reader.readOthers(ctx)
	})
}

// otherWith returns the id of an object that is none of this type and has a
// value; empty for none.
func (x *run) otherWith(ctx context.Context, c *claim) (string, error) {
	if err := x.knowOthers(ctx, plan.Taken, c.attribute.name()); err != nil || x.calls.others == nil {
		return "", err
	}
	key := c.key
	key.Resource = x.others
	if !x.isKnown(key) {
		return "", nil
	}
	// What memory says of them is looked at again.
	scan, err := x.scanOthers(ctx, plan.Taken, c.attribute.name())
	if err != nil {
		return "", err
	}
	ids := scan.holders(key)
	for _, id := range x.world.Correlations.IDs(key) {
		if !slices.Contains(ids, id) {
			x.world.Correlations.Learn(id, []Key{key}, nil)
		}
	}
	return strings.Join(ids[:min(len(ids), 1)], ""), nil
}

func (x *run) readOthers(ctx context.Context) (*Scan, error) {
	scan := &Scan{}
	err := x.eachPageOf(ctx, x.calls.others, nil, readAhead, func(p *page) (bool, error) {
		for _, e := range p.others {
			keys := []Key{{Resource: x.others, Attribute: "id", Value: e.id}}
			for _, a := range x.indexed {
				if text, ok := a.text(e.doc); ok && a.exclusive {
					key := a.key(x.resourceType, text)
					key.Resource = x.others
					keys = append(keys, key)
				}
			}
			scan.Objects = append(scan.Objects, Scanned{ID: e.id, Page: p.number, Keys: keys})
		}
		return true, nil
	})
	return scan, err
}

// isOther reports whether SCIM does not show the object with this id: it is
// none of this type, or was deleted over SCIM. An id that nobody has seen yet
// may be one of the others that was made since they were last read.
func (x *run) isOther(ctx context.Context, id string) (bool, error) {
	key := Key{Resource: x.others, Attribute: "id", Value: id}
	if x.isKnown(key) {
		return true, nil
	}
	if x.calls.others != nil && !x.seen(id) {
		if !x.lore.othersRead[x.resourceType] {
			if _, err := x.scanOthers(ctx, plan.Others, ""); err != nil {
				return false, err
			}
		}
		if x.isKnown(key) {
			return true, nil
		}
		x.world.Correlations.Learn(id, nil, []Key{x.noneKey(id)})
	}
	return x.isDeleted(ctx, x.resourceType, id)
}

// isDeleted reports whether the resource with this id was deleted over SCIM.
func (x *run) isDeleted(ctx context.Context, r *resourceType, id string) (bool, error) {
	key := Key{Resource: r.name, Attribute: "id", Value: id}
	if deleted, asked := x.lore.deleted[key]; asked {
		return deleted, nil
	}
	record, err := x.world.Keeper.Record(ctx, r.name, id)
	if err != nil {
		return false, err
	}
	if x.lore.deleted == nil {
		x.lore.deleted = make(map[Key]bool)
	}
	x.lore.deleted[key] = !record.Deleted.IsZero()
	return x.lore.deleted[key], nil
}

// noneKey is the fact that the object with this id is none of the others.
func (r *resourceType) noneKey(id string) Key {
	return Key{Resource: r.others, Attribute: "(none of them)", Value: id}
}

func (x *run) isKnown(key Key) bool { return len(x.world.Correlations.IDs(key)) > 0 }

// referable checks that there is a resource with this id to refer to, which
// takes no call for one that has been seen.
func (x *run) referable(ctx context.Context, id string) (bool, error) {
	if !x.validID(id) {
		return false, nil
	}
	x = x.because(plan.Reference, "")
	known := x.seen(id)
	if known {
		x.explainFact("id", x.pos, []string{id}, false)
	}
	record, err := x.world.Keeper.Record(ctx, x.name, id)
	if err != nil || known && record.Deleted.IsZero() {
		return known, err
	}
	_, err = x.load(ctx, id)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// unknownReference is the error for an id that is nobody's.
func unknownReference(a *attribute, id string) *scim.Error {
	if !a.of.validID(id) {
		return scim.BadRequest(scim.InvalidValue, "%s holds a value that can't be the id of a %s; nothing was changed.", a.name(), a.of.name)
	}
	return scim.BadRequest(scim.InvalidValue, "%s holds the id %s, but there is no such %s; nothing was changed.", a.name(), id, a.of.name)
}
