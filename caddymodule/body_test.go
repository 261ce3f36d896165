package caddymodule

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/qualytics/scim-sidecar/mapping"
)

func TestBodies(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		length     bool
		headers    []string
		status     int
		detail     string
	}{
		{"JSON", "{}", true, []string{"Content-Type", "application/json"}, 200, ""},
		{"SCIM", "{}", true, []string{"Content-Type", "Application/SCIM+json;charset=UTF-8"}, 200, ""},
		{"another JSON", "{}", true, []string{"Content-Type", "application/vnd.api+json"}, 200, ""},
		{"no type", "{}", true, nil, 200, ""},
		{"no real type", "{}", true, []string{"Content-Type", ";;"}, 200, ""},
		{"text", "{}", true, []string{"Content-Type", "text/plain"}, 200, ""},
		{"chunked", "{}", false, nil, 200, ""},
		{"identity", "{}", true, []string{"Content-Encoding", "identity"}, 200, ""},
		{"form", "a=b", true, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "application/scim+json"},
		{"XML", "<a/>", false, []string{"Content-Type", "text/xml"}, 415, "application/scim+json"},
		{"empty XML", "", false, []string{"Content-Type", "text/xml"}, 200, ""},
		{"compressed", "{}", true, []string{"Content-Encoding", "gzip"}, 415, "Content-Encoding"},
		{"full", "0123456789", true, nil, 200, ""},
		{"too large", "0123456789x", true, nil, 413, "maxPayloadSize (10)"},
		{"too large, chunked", "0123456789x", false, nil, 413, "maxPayloadSize (10)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			program := never(t)
			if tt.status == 200 {
				program = func(_ context.Context, _ mapping.World, req mapping.Request) mapping.Response {
					if string(req.Body) != tt.body {
						t.Errorf("body %q", req.Body)
					}
					return mapping.Response{Status: 200, Body: []byte("{}")}
				}
			}
			h, _ := newTestHandler(t, program)
			h.MaxBodySize = 10
			for _, method := range []string{"POST", "PUT", "PATCH"} {
				r := request(t, method, "/api/scim/v2/Users", "x", tt.headers...)
				r.Body = io.NopCloser(strings.NewReader(tt.body))
				r.ContentLength = -1
				if tt.length {
					r.ContentLength = int64(len(tt.body))
				}
				w := serve(t, h, r)
				if tt.status == 200 {
					if w.Code != 200 {
						t.Errorf("%s: %d %s", method, w.Code, w.Body)
					}
					continue
				}
				wantError(t, w, tt.status, tt.detail)
			}
		})
	}
}

func TestBodyBreaksOff(t *testing.T) {
	h, _ := newTestHandler(t, never(t))
	for _, length := range []int64{-1, 9} {
		r := request(t, "POST", "/api/scim/v2/Users", "x")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), brokenReader{}))
		r.ContentLength = length
		wantError(t, serve(t, h, r), 400, "broke off")
	}
}

// connection is a ResponseWriter that notes the deadlines for reading.
type connection struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (c *connection) SetReadDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	return nil
}

// TestBodyTime bounds how long a body may take, before and after the token is
// accepted.
func TestBodyTime(t *testing.T) {
	const inTime, late = "in time", "late"
	for _, tt := range []struct {
		name, method, token, body string
		status                    int
		want                      []time.Duration // 0 for no limit
	}{
		{"read", "POST", goodToken, inTime, 200, []time.Duration{unreadBodyTime, time.Minute, 0}},
		{"late", "POST", goodToken, late, 408, []time.Duration{unreadBodyTime, time.Minute}},
		{"refused", "POST", "wrong", inTime, 401, []time.Duration{unreadBodyTime}},
		{"not wanted", "DELETE", goodToken, inTime, 200, []time.Duration{unreadBodyTime}},
		{"none", "POST", goodToken, "", 200, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := newTestHandler(t, ok)
			h.Timeout = caddy.Duration(time.Minute)
			r := request(t, tt.method, "/api/scim/v2/Users", tt.body, "Authorization", "Bearer "+tt.token)
			if tt.body == late {
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), lateReader{}))
				h.program = never(t)
			}
			c := &connection{ResponseRecorder: httptest.NewRecorder()}
			start := time.Now()
			if err := h.ServeHTTP(c, r, nil); err != nil {
				t.Fatal(err)
			}
			if c.Code != tt.status || len(c.deadlines) != len(tt.want) {
				t.Fatalf("status %d, deadlines %v", c.Code, c.deadlines)
			}
			for i, at := range c.deadlines {
				if want := tt.want[i]; want == 0 != at.IsZero() || want > 0 && (at.Before(start.Add(want)) || at.After(time.Now().Add(want))) {
					t.Errorf("deadline %d is %v, want %v after %v", i, at, want, start)
				}
			}
			if tt.status == 408 {
				wantError(t, c.ResponseRecorder, 408, "did not come within 1m;")
			}
		})
	}
}

type lateReader struct{}

func (lateReader) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
