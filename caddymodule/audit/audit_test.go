package audit

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// change is one of an attribute of the person 41.
func change(how plan.How, attribute string) plan.Change {
	return plan.Change{Resource: "User", ID: "41", Attribute: attribute, Field: attribute, How: how}
}

func call(purpose plan.Purpose, result plan.Result) plan.Call {
	return plan.Call{Resource: "User", ID: "41", Purpose: purpose, Writes: purpose.Writes(), Result: result}
}

func kept(result plan.Result) plan.Keep {
	return plan.Keep{Resource: "User", ID: "41", What: "that SCIM deleted it", Result: result}
}

// TestResults has what comes of changes by the calls that carry them.
func TestResults(t *testing.T) {
	created := change(plan.Given, "userName")
	created.ID = ""
	for _, c := range []struct {
		name      string
		decisions []plan.Decision
		changes   string
		record    plan.Result
	}{
		{"nothing", nil, "", ""},
		{"reads only", []plan.Decision{call(plan.Read, "")}, "", ""},
		{"unchanged", []plan.Decision{change(plan.Unchanged, "role")}, "", ""},
		{"never tried", []plan.Decision{change(plan.Given, "role")}, "role failed", ""},
		{"refused", []plan.Decision{change(plan.Given, "role"), call(plan.Update, plan.Failed)}, "role failed", ""},
		{"done", []plan.Decision{change(plan.Given, "role"), call(plan.Update, plan.Done)}, "role done", plan.Done},
		{"of another", []plan.Decision{change(plan.Given, "role"), plan.Call{Resource: "User", ID: "4", Purpose: plan.Update, Writes: true, Result: plan.Failed}}, "role failed", ""},
		{"created", []plan.Decision{created, call(plan.Create, plan.Done)}, "userName done", plan.Done},
		{"the second time", []plan.Decision{
			change(plan.Given, "role"), call(plan.Update, plan.Failed), change(plan.Given, "role"), call(plan.Update, plan.Done),
		}, "role done", plan.Done},
		{"without an answer", []plan.Decision{change(plan.Given, "role"), call(plan.Update, plan.Unknown)}, "role unknown", plan.Unknown},
		{"half of it", []plan.Decision{
			change(plan.Given, "role"), change(plan.Called, "active"), call(plan.Update, plan.Failed), call(plan.Deactivate, plan.Done),
		}, "role failed, active done", Partly},
		{"taken back", []plan.Decision{change(plan.Called, "active"), call(plan.Activate, plan.Done), call(plan.Undo, plan.Done)}, "active undone", plan.Undone},
		{"taken back perhaps", []plan.Decision{change(plan.Called, "active"), call(plan.Activate, plan.Done), call(plan.Undo, plan.Unknown)}, "active unknown", plan.Unknown},
		{"not taken back", []plan.Decision{change(plan.Called, "active"), call(plan.Activate, plan.Done), call(plan.Undo, plan.Failed)}, "active done", plan.Done},
		{"not taken", []plan.Decision{
			change(plan.Given, "role"), call(plan.Update, plan.Done), plan.Drop{Resource: "User", ID: "41", Attribute: "role", Why: plan.NotTaken},
		}, "role ignored", plan.Ignored},
		{"deleted", []plan.Decision{call(plan.Delete, plan.Done)}, "", plan.Done},
		{"deleted and not kept", []plan.Decision{change(plan.Called, "active"), call(plan.Delete, plan.Done), kept(plan.Unknown)}, "active done", plan.Unknown},
		{"kept alone", []plan.Decision{kept(plan.Done)}, "", plan.Done},
	} {
		var l Ledger
		for _, d := range c.decisions {
			l.Note(d)
		}
		l.Close()
		var changes []string
		for _, change := range l.Changes {
			changes = append(changes, fmt.Sprint(change.Attribute, " ", change.Result))
		}
		records := Records(&l, Record{Resource: "User", ID: "41"}, false)
		var result plan.Result
		if len(records) == 1 {
			result = records[0].Result
		}
		if got := strings.Join(changes, ", "); got != c.changes || result != c.record || len(records) > 1 {
			t.Errorf("%s: %q, %+v", c.name, got, records)
		}
	}
}

// TestReads bounds those that a record has, and none that writes.
func TestReads(t *testing.T) {
	var l Ledger
	for range MaxReads + 10 {
		l.Note(plan.Call{Resource: "User", Purpose: plan.List})
	}
	for range MaxReads + 10 {
		l.Note(call(plan.Update, plan.Done))
	}
	l.Close()
	records := Records(&l, Record{Resource: "User", ID: "41"}, false)
	if len(records) != 1 || len(records[0].Calls) != 2*MaxReads+10 {
		t.Errorf("%d records, with %d calls", len(records), len(records[0].Calls))
	}
}

// TestRecordInTheLog has the fields that the record has as JSON.
func TestRecordInTheLog(t *testing.T) {
	r := Record{
		Resource: "User", ID: "41", Result: plan.Done, Status: 200, Adopted: &Adopted{By: "emails"},
		Changes: []Change{{Attribute: "userName", After: json.RawMessage(`"<ana>"`), How: plan.Given, Result: plan.Done}},
	}
	fields := zapcore.NewMapObjectEncoder()
	if err := r.MarshalLogObject(fields); err != nil {
		t.Fatal(err)
	}
	logged, err := json.Marshal(fields.Fields)
	if err != nil {
		t.Fatal(err)
	}
	js, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var a, b map[string]any
	if json.Unmarshal(logged, &a) != nil || json.Unmarshal(js, &b) != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("logged %s, want %s", logged, js)
	}
}
