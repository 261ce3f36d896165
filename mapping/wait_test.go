package mapping

import (
	"context"
	"fmt"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// busyKeeper never gives a lock.
type busyKeeper struct {
	Keeper
	err error
}

func (k busyKeeper) Lock(context.Context, ...string) (func(), error) {
	return nil, fmt.Errorf("waiting for a lock: %w", k.err)
}

// slowScans never end.
type slowScans struct{ Correlations }

func (slowScans) Scan(context.Context, string, func(context.Context) (*Scan, error)) (*Scan, error) {
	return nil, &CallError{Timeout: true, Err: context.DeadlineExceeded}
}

// TestWaitsThatTakeTooLong ask for another try instead of failing for good.
func TestWaitsThatTakeTooLong(t *testing.T) {
	for _, err := range []error{context.DeadlineExceeded, context.Canceled} {
		b := newBench(t, qualytics.Config{})
		id := somebody(b)
		b.world.Keeper = busyKeeper{b.world.Keeper, err}
		b.sandbox.ResetCalls()
		for method, path := range map[string]string{"POST": "/Users", "PUT": "/Users/" + id, "DELETE": "/Users/" + id} {
			response := b.fails(503, "", method, path, `{"userName":"x"}`)
			if response.RetryAfter == 0 {
				t.Errorf("%s: no time to try again", method)
			}
		}
		if calls := b.sandbox.Calls(); len(calls) > 0 {
			t.Errorf("calls without the lock:%s", listed(calls))
		}
	}

	b := newBench(t, qualytics.Config{})
	b.world.Correlations = slowScans{b.memory}
	b.fails(504, "", "GET", `/Users?filter=userName+eq+%22x%22`, "")
}
