package tests

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// TestUnauthorized looks at requests that must not get anywhere: 401, how to
// do it right, and no call to the API.
func TestUnauthorized(t *testing.T) {
	st := start(t, setup{edit: replaced("scim {", "scim {\n\t\tmax_auth_failures off")})
	requests := map[string]string{
		"look-up":          "GET " + basePath + "/Users?filter=userName+eq+%22ana.reis%22& HTTP/1.1\r\n",
		"delete":           "DELETE " + basePath + "/Users/2 HTTP/1.1\r\n",
		"create":           "POST " + basePath + "/Users? HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 19\r\n",
		"capabilities":     "GET " + basePath + "/ServiceProviderConfig HTTP/1.1\r\n",
		"a path of nobody": "GET " + basePath + "/Nothing HTTP/1.1\r\n",
		"a wrong method":   "DELETE " + basePath + "/Users HTTP/1.1\r\n",
		"another case":     "GET //API//SCIM/v2/users/ HTTP/1.1\r\n",
	}
	for name, authorization := range map[string]string{
		"no header":                      "",
		"wrong token":                    "Authorization: Bearer " + scimToken + "x\r\n",
		"the beginning of the token":     "Authorization: Bearer " + scimToken[:len(scimToken)-1] + "\r\n",
		"token in another case":          "Authorization: Bearer " + strings.ToUpper(scimToken) + "\r\n",
		"the token for the API":          "Authorization: Bearer " + sandboxtest.Token + "\r\n",
		"no scheme":                      "Authorization: non-token\r\n",
		"the token without a scheme":     "Authorization: " + scimToken + "\r\n",
		"Basic":                          "Authorization: Basic c2NpbTpzY2lt\r\n",
		"Basic with the token":           "Authorization: Basic " + scimToken + "\r\n",
		"no token":                       "Authorization: Bearer\r\n",
		"blank token":                    "Authorization: Bearer  \r\n",
		"two tokens in one header":       "Authorization: Bearer " + scimToken + ", Bearer " + scimToken + "\r\n",
		"the right one beside the wrong": "Authorization: Bearer wrong\r\nAuthorization: Bearer " + scimToken + "\r\n",
		"the wrong one beside the right": "Authorization: Bearer " + scimToken + "\r\nAuthorization: Bearer wrong\r\n",
		"in a cookie":                    "Cookie: Authorization=Bearer " + scimToken + "\r\n",
		"in a custom header":             "X-Authorization: Bearer " + scimToken + "\r\n",
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			for what, request := range requests {
				body := ""
				if what == "create" {
					body = `{"userName":"mallo"`
				}
				got := st.roundTrip(t, request+"Host: "+st.host+"\r\n"+authorization+"\r\n"+body)
				isSCIMError(t, got, 401)
				if challenge := got.header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer") {
					t.Errorf("%s: WWW-Authenticate is %q", what, challenge)
				}
				if strings.Contains(string(got.body), "oken-") {
					t.Errorf("%s: the answer quotes the token: %s", what, got.body)
				}
			}
		})
	}
	if calls := st.sandbox.Calls(); len(calls) > 0 {
		t.Errorf("the API was called: %s %s", calls[0].Method, calls[0].Path)
	}
}

// TestAuthorized looks at spellings of the right token.
func TestAuthorized(t *testing.T) {
	st := start(t, setup{})
	for _, authorization := range []string{
		"Authorization: Bearer " + scimToken,
		"authorization: bearer " + scimToken,
		"AUTHORIZATION:BEARER   " + scimToken + "  ",
	} {
		got := st.roundTrip(t, "GET "+basePath+"/Users HTTP/1.1\r\nHost: "+st.host+"\r\n"+authorization+"\r\n\r\n")
		if got.status != 200 {
			t.Errorf("%s: status %d", authorization, got.status)
		}
	}
	for _, c := range st.sandbox.Calls() {
		if c.By != st.sandbox.OwnID() {
			t.Errorf("%s %s was made with the token of user %d", c.Method, c.Path, c.By)
		}
	}
}

// TestTokenInQuery makes sure that a token in the URL, where logs are, is none.
func TestTokenInQuery(t *testing.T) {
	st := start(t, setup{})
	got := st.roundTrip(t, "GET "+basePath+"/Users?access_token="+scimToken+" HTTP/1.1\r\nHost: "+st.host+"\r\n\r\n")
	isSCIMError(t, got, 401)
}

// TestTokenChange has two tokens at a time, as while one is replaced.
func TestTokenChange(t *testing.T) {
	t.Setenv("SCIM_TOKEN_NEXT", "the-token-of-tomorrow")
	st := start(t, setup{edit: func(caddyfile string) string {
		return strings.Replace(caddyfile, "token {env.SCIM_TOKEN}", "token {env.SCIM_TOKEN}\n\t\ttoken {env.SCIM_TOKEN_NEXT}", 1)
	}})
	for _, token := range []string{scimToken, "the-token-of-tomorrow"} {
		st.token = token
		st.scim(t, 200, "GET", "/Users", "")
	}
}

// TestOwnTokenRefused has the API refuse the sidecar's own token: that is not
// the provider's fault, which must not take its token for wrong.
func TestOwnTokenRefused(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.RevokeToken(sandboxtest.Token)
	mark := caddyLog.mark()
	got, err := st.send(t, "GET", basePath+"/Users", "")
	if err != nil {
		t.Fatal(err)
	}
	if got.status < 500 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	isSCIMError(t, got, got.status)
	if len(logLines(caddyLog.since(mark), `"level":"error"`, `"logger":"http.handlers.scim"`)) != 1 {
		t.Errorf("no operator is told:\n%s", caddyLog.since(mark))
	}
}

// TestAPITokenOfMember has a token for the API that may not do what it takes.
func TestAPITokenOfMember(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.EditUser(st.sandbox.OwnID(), func(u *qualytics.User) { u.Role = qualytics.RoleMember })
	got, err := st.send(t, "GET", basePath+"/Users", "")
	if err != nil {
		t.Fatal(err)
	}
	if got.status < 500 {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	isSCIMError(t, got, got.status)
}
