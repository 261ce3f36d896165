package tests

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// authorized are the headers that every request needs.
func (st *stack) authorized() string {
	return "Host: " + st.host + "\r\nAuthorization: Bearer " + st.token + "\r\n"
}

// TestPaths spells paths as administrators do; none is redirected, which would
// lose the body of a write.
func TestPaths(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	for _, path := range []string{
		"/api/scim/v2/Users/2",
		"/api/scim/v2/Users/2?",
		"/api/scim/v2/Users/2?&",
		"/api/scim/v2/Users/2?aadOptscim062020",
		"/api/scim/v2/Users/2/",
		"/api/scim/v2//Users/2",
		"//api//scim/v2//Users//2//",
		"/API/SCIM/V2/users/2",
		"/api/scim/v2/USERS/2",
		"/api/./scim/v2/Users/2",
	} {
		got := st.roundTrip(t, "GET "+path+" HTTP/1.1\r\n"+st.authorized()+"\r\n")
		if got.status != 200 || got.json(t)["id"] != "2" {
			t.Errorf("GET %s: status %d: %s", path, got.status, got.body)
		}
		put := st.roundTrip(t, "PUT "+path+" HTTP/1.1\r\n"+st.authorized()+
			"Content-Type: application/json\r\nContent-Length: 23\r\n\r\n"+`{"userName":"ana.reis"}`)
		if put.status != 200 {
			t.Errorf("PUT %s: status %d: %s", path, put.status, put.body)
		}
	}
	for _, path := range []string{"//api//scim/v2//Users/", "/API/SCIM/V2/users", "/api/scim/v2/Users/?", "/api/scim/v2/Users?&&startIndex=1&"} {
		got := st.roundTrip(t, "GET "+path+" HTTP/1.1\r\n"+st.authorized()+"\r\n")
		if got.status != 200 || got.json(t)["totalResults"] != 3.0 {
			t.Errorf("GET %s: status %d: %s", path, got.status, got.body)
		}
	}
}

// TestNotFound has SCIM bodies for all that is not there.
func TestNotFound(t *testing.T) {
	st := start(t, setup{})
	for _, path := range []string{
		"/Users/999", "/Users/00919288221112222", "/Users/abc", "/Users/-1", "/Users/2%2F..%2F3", "/Users/2/emails",
		"/Users/1", "/Nothing", "/Users/%22",
	} {
		got := st.roundTrip(t, "GET "+basePath+path+" HTTP/1.1\r\n"+st.authorized()+"\r\n")
		isSCIMError(t, got, 404)
	}
	for _, c := range st.sandbox.Calls() {
		if c.Operation != "GET /api/users" && c.Operation != "GET /api/users/{id}" {
			t.Errorf("a path of the client reached the API: %s %s", c.Method, c.Path)
		}
	}
}

