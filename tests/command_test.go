package tests

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// caddyVariable makes this test binary the caddy command.
const caddyVariable = "SCIM_TEST_CADDY"

func TestMain(m *testing.M) {
	if os.Getenv(caddyVariable) != "" {
		caddycmd.Main()
		return
	}
	os.Exit(m.Run())
}

// caddyCommand is the command caddy with these arguments.
func caddyCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(os.Environ(), caddyVariable+"=1")
	return command
}

// installation is a Caddyfile and a mapping file in a directory, as an operator
// has them, and a Caddy that runs them.
type installation struct {
	*replica
	dir string
}

// install writes the shipped files, so that Caddy stays within the test, and
// makes "caddy run" ready to begin.
func install(t *testing.T, args ...string) *installation {
	t.Helper()
	sandbox, api := sandboxtest.NewServer(t, qualytics.Config{})
	st := &stack{sandbox: sandbox, api: api, token: scimToken, address: freeAddress(t)}
	_, port, _ := net.SplitHostPort(st.address)
	st.host = net.JoinHostPort("localhost", port)
	st.roots = certificateFor(t).roots
	in := &installation{replica: &replica{stack: st}, dir: isolate(t)}
	setEnvironment(t, st.host, api.URL)
	t.Setenv("SCIM_TEST_ADMIN", freeAddress(t))
	t.Setenv("SCIM_TEST_DIR", in.dir)
	in.write(t, "localhost.crt", certificateFor(t).chain)
	in.write(t, "localhost.key", certificateFor(t).key)
	in.write(t, "Caddyfile", shippedCaddyfile(t, confined))
	in.write(t, "mappings.yaml", readShipped(t, "mappings.yaml"))
	in.runs(t, args...)
	return in
}

// runs has the next process be "caddy run" with these arguments.
func (in *installation) runs(t *testing.T, args ...string) {
	t.Helper()
	// As a service manager, in a directory that has nothing to do with it.
	elsewhere := t.TempDir()
	in.command = func() *exec.Cmd {
		command := caddyCommand(t, append([]string{"run", "--config", in.path("Caddyfile")}, args...)...)
		command.Dir = elsewhere
		command.Env = append(command.Env, "XDG_CONFIG_HOME="+in.path("config"))
		return command
	}
}

// confined does to the text of the Caddyfile what [confine] does to the JSON.
func confined(caddyfile string) string {
	caddyfile = strings.Replace(caddyfile, "\tauto_https disable_redirects\n", `
	auto_https disable_redirects
	admin {$SCIM_TEST_ADMIN}
	default_bind 127.0.0.1
	storage file_system {$SCIM_TEST_DIR}/storage
	storage_clean_interval 1h
`, 1)
	caddyfile = strings.Replace(caddyfile, "\tservers {\n", "\tservers {\n\t\tprotocols h1 h2\n", 1)
	return strings.Replace(caddyfile, "\tscim {\n", "\ttls {$SCIM_TEST_DIR}/localhost.crt {$SCIM_TEST_DIR}/localhost.key\n\tscim {\n", 1)
}

func (in *installation) path(name string) string { return filepath.Join(in.dir, name) }

func (in *installation) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(in.path(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload runs "caddy reload" and returns what it says.
func (in *installation) reload(t *testing.T) (output string, err error) {
	t.Helper()
	command := caddyCommand(t, "reload", "--config", "Caddyfile")
	command.Dir = in.dir
	out, err := command.CombinedOutput()
	return string(out), err
}

// says waits until the process has logged a text since its log was reset.
func (in *installation) says(t *testing.T, text string) {
	t.Helper()
	select {
	case <-in.log.await(text):
	case <-in.ended:
		t.Fatalf("Caddy ended:\n%s", in.log.text())
	}
}
