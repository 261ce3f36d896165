package caddymodule

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// breaking says when an API counts as down.
type breaking struct {
	// failures is how many tries in a row have to fail; 0 for never.
	failures int

	// pause is how long no call is made before one is tried.
	pause time.Duration
}

// breaker keeps calls from an API that is down, so that nobody waits for it in
// vain and it is not overrun when it comes back. After each pause one call is
// let through; when it is answered, all are.
type breaker struct {
	mu       sync.Mutex
	settings breaking

	// circuit is nil when it is off.
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]

	// next is when a call will be let through again.
	next time.Time

	// changes are those of the state that nobody has been told of.
	changes []breakerChange
}

// breakerChange is a change of a breaker's state.
type breakerChange struct{ from, to gobreaker.State }

// sign is what a try says about whether the API is down.
type sign int

const (
	signNone sign = iota
	signUp
	signDown
)

// The signs as gobreaker has them; nil is up.
var (
	errDown    = errors.New("down")
	errNothing = errors.New("nothing is known")
)

// configure applies settings. A change of them takes the API for up.
func (b *breaker) configure(s breaking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s == b.settings {
		return
	}
	b.settings, b.circuit = s, nil
	if s.failures <= 0 {
		return
	}
	var circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     s.pause,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(s.failures) },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNothing) },
		// Called while the circuit is locked.
		OnStateChange: func(_ string, from, to gobreaker.State) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.circuit != circuit {
				return // calls of before the settings changed
			}
			if to == gobreaker.StateOpen {
				b.next = time.Now().Add(s.pause)
			}
			b.changes = append(b.changes, breakerChange{from, to})
		},
	})
	b.circuit = circuit
}

func (b *breaker) current() *gobreaker.TwoStepCircuitBreaker[struct{}] {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.circuit
}

// allow lets a try through, or refuses it with a [refusal]. What came of the
// try is to be given to done.
func (b *breaker) allow() (done func(sign), err error) {
	circuit := b.current()
	if circuit == nil {
		return func(sign) {}, nil
	}
	tell, err := circuit.Allow()
	if err != nil {
		return nil, b.refusal()
	}
	return func(s sign) {
		switch s {
		case signUp:
			tell(nil)
		case signDown:
			tell(errDown)
		default:
			tell(errNothing)
		}
	}, nil
}

// refusal says for how long no call will be made.
func (b *breaker) refusal() *refusal {
	b.mu.Lock()
	defer b.mu.Unlock()
	// While one call is trying, the time has passed and nobody knows.
	wait := max(time.Until(b.next), time.Second)
	return &refusal{
		reason: refusedDown, wait: wait,
		why: fmt.Errorf("%d tries in a row have failed; the API is tried again in %s", b.settings.failures, wait.Round(time.Second)),
	}
}

// isDown reports whether the API counts as down.
func (b *breaker) isDown() bool {
	circuit := b.current()
	return circuit != nil && circuit.State() != gobreaker.StateClosed
}

// news returns the changes since the last time, each to one caller.
func (b *breaker) news() []breakerChange {
	b.mu.Lock()
	defer b.mu.Unlock()
	changes := b.changes
	b.changes = nil
	return changes
}
