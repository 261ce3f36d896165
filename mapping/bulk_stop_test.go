package mapping

import (
	"context"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestBulkStopsAsking has the API say in the middle of a bulk request what
// makes further calls be in vain, or what does not. All operations are answered
// in every case.
func TestBulkStopsAsking(t *testing.T) {
	limited := qualytics.Fault{Kind: qualytics.TooManyRequests}
	for name, test := range map[string]struct {
		fault    qualytics.Fault
		wait     string
		statuses string
		asked    bool // for the operations after the one that fails
	}{
		"401":                 {canned(401), "", "502, 502, 502, 400 invalidValue, 502, 502", false},
		"403":                 {canned(403), "", "502, 200, 204, 400 invalidValue, 200, 200", true},
		"500":                 {canned(500), "", "502, 200, 204, 400 invalidValue, 200, 200", true},
		"429 for a while":     {limited, "1", "429, 200, 204, 400 invalidValue, 200, 200", true},
		"429 for too long":    {limited, "3600", "429, 429, 429, 400 invalidValue, 429, 429", false},
		"503 for too long":    {qualytics.Fault{Kind: qualytics.Unavailable}, "3600", "503, 503, 503, 400 invalidValue, 503, 503", false},
		"429 without a limit": {limited, "", "429, 200, 204, 400 invalidValue, 200, 200", true},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(12, 3)
				b.want(200, "GET", "/Users", "")
				test.fault.RetryAfter = test.wait
				b.sandbox.Fail("GET /api/users/{id}", test.fault, 1)
				b.sandbox.ResetCalls()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				response, doc := b.sendContext(ctx, "POST", "/Bulk", bulkOf(
					op("PUT", "/Users/2", `{"displayName":"A"}`),
					op("PUT", "/Users/4", `{"displayName":"B"}`),
					`{"method":"DELETE","path":"/Users/5"}`,
					`{"method":"GET","path":"/Users/6"}`,
					// Changes of one group are done together.
					op("PATCH", "/Groups/2", add("2")),
					op("PATCH", "/Groups/2", add("4")),
				))
				if response.Status != 200 {
					t.Fatalf("status %d", response.Status)
				}
				isStatuses(t, b.bulkResults(doc), test.statuses)
				if got := len(b.sandbox.Calls()) > 1; got != test.asked {
					t.Errorf("calls:%s", listed(b.sandbox.Calls()))
				}
			})
		})
	}
}
