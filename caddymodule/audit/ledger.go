package audit

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// Ledger takes down what one request, or one operation of a bulk request, has
// decided and done, and finds out what came of it. The zero value is ready. It is
// not safe for concurrent use.
type Ledger struct {
	// Changes are those that were to be made, in their order, each with what
	// came of it.
	Changes []plan.Change

	Adoptions []plan.Adoption
	Drops     []plan.Drop
	Keeps     []plan.Keep

	// Calls are those that are over, in the order in which they ended.
	Calls []plan.Call
}

// Note takes down a decision.
func (l *Ledger) Note(d plan.Decision) {
	switch d := d.(type) {
	case plan.Change:
		if d.How != plan.Unchanged {
			l.Changes = append(l.Changes, d)
			l.supersede(len(l.Changes) - 1)
		}
	case plan.Adoption:
		l.Adoptions = append(l.Adoptions, d)
	case plan.Drop:
		l.Drops = append(l.Drops, d)
		if d.Why == plan.NotTaken {
			l.notTaken(d)
		}
	case plan.Keep:
		l.Keeps = append(l.Keeps, d)
	case plan.Call:
		l.Calls = append(l.Calls, d)
		if d.Writes {
			l.settle(d)
		}
	}
}

// Close says that nothing more is done: what was never tried has failed.
func (l *Ledger) Close() {
	for i := range l.Changes {
		if l.Changes[i].Result == "" {
			l.Changes[i].Result = plan.Failed
		}
	}
}

// settle finds out what a call has made of the changes that it carries.
func (l *Ledger) settle(call plan.Call) {
	if call.Purpose == plan.Undo {
		l.undo(call)
		return
	}
	for i := range l.Changes {
		c := &l.Changes[i]
		isMade := c.ID == "" && call.Purpose == plan.Create
		if c.Result != "" || c.Resource != call.Resource || c.ID != call.ID && !isMade {
			continue
		}
		if isMade {
			// The calls that go on with it name it.
			c.ID = call.ID
		}
		if carries(call.Purpose, c.How) {
			c.Result = call.Result
			l.supersede(i)
		}
	}
}

// carries reports whether a call for this purpose brings about changes of a kind.
func carries(purpose plan.Purpose, how plan.How) bool {
	switch how {
	case plan.Given, plan.Default, plan.Set, plan.Cleared:
		return purpose == plan.Create || purpose == plan.Update || purpose == plan.Readmit
	case plan.Called:
		return purpose == plan.Activate || purpose == plan.Deactivate || purpose == plan.Delete
	}
	return false
}

// undo takes note of a call that takes back what was done before it.
func (l *Ledger) undo(call plan.Call) {
	for i := range l.Changes {
		c := &l.Changes[i]
		if c.Resource != call.Resource || c.ID != call.ID || c.Result != plan.Done && c.Result != plan.Unknown {
			continue
		}
		switch {
		case call.Result == plan.Done:
			c.Result = plan.Undone
		case call.Result == plan.Unknown:
			c.Result = plan.Unknown
		}
	}
}

// notTaken takes note of what the API's answer shows.
func (l *Ledger) notTaken(d plan.Drop) {
	for i := range l.Changes {
		c := &l.Changes[i]
		if c.Resource == d.Resource && c.ID == d.ID && c.Result == plan.Done && slices.Contains(strings.Fields(c.Attribute), d.Attribute) {
			c.Result = plan.Ignored
		}
	}
}

// supersede forgets attempts that failed at what was done at last.
func (l *Ledger) supersede(done int) {
	c := l.Changes[done]
	if c.Result != plan.Done {
		return
	}
	l.Changes = slices.DeleteFunc(l.Changes, func(other plan.Change) bool {
		return other.Result == plan.Failed && other.Resource == c.Resource && other.ID == c.ID &&
			other.Attribute == c.Attribute && other.Field == c.Field
	})
}

// Discreet takes out of a change what says something of a person, unless it is to
// be shown.
func Discreet(c plan.Change, values bool) plan.Change {
	if !values && !c.OpenBefore {
		c.Before = covered(c.Before)
	}
	if !values && !c.OpenAfter {
		c.After = covered(c.After)
	}
	return c
}

// covered says of a value only that there is one.
func covered(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return raw
	}
	return json.RawMessage(`"` + plan.Redacted + `"`)
}