// TestMethods tells what may be done where.
func TestMethods(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	for _, c := range []struct {
		method, path, allow string
	}{
		{"DELETE", "/Users", "GET, HEAD, POST, OPTIONS"},
		{"PATCH", "/Users", "GET, HEAD, POST, OPTIONS"},
		{"POST", "/Users/2", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
		{"BREW", "/Users/2", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
		{"PUT", "/ServiceProviderConfig", "GET, HEAD, OPTIONS"},
		{"POST", "/Schemas", "GET, HEAD, OPTIONS"},
		{"POST", "/ResourceTypes/User", "GET, HEAD, OPTIONS"},
		{"GET", "/Bulk", "POST, OPTIONS"},
	} {
		got := st.scim(t, 405, c.method, c.path, "")
		isSCIMError(t, got, 405)
		if allow := got.header.Get("Allow"); allow != c.allow {
			t.Errorf("%s %s: Allow is %q instead of %q", c.method, c.path, allow, c.allow)
		}
	}
	options := st.scim(t, 204, "OPTIONS", "/Users", "")
	if allow := options.header.Get("Allow"); allow != "GET, HEAD, POST, OPTIONS" || len(options.body) > 0 {
		t.Errorf("OPTIONS: Allow %q, body %q", allow, options.body)
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		isSCIMError(t, st.scim(t, 501, method, "/Me", ""), 501)
	}
	for _, path := range []string{"/ServiceProviderConfig", "/Schemas", "/ResourceTypes/User"} {
		isSCIMError(t, st.scim(t, 403, "GET", path+"?filter=id+pr", ""), 403)
		if head := st.scim(t, 403, "HEAD", path+"?filter=id+pr", ""); len(head.body) > 0 {
			t.Errorf("HEAD %s: body %q", path, head.body)
		}
	}
	head, get := st.scim(t, 200, "HEAD", "/Users/2", ""), st.scim(t, 200, "GET", "/Users/2", "")
	if len(head.body) > 0 || head.header.Get("Content-Length") != get.header.Get("Content-Length") {
		t.Errorf("HEAD: Content-Length %q, body %q", head.header.Get("Content-Length"), head.body)
	}
	if writes := st.writes(); len(writes) > 0 {
		t.Errorf("the API was written to: %s", callList(writes))
	}
}

// TestContentTypes answers as the request's Accept asks, and never 406.
func TestContentTypes(t *testing.T) {
	st := start(t, setup{})
	for accept, want := range map[string]string{
		"":                                     "application/json",
		"*/*":                                  "application/json",
		"application/json":                     "application/json",
		"text/html":                            "application/json",
		"application/scim+json":                "application/scim+json",
		"APPLICATION/SCIM+JSON":                "application/scim+json",
		"application/scim+json; charset=utf-8": "application/scim+json",
		"application/json;q=0.5, application/scim+json":      "application/scim+json",
		"application/scim+json, application/json, */*;q=0.1": "application/scim+json",
		"application/vnd.scim+json":                          "application/json",
	} {
		for path, status := range map[string]int{"/Users": 200, "/Users/999": 404, "/ServiceProviderConfig": 200} {
			got, err := st.send(t, "GET", basePath+path, "", "Accept", accept)
			if err != nil {
				t.Fatal(err)
			}
			if is := got.header.Get("Content-Type"); is != want || got.status != status {
				t.Errorf("Accept %q, %s: status %d, Content-Type %q instead of %q", accept, path, got.status, is, want)
			}
		}
	}
	for contentType, status := range map[string]int{
		"application/scim+json": 201, "application/json; charset=utf-8": 201, "APPLICATION/SCIM+JSON;charset=UTF-8": 201,
		"text/xml": 415, "application/x-www-form-urlencoded": 415,
	} {
		body := `{"userName":"` + strings.ToLower(strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(contentType, "."), ".")) + `"}`
		got, err := st.send(t, "POST", basePath+"/Users", body, "Content-Type", contentType)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != status {
			t.Errorf("POST of %s: status %d instead of %d: %s", contentType, got.status, status, got.body)
		}
	}
}

// TestRequestID ties the answer, the log and the API's calls together.
func TestRequestID(t *testing.T) {
	st := start(t, setup{})
	mark := caddyLog.mark()
	got := st.scim(t, 200, "GET", "/Users", "")
	id := got.header.Get("X-Request-Id")
	if !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(id) {
		t.Fatalf("X-Request-Id is %q", id)
	}
	for _, c := range st.sandbox.Calls() {
		if sent := c.Header.Get("X-Request-Id"); sent != id {
			t.Errorf("the API was given %q", sent)
		}
	}
	log := caddyLog.since(mark)
	if len(logLines(log, `"logger":"http.handlers.scim"`, `"request_id":"`+id+`"`)) != 1 {
		t.Errorf("not in the handler's log line:\n%s", log)
	}
	if len(logLines(log, `"logger":"http.log.access`, id, `"scim_resource":"User"`, `"scim_operation":"list"`)) != 1 {
		t.Errorf("not in the access log:\n%s", log)
	}
	other, _ := st.send(t, "GET", basePath+"/Users/999", "", "X-Request-Id", "of-the-client")
	if other.header.Get("X-Request-Id") == "of-the-client" || other.header.Get("X-Request-Id") == id {
		t.Errorf("X-Request-Id is %q", other.header.Get("X-Request-Id"))
	}
}

// TestLocation has URLs of the host that the client called, whatever else a
// client claims: nothing here is a trusted proxy.
func TestLocation(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(1, 1)
	want := "https://" + st.host + basePath + "/Users/2"
	for _, headers := range []string{
		"",
		"X-Forwarded-Host: evil.test\r\n",
		"X-Forwarded-Proto: http\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nX-Forwarded-For: 10.0.0.1\r\n",
		"Forwarded: host=evil.test;proto=http\r\nX-Original-Host: evil.test\r\nX-Host: evil.test\r\n",
	} {
		got := st.roundTrip(t, "GET "+basePath+"/Users/2 HTTP/1.1\r\n"+st.authorized()+headers+"\r\n")
		if is := at(got.json(t), "meta", "location"); is != want || got.header.Get("Location") != want {
			t.Errorf("%q: location %v, Location %q, instead of %q", headers, is, got.header.Get("Location"), want)
		}
	}
}

// TestEverythingElse reaches the API as it is.
func TestEverythingElse(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	st.sandbox.ExpectViolations()
	member := slices.IndexFunc(st.sandbox.Users(), func(u qualytics.User) bool { return u.UserName == "bruno.silva" })
	st.sandbox.AddToken("a-token-of-a-member", st.sandbox.Users()[member].ID, qualytics.FullToken)
	st.token = "a-token-of-a-member"
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/api/health", 204, "GET /api/health"},
		{"GET", "/api/users/me", 200, "GET /api/users/me"},
		{"GET", "/api/users", 403, "GET /api/users"},
		{"GET", "/api/scim/v1", 404, "GET /api/scim/v1"},
		{"GET", "/api/scim", 404, "GET /api/scim"},
		{"GET", "/scim/v2/Users", 404, "GET /scim/v2/Users"},
		{"POST", "/", 404, "POST /"},
	} {
		st.sandbox.ResetCalls()
		got := st.roundTrip(t, c.method+" "+c.path+" HTTP/1.1\r\n"+st.authorized()+"\r\n")
		calls := st.sandbox.Calls()
		if got.status != c.status || len(calls) != 1 {
			t.Errorf("%s %s: status %d instead of %d, %d calls", c.method, c.path, got.status, c.status, len(calls))
			continue
		}
		if is := calls[0].Method + " " + calls[0].Path; is != c.want {
			t.Errorf("%s %s reached the API as %s", c.method, c.path, is)
		}
		if got.header.Get("X-Request-Id") != "" {
			t.Errorf("%s %s was answered by the SCIM handler", c.method, c.path)
		}
	}
}
