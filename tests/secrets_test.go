package tests

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
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
	markGroup      = "Marker Group"
	markDisplay    = "Marker Display"
	markBulkID     = "marker-bulk-id"

	// readerToken may only read, and digestToken stands in the configuration as
	// its digest.
	readerToken = "reader-token-of-an-auditor"
	digestToken = "token-that-nobody-wrote-down"
)

var personal = []string{
	scimToken, sandboxtest.Token, markPassword, markUserName, markEmail, markGiven, markFamily, markExternal,
	markFilter, markUnknown, markAPI, markWrongToken, markRole, markKept, markGroup, markDisplay, markBulkID,
	readerToken, digestToken, tokendigest.Of(readerToken).String()[7:], tokendigest.Of(digestToken).String()[7:], tokendigest.Of(scimToken).String()[7:],
	tokendigest.Of(markWrongToken).String()[7:],
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
	t.Setenv("READER", readerToken)
	t.Setenv("DIGEST", tokendigest.Of(digestToken).String())
	hardened := options(`
		token auditor {env.READER} {
			read_only
			expires 2020-01-31
		}
		token onelogin {env.DIGEST}
		allow private_ranges
		max_auth_failures 3 1h
		max_deactivations 1 1h
		max_group_shrink 0% 0`)
	st, admin := startWithAdmin(t, setup{edit: both(edit, hardened)})
	answers := marked(t, st)
	if is := slices.ContainsFunc(answers, func(a string) bool { return strings.Contains(a, markKept) }); is != keeps {
		t.Errorf("%q is in an answer: %t", markKept, is)
	}
	for _, secret := range []string{
		scimToken, sandboxtest.Token, markPassword, markWrongToken, markAPI, markUnknown, readerToken, digestToken,
		tokendigest.Of(digestToken).String()[7:], "192.0.2.", "127.0.0.1:",
	} {
		if i := slices.IndexFunc(answers, func(a string) bool { return strings.Contains(a, secret) }); i >= 0 {
			t.Errorf("%q is in an answer: %s", secret, answers[i])
		}
	}
	log := caddyLog.since(mark)
	if len(logLines(log, `"logger":"http.handlers.scim"`)) < len(answers) {
		t.Fatalf("the log is not all there:\n%s", log)
	}
	if n := len(logLines(log, `"logger":"http.handlers.scim.audit"`, `"attribute":"userName"`)); n == 0 {
		t.Errorf("nothing is in the audit log:\n%s", log)
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

	for path, sign := range map[string]string{
		"/config/": "{env.SCIM_TOKEN}", "/metrics": `caddy_scim_denied_total{reason="max_deactivations"} 1`,
		"/scim/status": `"name":"auditor"`, "/scim/requests": `"attribute":"userName"`,
	} {
		shown := fromAdmin(t, admin, path)
		if !strings.Contains(shown, sign) {
			t.Fatalf("this is not what %s should be: %s", path, shown)
		}
		for _, text := range personal {
			if strings.Contains(shown, text) {
				t.Errorf("%q is in %s", text, path)
			}
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
	st.sandbox.ClearFaults()

	member := `{"value":"2","display":"` + markDisplay + `"}`
	send("POST", "/Groups", `{"displayName":"`+markGroup+`","externalId":"`+markExternal+`","members":[`+member+`]}`)
	send("POST", "/Groups", `{"displayName":"`+markGroup+`"}`)
	send("GET", "/Groups?filter="+url.QueryEscape(`displayName eq "`+markGroup+`" and members.display eq "`+markDisplay+`"`), "")
	send("PATCH", "/Groups/2", `{"Operations":[{"op":"add","path":"members","value":[{"value":"`+markUnknown+`","display":"`+markDisplay+`"}]}]}`)
	send("PATCH", "/Groups/2", `{"Operations":[{"op":"remove","path":"members[display eq \"`+markDisplay+`\"]"}]}`)
	send("PATCH", "/Groups/2", `{"Operations":[{"op":"remove","path":"members","value":[`+member+`]}]}`)
	send("PUT", "/Groups/2", `{"displayName":"`+markGroup+`","members":[]}`)
	send("PATCH", "/Groups/role-manager", `{"Operations":[{"op":"add","path":"members","value":[`+member+`]}]}`)
	for _, status := range []int{400, 409, 422, 500} {
		canned("PUT /api/teams/{id}", status)
		send("PUT", "/Groups/2", `{"displayName":"`+markGroup+` Two"}`)
	}
	operation := func(method, path, data string) string {
		return `{"method":"` + method + `","path":"` + path + `","bulkId":"` + markBulkID + `","data":` + data + `}`
	}
	send("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join([]string{
		operation("POST", "/Users", person+`}`),
		operation("PUT", "/Users/2", person+`,"active":"`+markUnknown+`"}`),
		operation("PATCH", "/Groups/bulkId:"+markUnknown, `{"Operations":[{"op":"remove","path":"`+markUnknown+`"}]}`),
		operation("PUT", "/"+markUnknown, `{}`),
	}, ",")+`]}`)

	// What the sidecar itself refuses.
	send("DELETE", "/Users/2", "")
	send("DELETE", "/Groups/2", "")
	send("DELETE", "/Groups/3", "")
	send("POST", "/Users", `{"userName":"`+markUserName+`2","active":true}`)
	send("GET", "/Users", "", "Authorization", "Bearer "+readerToken)
	send("PUT", "/Users/2", person+"}", "Authorization", "Bearer "+digestToken)
	for range 6 {
		send("GET", filter("userName", markFilter), "", "Authorization", "Bearer "+markWrongToken)
	}
	send("GET", "/Users?filter="+strings.Repeat(markFilter, 600), "")
	send("POST", "/Users", `{"userName":"`+strings.Repeat(markUserName, 1<<16)+`"}`)
	return answers
}

// fromAdmin is what Caddy's admin endpoint answers.
func fromAdmin(t *testing.T, admin, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin+path, nil)
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

// both is one edit after the other; nil is none.
func both(first, second func(string) string) func(string) string {
	return func(text string) string {
		if first != nil {
			text = first(text)
		}
		return second(text)
	}
}
