// Package tests looks at the sidecar from outside: the shipped Caddyfile and
// mappings.yaml in a real Caddy, in front of the sandbox API.
package tests

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/qualytics/scim-sidecar/caddymodule"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

const (
	// scimToken is what the identity provider presents.
	scimToken = "scim-token-of-the-provider"

	// basePath is where the shipped Caddyfile has SCIM.
	basePath = "/api/scim/v2"

	// patience ends a test that waits for something that does not come.
	patience = time.Minute
)

// now is the sandbox's time, so that answers can be compared whole.
var now = time.Date(2026, time.March, 1, 10, 0, 0, 0, time.UTC)

// stack is a Caddy with the shipped configuration in front of a sandbox.
type stack struct {
	// sandbox is the API.
	sandbox *qualytics.Sandbox

	// api is the server that the sandbox runs in.
	api *httptest.Server

	// host is how clients call Caddy: "localhost" and its port.
	host string

	// address is where Caddy listens.
	address string

	// config is what Caddy was loaded with.
	config []byte

	// roots has the certificate of Caddy's internal authority.
	roots *x509.CertPool

	// token is what requests present unless they say otherwise.
	token string

	client *http.Client
}

// setup says how a stack differs from what is shipped.
type setup struct {
	// sandbox is the sandbox's configuration; its clock stands still.
	sandbox qualytics.Config

	// edit changes the text of the shipped Caddyfile.
	edit func(string) string

	// overlay changes the adapted configuration.
	overlay func(config map[string]any)

	// paced leaves the limit on calls per second in place, without which tests
	// with thousands of calls take no minutes.
	paced bool
}

// start runs the shipped configuration until the test ends.
func start(t testing.TB, s setup) *stack {
	t.Helper()
	if s.sandbox.Now == nil {
		s.sandbox.Now = func() time.Time { return now }
	}
	sandbox, api := sandboxtest.NewServer(t, s.sandbox)
	st := &stack{sandbox: sandbox, api: api, token: scimToken, address: freeAddress(t)}
	_, port, _ := net.SplitHostPort(st.address)
	st.host = net.JoinHostPort("localhost", port)
	dir := isolate(t)
	setEnvironment(t, st.host, api.URL)

	config := adapt(t, shippedCaddyfile(t, s.edit))
	confine(t, config, dir, st.address)
	if !s.paced {
		setOption(config, "max_calls_per_second", 0)
	}
	if s.overlay != nil {
		s.overlay(config)
	}
	st.config = encode(t, config)
	st.load(t)
	t.Cleanup(func() { stop(t) })
	st.trust(t)
	return st
}

// setEnvironment sets the variables that the README has for operators.
func setEnvironment(t testing.TB, site, apiURL string) {
	t.Helper()
	t.Setenv("SCIM_SITE", site)
	t.Setenv("SCIM_TOKEN", scimToken)
	t.Setenv("QUALYTICS_URL", apiURL)
	t.Setenv("QUALYTICS_TOKEN", sandboxtest.Token)
}

// isolate makes the repository the working directory, as for an operator, and
// keeps Caddy from everybody else's files. It returns a directory to write to.
func isolate(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	if _, err := os.Stat("mappings.yaml"); err != nil {
		t.Chdir("..")
	}
	return dir
}

// shippedCaddyfile returns the text of the Caddyfile, edited if edit is set.
func shippedCaddyfile(t testing.TB, edit func(string) string) string {
	t.Helper()
	src, err := os.ReadFile("Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	if edit == nil {
		return string(src)
	}
	edited := edit(string(src))
	if edited == string(src) {
		t.Fatal("the Caddyfile has nothing of what the test changes in it")
	}
	return edited
}

// adapt turns a Caddyfile into the JSON that Caddy loads.
func adapt(t testing.TB, caddyfile string) map[string]any {
	t.Helper()
	js, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, js)
}

// confine adds what keeps a Caddy within a test, and has it listen on one TCP port
// of the loopback interface. The rest stays as it is shipped.
func confine(t testing.TB, config map[string]any, dir, address string) {
	t.Helper()
	contain(t, config, dir)
	for _, server := range servers(config) {
		server["listen"] = []any{address}
	}
}

