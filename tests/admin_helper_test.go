package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// startWithAdmin is start with Caddy's admin API on an address of its own.
func startWithAdmin(t *testing.T, s setup) (st *stack, admin string) {
	t.Helper()
	admin = freeAddress(t)
	overlay := s.overlay
	s.overlay = func(config map[string]any) {
		set(config, false, "admin", "disabled")
		set(config, admin, "admin", "listen")
		if overlay != nil {
			overlay(config)
		}
	}
	st = start(t, s)
	t.Cleanup(func() {
		// Stopping leaves the endpoint open.
		if err := caddy.Load([]byte(`{"admin":{"disabled":true,"config":{"persist":false}}}`), true); err != nil {
			t.Error(err)
		}
	})
	return st, admin
}

// askAdmin does a request to the admin API that must have the status, and reads
// its answer.
func askAdmin(t *testing.T, admin string, status int, method, path, body string, answer any) http.Header {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+admin+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	js, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s: status %d instead of %d: %s", method, path, resp.StatusCode, status, js)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s %s: the answer is %s", method, path, got)
	}
	decoder := json.NewDecoder(bytes.NewReader(js))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, js)
	}
	return resp.Header
}

// caddyScim runs `caddy scim` with arguments, and returns what it printed and its
// exit code.
func caddyScim(t *testing.T, input string, args ...string) (out, messages string, code int) {
	t.Helper()
	root := &cobra.Command{Use: "scim"}
	caddycmd.Commands()["scim"].CobraFunc(root)
	var stdout, stderr strings.Builder
	root.SetIn(strings.NewReader(input))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), exitCode(err)
}

// exitCode is what Caddy makes of the error of a command. The type that says so
// is its own.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	for at := err; at != nil; at = errors.Unwrap(at) {
		if v := reflect.Indirect(reflect.ValueOf(at)); v.Kind() == reflect.Struct && v.FieldByName("ExitCode").IsValid() {
			return int(v.FieldByName("ExitCode").Int())
		}
	}
	return 1
}
