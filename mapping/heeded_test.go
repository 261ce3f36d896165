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

// nothingDone is what an API may say to a call that changes a state and that it
// does nothing about.
func nothingDone(id string) map[string]qualytics.Fault {
	return map[string]qualytics.Fault{
		"the account as it was": unmoved(id),
		"nothing":               {Kind: qualytics.Canned, Status: 204},
		"200 and nothing":       {Kind: qualytics.Canned, Status: 200},
		"no account":            {Kind: qualytics.Canned, Status: 200, Body: `{"ok":true}`},
		"the id alone":          {Kind: qualytics.Canned, Status: 200, Body: `{"id":` + id + `}`},
		"another account":       {Kind: qualytics.Canned, Status: 200, Body: `{"id":4711,"deleted_at":"2026-01-02T08:00:00Z"}`},
	}
}

// TestDeactivationThatTheAPIDoesNotDo must not look like one, whatever the API
// answers and by whatever request somebody is to go.
func TestDeactivationThatTheAPIDoesNotDo(t *testing.T) {
	for name, request := range map[string][2]string{
		"PUT":    {"PUT", `{"active":false}`},
		"PATCH":  {"PATCH", patchOf(`{"op":"replace","path":"active","value":false}`)},
		"DELETE": {"DELETE", ""},
	} {
		for answer := range nothingDone("1") {
			t.Run(name+" "+answer, func(t *testing.T) {
				inBothDialects(t, func(t *testing.T, b *bench) {
					id := somebody(b)
					b.sandbox.Fail("DELETE /api/users/{id}", nothingDone(id)[answer], 1)
					response := b.fails(502, "", request[0], "/Users/"+id, request[1])
					if !tells(response, "did not change active") {
						t.Errorf("%s", response.Body)
					}
					shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": true, "externalId": "e1"})
					// It is no deletion that a later deactivation by somebody else ends.
					b.byHand(id, switchOff)
					shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false})
				})
			})
		}
	}
}

// TestRestoreThatTheAPIDoesNotDo must not look like one either.
func TestRestoreThatTheAPIDoesNotDo(t *testing.T) {
	for answer := range nothingDone("1") {
		t.Run(answer, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.want(200, "PUT", "/Users/"+id, `{"active":false}`)
				fault := nothingDone(id)[answer]
				fault.Body = strings.Replace(fault.Body, `"deleted_at":null`, `"deleted_at":"2026-01-02T08:00:00Z"`, 1)
				b.sandbox.Fail("POST /api/users/{id}/restore", fault, 1)
				b.fails(502, "", "PUT", "/Users/"+id, `{"active":true}`)
				shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false})
				shows(t, b.want(200, "PUT", "/Users/"+id, `{"active":true}`), map[string]any{"active": true})
			})
		})
	}
}

// TestStateThatOneReadingShows has the API do what it is asked and not show it in
// its answer: it is read once, and that decides.
func TestStateThatOneReadingShows(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.sandbox.Before("DELETE /api/users/{id}", 1, func(*qualytics.Sandbox) { b.byHand(id, switchOff) })
		b.sandbox.Fail("DELETE /api/users/{id}", unmoved(id), 1)
		b.costs(3, func() {
			shows(t, b.want(200, "PUT", "/Users/"+id, `{"active":false}`), map[string]any{"active": false})
		})
	})
}

// TestStateThatCannotBeRead leaves open what the API has done, and a repeat
// finds it out.
func TestStateThatCannotBeRead(t *testing.T) {
	for name, request := range map[string][2]string{"PUT": {"PUT", `{"active":false}`}, "DELETE": {"DELETE", ""}} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.sandbox.Fail("GET /api/users/{id}", qualytics.Fault{Kind: qualytics.Unavailable, Skip: 1}, 1)
				response := b.fails(503, "", request[0], "/Users/"+id, request[1])
				if !tells(response, "is not known") || response.RetryAfter == 0 {
					t.Errorf("%s", response.Body)
				}
				if response, _ := b.send(request[0], "/Users/"+id, request[1]); response.Status/100 != 2 || b.user(id).Active() {
					t.Errorf("the repeat: %d %s", response.Status, response.Body)
				}
			})
		})
	}
}

// TestGroupThatTheAPIDoesNotDelete keeps what is kept of it.
func TestGroupThatTheAPIDoesNotDelete(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.want(200, "PUT", b.path(), `{"externalId":"g1"}`)
		b.sandbox.Fail("DELETE /api/teams/{id}", qualytics.Fault{Kind: qualytics.Canned, Status: 204}, 1)
		if response := b.fails(502, "", "DELETE", b.path(), ""); !tells(response, "did not delete the Group") {
			t.Errorf("%s", response.Body)
		}
		shows(t, b.want(200, "GET", b.path(), ""), map[string]any{"externalId": "g1"})
		b.want(204, "DELETE", b.path(), "")
	})
}

// TestUndoThatTheAPIDoesNotDo is told to the operator.
func TestUndoThatTheAPIDoesNotDo(t *testing.T) {
	b := newBench(t, qualytics.Config{CreateMakesService: true})
	b.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.Canned, Status: 204}, 1)
	if response := b.fails(501, "", "POST", "/Users", `{"userName":"new"}`); len(response.Report.Warnings) != 1 {
		t.Errorf("warnings %q", response.Report.Warnings)
	}
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
	if call := calls[len(calls)-2]; call.Method != "PUT" || string(call.Body) != `{"role":"Member"}` {
		t.Errorf("%s with %s", call.Method, call.Body)
	}
	b.fails(502, "", "DELETE", "/Users/"+id, "")
	calls = b.sandbox.Calls()
	if call := calls[len(calls)-2]; call.Method != "PUT" || string(call.Body) != `{"role":"Member"}` {
		t.Errorf("deleted by %s with %s", call.Method, call.Body)
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