// contain adds what keeps a Caddy within a test wherever it listens: no admin
// endpoint, no saved configuration, storage in dir, no authority in the system's
// trust store, and a certificate that is there.
func contain(t testing.TB, config map[string]any, dir string) {
	t.Helper()
	certificateFor(t).present(config)
	set(config, true, "admin", "disabled")
	set(config, false, "admin", "config", "persist")
	set(config, "file_system", "storage", "module")
	set(config, filepath.Join(dir, "storage"), "storage", "root")
	set(config, false, "apps", "pki", "certificate_authorities", "local", "install_trust")
	// It would go on while the storage is removed.
	set(config, true, "apps", "tls", "disable_storage_clean")
	logToMemory(config)
	for _, server := range servers(config) {
		server["protocols"] = []any{"h1", "h2"}
		// The redirects would want port 80.
		set(server, true, "automatic_https", "disable_redirects")
	}
}

// servers returns the HTTP servers of a configuration.
func servers(config map[string]any) map[string]map[string]any {
	found := make(map[string]map[string]any)
	all, _ := at(config, "apps", "http", "servers").(map[string]any)
	for name, server := range all {
		found[name], _ = server.(map[string]any)
	}
	return found
}

// set puts a value into nested objects, which it makes where there are none.
func set(in map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		next, ok := in[key].(map[string]any)
		if !ok {
			next = make(map[string]any)
			in[key] = next
		}
		in = next
	}
	in[path[len(path)-1]] = value
}

// at returns the value in nested objects, nil when there is none.
func at(in any, path ...string) any {
	for _, key := range path {
		object, _ := in.(map[string]any)
		in = object[key]
	}
	return in
}

// setOption sets an option of each scim handler in a configuration.
func setOption(in any, option string, value any) {
	switch in := in.(type) {
	case map[string]any:
		if in["handler"] == "scim" {
			in[option] = value
		}
		for _, inner := range in {
			setOption(inner, option, value)
		}
	case []any:
		for _, inner := range in {
			setOption(inner, option, value)
		}
	}
}

func decode(t testing.TB, js []byte) map[string]any {
	t.Helper()
	var config map[string]any
	if err := json.Unmarshal(js, &config); err != nil {
		t.Fatal(err)
	}
	return config
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	js, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// load loads the configuration, even if it is the one that runs.
func (st *stack) load(t testing.TB) {
	t.Helper()
	if err := caddy.Load(st.config, true); err != nil {
		t.Fatalf("Caddy does not start: %v", err)
	}
}

// reload loads the configuration again and waits until connections can't come
// to the one before any more.
func (st *stack) reload(t testing.TB) {
	t.Helper()
	st.client.CloseIdleConnections()
	st.load(t)
	limit := time.Now().Add(patience)
	for strings.Contains(goroutines(), "caddyhttp.(*App).stop") {
		if time.Now().After(limit) {
			t.Fatal("the configuration before does not end")
		}
		runtime.Gosched()
	}
}

// stop ends Caddy and fails the test if something of the sidecar goes on.
func stop(t testing.TB) {
	t.Helper()
	if err := caddy.Stop(); err != nil {
		t.Error(err)
	}
	limit := time.Now().Add(patience)
	for left := running(); left != ""; left = running() {
		if time.Now().After(limit) {
			t.Errorf("still running after Caddy was stopped:\n%s", left)
			return
		}
		runtime.Gosched()
	}
}

// running returns the stack of a goroutine in the sidecar's own code.
func running() string {
	for stack := range strings.SplitSeq(goroutines(), "\n\n") {
		for _, own := range []string{"scim-sidecar/caddymodule", "scim-sidecar/mapping"} {
			if strings.Contains(stack, own) {
				return stack
			}
		}
	}
	return ""
}

// goroutines returns the stacks of all goroutines.
func goroutines() string {
	buffer := make([]byte, 4<<20)
	return string(buffer[:runtime.Stack(buffer, true)])
}

// trust waits until Caddy is ready, and makes a client for its certificate.
func (st *stack) trust(t testing.TB) {
	t.Helper()
	st.roots = certificateFor(t).roots
	st.client = st.newClient(t)
	limit := time.Now().Add(patience)
	for {
		conn, err := st.dial(t.Context())
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("Caddy does not get ready: %v", err)
		}
		runtime.Gosched()
	}
}

// newClient makes a client with connections of its own.
func (st *stack) newClient(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialTLSContext:      func(ctx context.Context, _, _ string) (net.Conn, error) { return st.dial(ctx) },
		MaxIdleConnsPerHost: 1000,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial makes a TLS connection that trusts the certificate of the tests alone.
func (st *stack) dial(ctx context.Context) (net.Conn, error) {
	dialer := tls.Dialer{Config: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: st.roots, ServerName: "localhost", NextProtos: []string{"http/1.1"},
	}}
	return dialer.DialContext(ctx, "tcp", st.address)
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
