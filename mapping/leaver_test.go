package mapping

import (
	"strconv"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// left makes a user, has another writer give it more access, and deletes it
// over SCIM.
func left(b *bench) (id string) {
	b.t.Helper()
	b.sandbox.Seed(12, 3)
	id = b.created(`{"userName":"leaver","displayName":"Lea Ver","externalId":"old-1","emails":[{"value":"leaver@corp.test"}]}`)
	b.byHand(id, func(u *qualytics.User) { u.Role, u.Teams = qualytics.RoleAdmin, []string{"Finance DQ", "Sales DQ"} })
	b.want(204, "DELETE", "/Users/"+id, "")
	b.has(id, "leaver | leaver@corp.test | Lea Ver | Admin | Public+Finance DQ+Sales DQ | off")
	return id
}

func TestReturn(t *testing.T) {
	tests := map[string]struct{ body, has string }{
		"with nothing said":      {`{"userName":"leaver"}`, "leaver | leaver@corp.test | leaver | Member | Public | on"},
		"in another case":        {`{"userName":"LEAVER"}`, "LEAVER | leaver@corp.test | LEAVER | Member | Public | on"},
		"with a role":            {`{"userName":"leaver","displayName":"Lea","roles":["manager"]}`, "leaver | leaver@corp.test | Lea | Manager | Public | on"},
		"inactive":               {`{"userName":"leaver","active":false}`, "leaver | leaver@corp.test | leaver | Member | Public | off"},
		"inactive with a role":   {`{"userName":"leaver","active":"false","roles":"Admin"}`, "leaver | leaver@corp.test | leaver | Admin | Public | off"},
		"with the same access":   {`{"userName":"leaver","roles":["Admin"],"groups":[{"value":"2"}]}`, "leaver | leaver@corp.test | leaver | Admin | Public | on"},
		"with another address":   {`{"userName":"leaver","emails":"n@corp.test"}`, "leaver | n@corp.test | leaver | Member | Public | on"},
		"with an empty role":     {`{"userName":"leaver","roles":[]}`, "leaver | leaver@corp.test | leaver | Member | Public | on"},
		"with active as a 'yes'": {`{"userName":"leaver","active":"TRUE"}`, "leaver | leaver@corp.test | leaver | Member | Public | on"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := left(b)
				people := len(b.sandbox.Users())
				doc := b.want(201, "POST", "/Users", test.body)
				shows(t, doc, map[string]any{"id": id, "externalId": nil, "active": b.user(id).Active()})
				// All that is left of its groups is that of the role it has now.
				for _, group := range roleGroupsOf(b.user(id).Role) {
					shows(t, doc, map[string]any{"groups.0.value": group})
				}
				shows(t, doc, map[string]any{"groups." + strconv.Itoa(len(roleGroupsOf(b.user(id).Role))): nil})
				b.has(id, test.has)
				if got := len(b.sandbox.Users()); got != people {
					t.Errorf("%d users, want %d", got, people)
				}
				shows(t, b.want(200, "GET", "/Users/"+id, ""), doc)
				shows(t, b.want(200, "GET", "/Users?count=0", ""), map[string]any{"totalResults": 13.0})
				if ids := b.found(`externalId eq "old-1"`); len(ids) > 0 {
					t.Errorf("the old externalId finds %v", ids)
				}
				// Whoever is back is somebody's: nobody else gets the account.
				b.fails(409, scim.Uniqueness, "POST", "/Users", test.body)
			})
		})
	}
}

