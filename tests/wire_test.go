package tests

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reply is an answer of Caddy.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// json returns the body as a tree.
func (r reply) json(t testing.TB) map[string]any {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(r.body, &tree); err != nil {
		t.Fatalf("the body is no JSON object: %v\n%s", err, r.body)
	}
	return tree
}

// roundTrip sends the bytes of a request as they are, over a connection of its
// own, and reads the answer.
func (st *stack) roundTrip(t testing.TB, raw string) reply {
	t.Helper()
	conn, err := st.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(raw, " ")
	return readReply(t, bufio.NewReader(conn), method)
}

func readReply(t testing.TB, from *bufio.Reader, method string) reply {
	t.Helper()
	resp, err := http.ReadResponse(from, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("half an answer: %v", err)
	}
	return reply{resp.StatusCode, resp.Header, body}
}

// send sends a request to a path of the whole server. headers are names and
// values in turn; a name without a value takes the header away.
func (st *stack) send(t testing.TB, method, path, body string, headers ...string) (reply, error) {
	t.Helper()
	return st.sendIn(t.Context(), method, path, body, headers...)
}

// sendIn is send within a context.
func (st *stack) sendIn(ctx context.Context, method, path, body string, headers ...string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, "https://"+st.host+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Authorization", "Bearer "+st.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Del(headers[i]); headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := st.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, answer}, err
}

// scim sends a request to a path below the SCIM base, and fails the test
// unless the answer has the status.
func (st *stack) scim(t testing.TB, status int, method, path, body string) reply {
	t.Helper()
	got, err := st.send(t, method, basePath+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != status {
		t.Fatalf("%s %s: status %d instead of %d\n%s", method, path, got.status, status, got.body)
	}
	return got
}

// isSCIMError fails the test unless the answer is a SCIM error (RFC 7644
// section 3.12) with the status.
func isSCIMError(t testing.TB, got reply, status int) {
	t.Helper()
	var e struct {
		Schemas []string `json:"schemas"`
		Status  string   `json:"status"`
		Detail  string   `json:"detail"`
	}
	decoder := json.NewDecoder(bytes.NewReader(got.body))
	if err := decoder.Decode(&e); err != nil {
		t.Fatalf("status %d with a body that is no SCIM error: %v\n%q", got.status, err, got.body)
	}
	if got.status != status {
		t.Errorf("status %d instead of %d: %s", got.status, status, e.Detail)
	}
	if e.Status != strconv.Itoa(status) {
		t.Errorf(`"status" is %q in an answer that should have %d`, e.Status, status)
	}
	if len(e.Schemas) != 1 || e.Schemas[0] != "urn:ietf:params:scim:api:messages:2.0:Error" {
		t.Errorf("schemas %q", e.Schemas)
	}
	if strings.TrimSpace(e.Detail) == "" {
		t.Error("no detail")
	}
}
