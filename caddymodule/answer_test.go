package caddymodule

import (
	"compress/gzip"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
)

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
		{"announced too large", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", defaultMaxAnswerSize+1), "the answer is larger than 16777216 bytes"},
		{"short JSON to the end of the connection", "HTTP/1.1 200 OK\r\n\r\n[{},", "the answer broke off: unexpected EOF"},
		{"short body of much", "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n{}", "the answer broke off: unexpected EOF"},
		{"head too large", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 70<<10) + "\r\n\r\n", "headers exceeded"},
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
		resp.Body = io.NopCloser(io.LimitReader(zeros{}, defaultMaxAnswerSize+1))
		return resp, nil
	}))
	_, err := s.Do(t.Context(), get("User.list"))
	var callErr *mapping.CallError
	if !errors.As(err, &callErr) || !callErr.TooLarge || callErr.Unsent {
		t.Errorf("got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestAnswersToTheEnd reads what has no length but is whole.
func TestAnswersToTheEnd(t *testing.T) {
	for _, tt := range []struct{ name, raw, want string }{
		{"JSON", "HTTP/1.1 200 OK\r\n\r\n[{}]", "[{}]"},
		{"a page", "HTTP/1.1 200 OK\r\n\r\n<html>", "<html>"},
		{"nothing", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "{}"},
	} {
		server := httptest.NewServer(hijacked(t, tt.raw))
		s, _ := newTestSession(t, server.URL, nil)
		if got, err := s.Do(t.Context(), post()); err != nil || string(got.Body) != tt.want {
			t.Errorf("%s: %q, %v", tt.name, got.Body, err)
		}
		server.Close()
	}
}

// TestDecompressedSize has an answer be large only when it is unpacked.
func TestDecompressedSize(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("nothing compressed is asked for")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.Copy(z, io.LimitReader(zeros{}, 1<<20))
		_ = z.Close()
	}))
	defer server.Close()
	s, _ := newTestSession(t, server.URL, nil)
	s.maxAnswer = 1<<20 - 1
	_, err := s.Do(t.Context(), get("User.list"))
	var callErr *mapping.CallError
	if !errors.As(err, &callErr) || !callErr.TooLarge {
		t.Errorf("got %v", err)
	}
	if want := "the answer is larger than 1048575 bytes; if it has to be, raise max_answer_size"; callErr.Err.Error() != want {
		t.Errorf("got %q", callErr.Err)
	}
	s.maxAnswer = 1 << 20
	if got, err := s.Do(t.Context(), get("User.list")); err != nil || len(got.Body) != 1<<20 {
		t.Errorf("%d bytes, %v", len(got.Body), err)
	}
}

// TestErrorsNameNoPlaces looks at how failures are told.
func TestErrorsNameNoPlaces(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	reset := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}))
	defer reset.Close()
	for _, tt := range []struct {
		address string
		err     error // nil for that of a call
		want    string
	}{
		{closed.URL, nil, "dial tcp: connect: connection refused"},
		{reset.URL, nil, "read tcp: read: connection reset by peer"},
		{"", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errDialPlaced}, "proxyconnect tcp: dial tcp: no route to host"},
		{"", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.inner", Server: "10.0.0.53:53"}}, "dial tcp: lookup: no such host"},
		{"", brokenOff(&net.OpError{Op: "read", Net: "tcp", Addr: place, Err: io.EOF}), "the answer broke off: read tcp: EOF"},
		{"", x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"api.inner"}}, Host: "10.0.0.7"}, "the certificate is for another name"},
		{"", &url.Error{Op: "Get", URL: "http://api.inner/?name=ana", Err: io.EOF}, "EOF"},
	} {
		err := tt.err
		if err == nil {
			s, _ := newTestSession(t, tt.address, nil)
			s.retries = 0
			_, err = s.Do(t.Context(), get("User.list"))
			var callErr *mapping.CallError
			if errors.As(err, &callErr) {
				err = callErr.Err
			}
		}
		if got := withoutPlaces(err); got == nil || got.Error() != tt.want {
			t.Errorf("got %v, want %s", got, tt.want)
		}
	}
}

var (
	place         = &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 443}
	errDialPlaced = &net.OpError{Op: "dial", Net: "tcp", Addr: place, Err: errors.New("no route to host")}
)
