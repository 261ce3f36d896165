package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
)

// membership is what a change makes of one list of references.
type membership struct {
	attribute      *attribute
	added, removed []string
}

func (m membership) isEmpty() bool { return len(m.added)+len(m.removed) == 0 }

// memberships works out how a change alters the lists that the API takes whole.
func (x *run) memberships(ch *change) []membership {
	var changed []membership
	for _, a := range x.attributes {
		if a.into == nil || !ch.touched[a.path] {
			continue
		}
		have, want := references(ch.have, a), references(ch.want, a)
		m := membership{attribute: a, added: without(want, have), removed: without(have, want)}
		if !m.isEmpty() {
			changed = append(changed, m)
		}
	}
	return changed
}

// without returns what is in ids and not in others, each once.
func without(ids, others []string) []string {
	seen := make(map[string]bool, len(others))
	for _, id := range others {
		seen[id] = true
	}
	var left []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			left = append(left, id)
		}
	}
	return left
}

// referenceList returns the list of references that requests can change; nil
// when there is none.
func (r *resourceType) referenceList() *attribute {
	for _, a := range r.attributes {
		if a.of != nil && !a.readOnly {
			return a
		}
	}
	return nil
}

// references returns the ids that a resource's list holds.
func references(res resource.Resource, a *attribute) []string {
	value, _ := resource.Get(res, a.path)
	list, _ := value.([]any)
	ids := make([]string, 0, len(list))
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			if id, ok := m["value"].(string); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// getAcquainted looks up whom the requests add before the resource itself is
// read, so that nothing comes between that and the writing.
func (x *run) getAcquainted(ctx context.Context, jobs []*job) error {
	list := x.referenceList()
	if list == nil || x.made != nil {
		return nil
	}
	target := x.on(list.of)
	if x.world.Correlations.Scanned(target.name) == nil {
		if err := target.knowOthers(ctx, plan.Others, ""); err != nil {
			return err
		}
	}
	for _, j := range jobs {
		if err := target.meetMany(ctx, j.edit.mentions.Added); err != nil {
			return err
		}
		for _, id := range j.edit.mentions.Added {
			if _, err := target.acquainted(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// manyUnknown is how many resources are read one by one at the most without looking
// whether the list has fewer pages.
const manyUnknown = 20

// meetMany reads the list if many of some ids have not been seen and it has fewer
// pages than they are.
func (x *run) meetMany(ctx context.Context, ids []string) error {
	unseen := slices.DeleteFunc(without(ids, nil), func(id string) bool { return x.seen(id) || !x.validID(id) })
	if len(unseen) <= manyUnknown {
		return nil
	}
	x = x.because(plan.Reference, "")
	first, err := x.readPage(ctx, 1)
	if err != nil || first.total != unknown && first.count > 0 && first.total/first.count >= len(unseen) {
		return err
	}
	if _, _, err = x.scan(ctx, false); errors.Is(err, errScanned) {
		err = nil
	}
	return err
}

// acquainted is referable, once in a request.
func (x *run) acquainted(ctx context.Context, id string) (bool, error) {
	key := Key{Resource: x.name, Attribute: "id", Value: id}
	if there, checked := x.lore.references[key]; checked {
		return there, nil
	}
	there, err := x.referable(ctx, id)
	if err == nil {
		x.lore.references[key] = there
	}
	return there, err
}

// checkReferences refuses a change that refers to somebody whom SCIM does not
// show, and takes out of it the removal of such: what was shown by mistake, as
// something new can be, must not go.
func (x *run) checkReferences(ctx context.Context, ch *change) error {
	for _, m := range x.memberships(ch) {
		target := x.on(m.attribute.of)
		if err := target.restoreOthers(ctx, ch, m); err != nil {
			return err
		}
		if err := target.meetMany(ctx, m.added); err != nil {
			return err
		}
		var unknown []string
		for _, id := range m.added {
			if len(unknown) > 0 && !m.attribute.skipUnknown {
				break // One refuses the request.
			}
			ok, err := target.acquainted(ctx, id)
			if err != nil {
				return err
			}
			if !ok {
				unknown = append(unknown, id)
			}
		}
		if err := refuseUnknown(ch, m.attribute, unknown); err != nil {
			return err
		}
	}
	return nil
}

// refuseUnknown refuses a change that adds ids which are nobody's, or takes
// them out of it and notes that, as the mapping says.
func refuseUnknown(ch *change, a *attribute, unknown []string) error {
	if len(unknown) == 0 {
		return nil
	}
	if !a.skipUnknown {
		return unknownReference(a, unknown[0])
	}
	list, _ := resource.Get(ch.want, a.path)
	members, _ := list.([]any)
	resource.Set(ch.want, a.path, slices.DeleteFunc(slices.Clone(members), func(member any) bool {
		m, _ := member.(map[string]any)
		id, _ := m["value"].(string)
		return slices.Contains(unknown, id)
	}))
	for _, id := range unknown {
		if !a.of.validID(id) {
			id = "(not an id)"
		}
		ch.unknown = append(ch.unknown, a.name()+" "+id)
	}
	return nil
}

// fewUnknown is how many resources are read one by one to find out what they
// are, before it is cheaper to read the list.
const fewUnknown = 3

// restoreOthers puts back into a change what it removes and is none of this
// type.
func (x *run) restoreOthers(ctx context.Context, ch *change, m membership) error {
	x = x.because(plan.Reference, "")
	unseen := slices.DeleteFunc(slices.Clone(m.removed), x.seen)
	if len(unseen) > fewUnknown {
		if _, _, err := x.scan(ctx, false); err != nil && !errors.Is(err, errScanned) {
			return err
		}
	}
	for _, id := range unseen {
		if x.seen(id) {
			continue
		}
		e, err := x.loadAny(ctx, id)
		if err != nil {
			return err
		}
		if e == nil {
			list, _ := resource.Get(ch.want, m.attribute.path)
			members, _ := list.([]any)
			resource.Set(ch.want, m.attribute.path, append(slices.Clone(members), map[string]any{"value": id}))
		}
	}
	return nil
}

// seen reports whether a resource of this type with this id has been seen, or
// a list has held it that was read before all that are none of the type.
func (x *run) seen(id string) bool {
	return x.isKnown(Key{Resource: x.name, Attribute: "id", Value: id}) || x.isKnown(x.noneKey(id))
}

// list returns the whole list that the API is to hold: what it holds, without
// those that the change removes and with those that it adds. Whom SCIM does
// not show is neither, and so stays. The entity is nil for a new resource.
func (m membership) list(e *entity) json.RawMessage {
	removed := make(map[string]bool, len(m.removed))
	for _, id := range m.removed {
		removed[id] = true
	}
	dst := []byte{'['}
	add := func(raw string) {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(dst, raw...)
	}
	if e != nil {
		m.attribute.lookup(e.doc).Each(func(v jsonpath.Value) bool {
			id := firstScalar(v, m.attribute.idPaths())
			if id.Exists() && !removed[id.Text()] {
				add(id.Raw())
			}
			return true
		})
	}
	for _, id := range m.added {
		if m.attribute.of.idInteger {
			add(id)
		} else {
			add(string(quoteJSON(id)))
		}
	}
	return append(dst, ']')
}

// took checks that the API's list is what was asked for, as far as the change
// speaks of it.
func (x *run) took(e *entity, changed []membership) error {
	for _, m := range changed {
		holds := make(map[string]bool)
		m.attribute.lookup(e.doc).Each(func(v jsonpath.Value) bool {
			holds[firstScalar(v, m.attribute.idPaths()).Text()] = true
			return true
		})
		missing := func(id string) bool { return !holds[id] }
		if slices.ContainsFunc(m.added, missing) || slices.ContainsFunc(m.removed, func(id string) bool { return holds[id] }) {
			return x.unheeded(e, m.attribute.name())
		}
	}
	return nil
}

// carried returns a body with the fields that have to be sent back as they are.
func (x *run) carried(c *call, e *entity) ([]byte, error) {
	doc := []byte("{}")
	for _, f := range c.carry {
		raw, ok := e.doc.Collect(f.from)
		if !ok {
			// What the object does not have the API can't lose.
			continue
		}
		var err error
		if doc, err = jsonpath.Set(doc, f.field, raw); err != nil {
			return nil, err
		}
	}
	return doc, nil
}
