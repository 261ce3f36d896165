package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestErrorJSON(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  *Error
		want string
	}{
		{
			"with keyword", BadRequest(InvalidFilter, "column %d", 3),
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidFilter","detail":"column 3","status":"400"}`,
		},
		{
			"without keyword", NotFound("no such user"),
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"no such user","status":"404"}`,
		},
		{
			"cause stays inside", &Error{Status: 502, Cause: errors.New("secret"), RetryAfter: 3},
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"502"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.err)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAsError(t *testing.T) {
	if AsError(nil) != nil {
		t.Error("nil error became something")
	}
	own := BadRequest(InvalidPath, "bad")
	if got := AsError(fmt.Errorf("while patching: %w", own)); got != own {
		t.Errorf("wrapped error not found: %v", got)
	}
	got := AsError(io.ErrUnexpectedEOF)
	if got.Status != 500 || got.Type != "" || !errors.Is(got, io.ErrUnexpectedEOF) {
		t.Errorf("unknown error became %#v", got)
	}
	if got.Detail != genericDetail {
		t.Errorf("detail gives the cause away: %q", got.Detail)
	}
}

func TestErrorText(t *testing.T) {
	if got, want := BadRequest(NoTarget, "nothing there").Error(), "400 noTarget: nothing there"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (&Error{Status: 503}).Error(), "503"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if e := Errorf(502, "", "upstream").WithCause(io.EOF); !errors.Is(e, io.EOF) || e.Error() != "502: upstream" {
		t.Errorf("cause lost or shown: %v", e)
	}
}
