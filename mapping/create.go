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
	x.speaksOf(ch)
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

// place adopts an account or makes one. Whom the values may be of is looked up
// first; then they and the values are locked, and each of them is read again, so
// that what is decided holds for what is there.
func (x *run) place(ctx context.Context, ch *change, values []fieldValue) (*entity, error) {
	x.thorough = true
	var last error
	for range maxTries {
		e, err := x.tryPlace(ctx, ch, values, last)
		var refused *conflict
		switch {
		case errors.As(err, &refused):
			// Somebody else made the account since the last look, or the API
			// knows more accounts than SCIM shows.
			last = refused.error
			x.world.Correlations.Doubt(x.name)
		case !errors.Is(err, errMoved):
			return e, err
		}
	}
	if last == nil {
		last = outOfTime(context.DeadlineExceeded)
	}
	return nil, last
}

// conflict is what the API says that makes no second one of somebody.
type conflict struct{ error }

func (c *conflict) Unwrap() error { return c.error }

// tryPlace is place once. The error is errMoved when others came between, and a
// *conflict when the API has somebody already; after one, refused, none is made.
func (x *run) tryPlace(ctx context.Context, ch *change, values []fieldValue, refused error) (*entity, error) {
	cs := x.claimsOf(values)
	for _, rule := range x.calls.create.adoptBy {
		if value, ok := wantedValue(rule.equals, ch, values); ok {
			cs.add(x.resourceType, rule.find, value)
		}
	}
	if err := x.look(ctx, cs); err != nil {
		return nil, err
	}
	releaseHolders, err := x.lockHolders(ctx, cs)
	if err != nil {
		return nil, err
	}
	defer releaseHolders()
	releaseValues, err := x.lockValues(ctx, cs)
	if err != nil {
		return nil, err
	}
	defer releaseValues()
	if err := x.settle(ctx, cs, true); err != nil {
		return nil, err
	}
	e, by, err := x.adopted(ctx, cs, ch, values)
	if err != nil {
		return nil, err
	}
	if err := x.free(ctx, cs, e); err != nil {
		return nil, err
	}
	if e == nil && refused != nil {
		return nil, refused
	}
	if e == nil {
		e, err = x.make(ctx, ch, values)
		if err != nil && scim.AsError(err).Status == 409 {
			x.explainObstacles(cs)
			err = &conflict{err}
		}
		return e, err
	}
	x.explainAdoption(e, by)
	unfinished := !x.hidden(e)
	if e, err = x.take(ctx, e, ch, values); err == nil && unfinished {
		x.endMaking(ctx, values)
	}
	return e, err
}

// adopted returns the account that a create takes, and the rule that says so; nil
// when there is none.
func (x *run) adopted(ctx context.Context, cs claims, ch *change, values []fieldValue) (*entity, *adoption, error) {
	for i := range x.calls.create.adoptBy {
		rule := &x.calls.create.adoptBy[i]
		value, ok := wantedValue(rule.equals, ch, values)
		if !ok {
			continue
		}
		c := cs.of(rule.find.key(x.resourceType, value))
		var free []*entity
		for _, e := range c.holders {
			may, err := x.mayAdopt(ctx, e, rule, c, ch, values)
			if err != nil {
				return nil, nil, err
			}
			switch {
			case may:
				free = append(free, e)
			case rule.find == rule.equals && rule.find.unique && !x.hidden(e):
				// What SCIM shows under the name is for the provider to look up.
				return nil, nil, x.taken(c, "the "+x.name+" "+e.id)
			}
		}
		if len(free) > 0 {
			return preferred(x.resourceType, free), rule, nil
		}
	}
	return nil, nil, nil
}

// explainObstacles tells the operator which accounts the API may have refused a
// new one for: those that SCIM deleted, and whose this person is not.
func (x *run) explainObstacles(cs claims) {
	for _, c := range cs {
		for _, e := range c.holders {
			if x.hidden(e) {
				x.warn("The " + x.name + " " + e.id + " stands in the way: it has the same " + c.attribute.name() +
					", SCIM deleted it for somebody else, and the API lets no second one have that. " +
					"If it is the same person, restore it in the API and have the provider look it up; else change its " + c.attribute.name() + " there.")
			}
		}
	}
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
	if err == nil && holds(e.doc, c.expect) {
		e, err = x.asMade(ctx, e, values)
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
	x.learn(e, nil)
	if err := x.keepChange(ctx, e, ch, values); err != nil {
		// The account is there; whoever asks again is to get it.
		x.world.Correlations.Doubt(x.name)
		return nil, err
	}
	x.endMaking(ctx, values)
	x.world.Correlations.Shift(x.name)
	return e, nil
}

// asMade returns what a create has made once it is certain to be that. An answer
// that holds little more than an id is followed by a read.
func (x *run) asMade(ctx context.Context, e *entity, values []fieldValue) (*entity, error) {
	err := x.checkMade(e, values)
	if !errors.Is(err, errNotShown) {
		return e, err
	}
	if e, err = x.load(ctx, e.id); err != nil {
		return nil, err
	}
	if x.checkMade(e, values) != nil {
		return nil, x.elseAnswered()
	}
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

// isOwn reports whether an error is no word of the API's: what was refused here.
func isOwn(err error) bool {
	var unanswered *CallError
	var upstream *UpstreamError
	return scim.AsError(err).Status < 500 && !errors.As(err, &unanswered) && !errors.As(err, &upstream)
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
