package caddymodule

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/sony/gobreaker/v2"
)

// gatePool has the gate of each API by its address.
var gatePool = caddy.NewUsagePool()

// gate is what every try of every call to one API passes, whichever handler or
// configuration makes it: the API's limits are for the sum.
type gate struct {
	budget  *budget
	breaker breaker

	mu sync.Mutex

	// settings are those of the handlers that use the gate, in the order in
	// which they came. The last ones count, so that a configuration that is
	// given up leaves those of the one before.
	settings []*gateSettings
}

type gateSettings struct {
	limits   limits
	breaking breaking
}

func newGate() *gate { return &gate{budget: newBudget(limits{})} }

// Destruct implements [caddy.Destructor]. Requests that are being finished go
// on using the gate.
func (*gate) Destruct() error { return nil }

// join applies the settings of one more handler.
func (g *gate) join(s *gateSettings) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settings = append(g.settings, s)
	g.apply()
}

// part takes the settings of a handler back.
func (g *gate) part(s *gateSettings) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settings = slices.DeleteFunc(g.settings, func(other *gateSettings) bool { return other == s })
	g.apply()
}

func (g *gate) apply() {
	if len(g.settings) == 0 {
		return
	}
	s := g.settings[len(g.settings)-1]
	g.budget.configure(s.limits)
	g.breaker.configure(s.breaking)
}

// enter waits until a try may be made. The error is a [refusal].
func (g *gate) enter(ctx context.Context, t *turn) (done func(sign), err error) {
	done, err = g.breaker.allow()
	if err != nil {
		return nil, err
	}
	if err := g.budget.acquire(ctx, t); err != nil {
		done(signNone)
		return nil, err
	}
	return done, nil
}

// leave says what became of a try, and returns how the state of the API
// changed since somebody was told the last time.
func (g *gate) leave(done func(sign), s sign) []breakerChange {
	done(s)
	changes := g.breaker.news()
	for _, c := range changes {
		if c.to == gobreaker.StateOpen {
			// Whoever waits would wait for nothing.
			g.budget.refuse(g.breaker.refusal())
		}
	}
	g.budget.release()
	return changes
}

// refusalReason is a value of the label of that name.
type refusalReason string

const (
	refusedBusy refusalReason = "busy"
	refusedDown refusalReason = "down"
)

// refusal says that a call was not made.
type refusal struct {
	reason refusalReason

	// wait is how long it takes until a call may be made again, as far as that
	// is known.
	wait time.Duration
	why  error
}

func (r *refusal) Error() string { return r.why.Error() }

func (r *refusal) Unwrap() error { return r.why }

// upstreamsDown counts the APIs that count as down.
func upstreamsDown() float64 {
	return sumOfGates(func(g *gate) float64 {
		if g.breaker.isDown() {
			return 1
		}
		return 0
	})
}

// callsWaiting counts the calls that wait for their turn.
func callsWaiting() float64 {
	return sumOfGates(func(g *gate) float64 { return float64(g.budget.waiting()) })
}

func sumOfGates(of func(*gate) float64) float64 {
	sum := 0.0
	gatePool.Range(func(_, value any) bool {
		if g, ok := value.(*gate); ok {
			sum += of(g)
		}
		return true
	})
	return sum
}
