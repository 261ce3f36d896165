package caddymodule

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/qualytics/scim-sidecar/mapping"
)

// fragile is an API that can be down. It is down after three failed tries, for
// ten seconds.
type fragile struct {
	*session
	logs  *observer.ObservedLogs
	reply roundTripper
	calls atomic.Int64
}

func newFragile(t *testing.T) *fragile {
	t.Helper()
	f := new(fragile)
	f.session, f.logs = newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
		f.calls.Add(1)
		return f.reply(r)
	}))
	f.retries = 0
	f.gate.join(&gateSettings{
		limits: limits{concurrent: 4}, breaking: breaking{failures: 3, pause: 10 * time.Second},
	})
	f.up()
	return f
}

func (f *fragile) up()   { f.reply = reply{status: 204}.roundTrip }
func (f *fragile) down() { f.reply = reply{unreached: true}.roundTrip }

// bringDown has calls fail until none are made any more.
func (f *fragile) bringDown(t *testing.T) {
	t.Helper()
	f.down()
	for tries := 0; !f.refuses(t); tries++ {
		if tries == 3 {
			t.Fatal("calls are still made")
		}
	}
}

// ask makes a call and returns why it failed.
func (f *fragile) ask(t *testing.T) *mapping.CallError {
	t.Helper()
	_, err := f.Do(ctxFor(t, 30*time.Second), get("User.list"))
	var failure *mapping.CallError
	errors.As(err, &failure)
	return failure
}

// refuses reports whether a call is not even made.
func (f *fragile) refuses(t *testing.T) bool {
	t.Helper()
	before := f.calls.Load()
	failure := f.ask(t)
	made := f.calls.Load() - before
	if refused := failure != nil && failure.RetryAfter > 0; refused != (made == 0) {
		t.Errorf("%d calls, %v", made, failure)
	}
	return made == 0
}

// logged returns the messages of a level.
func (f *fragile) logged(level zapcore.Level) string {
	var all []string
	for _, entry := range f.logs.All() {
		if entry.Level == level {
			all = append(all, entry.Message)
		}
	}
	return strings.Join(all, "; ")
}

// TestDown has an API go down and come back.
func TestDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFragile(t)
		f.down()
		for i := range 3 {
			if f.refuses(t) {
				t.Errorf("try %d was not made", i)
			}
		}
		start := time.Now()
		time.Sleep(2500 * time.Millisecond)
		failure := f.ask(t)
		if f.calls.Load() != 3 || failure == nil || !failure.Unsent || failure.Limited || failure.RetryAfter != 7500*time.Millisecond {
			t.Errorf("%d calls; %+v", f.calls.Load(), failure)
		}
		if want := "3 tries in a row have failed; the API is tried again in 8s"; failure.Err.Error() != want {
			t.Errorf("got %q", failure.Err)
		}
		if !f.gate.breaker.isDown() || f.logged(zapcore.WarnLevel) != "the API is down: no calls are made but one at a time to try it" {
			t.Errorf("log: %v", f.logs.All())
		}

		// It is tried once in each pause.
		for range 3 {
			time.Sleep(10*time.Second + 1)
			if f.refuses(t) || !f.refuses(t) {
				t.Errorf("after %s, %d calls were made", time.Since(start), f.calls.Load())
			}
		}
		f.up()
		time.Sleep(10*time.Second + 1)
		for range 3 {
			if f.refuses(t) {
				t.Error("it does not come back")
			}
		}
		if f.gate.breaker.isDown() || f.logged(zapcore.InfoLevel) != "the API answers again" || strings.Contains(f.logged(zapcore.WarnLevel), ";") {
			t.Errorf("log: %v", f.logs.All())
		}
		f.bringDown(t)
		if want := "the API is down: no calls are made but one at a time to try it"; f.logged(zapcore.WarnLevel) != want+"; "+want {
			t.Errorf("log: %v", f.logs.All())
		}
	})
}

// TestWhatMeansDown says which failures count.
func TestWhatMeansDown(t *testing.T) {
	answers := func(r reply) roundTripper { return r.roundTrip }
	after := func(d time.Duration) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			connected(r)
			select {
			case <-time.After(d):
				return answer(200, "{}"), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
	}
	for _, tt := range []struct {
		name  string
		reply roundTripper
		down  bool
	}{
		{"not reached", answers(reply{unreached: true}), true},
		{"connection lost", answers(reply{}), true},
		{"half an answer", answers(reply{status: 200, cut: true}), true},
		{"no answer in time", after(11 * time.Second), true},
		{"slow", after(9 * time.Second), false},
		{"502", answers(reply{status: 502}), true},
		{"503", answers(reply{status: 503}), true},
		{"504", answers(reply{status: 504}), true},
		{"500", answers(reply{status: 500}), false},
		{"501", answers(reply{status: 501}), false},
		{"429", answers(reply{status: 429}), false},
		{"400", answers(reply{status: 400}), false},
		{"401", answers(reply{status: 401}), false},
		{"404", answers(reply{status: 404}), false},
		{"307", answers(reply{status: 307}), false},
		{"200", answers(reply{status: 200}), false},
		{"too large", func(r *http.Request) (*http.Response, error) {
			connected(r)
			resp := answer(200, "")
			resp.ContentLength = defaultMaxAnswerSize + 1
			return resp, nil
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFragile(t)
				f.reply = tt.reply
				for range 3 {
					if f.refuses(t) {
						t.Fatal("a call was not made")
					}
				}
				if f.refuses(t) != tt.down {
					t.Errorf("down: %t", !tt.down)
				}
			})
		})
	}
}

