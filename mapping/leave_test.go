package mapping

import (
	"context"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestLeaverGoesWhateverElseIsWrong deactivates somebody by requests in which
// something else can't be done, at whatever stage that is found out. The error is
// that of the other thing, and says that they were deactivated.
func TestLeaverGoesWhateverElseIsWrong(t *testing.T) {
	const off = `{"op":"replace","path":"active","value":"False"}`
	rejecting := []string{"unmapped: ignore", "unmapped: reject"}
	for name, test := range map[string]struct {
		method, body string
		scimType     scim.ErrorType
		edits        []string
	}{
		"PUT of a role that is nobody's":     {"PUT", `{"displayName":"x","roles":["Root"],"active":false}`, scim.InvalidValue, nil},
		"PUT without a userName":             {"PUT", `{"userName":null,"active":false}`, scim.InvalidValue, nil},
		"PUT of an object for a text":        {"PUT", `{"userName":{"a":[1]},"Active":"0"}`, scim.InvalidValue, nil},
		"PUT of what has no place":           {"PUT", `{"active":false,"title":"x"}`, scim.InvalidValue, rejecting},
		"PUT of an extension that is a text": {"PUT", `{"urn:ietf:params:scim:schemas:core:2.0:User":{"active":false},"displayName":{"x":[]}}`, scim.InvalidValue, nil},
		"PATCH of a role that is nobody's":   {"PATCH", patchOf(`{"op":"replace","path":"roles","value":["Root"]}`, off), scim.InvalidValue, nil},
		"PATCH that removes a name":          {"PATCH", patchOf(`{"op":"remove","path":"userName"}`, off), scim.Mutability, nil},
		"PATCH by a malformed path":          {"PATCH", patchOf(`{"op":"replace","path":"no thing","value":"x"}`, off), scim.InvalidPath, nil},
		"PATCH by an unknown op":             {"PATCH", patchOf(off, `{"op":"move","path":"displayName"}`), scim.InvalidSyntax, nil},
		"PATCH of both in one value":         {"PATCH", patchOf(`{"op":"replace","value":{"roles":["Root"],"active":false}}`), scim.InvalidValue, nil},
		"PATCH by a filter that is none":     {"PATCH", patchOf(`{"op":"replace","path":"emails[type eq","value":"x"}`, off), scim.InvalidFilter, nil},
		"PATCH of what has no place":         {"PATCH", patchOf(`{"op":"replace","path":"title","value":"x"}`, off), scim.InvalidPath, rejecting},
		"PATCH by SCIM 1.1":                  {"PATCH", `{"roles":[{"value":"Root"}],"active":false}`, scim.InvalidValue, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				if test.edits != nil {
					b.edit(test.edits...)
				}
				id := somebody(b)
				for range 2 {
					response := b.fails(400, test.scimType, test.method, "/Users/"+id, test.body)
					b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
					said := strings.Contains(response.Err.Detail, "The resource was deactivated, but")
					if changed := b.sandbox.Count("DELETE /api/users/{id}") == 1; said != (changed && len(response.Report.Warnings) == 1) {
						t.Errorf("%q, warnings %q", response.Err.Detail, response.Report.Warnings)
					}
					if !response.Report.Deactivates {
						t.Error("the report is not that of a deactivation")
					}
					b.sandbox.ResetCalls()
				}
				shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false, "externalId": "e1"})
			})
		})
	}
}

