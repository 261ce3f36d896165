package caddymodule

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits bound the calls to one API.
type limits struct {
	// concurrent is how many calls may be under way.
	concurrent int

	// perSecond is how many calls are made per second in the long run; 0 for
	// no limit.
	perSecond float64

	// burst is how many calls may be made at once after a pause.
	burst int
}

// budget shares out the calls that may be made to one API. What can't be made
// at once waits in a [queue]. A call that could not get its turn before its
// deadline is refused when it comes, unless its request has written something
// already: then it waits, since what was begun should be finished.
type budget struct {
	mu       sync.Mutex
	limits   limits
	limiter  *rate.Limiter
	underWay int
	queue    queue

	// timer wakes the queue when the rate limit lets the next call pass; nil
	// before the first time.
	timer *time.Timer
}

func newBudget(l limits) *budget {
	b := new(budget)
	b.configure(l)
	return b
}

// configure sets the limits. Calls under way are not touched.
func (b *budget) configure(l limits) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	limited := b.limits.perSecond > 0
	b.limits = l
	switch {
	case l.perSecond <= 0:
		b.limiter = rate.NewLimiter(rate.Inf, 0)
	case limited:
		// What has been used of the limit stays used.
		b.limiter.SetLimitAt(now, rate.Limit(l.perSecond))
		b.limiter.SetBurstAt(now, l.burst)
	default:
		b.limiter = rate.NewLimiter(rate.Limit(l.perSecond), l.burst)
	}
	b.dispatch(now)
}

// acquire waits until a call may be made, which release must end. The error is
// a [refusal].
func (b *budget) acquire(ctx context.Context, t *turn) error {
	b.mu.Lock()
	now := time.Now()
	if err := ctx.Err(); err != nil {
		defer b.mu.Unlock()
		return b.tooLate(err, b.lasts(b.queue.len()))
	}
	if b.queue.len() == 0 && b.free(now) {
		b.underWay++
		t.calls++
		b.mu.Unlock()
		return nil
	}
	w, ahead := b.queue.add(t)
	b.dispatch(now)
	if end, ok := ctx.Deadline(); ok && w.waiting && !t.hasWritten() {
		if lasts := b.lasts(ahead); lasts > end.Sub(now) {
			b.queue.remove(w)
			b.mu.Unlock()
			return &refusal{reason: refusedBusy, wait: lasts, why: fmt.Errorf(
				"the calls that come first take %s at %g per second, and %s are left",
				lasts.Round(time.Millisecond), b.limits.perSecond, end.Sub(now).Round(time.Millisecond))}
		}
	}
	b.mu.Unlock()

	select {
	case err := <-w.ready:
		return err
	case <-ctx.Done():
		return b.giveUp(w, ctx.Err())
	}
}

// giveUp takes back a call that has waited for too long.
func (b *budget) giveUp(w *waiter, cause error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.waiting {
		ahead := b.queue.remove(w)
		return b.tooLate(cause, b.lasts(ahead))
	}
	// It has got its turn, or a refusal, meanwhile.
	if err := <-w.ready; err != nil {
		return err
	}
	b.underWay--
	b.dispatch(time.Now())
	return b.tooLate(cause, 0)
}

func (b *budget) tooLate(cause error, lasts time.Duration) error {
	return &refusal{reason: refusedBusy, wait: max(lasts, time.Second), why: fmt.Errorf(
		"no turn came among %d concurrent calls: %w", b.limits.concurrent, cause)}
}

// release says that a call has ended.
func (b *budget) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.underWay--
	b.dispatch(time.Now())
}

// refuse ends all waiting with an error.
func (b *budget) refuse(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := b.queue.next(); w != nil; w = b.queue.next() {
		w.ready <- err
	}
	b.dispatch(time.Now())
}

// waiting returns how many calls wait.
func (b *budget) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queue.len()
}

// free takes room for a call, if there is some. It needs b.mu.
func (b *budget) free(now time.Time) bool {
	return b.underWay < b.limits.concurrent && b.limiter.AllowN(now, 1)
}

// dispatch gives calls their turns as far as there is room. It needs b.mu.
func (b *budget) dispatch(now time.Time) {
	for b.queue.len() > 0 && b.free(now) {
		w := b.queue.next()
		b.underWay++
		w.turn.calls++
		w.ready <- nil
	}
	waits := b.queue.len() > 0 && b.underWay < b.limits.concurrent
	switch {
	case !waits && b.timer != nil:
		b.timer.Stop()
	case waits && b.timer != nil:
		b.timer.Reset(b.lasts(0))
	case waits:
		b.timer = time.AfterFunc(b.lasts(0), b.wake)
	}
}

func (b *budget) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dispatch(time.Now())
}

// lasts returns how long the rate limit makes a call wait that has so many
// before it. How long calls take nobody knows, so it is the least. It needs
// b.mu.
func (b *budget) lasts(ahead int) time.Duration {
	missing := float64(ahead+1) - b.limiter.Tokens()
	if b.limits.perSecond <= 0 || missing <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(missing / b.limits.perSecond * float64(time.Second)))
}
