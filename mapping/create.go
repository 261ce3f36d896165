package mapping

import (
	"context"
	"errors"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// create answers POST (RFC 7644 section 3.3). Whoever has an account in the
// API that the provider does not know of gets that account, never a second one.
func (x *run) create(ctx context.Context) (Response, error) {
	x.report.Operation = "create"
	want, err := x.parseBody()
	if err != nil {
		return Response{}, err
	}
	ch := &change{want: want, touched: x.spokenOf(want), creating: true}
	if err := x.validate(ch); err != nil {
		return Response{}, err
	}
	// What the values become is worked out before anything is asked or done, so
	// that a wrong one changes nothing.
	values, dropped, err := x.fieldValues(ch, nil)
	if err != nil {
		return Response{}, err
	}
	x.drop(plan.Outweighed, dropped...)
	x.unpicked(ch)
	if err := x.nameFree(ch); err != nil {
		return Response{}, err
	}
	if err := x.checkReferences(ctx, ch); err != nil {
		return Response{}, err
	}
	x.report.Unknown = ch.unknown

	release, err := x.world.Keeper.Lock(ctx, x.createLocks(values)...)
	if err != nil {
		return Response{}, err
	}
	defer release()
	e, err := x.place(ctx, ch, values)
	if err != nil {
		return Response{}, err
	}
	x.report.ID = e.id
	return x.resourceResponse(ctx, 201, e)
}

// createLocks names everything by which an account may be found, so that two
// requests about one person can't both find none.
func (x *run) createLocks(values []fieldValue) []string {
	var names []string
	for _, a := range x.calls.create.adoptBy {
		if value, ok := adoptValue(a, values); ok {
			names = append(names, x.name+"/"+a.name()+":"+a.key(x.resourceType, value).Value)
		}
	}
	return names
}

// adoptValue is what the new account would have where the API keeps the
// attribute, its default included.
func adoptValue(a *attribute, values []fieldValue) (string, bool) {
	for _, v := range values {
		if v.field.owner == a {
			text := unquote(v.raw)
			return text, text != ""
		}
	}
	return "", false
}

// place adopts an account or makes one.
func (x *run) place(ctx context.Context, ch *change, values []fieldValue) (*entity, error) {
	x.thorough = true
	e, err := x.adopt(ctx, ch, values)
	if err != nil || e != nil {
		return e, err
	}
	e, err = x.make(ctx, ch, values)
	var conflict *scim.Error
	if !errors.As(err, &conflict) || conflict.Status != 409 {
		return e, err
	}
	// Somebody else made the account since the last look, or the API knows
	// more accounts than SCIM shows.
	x.world.Correlations.Doubt(x.name)
	if e, err := x.adopt(ctx, ch, values); err != nil || e != nil {
		return e, err
	}
	return nil, conflict
}

// adopt looks for an account that the request is about. It returns nil when
// there is none, and an error with status 409 when it is not free: SCIM shows
// it under its unique name, or has made or written it for somebody else.
func (x *run) adopt(ctx context.Context, ch *change, values []fieldValue) (*entity, error) {
	for _, a := range x.calls.create.adoptBy {
		value, ok := adoptValue(a, values)
		if !ok {
			continue
		}
		found, err := x.find(ctx, a, value)
		if err != nil {
			return nil, err
		}
		// What a create without an answer has made is nobody's yet.
		unfinished := a.unfinishedKey(x.resourceType, value)
		mine := len(x.world.Correlations.IDs(unfinished)) > 0
		var free []*entity
		taken := ""
		for _, e := range found {
			if !x.hidden(e) && (e.record.Claimed || a.unique && !mine) {
				taken = e.id
				continue
			}
			free = append(free, e)
		}
		switch {
		case taken != "" && (a.unique || len(free) == 0):
			return nil, scim.Errorf(409, scim.Uniqueness, "%s is already taken by the %s with the id %s.", a.name(), x.name, taken)
		case len(free) > 0:
			x.explainAdoption(preferred(x.resourceType, free), a)
			e, err := x.take(ctx, preferred(x.resourceType, free), ch, values)
			if err == nil {
				x.world.Correlations.Learn("?", []Key{unfinished}, nil)
			}
			return e, err
		}
	}
	return nil, nil
}

// preferred is the account to take when several would do: an active one, or
// else the first.
func preferred(r *resourceType, found []*entity) *entity {
	for _, e := range found {
		if r.state == nil || r.state.isOn(e) {
			return e
		}
	}
	return found[0]
}

// take makes an existing account what the request describes. One that is in
// use keeps what the request does not speak of; one that was deactivated comes
// back without its old access.
func (x *run) take(ctx context.Context, e *entity, ch *change, values []fieldValue) (*entity, error) {
	release, err := x.world.Keeper.Lock(ctx, x.lockName(e.id))
	if err != nil {
		return nil, err
	}
	defer release()
	have, err := x.writable(ctx, e)
	if err != nil {
		return nil, err
	}
	overlay := &change{have: have, want: resource.DeepCopy(have), touched: ch.touched}
	for path := range ch.touched {
		value, _ := resource.Get(ch.want, path)
		resource.Set(overlay.want, path, value)
	}
	if err := x.validate(overlay); err != nil {
		return nil, err
	}
	if x.state == nil || x.state.isOn(e) || x.calls.readmit == nil {
		return x.write(ctx, e, overlay)
	}
	return x.readmit(ctx, e, ch, values)
}

// readmit brings a deactivated account back as the request describes it. It is
// stripped of its old access before it is active again; an API that does not
// change deactivated accounts has it stripped right afterwards, and when that
// fails the account is deactivated again.
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
		if x.wantsOn(ch) {
			if e, err = x.setState(ctx, e, true); err != nil {
				return nil, err
			}
		}
	case isNotFound(err):
		if e, err = x.readmitActive(ctx, e, doc, values); err != nil {
			return nil, err
		}
		if !x.wantsOn(ch) {
			id := e.id
			if e, err = x.setState(ctx, e, false); err != nil {
				x.warn("The " + x.name + " " + id + " was to be deactivated, which failed: it is active, without its old access.")
				return nil, err
			}
		}
	default:
		return nil, err
	}
	if err := x.keepChange(ctx, e, ch, values); err != nil {
		// The account is there; whoever asks again is to get it.
		x.unfinished(values)
		return nil, err
	}
	x.learn(e, before)
	x.world.Correlations.Shift(x.name)
	return e, nil
}

