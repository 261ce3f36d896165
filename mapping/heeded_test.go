package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// unmoved is what an API answers that does not know what it was asked for.
func unmoved(id string) qualytics.Fault {
	return qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: fmt.Sprintf(
		`{"id":%s,"user_name":"ana.r","email":"ana@corp.test","name":"ana maria reis","role":"Manager",`+
			`"user_type":"Human","teams":["Public","Finance DQ"],"created_at":"2026-01-02T08:00:00Z","deleted_at":null}`, id)}
}

// TestRoleThatTheAPIDoesNotTake must not look like a change of access.
func TestRoleThatTheAPIDoesNotTake(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	b.sandbox.Fail("PUT /api/users/{id}", unmoved(id), -1)
	response := b.fails(502, "", "PUT", "/Users/"+id, `{"roles":[{"value":"Member"}]}`)
	if !strings.Contains(response.Err.Detail, "roles") {
		t.Errorf("the detail %q does not say what", response.Err.Detail)
	}
}

// TestTextThatTheAPISpellsItsWay is answered as the API holds it, and reported.
func TestTextThatTheAPISpellsItsWay(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	b.sandbox.Fail("PUT /api/users/{id}", unmoved(id), -1)
	response, doc := b.send("PUT", "/Users/"+id, `{"displayName":"ANA MARIA REIS"}`)
	if response.Status != 200 || doc["displayName"] != "ana maria reis" || len(response.Report.Dropped) != 1 {
		t.Errorf("%d %v, dropped %q", response.Status, doc["displayName"], response.Report.Dropped)
	}
}

// TestStateThatTheAPIDoesNotTake has an API that answers a deactivation with
// the account as it was.
func TestStateThatTheAPIDoesNotTake(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	b.sandbox.Fail("DELETE /api/users/{id}", unmoved(id), -1)
	b.fails(502, "", "PUT", "/Users/"+id, `{"active":false}`)
}

// TestReturnWithTeamsThatStay has an API that does not take teams away: nobody
// comes back with them.
func TestReturnWithTeamsThatStay(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.want(204, "DELETE", "/Users/"+id, "")
		b.sandbox.Fail("PUT /api/users/{id}", unmoved(id), 1)
		response := b.fails(502, "", "POST", "/Users", `{"userName":"ana.r","roles":[{"value":"Manager"}]}`)
		if !strings.Contains(response.Err.Detail, "teams") {
			t.Errorf("the detail %q does not say what", response.Err.Detail)
		}
		if user, _ := b.sandbox.UserByName("ana.r"); user.Active() {
			t.Error("somebody came back with the old teams")
		}
	})
}

// TestCallsWithBodiesOfTheirOwn maps an API that deactivates by a change.
func TestCallsWithBodiesOfTheirOwn(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.edit(`deactivate: {do: "DELETE /users/{id}"}`, `deactivate: {do: "PUT /users/{id}", set: {role: Member}}`)
	id := somebody(b)
	b.sandbox.ResetCalls()
	b.fails(502, "", "PUT", "/Users/"+id, `{"active":false}`)
	calls := b.sandbox.Calls()
	if last := calls[len(calls)-1]; last.Method != "PUT" || string(last.Body) != `{"role":"Member"}` {
		t.Errorf("%s with %s", last.Method, last.Body)
	}
	b.fails(502, "", "DELETE", "/Users/"+id, "")
	calls = b.sandbox.Calls()
	if last := calls[len(calls)-1]; last.Method != "PUT" || string(last.Body) != `{"role":"Member"}` {
		t.Errorf("deleted by %s with %s", last.Method, last.Body)
	}
}

// TestHoldsInAnyOrder compares lists of plain values, which have no order.
func TestHoldsInAnyOrder(t *testing.T) {
	list := &attribute{target: &schema.Attribute{Name: "tags", Type: schema.String, MultiValued: true}}
	for _, tt := range []struct {
		has, sent string
		want      bool
	}{
		{`["a","b"]`, `["b","a"]`, true},
		{`["a","b"]`, `["a","b","b"]`, false},
		{`["a"]`, `["b"]`, false},
		{`[1,2.5]`, `[2.5,1]`, true},
		{`[]`, `[]`, true},
		{`null`, `[]`, false},
		{`"a"`, `["a"]`, false},
		{`[["a"]]`, `["a"]`, false},
	} {
		v, _ := jsonpath.Document([]byte(tt.has))
		if list.holds(v, []byte(tt.sent)) != tt.want {
			t.Errorf("%s for %s: %t", tt.has, tt.sent, !tt.want)
		}
	}
	text := &attribute{target: &schema.Attribute{Name: "kind", Type: schema.String}}
	if v, _ := jsonpath.Document([]byte(`["a","b"]`)); text.holds(v, []byte(`["b","a"]`)) {
		t.Error("what is no list of plain values is compared like one")
	}
}
