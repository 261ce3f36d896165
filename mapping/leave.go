package mapping

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/resource"
)

// Whoever is to go, goes first: before anything else that the request says is
// looked at, so that nothing of that can keep them. Only what guards the resource
// itself does.

// refused answers a change that can't be understood as a whole, or must not be as
// the mapping says. Whom it deactivates is deactivated all the same.
func (x *run) refused(ctx context.Context, id string, c condition, err error) (Response, error) {
	if !x.report.Deactivates {
		return Response{}, err
	}
	return x.gather(ctx, id, &edit{condition: c, wanted: func(resource.Resource) (*change, error) { return nil, err }})
}

// letGo deactivates the resource for those of the jobs that say so, and returns
// the jobs of which the rest is still to be done.
func (x *run) letGo(ctx context.Context, w writer, jobs []*job) []*job {
	o, ok := w.(*objectWriter)
	if !ok {
		return jobs
	}
	var live []*job
	for _, j := range jobs {
		if j.run.report.Deactivates && x.isActive(o.e) {
			if err := o.letGo(ctx, j); err != nil {
				j.finish(Response{}, err)
				continue
			}
		}
		live = append(live, j)
	}
	return live
}

func (w *objectWriter) letGo(ctx context.Context, j *job) error {
	if err := j.meets(ctx, w); err != nil {
		return err
	}
	// The resource is of another version from here on.
	j.edit.condition = condition{}
	e, err := j.run.leave(ctx, w.e)
	if e != nil {
		w.e, j.gone = e, true
		w.asked = len(w.report.Calls)
	}
	return err
}

// leave deactivates a resource that a request says is to be inactive. Its lock
// must be held. The resource is nil unless it is deactivated, which it can be with
// an error that says what was not kept here.
func (x *run) leave(ctx context.Context, e *entity) (*entity, error) {
	x.explainLeave(e, x.state.off)
	if x.isReadOnly(e) {
		return nil, x.untouchable(e)
	}
	release, err := x.protect(ctx, e, nil, true)
	if err != nil {
		return nil, err
	}
	defer release()
	settle, err := x.deactivation(ctx, e.id)
	if err != nil {
		return nil, err
	}
	off, err := x.deactivate(ctx, e)
	if settle(err); err != nil {
		return nil, err
	}
	x.learn(off, x.keys(e))
	off.record, err = x.keep(ctx, off.id, func(r Record) Record {
		r.Leaving, r.Inactive = time.Time{}, true
		r, _ = x.recordOf(off, r)
		return x.asWritten(off, nil, r)
	})
	return off, err
}

// deactivate has the API deactivate a resource that is to go, which is kept before.
func (x *run) deactivate(ctx context.Context, e *entity) (*entity, error) {
	if x.state.off != nil {
		e = x.beginLeaving(ctx, e)
	}
	off, err := x.setState(ctx, e, false)
	if err == nil {
		off, err = x.stayOff(ctx, off)
	}
	if err != nil {
		return nil, x.remains(err, "active")
	}
	return off, nil
}

// stayOff looks once more at a resource that was deactivated while an earlier write
// of it may still come late, such as one that activates it.
func (x *run) stayOff(ctx context.Context, off *entity) (*entity, error) {
	waited, err := x.awaitLate(ctx, off.id)
	if err != nil || !waited {
		// That there is no time to look does not make it untrue.
		return off, nil
	}
	now, err := x.lookAgain(ctx, off)
	if err != nil || now == nil || !x.state.isOn(now) {
		return off, err
	}
	return x.setState(ctx, now, false)
}

// beginLeaving keeps that a resource is to go before the API is asked, so that
// this stays known if the API refuses it, or if nobody lives to see the end. It
// must not hang on that.
func (x *run) beginLeaving(ctx context.Context, e *entity) *entity {
	record, err := x.keep(ctx, e.id, func(r Record) Record {
		if r, _ = x.recordOf(e, r); r.Leaving.IsZero() {
			r.Leaving = time.Now().UTC()
		}
		if r.Identity.IsZero() {
			r.Identity.Created = x.createdAt(e.doc)
		}
		return r
	})
	if err != nil {
		x.warn("That the " + x.name + " is to go could not be kept here.")
		return e
	}
	next := *e
	next.record = record
	return &next
}

// remains notes, of a resource that is to go, that the API has it still as far as
// is known, and says so in the error.
func (x *run) remains(err error, how string) error {
	if isNotFound(err) {
		return err
	}
	x.report.Remains = true
	if uncertain(err) {
		return err
	}
	return told(err, "The "+x.name+" is still "+how+".")
}

// withoutKeeper deactivates for a change whom it deactivates, when the Keeper does
// not give its lock, and answers why nothing else was done.
func (x *run) withoutKeeper(ctx context.Context, id string, e *edit, cause error) (Response, error) {
	if !x.report.Deactivates || isWait(cause) {
		return Response{}, cause
	}
	x = x.alone(cause)
	release, err := x.world.Keeper.Lock(ctx, x.lockName(id))
	if err != nil {
		return Response{}, err
	}
	defer release()
	j := &job{run: x, ctx: ctx, done: make(chan struct{}), edit: &edit{
		condition: e.condition, wanted: func(resource.Resource) (*change, error) { return nil, cause },
	}}
	x.together(ctx, id, []*job{j})
	return j.response, j.err
}

// alone returns the run with a Keeper that keeps nothing, because of an error.
func (x *run) alone(cause error) *run {
	r := *x
	r.world.Keeper = &forgetful{x.world.Keeper, cause}
	return &r
}

// forgetful is a Keeper for what must not hang on one. Its locks hold among the
// requests of this process alone: two processes may take each other's last one for
// the one that is left. Nothing is known of what can't be read, and nothing stored.
type forgetful struct {
	Keeper
	cause error
}

// Lock implements [Keeper].
func (f *forgetful) Lock(ctx context.Context, names ...string) (release func(), err error) {
	return f.LockHere(ctx, names...)
}

// Record implements [Keeper].
func (f *forgetful) Record(ctx context.Context, resource, id string) (Record, error) {
	record, err := f.Keeper.Record(ctx, resource, id)
	if err != nil {
		return Record{}, nil
	}
	return record, nil
}

// Update implements [Keeper].
func (f *forgetful) Update(context.Context, string, string, func(Record) Record) (Record, error) {
	return Record{}, f.cause
}

// halfDone says in the error of a request, whose resource was deactivated, that it
// was.
func (x *run) halfDone(err error) error {
	half := "The resource was deactivated, but its other attributes could not be changed."
	var upstream *UpstreamError
	if errors.As(err, &upstream) && uncertain(err) {
		half = "The resource was deactivated; whether its other attributes were changed is not known."
	}
	x.warn(half)
	return told(err, half)
}

// withoutRest is what is left of the change of a job whose resource was
// deactivated, when the rest of it can't be.
func (x *run) withoutRest(total *change) {
	total.want = maps.Clone(total.want)
	resource.Set(total.want, x.state.path, false)
	total.touched[x.state.path] = true
}
