package caddymodule

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

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

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
