package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

// counter gives turns and notes whose they were.
type counter struct {
	*gate
	mu    sync.Mutex
	order []string
}

func newCounter(l limits) *counter {
	c := &counter{gate: newGate()}
	c.join(&gateSettings{limits: l})
	return c
}

// call makes a call that takes no time.
func (c *counter) call(ctx context.Context, name string, turn *turn) error {
	done, err := c.enter(ctx, turn)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.order = append(c.order, name)
	c.mu.Unlock()
	c.leave(done, signUp)
	return nil
}

// made returns whose calls were made so far.
func (c *counter) made() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.order)
}

// refusalOf checks that an error is a refusal.
func refusalOf(t *testing.T, err error) *refusal {
	t.Helper()
	var r *refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %v instead of a refusal", err)
	}
	return r
}

// TestLookUpAmongBulk has a scan of 100 pages and 500 changes wait when a
// look-up comes. It waits for a few calls, and the changes are finished one
// after the other all the same.
func TestLookUpAmongBulk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(limits{concurrent: 100, perSecond: 40, burst: 1})
		var all sync.WaitGroup
		calls := func(name string, turn *turn, n int) {
			all.Go(func() {
				for range n {
					if err := c.call(t.Context(), name, turn); err != nil {
						t.Error(err)
					}
				}
			})
		}
		scan := newTurn(false)
		for range 4 { // as many pages are read at a time
			calls("scan", scan, 25)
		}
		for i := range 500 {
			calls(fmt.Sprint("change ", i), newTurn(true), 2)
			synctest.Wait()
		}
		// By then the scan has made the calls after which it is bulk work.
		time.Sleep(time.Second)
		synctest.Wait()
		before := len(c.made())
		if err := c.call(t.Context(), "look-up", newTurn(false)); err != nil {
			t.Error(err)
		}
		if behind := slices.Index(c.made(), "look-up") - before; behind > lanes {
			t.Errorf("the look-up waited for %d calls", behind)
		}
		all.Wait()
		// The work that waited together took turns: the scan was not pushed to
		// the end, and did not push the changes there.
		scanned := slices.Index(c.order, "change 60")
		if n := strings.Count(strings.Join(c.order[:scanned], "\n"), "scan"); n < 90 || n > 100 {
			t.Errorf("%d pages were read before the 61st change", n)
		}
		for i := range 499 {
			this, next := fmt.Sprint("change ", i), fmt.Sprint("change ", i+1)
			rest := c.order[slices.Index(c.order, this)+1:]
			if slices.Index(rest, this) > slices.Index(rest, next) {
				t.Errorf("%s was begun before %s was finished", next, this)
			}
		}
	})
}

// TestBurstAndRate makes calls after a pause at once, and then as many as the
// limit allows.
func TestBurstAndRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(limits{concurrent: 100, perSecond: 2, burst: 5})
		start := time.Now()
		var at []time.Duration
		for range 8 {
			if err := c.call(t.Context(), "", newTurn(true)); err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start))
		}
		want := []time.Duration{0, 0, 0, 0, 0, time.Second / 2, time.Second, 3 * time.Second / 2}
		if !slices.Equal(at, want) {
			t.Errorf("calls at %v, want %v", at, want)
		}
		c.join(&gateSettings{limits: limits{concurrent: 100}})
		for range 1000 {
			if err := c.call(t.Context(), "", newTurn(true)); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(start) != at[7] {
			t.Error("without a limit, calls wait")
		}
	})
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(limits{concurrent: 4})
		start := time.Now()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				done, err := c.enter(t.Context(), newTurn(true))
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second)
				c.leave(done, signUp)
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := c.call(ctx, "", newTurn(false))
		if r := refusalOf(t, err); r.reason != refusedBusy || r.wait != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %+v", r)
		}
		all.Wait()
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("8 calls, 4 at a time, took %s", took)
		}
	})
}

