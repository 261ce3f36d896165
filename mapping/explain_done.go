package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// explainCall tells of a call that is over.
func (x *run) explainCall(made Call, answer Answer, err error) {
	if x.world.Explainer == nil {
		return
	}
	c := plan.Call{
		Name: made.Name, Resource: x.name, ID: made.ID, Method: made.Method, Path: made.Path, Query: redactQuery(made.Query),
		Purpose: made.Purpose, About: made.About, Writes: made.Purpose.Writes(), Status: answer.Status,
		RequestID: x.req.ID, At: x.program.at(made.Pos),
	}
	if c.Writes {
		c.Result = resultOf(answer, err)
		if e, _ := x.object(answer); c.Result == plan.Done && c.ID == "" && e != nil {
			c.ID = e.id
		}
	}
	x.world.Explainer.Decided(c)
}

// resultOf is what came of a call that writes. The error is that of an answer
// which is missing, or not the API's own.
func resultOf(answer Answer, err error) plan.Result {
	var unanswered *CallError
	switch {
	case errors.As(err, &unanswered) && unanswered.Unsent:
		return plan.Failed
	case err == nil && answer.ok():
		return plan.Done
	case err != nil || answer.Status >= 500 || answer.Repeated:
		return plan.Unknown
	default:
		return plan.Failed
	}
}

// keep replaces what is kept of a resource by what change makes of it.
func (x *run) keep(ctx context.Context, id string, change func(Record) Record) (Record, error) {
	var before, wanted Record
	after, err := x.world.Keeper.Update(ctx, x.name, id, func(record Record) Record {
		before = record
		wanted = change(record)
		return wanted
	})
	if err != nil {
		x.explainKeep(id, before, wanted, plan.Unknown)
		return after, err
	}
	x.explainKeep(id, before, after, plan.Done)
	return after, nil
}

// explainKeep tells what becomes of that which is kept here.
func (x *run) explainKeep(id string, before, after Record, result plan.Result) {
	if x.world.Explainer == nil {
		return
	}
	for _, a := range x.attributes {
		had, has := before.Attributes[a.name()], after.Attributes[a.name()]
		if string(had) == string(has) {
			continue
		}
		c := plan.Change{
			Resource: x.name, ID: id, Attribute: a.name(), Before: had, After: has, How: plan.Kept, Result: result,
			At: x.program.at(a.pos),
		}
		x.world.Explainer.Decided(redacted(c, &field{owner: a}))
	}
	for _, what := range keptAnew(before, after) {
		x.world.Explainer.Decided(plan.Keep{Resource: x.name, ID: id, What: what, Result: result})
	}
}

// keptAnew says what is kept of a resource from now on, beside the values of
// attributes.
func keptAnew(before, after Record) []string {
	var what []string
	// That somebody is to go is kept only until they are gone.
	before.Leaving, after.Leaving = time.Time{}, time.Time{}
	switch {
	case !after.Deleted.IsZero() && before.Deleted.IsZero():
		what = append(what, "that SCIM deleted it")
	case after.Deleted.IsZero() && !before.Deleted.IsZero():
		what = append(what, "that it is not deleted any more")
	case after.IsZero() && !before.IsZero():
		what = append(what, "nothing any more")
	}
	if after.Claimed && !before.Claimed {
		what = append(what, "that it is the provider's")
	}
	switch {
	case after.Inactive && !before.Inactive:
		what = append(what, "that the provider has it as inactive")
	case before.Inactive && !after.Inactive && after.Deleted.IsZero():
		what = append(what, "that the provider has it as active")
	}
	if !slices.Equal(after.Groups, before.Groups) {
		what = append(what, strings.TrimSpace("which groups it is in besides: "+strings.Join(after.Groups, " ")))
	}
	if !maps.Equal(after.Applied, before.Applied) && len(after.Applied) > 0 {
		what = append(what, "digests of values that disagree, so that a repeat is no change")
	}
	return what
}

// explainSet tells of the constants of a call that make a difference to a
// resource. The entity is nil for a new one.
func (x *run) explainSet(e *entity, set []constant, values []fieldValue) {
	if x.world.Explainer == nil {
		return
	}
	for _, s := range set {
		sent := slices.ContainsFunc(values, func(v fieldValue) bool { return v.field.path.String() == s.path.String() })
		if sent || e != nil && x.shown(e, s) {
			continue
		}
		c := plan.Change{
			Resource: x.name, Attribute: s.path.String(), Field: s.path.String(), After: s.raw, How: plan.Set, OpenAfter: true,
			At: x.program.at(s.pos),
		}
		if e != nil {
			c.ID = e.id
			if v := e.doc.Get(s.path); v.Exists() {
				c.Before = json.RawMessage(v.Raw())
			}
		}
		if i := slices.IndexFunc(x.attributes, func(a *attribute) bool { return a.isAt(s.path) }); i >= 0 {
			c.Attribute = x.attributes[i].name()
		}
		if isSecretName(c.Field) {
			c.After = quoteJSON(plan.Redacted)
		}
		x.world.Explainer.Decided(c)
	}
}

// explainDeletion tells what a deletion makes of a resource that the API only
// deactivates.
func (x *run) explainDeletion(e *entity) {
	if x.state != nil && x.calls.delete.forget {
		x.explainLeave(e, x.calls.delete)
	}
}

// explainLeave tells that a resource is to be deactivated by a call; nil for none.
func (x *run) explainLeave(e *entity, by *call) {
	if x.world.Explainer == nil {
		return
	}
	c := plan.Change{
		Resource: x.name, ID: e.id, Attribute: x.state.name(), Before: appendBool(nil, true), After: appendBool(nil, false),
		How: plan.Called, OpenBefore: true, OpenAfter: true, At: x.program.at(x.state.pos),
	}
	if by != nil {
		c.By = by.name
	}
	x.world.Explainer.Decided(c)
}

// explainNotTaken tells that the API does not hold what it accepted.
func (x *run) explainNotTaken(e *entity, name string) {
	if x.world.Explainer == nil {
		return
	}
	d := plan.Drop{Resource: x.name, ID: e.id, Attribute: name, Why: plan.NotTaken}
	if i := slices.IndexFunc(x.attributes, func(a *attribute) bool { return a.name() == name }); i >= 0 {
		d.At = x.program.at(x.attributes[i].pos)
	}
	x.world.Explainer.Decided(d)
}

// explainMembers tells who came into a value group, and who went out, as far as
// that was done.
func (w *valueWriter) explainMembers(total *change) {
	if w.world.Explainer == nil {
		return
	}
	isIn := func(id string) bool {
		return w.touched[id] != nil && slices.Contains(w.made.of(w.touched[id]), w.group.group)
	}
	have, want := references(total.have, w.made.members), references(total.want, w.made.members)
	c := plan.Change{
		Resource: w.name, ID: w.group.id, Attribute: w.made.members.name(), How: plan.Through, By: w.made.by.name(),
		Result: plan.Done, At: w.program.at(w.made.members.pos),
	}
	c.Added = slices.DeleteFunc(without(want, have), func(id string) bool { return !isIn(id) })
	c.Removed = slices.DeleteFunc(without(have, want), isIn)
	if len(c.Added)+len(c.Removed) > 0 {
		w.world.Explainer.Decided(c)
	}
}

// isAt reports whether the attribute is read from a field of the API's object.
func (a *attribute) isAt(field jsonpath.Path) bool {
	return slices.ContainsFunc(a.paths, func(p jsonpath.Path) bool { return p.String() == field.String() })
}