// TestReturnInTwoSteps has every call of a return fail once: nobody may be
// active with the old access, and a repeat completes the return.
func TestReturnInTwoSteps(t *testing.T) {
	faults := map[string]qualytics.Fault{
		"500":        {Kind: qualytics.ServerError},
		"503":        {Kind: qualytics.Unavailable},
		"422":        {Kind: qualytics.Canned, Status: 422, Body: `{"detail":[]}`},
		"409":        {Kind: qualytics.Canned, Status: 409, Body: `{"detail":"x"}`},
		"HTML":       {Kind: qualytics.HTMLPage},
		"broken":     {Kind: qualytics.BrokenJSON},
		"unreached":  {Kind: qualytics.ResetBefore},
		"unanswered": {Kind: qualytics.ResetAfter},
	}
	for _, call := range []string{"PUT /api/users/{id}", "POST /api/users/{id}/restore"} {
		for name, fault := range faults {
			t.Run(call+" "+name, func(t *testing.T) {
				inBothDialects(t, func(t *testing.T, b *bench) {
					id, fault := left(b), fault
					if b.dialect.DeactivatedNotFound && call[:3] == "PUT" {
						// The first attempt is refused with 404 anyway.
						fault.Skip = 1
					}
					b.sandbox.Fail(call, fault, 1)
					response, _ := b.send("POST", "/Users", `{"userName":"leaver"}`)
					if response.Status < 400 {
						t.Fatalf("status %d", response.Status)
					}
					u := b.user(id)
					if u.Active() && (u.Role != qualytics.RoleMember || len(u.Teams) > 1) {
						t.Fatalf("active with the old access: %s", shown(u))
					}
					if u.Active() && fault.Kind != qualytics.ResetAfter {
						t.Errorf("active after an error: %s", shown(u))
					}
					b.sandbox.ClearFaults()
					b.completed(id)
				})
			})
		}
	}
}

// completed repeats the POST of a leaver until it is back, as a provider does:
// by a POST, or, where a look-up finds somebody, by a PUT.
func (b *bench) completed(id string) {
	b.t.Helper()
	if len(b.found(`userName eq "leaver"`)) > 0 {
		b.want(200, "PUT", "/Users/"+id, `{"userName":"leaver","displayName":"leaver","active":true}`)
	} else if got := b.created(`{"userName":"leaver"}`); got != id {
		b.t.Errorf("the repeat made %s, not %s", got, id)
	}
	b.has(id, "leaver | leaver@corp.test | leaver | Member | Public | on")
}

// TestReturnCannotBeUndone has an API that does not change what is deactivated
// fail at everything after it brought somebody back.
func TestReturnCannotBeUndone(t *testing.T) {
	b := newBench(t, qualytics.Config{Dialect: qualytics.DialectB()})
	id := left(b)
	b.sandbox.Fail("PUT /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError, Skip: 1}, 1)
	b.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError}, 1)
	response := b.fails(502, "", "POST", "/Users", `{"userName":"leaver"}`)
	if len(response.Report.Warnings) != 1 || !b.user(id).Active() {
		t.Errorf("warnings %q about %s", response.Report.Warnings, shown(b.user(id)))
	}
}

// TestReturnInactiveCannotBeDeactivated has the last step of a return fail.
func TestReturnInactiveCannotBeDeactivated(t *testing.T) {
	b := newBench(t, qualytics.Config{Dialect: qualytics.DialectB()})
	id := left(b)
	b.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.ServerError}, 1)
	response := b.fails(502, "", "POST", "/Users", `{"userName":"leaver","active":false}`)
	if len(response.Report.Warnings) != 1 {
		t.Errorf("warnings %q", response.Report.Warnings)
	}
	b.has(id, "leaver | leaver@corp.test | leaver | Member | Public | on")
}

// TestRestoreKeepsAccess has a deactivated user, whom nobody deleted, switched
// on again.
func TestRestoreKeepsAccess(t *testing.T) {
	bodies := map[string]string{
		"PUT":   `{"userName":"back","active":true}`,
		"PATCH": patchOf(`{"op":"Replace","path":"active","value":"True"}`),
	}
	for method, body := range bodies {
		t.Run(method, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 3)
				id := b.created(`{"userName":"back","roles":["Admin"],"externalId":"e1"}`)
				b.byHand(id, func(u *qualytics.User) { u.Teams = []string{"Finance DQ"} })
				b.want(200, method, "/Users/"+id, `{"active":false,"Operations":[{"op":"replace","path":"active","value":false}]}`)
				b.has(id, "back | - | back | Admin | Public+Finance DQ | off")
				shows(t, b.want(200, method, "/Users/"+id, body), map[string]any{"active": true, "externalId": "e1"})
				b.has(id, "back | - | back | Admin | Public+Finance DQ | on")
			})
		})
	}
}
