package qualytics_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestSeedAddsWhatItSays(t *testing.T) {
	for _, c := range []struct {
		people, teams int
		want          qualytics.Seeded
	}{
		{0, 0, qualytics.Seeded{}},
		{12, 4, qualytics.Seeded{People: 12, Active: 11, Deactivated: 1, Admins: 1, Managers: 1, Members: 10, Service: 1, Teams: 4}},
		{10_000, 1_000, qualytics.Seeded{People: 10_000, Active: 9_000, Deactivated: 1_000, Admins: 500, Managers: 1_000, Members: 8_500, Service: 200, Teams: 1_000}},
	} {
		t.Run(fmt.Sprint(c.people), func(t *testing.T) {
			sb := qualytics.New(qualytics.Config{})
			if got := sb.Seed(c.people, c.teams); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			var got qualytics.Seeded
			for _, u := range sb.Users() {
				switch {
				case u.ID == sb.OwnID():
				case u.Type == qualytics.TypeService:
					got.Service++
				default:
					got.People++
					if u.Active() {
						got.Active++
					} else {
						got.Deactivated++
					}
					switch u.Role {
					case qualytics.RoleAdmin:
						got.Admins++
					case qualytics.RoleManager:
						got.Managers++
					default:
						got.Members++
					}
				}
			}
			got.Teams = len(sb.Teams()) - 1
			if got != c.want {
				t.Errorf("the sandbox holds %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSeedIsTheSameEachTime(t *testing.T) {
	one, other := qualytics.New(qualytics.Config{}), qualytics.New(qualytics.Config{})
	one.Seed(600, 11)
	other.Seed(600, 11)
	if !reflect.DeepEqual(one.Users()[1:], other.Users()[1:]) || !reflect.DeepEqual(one.Teams()[1:], other.Teams()[1:]) {
		t.Error("two seeds differ")
	}
	ana, _ := one.UserByName("ana.reis")
	same(t, "person 0", []any{ana.Name, ana.Email, ana.Role, ana.Teams}, `["Ana Reis","ana.reis@corp.test","Admin",["Public","Finance DQ","Sales DQ"]]`)
	if again, ok := one.UserByName("ana.reis.2"); !ok || *again.Name != "Ana Reis" {
		t.Errorf("person 500: %+v", again)
	}
	if u, ok := one.TeamByName("finance dq 2"); !ok || u.Description == nil {
		t.Errorf("team 10: %+v", u)
	}
}

func TestMisuseIsLoud(t *testing.T) {
	for name, misuse := range map[string]func(*qualytics.Sandbox){
		"user name taken":      func(sb *qualytics.Sandbox) { sb.AddUser(qualytics.User{UserName: qualytics.OwnUserName}) },
		"user id taken":        func(sb *qualytics.Sandbox) { sb.AddUser(qualytics.User{ID: 1, UserName: "a"}) },
		"no user name":         func(sb *qualytics.Sandbox) { sb.AddUser(qualytics.User{}) },
		"unknown team":         func(sb *qualytics.Sandbox) { sb.AddUser(qualytics.User{UserName: "a", Teams: []string{"x"}}) },
		"unknown user":         func(sb *qualytics.Sandbox) { sb.EditUser(9, func(*qualytics.User) {}) },
		"unknown user deleted": func(sb *qualytics.Sandbox) { sb.DeleteUser(9) },
		"another id":           func(sb *qualytics.Sandbox) { sb.EditUser(1, func(u *qualytics.User) { u.ID = 2 }) },
		"team name taken":      func(sb *qualytics.Sandbox) { sb.AddTeam(qualytics.Team{Name: "public"}) },
		"unknown member":       func(sb *qualytics.Sandbox) { sb.AddTeam(qualytics.Team{Name: "a", UserIDs: []int{7}}) },
		"unknown datastore":    func(sb *qualytics.Sandbox) { sb.AddTeam(qualytics.Team{Name: "a", DatastoreIDs: []int{7}}) },
		"Public renamed":       func(sb *qualytics.Sandbox) { sb.EditTeam(1, func(t *qualytics.Team) { t.Name = "x" }) },
		"Public deleted":       func(sb *qualytics.Sandbox) { sb.DeleteTeam(1) },
		"seeded a second time": func(sb *qualytics.Sandbox) { sb.Seed(1, 0); sb.Seed(1, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(qualytics.New(qualytics.Config{}))
		})
	}
}