func (x *run) afterReadmit(e, answered *entity, values []fieldValue) (*entity, error) {
	if answered == nil || answered.id != e.id {
		return nil, x.program.upstream.nonsense("the answer is not the object that was changed")
	}
	off := false
	answered.record, answered.state = e.record, &off
	return answered, x.heeded(answered, x.calls.readmit.set, values)
}

// readmitActive brings an account back before it is stripped. However that
// fails, the account is not left active with its old access.
func (x *run) readmitActive(ctx context.Context, e *entity, doc []byte, values []fieldValue) (*entity, error) {
	_, err := x.setState(ctx, e, true)
	if err != nil && !uncertain(err) {
		return nil, err
	}
	if err == nil {
		var stripped *entity
		stripped, err = x.must(ctx, x.calls.readmit, e.id, doc)
		switch {
		case err != nil:
		case stripped == nil || stripped.id != e.id:
			err = x.program.upstream.nonsense("the answer is not the object that was changed")
		default:
			stripped.record = e.record
			if err = x.heeded(stripped, x.calls.readmit.set, values); err == nil {
				return stripped, nil
			}
		}
	}
	if _, undoErr := x.because(plan.Undo, "").setState(context.WithoutCancel(ctx), e, false); undoErr != nil {
		x.warn("The " + x.name + " " + e.id + " may be active again with its old access: it could neither be changed nor deactivated.")
	}
	return nil, err
}

