package tests

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestETags goes through the life of a user's version: each answer has it in the
// header and the body, and what is for another version is refused.
func TestETags(t *testing.T) {
	for name, dialect := range dialects {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{sandbox: qualytics.Config{Dialect: dialect}})
			seen := make(versions)
			tag := func(got reply) string {
				t.Helper()
				seen.takeOut(t, "", got)
				return got.header.Get("ETag")
			}
			created := st.scim(t, 201, "POST", "/Users", `{"userName":"ana","displayName":"Ana Reis"}`)
			path := strings.TrimPrefix(created.header.Get("Location"), "https://"+st.host)
			do := func(status int, method, body string, headers ...string) reply {
				t.Helper()
				got, err := st.send(t, method, path, body, headers...)
				if err != nil {
					t.Fatal(err)
				}
				if got.status != status {
					t.Errorf("%s %s %q: status %d instead of %d: %s", method, body, headers, got.status, status, got.body)
				}
				return got
			}
			first := tag(created)
			if read := tag(do(200, "GET", "")); !aVersion.MatchString(first) || read != first {
				t.Errorf("created as %s, read as %s", first, read)
			}
			if head := do(200, "HEAD", ""); head.header.Get("ETag") != first || len(head.body) > 0 {
				t.Errorf("HEAD: %v", head.header)
			}
			if part, err := st.send(t, "GET", path+"?attributes=userName", ""); err != nil || part.header.Get("ETag") != first {
				t.Errorf("a part: %v %v", part.header, err)
			}
			if same := tag(do(200, "PUT", `{"userName":"ana","displayName":"Ana Reis"}`)); same != first {
				t.Errorf("put as it was: %s instead of %s", same, first)
			}
			second := tag(do(200, "PUT", `{"displayName":"Ana Maria Reis"}`, "If-Match", first))
			if second == first {
				t.Error("the changed user has the old version")
			}
			before := st.everything(t)
			for _, method := range []string{"PUT", "PATCH", "DELETE"} {
				body := map[string]string{
					"PUT":   `{"displayName":"Anna"}`,
					"PATCH": `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`,
				}[method]
				isSCIMError(t, do(412, method, body, "If-Match", first), 412)
				isSCIMError(t, do(412, method, body, "If-None-Match", "*"), 412)
				isSCIMError(t, do(400, method, body, "If-Match", strings.Trim(first, `W/"`)), 400)
			}
			if st.everything(t) != before {
				t.Error("a refused write changed something")
			}
			third := tag(do(200, "PATCH", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`,
				"If-Match", strings.TrimPrefix(second, "W/")))
			do(204, "DELETE", "", "If-Match", first+", "+third)
			do(404, "GET", "", "If-None-Match", third)
		})
	}
}

// TestNotModified has no body and nothing about one.
func TestNotModified(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	for _, path := range []string{"/Users/2", "/Groups/2", "/Groups/role-admin", "/Users/2?attributes=userName", "/Groups/role-admin?excludedAttributes=members"} {
		whole, _, _ := strings.Cut(path, "?")
		tag := st.scim(t, 200, "GET", whole, "").header.Get("ETag")
		for _, method := range []string{"GET", "HEAD"} {
			for _, lines := range []string{
				"If-None-Match: " + tag + "\r\n",
				"If-None-Match: *\r\n",
				"If-None-Match: \"other\"\r\nif-none-match: " + tag + "\r\n",
				"If-None-Match: " + tag + "\r\nIf-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\n",
			} {
				got := st.roundTrip(t, method+" "+basePath+path+" HTTP/1.1\r\n"+st.authorized()+"Accept: application/scim+json\r\n"+lines+"\r\n")
				if got.status != 304 || len(got.body) > 0 || got.header.Get("ETag") != tag {
					t.Errorf("%s %s %q: status %d, ETag %s, %s", method, path, lines, got.status, got.header.Get("ETag"), got.body)
				}
				if is := got.header.Get("Content-Location"); is != "https://"+st.host+basePath+whole {
					t.Errorf("%s %s: Content-Location is %q", method, path, is)
				}
				for _, name := range []string{"Content-Type", "Content-Length", "Transfer-Encoding"} {
					if value := got.header.Get(name); value != "" {
						t.Errorf("%s %s: %s is %q", method, path, name, value)
					}
				}
				if got.header.Get("Cache-Control") == "" || got.header.Get("X-Request-Id") == "" {
					t.Errorf("%s %s: %v", method, path, got.header)
				}
			}
			for _, lines := range []string{"If-None-Match:\r\n", "If-None-Match: \"other\"\r\n", "If-Match: " + tag + "\r\n", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"} {
				got := st.roundTrip(t, method+" "+basePath+path+" HTTP/1.1\r\n"+st.authorized()+lines+"\r\n")
				if got.status != 200 || (len(got.body) == 0) != (method == "HEAD") {
					t.Errorf("%s %s %q: status %d", method, path, lines, got.status)
				}
			}
			for lines, status := range map[string]int{
				"If-Match: \"other\"\r\n": 412, "If-None-Match: other\r\n": 400, "If-Match: *\r\nIf-Match: " + tag + "\r\n": 400,
				"If-Match: " + strings.Repeat(`"x",`, 1000) + "x\r\n": 400,
			} {
				got := st.roundTrip(t, method+" "+basePath+path+" HTTP/1.1\r\n"+st.authorized()+lines+"\r\n")
				if got.status != status {
					t.Errorf("%s %s %q: status %d instead of %d", method, path, lines, got.status, status)
				}
				if method == "GET" {
					isSCIMError(t, got, status)
				}
			}
		}
	}
}

// TestOneConditionalWriteWins has many writes for one version at once.
func TestOneConditionalWriteWins(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(30, 2)
	patch := func(operation string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operation + `]}`
	}
	for path, operation := range map[string]string{
		"/Users/4":             `{"op":"replace","path":"displayName","value":"Bruno %d"}`,
		"/Groups/2":            `{"op":"add","path":"members","value":[{"value":"%d"}]}`,
		"/Groups/role-manager": `{"op":"add","path":"members","value":[{"value":"%d"}]}`,
	} {
		st.scim(t, 200, "PATCH", path, patch(`{"op":"remove","path":"externalId"}`))
		if path != "/Users/4" {
			st.scim(t, 200, "PATCH", path, patch(`{"op":"replace","path":"members","value":[]}`))
		}
		tag := st.scim(t, 200, "GET", path, "").header.Get("ETag")
		statuses := make(map[int]int)
		var mu sync.Mutex
		var done sync.WaitGroup
		for i := range 20 {
			done.Go(func() {
				got, err := st.send(t, "PATCH", basePath+path, patch(fmt.Sprintf(operation, i+4)), "If-Match", tag)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[got.status]++
			})
		}
		done.Wait()
		if statuses[200] != 1 || statuses[412] != 19 {
			t.Errorf("%s: %v", path, statuses)
		}
	}
}

// TestVersionOfARoleGroupIsReadAfresh has a list of people under way that began
// before somebody else changed a role: a write for a version must not rest on it.
func TestVersionOfARoleGroupIsReadAfresh(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(6, 2)
	tag := st.scim(t, 200, "GET", "/Groups/role-admin", "").header.Get("ETag")
	release := make(chan struct{})
	st.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.SlowAfter, Release: release}, 1)
	st.sandbox.ResetCalls()
	var reading sync.WaitGroup
	reading.Go(func() {
		if _, err := st.send(t, "GET", basePath+"/Groups/role-admin", ""); err != nil {
			t.Error(err)
		}
	})
	if err := st.sandbox.WaitServed(t.Context(), "GET /api/users", 1); err != nil {
		t.Fatal(err)
	}
	st.sandbox.EditUser(4, func(u *qualytics.User) { u.Role = qualytics.RoleAdmin })
	got, err := st.send(t, "PATCH", basePath+"/Groups/role-admin",
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"5"}]}]}`, "If-Match", tag)
	if err != nil || got.status != 412 {
		t.Errorf("status %d %v: %s", got.status, err, got.body)
	}
	if !slices.ContainsFunc(st.sandbox.Calls(), func(c qualytics.Call) bool {
		return c.Operation == "GET /api/users" && c.Header.Get("X-Request-Id") == got.header.Get("X-Request-Id")
	}) {
		t.Errorf("the write read no list of its own:%s", callList(st.sandbox.Calls()))
	}
	close(release)
	reading.Wait()
}
