package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

const goodToken = "the-token-of-the-identity-provider"

// programFunc is a program made of one function.
type programFunc func(ctx context.Context, w mapping.World, req mapping.Request) mapping.Response

func (f programFunc) Serve(ctx context.Context, w mapping.World, req mapping.Request) mapping.Response {
	return f(ctx, w, req)
}

func (programFunc) Explain(context.Context, mapping.World, mapping.Request) *plan.Plan { return nil }

func (programFunc) SyncCheck(context.Context, mapping.Upstream, []mapping.Stored, mapping.SyncOptions) (*mapping.SyncReport, error) {
	return nil, nil
}

// ok is a program that has an answer to everything.
func ok(context.Context, mapping.World, mapping.Request) mapping.Response {
	return mapping.Response{Status: 200, Body: []byte(`{"ok":true}`)}
}

// never is a program that must not be asked.
func never(t *testing.T) programFunc {
	return func(context.Context, mapping.World, mapping.Request) mapping.Response {
		t.Error("the program was asked")
		return mapping.Response{Status: 200}
	}
}

// newTestHandler returns a handler as Provision would leave it, without any of
// the world around it, and its log.
func newTestHandler(t *testing.T, p programFunc) (*Handler, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	h := &Handler{provisioned: provisioned{logger: zap.New(core), program: p, tolerances: tolerance.AllOn()}}
	kept := newProcess(t, newMemoryStorage())
	h.keeper, h.storage, h.keeperReport = kept.keeper, kept.own, kept.keeperReport
	h.setDefaults()
	h.base = defaultBasePath
	h.auth = &ownTokens{
		tokens: []*ownToken{{name: "next", digest: tokendigest.Of("another")}, {name: "idp", digest: tokendigest.Of(goodToken)}}, upstream: testToken,
		now: time.Now, logger: h.logger,
	}
	h.correlations, _ = newTestCorrelations(t, 10, time.Minute)
	return h, logs
}

// request makes a request as a Caddy server would pass it on. The headers
// come in pairs.
func request(t *testing.T, method, target, body string, headers ...string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, reader)
	r.Header.Set("Authorization", "Bearer "+goodToken)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, &caddyhttp.Server{})
}

// serve does a request that must not be passed on.
func serve(t *testing.T, h *Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	err := h.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		t.Errorf("%s was passed on", r.URL.Path)
		return nil
	}))
	if err != nil {
		t.Errorf("error: %v", err)
	}
	return w
}

// wantError checks a SCIM error.
func wantError(t *testing.T, w *httptest.ResponseRecorder, status int, detail string) {
	t.Helper()
	var body struct {
		Schemas []string
		Detail  string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if w.Code != status || len(body.Schemas) != 1 || body.Schemas[0] != scim.MessageError || !strings.Contains(body.Detail, detail) {
		t.Errorf("status %d, body %s; want status %d, %q", w.Code, w.Body, status, detail)
	}
}

func TestPaths(t *testing.T) {
	for _, tt := range []struct {
		target string
		path   string // below the base; empty if passed on
	}{
		{"/api/scim/v2", "/"},
		{"/api/scim/v2/", "/"},
		{"/api/scim/v2/Users", "/Users"},
		{"/api/scim/v2/Users/", "/Users"},
		{"/api/scim/v2/Users/41?", "/Users/41"},
		{"//api//scim/v2//Users//41", "/Users/41"},
		{"/API/Scim/V2/users", "/users"},
		{"/api/scim/v2/Users/a%20b", "/Users/a b"},
		{"/api/scim", ""},
		{"/", ""},
		{"/Users", ""},
	} {
		got := ""
		h, _ := newTestHandler(t, func(_ context.Context, _ mapping.World, req mapping.Request) mapping.Response {
			got = req.Path
			return mapping.Response{Status: 200}
		})
		passed := false
		w := httptest.NewRecorder()
		err := h.ServeHTTP(w, request(t, "GET", tt.target, ""), caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
			passed = true
			return errors.New("of the next handler")
		}))
		if got != tt.path || passed != (tt.path == "") || passed != (err != nil) {
			t.Errorf("%s: path %q, passed on %t, %v", tt.target, got, passed, err)
		}
	}
}

