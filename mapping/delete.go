package mapping

import (
	"context"
	"time"

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
	if err != nil {
		return Response{}, err
	}
	defer release()

	// What SCIM may not touch must not be deleted on the client's word; an id
	// that has been seen is known to be none of that.
	key := Key{Resource: x.name, Attribute: "id", Value: id}
	settle := func(error) {}
	var e *entity
	if x.isKnown(key) {
		x.explainFact("id", x.pos, []string{id}, false)
	}
	if c.isSet() || x.world.Safeguard != nil || !x.isKnown(key) || !x.unguarded(id) {
		if e, err = x.loadDeletable(ctx, id); err == nil && c.isSet() {
			err = x.meets(ctx, e, c)
		}
		switch {
		case err != nil:
			return Response{}, err
		case x.isOff(e):
			return x.deleted(ctx, id)
		case x.isReadOnly(e):
			return Response{}, x.untouchable(e)
		}
		release, err := x.protect(ctx, e, nil, true)
		if err != nil {
			return Response{}, err
		}
		defer release()
		if settle, err = x.deletion(ctx, e); err != nil {
			return Response{}, err
		}
	}
	x.explainDeletion(id, e)
	err = x.remove(ctx, id)
	if settle(err); err != nil {
		return Response{}, err
	}
	return x.deleted(ctx, id)
}

// loadDeletable is load for a resource that is to be deleted, which one may be
// that was left active on its way back.
func (x *run) loadDeletable(ctx context.Context, id string) (*entity, error) {
	e, err := x.loadAny(ctx, id)
	if err == nil && (e == nil || x.hidden(e) && !x.state.isOn(e)) {
		err = x.notFound(id)
	}
	return e, err
}

// remove makes the API delete a resource, or find that it did already.
func (x *run) remove(ctx context.Context, id string) error {
	doc, err := x.calls.delete.constants()
	if err != nil {
		return err
	}
	answer, err := x.do(ctx, x.calls.delete, id, nil, doc)
	switch {
	case err != nil:
		return err
	case answer.ok():
		// A page of something in between says nothing about the deletion.
		e, err := x.object(answer)
		if err == nil && e != nil && x.calls.delete.forget {
			err = x.reached(e, false)
		}
		return err
	case answer.Status != 404:
		return x.program.upstream.refused(x.resourceType, answer)
	}
	// The API does not find what is deactivated already.
	e, err := x.load(ctx, id)
	if isNotFound(err) && answer.Repeated {
		// It was there when the call was sent for the first time.
		return nil
	}
	if err != nil || x.isOff(e) {
		return err
	}
	return scim.Errorf(502, "", "%s says that there is no %s with the id %s, and shows it.", x.program.upstream.name, x.name, id)
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

func (x *run) deleted(ctx context.Context, id string) (Response, error) {
	record := Record{}
	if x.calls.delete.forget {
		record.Deleted = time.Now().UTC()
	}
	if _, err := x.keep(ctx, id, func(Record) Record { return record }); err != nil {
		return Response{}, err
	}
	x.world.Correlations.Shift(x.name)
	return Response{Status: 204}, nil
}
