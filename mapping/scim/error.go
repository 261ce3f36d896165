package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// ErrorType is a detail error keyword, the "scimType" of an error body
// (RFC 7644 section 3.12, table 9, and RFC 9865 section 2.1). The empty type is left out of the body.
type ErrorType string

// The detail error keywords of RFC 7644, table 9.
const (
	// InvalidFilter: the filter syntax is wrong, or the attribute and comparison do not go together.
	InvalidFilter ErrorType = "invalidFilter"
	// TooMany: the filter yields many more results than the server is willing to handle.
	TooMany ErrorType = "tooMany"
	// Uniqueness: a value is already in use or reserved.
	Uniqueness ErrorType = "uniqueness"
	// Mutability: the change does not go with the target attribute's mutability or current state.
	Mutability ErrorType = "mutability"
	// InvalidSyntax: the body's structure is not valid or does not follow the request schema.
	InvalidSyntax ErrorType = "invalidSyntax"
	// InvalidPath: the "path" of a PATCH operation is malformed.
	InvalidPath ErrorType = "invalidPath"
	// NoTarget: the "path" of a PATCH operation yields nothing that could be operated on.
	NoTarget ErrorType = "noTarget"
	// InvalidValue: a required value is missing, or the value does not go with the attribute.
	InvalidValue ErrorType = "invalidValue"
	// InvalidVers: the SCIM protocol version is not supported.
	InvalidVers ErrorType = "invalidVers"
	// Sensitive: the request cannot be done because sensitive information is in its URI.
	Sensitive ErrorType = "sensitive"
)

// The detail error keywords of RFC 9865, section 2.1.
const (
	// InvalidCursor: the cursor is none that the server gave out for the query.
	InvalidCursor ErrorType = "invalidCursor"
	// ExpiredCursor: the cursor was good once.
	ExpiredCursor ErrorType = "expiredCursor"
	// InvalidCount: the count is not a number, or not one that goes with a cursor.
	InvalidCount ErrorType = "invalidCount"
)

// genericDetail is what a client is told when the server itself is at fault:
// the cause is for the operator's log.
const genericDetail = "The request could not be processed because of an internal error."

// Error is a failure as SCIM describes it. Its JSON form is the error body of
// RFC 7644 section 3.12.
type Error struct {
	// Status is the HTTP status code.
	Status int
	// Type is the detail error keyword; empty if none applies.
	Type ErrorType
	// Detail is a sentence for the client's administrator. It never holds
	// values out of a request.
	Detail string
	// RetryAfter is the number of seconds after which a repeat makes sense,
	// for the header of the same name; 0 is none.
	RetryAfter int
	// Cause is what went wrong underneath. It is for the log and part neither
	// of the body nor of Error's text.
	Cause error
}

// Errorf makes an [Error] with the detail formatted as by fmt.Sprintf. The
// detail is for the client: what is for the log alone goes into the Cause, see
// [Error.WithCause].
func Errorf(status int, t ErrorType, format string, args ...any) *Error {
	return &Error{Status: status, Type: t, Detail: fmt.Sprintf(format, args...)}
}

// BadRequest is [Errorf] with status 400.
func BadRequest(t ErrorType, format string, args ...any) *Error {
	return Errorf(400, t, format, args...)
}

// NotFound is [Errorf] with status 404 and no detail keyword.
func NotFound(format string, args ...any) *Error {
	return Errorf(404, "", format, args...)
}

// AsError returns err as an [Error]: the one in its chain if there is one,
// otherwise a new one with status 500, a detail that gives nothing away and
// err as its Cause. For a nil err it returns nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Status: 500, Detail: genericDetail, Cause: err}
}

// WithCause returns a copy of e with the given Cause.
func (e *Error) WithCause(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Error returns status, keyword and detail in one line, without the Cause.
func (e *Error) Error() string {
	s := strconv.Itoa(e.Status)
	if e.Type != "" {
		s += " " + string(e.Type)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns the Cause.
func (e *Error) Unwrap() error { return e.Cause }

// MarshalJSON returns the error body of RFC 7644 section 3.12, in which the
// status is a string and "scimType" is there only if it is set.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Schemas [1]string `json:"schemas"`
		Type    ErrorType `json:"scimType,omitempty"`
		Detail  string    `json:"detail,omitempty"`
		Status  string    `json:"status"`
	}{[1]string{MessageError}, e.Type, e.Detail, strconv.Itoa(e.Status)})
}
