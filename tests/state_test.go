package tests

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// account is a user of the sandbox as tests have it.
type account struct {
	ID     string   `json:"id"`
	Email  *string  `json:"email"`
	Name   *string  `json:"name"`
	Role   string   `json:"role"`
	Teams  []string `json:"teams"`
	Active bool     `json:"active"`
}

// account returns the person of a user name as JSON; ok is false if there is
// none.
func (st *stack) account(t *testing.T, userName string) (js string, ok bool) {
	t.Helper()
	u, ok := st.sandbox.UserByName(userName)
	if !ok {
		return "", false
	}
	if u.Type != qualytics.TypeHuman {
		t.Errorf("%s is of the type %s", userName, u.Type)
	}
	return string(encode(t, account{strconv.Itoa(u.ID), u.Email, u.Name, u.Role, u.Teams, u.Active()})), true
}

// team is a team of the sandbox as tests have it.
type team struct {
	ID         string `json:"id"`
	Permission string `json:"permission"`
	Users      []int  `json:"users"`
	Datastores []int  `json:"datastores"`
}

// team returns the team of a name as JSON; ok is false if there is none.
func (st *stack) team(t *testing.T, name string) (js string, ok bool) {
	t.Helper()
	is, ok := st.sandbox.TeamByName(name)
	if !ok || is.Name != name {
		return "", false
	}
	return string(encode(t, team{strconv.Itoa(is.ID), is.Permission, is.UserIDs, is.DatastoreIDs})), true
}

// people returns how many the sandbox has, deactivated ones included.
func (st *stack) people() int {
	n := 0
	for _, u := range st.sandbox.Users() {
		if u.Type == qualytics.TypeHuman {
			n++
		}
	}
	return n
}

// nothing stands in the JSON that [holds] is given for a member that must not
// be there.
const nothing = "(nothing)"

// holds checks that a JSON text has what another one says: each member of an
// object, and in a list as many values in the same order.
func holds(t *testing.T, what, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: what is expected is no JSON: %v\n%s", what, err, want)
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil || !covers(g, w) {
		t.Errorf("%s is\n\t%s\nwhich does not hold\n\t%s", what, got, want)
	}
}

// covers reports whether a JSON tree has what another one says.
func covers(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		for name, value := range want {
			is, there := object[name]
			if value == nothing && there || value != nothing && (!there || !covers(is, value)) {
				return false
			}
		}
		return ok
	case []any:
		list, ok := got.([]any)
		if len(list) != len(want) {
			return false
		}
		for i, value := range want {
			if !covers(list[i], value) {
				return false
			}
		}
		return ok
	default:
		return reflect.DeepEqual(got, want)
	}
}

// everything is all users and teams of the sandbox, to tell whether something
// changed.
func (st *stack) everything(t *testing.T) string {
	t.Helper()
	return string(encode(t, []any{st.sandbox.Users(), st.sandbox.Teams()}))
}

// writes returns the calls to the API that are no reads.
func (st *stack) writes() []qualytics.Call {
	return slices.DeleteFunc(st.sandbox.Calls(), func(c qualytics.Call) bool { return c.Method == "GET" })
}
