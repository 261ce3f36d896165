package tests

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// failure is a way for a call to fail.
type failure struct {
	fault qualytics.Fault

	// status is what a provider then hears.
	status int

	// plain says that the ways in which calls fail that are like this one are
	// no different for anything but the status.
	plain bool

	// repeats says that the sidecar may repeat the call.
	repeats bool

	// hangs says that it takes a timeout to notice.
	hangs bool
}

var failures = map[string]failure{
	"429":           {fault: qualytics.Fault{Kind: qualytics.TooManyRequests}, status: 429, repeats: true},
	"503":           {fault: qualytics.Fault{Kind: qualytics.Unavailable}, status: 503, repeats: true, plain: true},
	"500":           {fault: qualytics.Fault{Kind: qualytics.ServerError}, status: 502},
	"401":           {fault: refusal(http.StatusUnauthorized), status: 502},
	"403":           {fault: refusal(http.StatusForbidden), status: 502},
	"reset before":  {fault: qualytics.Fault{Kind: qualytics.ResetBefore}, status: 502, repeats: true, plain: true},
	"reset after":   {fault: qualytics.Fault{Kind: qualytics.ResetAfter}, status: 502, repeats: true, plain: true},
	"truncated":     {fault: qualytics.Fault{Kind: qualytics.Truncated}, status: 502},
	"late":          {fault: qualytics.Fault{Kind: qualytics.Slow}, status: 504, hangs: true},
	"answered late": {fault: qualytics.Fault{Kind: qualytics.SlowAfter}, status: 504, hangs: true},
	"HTML":          {fault: qualytics.Fault{Kind: qualytics.HTMLPage}, status: 502},
	"broken JSON":   {fault: qualytics.Fault{Kind: qualytics.BrokenJSON}, status: 502},
}

// refusal is the API's own answer to a token that it does not accept.
func refusal(status int) qualytics.Fault {
	return qualytics.Fault{
		Kind: qualytics.Canned, Status: status, Body: `{"detail":"Not allowed"}`,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

// cell is one field of the matrix.
type cell struct {
	failure
	how string

	// call is the number of the call that fails, from 0, or, of the storage,
	// that of the operation on it.
	call    int
	storage bool

	// outage says that all calls after it fail too, until the provider has its
	// answer.
	outage bool

	// warm says that the sidecar knows who and what there is.
	warm bool

	// looks says that the provider looks before it repeats a create.
	looks bool

	retries int
}

func (c *cell) options() map[string]any {
	options := map[string]any{"retries": c.retries, "breaker_failures": 0}
	if c.hangs {
		options["call_timeout"] = 300 * time.Millisecond
	}
	return options
}

// strike has what is to fail do so. It returns whether it has.
func (c *cell) strike(f *front) *atomic.Bool {
	struck := new(atomic.Bool)
	if c.storage {
		var passed atomic.Int64
		f.failStorage(func() error {
			if n := int(passed.Add(1)) - 1; n == c.call || c.outage && n > c.call {
				struck.Store(true)
				return errors.New("no space left")
			}
			return nil
		})
		return struck
	}
	fault, times := c.fault, 1
	fault.Skip, fault.Strike = c.call, func() { struck.Store(true) }
	if c.outage {
		times = -1
	}
	f.sandbox.Fail("*", fault, times)
	return struck
}

// cells are the ways in which an operation can fail, by how often it calls the
// API, and the storage, when nothing is known and when all is. In every way
// fails each call; in the ways that stand for all the others, it does so when
// much is known too, with all calls after it, and with all others of the
// dialect that is not the first.
func cells(o *operation, first bool, cold, warm outcome) []cell {
	var all []cell
	for _, name := range slices.Sorted(maps.Keys(failures)) {
		kind := failures[name]
		add := func(c cell) {
			c.failure = kind
			c.how = fmt.Sprintf("%s at call %d, outage %t, warm %t, looks %t, %d retries", name, c.call, c.outage, c.warm, c.looks, c.retries)
			all = append(all, c)
		}
		for call := range cold.calls {
			if kind.plain || first {
				add(cell{call: call})
			}
			if kind.plain {
				add(cell{call: call, outage: true})
			}
			if kind.repeats && first {
				add(cell{call: call, retries: 1})
			}
			if kind.plain && o.lookUp != "" {
				add(cell{call: call, looks: true})
			}
		}
		if kind.plain && cold.list != warm.list {
			for call := range warm.calls {
				add(cell{call: call, warm: true})
			}
		}
	}
	if first {
		for n := range cold.stored {
			c := cell{call: n, storage: true, failure: failure{status: 503}}
			c.how = fmt.Sprintf("operation %d on the storage", n)
			all = append(all, c)
		}
	}
	return all
}
