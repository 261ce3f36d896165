package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/patch"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Explainer is told what a request decides and does, as it does so: of a change
// before the call that brings it about, and of a call when it is over. Of all
// that changes something it is told before the response is there. What it is told
// holds values out of the request and out of the API, secrets excepted. All
// methods must be safe for concurrent use.
type Explainer interface {
	// Decided is told of one decision.
	Decided(d plan.Decision)

	// Operation returns who is told of an operation of a bulk request, by its
	// number from 1. It may be asked for one more than once.
	Operation(number int) Explainer
}

// reason is what calls are made for.
type reason struct {
	purpose plan.Purpose
	about   string
}

// because returns the run with another reason for its calls.
func (x *run) because(purpose plan.Purpose, about string) *run {
	if x.world.Explainer == nil {
		return x
	}
	r := *x
	r.reason = reason{purpose, about}
	return &r
}

// explained says in a call what it is for.
func (x *run) explained(c *call, made Call) Call {
	if x.world.Explainer == nil {
		return made
	}
	made.Purpose = x.purposeOf(c)
	if made.Purpose == x.reason.purpose {
		made.About = x.reason.about
	}
	return made
}

// purposeOf returns what a call is for: what changes something, for that; what
// reads, for the reason that the run has.
func (x *run) purposeOf(c *call) plan.Purpose {
	changes, undoes := x.changes(c.name), x.reason.purpose == plan.Undo
	switch {
	case changes != "" && undoes:
		return plan.Undo
	case changes != "":
		return changes
	case x.reason.purpose != "" && !undoes:
		return x.reason.purpose
	case c == x.calls.read:
		return plan.Read
	default:
		return plan.List
	}
}

// changes returns for what the call of a name changes something; empty for one
// that reads.
func (r *resourceType) changes(name string) plan.Purpose {
	is := func(c *call) bool { return c != nil && c.name == name }
	switch {
	case is(r.calls.create):
		return plan.Create
	case is(r.calls.update):
		return plan.Update
	case is(r.calls.readmit):
		return plan.Readmit
	case is(r.calls.delete):
		return plan.Delete
	case r.state != nil && is(r.state.on):
		return plan.Activate
	case r.state != nil && is(r.state.off):
		return plan.Deactivate
	case r.calls.create != nil && is(r.calls.create.undo):
		return plan.Undo
	}
	return ""
}

// at is a place in the mapping as people write it.
func (p *Program) at(pos source.Pos) string { return plan.Place(p.file, pos.Line) }

// explainLoss tells of attributes that have no effect.
func (x *run) explainLoss(why plan.Loss, names []string) {
	if x.world.Explainer == nil {
		return
	}
	for _, name := range names {
		pos := x.unmappedPos
		for _, a := range x.attributes {
			if first, _, _ := strings.Cut(name, " "); a.name() == first {
				pos = a.pos
			}
		}
		x.world.Explainer.Decided(plan.Drop{Resource: x.name, Attribute: name, Why: why, At: x.program.at(pos)})
	}
}

// explainMentions tells of whom a change speaks.
func (x *run) explainMentions(id string, m patch.Mentions) {
	if x.world.Explainer != nil {
		x.world.Explainer.Decided(plan.Mention{Resource: x.name, ID: id, Added: m.Added, Removed: m.Removed, Others: m.Others})
	}
}

// explainAdoption tells that a create takes an account that is there.
func (x *run) explainAdoption(e *entity, by *adoption) {
	if x.world.Explainer == nil {
		return
	}
	x.world.Explainer.Decided(plan.Adoption{
		Resource: x.name, ID: e.id, By: by.find.name(), Back: !x.isActive(e), At: x.program.at(by.pos),
	})
}

// explainFact tells what is remembered of who has a value.
func (x *run) explainFact(attribute string, pos source.Pos, known []string, all bool) {
	if x.world.Explainer == nil {
		return
	}
	x.world.Explainer.Decided(plan.Fact{
		Resource: x.name, Attribute: attribute, Known: slices.Clone(known), All: all, At: x.program.at(pos),
	})
}

// explainWrite tells what a write makes of the attributes that the request
// speaks of. The entity is nil for a new resource.
func (x *run) explainWrite(e *entity, ch *change, values []fieldValue, lists []membership) {
	if x.world.Explainer == nil {
		return
	}
	told := func(c plan.Change) {
		c.Resource = x.name
		if e != nil {
			c.ID = e.id
		}
		x.world.Explainer.Decided(c)
	}
	for _, f := range x.fields {
		i := slices.IndexFunc(values, func(v fieldValue) bool { return v.field == f })
		if c, some := x.explainField(f, e, ch, i, values); some {
			told(c)
		}
	}
	for _, m := range lists {
		told(plan.Change{
			Attribute: m.attribute.name(), Field: m.attribute.into.String(), How: plan.Given,
			Added: m.added, Removed: m.removed, At: x.program.at(m.attribute.pos),
		})
	}
	if a := x.state; a != nil && !ch.left && (ch.touched[a.path] || ch.creating && e != nil) {
		on := x.wantsOn(ch)
		c := plan.Change{
			Attribute: a.name(), How: plan.Unchanged, At: x.program.at(a.pos), After: appendBool(nil, on),
			OpenBefore: true, OpenAfter: true,
		}
		now := e == nil || a.isOn(e)
		if e != nil {
			c.Before = appendBool(nil, now)
		}
		if on != now {
			c.How = plan.Called
			if by := a.off; !on && by != nil {
				c.By = by.name
			} else if by := a.on; on && by != nil {
				c.By = by.name
			}
		}
		told(c)
	}
}

