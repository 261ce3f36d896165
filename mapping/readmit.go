package mapping

import (
	"context"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
)

// take makes an existing account what the request describes. One that is in
// use keeps what the request does not speak of; one that was deactivated comes
// back without its old access.
func (x *run) take(ctx context.Context, e *entity, ch *change, values []fieldValue) (*entity, error) {
	have, err := x.writable(ctx, e)
	if err != nil {
		return nil, err
	}
	overlay := &change{have: have, want: resource.DeepCopy(have), touched: ch.touched, reserved: true}
	for path := range ch.touched {
		value, _ := resource.Get(ch.want, path)
		resource.Set(overlay.want, path, value)
	}
	if err := x.validate(overlay); err != nil {
		return nil, err
	}
	if x.state == nil || x.state.isOn(e) && !e.record.Underway || x.calls.readmit == nil {
		before := e.record
		if err := x.beginAdoption(ctx, e, ch); err != nil {
			return nil, err
		}
		taken, err := x.write(ctx, e, overlay)
		if err != nil && (!uncertain(err) || isOwn(err)) {
			x.cancelAdoption(ctx, e, before)
		}
		return taken, err
	}
	return x.readmit(ctx, e, ch, values)
}

// readmit brings a deactivated account back as the request describes it. It is
// stripped of its old access before it is active again; an API that does not
// change deactivated accounts has it stripped right afterwards, and when that
// fails the account is deactivated again. One that an earlier request has left
// active on the way is stripped as well.
func (x *run) readmit(ctx context.Context, e *entity, ch *change, values []fieldValue) (*entity, error) {
	before := x.keys(e)
	x.explainWrite(e, ch, values, nil)
	x.explainSet(e, x.calls.readmit.set, values)
	doc, err := body(x.calls.readmit.set, values)
	if err != nil {
		return nil, err
	}
	unlock, err := x.lockReferrers(ctx, e)
	if err != nil {
		return nil, err
	}
	defer unlock()
	release, err := x.protect(ctx, e, values, false)
	if err != nil {
		return nil, err
	}
	defer release()
	stripped, err := x.must(ctx, x.calls.readmit, e.id, doc)
	switch {
	case err == nil:
		if e, err = x.afterReadmit(e, stripped, values); err != nil {
			return nil, err
		}
	case isNotFound(err):
		if e, err = x.readmitActive(ctx, e, doc, values); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	if e, err = x.switchReturned(ctx, e, x.wantsOn(ch)); err != nil {
		return nil, err
	}
	if err := x.keepChange(ctx, e, ch, values); err != nil {
		return nil, err
	}
	x.learn(e, before)
	x.world.Correlations.Shift(x.name)
	return e, nil
}

// afterReadmit returns the account as it is once it is stripped; its state is
// what it was.
func (x *run) afterReadmit(e, answered *entity, values []fieldValue) (*entity, error) {
	if answered == nil || answered.id != e.id {
		return nil, x.program.upstream.nonsense("the answer is not the object that was changed")
	}
	on := x.state.isOn(e)
	answered.record, answered.state = e.record, &on
	return answered, x.heeded(answered, x.calls.readmit.set, values)
}

// switchReturned has an account that was stripped be active, or not.
func (x *run) switchReturned(ctx context.Context, e *entity, on bool) (*entity, error) {
	if x.state.isOn(e) == on {
		return e, nil
	}
	before := e.record
	if on {
		if err := x.beginReturn(ctx, e); err != nil {
			return nil, err
		}
	}
	become := x.deactivate
	if on {
		become = func(ctx context.Context, e *entity) (*entity, error) { return x.setState(ctx, e, true) }
	}
	switched, err := become(ctx, e)
	switch {
	case err == nil:
		return switched, nil
	case !on:
		x.warn("The " + x.name + " " + e.id + " was to be deactivated, which failed: it is active, without its old access.")
	case !uncertain(err):
		x.cancelReturn(ctx, e, before)
	}
	return nil, err
}

// readmitActive brings an account back before it is stripped. However that
// fails, the account is not left active with its old access.
func (x *run) readmitActive(ctx context.Context, e *entity, doc []byte, values []fieldValue) (*entity, error) {
	before := e.record
	if err := x.beginReturn(ctx, e); err != nil {
		return nil, err
	}
	active, err := x.setState(ctx, e, true)
	if err != nil && !uncertain(err) {
		x.cancelReturn(ctx, e, before)
		return nil, err
	}
	if err == nil {
		var stripped *entity
		if stripped, err = x.must(ctx, x.calls.readmit, e.id, doc); err == nil {
			active.record = e.record
			if stripped, err = x.afterReadmit(active, stripped, values); err == nil {
				return stripped, nil
			}
		}
	}
	if _, undoErr := x.because(plan.Undo, "").setState(context.WithoutCancel(ctx), e, false); undoErr != nil {
		const still = "may be active again with its old access: it could neither be changed nor deactivated."
		x.warn("The " + x.name + " " + e.id + " " + still)
		return nil, told(err, "The "+x.name+" "+still)
	}
	x.cancelReturn(ctx, e, before)
	return nil, err
}
