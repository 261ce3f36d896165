package mapping

import (
	"context"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// restart has the process begin anew, without what it remembers.
func (b *bench) restart() {
	b.memory = newMemory()
	b.world.Correlations = b.memory
}

// noted fails unless so many notes are kept of what is under way.
func (b *bench) noted(want int) {
	b.t.Helper()
	b.keeper.mu.Lock()
	defer b.keeper.mu.Unlock()
	n := len(b.keeper.notes)
	for _, record := range b.keeper.records {
		if record.Underway {
			n++
		}
	}
	if n != want {
		b.t.Errorf("%d notes of what is under way, want %d", n, want)
	}
}

// TestCreateWithoutAnEnd has the process end while an account is made, and the
// provider repeat its POST.
func TestCreateWithoutAnEnd(t *testing.T) {
	for name, test := range map[string]struct {
		call  string
		fault qualytics.Fault
		body  string
		has   string
	}{
		"no answer": {
			"POST /api/users",
			qualytics.Fault{Kind: qualytics.ResetAfter},
			`{"userName":"new.one"}`, "New.One | - | new.one | Member | Public | on",
		},
		"not deactivated": {
			"DELETE /api/users/{id}",
			qualytics.Fault{Kind: qualytics.Unavailable},
			`{"userName":"new.one","active":false}`, "New.One | - | new.one | Member | Public | off",
		},
		"deactivated without an answer": {
			"DELETE /api/users/{id}",
			qualytics.Fault{Kind: qualytics.ResetAfter},
			`{"userName":"new.one","active":false}`, "New.One | - | New.One | Member | Public | off",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 1)
				b.sandbox.Fail(test.call, test.fault, 1)
				if response, _ := b.send("POST", "/Users", test.body); response.Status < 500 {
					t.Fatalf("status %d: %s", response.Status, response.Body)
				}
				b.noted(1)
				made, ok := b.sandbox.UserByName("new.one")
				if !ok {
					t.Fatal("no account was made")
				}
				b.restart()
				id := b.created(strings.ReplaceAll(test.body, "new.one", "New.One"))
				if b.user(id).ID != made.ID {
					t.Errorf("the repeat got the account %s and not %d", id, made.ID)
				}
				b.has(id, test.has)
				b.noted(0)
				b.fails(409, scim.Uniqueness, "POST", "/Users", test.body)
			})
		})
	}
}