// TestClientGoesAway has what changes nothing end with its client, and anything
// else go on.
func TestClientGoesAway(t *testing.T) {
	for _, tt := range []struct {
		method, path string
		ends         bool
	}{
		{"GET", "/Users", true},
		{"POST", "/Users/.search", true},
		{"POST", "/.search/", true},
		{"POST", "/Users", false},
		{"PATCH", "/Users/41", false},
		{"DELETE", "/Users/.search", false},
	} {
		var gone error
		h, _ := newTestHandler(t, func(ctx context.Context, _ mapping.World, _ mapping.Request) mapping.Response {
			gone = ctx.Err()
			return mapping.Response{Status: 200}
		})
		r := request(t, tt.method, "/api/scim/v2"+tt.path, "{}")
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		serve(t, h, r.WithContext(ctx))
		if (gone != nil) != tt.ends {
			t.Errorf("%s %s: %v", tt.method, tt.path, gone)
		}
	}
}

func TestProgramIsAsked(t *testing.T) {
	var world mapping.World
	var got mapping.Request
	h, _ := newTestHandler(t, func(_ context.Context, w mapping.World, req mapping.Request) mapping.Response {
		world, got = w, req
		return mapping.Response{
			Status: 201, Body: []byte(`{"id":"41"}`), Location: "https://scim.test/api/scim/v2/Users/41", Version: `W/"v1"`,
			Report: mapping.Report{Resource: "User", Operation: "create"},
		}
	})
	r := request(t, "POST", "https://scim.test/api/scim/v2/Users?x=1&", `{"userName":"ana"}`, "Content-Type", "application/scim+json; charset=utf-8")
	r.Header["If-Match"], r.Header["If-None-Match"] = []string{`W/"v1"`, `"v2", "v3"`}, []string{"*"}
	w := serve(t, h, r)

	if want := (mapping.Request{
		Method: "POST", Path: "/Users", Query: "x=1&", Body: []byte(`{"userName":"ana"}`), Base: "https://scim.test/api/scim/v2",
		IfMatch: `W/"v1", "v2", "v3"`, IfNoneMatch: "*", ID: w.Header().Get("X-Request-Id"),
	}); !reflect.DeepEqual(got, want) {
		t.Errorf("asked %+v", got)
	}
	s, _ := world.Upstream.(*session)
	if s == nil || s.token != testToken || s.requestID == "" || s.requestID != w.Header().Get("X-Request-Id") {
		t.Errorf("upstream %+v, header %v", s, w.Header())
	}
	if world.Correlations == nil || world.Keeper == nil || world.Tolerances != tolerance.AllOn() ||
		world.Limits != (mapping.Limits{Body: 1 << 20, BulkOperations: 500}) || string(world.Secret) != goodToken {
		t.Errorf("world %+v", world)
	}
	if w.Code != 201 || w.Body.String() != `{"id":"41"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Content-Length": "11",
		"Location": "https://scim.test/api/scim/v2/Users/41", "Content-Location": "https://scim.test/api/scim/v2/Users/41",
		"Cache-Control": "no-store", "Www-Authenticate": "", "Retry-After": "", "ETag": `W/"v1"`,
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	repl, _ := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if got := repl.ReplaceAll("{http.scim.resource} {http.scim.operation}", "?"); got != "User create" {
		t.Errorf("placeholders: %s", got)
	}
}

func TestMethods(t *testing.T) {
	h, _ := newTestHandler(t, func(_ context.Context, _ mapping.World, req mapping.Request) mapping.Response {
		if len(req.Body) > 0 {
			t.Errorf("%s has a body", req.Method)
		}
		switch req.Method {
		case http.MethodOptions:
			return mapping.Response{Status: 204, Allow: []string{"GET", "POST"}}
		case http.MethodDelete:
			return mapping.Response{Status: 204}
		}
		if req.IfNoneMatch != "" {
			return mapping.Response{Status: 304, Version: req.IfNoneMatch}
		}
		return mapping.Response{Status: 200, Body: []byte(req.Method)}
	})
	for _, tt := range []struct {
		method, body, tag, want, header, value string
		status                                 int
	}{
		{"GET", "", "", "GET", "Content-Length", "3", 200},
		{"GET", "x", "", "GET", "Content-Length", "3", 200},
		{"HEAD", "", "", "", "Content-Length", "3", 200},
		{"OPTIONS", "", "", "", "Allow", "GET, POST", 204},
		{"DELETE", "x", "", "", "Content-Type", "", 204},
		{"GET", "", `W/"v1"`, "", "Content-Type", "", 304},
		{"GET", "", `W/"v1"`, "", "ETag", `W/"v1"`, 304},
		{"HEAD", "", `W/"v1"`, "", "Content-Length", "", 304},
	} {
		w := serve(t, h, request(t, tt.method, "/api/scim/v2/Users", tt.body, "Content-Type", "text/xml", "If-None-Match", tt.tag))
		if w.Code != tt.status || w.Body.String() != tt.want || w.Header().Get(tt.header) != tt.value {
			t.Errorf("%s: %d %q %v", tt.method, w.Code, w.Body, w.Header())
		}
	}
}

func TestResponseTypes(t *testing.T) {
	for _, tt := range []struct{ option, accept, want string }{
		{"auto", "", "application/json"},
		{"auto", "*/*", "application/json"},
		{"auto", "text/html", "application/json"},
		{"auto", "application/json", "application/json"},
		{"auto", "application/scim+json", "application/scim+json"},
		{"auto", "text/html, Application/SCIM+JSON;q=0.8", "application/scim+json"},
		{"application/json", "application/scim+json", "application/json"},
		{"application/scim+json", "application/json", "application/scim+json"},
	} {
		h, _ := newTestHandler(t, ok)
		h.ResponseType = tt.option
		w := serve(t, h, request(t, "GET", "/api/scim/v2/Users", "", "Accept", tt.accept))
		if got := w.Header().Get("Content-Type"); got != tt.want {
			t.Errorf("%s, Accept %q: %s", tt.option, tt.accept, got)
		}
	}
}

func TestFailureHeaders(t *testing.T) {
	h, _ := newTestHandler(t, func(context.Context, mapping.World, mapping.Request) mapping.Response {
		return failed(&scim.Error{Status: 503, Detail: "busy", RetryAfter: 7})
	})
	w := serve(t, h, request(t, "GET", "/api/scim/v2/Users", ""))
	wantError(t, w, 503, "busy")
	if got := w.Header().Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After: %q", got)
	}
}

func TestPanicBecomesAnAnswer(t *testing.T) {
	h, logs := newTestHandler(t, func(context.Context, mapping.World, mapping.Request) mapping.Response {
		panic("about ana@corp.test")
	})
	wantError(t, serve(t, h, request(t, "GET", "/api/scim/v2/Users", "")), 500, "internal error")
	entry := logs.All()[0]
	fields := entry.ContextMap()
	if entry.Level != zapcore.ErrorLevel || fields["cause"] != "panic with a string" {
		t.Errorf("log: %v %v", entry, fields)
	}
	if stack, _ := fields["stack"].(string); !strings.Contains(stack, "TestPanicBecomesAnAnswer") || strings.Contains(stack, "ana@") {
		t.Errorf("stack: %v", fields["stack"])
	}
}

func TestContexts(t *testing.T) {
	for _, tt := range []struct {
		method string
		ends   bool
	}{{"GET", true}, {"POST", false}, {"PUT", false}, {"PATCH", false}, {"DELETE", false}} {
		h, _ := newTestHandler(t, func(ctx context.Context, _ mapping.World, _ mapping.Request) mapping.Response {
			if _, ok := ctx.Deadline(); !ok {
				t.Errorf("%s has no deadline", tt.method)
			}
			if ended := ctx.Err() != nil; ended != tt.ends {
				t.Errorf("%s: ended with the client: %t", tt.method, ended)
			}
			return mapping.Response{Status: 204}
		})
		r := request(t, tt.method, "/api/scim/v2/Users", "")
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		serve(t, h, r.WithContext(ctx))
	}
}

func TestRevokedTokenIsForgotten(t *testing.T) {
	a := &api{}
	a.answer = a.knows
	h, _ := newTestHandler(t, func(_ context.Context, w mapping.World, _ mapping.Request) mapping.Response {
		if s, ok := w.Upstream.(*session); !ok || s.token != "admin" {
			t.Errorf("upstream: %+v", w.Upstream)
		} else {
			s.refused.Store(true)
		}
		return mapping.Response{Status: 502}
	})
	h.auth, _ = newTestPassthrough(t, a)
	r := request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer admin")
	serve(t, h, r)
	serve(t, h, request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer admin"))
	if len(a.asked) != 2 {
		t.Errorf("asked %d times", len(a.asked))
	}
	repl, _ := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if got := repl.ReplaceAll("{http.auth.user.id}", "?"); got != "17" {
		t.Errorf("user: %s", got)
	}
}
