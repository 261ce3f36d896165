package mapping

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/patch"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// replace answers PUT. An attribute that the body does not hold stays as it
// is, since providers send bodies that hold only what an administrator once
// chose; one that is null or empty is cleared where the API allows.
func (x *run) replace(ctx context.Context, id string) (Response, error) {
	x.about("replace", id)
	c, err := x.condition()
	if err != nil {
		return Response{}, err
	}
	x.report.Deactivates = x.deactivatedBy(x.req.Body, x.tol)
	body, err := x.parseBody()
	if err = cmp.Or(x.req.failure, err); err != nil {
		return x.refused(ctx, id, c, err)
	}
	touched := x.spokenOf(body)
	e := &edit{condition: c, wanted: func(have resource.Resource) (*change, error) {
		ch := &change{have: have, want: resource.DeepCopy(have), touched: touched}
		for path := range ch.touched {
			value, _ := resource.Get(body, path)
			resource.Set(ch.want, path, value)
		}
		return ch, nil
	}}
	if list := x.referenceList(); list != nil && touched[list.path] {
		e.mentions = patch.Mentions{Added: references(body, list), Others: true}
	}
	return x.gather(ctx, id, e)
}

// patch answers PATCH (RFC 7644 section 3.5.2).
func (x *run) patch(ctx context.Context, id string) (Response, error) {
	x.about("patch", id)
	c, err := x.condition()
	if err != nil {
		return Response{}, err
	}
	x.report.Deactivates = x.deactivatedByPatch(x.req.Body, x.tol)
	operations, notes, err := patch.Parse(x.req.Body, patch.Limits{}, x.set, x.tol)
	if err == nil {
		err = x.leaveOut(notes)
	}
	if err = cmp.Or(x.req.failure, err); err != nil {
		return x.refused(ctx, id, c, err)
	}
	e := &edit{condition: c}
	if list := x.referenceList(); list != nil {
		e.mentions = patch.MentionsOf(operations, list.path)
	}
	e.wanted = func(have resource.Resource) (*change, error) {
		want, touched, err := patch.Apply(have, operations, x.set, x.tol)
		if err != nil {
			return nil, err
		}
		ch := &change{have: have, want: want, touched: make(map[schema.Path]bool), mustClear: true}
		ch.mentioned = slices.Concat(e.mentions.Added, e.mentions.Removed)
		for _, path := range touched {
			x.touch(ch, path)
		}
		x.preferAdded(ch, operations)
		return ch, nil
	}
	return x.gather(ctx, id, e)
}

// preferAdded puts the values that a request adds before those that are there,
// where the API has room for one: they are what the request is about. Among them
// its own order and its own "primary" count, and not what was there before, so
// that the same request twice leaves the same.
func (x *run) preferAdded(ch *change, operations []patch.Operation) {
	for _, a := range x.attributes {
		if !ch.touched[a.path] || !a.isList() || a.kept || len(a.each) > 0 {
			continue
		}
		key := func(value string) string { return a.key(x.resourceType, value).Value }
		added, primary := addedValues(operations, a.path, key)
		if len(added) == 0 {
			continue
		}
		v, _ := resource.Get(ch.want, a.path)
		list, _ := v.([]any)
		place := func(item any) int {
			m, _ := item.(map[string]any)
			value, _ := m["value"].(string)
			if i := slices.Index(added, key(value)); i >= 0 {
				return i
			}
			return len(added)
		}
		list = slices.Clone(list)
		for i, item := range list {
			if m, ok := item.(map[string]any); ok {
				m = maps.Clone(m)
				delete(m, "primary")
				list[i] = m
			}
		}
		slices.SortStableFunc(list, func(a, b any) int { return place(a) - place(b) })
		if i := slices.IndexFunc(list, func(item any) bool { return primary >= 0 && place(item) == primary }); i >= 0 {
			list[i].(map[string]any)["primary"] = true
		}
		resource.Set(ch.want, a.path, list)
	}
}

