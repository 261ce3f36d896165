package mapping

import (
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestDeactivatesWhateverElseFails lets somebody go together with a change that
// the API refuses. Nothing else of the request is done then.
func TestDeactivatesWhateverElseFails(t *testing.T) {
	faults := map[string]struct {
		fault  qualytics.Fault
		status int
		scim   scim.ErrorType
	}{
		"422":       {qualytics.Fault{Kind: qualytics.Canned, Status: 422, Body: `{"detail":[{"loc":["body","name"]}]}`}, 400, scim.InvalidValue},
		"409":       {qualytics.Fault{Kind: qualytics.Canned, Status: 409}, 409, scim.Uniqueness},
		"500":       {qualytics.Fault{Kind: qualytics.ServerError}, 502, ""},
		"429":       {qualytics.Fault{Kind: qualytics.TooManyRequests}, 429, ""},
		"HTML":      {qualytics.Fault{Kind: qualytics.HTMLPage}, 502, ""},
		"unreached": {qualytics.Fault{Kind: qualytics.ResetBefore}, 502, ""},
	}
	bodies := map[string]string{
		"PUT":   `{"userName":"ana.r","displayName":"X","externalId":"e2","active":false}`,
		"PATCH": patchOf(`{"op":"replace","value":{"displayName":"X","externalId":"e2","active":false}}`),
	}
	for name, test := range faults {
		for method, body := range bodies {
			t.Run(method+" "+name, func(t *testing.T) {
				inBothDialects(t, func(t *testing.T, b *bench) {
					id := somebody(b)
					b.sandbox.Fail("PUT /api/users/{id}", test.fault, 1)
					response := b.fails(test.status, test.scim, method, "/Users/"+id, body)
					b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
					if len(response.Report.Warnings) != 1 {
						t.Errorf("warnings %q", response.Report.Warnings)
					}
					shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false, "externalId": "e1"})
				})
			})
		}
	}
}

// TestDeactivatedWithoutAnAnswer has the API say of a deactivation that was done
// that there is no such user, as it does to a repeat, and fail at the question
// whether there is. Nobody is to take that for a user who is gone.
func TestDeactivatedWithoutAnAnswer(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.sandbox.Before("DELETE /api/users/{id}", 1, func(s *qualytics.Sandbox) {
			b.byHand(id, func(u *qualytics.User) { u.DeletedAt = new(time.Now()) })
			s.Fail("GET /api/users*", qualytics.Fault{Kind: qualytics.ServerError}, 1)
		})
		b.fails(502, "", "PUT", "/Users/"+id, `{"userName":"ana.r","active":false}`)
		shows(t, b.want(200, "PUT", "/Users/"+id, `{"userName":"ana.r","active":false}`), map[string]any{"active": false})
	})
}

// TestChangeOfTheDeactivated changes another attribute of a deactivated user.
func TestChangeOfTheDeactivated(t *testing.T) {
	bodies := map[string]string{
		"PUT":   `{"userName":"ana.r","displayName":"X","roles":"Admin"}`,
		"PATCH": patchOf(`{"op":"replace","path":"displayName","value":"X"}`, `{"op":"replace","path":"roles","value":"Admin"}`),
	}
	together := map[string]string{
		"PUT":   `{"displayName":"X","roles":"Admin","active":"true"}`,
		"PATCH": patchOf(`{"op":"replace","path":"displayName","value":"X"}`, `{"op":"replace","path":"roles","value":"Admin"}`, `{"op":"replace","path":"active","value":true}`),
	}
	for method, body := range bodies {
		t.Run(method, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.byHand(id, switchOff)
				if b.dialect.DeactivatedNotFound {
					before := b.sandbox.Users()
					b.fails(400, scim.Mutability, method, "/Users/"+id, body)
					b.sameUsers(before)
				} else {
					shows(t, b.want(200, method, "/Users/"+id, body), map[string]any{"displayName": "X", "active": false})
				}
				shows(t, b.want(200, method, "/Users/"+id, together[method]), map[string]any{"displayName": "X", "active": true})
				b.has(id, "ana.r | ana@corp.test | X | Admin | Public+Finance DQ | on")
			})
		})
	}
}

// TestRestoreWithAFailingChange restores somebody together with a change that
// the API refuses: nothing has happened then.
func TestRestoreWithAFailingChange(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.byHand(id, switchOff)
		b.fails(409, scim.Uniqueness, "PUT", "/Users/"+id, `{"userName":"ana.reis","active":true}`)
		b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false})
	})
}

// TestSwitchedMeanwhile has another writer switch the user just before.
func TestSwitchedMeanwhile(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.sandbox.Before("DELETE /api/users/{id}", 1, func(*qualytics.Sandbox) { b.byHand(id, switchOff) })
		shows(t, b.want(200, "PUT", "/Users/"+id, `{"active":false}`), map[string]any{"active": false})
		b.sandbox.Before("POST /api/users/{id}/restore", 1, func(*qualytics.Sandbox) { b.byHand(id, switchOn) })
		shows(t, b.want(200, "PUT", "/Users/"+id, `{"active":true}`), map[string]any{"active": true})
	})
}

// TestSwitchFails has the call that switches fail.
func TestSwitchFails(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError}, 1)
		b.fails(502, "", "PUT", "/Users/"+id, `{"active":false}`)
		b.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.HTMLPage}, 1)
		b.fails(502, "", "PUT", "/Users/"+id, `{"active":false}`)
		b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | on")
	})
}
