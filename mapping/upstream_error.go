package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// UpstreamError is the cause of a SCIM error that the upstream API is at the
// bottom of. It holds nothing of the API's answer but its status.
type UpstreamError struct {
	// Status is what the API answered; 0 when it gave no complete answer.
	Status int

	// Operator says that somebody has to change the configuration: the API
	// refuses the sidecar's token, or its answers don't fit the mapping.
	Operator bool

	// Err is the cause; nil when the status says it all.
	Err error
}

func (e *UpstreamError) Error() string {
	switch {
	case e.Status == 0:
		return e.Err.Error()
	case e.Err == nil:
		return fmt.Sprintf("the API answered with status %d", e.Status)
	default:
		return fmt.Sprintf("the API answered with status %d: %v", e.Status, e.Err)
	}
}

func (e *UpstreamError) Unwrap() error { return e.Err }

// defaultRetryAfter is what a client is asked to wait when nobody knows
// better, in seconds.
const defaultRetryAfter = 5

// retryAfter is a wait in whole seconds, as the header of that name has it.
func retryAfter(wait time.Duration) int {
	if wait <= 0 {
		return defaultRetryAfter
	}
	return int((wait + time.Second - 1) / time.Second)
}

// unanswered is the error for a call that got no complete answer.
func (u *upstream) unanswered(err error) *scim.Error {
	call := &CallError{Unsent: true}
	errors.As(err, &call)
	cause := &UpstreamError{Err: err}
	var e *scim.Error
	switch {
	case call.Limited:
		e = scim.Errorf(429, "", "More is asked of %s than it can be asked in time.", u.name)
		e.RetryAfter = retryAfter(call.RetryAfter)
	case call.RetryAfter > 0, call.Timeout && call.Unsent:
		e = u.unavailable(503, call.RetryAfter)
	case call.Timeout:
		e = scim.Errorf(504, "", "%s did not answer in time.", u.name)
		e.RetryAfter = defaultRetryAfter
	case call.TooLarge:
		cause.Operator = true
		e = scim.Errorf(502, "", "%s gave an answer that is too large.", u.name)
	case call.Unsent:
		e = scim.Errorf(503, "", "%s could not be reached.", u.name)
		e.RetryAfter = defaultRetryAfter
	default:
		e = scim.Errorf(502, "", "%s broke off its answer.", u.name)
	}
	e.Cause = cause
	return e
}

// unavailable is the error for an API that can't do the call now.
func (u *upstream) unavailable(status int, wait time.Duration) *scim.Error {
	e := scim.Errorf(status, "", "%s is busy or not available.", u.name)
	e.RetryAfter = retryAfter(wait)
	return e
}

// nonsense is the error for an answer that can't be what the mapping expects.
func (u *upstream) nonsense(why string) *scim.Error {
	return scim.Errorf(502, "", "%s gave an answer that was not understood.", u.name).
		WithCause(&UpstreamError{Operator: true, Err: errors.New(why)})
}

// misplaced is the error for an answer that is not the API's own word about
// what was asked, whatever its status says; nil for all others. Something in
// front of the API answers with pages, and one that stands for "not found"
// must not make a person vanish. The call is ofNothing when it names no resource
// that could be missing.
func (u *upstream) misplaced(answer Answer, ofNothing bool) *scim.Error {
	var why string
	status := answer.Status
	switch {
	case answer.ok() && answer.IsPage():
		// Nobody knows whether the API has seen the call.
		why, status = "the answer is an HTML page, such as that of a login", 0
	case answer.Status < 400 || answer.Status >= 500 || answer.Status == 429:
		return nil
	case answer.IsPage():
		why = "an HTML page, which is not the API's own: look at what stands in between"
	case answer.Status == 404 && len(answer.Body) > 0 && !isJSON(answer.Body):
		why = "no JSON, so it is not the API's own word: look at what stands in between"
	case answer.Status == 405, answer.Status == 404 && ofNothing:
		return u.missing(status)
	default:
		return nil
	}
	e := u.nonsense(why)
	e.Cause = &UpstreamError{Status: status, Operator: true, Err: errors.New(why)}
	return e
}

// missing is the error for an API that does not know the call itself.
func (u *upstream) missing(status int) *scim.Error {
	const why = "it does not have the call that the mapping names"
	e := u.nonsense(why)
	e.Cause = &UpstreamError{Status: status, Operator: true, Err: errors.New(why)}
	return e
}

// IsPage reports whether the answer is an HTML page, which an API for programs
// does not give: something in front of it has answered.
func (a Answer) IsPage() bool {
	return bytes.HasPrefix(bytes.TrimLeft(a.Body, "\ufeff \t\r\n"), []byte("<"))
}

func isJSON(body []byte) bool {
	_, ok := jsonpath.Document(body)
	return ok
}

// refused is the error for an answer with an error status. The text of the
// answer may be about anybody, so none of it is passed on.
func (u *upstream) refused(r *resourceType, answer Answer) *scim.Error {
	cause := &UpstreamError{Status: answer.Status}
	var e *scim.Error
	switch status := answer.Status; status {
	case 400:
		e = scim.BadRequest(scim.InvalidValue, "%s refused the change.", u.name)
	case 401, 403:
		cause.Operator = true
		cause.Err = errors.New("the token that the calls are made with is not that of an active Admin")
		e = scim.Errorf(502, "", "%s does not accept this server's credentials.", u.name)
	case 404:
		e = scim.NotFound("%s has no such %s.", u.name, r.name)
	case 409:
		e = scim.Errorf(409, scim.Uniqueness, "%s holds another %s with one of these values.", u.name, r.name)
	case 422:
		e = scim.BadRequest(scim.InvalidValue, "%s does not accept %s.", u.name, u.fieldsAtFault(r, answer))
	case 429, 503:
		e = u.unavailable(status, answer.RetryAfter)
	default:
		if status < 400 {
			cause.Operator = true
			cause.Err = errors.New("a redirect is not followed: the upstream's address must be the one that answers")
		}
		e = scim.Errorf(502, "", "%s failed to do its part of the request.", u.name)
	}
	e.Cause = cause
	return e
}

// told is an error that says what was done all the same.
func told(err error, sentence string) error {
	var e *scim.Error
	if !errors.As(err, &e) {
		return err
	}
	more := *e
	if !strings.HasSuffix(more.Detail, ".") {
		more.Detail += "."
	}
	more.Detail += " " + sentence
	return &more
}

// fieldsAtFault names the attributes that a validation error is about.
func (u *upstream) fieldsAtFault(r *resourceType, answer Answer) string {
	unknown := "one of the values"
	doc, ok := jsonpath.Document(answer.Body)
	if !ok || u.problems == nil || u.field == nil {
		return unknown
	}
	var names []string
	doc.Get(*u.problems).Each(func(problem jsonpath.Value) bool {
		last := ""
		location := problem.Get(*u.field)
		location.Each(func(part jsonpath.Value) bool { last = part.Text(); return true })
		if location.IsString() {
			last = location.Text()
		}
		for _, f := range r.fields {
			if f.path.Last() == last && !slices.Contains(names, f.owner.name()) {
				names = append(names, f.owner.name())
			}
		}
		return true
	})
	if len(names) == 0 {
		return unknown
	}
	return "the value for " + strings.Join(names, " and ")
}
