package caddymodule

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
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

	// longSilence is how long a try must have been waiting for the API when
	// the request's time runs out to say that the API hangs.
	longSilence = time.Second
)

// attempt is the state of one call over all its tries.
type attempt struct {
	session *session
	call    *mapping.Call

	// done ends a try; nil between two.
	done func(sign)

	// try counts from 0.
	try int

	// began is when the try did.
	began time.Time

	// connected says that the try got as far as a connection.
	connected atomic.Bool

	// seen says that the API may have seen, and acted upon, a try that ended.
	seen bool

	// late says that a try which ended got no answer in time, and may still be
	// carried out.
	late bool

	// status and err are what the try got; one of them is set when it ends.
	status int
	err    error

	// wait is the pause before the next try.
	wait time.Duration

	answer mapping.Answer
}

// trace has the transport say when there is a connection: from then on the API
// may have seen the call.
func (a *attempt) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	})
}

// enter waits until a try may be made.
func (a *attempt) enter(ctx context.Context) error {
	s := a.session
	came := time.Now()
	done, err := s.gate.enter(ctx, s.turn)
	a.began = time.Now()
	s.metrics.waited(a.began.Sub(came))
	traceWait(ctx, came, a.began)
	var refused *refusal
	if errors.As(err, &refused) {
		s.metrics.refused(refused.reason)
	}
	if err != nil {
		return err
	}
	a.done, a.status, a.err = done, 0, nil
	a.connected.Store(false)
	return nil
}

// leave ends a try.
func (a *attempt) leave(ctx context.Context) {
	if a.done == nil {
		return
	}
	// With 429 it was turned away before anything was done.
	a.seen = a.seen || a.connected.Load() && a.status != http.StatusTooManyRequests
	if a.seen && a.call.Method != http.MethodGet {
		a.session.turn.written.Store(true)
	}
	a.late = a.late || a.connected.Load() && (isTimeout(a.err) || a.status == http.StatusGatewayTimeout)
	outcome, s := a.outcome(ctx)
	a.session.metrics.tried(a.call.Name, outcome, time.Since(a.began))
	changes := a.session.gate.leave(a.done, s)
	a.done = nil
	a.session.reportDown(changes, a.status, a.err)
}

// outcome names what became of a try, and says whether the API is down: it is
// not as long as it answers, be it with a refusal. What a limit or something
// of our own ended says nothing.
func (a *attempt) outcome(ctx context.Context) (outcome, sign) {
	var untrusted *tls.CertificateVerificationError
	var tooLarge answerTooLarge
	switch {
	case a.err == nil:
		return outcomeOf(a.status)
	case errors.As(a.err, &tooLarge):
		return outcomeTooLarge, signUp
	case errors.Is(ctx.Err(), context.Canceled):
		return outcomeCanceled, signNone
	case ctx.Err() != nil && time.Since(a.began) < longSilence:
		return outcomeTimeout, signNone
	case isTimeout(a.err):
		return outcomeTimeout, signDown
	case errors.As(a.err, &untrusted):
		return outcomeUnreached, signNone
	case !a.connected.Load():
		return outcomeUnreached, signDown
	}
	return outcomeBrokenOff, signDown
}

// outcomeOf is outcome for an answer.
func outcomeOf(status int) (outcome, sign) {
	switch {
	case status == http.StatusTooManyRequests:
		return outcome429, signNone
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return outcome5xx, signDown
	case status >= 500:
		return outcome5xx, signUp
	case status >= 400:
		return outcome4xx, signUp
	case status >= 300:
		return outcome3xx, signUp
	case status >= 200:
		return outcome2xx, signUp
	}
	// It was cut short by a panic.
	return outcomeCanceled, signNone
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// begin is called before each try.
func (a *attempt) begin(_ retryablehttp.Logger, req *http.Request, try int) {
	a.try = try
	traceTry(req.Context(), try)
}

// check decides whether the call is sent again. It is called with the head of
// an answer, and once more when the body was read.
func (a *attempt) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	a.err, a.status = err, 0
	if err == nil {
		a.status = resp.StatusCode
	}
	if ctx.Err() != nil || a.try >= a.session.retries || !a.mayRepeat() {
		return false, nil
	}
	asked := time.Duration(0)
	if resp != nil {
		asked = retryAfter(resp.Header)
	}
	a.wait = asked + jitter(a.try)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= a.wait {
		// An answer now is worth more than a timeout later.
		return false, nil
	}
	a.leave(ctx)
	if a.session.gate.breaker.isDown() {
		return false, nil
	}
	if c := a.session.logger.Check(zap.DebugLevel, "repeating call"); c != nil {
		c.Write(zap.String("request_id", a.session.requestID), zap.String("call", a.call.Name),
			zap.Int("status", a.status), zap.Error(withoutPlaces(err)), zap.Int("try", a.try+1), zap.Duration("wait", a.wait))
	}
	return true, nil
}

// mayRepeat says whether a repeat is harmless and can change anything.
func (a *attempt) mayRepeat() bool {
	// What may have been done must be harmless to do twice.
	harmless := a.call.Repeatable || !a.seen && !a.connected.Load()
	if a.err != nil {
		var untrusted *tls.CertificateVerificationError
		var tooLarge answerTooLarge
		return harmless && !errors.As(a.err, &tooLarge) && !errors.As(a.err, &untrusted)
	}
	switch a.status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return harmless
	}
	return false
}

func (a *attempt) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return a.wait }

// prepare is called before each try but the first.
func (a *attempt) prepare(req *http.Request) error {
	if err := a.enter(req.Context()); err != nil {
		return err
	}
	a.session.metrics.retried()
	return nil
}

// read takes the answer.
func (a *attempt) read(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := readAnswer(resp, a.session.maxAnswer)
	if err != nil {
		return err
	}
	a.answer = mapping.Answer{
		Status: resp.StatusCode, Body: body, Link: resp.Header.Values("Link"),
		RetryAfter: retryAfter(resp.Header), Late: a.late, Repeated: a.seen,
	}
	return nil
}

// failure says why there is no answer. The try has ended.
func (a *attempt) failure(ctx context.Context, err error) *mapping.CallError {
	failure := &mapping.CallError{
		Unsent:  !a.seen,
		Late:    a.late,
		Timeout: errors.Is(ctx.Err(), context.DeadlineExceeded) || isTimeout(err),
		Err:     withoutPlaces(err),
	}
	var tooLarge answerTooLarge
	failure.TooLarge = errors.As(err, &tooLarge)
	var refused *refusal
	if errors.As(err, &refused) {
		failure.Limited = refused.reason == refusedBusy
		failure.RetryAfter = refused.wait
	}
	return failure
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