// wantsOn reports whether the new resource is to be active; it is unless the
// request says otherwise.
func (x *run) wantsOn(ch *change) bool {
	if x.state == nil {
		return true
	}
	v, _ := resource.Get(ch.want, x.state.path)
	on, said := v.(bool)
	return !said || on
}

// make creates an account.
func (x *run) make(ctx context.Context, ch *change, values []fieldValue) (*entity, error) {
	c := x.calls.create
	lists := x.memberships(ch)
	x.explainWrite(nil, ch, values, lists)
	x.explainSet(nil, c.set, values)
	doc, err := overlay([]byte("{}"), c.set, values, nil, lists)
	if err != nil {
		return nil, err
	}
	e, err := x.must(ctx, c, "", doc)
	if err != nil {
		if uncertain(err) {
			x.unfinished(values)
		}
		return nil, err
	}
	if e == nil {
		x.unfinished(values)
		return nil, x.program.upstream.nonsense("the answer holds no " + x.id.String())
	}
	if !holds(e.doc, c.expect) || !x.shows(e) {
		return nil, x.undo(ctx, e)
	}
	// The account is there now; that it has less than was asked for is no
	// reason to have the provider make it again.
	if err := errors.Join(x.took(e, lists), x.heeded(e, c.set, values)); err != nil {
		x.warn(scim.AsError(err).Detail)
	}
	if !x.wantsOn(ch) {
		if e, err = x.setState(ctx, e, false); err != nil {
			x.warn("The new " + x.name + " was to be deactivated, which failed: it is active.")
			x.world.Correlations.Doubt(x.name)
			return nil, err
		}
	}
	if err := x.keepChange(ctx, e, ch, values); err != nil {
		// The account is there; whoever asks again is to get it.
		x.unfinished(values)
		return nil, err
	}
	x.learn(e, nil)
	x.world.Correlations.Shift(x.name)
	return e, nil
}

// unfinished notes that an account may have been made although no answer says
// so: the next look-up has to look again, and the next create of the same may
// take it.
func (x *run) unfinished(values []fieldValue) {
	x.world.Correlations.Doubt(x.name)
	for _, a := range x.calls.create.adoptBy {
		if value, ok := adoptValue(a, values); ok {
			x.world.Correlations.Learn("?", nil, []Key{a.unfinishedKey(x.resourceType, value)})
		}
	}
}

// unfinishedKey is the fact that a create with this value got no answer.
func (a *attribute) unfinishedKey(r *resourceType, value string) Key {
	key := a.key(r, value)
	key.Attribute = "(being made) " + key.Attribute
	return key
}

// uncertain reports whether a call that failed may have had its effect all the
// same.
func uncertain(err error) bool {
	var unanswered *CallError
	if errors.As(err, &unanswered) && unanswered.Unsent {
		return false
	}
	var upstream *UpstreamError
	return !errors.As(err, &upstream) || upstream.Status == 0 || upstream.Status >= 500
}

// undo takes back what the API made when it is not what was meant.
func (x *run) undo(ctx context.Context, e *entity) error {
	u := &x.program.upstream
	failure := scim.Errorf(501, "", "%s made something else than a %s of the request, so that none can be created here.", u.name, x.name)
	failure.Cause = &UpstreamError{Operator: true, Err: errors.New("the new object does not have the values that the mapping expects")}
	c := x.calls.create.undo
	if c == nil {
		x.warn("The API made the object " + e.id + ", which is not a " + x.name + "; the mapping has no call to undo that.")
		return failure
	}
	doc, err := c.constants()
	if err == nil {
		_, err = x.because(plan.Undo, "").must(context.WithoutCancel(ctx), c, e.id, doc)
	}
	if err != nil {
		x.warn("The API made the object " + e.id + ", which is not a " + x.name + "; it could not be undone.")
	}
	return failure
}
