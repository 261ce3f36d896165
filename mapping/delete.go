package mapping

import (
	"context"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// delete answers DELETE (RFC 7644 section 3.6). Where the API only deactivates,
// SCIM does not know the resource from then on, for as long as it stays so.
func (x *run) delete(ctx context.Context, id string) (Response, error) {
	x.about("delete", id)
	x.report.Deactivates = true
	if !x.validID(id) {
		return Response{}, x.notFound(id)
	}
	if x.made != nil {
		return Response{}, x.forbidden("The group %s exists in the mapping alone and can't be deleted.", id)
	}
	c, err := x.condition()
	if err != nil {
		return Response{}, err
	}
	release, err := x.world.Keeper.Lock(ctx, x.lockName(id))
	if err != nil && !isWait(err) {
		x = x.alone(err)
		release, err = x.world.Keeper.Lock(ctx, x.lockName(id))
	}
	if err != nil {
		return Response{}, err
	}
	defer release()

	e, err := x.loadDeletable(ctx, id)
	if err == nil && c.isSet() {
		err = x.meets(ctx, e, c)
	}
	switch {
	case err != nil:
		return Response{}, err
	case x.isOff(e):
		return x.deleted(ctx, e)
	case x.isReadOnly(e):
		return Response{}, x.untouchable(e)
	}
	unguard, err := x.protect(ctx, e, nil, true)
	if err != nil {
		return Response{}, err
	}
	defer unguard()
	settle, err := x.deletion(ctx, e)
	if err != nil {
		return Response{}, err
	}
	x.explainDeletion(e)
	if err = x.remove(ctx, x.beginLeaving(ctx, e)); err == nil && x.calls.delete.forget {
		_, err = x.stayOff(ctx, e)
	}
	if settle(err); err != nil {
		return Response{}, x.remains(err, "there")
	}
	return x.deleted(ctx, e)
}

// loadDeletable is load for a resource that is to be deleted, which one may be
// that was left active on its way back.
func (x *run) loadDeletable(ctx context.Context, id string) (*entity, error) {
	e, err := x.loadAny(ctx, id)
	if err == nil && (e == nil || x.hidden(e) && !x.state.isOn(e) || x.isStranger(e)) {
		err = x.notFound(id)
	}
	return e, err
}

// remove makes the API delete a resource, or find that it did already.
func (x *run) remove(ctx context.Context, e *entity) error {
	doc, err := x.calls.delete.constants()
	if err != nil {
		return err
	}
	answer, err := x.do(ctx, x.calls.delete, e.id, nil, doc)
	switch {
	case err != nil:
		return err
	case answer.ok():
		return x.removed(ctx, e, answer)
	case answer.Status != 404:
		return x.program.upstream.refused(x.resourceType, answer)
	}
	// The API does not find what is deactivated already.
	now, err := x.load(ctx, e.id)
	if isNotFound(err) && answer.Repeated {
		// It was there when the call was sent for the first time.
		return nil
	}
	if err != nil || x.isOff(now) {
		return err
	}
	return x.denied(e)
}

// denied is the error for a resource that the API shows, and does not find when it
// is to be changed.
func (x *run) denied(e *entity) error {
	return scim.Errorf(502, "", "%s says that there is no %s with the id %s, and shows it.", x.program.upstream.name, x.name, e.id)
}

// removed checks that a call which the API accepted has deleted a resource. A
// page of something in between says nothing about that.
func (x *run) removed(ctx context.Context, e *entity, answer Answer) error {
	answered, err := x.object(answer)
	if err != nil {
		return err
	}
	if x.calls.delete.forget {
		_, err = x.reached(ctx, e, answered, false)
		return err
	}
	return x.vanishes(ctx, e)
}

// vanishes checks that the API does not have a resource any more.
func (x *run) vanishes(ctx context.Context, e *entity) error {
	now, err := x.lookAgain(ctx, e)
	if err == nil && now != nil {
		err = x.unchanged(now, "")
	}
	return err
}

// meets returns an error with status 412 unless a resource may be changed as it is.
func (x *run) meets(ctx context.Context, e *entity, c condition) error {
	version, err := x.versionOf(ctx, e)
	if err != nil {
		return err
	}
	return c.allowsWrite(version)
}

// isOff reports whether deleting the resource leaves nothing to do for the API.
func (x *run) isOff(e *entity) bool {
	return x.calls.delete.forget && x.state != nil && !x.state.isOn(e)
}

func (x *run) deleted(ctx context.Context, e *entity) (Response, error) {
	after := func(Record) Record { return Record{} }
	if x.calls.delete.forget {
		after = func(now Record) Record { return x.afterDeletion(e, now) }
	}
	if _, err := x.keep(ctx, e.id, after); err != nil {
		half := "The " + x.name + " was deleted; what is kept of it here could not be removed."
		if x.calls.delete.forget {
			half = "The " + x.name + " is deactivated; that SCIM deleted it could not be kept here, so that it is shown as inactive until the request is repeated."
		}
		x.warn(half)
		return Response{}, told(err, half)
	}
	x.world.Correlations.Shift(x.name)
	return Response{Status: 204}, nil
}
