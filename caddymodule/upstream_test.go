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
		base: base, callTimeout: 10 * time.Second, retries: 3, maxConcurrent: 4, logger: zap.New(core),
	})
	if transport != nil {
		client.client.Transport = transport
	}
	t.Cleanup(client.close)
	return &session{upstreamClient: client, token: testToken, requestID: "r1"}, logs
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

// hijacked writes bytes to the connection and closes it.
func hijacked(t *testing.T, raw string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	})
}

func TestBrokenAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, raw, want string
	}{
		{"no answer", "", "EOF"},
		{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", "the answer broke off: unexpected EOF"},
		{"short chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "the answer broke off: unexpected EOF"},
		{"announced too large", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", maxAnswer+1), "the answer is larger than 16777216 bytes"},
		{"no HTTP", "SSH-2.0\r\n\r\n", "malformed HTTP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(hijacked(t, tt.raw))
			defer server.Close()
			s, _ := newTestSession(t, server.URL, nil)
			s.retries = 0
			_, err := s.Do(t.Context(), get("User.list"))
			var callErr *mapping.CallError
			if !errors.As(err, &callErr) || callErr.Unsent || callErr.Timeout || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %#v: %v", callErr, err)
			}
		})
	}
}

func TestTooLargeWithoutLength(t *testing.T) {
	s, _ := newTestSession(t, "http://localhost", roundTripper(func(r *http.Request) (*http.Response, error) {
		connected(r)
		resp := answer(200, "")
		resp.ContentLength = -1
		resp.Body = io.NopCloser(io.LimitReader(zeros{}, maxAnswer+1))
		return resp, nil
	}))
	if _, err := s.Do(t.Context(), get("User.list")); !errors.Is(err, errAnswerTooLarge) {
		t.Errorf("got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

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

func TestConcurrencyAndRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Second):
				return answer(200, "{}"), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}))
		start := time.Now()
		done := make(chan error)
		for range 8 {
			go func() { _, err := s.Do(t.Context(), get("User.list")); done <- err }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := s.Do(ctx, get("User.list"))
		var callErr *mapping.CallError
		if !errors.As(err, &callErr) || !callErr.Unsent || !callErr.Timeout {
			t.Errorf("got %v", err)
		}
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("8 calls, 4 at a time, took %s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		base, _ := parseUpstream("http://localhost", false)
		u := newUpstreamClient(upstreamOptions{
			base: base, callTimeout: time.Second, maxConcurrent: 4, maxPerSecond: 2, logger: zap.NewNop(),
		})
		u.client.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return answer(204, ""), nil })
		s := &session{upstreamClient: u}
		start := time.Now()
		for range 6 {
			if _, err := s.Do(t.Context(), get("User.list")); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("6 calls, 2 a second, took %s", took)
		}
	})
}

func TestRefusedTokenIsNoticed(t *testing.T) {
	s, _ := newTestSession(t, "http://localhost", roundTripper(func(*http.Request) (*http.Response, error) {
		return answer(401, "{}"), nil
	}))
	if _, err := s.Do(t.Context(), get("User.list")); err != nil || !s.refused.Load() {
		t.Errorf("refused = %t, %v", s.refused.Load(), err)
	}
}

func TestParseUpstream(t *testing.T) {
	for _, tt := range []struct {
		address   string
		plaintext bool
		want      string // the URL, or the error
	}{
		{"https://Corp.Qualytics.io", false, "https://corp.qualytics.io"},
		{"https://corp.qualytics.io:8443/", false, "https://corp.qualytics.io:8443"},
		{"http://127.0.0.1:9000", false, "http://127.0.0.1:9000"},
		{"http://[::1]:9000", false, "http://[::1]:9000"},
		{"http://localhost", false, "http://localhost"},
		{"http://api.localhost", false, "http://api.localhost"},
		{"http://api:9000", true, "http://api:9000"},
		{"http://api:9000", false, "upstream: api:9000 would carry the token over the network unencrypted; use https, or write allow_plaintext if that network is trusted"},
		{"http://127.0.0.1.example.com", false, "upstream: 127.0.0.1.example.com would carry the token over the network unencrypted; use https, or write allow_plaintext if that network is trusted"},
		{"https://user:pass@host", false, "upstream: the URL must not hold a user name or password; the token goes into upstream_token"},
		{"https://host/api", false, `upstream: the URL must end after the host, but has the path "/api"; the mapping says which path the API is under`},
		{"https://host?x=1", false, "upstream: the URL must end after the host; leave out the query and the fragment"},
		{"https://host#x", false, "upstream: the URL must end after the host; leave out the query and the fragment"},
		{"host:9000", false, `upstream: "host:9000" has no http or https scheme and host; write it like https://example.qualytics.io`},
		{"ftp://host", false, `upstream: "ftp://host" has no http or https scheme and host; write it like https://example.qualytics.io`},
		{"https://", false, `upstream: "https://" has no http or https scheme and host; write it like https://example.qualytics.io`},
		{"https://host:0", false, "upstream: the port 0 is not between 1 and 65535"},
		{"https://host:99999", false, "upstream: the port 99999 is not between 1 and 65535"},
		{"https://u:p@ho st", false, "upstream: not a URL; write it like https://example.qualytics.io"},
	} {
		u, err := parseUpstream(tt.address, tt.plaintext)
		got := fmt.Sprint(u)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.address, got, tt.want)
		}
	}
}
