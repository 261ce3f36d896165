package mapping

import (
	"context"
	"errors"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
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
	response, err := x.resourceResponse(ctx, 201, e)
	if err != nil {
		response = x.partResponse(201, e)
	}
	return response, nil
}

// partResponse is resourceResponse without what has to be asked for, for what
// was done and can't be shown as a whole at the moment. An error would have a
// provider do it again, and be told that it is there.
func (x *run) partResponse(status int, e *entity) Response {
	x.warn("The answer lacks what could not be read.")
	part := &projection{except: map[schema.Path]bool{metaVersion: true}, returned: x.returned}
	for _, a := range x.attributes {
		if a.of != nil {
			part.except[a.path] = true
		}
	}
	if x.part != nil && x.part.only != nil {
		part = onlyPaths()
	}
	return Response{Status: status, Body: e.kind.appendResource(nil, e, x.req.Base, part), Location: e.kind.location(x.req.Base, e.id)}
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
		free, taken, err := x.sortOut(ctx, found, a, value)
		switch {
		case err != nil:
			return nil, err
		case taken != "" && (a.unique || len(free) == 0):
			return nil, scim.Errorf(409, scim.Uniqueness, "%s is already taken by the %s with the id %s.", a.name(), x.name, taken)
		case len(free) > 0:
			e := preferred(x.resourceType, free)
			x.explainAdoption(e, a)
			unfinished := a.unique && !x.hidden(e)
			if e, err = x.take(ctx, e, ch, values); err == nil && unfinished {
				x.endMaking(ctx, values)
			}
			return e, err
		}
	}
	return nil, nil
}

// sortOut tells accounts with a value that a create may take from one that it
// must not.
func (x *run) sortOut(ctx context.Context, found []*entity, a *attribute, value string) (free []*entity, taken string, err error) {
	for _, e := range found {
		mine := true
		switch {
		case x.hidden(e):
		case e.record.Claimed:
			mine = false
		case a.unique:
			// What a create without an end has made is that one's.
			if mine, err = x.world.Keeper.Noted(ctx, a.key(x.resourceType, value)); err != nil {
				return nil, "", err
			}
		}
		if mine {
			free = append(free, e)
		} else {
			taken = e.id
		}
	}
	return free, taken, nil
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
	again, err := x.beginMaking(ctx, values)
	if err != nil {
		return nil, err
	}
	e, err := x.must(ctx, c, "", doc)
	if err == nil && e == nil {
		err = x.program.upstream.nonsense("the answer holds no " + x.id.String())
	}
	switch {
	case err != nil && uncertain(err):
		// The next look-up has to look again.
		x.world.Correlations.Doubt(x.name)
		return nil, err
	case err != nil:
		if !again {
			x.endMaking(ctx, values)
		}
		return nil, err
	case !holds(e.doc, c.expect) || !x.shows(e):
		x.endMaking(ctx, values)
		return nil, x.undo(ctx, e)
	}
	// The account is there now; that it has less than was asked for is no
	// reason to have the provider make it again.
	if err := errors.Join(x.took(e, lists), x.heeded(e, c.set, values)); err != nil {
		x.warn(scim.AsError(err).Detail)
	}
	if !x.wantsOn(ch) {
		if e, err = x.deactivate(ctx, e); err != nil {
			x.warn("The new " + x.name + " was to be deactivated, which failed: it is active.")
			x.world.Correlations.Doubt(x.name)
			return nil, err
		}
	}
	if err := x.keepChange(ctx, e, ch, values); err != nil {
		// The account is there; whoever asks again is to get it.
		x.world.Correlations.Doubt(x.name)
		return nil, err
	}
	x.endMaking(ctx, values)
	x.learn(e, nil)
	x.world.Correlations.Shift(x.name)
	return e, nil
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
	if err := x.because(plan.Undo, "").takeBack(context.WithoutCancel(ctx), c, e); err != nil {
		x.warn("The API made the object " + e.id + ", which is not a " + x.name + "; it could not be undone.")
	}
	return failure
}

// takeBack has the API undo that it made something.
func (x *run) takeBack(ctx context.Context, c *call, e *entity) error {
	doc, err := c.constants()
	if err != nil {
		return err
	}
	answered, err := x.must(ctx, c, e.id, doc)
	switch {
	case err != nil:
	case x.state != nil && (c == x.state.off || c.forget):
		_, err = x.reached(ctx, e, answered, false)
	default:
		err = x.vanishes(ctx, e)
	}
	return err
}
