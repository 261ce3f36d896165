package mapping

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// isGone fails when SCIM still knows the user in any way.
func (b *bench) isGone(id string) {
	b.t.Helper()
	u := b.user(id)
	b.fails(404, "", "GET", "/Users/"+id, "")
	b.fails(404, "", "PUT", "/Users/"+id, `{"userName":"x","active":true}`)
	b.fails(404, "", "PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"active","value":true}`))
	b.fails(404, "", "DELETE", "/Users/"+id, "")
	for _, filter := range []string{
		`userName eq "` + u.UserName + `"`, `id eq "` + id + `"`, `externalId eq "e1"`, `emails.value eq "ana@corp.test"`,
		`displayName co "Maria"`, `active eq false and userName sw "ana.r"`, `not (userName ne "` + u.UserName + `")`,
	} {
		if contains(b.found(filter), id) {
			b.t.Errorf("%s finds the user %s", filter, id)
		}
	}
	if contains(idsOf(b.t, b.want(200, "GET", "/Users?count=1000", "")), id) {
		b.t.Errorf("the user %s is in the list", id)
	}
	b.sameUsers(b.sandbox.Users())
	if b.user(id).Active() {
		b.t.Errorf("the user %s is active", id)
	}
}

func TestDelete(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		total := at(b.want(200, "GET", "/Users?count=0", ""), "totalResults").(float64)
		b.costs(3, func() {
			response, _ := b.send("DELETE", "/Users/"+id, "")
			if response.Status != 204 || response.Body != nil || response.Report.ID != id {
				t.Errorf("answer %+v", response)
			}
		})
		b.has(id, "ana.r | ana@corp.test | Ana Maria Reis | Manager | Public+Finance DQ | off")
		b.isGone(id)
		shows(t, b.want(200, "GET", "/Users?count=0", ""), map[string]any{"totalResults": total - 1})
		// Another process, which has the records alone, knows it as well.
		b.memory = newMemory()
		b.world.Correlations = b.memory
		b.isGone(id)
		shows(t, b.want(200, "GET", "/Users?count=0", ""), map[string]any{"totalResults": total - 1})
	})
}

func TestDeleteOfTheUnseenCosts(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		b.costs(3, func() { b.want(204, "DELETE", "/Users/4", "") })
		if b.user("4").Active() {
			t.Error("the user is active")
		}
	})
}

// TestDeleteLooksFirst has somebody become what SCIM may not take away after they
// were seen, and all be remembered: what is remembered decides nothing.
func TestDeleteLooksFirst(t *testing.T) {
	for name, test := range map[string]struct {
		become func(u *qualytics.User)
		status int
	}{
		"a service user": {func(u *qualytics.User) { u.Type = qualytics.TypeService }, 404},
		"the last Admin": {func(u *qualytics.User) { u.Role = qualytics.RoleAdmin }, 403},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 1)
				for _, id := range b.people() {
					b.byHand(id, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
				}
				id := b.created(`{"userName":"ana.r"}`)
				b.found(`userName eq "nobody"`)
				b.byHand(id, test.become)
				b.writesNothing(func() { b.fails(test.status, "", "DELETE", "/Users/"+id, "") })
			})
		})
	}
}

func TestDeleteOfTheDeactivated(t *testing.T) {
	for name, known := range map[string]bool{"seen": true, "unseen": false} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.byHand(id, switchOff)
				if known {
					b.want(200, "GET", "/Users/"+id, "")
				} else {
					b.memory = newMemory()
					b.world.Correlations = b.memory
				}
				b.want(204, "DELETE", "/Users/"+id, "")
				b.isGone(id)
			})
		})
	}
}

