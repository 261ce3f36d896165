package qualytics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		qualytics.New(qualytics.Config{}).Seed(10_000, 1_000)
	}
}

func BenchmarkCalls(b *testing.B) {
	for name, c := range map[string]struct{ method, target, body string }{
		"users page":  {"GET", "/api/users?page=57&size=100", ""},
		"teams page":  {"GET", "/api/teams?page=3&size=100", ""},
		"teams first": {"GET", "/api/teams?page=1&size=100", ""},
		"update user": {"PUT", "/api/users/40", `{"role":"Member","teams":["Finance DQ"]}`},
	} {
		b.Run(name, func(b *testing.B) {
			sb := qualytics.New(qualytics.Config{Token: "t", CheckAnswers: true, ForgetCalls: true})
			sb.Seed(10_000, 1_000)
			for b.Loop() {
				r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
				r.Header.Set("Authorization", "Bearer t")
				if c.body != "" {
					r.Header.Set("Content-Type", "application/json")
				}
				w := httptest.NewRecorder()
				sb.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("%d: %s", w.Code, w.Body)
				}
			}
			if got := sb.Violations(); len(got) > 0 {
				b.Errorf("violations %q", got)
			}
		})
	}
}
