package mapping

import (
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

// defaultRetryAfter is what a client is asked to wait when the API does not
// say, in seconds.
const defaultRetryAfter = 5

// unanswered is the error for a call that got no complete answer.
func (u *upstream) unanswered(err error) *scim.Error {
	status, what := 502, u.name+" could not be reached."
	var callErr *CallError
	switch {
	case errors.As(err, &callErr) && callErr.Timeout:
		status, what = 504, u.name+" did not answer in time."
	case errors.As(err, &callErr) && !callErr.Unsent:
		what = u.name + " broke off its answer."
	}
	return scim.Errorf(status, "", "%s", what).WithCause(&UpstreamError{Err: err})
}

// nonsense is the error for an answer that can't be what the mapping expects.
func (u *upstream) nonsense(why string) *scim.Error {
	return scim.Errorf(502, "", "%s gave an answer that was not understood.", u.name).
		WithCause(&UpstreamError{Operator: true, Err: errors.New(why)})
}

// refused is the error for an answer with an error status. The text of the
// answer may be about anybody, so none of it is passed on.
func (u *upstream) refused(r *resourceType, answer Answer) *scim.Error {
	cause := &UpstreamError{Status: answer.Status}
	var e *scim.Error
	switch answer.Status {
	case 400:
		e = scim.BadRequest(scim.InvalidValue, "%s refused the change.", u.name)
	case 401, 403:
		cause.Operator = true
		e = scim.Errorf(502, "", "%s does not accept this server's credentials.", u.name)
	case 404:
		e = scim.NotFound("%s has no such %s.", u.name, r.name)
	case 409:
		e = scim.Errorf(409, scim.Uniqueness, "%s holds another %s with one of these values.", u.name, r.name)
	case 422:
		e = scim.BadRequest(scim.InvalidValue, "%s does not accept %s.", u.name, u.fieldsAtFault(r, answer))
	case 429, 503:
		e = scim.Errorf(answer.Status, "", "%s is busy or not available.", u.name)
		e.RetryAfter = defaultRetryAfter
		if answer.RetryAfter > 0 {
			e.RetryAfter = int((answer.RetryAfter + time.Second - 1) / time.Second)
		}
	default:
		e = scim.Errorf(502, "", "%s failed to do its part of the request.", u.name)
	}
	e.Cause = cause
	return e
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
