package tests

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// used returns how many requests needed each leniency that is on, by what
// Caddy's metrics say.
func (st *stack) used(t *testing.T) map[string]int {
	t.Helper()
	got, err := st.send(t, "GET", "/metrics", "")
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for _, m := range regexp.MustCompile(`(?m)^caddy_scim_tolerances_used_total\{tolerance="(.*)"\} (\d+)$`).FindAllStringSubmatch(string(got.body), -1) {
		counts[m[1]], _ = strconv.Atoi(m[2])
	}
	return counts
}

// counted checks that the step has counted the leniencies that it needs, and no
// others, since before; it returns the counts from then on.
func (s step) counted(t *testing.T, st *stack, before map[string]int) map[string]int {
	t.Helper()
	after := st.used(t)
	if len(after) != len(tolerance.All) {
		t.Errorf("%d leniencies are counted instead of %d", len(after), len(tolerance.All))
	}
	for name, count := range after {
		needed := 0
		if slices.Contains(s.leniencies, tolerance.Name(name)) {
			needed = 1
		}
		if count-before[name] != needed {
			t.Errorf("%s %s: %s was counted %d times instead of %d", s.method, s.path, name, count-before[name], needed)
		}
	}
	return after
}

// refused does the step, which is to fail because a leniency is off.
func (s step) refused(t *testing.T, st *stack, name tolerance.Name) {
	t.Helper()
	before := st.everything(t)
	st.sandbox.ResetCalls()
	got := st.roundTrip(t, s.raw(st))
	isSCIMError(t, got, 400)
	if detail, _ := got.json(t)["detail"].(string); !strings.Contains(detail, string(name)) {
		t.Errorf("the answer does not name the leniency: %s", got.body)
	}
	if writes := st.writes(); len(writes) > 0 || st.everything(t) != before {
		t.Errorf("the API was written to: %s", callList(writes))
	}
}

// needing returns the place of the first step that needs a leniency; -1 when
// none does.
func (q quirk) needing(name tolerance.Name) int {
	return slices.IndexFunc(q.steps, func(s step) bool { return slices.Contains(s.leniencies, name) })
}

// TestLenienciesOff goes through the quirks that need a leniency with that one
// switched off: the request that needs it is refused, the answer names the
// leniency, and the API is as it was.
func TestLenienciesOff(t *testing.T) {
	// The shipped mapping has neither a number nor a manager.
	unmapped := []tolerance.Name{tolerance.StringNumbers, tolerance.ManagerShapes}
	for _, info := range tolerance.All {
		needed := 0
		for _, q := range quirks {
			place := q.needing(info.Name)
			if place < 0 {
				continue
			}
			needed++
			t.Run(fmt.Sprintf("%s/%02d %s", info.Name, q.number, q.name), func(t *testing.T) {
				st := startQuirk(t, q, dialects["A"], "-"+string(info.Name))
				for _, s := range q.steps[:place] {
					s.run(t, st)
				}
				if s := q.steps[place]; s.regardless {
					s.run(t, st)
				} else {
					s.refused(t, st, info.Name)
				}
				if _, counted := st.used(t)[string(info.Name)]; counted {
					t.Error("what is off is counted")
				}
			})
		}
		if needed == 0 && !slices.Contains(unmapped, info.Name) {
			t.Errorf("no quirk needs %s", info.Name)
		}
	}
}