// TestDownInARow has failures with something between them.
func TestDownInARow(t *testing.T) {
	for _, tt := range []struct {
		name    string
		between reply
		down    bool
	}{
		{"an answer", reply{status: 404}, false},
		{"a limit", reply{status: 429}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFragile(t)
				for _, r := range []reply{{status: 503}, {status: 503}, tt.between, {status: 503}} {
					f.reply = r.roundTrip
					f.ask(t)
				}
				if f.refuses(t) != tt.down {
					t.Errorf("down: %t", !tt.down)
				}
			})
		})
	}
}

// TestImpatienceSaysNothing has clients leave, and requests whose time is all
// but up: the API is not to blame for either.
func TestImpatienceSaysNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(context.Context) (context.Context, context.CancelFunc)
		down bool
	}{
		{"the client leaves", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(5*time.Second, cancel)
			return ctx, cancel
		}, false},
		{"little time is left", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 900*time.Millisecond)
		}, false},
		{"all time is waited", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 5*time.Second)
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFragile(t)
				f.reply = func(r *http.Request) (*http.Response, error) {
					connected(r)
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				for range 3 {
					ctx, cancel := tt.end(t.Context())
					_, _ = f.Do(ctx, get("User.list"))
					cancel()
				}
				f.up()
				if f.refuses(t) != tt.down {
					t.Errorf("down: %t", !tt.down)
				}
			})
		})
	}
}

// TestOneProbe has many ask while one call is trying whether the API is back.
func TestOneProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFragile(t)
		f.bringDown(t)
		time.Sleep(10*time.Second + 1)
		answered := make(chan struct{})
		f.reply = func(r *http.Request) (*http.Response, error) {
			connected(r)
			<-answered
			return answer(200, "{}"), nil
		}
		probe := make(chan error)
		go func() {
			_, err := f.Do(t.Context(), get("User.list"))
			probe <- err
		}()
		synctest.Wait()
		for range 5 {
			if failure := f.ask(t); failure == nil || failure.RetryAfter != time.Second {
				t.Errorf("got %+v", failure)
			}
		}
		close(answered)
		if err := <-probe; err != nil {
			t.Error(err)
		}
		if f.refuses(t) {
			t.Error("it does not come back")
		}
	})
}

// TestWaitingEndsWhenDown has calls wait for their turns while the API goes
// down.
func TestWaitingEndsWhenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFragile(t)
		broken := make(chan struct{})
		f.reply = func(r *http.Request) (*http.Response, error) {
			connected(r)
			<-broken
			return nil, io.ErrUnexpectedEOF
		}
		start := time.Now()
		failures := make(chan *mapping.CallError)
		for range 10 {
			go func() { failures <- f.newSession(true).failureOf(t) }()
		}
		synctest.Wait()
		close(broken)
		refused := 0
		for range 10 {
			if failure := <-failures; failure.RetryAfter > 0 {
				refused++
			}
		}
		if refused < 4 || f.calls.Load() != 10-int64(refused) || time.Since(start) != 0 {
			t.Errorf("%d calls were made, %d were refused after %s", f.calls.Load(), refused, time.Since(start))
		}
	})
}

func (s *session) failureOf(t *testing.T) *mapping.CallError {
	_, err := s.Do(t.Context(), get("User.list"))
	failure := new(mapping.CallError)
	errors.As(err, &failure)
	return failure
}

// TestNoRepeatWhenDown ends a call's own repeats when they bring the API down.
func TestNoRepeatWhenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFragile(t)
		f.session.retries = 10
		f.reply = func(r *http.Request) (*http.Response, error) {
			connected(r)
			return answer(503, "<html>", "Retry-After", "1"), nil
		}
		got, err := f.Do(t.Context(), get("User.list"))
		if err != nil || got.Status != 503 || got.RetryAfter != time.Second || f.calls.Load() != 3 {
			t.Errorf("%d calls; %+v, %v", f.calls.Load(), got, err)
		}
	})
}

// TestBreakerSettings switches it off and on again.
func TestBreakerSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFragile(t)
		f.bringDown(t)
		// A reload with the same settings changes nothing.
		f.gate.join(&gateSettings{limits: limits{concurrent: 4}, breaking: breaking{failures: 3, pause: 10 * time.Second}})
		if !f.refuses(t) {
			t.Error("a reload takes the API for up")
		}
		off := &gateSettings{limits: limits{concurrent: 4}}
		f.gate.join(off)
		for range 20 {
			if f.refuses(t) {
				t.Fatal("it is not off")
			}
		}
		f.gate.part(off)
		for range 3 {
			if f.refuses(t) {
				t.Fatal("it did not begin anew")
			}
		}
		if !f.refuses(t) {
			t.Error("it is still off")
		}
	})
}