// TestLeaverGoesInBulk does so in an operation of a bulk request, even one that
// waits for another that fails.
func TestLeaverGoesInBulk(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.want(200, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
			{"method":"PUT","path":"/Users/`+id+`","data":{"roles":["Root"],"active":false}}]}`)
		b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
	})
}

// TestNothingIsDoneForOneWhoStays has requests that are wrong and take nobody's
// access, or whose word about it is not the last.
func TestNothingIsDoneForOneWhoStays(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		for _, request := range [][2]string{
			{"PUT", `{"active":false`},
			{"PUT", `{"active":false,"active":true}`},
			{"PUT", `[{"active":false}]`},
			{"PUT", `{"active":"no","displayName":"x"}`},
			{"PATCH", `{"Operations":[{"op":"replace","path":"active","value":false}`},
			{"PATCH", patchOf(`{"op":"replace","path":"active","value":false}`, `{"op":"replace","path":"active","value":true}`, `{"op":"move"}`)},
			{"PATCH", patchOf(`{"op":"replace","path":"active","value":"x"}`, `{"op":"move"}`)},
		} {
			b.writesNothing(func() {
				if response, _ := b.send(request[0], "/Users/"+id, request[1]); response.Status != 400 || response.Report.Deactivates {
					t.Errorf("%s: %d, %t", request[1], response.Status, response.Report.Deactivates)
				}
			})
		}
	})
}

// TestLeaverGoesBeforeOtherFields has the process end, or the API fail, right
// after the first write: that was the deactivation.
func TestLeaverGoesBeforeOtherFields(t *testing.T) {
	for method, body := range map[string]string{
		"PUT":   `{"displayName":"A","roles":"Member","active":false}`,
		"PATCH": patchOf(`{"op":"replace","path":"roles","value":"Member"}`, `{"op":"replace","value":{"displayName":"A","active":false}}`),
	} {
		t.Run(method, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.sandbox.Fail("GET /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError, Skip: 1}, 1)
				b.fails(502, "", method, "/Users/"+id, body)
				b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
				// What the API then does with the rest is told as it is.
				if b.dialect.DeactivatedNotFound {
					for range 2 {
						b.fails(400, scim.Mutability, method, "/Users/"+id, body)
					}
					b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
				} else {
					shows(t, b.want(200, method, "/Users/"+id, body), map[string]any{"active": false, "displayName": "A"})
					b.has(id, "ana.r | ana@corp.test | A | Member | Public+Finance DQ | off")
				}
				// Nothing differs: no error for ever.
				b.want(200, "PUT", "/Users/"+id, `{"userName":"ana.r","externalId":"e1","active":false}`)
			})
		})
	}
}

// TestWhatGuardsALeaver still does: the last Admin, a version, what may only be
// read, and the limits.
func TestWhatGuardsALeaver(t *testing.T) {
	const body = `{"active":false,"roles":["Root"]}`
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.writesNothing(func() {
			response := b.program.Serve(t.Context(), b.world, Request{
				Method: "PUT", Path: "/Users/" + id, Body: []byte(body), Base: testBase, IfMatch: `W/"other"`,
			})
			if response.Status != 412 {
				t.Errorf("with another version: %d %s", response.Status, response.Body)
			}
		})
		for _, other := range b.people() {
			b.byHand(other, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
		}
		b.byHand(id, func(u *qualytics.User) { u.Role = qualytics.RoleAdmin })
		b.writesNothing(func() { b.fails(400, scim.Mutability, "PUT", "/Users/"+id, body) })
		l := watched(b)
		l.refuse = refuseAll
		b.byHand(id, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
		b.writesNothing(func() { b.fails(503, "", "PUT", "/Users/"+id, body) })
	})
}

// TestLeaverWithAVersion is deactivated for the version that the request is for,
// and the rest of the request is done too.
func TestLeaverWithAVersion(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	version := b.version("/Users/" + id)
	response := b.program.Serve(t.Context(), b.world, Request{
		Method: "PUT", Path: "/Users/" + id, Body: []byte(`{"active":false,"displayName":"A"}`), Base: testBase, IfMatch: version,
	})
	if response.Status != 200 || response.Version == version {
		t.Errorf("%d %s", response.Status, response.Body)
	}
	b.has(id, "ana.r | ana@corp.test | A | Manager | Public+Finance DQ | off")
}

// locked is a Keeper whose locks, and whatever it stores, fail.
type locked struct{ *keeper }

var errStorage = &scim.Error{Status: 503, Detail: "No storage."}

func (locked) Lock(context.Context, ...string) (func(), error) { return nil, errStorage }

func (locked) Update(context.Context, string, string, func(Record) Record) (Record, error) {
	return Record{}, errStorage
}

// TestLeaverGoesWithoutALock has no storage to lock: whoever is to go goes, unless
// they are guarded, and nobody else is changed.
func TestLeaverGoesWithoutALock(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		other := b.created(`{"userName":"other"}`)
		b.world.Keeper = locked{b.keeper}
		response := b.fails(503, "", "PUT", "/Users/"+id, `{"displayName":"A","active":false}`)
		if !tells(response, "No storage.") || !tells(response, "was deactivated") {
			t.Errorf("%s", response.Body)
		}
		b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
		response = b.fails(503, "", "DELETE", "/Users/"+other, "")
		if !tells(response, "is shown as inactive until") || b.user(other).Active() {
			t.Errorf("%s", response.Body)
		}
		b.writesNothing(func() {
			b.fails(503, "", "PUT", "/Users/"+id, `{"active":true}`)
			b.fails(503, "", "POST", "/Users", `{"userName":"new"}`)
			for _, user := range b.people() {
				if b.user(user).Role == qualytics.RoleAdmin {
					b.fails(400, scim.Mutability, "PUT", "/Users/"+user, `{"active":false}`)
				}
			}
		})
		b.world.Keeper = b.keeper
		shows(t, b.want(200, "PUT", "/Users/"+id, `{"active":false}`), map[string]any{"active": false})
		b.want(204, "DELETE", "/Users/"+other, "")
		b.fails(404, "", "GET", "/Users/"+other, "")
	})
}

// TestLeaverGoesThoughOthersFail is a leaver in a bulk request whose operation
// refers to another that fails.
func TestLeaverGoesThoughOthersFail(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.edit(unmapped("keep")...)
		id := somebody(b)
		response, _ := b.send("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
			{"method":"POST","path":"/Users","bulkId":"boss","data":{"userName":"boss","roles":["Root"]}},
			{"method":"PUT","path":"/Users/`+id+`","data":{"active":false,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bulkId:boss"}}}}]}`)
		if o := response.Report.Operations; len(o) != 2 || o[1].Status != 409 || !strings.Contains(o[1].Err.Detail, "was deactivated") {
			t.Errorf("%s", response.Body)
		}
		b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
	})
}