// explainField says what becomes of a field; some is false when the request
// does not speak of it. The value is the one with a number from 0.
func (x *run) explainField(f *field, e *entity, ch *change, value int, values []fieldValue) (c plan.Change, some bool) {
	c = plan.Change{Attribute: f.owner.name(), Field: f.path.String(), At: x.program.at(f.owner.pos)}
	if e != nil {
		if v := e.doc.Get(f.path); v.Exists() {
			c.Before = json.RawMessage(v.Raw())
		}
	}
	switch {
	case value < 0:
		touched := slices.ContainsFunc(f.sources, func(t template) bool { return ch.touches(t.attributes()) })
		c.How, c.After = plan.Unchanged, c.Before
		return redacted(c, f), touched && e != nil
	case values[value].source != nil:
		t := values[value].source
		var names []string
		for _, a := range t.attributes() {
			names = append(names, a.name())
		}
		c.How, c.Attribute, c.At = plan.Given, strings.Join(names, " "), x.program.at(t.pos)
		c.By = f.madeBy(t)
	case string(values[value].raw) == string(f.clear) && !ch.creating:
		c.How, c.At = plan.Cleared, x.program.at(f.clearPos)
	default:
		c.How, c.By, c.At = plan.Default, f.fallback.text, x.program.at(f.fallbackPos)
	}
	c.After = values[value].raw
	if e != nil && !f.isConfidential() && sameJSON(e.doc.Get(f.path), c.After) {
		c.How, c.By = plan.Unchanged, ""
	}
	c.OpenBefore, c.OpenAfter = f.owner.isOpen(c.Before), f.owner.isOpen(c.After)
	return redacted(c, f), true
}

// isOpen reports whether a value, as the API has it, is one of a closed set.
func (a *attribute) isOpen(raw json.RawMessage) bool {
	if len(raw) == 0 || string(raw) == "null" {
		return true
	}
	if a.target.Type == schema.Boolean {
		return string(raw) == "true" || string(raw) == "false"
	}
	for _, value := range a.toAPI {
		if string(value) == string(raw) {
			return true
		}
	}
	return false
}

// madeBy is the template and the transforms that make a field; empty where the
// value of one attribute is taken as it is.
func (f *field) madeBy(t *template) string {
	by := ""
	if len(t.parts) > 1 || len(t.parts) == 1 && len(t.parts[0].transforms) > 0 {
		by = t.text
	}
	if f.owner.toAPI != nil {
		by = strings.TrimSpace(by + " values")
	}
	if f.owner.write != nil {
		by = strings.TrimSpace(by + " | " + f.owner.write.Name)
	}
	return by
}

// redacted takes values out of a change that nobody may see.
func redacted(c plan.Change, f *field) plan.Change {
	if !f.isConfidential() {
		return c
	}
	for _, raw := range []*json.RawMessage{&c.Before, &c.After} {
		if len(*raw) > 0 {
			*raw = quoteJSON(plan.Redacted)
		}
	}
	return c
}

// isConfidential reports whether nobody may see what is written to the field.
func (f *field) isConfidential() bool {
	return f.owner.isConfidential() || isSecretName(f.path.String())
}

// isConfidential reports whether nobody may see the attribute's value.
func (a *attribute) isConfidential() bool {
	return a.secret || a.target.Mutability == schema.WriteOnly || isSecretName(a.path.Name) || isSecretName(a.path.Sub)
}

// isSecretName reports whether something is called as secrets are.
func isSecretName(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"password", "secret", "token", "credential", "private_key", "api_key", "apikey"},
		func(word string) bool { return strings.Contains(name, word) })
}

// explainFilter tells what becomes of each comparison of the listing's filter.
// One of them may be what candidates are looked up by; nil for none.
func (t *listPart) explainFilter(lookedUp *filter.Comparison) {
	if t.world.Explainer == nil {
		return
	}
	var walk func(filter.Expr)
	walk = func(expr filter.Expr) {
		switch expr := expr.(type) {
		case *filter.And:
			walk(expr.L)
			walk(expr.R)
		case *filter.Or:
			walk(expr.L)
			walk(expr.R)
		case *filter.Not:
			walk(expr.X)
		case *filter.ValuePath:
			walk(expr.Filter)
		case *filter.Comparison:
			t.explainTerm(expr, lookedUp)
		}
	}
	walk(t.filter.Root)
}

func (t *listPart) explainTerm(c, lookedUp *filter.Comparison) {
	term := plan.Term{Resource: t.name, Text: filter.Text(c), Handling: plan.Checked}
	if a := t.attributeOf(c.Path); a != nil {
		term.At = t.program.at(a.pos)
	}
	switch {
	case lookedUp != nil && c.Path == lookedUp.Path && c.Op == lookedUp.Op && c.Value == lookedUp.Value:
		term.Handling = plan.LookedUp
	case slices.Contains(t.sent, c):
		p := t.pushdown[c.Path]
		value, _ := c.Value.(string)
		text, _ := p.text(value)
		term.Handling, term.Query, term.At = plan.Narrowed, p.query+"="+text, t.program.at(p.pos)
	}
	t.world.Explainer.Decided(term)
}

// attributeOf returns the attribute that a path of a filter is about; nil if
// the mapping has none.
func (r *resourceType) attributeOf(path schema.Path) *attribute {
	if a := r.attribute(path); a != nil {
		return a
	}
	return r.attribute(path.Parent())
}
