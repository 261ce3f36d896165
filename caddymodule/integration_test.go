package caddymodule

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"go.uber.org/goleak"
)

// users stands in for the API, with one Admin, whose token is testToken.
func users(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+testToken {
		http.Error(w, `{"detail":"no"}`, http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/api/users/me", "/api/users/41":
		_, _ = io.WriteString(w, `{"id":"41","user_name":"ana","surname":"Lima","active":true,"role":"Admin"}`)
	default:
		http.Error(w, `{"detail":"no such user"}`, http.StatusNotFound)
	}
}

// startCaddy runs Caddy with a plain site whose scim block has these options,
// and returns the site's address.
func startCaddy(t *testing.T, address, options string) string {
	t.Helper()
	if address == "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address = listener.Addr().String()
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
	}
	config := fmt.Sprintf(`{
	admin off
	persist_config off
	auto_https off
	log {
		output discard
	}
}
http://%s {
	scim {
		mappings testdata/mappings.yaml
		%s
	}
	handle /metrics {
		metrics
	}
	respond "passed on"
}`, address, options)
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(adapted, true); err != nil {
		t.Fatal(err)
	}
	// Until the configuration before has ended, connections may come to it.
	for limit := time.Now().Add(time.Minute); stopping(); runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatal("the configuration before does not end")
		}
	}
	return address
}

// stopping reports whether a configuration of Caddy is coming to its end.
func stopping() bool {
	stacks := make([]byte, 1<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("caddyhttp.(*App).stop"))
}

// fetch does a request and returns status and body.
func fetch(t *testing.T, client *http.Client, address, path, token string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

// isolate keeps Caddy out of the home directory and checks that nothing of it
// is left.
func isolate(t *testing.T) *http.Client {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
		for name, pool := range map[string]*caddy.UsagePool{
			"correlations": correlationsPool, "keeper": keeperPool, "gate": gatePool,
			"deactivations": deactivationsPool,
		} {
			pool.Range(func(any, any) bool { t.Errorf("%s is left", name); return true })
		}
		goleak.VerifyNone(t, current,
			// Caddy's own, which last as long as the process.
			goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*Cache).maintainAssets"),
			goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*RingBufferRateLimiter).loop"),
			goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"))
	})
	return client
}

func TestInCaddy(t *testing.T) {
	client := isolate(t)
	server := httptest.NewServer(http.HandlerFunc(users))
	t.Cleanup(server.Close)
	t.Setenv("TEST_SCIM", goodToken)
	t.Setenv("TEST_API", testToken)
	options := "upstream " + server.URL + "\ntoken {env.TEST_SCIM}\nupstream_token {env.TEST_API}\n"
	address := startCaddy(t, "", options)

	for _, tt := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/other", "", 200, "passed on"},
		{"/api/scim/v2x", goodToken, 404, "urn:ietf:params:scim:api:messages:2.0:Error"},
		{"/api/scim/v2/ServiceProviderConfig", "", 401, "urn:ietf:params:scim:api:messages:2.0:Error"},
		{"/api/scim/v2/ServiceProviderConfig", goodToken, 200, "filter"},
		{"/api/scim/v2/Users/41?", goodToken, 200, `"userName":"ana"`},
		{"//API/scim/v2//users/41/", goodToken, 200, "http://" + address + "/api/scim/v2/Users/41"},
		{"/api/scim/v2/Users/42", goodToken, 404, "urn:ietf:params:scim:api:messages:2.0:Error"},
		{"/api/scim/v2/Users/41", testToken, 401, "urn:ietf:params:scim:api:messages:2.0:Error"},
	} {
		status, body := fetch(t, client, address, tt.path, tt.token)
		if status != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%s: %d %s", tt.path, status, body)
		}
	}

	before := pooled()
	startCaddy(t, address, options+"correlations {\nsize 50\n}\n")
	if after := pooled(); before == nil || after != before {
		t.Error("what was learnt did not survive a reload")
	}
	if status, _ := fetch(t, client, address, "/api/scim/v2/Users/41", goodToken); status != 200 {
		t.Errorf("after a reload: %d", status)
	}
}

// pooled returns the correlations that are in use.
func pooled() (c *correlations) {
	correlationsPool.Range(func(_, value any) bool {
		c, _ = value.(*correlations)
		return true
	})
	return c
}

func TestPassthroughInCaddy(t *testing.T) {
	client := isolate(t)
	server := httptest.NewServer(http.HandlerFunc(users))
	t.Cleanup(server.Close)
	address := startCaddy(t, "", "upstream "+server.URL+"\npassthrough\n")

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			status, body := fetch(t, client, address, "/api/scim/v2/Users/41", testToken)
			if status != 200 || !strings.Contains(body, `"userName":"ana"`) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	wg.Wait()
	if status, _ := fetch(t, client, address, "/api/scim/v2/Users/41", goodToken); status != 401 {
		t.Errorf("with a stranger's token: %d", status)
	}
	server.Close()
	if status, _ := fetch(t, client, address, "/api/scim/v2/Users/41", "another-unknown-token"); status != 503 {
		t.Errorf("while the API is down: %d", status)
	}
}
