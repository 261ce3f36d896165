package sandboxtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// recorder takes the place of a test whose failures are looked at.
type recorder struct {
	testing.TB
	cleanups []func()
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestViolationsFailTheTest(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		expect bool
		want   string
	}{
		"fits":               {path: "/api/users/me"},
		"does not":           {path: "/api/users/me?x=1", want: "query parameter x is unknown"},
		"does not, expected": {path: "/api/users/me?x=1", expect: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			sb, server := sandboxtest.NewServer(r, qualytics.Config{})
			if c.expect {
				sb.ExpectViolations("parameter x")
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+sandboxtest.Token)
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("status %d", resp.StatusCode)
			}
			for _, cleanup := range r.cleanups {
				cleanup()
			}
			got := strings.Join(r.failures, "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("failures %q, want %q", got, c.want)
			}
		})
	}
}
