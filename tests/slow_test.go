package tests

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestSlowBody has a client send its body a little at a time and stop: the
// request ends with its time, is answered, and its connection closed.
func TestSlowBody(t *testing.T) {
	st := start(t, setup{edit: options("timeout 200ms\ncall_timeout 100ms")})
	for name, body := range map[string]string{
		"length known": "Content-Length: 1000\r\n\r\n{",
		"in chunks":    "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
		"no body":      "Content-Length: 1000\r\n\r\n",
	} {
		conn, err := st.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST "+basePath+"/Users HTTP/1.1\r\n"+st.authorized()+body); err != nil {
			t.Fatal(err)
		}
		from := bufio.NewReader(conn)
		isSCIMError(t, readReply(t, from, "POST"), 408)
		if _, err := from.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection goes on: %v", name, err)
		}
	}
	if calls := st.sandbox.Calls(); len(calls) > 0 {
		t.Errorf("the API was called: %s", callList(calls))
	}
}

// TestSlowBodyInHTTP2 is the same for one of several streams of a connection.
func TestSlowBodyInHTTP2(t *testing.T) {
	st := start(t, setup{edit: options("timeout 200ms\ncall_timeout 100ms")})
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: st.roots, ServerName: "localhost"},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: patience}
	send := func(body io.Reader) reply {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+st.address+basePath+"/Users", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = st.host
		r.Header.Set("Authorization", "Bearer "+st.token)
		r.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil || resp.ProtoMajor != 2 {
			t.Fatalf("%s, %v", resp.Proto, err)
		}
		return reply{resp.StatusCode, resp.Header, answer}
	}
	stalled, start := io.Pipe()
	go func() { _, _ = start.Write([]byte("{")) }()
	isSCIMError(t, send(stalled), 408)
	isSCIMError(t, send(strings.NewReader("{}")), 400)
}

// TestSlowBodyThatComes takes a body in many pieces within the time.
func TestSlowBodyThatComes(t *testing.T) {
	st := start(t, setup{})
	reader, writer := io.Pipe()
	go func() {
		for _, b := range []byte(`{"userName":"piece.by.piece"}`) {
			if _, err := writer.Write([]byte{b}); err != nil {
				return
			}
		}
		writer.Close()
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+st.host+basePath+"/Users", reader)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+st.token)
	resp, err := st.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 201 {
		t.Errorf("status %d", resp.StatusCode)
	}
}
