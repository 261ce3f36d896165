package caddymodule

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/qualytics/scim-sidecar/mapping"
)

// knock sends a request line to a handler and returns the status that it answers,
// the path that it takes it for, and the request as it is passed on; nil if it is
// not. The header is what stands under Authorization.
func knock(t *testing.T, target string, header ...string) (status int, path string, passed *http.Request) {
	t.Helper()
	h, _ := newTestHandler(t, func(_ context.Context, _ mapping.World, req mapping.Request) mapping.Response {
		path = req.Path
		return mapping.Response{Status: 200}
	})
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: scim.test\r\n\r\n")))
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	r = r.WithContext(request(t, "GET", "/", "").Context())
	r.Header["Authorization"] = []string{"Bearer " + goodToken}
	if len(header) > 0 {
		r.Header["Authorization"] = header
	}
	w := httptest.NewRecorder()
	if err := h.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error { passed = r; return nil })); err != nil {
		t.Error(err)
	}
	return w.Code, path, passed
}

// TestDoor has paths that begin with the base, in ways in which somebody behind
// might read another path: they end here, and name nothing.
func TestDoor(t *testing.T) {
	for _, target := range []string{
		"/api/scim/v2/Users/..%2f..%2fusers", "/api/scim/v2/Users/3%2f..%2f2", "/api/scim/v2/Users/3%2F", "/api/scim/v2/Users/%2e%2e/%2E%2e/users",
		"/api/scim/v2/../../users/2", "/api/scim/v2/..", "/api/scim/v2/Users/..", "/api/scim/v2/..;x/..;/users",
		"/api/scim/v2;x/Users", "/api/scim;a=b/v2/Users", "/api%5cscim%5cv2/Users", "/api%255cscim/v2/..%255c..%255cusers",
		"/api/scim/v2%00/Users", "/api/scim/v2x", "/api/scim/v2.", "/api/scim/v2-old/Users", "/API/SCIM/V2x", "/api%2fscim%2fv2/Users", "/api%2Fscim%252fv2",
		"/x/../api/scim/v2/Users", "/api/x/%2e%2e/scim/v2/Users", "/%61pi/scim/v2x", "/api/scim/v2/Users/%252e%252e%252fx",
	} {
		status, path, passed := knock(t, target)
		if status != 404 || path != "" || passed != nil {
			t.Errorf("%s: %d, path %q, passed on: %t", target, status, path, passed != nil)
		}
		if status, _, passed := knock(t, target, "Bearer wrong"); status != 401 || passed != nil {
			t.Errorf("%s with a wrong token: %d, passed on: %t", target, status, passed != nil)
		}
	}
	for target, want := range map[string]string{
		"/api/scim/v2/Users/2": "/Users/2", "/api/./scim/v2/./Users": "/Users", "//api//scim/V2///Users/": "/Users", "/%61pi/scim/v2/Users": "/Users", "/api/scim/v2": "/", "/api/scim/v2/Users/a%3Bb": "/Users/a;b",
		"/api/scim/v2/Users/.hidden": "/Users/.hidden", "/api/scim/v2/Users/a%2Eb": "/Users/a.b",
	} {
		if status, path, _ := knock(t, target); status != 200 || path != want {
			t.Errorf("%s: %d, path %q, want %q", target, status, path, want)
		}
	}
}

// TestTokensStayHere has requests that are not for SCIM: they are passed on, and
// the tokens of the configuration are not.
func TestTokensStayHere(t *testing.T) {
	for _, target := range []string{"/api/users", "/", "*", "/api/scim/v1/Users", "/api/scimx", "http://scim.test/api/users"} {
		for _, own := range [][]string{
			{"Bearer " + goodToken}, {"bearer\t" + goodToken}, {goodToken}, {"Bearer another"}, {"Bearer x", "Bearer " + goodToken}, {"Token " + goodToken + ", Basic x"},
		} {
			if _, _, passed := knock(t, target, own...); passed == nil || strings.Contains(strings.Join(passed.Header["Authorization"], " "), goodToken) || len(passed.Header["Authorization"]) > 0 {
				t.Errorf("%s with %q is passed on: %v", target, own, passed)
			}
		}
		if _, _, passed := knock(t, target, "Bearer one-of-the-api"); passed == nil || passed.Header.Get("Authorization") != "Bearer one-of-the-api" {
			t.Errorf("%s: what is the API's is passed on as %v", target, passed)
		}
	}
}

// FuzzDoor has any path: nobody behind is asked for one that reads as one below the
// base, however it is cleaned.
func FuzzDoor(f *testing.F) {
	for _, p := range []string{"/api/scim/v2/Users", "/api/scim/v2/..%2f..%2fusers", "/api%5cscim%5cv2", "/a/%2e%2e/api/scim/v2;x"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + p + " HTTP/1.1\r\nHost: scim.test\r\n\r\n")))
		if err != nil || !strings.HasPrefix(p, "/") {
			return
		}
		path, ours := basePath("/api/scim/v2").below(r.URL)
		if path != "" && (!ours || path[0] != '/' || strings.Contains(path, "..") && strings.Contains(path+"/", "/../")) {
			t.Errorf("%q is %q, %t", p, path, ours)
		}
		if !ours && strings.HasPrefix(strings.ToLower(r.URL.Path), "/api/scim/v2") {
			t.Errorf("%q is passed on", p)
		}
	})
}
