package tests

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// matrixWorkers is how many cells are looked at at once: most of them wait.
const matrixWorkers = 16

// outcome is how an operation ends that nothing disturbs.
type outcome struct {
	// calls and stored are how many calls, and operations on the storage, it
	// takes.
	calls, stored int

	// list is what was called, for a message.
	list string

	// api is what the API holds, and shown what SCIM shows beyond that.
	api, shown string
}

// TestFaultMatrix has every write of a provider fail at each of the calls of
// the API that it takes, in every way in which a call can, and the provider
// repeat it. Whatever is answered with success is so at that moment; all
// failures have the status that they should; and in the end all is as it is
// when nothing fails.
func TestFaultMatrix(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(matrixOperations)) {
		o := matrixOperations[name]
		for dialect, config := range dialects {
			t.Run(strings.ReplaceAll(name, " ", "_")+"/"+dialect, func(t *testing.T) {
				o.undergo(t, dialect == "A", qualytics.Config{Dialect: config})
			})
		}
	}
}

// undergo goes through the cells of an operation.
func (o *operation) undergo(t *testing.T, first bool, config qualytics.Config) {
	undisturbed := startFronts(t, config, []map[string]any{{}, {}, {}})
	halved := config.Dialect.DeactivatedNotFound && o.half != ""
	cold, warm := o.undisturbed(t, undisturbed[0], o.body, false, halved), o.undisturbed(t, undisturbed[1], o.body, true, halved)
	half := outcome{}
	if halved {
		half = o.undisturbed(t, undisturbed[2], o.half, false, false)
		if cold.api != half.api || cold.shown != half.shown {
			t.Errorf("what is done is another thing than\n%v\n%v", half, cold)
		}
	}
	if cold.api != warm.api || cold.shown != warm.shown {
		t.Errorf("what is known makes a difference:\n%v\n%v", cold, warm)
	}
	all := cells(o, first, cold, warm)
	options := make([]map[string]any, len(all))
	for i := range all {
		options[i] = all[i].options()
	}
	fronts := startFronts(t, config, options)
	var working sync.WaitGroup
	var next atomic.Int64
	for range matrixWorkers {
		working.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				want := cold
				if all[i].warm {
					want = warm
				}
				(&trial{T: t, front: fronts[i], cell: all[i], operation: o, want: want, half: half}).run()
			}
		})
	}
	working.Wait()
	t.Logf("%d cells; calls: %s", len(all), cold.list)
}

// undisturbed does the operation without a fault. Halved says that it ends with
// the error of what can't be done of it.
func (o *operation) undisturbed(t *testing.T, f *front, body string, warm, halved bool) outcome {
	t.Helper()
	o.prepare(t, f, warm)
	var stored atomic.Int64
	f.failStorage(func() error {
		stored.Add(1)
		return nil
	})
	if got := f.ask(t, o.method, o.path, body); got.status >= 300 && !(halved && got.status == http.StatusBadRequest) {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	calls := f.sandbox.Calls()
	want := outcome{calls: len(calls), stored: int(stored.Load()), list: callList(calls), api: f.everything(t)}
	want.shown = f.kepts(t, o)
	return want
}

// trial is a provider that does an operation of which something fails.
type trial struct {
	*testing.T
	*front
	cell
	operation *operation

	// want is how it is to end, and half how it does with an error; zero for not.
	want, half outcome

	// trace is what was asked and answered.
	trace []string
}

// fail reports a failure with all that led to it.
func (r *trial) fail(format string, args ...any) {
	r.Helper()
	r.Errorf("%s: %s\n\t%s\n\tcalls: %s", r.how, fmt.Sprintf(format, args...), strings.Join(r.trace, "\n\t"), callList(r.sandbox.Calls()))
}

// note keeps in mind what was asked and answered.
func (r *trial) note(method, path string, got reply) reply {
	r.trace = append(r.trace, fmt.Sprintf("%s %s: %d %s", method, path, got.status, got.body))
	return got
}

func (r *trial) run() {
	o := r.operation
	if r.hangs {
		// Where much goes on, others come late too.
		r.patience = 20
	}
	o.prepare(r.T, r.front, r.warm)
	struck := r.strike(r.front)
	got := r.note(o.method, o.path, r.ask(r, o.method, o.path, o.body))
	r.sandbox.ClearFaults()
	r.failStorage(nil)
	if !struck.Load() && !r.hangs {
		r.fail("nothing fails")
		return
	}
	switch {
	case o.again != nil:
		got = o.again(r, got)
	case got.status == http.StatusBadRequest && r.half.api != "":
		// It has come to that end already.
	case got.status >= 300:
		r.check(got)
		got = r.repeat()
	}
	switch {
	case got.status == http.StatusBadRequest && r.half.api != "":
		r.want = r.half
	case got.status >= 300:
		r.fail("it does not come to an end")
		return
	}
	if is := r.everything(r.T); is != r.want.api {
		r.fail("the API does not hold what was answered:\nis   %s\nwant %s", is, r.want.api)
	}
	if is := r.kepts(r.T, o); is != r.want.shown {
		r.fail("SCIM shows\n%s instead of\n%s", is, r.want.shown)
	}
}

// check looks at an answer that says that it failed.
func (r *trial) check(got reply) {
	// A timeout may come before the API has seen the call.
	if got.status != r.status && !(r.hangs && got.status == http.StatusServiceUnavailable) {
		r.fail("status %d instead of %d", got.status, r.status)
	}
	switch got.status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		comeBack(r.T, got, got.status)
	default:
		isSCIMError(r.T, got, got.status)
	}
}

// repeat asks once more, as a provider does.
func (r *trial) repeat() reply {
	o := r.operation
	if r.looks {
		look := r.note("GET", o.lookUp, r.insist(r, "GET", o.lookUp, ""))
		switch ids := found(look); len(ids) {
		case 0:
		case 1:
			path := o.path + "/" + ids[0]
			return r.note("PUT", path, r.insist(r, "PUT", path, o.body))
		default:
			r.fail("there are several")
		}
	}
	got := r.note(o.method, o.path, r.insist(r, o.method, o.path, o.body))
	if o.method == http.MethodDelete && got.status == http.StatusNotFound {
		got.status = http.StatusNoContent
	}
	return got
}

// kepts is what SCIM shows beyond what the API has: who is there at all, with
// the external id, and who is found by it.
func (f *front) kepts(t testing.TB, o *operation) string {
	endpoint, _, _ := strings.Cut(strings.Replace(o.path, "/Bulk", "/Users", 1)[1:], "/")
	paths := []string{"/" + endpoint + "?attributes=externalId"}
	if o.externalID != "" {
		paths = append(paths, "/"+endpoint+"?attributes=id&filter=externalId+eq+%22"+o.externalID+"%22")
	}
	var text strings.Builder
	for _, path := range paths {
		got := f.insist(t, "GET", path, "")
		fmt.Fprintf(&text, "%s: %d %s\n", path, got.status, got.body)
	}
	return text.String()
}
