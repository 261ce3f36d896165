package tests

import (
	"net/http"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// canned has the API answer a call once with a status and a body.
func canned(st *stack, pattern string, status int, body string) {
	st.sandbox.Fail(pattern, qualytics.Fault{
		Kind: qualytics.Canned, Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}, 1)
}

// TestAuditOfHalfOfIt has what was done of a request that failed on its way, and
// nothing of one that failed before.
func TestAuditOfHalfOfIt(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(8, 2)
	ask := st.asks(t)
	refusal := `{"detail":[{"loc":["body","role"],"msg":"no","type":"no"}]}`

	canned(st, "PUT /api/users/{id}", 422, refusal)
	audited(t, ask(400, "PATCH", "/Users/5", patchOf("roles", `[{"value":"Manager"}]`)))

	canned(st, "PUT /api/users/{id}", 422, refusal)
	audited(t, ask(400, "PUT", "/Users/5", `{"roles":[{"value":"Manager"}],"active":false}`), `
replace User 5 warn: partly 400
  active called [true] [false] done
  roles given ["Member"] ["Manager"] failed
  kept that it is the provider's
  kept that the provider has it as inactive
  DELETE /api/users/5 204 done
  PUT /api/users/5 422 failed
  warning The resource was deactivated, but its other attributes could not be changed.`)

	canned(st, "PUT /api/users/{id}", 422, refusal)
	audited(t, ask(400, "PUT", "/Users/5", `{"roles":[{"value":"Manager"}],"active":true}`), `
replace User 5 warn: undone 400
  roles given ["Member"] ["Manager"] failed
  active called [false] [true] undone
  POST /api/users/5/restore 200 done
  PUT /api/users/5 422 failed
  DELETE /api/users/5 204 done`)

	// The API says 200 and does nothing.
	canned(st, "PUT /api/users/{id}", 200, `{"id":6,"user_name":"dmitri.volkov","email":"dmitri.volkov@corp.test","name":"Dmitri Volkov","role":"Member","user_type":"Human","teams":["Public"],"deleted_at":null}`)
	audited(t, ask(502, "PATCH", "/Users/6", patchOf("roles", `[{"value":"Manager"}]`)), `
patch User 6 warn: ignored 502
  roles given ["Member"] ["Manager"] ignored
  PUT /api/users/6 200 done`)

	// The answer is lost, of what is not repeated.
	st.sandbox.Fail("POST /api/users", qualytics.Fault{Kind: qualytics.ResetAfter}, 1)
	audited(t, ask(502, "POST", "/Users", `{"userName":"nova.lima"}`), `
create User  warn: unknown 502
  displayName default [] ["REDACTED"] unknown
  userName given [] ["REDACTED"] unknown
  roles default [] ["Member"] unknown
  POST /api/users 0 unknown`)
	audited(t, ask(201, "POST", "/Users", `{"userName":"nova.lima"}`), `
create User 11 info: done 201
  adopted by userName back false
  kept that it is the provider's
`)

	// One of two people can't be changed, and a repeat of the request does the rest.
	both := `{"displayName":"Qualytics Manager","members":[{"value":"8"},{"value":"7"},{"value":"6"}]}`
	st.sandbox.Fail("PUT /api/users/{id}", qualytics.Fault{
		Kind: qualytics.Canned, Status: 422, Skip: 1, Header: http.Header{"Content-Type": {"application/json"}}, Body: refusal,
	}, 1)
	mark := caddyLog.mark()
	st.scim(t, 400, "PUT", "/Groups/role-manager", both)
	records := auditSince(t, mark)
	if len(records) != 2 || records[0].Result != "done" || records[0].Resource != "User" ||
		records[1].ID != "role-manager" || len(records[1].Changes) != 1 || len(records[1].Changes[0].Added) != 1 || records[1].Changes[0].Added[0] != records[0].ID {
		t.Errorf("%+v", records)
	}
}

// TestAuditOfUndo has an API that makes a service user of a person.
func TestAuditOfUndo(t *testing.T) {
	st := start(t, setup{sandbox: qualytics.Config{CreateMakesService: true}})
	st.sandbox.Seed(3, 1)
	ask := st.asks(t)
	audited(t, ask(501, "POST", "/Users", `{"userName":"nova.lima"}`), `
create User 6 warn: undone 501
  displayName default [] ["REDACTED"] undone
  userName given [] ["REDACTED"] undone
  roles default [] ["Member"] undone
  POST /api/users 200 done
  DELETE /api/users/6 204 done`)
}

// TestAuditOfRefusals has what the guard of the mapping and the limits of the
// Caddyfile keep from being done.
func TestAuditOfRefusals(t *testing.T) {
	st := start(t, setup{edit: withOptions("max_deactivations 1 1h\nmax_group_shrink 10% 1\naudit values")})
	st.sandbox.Seed(8, 1)
	ask := st.asks(t)
	audited(t, ask(400, "PATCH", "/Users/2", patchOf("active", "false")), `
patch User 2 warn: refused 400
  active called [true] [false] failed`)
	audited(t, ask(204, "DELETE", "/Users/4", ""), `
delete User 4 info: done 204
  active called [true] [false] done
  kept that SCIM deleted it
  DELETE /api/users/4 204 done`)
	audited(t, ask(503, "PUT", "/Users/5", `{"active":false}`), `
replace User 5 warn: refused 503
  active called [true] [false] failed`)
	audited(t, ask(503, "PUT", "/Groups/2", `{"members":[]}`), `
replace Group 2 warn: refused 503`)
	audited(t, ask(200, "PUT", "/Users/5", `{"displayName":"Chloe M.","password":"hunter2hunter2"}`), `
replace User 5 info: done 200
  displayName given ["Chloe Martin"] ["Chloe M."] done
  kept that it is the provider's
  PUT /api/users/5 200 done`)
}

// TestNoAudit writes nothing where the Caddyfile says so.
func TestNoAudit(t *testing.T) {
	st := start(t, setup{edit: withOptions("audit off")})
	st.sandbox.Seed(3, 1)
	audited(t, st.asks(t)(204, "DELETE", "/Users/4", ""))
}

// TestAuditWithoutRecentRequests is as complete as with them.
func TestAuditWithoutRecentRequests(t *testing.T) {
	st := start(t, setup{edit: withOptions("recent_requests off")})
	st.sandbox.Seed(3, 1)
	audited(t, st.asks(t)(200, "PATCH", "/Users/4", patchOf("active", "false")), `
patch User 4 info: done 200
  active called [true] [false] done
  kept that it is the provider's
  kept that the provider has it as inactive
  DELETE /api/users/4 204 done`)
}
