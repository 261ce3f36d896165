package qualytics

import (
	"math/rand/v2"
	"sync"
)

// rule waits for calls that fit its pattern.
type rule struct {
	pattern string
	skip    int
	// left is how many calls it still applies to; below 0, to all.
	left   int
	chance func() bool
	fault  *Fault
	hook   func(*Sandbox)
}

type ruleSet struct {
	mu    sync.Mutex
	rules []*rule
}

func (rs *ruleSet) add(r *rule) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.rules = append(rs.rules, r)
}

// take runs the hooks that are due and is the fault that is due, or nil. Of
// several faults, the one that was set first wins; the others are not used up.
func (rs *ruleSet) take(s *Sandbox, c Call) *Fault {
	rs.mu.Lock()
	var fault *Fault
	var hooks []func(*Sandbox)
	for _, r := range rs.rules {
		switch {
		case r.fault != nil && fault != nil:
		case !r.due(c):
		case r.hook != nil:
			hooks = append(hooks, r.hook)
		default:
			fault = r.fault
		}
	}
	rs.mu.Unlock()
	// Unlocked, because a hook may well set the next fault.
	for _, hook := range hooks {
		hook(s)
	}
	return fault
}

func (r *rule) due(c Call) bool {
	if r.left == 0 || !c.Is(r.pattern) || (r.chance != nil && !r.chance()) {
		return false
	}
	if r.skip > 0 {
		r.skip--
		return false
	}
	if r.left > 0 {
		r.left--
	}
	return true
}

// Fail makes the next calls that fit the pattern (see [Call.Is]) fail, as many
// as times says. times below 0: all of them, until [Sandbox.ClearFaults].
func (s *Sandbox) Fail(pattern string, f Fault, times int) {
	s.rules.add(&rule{pattern: pattern, skip: f.Skip, left: times, fault: &f})
}

// FailRandomly makes each call that fits the pattern fail with the given
// probability (0 to 1), until [Sandbox.ClearFaults]. Equal seeds give equal
// decisions for an equal order of calls.
func (s *Sandbox) FailRandomly(pattern string, f Fault, probability float64, seed uint64) {
	random := rand.New(rand.NewPCG(seed, seed))
	chance := func() bool { return random.Float64() < probability }
	s.rules.add(&rule{pattern: pattern, skip: f.Skip, left: -1, chance: chance, fault: &f})
}

// Before runs hook before the next calls that fit the pattern are served, as
// many as times says (below 0: before all). It is another writer that comes
// between two calls of one client: it may use every method of the sandbox. It
// runs on the goroutine of the call, several possibly at once.
func (s *Sandbox) Before(pattern string, times int, hook func(*Sandbox)) {
	s.rules.add(&rule{pattern: pattern, left: times, hook: hook})
}

// ClearFaults takes back every Fail, FailRandomly and Before.
func (s *Sandbox) ClearFaults() {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	s.rules.rules = nil
}
