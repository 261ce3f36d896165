package mappingtest

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/qualytics/scim-sidecar/mapping"
)

// api is the Upstream of one step: the memory of the test, unless the step has
// another answer to a call.
type api struct {
	memory   *mapping.Memory
	coverage *mapping.Coverage

	mu sync.Mutex

	// wanted are the calls of the step that were not made yet.
	wanted []*call
	made   []mapping.Call
}

// Do implements [mapping.Upstream].
func (a *api) Do(ctx context.Context, c mapping.Call) (mapping.Answer, error) {
	a.coverage.Called(c)
	a.mu.Lock()
	a.made = append(a.made, c)
	var want *call
	if i := slices.IndexFunc(a.wanted, func(w *call) bool { return w.is(c) }); i >= 0 {
		want = a.wanted[i]
		a.wanted = slices.Delete(a.wanted, i, i+1)
	}
	a.mu.Unlock()
	switch {
	case want == nil:
	case want.answer != nil:
		a.memory.Answered(ctx, c, *want.answer)
		return *want.answer, nil
	case want.fault == faultUnsent:
		return mapping.Answer{}, &mapping.CallError{Unsent: true, Err: errors.New("the test has it fail")}
	case want.fault != "":
		if _, err := a.memory.Do(ctx, c); err != nil {
			return mapping.Answer{}, err
		}
		return mapping.Answer{}, &mapping.CallError{Timeout: want.fault == faultTimeout, Err: errors.New("the test has the answer fail")}
	}
	return a.memory.Do(ctx, c)
}

// is reports whether a call is the one that is wanted, its body aside.
func (w *call) is(c mapping.Call) bool {
	return w.method == c.Method && w.path == c.Path && (!w.hasQuery || sameQuery(w.query, c.Query))
}

func sameQuery(a, b string) bool {
	as, errA := url.ParseQuery(a)
	bs, errB := url.ParseQuery(b)
	return errA == nil && errB == nil && reflect.DeepEqual(as, bs)
}

// arranged returns calls in an order that is always the same. Those of one name
// that follow each other may have been made at the same time; they come as they
// are wanted, as far as they are.
func arranged(made []mapping.Call, wanted []*call) []mapping.Call {
	var all []mapping.Call
	for len(made) > 0 {
		n := slices.IndexFunc(made, func(c mapping.Call) bool { return c.Name != made[0].Name })
		if n < 0 {
			n = len(made)
		}
		alike := slices.Clone(made[:n])
		made = made[n:]
		slices.SortStableFunc(alike, func(x, y mapping.Call) int {
			return cmp.Or(
				len(x.Path)-len(y.Path), strings.Compare(x.Path, y.Path),
				len(x.Query)-len(y.Query), strings.Compare(x.Query, y.Query),
			)
		})
		for len(alike) > 0 {
			i := 0
			if k := len(all); k < len(wanted) {
				i = max(0, slices.IndexFunc(alike, wanted[k].is))
			}
			all = append(all, alike[i])
			alike = slices.Delete(alike, i, i+1)
		}
	}
	return all
}

// lineOf writes a call as a test does: with its query only if a test wants it
// to have one, or nobody wants it at all.
func lineOf(c mapping.Call, wanted []*call) string {
	line := c.Method + " " + c.Path
	if c.Query == "" {
		return line
	}
	for _, w := range wanted {
		if w.is(c) {
			return w.line
		}
	}
	return line + "?" + c.Query
}