// addedValues returns the keys of the values that operations add to a list, in their
// order, and which of them they call primary; -1 for none. Those count that come
// after the last operation which replaces the list.
func addedValues(operations []patch.Operation, path schema.Path, key func(string) string) (added []string, primary int) {
	primary = -1
	for _, o := range operations {
		whole := o.Path.Resolved.Path() == path && o.Path.Filter == nil && o.Path.Sub == nil
		values, _ := o.Value.([]any)
		switch {
		case whole && o.Op == patch.Replace:
			added, primary = nil, -1
		case whole && o.Op == patch.Add:
			for _, v := range values {
				m, _ := v.(map[string]any)
				value, _ := m["value"].(string)
				if m["primary"] == true {
					primary = len(added)
				}
				added = append(added, key(value))
			}
		}
	}
	return added, primary
}

// touch marks what an operation's path is about: a sub-attribute, all
// sub-attributes of a complex attribute, the attribute that is mapped as a
// whole, or a whole extension.
func (x *run) touch(ch *change, path schema.Path) {
	for _, a := range x.attributes {
		whole := path.Name == "" && a.path.URN == path.URN
		if whole || a.path == path || a.path == path.Parent() || a.path.Sub != "" && a.path.Parent() == path {
			ch.touched[a.path] = true
		}
	}
}

func (x *run) lockName(id string) string { return x.name + "/id:" + id }