func TestOddIDs(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		for _, id := range []string{
			"00919288221112222", "..", "../users/me", "me", "2%3Fx", "2?x", "2#", "0x2", "+2", "-2", "2.0", " 2", "2 ", "0", "99999999999999999999", "9223372036854775808",
			"2/restore", "%2e%2e", "\x00", strings.Repeat("9", 5000), "2\n", "٢", "null", "{id}",
		} {
			if id == "0" || id == "2?x" {
				continue // an id like any other, and an id with a query
			}
			b.costs(0, func() {
				for method, body := range map[string]string{"GET": "", "PUT": `{"userName":"x"}`, "PATCH": patchOf(`{"op":"replace","path":"active","value":false}`), "DELETE": ""} {
					response := b.fails(404, "", method, "/Users/"+id, body)
					if len(id) > 3 && strings.Contains(string(response.Body)+response.Report.ID, id) {
						t.Errorf("the answer repeats %q: %s", id, response.Body)
					}
				}
			})
		}
		b.writesNothing(func() {
			for _, id := range []string{"0", "4711", "9223372036854775807"} {
				b.fails(404, "", "GET", "/Users/"+id, "")
				b.fails(404, "", "DELETE", "/Users/"+id, "")
				b.fails(404, "", "PUT", "/Users/"+id, `{"userName":"x"}`)
			}
		})
	})
}

// TestUndeletedByAnother has another writer bring back whom SCIM deleted.
func TestUndeletedByAnother(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.want(204, "DELETE", "/Users/"+id, "")
		b.byHand(id, switchOn)
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": true, "externalId": nil})
		if ids := b.found(`userName eq "ana.r"`); len(ids) != 1 || ids[0] != id {
			t.Errorf("found %v", ids)
		}
		shows(t, b.want(200, "GET", "/Users?count=0", ""), map[string]any{"totalResults": 4.0})
		b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"ana.r"}`)
		b.byHand(id, switchOff)
		shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": false})
		if ids := b.found(`active eq false`); len(ids) != 1 || ids[0] != id {
			t.Errorf("found %v", ids)
		}
	})
}

// TestDeleteFails has the API not do it.
func TestDeleteFails(t *testing.T) {
	faults := map[string]struct {
		fault  qualytics.Fault
		status int
	}{
		"500":      {qualytics.Fault{Kind: qualytics.ServerError}, 502},
		"429":      {qualytics.Fault{Kind: qualytics.TooManyRequests}, 429},
		"403":      {qualytics.Fault{Kind: qualytics.Canned, Status: 403}, 502},
		"HTML":     {qualytics.Fault{Kind: qualytics.HTMLPage}, 502},
		"a lie":    {qualytics.Fault{Kind: qualytics.Canned, Status: 404}, 502},
		"no reach": {qualytics.Fault{Kind: qualytics.ResetBefore}, 502},
	}
	for name, test := range faults {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.sandbox.Fail("DELETE /api/users/{id}", test.fault, 1)
				b.fails(test.status, "", "DELETE", "/Users/"+id, "")
				shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"active": true, "externalId": "e1"})
				b.want(204, "DELETE", "/Users/"+id, "")
			})
		})
	}
}

// TestServiceUsersStayOut asks for service users by every way there is.
func TestServiceUsersStayOut(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(60, 2)
		b.writesNothing(func() {
			for _, id := range []string{"1", "3"} {
				if b.user(id).Type != qualytics.TypeService {
					t.Fatalf("user %s is not a service user", id)
				}
				for range 2 {
					b.fails(404, "", "GET", "/Users/"+id, "")
					b.fails(404, "", "PUT", "/Users/"+id, `{"userName":"x","active":false,"roles":"Admin"}`)
					b.fails(404, "", "PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"active","value":false}`))
					b.fails(404, "", "DELETE", "/Users/"+id, "")
				}
				for _, filter := range []string{
					`id eq "` + id + `"`, `userName eq "` + b.user(id).UserName + `"`, `emails.value eq "` + *b.user(id).Email + `"`,
					`displayName co "bot"`, `displayName eq "SCIM sidecar"`, `emails.value co "@service"`,
				} {
					if ids := b.found(filter); len(ids) > 0 {
						t.Errorf("%s finds %v", filter, ids)
					}
				}
			}
			doc := b.want(200, "GET", "/Users?count=1000", "")
			shows(t, doc, map[string]any{"totalResults": 60.0, "itemsPerPage": 60.0})
			for _, id := range idsOf(t, doc) {
				if b.user(id).Type != qualytics.TypeHuman {
					t.Errorf("the list holds the service user %s", id)
				}
			}
		})
	})
}
