package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

const (
	// maxPermitted and maxRefused bound the memory. They are apart, so that
	// guesses can't push out the tokens that work.
	maxPermitted = 128
	maxRefused   = 1024

	// refusedTTL is short, because whoever has just been made an Admin tries again.
	refusedTTL = 15 * time.Second

	// strangersPerSecond and strangersBurst bound how often the API is asked
	// about tokens that have not worked before.
	strangersPerSecond = 5
	strangersBurst     = 20

	// busyRetryAfter and downRetryAfter are in seconds.
	busyRetryAfter = 1
	downRetryAfter = 5
)

// callerCheck asks the API whose a token is. The mapping says how.
type callerCheck struct {
	call    mapping.Call
	permits func(mapping.Answer) (id string, ok bool, err error)
}

// passthrough accepts the tokens that the API knows as an Admin's.
type passthrough struct {
	check callerCheck

	// ask does the check's call with a token.
	ask func(ctx context.Context, token string, call mapping.Call) (mapping.Answer, error)

	// askLimit bounds one question, which outlasts the request that asks it.
	askLimit time.Duration

	ttl       time.Duration
	now       func() time.Time
	permitted *lru.Cache[tokendigest.Digest, verdict]
	refused   *lru.Cache[tokendigest.Digest, verdict]
	strangers *rate.Limiter
	questions singleflight.Group
}

// verdict is what the API said about a token.
type verdict struct {
	user  string
	until time.Time
}

func newPassthrough(check callerCheck, ttl, askLimit time.Duration,
	ask func(context.Context, string, mapping.Call) (mapping.Answer, error),
) (*passthrough, error) {
	permitted, err := lru.New[tokendigest.Digest, verdict](maxPermitted)
	if err != nil {
		return nil, err
	}
	refused, err := lru.New[tokendigest.Digest, verdict](maxRefused)
	if err != nil {
		return nil, err
	}
	return &passthrough{
		check:     check,
		ask:       ask,
		askLimit:  askLimit,
		ttl:       ttl,
		now:       time.Now,
		permitted: permitted,
		refused:   refused,
		strangers: rate.NewLimiter(strangersPerSecond, strangersBurst),
	}, nil
}

func (p *passthrough) authenticate(ctx context.Context, token string, unasked bool) (identity, error) {
	key := tokendigest.Of(token)
	v, known := p.permitted.Get(key)
	if known && p.now().Before(v.until) {
		return identity{token: token, user: v.user}, nil
	}
	if v, ok := p.refused.Get(key); ok && p.now().Before(v.until) {
		return identity{}, errTokenRefused
	}
	if unasked && !known {
		return identity{}, errTokenRefused
	}

	// Others may wait for the same answer: it must not end with this request.
	question := p.questions.DoChan(string(key[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.askLimit)
		defer cancel()
		return guarded(func() (any, error) { return p.decide(ctx, key, token, known) })
	})
	select {
	case answer := <-question:
		if answer.Err != nil {
			return identity{}, answer.Err
		}
		return identity{token: token, user: answer.Val.(string)}, nil
	case <-ctx.Done():
		return identity{}, unavailable(downRetryAfter, ctx.Err())
	}
}

// isOwn implements [authenticator]: whose token is presented is the API's matter.
func (*passthrough) isOwn(string) bool { return false }

func (p *passthrough) revoked(token string) { p.permitted.Remove(tokendigest.Of(token)) }

// decide asks the API and remembers what it said.
func (p *passthrough) decide(ctx context.Context, key tokendigest.Digest, token string, known bool) (user string, err error) {
	// A token that has worked is not held up by somebody else's guesses.
	if !known && !p.strangers.AllowN(p.now(), 1) {
		return "", &scim.Error{
			Status:     http.StatusTooManyRequests,
			Detail:     "Too many unknown tokens were presented. Try again later.",
			RetryAfter: busyRetryAfter,
		}
	}
	answer, err := p.ask(ctx, token, p.check.call)
	if err != nil {
		failure := new(mapping.CallError)
		errors.As(err, &failure)
		return "", unavailable(max(downRetryAfter, seconds(failure.RetryAfter)), err)
	}
	switch s := answer.Status; {
	case s == http.StatusTooManyRequests || s >= 500,
		answer.IsPage():
		// What stands in front of the API answers with a page, and not
		// because of the token.
		return "", unavailable(max(downRetryAfter, seconds(answer.RetryAfter)), fmt.Errorf("%s was answered with status %d", p.check.call.Name, s))
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return "", p.refuse(key)
	}
	if answer.Status != http.StatusOK {
		return "", unavailable(downRetryAfter, fmt.Errorf("%s was answered with status %d", p.check.call.Name, answer.Status))
	}
	user, ok, err := p.check.permits(answer)
	if err != nil {
		return "", unavailable(downRetryAfter, fmt.Errorf("%s: %w", p.check.call.Name, err))
	}
	if !ok {
		return "", p.refuse(key)
	}
	p.refused.Remove(key)
	p.permitted.Add(key, verdict{user: user, until: p.now().Add(p.ttl)})
	return user, nil
}

func (p *passthrough) refuse(key tokendigest.Digest) error {
	p.permitted.Remove(key)
	p.refused.Add(key, verdict{until: p.now().Add(min(p.ttl, refusedTTL))})
	return errTokenRefused
}

// unavailable says that nobody can tell now whether a token is good. It must
// never look like a refusal, upon which identity providers stop for good.
func unavailable(retryAfter int, cause error) *scim.Error {
	if errors.Is(cause, context.Canceled) {
		cause = errors.New("the client went away")
	}
	return &scim.Error{
		Status:     http.StatusServiceUnavailable,
		Detail:     "Whose the token is can't be asked at the moment. Try again later.",
		RetryAfter: retryAfter,
		Cause:      cause,
	}
}
