package tests

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// The markers are what must not turn up in logs. Each is put into one place.
const (
	markPassword   = "Marker-Password"
	markUserName   = "marker-user-name"
	markEmail      = "marker-email@corp.test"
	markGiven      = "Markergiven"
	markFamily     = "Markerfamily"
	markExternal   = "marker-external-id"
	markFilter     = "marker-filter-value"
	markUnknown    = "marker-unknown-value"
	markPath       = "marker-in-the-path"
	markAPI        = "marker-of-the-api"
	markWrongToken = "marker-wrong-token"
	markRole       = "marker-role"
	markKept       = "marker-of-what-is-kept"
)

var personal = []string{
	scimToken, sandboxtest.Token, markPassword, markUserName, markEmail, markGiven, markFamily, markExternal,
	markFilter, markUnknown, markAPI, markWrongToken, markRole, markKept,
}

// TestSecretsAndPersonalData goes through a session in which all kinds of
// things go wrong, with the log at its most talkative, and looks for markers
// in the log, in the configuration, and in answers where they don't belong.
func TestSecretsAndPersonalData(t *testing.T) {
	t.Run("ignore", func(t *testing.T) { noSecrets(t, nil, false) })
	t.Run("keep", func(t *testing.T) { noSecrets(t, withMapping(t, keepAll), true) })
}

// noSecrets is that test with an edit of the Caddyfile, by which what the API
// has no field for is kept or is not.
func noSecrets(t *testing.T, edit func(string) string, keeps bool) {
	t.Helper()
	mark := caddyLog.mark()
	admin := freeAddress(t)
	st := start(t, setup{edit: edit, overlay: func(config map[string]any) {
		config["admin"] = map[string]any{"listen": admin, "config": map[string]any{"persist": false}}
	}})
	t.Cleanup(func() {
		// Stopping leaves the endpoint open.
		if err := caddy.Load([]byte(`{"admin":{"disabled":true,"config":{"persist":false}}}`), true); err != nil {
			t.Error(err)
		}
	})
	answers := marked(t, st)
	if is := slices.ContainsFunc(answers, func(a string) bool { return strings.Contains(a, markKept) }); is != keeps {
		t.Errorf("%q is in an answer: %t", markKept, is)
	}
	for _, secret := range []string{scimToken, sandboxtest.Token, markPassword, markWrongToken, markAPI, markUnknown} {
		if i := slices.IndexFunc(answers, func(a string) bool { return strings.Contains(a, secret) }); i >= 0 {
			t.Errorf("%q is in an answer: %s", secret, answers[i])
		}
	}
	log := caddyLog.since(mark)
	if len(logLines(log, `"logger":"http.handlers.scim"`)) < len(answers) {
		t.Fatalf("the log is not all there:\n%s", log)
	}
	for _, text := range personal {
		// Certificates and the like have nothing to do with it.
		for _, line := range logLines(log, text) {
			t.Errorf("%q is in the log: %s", text, line)
		}
	}

	// The access log has paths; what the sidecar itself says does not.
	for _, line := range logLines(log, markPath, `"logger":"http.handlers.scim`) {
		t.Errorf("%q is in the handler's log: %s", markPath, line)
	}

	config := activeConfig(t, admin)
	if !strings.Contains(config, "{env.SCIM_TOKEN}") {
		t.Fatalf("this is not the configuration: %s", config)
	}
	for _, text := range personal {
		if strings.Contains(config, text) {
			t.Errorf("%q is in the configuration", text)
		}
	}
}

// marked makes requests with the markers and returns the answers, head and
// body.
func marked(t *testing.T, st *stack) []string {
	t.Helper()
	var answers []string
	send := func(method, path, body string, headers ...string) {
		t.Helper()
		got, err := st.send(t, method, basePath+path, body, headers...)
		if err != nil {
			t.Fatal(err)
		}
		var head strings.Builder
		if err := got.header.Write(&head); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, head.String()+string(got.body))
	}
	person := `{"userName":"` + markUserName + `","password":"` + markPassword + `","externalId":"` + markExternal + `",
		"emails":[{"value":"` + markEmail + `"}],"name":{"givenName":"` + markGiven + `","familyName":"` + markFamily + `"},
		"nickName":"` + markKept + `","phoneNumbers":[{"value":"` + markKept + `"}],"urn:scim:nobody":{"x":"` + markUnknown + `"}`
	filter := func(attribute, value string) string {
		return "/Users?filter=" + url.QueryEscape(attribute+` eq "`+value+`"`)
	}
	canned := func(pattern string, status int) {
		st.sandbox.Fail(pattern, qualytics.Fault{
			Kind: qualytics.Canned, Status: status,
			Header: http.Header{"Content-Type": {"application/json"}, "X-Marker": {markAPI}},
			Body:   `{"detail":[{"loc":["body","role"],"msg":"` + markAPI + `","type":"` + markAPI + `"}]}`,
		}, 1)
	}

	send("POST", "/Users", person+"}")
	send("POST", "/Users", person+"}")
	send("GET", filter("userName", markUserName), "")
	send("GET", filter("userName", markFilter), "")
	send("GET", filter("emails.value", markEmail), "")
	send("GET", filter("externalId", markExternal), "")
	send("GET", filter("nickName", markFilter), "")
	send("GET", "/Users?filter="+url.QueryEscape(`userName zz "`+markFilter), "")
	send("GET", "/Users?filter=%zz"+markFilter, "")
	send("GET", "/Users?attributes=emails&"+filter("userName", markFilter)[len("/Users?"):]+"&count=many", "")
	send("PUT", "/Users/2", person+`,"active":"`+markUnknown+`"}`)
	send("PUT", "/Users/2", person+`,"roles":[{"value":"`+markRole+`"}]}`)
	send("PUT", "/Users/2", person+`,"displayName":"`+markGiven+` Other"}`)
	send("PATCH", "/Users/2", `{"Operations":[{"op":"`+markUnknown+`","path":"`+markUnknown+`","value":"`+markGiven+`"}]}`)
	send("PATCH", "/Users/2", `{"Operations":[{"op":"replace","path":"emails[value eq \"`+markEmail+`\"].value","value":"`+markEmail+`"}]}`)
	send("PATCH", "/Users/2", `{"Operations":[{"op":"replace","path":"password","value":"`+markPassword+`"}]}`)
	send("POST", "/Users", `{"userName":"`+markUserName)
	send("POST", "/Users", `["`+markUserName+`"]`)
	send("GET", "/Users/"+markPath, "")
	send("GET", "/"+markPath, "")
	send("GET", "/Users", "", "Authorization", "Bearer "+markWrongToken)
	send("GET", "/Users", "", "Authorization", "Basic "+markWrongToken)
	send("GET", "/Users", "", "Authorization", markWrongToken)
	for _, status := range []int{400, 401, 403, 404, 409, 422, 500} {
		canned("PUT /api/users/{id}", status)
		send("PUT", "/Users/2", person+`,"displayName":"`+markGiven+` Third"}`)
		canned("GET /api/users/{id}", status)
		send("GET", "/Users/2", "")
	}
	st.sandbox.Fail("PUT /api/users/{id}", qualytics.Fault{Kind: qualytics.ResetAfter}, -1)
	send("PUT", "/Users/2", person+`,"displayName":"`+markGiven+` Fourth"}`)
	return answers
}

// activeConfig is what Caddy's admin endpoint says the configuration is.
func activeConfig(t *testing.T, admin string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin+"/config/", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
