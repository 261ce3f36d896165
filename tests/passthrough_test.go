package tests

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// withPassthrough is the change of one line that the Caddyfile's comment
// describes.
func withPassthrough(caddyfile string) string {
	return strings.Replace(caddyfile, "import own_tokens\n", "passthrough\n", 1)
}

// passthroughStack has an Admin, a Manager and a Member with a token each. The
// environment has no token for the sidecar.
func passthroughStack(t *testing.T) (st *stack, admin int) {
	t.Helper()
	st = start(t, setup{edit: withPassthrough})
	if strings.Contains(string(st.config), "env.SCIM_TOKEN") || strings.Contains(string(st.config), "env.QUALYTICS_TOKEN") {
		t.Fatalf("the tokens are still in the configuration: %s", st.config)
	}
	admin = st.sandbox.AddUser(qualytics.User{UserName: "root", Role: qualytics.RoleAdmin})
	st.sandbox.AddToken("token-of-an-admin", admin, qualytics.FullToken)
	for _, role := range []string{qualytics.RoleManager, qualytics.RoleMember} {
		id := st.sandbox.AddUser(qualytics.User{UserName: strings.ToLower(role), Role: role})
		st.sandbox.AddToken("token-of-a-"+strings.ToLower(role), id, qualytics.FullToken)
	}
	st.sandbox.AddToken("token-for-scim-only", admin, qualytics.ScimOnly)
	gone := time.Date(2026, time.February, 1, 0, 0, 0, 0, time.UTC)
	left := st.sandbox.AddUser(qualytics.User{UserName: "left", Role: qualytics.RoleAdmin, DeletedAt: &gone})
	st.sandbox.AddToken("token-of-a-deactivated-admin", left, qualytics.FullToken)
	st.sandbox.ResetCalls()
	return st, admin
}

// TestPassthroughAdmin makes all calls as the Admin whose token was presented.
func TestPassthroughAdmin(t *testing.T) {
	st, admin := passthroughStack(t)
	st.token = "token-of-an-admin"
	st.scim(t, 201, "POST", "/Users", `{"userName":"new"}`)
	st.scim(t, 200, "GET", "/Users/"+strconv.Itoa(admin), "")
	if n := st.sandbox.Count("GET /api/users/me"); n != 1 {
		t.Errorf("the API was asked %d times whose the token is", n)
	}
	for _, c := range st.sandbox.Calls() {
		if c.By != admin {
			t.Errorf("%s %s was made with the token of user %d, not %d", c.Method, c.Path, c.By, admin)
		}
	}
}

// TestPassthroughRefuses lets nobody else in, and asks the API but once.
func TestPassthroughRefuses(t *testing.T) {
	st, _ := passthroughStack(t)
	for _, token := range []string{
		"token-of-a-manager", "token-of-a-member", "token-of-a-deactivated-admin", "token-for-scim-only", "token-of-nobody",
		// In passthrough mode these are tokens like any other.
		scimToken,
	} {
		t.Run(token, func(t *testing.T) {
			st.sandbox.ResetCalls()
			st.token = token
			for range 2 {
				got := st.scim(t, 401, "DELETE", "/Users/2", "")
				isSCIMError(t, got, 401)
				if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
				}
			}
			if calls := st.sandbox.Calls(); len(calls) != 1 || !calls[0].Is("GET /api/users/me") {
				t.Errorf("the API was called %d times, with a question whose the token is and nothing else expected", len(calls))
			}
		})
	}
	st.sandbox.ResetCalls()
	got := st.roundTrip(t, "GET "+basePath+"/Users HTTP/1.1\r\nHost: "+st.host+"\r\n\r\n")
	isSCIMError(t, got, 401)
	if len(st.sandbox.Calls()) > 0 {
		t.Error("the API was asked about no token")
	}
}

// TestPassthroughRevoked has a token that the API stops to accept.
func TestPassthroughRevoked(t *testing.T) {
	st, admin := passthroughStack(t)
	st.token = "token-of-an-admin"
	st.scim(t, 200, "GET", "/Users/"+strconv.Itoa(admin), "")
	st.sandbox.RevokeToken("token-of-an-admin")
	// The API says so in the answer to the first call, the next request hears it.
	got, err := st.send(t, "GET", basePath+"/Users/"+strconv.Itoa(admin), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.status == 200 {
		t.Errorf("status 200 with a revoked token: %s", got.body)
	}
	isSCIMError(t, st.scim(t, 401, "GET", "/Users/"+strconv.Itoa(admin), ""), 401)
}

// TestPassthroughAPIDown must not tell a provider that its token is wrong.
func TestPassthroughAPIDown(t *testing.T) {
	for name, down := range map[string]func(*stack){
		"closed": func(st *stack) { st.api.Close() },
		"unavailable": func(st *stack) {
			st.sandbox.Fail("*", qualytics.Fault{Kind: qualytics.Unavailable, RetryAfter: "30"}, -1)
		},
		"broken":       func(st *stack) { st.sandbox.Fail("*", qualytics.Fault{Kind: qualytics.ServerError}, -1) },
		"a login page": func(st *stack) { st.sandbox.Fail("*", qualytics.Fault{Kind: qualytics.HTMLPage}, -1) },
		"blocked": func(st *stack) {
			st.sandbox.Fail("*", qualytics.Fault{Kind: qualytics.Canned, Status: 403, Body: "<html><h1>403 Forbidden</h1></html>"}, -1)
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			st, _ := passthroughStack(t)
			down(st)
			st.token = "token-of-an-admin"
			got := st.scim(t, 503, "GET", "/Users", "")
			isSCIMError(t, got, 503)
			if n, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || n < 1 {
				t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
			}
		})
	}
}
