package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/qualytics/scim-sidecar/mapping"
)

const testToken = "the-token-for-the-api"

// roundTripper is a transport without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// connected tells the client, as the real transport does, that there is a
// connection.
func connected(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

// answer makes a response. The headers come in pairs.
func answer(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{
		StatusCode:    status,
		Header:        http.Header{},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	for pair := range slices.Chunk(headers, 2) {
		resp.Header.Set(pair[0], pair[1])
	}
	return resp
}

// newTestSession returns a session that calls address; with a transport, no
// network is used. The log has every level.
func newTestSession(t *testing.T, address string, transport http.RoundTripper) (*session, *observer.ObservedLogs) {
	t.Helper()
	base, err := parseUpstream(address, false)
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zapcore.DebugLevel)
	client := newUpstreamClient(upstreamOptions{
		base: base, callTimeout: 10 * time.Second, retries: 3, maxConcurrent: 4, maxAnswer: defaultMaxAnswerSize, logger: zap.New(core),
	})
	if transport != nil {
		client.client.Transport = transport
	}
	client.gate = newGate()
	client.gate.join(&gateSettings{limits: limits{concurrent: 4}})
	t.Cleanup(client.close)
	return client.newSession(false), logs
}

// newSession returns the session of a request that reads or writes.
func (u *upstreamClient) newSession(write bool) *session {
	return &session{upstreamClient: u, turn: newTurn(write), token: testToken, requestID: "r1"}
}

func get(name string) mapping.Call {
	return mapping.Call{Name: name, Method: "GET", Path: "/api/users", Repeatable: true}
}

func post() mapping.Call {
	return mapping.Call{Name: "User.create", Method: "POST", Path: "/api/users", Body: []byte(`{"name":"Ana"}`)}
}

func TestCallOverHTTP(t *testing.T) {
	type seen struct {
		method, uri, body string
		header            http.Header
	}
	var got seen
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, string(body), r.Header}
		w.Header().Set("Retry-After", "7")
		w.Header()["Link"] = []string{`<?page=2>; rel=next`, `<?page=9>; rel=last`}
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"detail":"taken"}`)
	}))
	defer server.Close()
	s, _ := newTestSession(t, server.URL, nil)

	call := post()
	call.Path, call.Query = "/api/users/a%2Fb%20c", "page=1&name=a%26b"
	answer, err := s.Do(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 409 || string(answer.Body) != `{"detail":"taken"}` || answer.RetryAfter != 7*time.Second ||
		!slices.Equal(answer.Link, []string{`<?page=2>; rel=next`, `<?page=9>; rel=last`}) {
		t.Errorf("got %+v", answer)
	}
	if got.method != "POST" || got.uri != "/api/users/a%2Fb%20c?page=1&name=a%26b" || got.body != `{"name":"Ana"}` {
		t.Errorf("sent %s %s %s", got.method, got.uri, got.body)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + testToken, "Accept": "application/json", "Content-Type": "application/json",
		"User-Agent": "scim-sidecar", "X-Request-Id": "r1", "Content-Length": "14",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}

	if _, err := s.Do(t.Context(), get("User.list")); err != nil {
		t.Fatal(err)
	}
	if _, ok := got.header["Content-Type"]; ok || got.body != "" {
		t.Errorf("without a body: %v, %q", got.header, got.body)
	}
}

// TestConnections makes no more connections than calls may be under way, and
// makes them once.
func TestConnections(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "{}")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	s, _ := newTestSession(t, server.URL, nil)
	for range 2 {
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if _, err := s.Do(t.Context(), post()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if n := opened.Load(); n > 4 {
		t.Errorf("%d connections for 4 calls at a time", n)
	}
}

func TestRedirectIsAnAnswer(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	s, _ := newTestSession(t, server.URL, nil)
	for _, call := range []mapping.Call{get("User.list"), post()} {
		if answer, err := s.Do(t.Context(), call); err != nil || answer.Status != 307 {
			t.Errorf("%s: %+v, %v", call.Name, answer, err)
		}
	}
}

var errDial = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// reply is what a transport does with a request.
type reply struct {
	status     int    // 0 for no answer
	retryAfter string // the header of that name
	cut        bool   // the body breaks off
	unreached  bool   // there is not even a connection
}

func (f reply) roundTrip(r *http.Request) (*http.Response, error) {
	if f.unreached {
		return nil, errDial
	}
	connected(r)
	if f.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	resp := answer(f.status, "<html>", "Retry-After", f.retryAfter)
	if f.cut {
		resp.ContentLength++
	}
	return resp, nil
}

// TestRepeats says which answers make which calls be sent again.
func TestCallErrors(t *testing.T) {
	for _, tt := range []struct {
		name      string
		transport roundTripper
		unsent    bool
		timeout   bool
	}{
		{"not reached", func(*http.Request) (*http.Response, error) { return nil, errDial }, true, false},
		{"never answered", func(r *http.Request) (*http.Response, error) {
			connected(r)
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, false, true},
		{"first lost, then not reached", func() roundTripper {
			tries := 0
			return func(r *http.Request) (*http.Response, error) {
				if tries++; tries == 1 {
					connected(r)
					return nil, io.EOF
				}
				return nil, errDial
			}
		}(), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, logs := newTestSession(t, "http://localhost:9000", tt.transport)
				ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
				defer cancel()
				call := get("User.list")
				call.Query = "name=ana"
				_, err := s.Do(ctx, call)
				var callErr *mapping.CallError
				if !errors.As(err, &callErr) || callErr.Unsent != tt.unsent || callErr.Timeout != tt.timeout {
					t.Fatalf("got %#v", err)
				}
				var urlErr *url.Error
				if errors.As(err, &urlErr) {
					t.Errorf("the error holds the URL: %v", err)
				}
				said := err.Error() + fmt.Sprint(logs.All())
				for _, secret := range []string{testToken, "ana"} {
					if strings.Contains(said, secret) {
						t.Errorf("%q is in %s", secret, said)
					}
				}
			})
		})
	}
}

func TestRefusedTokenIsNoticed(t *testing.T) {
	s, _ := newTestSession(t, "http://localhost", roundTripper(func(*http.Request) (*http.Response, error) {
		return answer(401, "{}"), nil
	}))
	if _, err := s.Do(t.Context(), get("User.list")); err != nil || !s.refused.Load() {
		t.Errorf("refused = %t, %v", s.refused.Load(), err)
	}
}
