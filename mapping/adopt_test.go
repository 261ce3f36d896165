package mapping

import (
	"fmt"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// signedOn adds the account that a first SSO login makes.
func signedOn(b *bench) qualytics.User {
	b.t.Helper()
	id := b.sandbox.AddUser(qualytics.User{
		UserName: "auth0|k7", Email: new("Ana@corp.test"), Name: new("Ana"), Role: qualytics.RoleManager, Teams: []string{"Finance DQ"},
	})
	u, _ := b.sandbox.User(id)
	return u
}

func TestAdopt(t *testing.T) {
	tests := map[string]struct{ body, has string }{
		"keeps what is not spoken of": {
			`{"userName":"ana.new","emails":[{"value":"ana@corp.test"}]}`,
			"ana.new | ana@corp.test | Ana | Manager | Public+Finance DQ | on",
		},
		"takes the name": {
			`{"userName":"ana.new","name":{"givenName":"Ana","familyName":"Reis"},"emails":[{"value":"Ana@corp.test"}],"externalId":"e1"}`,
			"ana.new | Ana@corp.test | Ana Reis | Manager | Public+Finance DQ | on",
		},
		"takes the role": {
			`{"userName":"ana.new","roles":["admin"],"emails":[{"value":"Ana@corp.test"}]}`,
			"ana.new | Ana@corp.test | Ana | Admin | Public+Finance DQ | on",
		},
		"by the user name as address": {`{"userName":"ana@corp.test"}`, "ana@corp.test | Ana@corp.test | Ana | Manager | Public+Finance DQ | on"},
		"takes the state": {
			`{"userName":"ana.new","active":false,"emails":[{"value":"Ana@corp.test"}]}`,
			"ana.new | Ana@corp.test | Ana | Manager | Public+Finance DQ | off",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 2)
				account := signedOn(b)
				people := len(b.sandbox.Users())
				id := b.created(test.body)
				if b.user(id).ID != account.ID {
					t.Errorf("got the account %s, want %d", id, account.ID)
				}
				b.has(id, test.has)
				if got := len(b.sandbox.Users()); got != people {
					t.Errorf("%d users, want %d", got, people)
				}
				// From now on it is somebody's.
				b.writesNothing(func() {
					b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"else","emails":[{"value":"ana@corp.test"}]}`)
				})
			})
		})
	}
}

// TestAdoptDeactivated has an account that another writer deactivated come
// back under its email.
func TestAdoptDeactivated(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		account := signedOn(b)
		b.sandbox.EditUser(account.ID, switchOff)
		id := b.created(`{"userName":"ana.new","emails":[{"value":"ana@corp.test"}]}`)
		if b.user(id).ID != account.ID {
			t.Errorf("got the account %s, want %d", id, account.ID)
		}
		b.has(id, "ana.new | ana@corp.test | ana.new | Member | Public | on")
	})
}

// TestAdoptPrefersTheActive has two accounts under one email.
func TestAdoptPrefersTheActive(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		off := b.sandbox.AddUser(qualytics.User{UserName: "old", Email: new("ana@corp.test"), DeletedAt: new(someTime)})
		account := signedOn(b)
		if id := b.created(`{"userName":"ana@corp.test"}`); b.user(id).ID != account.ID {
			t.Errorf("got the account %s, want %d", id, account.ID)
		}
		if u, _ := b.sandbox.User(off); u.Active() || u.UserName != "old" {
			t.Errorf("the other account was changed: %s", shown(u))
		}
	})
}

// TestAdoptNotWhatIsTaken has accounts that SCIM made or wrote for somebody else.
func TestAdoptNotWhatIsTaken(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		b.created(`{"userName":"made","emails":[{"value":"made@corp.test"}]}`)
		written := signedOn(b)
		b.want(200, "PUT", fmt.Sprintf("/Users/%d", written.ID), `{"userName":"auth0|k7"}`)
		b.want(200, "PATCH", "/Users/2", patchOf(`{"op":"replace","path":"displayName","value":"Written"}`))
		b.writesNothing(func() {
			for _, email := range []string{"made@corp.test", *written.Email, "ana.reis@corp.test"} {
				b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"else","emails":[{"value":"`+email+`"}]}`)
			}
		})
	})
}

func TestCreateNeverTakesAServiceUser(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		before := b.sandbox.Users()
		for _, name := range []string{"pipeline_bot_1", qualytics.OwnUserName} {
			b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"`+name+`"}`)
		}
		b.sameUsers(before)
		// The email of one is no account that could be taken either.
		id := b.created(`{"userName":"ana.new","emails":[{"value":"pipeline_bot_1@service"}]}`)
		b.sameUsers(append(before, b.user(id)))
	})
}