// TestCreateRefusedIsNotUnderway has the API refuse to make an account, which
// another writer makes afterwards: that one is somebody else's.
func TestCreateRefusedIsNotUnderway(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		b.sandbox.Fail("POST /api/users", canned(422), 1)
		b.fails(400, scim.InvalidValue, "POST", "/Users", `{"userName":"new.one"}`)
		b.noted(0)
		b.sandbox.AddUser(qualytics.User{UserName: "new.one"})
		b.restart()
		b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"new.one"}`)
	})
}

// TestCreateBesideAReplica has another process, which has read the list before,
// get the repeat.
func TestCreateBesideAReplica(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		b.found(`userName eq "new.one"`)
		other := b.memory
		b.restart()
		b.sandbox.Fail("POST /api/users", qualytics.Fault{Kind: qualytics.ResetAfter}, 1)
		b.fails(502, "", "POST", "/Users", `{"userName":"new.one"}`)
		b.world.Correlations = other
		b.has(b.created(`{"userName":"new.one"}`), "new.one | - | new.one | Member | Public | on")
		b.noted(0)
	})
}

// unwritable is a Keeper that can't store anything.
type unwritable struct{ Keeper }

func (unwritable) Note(context.Context, Key, Newest) (bool, error) {
	return false, &scim.Error{Status: 503, Detail: "no space left"}
}

// TestCreateIsNotBegun has nothing be made of which no note can be kept.
func TestCreateIsNotBegun(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	b.world.Keeper = unwritable{b.keeper}
	b.writesNothing(func() { b.fails(503, "", "POST", "/Users", `{"userName":"new.one"}`) })
}

// halfReturned has a leaver come back whom the API then neither strips of the
// old access nor deactivates, or, where it strips first, of whose return no
// answer comes. It returns the id.
func halfReturned(b *bench) (id string) {
	b.t.Helper()
	id = left(b)
	if b.dialect.DeactivatedNotFound {
		b.sandbox.Fail("PUT /api/users/{id}", qualytics.Fault{Kind: qualytics.Unavailable, Skip: 1}, 1)
		b.sandbox.Fail("DELETE /api/users/{id}", qualytics.Fault{Kind: qualytics.Unavailable}, 1)
	} else {
		b.sandbox.Fail("POST /api/users/{id}/restore", qualytics.Fault{Kind: qualytics.ResetAfter}, 1)
	}
	if response, _ := b.send("POST", "/Users", `{"userName":"leaver"}`); response.Status < 500 || !b.user(id).Active() {
		b.t.Fatalf("status %d: %s, and the account is %s", response.Status, response.Body, shown(b.user(id)))
	}
	b.noted(1)
	b.restart()
	return id
}

// TestReturnWithoutAnEnd completes a return that an earlier request has left
// half done. Until then nobody is shown, and nobody may take the account as it
// is.
func TestReturnWithoutAnEnd(t *testing.T) {
	for name, test := range map[string]struct{ body, has string }{
		"active":   {`{"userName":"leaver"}`, "leaver | leaver@corp.test | leaver | Member | Public | on"},
		"inactive": {`{"userName":"leaver","active":false}`, "leaver | leaver@corp.test | leaver | Member | Public | off"},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := halfReturned(b)
				if ids := b.found(`userName eq "leaver"`); len(ids) > 0 {
					t.Errorf("found %v", ids)
				}
				b.fails(404, "", "PUT", "/Users/"+id, `{"active":true}`)
				if got := b.created(test.body); got != id {
					t.Errorf("got the account %s, want %s", got, id)
				}
				b.has(id, test.has)
				b.noted(0)
				b.fails(409, scim.Uniqueness, "POST", "/Users", test.body)
			})
		})
	}
}

// TestReturnWithoutAnEndIsDeleted has the provider let somebody go again whose
// return was left half done.
func TestReturnWithoutAnEndIsDeleted(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := halfReturned(b)
		b.want(204, "DELETE", "/Users/"+id, "")
		if b.user(id).Active() {
			t.Errorf("the account is %s", shown(b.user(id)))
		}
		b.noted(0)
		b.fails(404, "", "DELETE", "/Users/"+id, "")
	})
}

// TestReturnThatIsTakenBack leaves no note: whoever is brought back by another
// writer is shown again.
func TestReturnThatIsTakenBack(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := left(b)
		b.sandbox.Fail("POST /api/users/{id}/restore", canned(422), 1)
		b.fails(400, scim.InvalidValue, "POST", "/Users", `{"userName":"leaver"}`)
		b.noted(0)
		b.byHand(id, switchOn)
		if ids := b.found(`userName eq "leaver"`); len(ids) != 1 {
			t.Errorf("found %v", ids)
		}
	})
}

// closing is a Keeper that can't be read any more once a group was stored.
type closing struct {
	Keeper
	closed bool
}

func (c *closing) Update(ctx context.Context, resource, id string, change func(Record) Record) (Record, error) {
	c.closed = c.closed || resource == "Group"
	return c.Keeper.Update(ctx, resource, id, change)
}

func (c *closing) Record(ctx context.Context, resource, id string) (Record, error) {
	if c.closed {
		return Record{}, &scim.Error{Status: 503, Detail: "closed"}
	}
	return c.Keeper.Record(ctx, resource, id)
}

// TestCreateThatCannotBeShown has what was made not be shown as a whole: an
// error would have the provider make it again.
func TestCreateThatCannotBeShown(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		for query, want := range map[string]any{"": "e1", "?attributes=displayName": nil} {
			b.world.Keeper = &closing{Keeper: b.keeper}
			response, doc := b.send("POST", "/Groups"+query, `{"displayName":"Team`+query+`","externalId":"e1","members":[{"value":"2"}]}`)
			if response.Status != 201 || len(response.Report.Warnings) != 1 || response.Location == "" {
				t.Errorf("status %d, %q, %q: %s", response.Status, response.Report.Warnings, response.Location, response.Body)
			}
			shows(t, doc, map[string]any{"externalId": want, "members": nil, "meta.version": nil})
			b.world.Keeper = b.keeper
			shows(t, b.want(200, "GET", "/Groups/"+textOf(t, doc, "id"), ""), map[string]any{"members.0.value": "2"})
		}
		b.noted(0)
	})
}