// TestTooLateIsRefusedAtOnce has calls come that could not get their turns in
// time. Whoever has written something waits all the same.
func TestTooLateIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(limits{concurrent: 100, perSecond: 1, burst: 1})
		var all sync.WaitGroup
		for range 21 {
			all.Go(func() {
				if err := c.call(t.Context(), "before", newTurn(true)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()

		start := time.Now()
		r := refusalOf(t, c.call(ctx, "late", newTurn(true)))
		if r.reason != refusedBusy || r.wait != 21*time.Second || time.Since(start) != 0 {
			t.Errorf("after %s: %+v", time.Since(start), r)
		}
		if want := "the calls that come first take 21s at 1 per second, and 20s are left"; r.Error() != want {
			t.Errorf("got %q", r)
		}
		// Whoever has as much time as was said to be needed is let in.
		enough, leave := context.WithTimeout(t.Context(), r.wait)
		all.Go(func() { _ = c.call(enough, "in time", newTurn(true)) })
		synctest.Wait()
		if n := c.budget.waiting(); n != 21 {
			t.Errorf("%d wait", n)
		}
		leave()
		synctest.Wait()
		if err := c.call(ctx, "look-up", newTurn(false)); err != nil {
			t.Errorf("a look-up: %v", err)
		}

		begun := newTurn(true)
		begun.written.Store(true)
		r = refusalOf(t, c.call(ctx, "late", begun))
		if time.Since(start) != 20*time.Second || r.reason != refusedBusy || !errors.Is(r, context.DeadlineExceeded) {
			t.Errorf("after %s: %+v", time.Since(start), r)
		}
		all.Wait()
		if n := c.budget.waiting(); n != 0 || c.budget.underWay != 0 || slices.Contains(c.order, "late") {
			t.Errorf("%d wait, %d are under way; %v", n, c.budget.underWay, c.order)
		}
		if took := time.Since(start); took != 21*time.Second {
			t.Errorf("the others took %s", took)
		}
	})
}

func ctxFor(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestGivingUpWhileWaiting leaves the others their turns.
func TestGivingUpWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(limits{concurrent: 1, perSecond: 1, burst: 1})
		start := time.Now()
		var all sync.WaitGroup
		for i := range 10 {
			ctx := t.Context()
			if i%2 == 1 {
				ctx = ctxFor(t, time.Duration(i)*time.Second/2)
			}
			turn := newTurn(true)
			turn.written.Store(true)
			all.Go(func() { _ = c.call(ctx, fmt.Sprint(i), turn) })
			synctest.Wait()
		}
		all.Wait()
		for _, i := range []string{"0", "2", "4", "6", "8"} {
			if !slices.Contains(c.order, i) {
				t.Errorf("%s never came: %v", i, c.order)
			}
		}
		if took := time.Since(start); took > 9*time.Second || c.budget.underWay != 0 {
			t.Errorf("took %s, %d are under way", took, c.budget.underWay)
		}
	})
}

// TestGivingUpAsTheTurnComes loses no room.
func TestGivingUpAsTheTurnComes(t *testing.T) {
	b := newBudget(limits{concurrent: 1})
	for range 200 {
		if err := b.acquire(t.Context(), newTurn(true)); err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { left <- b.acquire(ctx, newTurn(true)) }()
		for b.waiting() == 0 {
			runtime.Gosched()
		}
		b.mu.Lock()
		leave()
		runtime.Gosched()
		b.underWay--
		b.dispatch(time.Now())
		b.mu.Unlock()
		if <-left == nil {
			b.release()
		}
		if b.underWay != 0 {
			t.Fatal("the room is lost")
		}
	}
}

// TestSettingsOfTheLastOne has settings change while calls wait.
func TestSettingsOfTheLastOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(limits{concurrent: 10, perSecond: 0.001, burst: 2})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { _ = c.call(t.Context(), "", newTurn(true)) })
		}
		synctest.Wait()
		if n := len(c.made()); n != 2 {
			t.Fatalf("%d calls were made", n)
		}
		// A reload with the same settings gives nothing anew.
		same := &gateSettings{limits: limits{concurrent: 10, perSecond: 0.001, burst: 2}}
		c.join(same)
		synctest.Wait()
		if n := len(c.made()); n != 2 {
			t.Errorf("%d calls were made after a reload", n)
		}
		more := &gateSettings{limits: limits{concurrent: 10, perSecond: 1, burst: 5}}
		c.join(more)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if n := len(c.made()); n != 5 {
			t.Errorf("%d calls were made three seconds after the limit was raised", n)
		}
		// A configuration that fails takes its settings along.
		c.part(more)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(c.made()); n != 5 {
			t.Errorf("%d calls were made after the limit was back", n)
		}
		c.part(same)
		c.join(&gateSettings{limits: limits{concurrent: 10}})
		all.Wait()
	})
}

// TestWhatWasBegunIsFinished has a request make a second call for which there
// is no room in time: it waits if the first one may have changed something.
func TestWhatWasBegunIsFinished(t *testing.T) {
	for _, tt := range []struct {
		name  string
		first mapping.Call
		reply reply
		waits bool
	}{
		{"a read", get("User.read"), reply{status: 200}, false},
		{"a change", post(), reply{status: 200}, true},
		{"a change that may have been made", post(), reply{}, true},
		{"a change that was turned away", post(), reply{status: 429, retryAfter: "60"}, false},
		{"a change that was not sent", post(), reply{unreached: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
					return tt.reply.roundTrip(r)
				}))
				s.retries = 0
				s.gate.join(&gateSettings{limits: limits{concurrent: 4, perSecond: 0.01, burst: 1}})
				start := time.Now()
				ctx := ctxFor(t, 30*time.Second)
				_, _ = s.Do(ctx, tt.first)
				_, err := s.Do(ctx, get("User.list"))
				var failure *mapping.CallError
				if !errors.As(err, &failure) || !failure.Unsent || !failure.Limited {
					t.Errorf("got %v", err)
				}
				if waited := time.Since(start) == 30*time.Second; waited != tt.waits {
					t.Errorf("waited %s", time.Since(start))
				}
			})
		})
	}
}
