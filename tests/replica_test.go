package tests

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

const (
	// redisVariable names a Caddy that has the storage module for Redis, with
	// which the replicas are then run.
	redisVariable = "CADDY_WITH_REDIS"

	// serving is what a Caddy logs when it serves its configuration.
	serving = "serving initial configuration"
)

// replica is a Caddy in a process of its own.
type replica struct {
	*stack
	command func() *exec.Cmd
	process *exec.Cmd
	log     watchedLog

	// ended is closed when the process has ended.
	ended chan struct{}
}

// startReplicas runs Caddies with one storage in front of one sandbox.
func startReplicas(t *testing.T, n int) []*replica {
	t.Helper()
	sandbox, api := sandboxtest.NewServer(t, qualytics.Config{})
	dir := isolate(t)
	storage := map[string]any{"module": "file_system", "root": filepath.Join(dir, "shared")}
	binary := os.Getenv(redisVariable)
	if binary != "" {
		host, port, _ := net.SplitHostPort(startRedis(t, dir))
		storage = map[string]any{"module": "redis", "host": []any{host}, "port": []any{port}}
	}
	replicas := make([]*replica, n)
	for i := range replicas {
		config := filepath.Join(dir, fmt.Sprint("replica-", i, ".json"))
		replicas[i] = newReplica(t, sandbox, api, storage, config, nil)
		replicas[i].command = func() *exec.Cmd {
			if binary != "" {
				return exec.CommandContext(t.Context(), binary, "run", "--config", config)
			}
			return caddyCommand(t, "run", "--config", config)
		}
		replicas[i].begin(t)
	}
	return replicas
}

// newReplica writes a replica's configuration, which overlay may change.
func newReplica(
	t *testing.T, sandbox *qualytics.Sandbox, api *httptest.Server,
	storage map[string]any, file string, overlay func(config map[string]any),
) *replica {
	t.Helper()
	st := &stack{sandbox: sandbox, api: api, token: scimToken, address: freeAddress(t)}
	_, port, _ := net.SplitHostPort(st.address)
	st.host = net.JoinHostPort("localhost", port)
	setEnvironment(t, st.host, api.URL)
	config := adapt(t, shippedCaddyfile(t, nil))
	confine(t, config, filepath.Dir(file), st.address)
	setOption(config, "max_calls_per_second", 0)
	set(config, storage, "storage")
	set(config, map[string]any{"default": map[string]any{
		"level": "DEBUG", "writer": map[string]any{"output": "stderr"}, "encoder": map[string]any{"format": "json"},
	}}, "logging", "logs")
	if overlay != nil {
		overlay(config)
	}
	if err := os.WriteFile(file, encode(t, config), 0o600); err != nil {
		t.Fatal(err)
	}
	st.roots = certificateFor(t).roots
	return &replica{stack: st}
}

// begin starts the process and waits until it serves.
func (r *replica) begin(t *testing.T) {
	t.Helper()
	r.process = r.command()
	r.log.reset()
	r.process.Stderr = &r.log
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	process, ended := r.process, make(chan struct{})
	r.ended = ended
	go func() {
		_ = process.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = process.Process.Kill()
		<-ended
	})
	select {
	case <-r.log.await(serving):
	case <-ended:
		t.Fatalf("Caddy ended:\n%s", r.log.text())
	}
	r.client = r.newClient(t)
}

// kill ends the process as kill -9 does.
func (r *replica) kill(t *testing.T) {
	t.Helper()
	if err := r.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
}

// startRedis runs a Redis that keeps nothing, and returns its address.
func startRedis(t *testing.T, dir string) string {
	t.Helper()
	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	command := exec.CommandContext(t.Context(), "redis-server",
		"--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "no")
	var log watchedLog
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
	})
	select {
	case <-log.await("Ready to accept connections"):
	case <-ended:
		t.Fatalf("Redis ended:\n%s", log.text())
	}
	return address
}

// watchedLog collects what a process writes and tells when a text is in it.
type watchedLog struct {
	// keeps says which lines are collected. Nil: all.
	keeps func(line []byte) bool

	mu      sync.Mutex
	lines   bytes.Buffer
	awaited string
	seen    chan struct{}
}

var _ io.Writer = (*watchedLog)(nil)

// reset forgets what was written.
func (l *watchedLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines.Reset()
}

// await returns a channel that is closed when a text has been written since the
// last reset. There is one at a time.
func (l *watchedLog) await(text string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.awaited, l.seen = text, make(chan struct{})
	l.look()
	return l.seen
}

// Write implements [io.Writer].
func (l *watchedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keeps == nil || l.awaited != "" || l.keeps(p) {
		l.lines.Write(p)
	}
	l.look()
	return len(p), nil
}

// look needs l.mu.
func (l *watchedLog) look() {
	if l.awaited != "" && strings.Contains(l.lines.String(), l.awaited) {
		close(l.seen)
		l.awaited = ""
	}
}

func (l *watchedLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}
