package caddymodule

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
)

const (
	// firstWait and longestWait bound the pause between two tries when the
	// API does not say how long it should be.
	firstWait   = 100 * time.Millisecond
	longestWait = 2 * time.Second

	// longestRetryAfter is the longest pause that the API may ask for. For a
	// longer one the identity provider is told to come back.
	longestRetryAfter = 10 * time.Second
)

// attempt is the state of one call over all its tries.
type attempt struct {
	session *session
	call    *mapping.Call

	// try counts from 0.
	try int

	// wait is the pause before the next try.
	wait time.Duration

	// connected says that some try got as far as a connection.
	connected atomic.Bool

	answer mapping.Answer
}

// begin is called before each try.
func (a *attempt) begin(_ retryablehttp.Logger, _ *http.Request, try int) { a.try = try }

// check decides whether the call is sent again. It is called with the head of
// an answer, and once more when the body was read.
func (a *attempt) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil || a.try >= a.session.retries || !a.mayRepeat(resp, err) {
		return false, nil
	}
	asked := time.Duration(0)
	if resp != nil {
		asked = retryAfter(resp.Header)
	}
	if asked > longestRetryAfter {
		return false, nil
	}
	a.wait = asked + jitter(a.try)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= a.wait {
		// An answer now is worth more than a timeout later.
		return false, nil
	}
	if c := a.session.logger.Check(zap.DebugLevel, "repeating call"); c != nil {
		status := 0
		if resp != nil {
			status = resp.StatusCode
		}
		c.Write(zap.String("request_id", a.session.requestID), zap.String("call", a.call.Name),
			zap.Int("status", status), zap.Error(withoutURL(err)), zap.Int("try", a.try+1), zap.Duration("wait", a.wait))
	}
	return true, nil
}

// mayRepeat says whether a repeat is harmless and can change anything.
func (a *attempt) mayRepeat(resp *http.Response, err error) bool {
	if err != nil {
		var untrusted *tls.CertificateVerificationError
		if errors.Is(err, errAnswerTooLarge) || errors.As(err, &untrusted) {
			return false
		}
		return a.call.Repeatable || !a.connected.Load()
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		// Turned away before anything was done, whatever the call is.
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return a.call.Repeatable
	}
	return false
}

func (a *attempt) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return a.wait }

// prepare is called before each try but the first.
func (a *attempt) prepare(req *http.Request) error { return a.session.pace(req.Context()) }

// read takes the answer.
func (a *attempt) read(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := readAnswer(resp)
	if err != nil {
		return err
	}
	a.answer = mapping.Answer{
		Status: resp.StatusCode, Body: body, Link: resp.Header.Values("Link"), RetryAfter: retryAfter(resp.Header),
	}
	return nil
}

// failure says why there is no answer.
func (a *attempt) failure(ctx context.Context, err error) *mapping.CallError {
	var timeout net.Error
	return &mapping.CallError{
		Unsent:  !a.connected.Load(),
		Timeout: errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout(),
		Err:     withoutURL(err),
	}
}

// withoutURL takes the URL out of an error of net/http: its query may hold
// what somebody is called.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// jitter returns a random pause that grows with each try.
func jitter(try int) time.Duration {
	most := longestWait
	if try < 10 {
		most = min(most, firstWait<<try)
	}
	return most/2 + rand.N(most/2+1)
}

// retryAfter reads the header of that name; 0 for none.
func retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(24*time.Hour/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, time.Until(at)), 24*time.Hour)
	}
	return 0
}
