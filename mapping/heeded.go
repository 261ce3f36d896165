package mapping

import (
	"encoding/json"
	"reflect"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/schema"
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

// reached checks that a call brought the resource's state about.
func (x *run) reached(e *entity, on bool) error {
	if x.state.isOn(e) == on {
		return nil
	}
	x.explainNotTaken(e, x.state.name())
	err := x.program.upstream.nonsense("the answer shows the state as it was")
	err.Detail = x.program.upstream.name + " did not change " + x.state.name() + "."
	return err
}
