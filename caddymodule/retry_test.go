package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
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
		{"429 with too long a pause", reply{status: 429, retryAfter: "11"}, 1, 1},
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
					if want == 2 && (err != nil || got.Status != 200 || string(got.Body) != `{"id":1}`) {
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
}
