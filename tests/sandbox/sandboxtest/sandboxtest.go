// Package sandboxtest runs the stand-in for the Qualytics API in a test. It is
// apart from package qualytics so that a command does not link "testing".
package sandboxtest

import (
	"net/http/httptest"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// Token is the token of the sandbox's own Admin service user if the
// configuration of [NewServer] names none.
const Token = "sandbox-service-token"

// NewServer runs a sandbox on a loopback address until the test ends. It sets
// cfg.CheckAnswers, and cfg.Token if that is empty, to [Token]. When the test
// ends, it fails for each call that did not fit the API's OpenAPI document,
// and for each answer of the sandbox that did not, unless
// [qualytics.Sandbox.ExpectViolations] covers it. The API is at the server's
// URL followed by "/api".
func NewServer(t testing.TB, cfg qualytics.Config) (*qualytics.Sandbox, *httptest.Server) {
	t.Helper()
	if cfg.Token == "" {
		cfg.Token = Token
	}
	cfg.CheckAnswers = true
	sandbox := qualytics.New(cfg)
	server := httptest.NewServer(sandbox)
	t.Cleanup(func() {
		server.Close()
		for _, violation := range sandbox.UnexpectedViolations() {
			t.Errorf("does not fit the API's document: %s", violation)
		}
	})
	return sandbox, server
}
