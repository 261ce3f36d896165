package mapping

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// heeded checks that the API did what a write asked for, since one that does
// not know a field may answer 200 all the same. A constant, or a value out of a
// closed set such as a role, must be there: access hangs on it. A text that the
// API spells its own way goes into the report.
func (x *run) heeded(e *entity, set []constant, values []fieldValue) error {
	sent := make(map[string]bool, len(values))
	for _, v := range values {
		sent[v.field.path.String()] = true
		owner := v.field.owner
		if owner.secret || owner.holds(e.doc.Get(v.field.path), v.raw) {
			continue
		}
		if owner.toAPI != nil || owner.target.Type == schema.Boolean {
			return x.unheeded(e, owner.name())
		}
		x.drop(plan.Respelt, owner.name()+" (the API holds another value)")
	}
	for _, c := range set {
		if !sent[c.path.String()] && !x.shown(e, c) {
			return x.unheeded(e, c.path.String())
		}
	}
	return nil
}

// holds reports whether the API has a value of the attribute as it was sent,
// in whatever order if it is a list of plain values.
func (a *attribute) holds(v jsonpath.Value, raw json.RawMessage) bool {
	if !a.isPlainList() || !v.IsArray() {
		return sameJSON(v, raw)
	}
	var has, sent []any
	if json.Unmarshal([]byte(v.Raw()), &has) != nil || json.Unmarshal(raw, &sent) != nil {
		return false
	}
	return reflect.DeepEqual(inOrder(has), inOrder(sent))
}

func (x *run) unheeded(on *entity, name string) error {
	x.explainNotTaken(on, name)
	e := x.program.upstream.nonsense("the answer does not hold what was sent for " + name)
	e.Detail = x.program.upstream.name + " did not take the new value of " + name + "."
	return e
}

// shown reports whether an object holds a constant as far as SCIM can see: a
// list counts as empty when all of it is excepted.
func (x *run) shown(e *entity, c constant) bool {
	if sameJSON(e.doc.Get(c.path), c.raw) {
		return true
	}
	if string(c.raw) != "[]" {
		return false
	}
	for _, a := range x.attributes {
		if len(a.each) > 0 && a.isAt(c.path) {
			_, some := a.appendElements(nil, e, "")
			return !some
		}
	}
	return false
}

// reached returns a resource as it is after a call that the API accepted and
// that was to make its state true or false. Unless the answer shows that, one
// reading must: an API can accept what it does not do.
func (x *run) reached(ctx context.Context, e, answered *entity, on bool) (*entity, error) {
	if answered != nil && answered.id == e.id && x.state.isSaid(answered.doc) && x.state.isOn(answered) == on {
		answered.record = e.record
		return answered, nil
	}
	now, err := x.lookAgain(ctx, e)
	switch {
	case err != nil:
		return nil, err
	case now == nil && !on:
		// An API may not give out what is deactivated but in its list.
		if x.calls.read.search {
			x.world.Correlations.Learn(e.id, nil, []Key{x.listedKey(e.id)})
		}
		next := *e
		next.state = &on
		return &next, nil
	case now == nil:
		return nil, x.unchanged(e, x.state.name())
	case x.state.isOn(now) != on:
		return nil, x.unchanged(now, x.state.name())
	}
	return now, nil
}

// isSaid reports whether an object has the field that the attribute is read from,
// be it null.
func (a *attribute) isSaid(doc jsonpath.Value) bool {
	return slices.ContainsFunc(a.paths, func(p jsonpath.Path) bool { return doc.Get(p).Exists() })
}

// lookAgain reads a resource by its id after a call that was to change it; nil
// when the API does not have it. That it can't be read leaves open what the call
// has done.
func (x *run) lookAgain(ctx context.Context, e *entity) (*entity, error) {
	x = x.because(plan.Confirm, "")
	answer, err := x.do(ctx, x.calls.read, e.id, nil, nil)
	if err == nil && answer.Status == 404 {
		return nil, nil
	}
	if err == nil && !answer.ok() {
		err = x.program.upstream.refused(x.resourceType, answer)
	}
	var now *entity
	if err == nil {
		now, err = x.object(answer)
	}
	if err == nil && (now == nil || now.id != e.id) {
		err = x.program.upstream.nonsense("the answer is not the object that was asked for")
	}
	if err != nil {
		failed := *scim.AsError(err)
		failed.Detail += " Whether the " + x.name + " was changed is not known."
		failed.Cause = &UpstreamError{Err: fmt.Errorf("the reading that was to show it failed: %w", failed.Cause)}
		return nil, &failed
	}
	now.record = e.record
	return now, nil
}

// unchanged is the error for a resource that the API shows as it was after a
// call that was to change an attribute; without one, to delete it.
func (x *run) unchanged(e *entity, name string) error {
	why, what := "the call was accepted and the resource is still there", "delete the "+x.name
	if name != "" {
		x.explainNotTaken(e, name)
		why, what = "the call was accepted and the state is as it was", "change "+name
	}
	err := x.program.upstream.nonsense(why)
	err.Detail = x.program.upstream.name + " did not " + what + "."
	return err
}
