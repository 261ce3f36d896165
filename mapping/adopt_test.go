package mapping

import (
	"fmt"
	"strings"
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
		"keeps what is not spoken of": {`{"userName":"ana@corp.test"}`, "ana@corp.test | Ana@corp.test | Ana | Manager | Public+Finance DQ | on"},
		"takes the name": {
			`{"userName":"Ana@corp.test","name":{"givenName":"Ana","familyName":"Reis"},"externalId":"e1"}`,
			"Ana@corp.test | Ana@corp.test | Ana Reis | Manager | Public+Finance DQ | on",
		},
		"takes the address": {
			`{"userName":"ana@corp.test","emails":[{"value":"new@corp.test"}]}`,
			"ana@corp.test | new@corp.test | Ana | Manager | Public+Finance DQ | on",
		},
		"takes the role": {
			`{"userName":"ana@corp.test","roles":["admin"]}`,
			"ana@corp.test | Ana@corp.test | Ana | Admin | Public+Finance DQ | on",
		},
		"takes the state": {
			`{"userName":"ana@corp.test","active":false}`,
			"ana@corp.test | Ana@corp.test | Ana | Manager | Public+Finance DQ | off",
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
					b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"else","emails":[{"value":"`+*b.user(id).Email+`"}]}`)
				})
			})
		})
	}
}

// TestAdoptUnderAnotherName has a create whose address, and not whose name, is
// that of an account that is there: it gets the account only while that is in
// use, has no more than a new one, and was never SCIM's.
func TestAdoptUnderAnotherName(t *testing.T) {
	const body = `{"userName":"ana.new","emails":[{"value":"ana@corp.test"}]}`
	tests := map[string]struct {
		change func(*qualytics.User)
		has    string // empty where it is refused
	}{
		"nothing but an account": {func(*qualytics.User) {}, "ana.new | ana@corp.test | Ana | Member | Public+Finance DQ | on"},
		"a Manager":              {func(u *qualytics.User) { u.Role = qualytics.RoleManager }, ""},
		"an Admin":               {func(u *qualytics.User) { u.Role = qualytics.RoleAdmin }, ""},
		"deactivated by hand":    {switchOff, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 2)
				account := signedOn(b)
				b.sandbox.EditUser(account.ID, func(u *qualytics.User) { u.Role = qualytics.RoleMember; test.change(u) })
				if test.has != "" {
					id := b.created(body)
					if b.user(id).ID != account.ID {
						t.Errorf("got the account %s, want %d", id, account.ID)
					}
					b.has(id, test.has)
					return
				}
				var response Response
				b.writesNothing(func() { response = b.fails(409, scim.Uniqueness, "POST", "/Users", body) })
				stranger := fmt.Sprint("User ", account.ID)
				if !strings.Contains(strings.Join(response.Report.Warnings, " "), stranger) || strings.Contains(string(response.Body), stranger) {
					t.Errorf("the operator is told %q, and the client %s", response.Report.Warnings, response.Body)
				}
			})
		})
	}
}

// TestAdoptDeactivated has an account that another writer deactivated come
// back under its own name, without its old access.
func TestAdoptDeactivated(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 2)
		account := signedOn(b)
		b.sandbox.EditUser(account.ID, switchOff)
		id := b.created(`{"userName":"ana@corp.test"}`)
		if b.user(id).ID != account.ID {
			t.Errorf("got the account %s, want %d", id, account.ID)
		}
		b.has(id, "ana@corp.test | ana@corp.test | ana@corp.test | Member | Public | on")
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
		b.fails(409, scim.Uniqueness, "POST", "/Users", `{"userName":"ana.new","emails":[{"value":"pipeline_bot_1@service"}]}`)
		b.sameUsers(before)
	})
}
