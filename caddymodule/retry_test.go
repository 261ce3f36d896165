package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

func TestRepeats(t *testing.T) {
	for _, tt := range []struct {
		name       string
		first      reply
		repeatable int // requests for a repeatable call
		other      int // and for one that is not
	}{
		{"200", reply{status: 200}, 1, 1},
		{"400", reply{status: 400}, 1, 1},
		{"401", reply{status: 401}, 1, 1},
		{"404", reply{status: 404, retryAfter: "1"}, 1, 1},
		{"429", reply{status: 429}, 2, 2},
		{"429 with a pause", reply{status: 429, retryAfter: "3"}, 2, 2},
		{"429 with a long pause", reply{status: 429, retryAfter: "25"}, 2, 2},
		{"429 with too long a pause", reply{status: 429, retryAfter: "30"}, 1, 1},
		{"429 until later", reply{status: 429, retryAfter: "Fri, 31 Dec 2100 23:59:59 GMT"}, 1, 1},
		{"429 until a past date", reply{status: 429, retryAfter: "Fri, 31 Dec 1999 23:59:59 GMT"}, 2, 2},
		{"500", reply{status: 500}, 1, 1},
		{"501", reply{status: 501}, 1, 1},
		{"502", reply{status: 502}, 2, 1},
		{"503", reply{status: 503}, 2, 1},
		{"504", reply{status: 504}, 2, 1},
		{"no answer", reply{}, 2, 1},
		{"half an answer", reply{status: 200, cut: true}, 2, 1},
		{"not connected", reply{unreached: true}, 2, 2},
	} {
		for _, repeatable := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s repeatable=%t", tt.name, repeatable), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var bodies []string
					s, _ := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
						body, _ := io.ReadAll(r.Body)
						bodies = append(bodies, string(body))
						if len(bodies) == 1 {
							return tt.first.roundTrip(r)
						}
						connected(r)
						return answer(200, `{"id":1}`), nil
					}))
					ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
					defer cancel()
					call := post()
					call.Repeatable = repeatable
					got, err := s.Do(ctx, call)
					want := tt.other
					if repeatable {
						want = tt.repeatable
					}
					if len(bodies) != want {
						t.Errorf("%d requests, want %d", len(bodies), want)
					}
					for _, body := range bodies {
						if body != `{"name":"Ana"}` {
							t.Errorf("sent %q", body)
						}
					}
					if repeated := want == 2 && tt.first.status != 429 && !tt.first.unreached; want == 2 &&
						(err != nil || got.Status != 200 || string(got.Body) != `{"id":1}` || got.Repeated != repeated) {
						t.Errorf("got %+v, %v", got, err)
					}
				})
			})
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		s, logs := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
			connected(r)
			tries++
			return answer(503, "<html>busy</html>", "Retry-After", "2"), nil
		}))
		start := time.Now()
		got, err := s.Do(t.Context(), get("User.list"))
		// The last answer is passed on, for the engine to judge.
		if err != nil || got.Status != 503 || string(got.Body) != "<html>busy</html>" || got.RetryAfter != 2*time.Second {
			t.Errorf("got %+v, %v", got, err)
		}
		if tries != 4 {
			t.Errorf("%d tries", tries)
		}
		if took := time.Since(start); took < 6*time.Second || took > 6*time.Second+700*time.Millisecond {
			t.Errorf("took %s", took)
		}
		if logs.FilterMessage("repeating call").Len() != 3 {
			t.Errorf("log: %v", logs.All())
		}
	})
}

func TestNoRepeatPastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		s, _ := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
			connected(r)
			tries++
			return answer(429, "", "Retry-After", "5"), nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		got, err := s.Do(ctx, get("User.list"))
		if err != nil || got.Status != 429 || got.RetryAfter != 5*time.Second || tries != 1 {
			t.Errorf("after %d tries: %+v, %v", tries, got, err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}

// TestPausesHoldNobodyUp has calls wait for a repeat while others are made.
func TestPausesHoldNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
			connected(r)
			if r.Method == http.MethodPost {
				return answer(429, "<html>", "Retry-After", "20"), nil
			}
			return answer(200, "{}"), nil
		}))
		s.gate.join(&gateSettings{limits: limits{concurrent: 1}})
		start := time.Now()
		done := make(chan error)
		go func() { _, err := s.Do(ctxFor(t, 2*time.Minute), post()); done <- err }()
		synctest.Wait()
		if _, err := s.Do(t.Context(), get("User.list")); err != nil || time.Since(start) != 0 {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if err := <-done; err != nil || time.Since(start) < time.Minute {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

// TestRepeatsTakeTheirTurns counts repeats against the limit like other calls.
// One that gets no turn is certain not to have been done where all tries
// before it were turned away.
func TestRepeatsTakeTheirTurns(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  reply
		call   mapping.Call
		unsent bool
	}{
		{"turned away", reply{status: 429}, post(), true},
		{"not reached", reply{unreached: true}, post(), true},
		{"lost", reply{}, get("User.list"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				s, _ := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
					tries++
					return tt.first.roundTrip(r)
				}))
				s.gate.join(&gateSettings{limits: limits{concurrent: 4, perSecond: 0.01, burst: 1}})
				start := time.Now()
				_, err := s.Do(ctxFor(t, 30*time.Second), tt.call)
				var failure *mapping.CallError
				if !errors.As(err, &failure) || tries != 1 || failure.Unsent != tt.unsent || !failure.Limited || failure.RetryAfter < 99*time.Second {
					t.Errorf("%d tries, %+v", tries, failure)
				}
				if took := time.Since(start); took > firstWait {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

// TestTakingBackIsBounded makes a call without a deadline, as what is undone
// after a request's time was up is.
func TestTakingBackIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newTestSession(t, "http://localhost:9000", roundTripper(func(r *http.Request) (*http.Response, error) {
			connected(r)
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		start := time.Now()
		_, err := s.Do(context.WithoutCancel(t.Context()), get("User.list"))
		var failure *mapping.CallError
		if !errors.As(err, &failure) || !failure.Timeout || time.Since(start) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestUntrustedCertificateIsNotRepeated(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	s, logs := newTestSession(t, server.URL, nil)
	_, err := s.Do(t.Context(), get("User.list"))
	var callErr *mapping.CallError
	if !errors.As(err, &callErr) || !callErr.Unsent || logs.Len() != 0 {
		t.Errorf("got %v; log %v", err, logs.All())
	}
	// An operator has to do something about that; an outage it is not.
	if !strings.Contains(err.Error(), "certificate signed by unknown authority") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("got %v", err)
	}
}
