package qualytics_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

var clock = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// api is a client of a sandbox, with the sandbox itself behind it.
type api struct {
	*qualytics.Sandbox
	t     *testing.T
	url   string
	token string
}

func start(t *testing.T, cfg qualytics.Config) *api {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return clock }
	}
	sb, server := sandboxtest.NewServer(t, cfg)
	return &api{Sandbox: sb, t: t, url: server.URL, token: sandboxtest.Token}
}

// as is the same API with another token.
func (a *api) as(token string) *api {
	other := *a
	other.token = token
	return &other
}

func (a *api) request(method, path, body string) *http.Request {
	a.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// result is an answer, decoded if it is JSON.
type result struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

func (a *api) send(r *http.Request) (result, error) {
	a.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return result{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return result{}, err
	}
	res := result{status: resp.StatusCode, header: resp.Header, text: string(body)}
	if json.Valid(body) {
		if err := json.Unmarshal(body, &res.json); err != nil {
			a.t.Fatal(err)
		}
	}
	return res, nil
}

// do makes a call that must be answered with the given status.
func (a *api) do(method, path, body string, want int) result {
	a.t.Helper()
	res, err := a.send(a.request(method, path, body))
	if err != nil {
		a.t.Fatal(err)
	}
	if res.status != want {
		a.t.Fatalf("%s %s: status %d, want %d: %s", method, path, res.status, want, res.text)
	}
	return res
}

// compact is v as JSON, to compare in one go.
func compact(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func same(t *testing.T, what string, got any, want string) {
	t.Helper()
	if text := compact(t, got); text != want {
		t.Errorf("%s: %s, want %s", what, text, want)
	}
}