// write makes the API hold what the change asks for, and returns the resource
// as the API then holds it.
func (x *run) write(ctx context.Context, e *entity, ch *change) (*entity, error) {
	values, dropped, err := x.fieldValues(ch, e)
	if err != nil {
		return nil, err
	}
	x.drop(plan.Outweighed, dropped...)
	x.unpicked(ch)
	before := x.keys(e)
	turnOn, turnOff, err := x.transition(ch, e)
	if err != nil {
		return nil, err
	}
	lists := x.memberships(ch)
	x.explainWrite(e, ch, values, lists)
	if len(values)+len(lists) > 0 || turnOn || turnOff {
		if err := x.allow(ch, e); err != nil {
			return nil, err
		}
	}
	if !ch.reserved {
		release, err := x.reserve(ctx, e, values)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	if !ch.permitted {
		release, err := x.protect(ctx, e, values, turnOff)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	settle := func(error) {}
	if turnOff {
		if settle, err = x.deactivation(ctx, e.id); err != nil {
			return nil, err
		}
	}
	if turnOn {
		// The API may not change what is deactivated, so that comes first.
		if e, err = x.setState(ctx, e, true); err != nil {
			return nil, err
		}
	}
	var failure error
	if len(values)+len(lists) > 0 {
		updated, err := x.update(ctx, e, values, lists)
		switch {
		case err == nil:
			e = updated
		case turnOff:
			failure = err
		case turnOn:
			return nil, x.takenBack(ctx, e, err)
		default:
			return nil, err
		}
	}
	if turnOff {
		// Somebody who is adopted to be inactive: the API may not change them after.
		// That they are becomes known here at last, so that a repeat completes it.
		off, err := x.deactivate(ctx, e)
		if settle(err); err != nil {
			return nil, err
		}
		if e = off; failure != nil {
			x.learn(e, before)
			return nil, x.halfDone(failure)
		}
	}
	if err := x.keepChange(ctx, e, ch, values); err != nil {
		return nil, err
	}
	x.learn(e, before)
	return e, nil
}

// takenBack deactivates again what was activated for a change that failed, and
// returns the error of that.
func (x *run) takenBack(ctx context.Context, e *entity, err error) error {
	if _, undoErr := x.because(plan.Undo, "").setState(context.WithoutCancel(ctx), e, false); undoErr != nil {
		const half = "The resource was restored, its other attributes could not be changed, and it could not be deactivated again."
		x.warn(half)
		err = told(err, half)
	}
	return err
}

// allow refuses what no change of this resource may do, whatever it is for.
func (x *run) allow(ch *change, e *entity) error {
	if x.isReadOnly(e) {
		return x.untouchable(e)
	}
	return x.nameFree(ch)
}

// transition reports whether the change makes the resource's state another.
func (x *run) transition(ch *change, e *entity) (turnOn, turnOff bool, err error) {
	a := x.state
	if a == nil || !ch.touched[a.path] {
		return false, false, nil
	}
	v, _ := resource.Get(ch.want, a.path)
	want, ok := v.(bool)
	switch {
	case !ok && ch.mustClear:
		return false, false, scim.BadRequest(scim.Mutability, "%s can be changed but not removed.", a.name())
	case !ok || want == a.isOn(e):
		return false, false, nil
	}
	return want, !want, nil
}

// update writes fields of an existing resource.
func (x *run) update(ctx context.Context, e *entity, values []fieldValue, lists []membership) (*entity, error) {
	if x.calls.update == nil {
		return nil, scim.BadRequest(scim.Mutability, "A %s can't be changed.", x.name)
	}
	x.explainSet(e, x.calls.update.set, values)
	doc, err := x.carried(x.calls.update, e)
	if err != nil {
		return nil, err
	}
	if doc, err = overlay(doc, x.calls.update.set, values, e, lists); err != nil {
		return nil, err
	}
	updated, err := x.must(ctx, x.calls.update, e.id, doc)
	if isNotFound(err) && x.state != nil && !x.state.isOn(e) {
		return nil, scim.BadRequest(scim.Mutability, "%s does not change a %s that is deactivated.", x.program.upstream.name, x.name).
			WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	if updated, err = x.after(ctx, e, updated); err != nil {
		return nil, err
	}
	if err := x.checkChanged(e, updated, values); err != nil {
		return nil, err
	}
	if err := x.took(updated, lists); err != nil {
		return nil, err
	}
	return updated, x.heeded(updated, x.calls.update.set, values)
}

// setState does the call that makes the resource's state true or false.
func (x *run) setState(ctx context.Context, e *entity, on bool) (*entity, error) {
	c := x.state.off
	if on {
		c = x.state.on
	}
	if c == nil {
		return nil, scim.BadRequest(scim.Mutability, "%s can't be made %t.", x.state.name(), on)
	}
	doc, err := c.constants()
	if err != nil {
		return nil, err
	}
	answered, err := x.must(ctx, c, e.id, doc)
	if isNotFound(err) {
		// Somebody else may have been quicker.
		now, loadErr := x.loadAny(ctx, e.id)
		if loadErr != nil {
			// Nor need it be gone: that is for a repeat to find out.
			return nil, loadErr
		}
		switch {
		case now == nil:
			return nil, x.notFound(e.id)
		case x.state.isOn(now) == on:
			return now, nil
		}
		return nil, x.denied(now)
	}
	if err != nil {
		return nil, err
	}
	return x.reached(ctx, e, answered, on)
}

// after returns the entity as the API answered it, or reads it when it did not.
func (x *run) after(ctx context.Context, e, answered *entity) (*entity, error) {
	if answered != nil && answered.id == e.id {
		answered.record = e.record
		return answered, nil
	}
	return x.load(ctx, e.id)
}

// keepChange stores what the API has no place for.
func (x *run) keepChange(ctx context.Context, e *entity, ch *change, values []fieldValue) error {
	next := func(record Record) Record {
		record, _ = x.recordOf(e, record)
		if ch.creating {
			record = Record{Aside: record.Aside}
		}
		record = x.keptValues(ch, record)
		record.Applied = applied(record.Applied, values, e)
		record.Groups = x.groupsAfter(ch, record.Groups, values)
		if record.Inactive = x.inactiveAfter(ch, record.Inactive); ch.touchesState(x.state) {
			record.Leaving = time.Time{}
		}
		return x.asWritten(e, ch, record)
	}
	wanted := next(e.record)
	if reflect.DeepEqual(wanted, e.record) {
		return nil
	}
	record, err := x.keep(ctx, e.id, next)
	if wanted.Written = e.record.Written; reflect.DeepEqual(wanted, e.record) {
		// The day alone is not worth an error.
		return nil
	}
	e.record = record
	return err
}

// asWritten is what is kept of a resource once a request has written it; the
// change is nil for one that only deactivated it.
func (x *run) asWritten(e *entity, ch *change, r Record) Record {
	r.Identity = x.identityAfter(e, ch, r)
	r.Claimed, r.Deleted, r.Returned, r.Underway, r.Written = true, time.Time{}, time.Time{}, false, today()
	r.Adopting = false
	return r
}

// today is the day in UTC.
func today() time.Time { return time.Now().UTC().Truncate(24 * time.Hour) }

// inactiveAfter reports whether SCIM has last said that a resource is not active,
// after a change.
func (x *run) inactiveAfter(ch *change, before bool) bool {
	if !ch.touchesState(x.state) {
		return before
	}
	return !x.wantsOn(ch)
}

// touchesState reports whether a change says that the resource is active or not.
// The attribute is nil for none.
func (ch *change) touchesState(a *attribute) bool {
	return a != nil && (ch.creating || ch.touched[a.path])
}
