package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

func TestLogLevels(t *testing.T) {
	failure := func(status int, cause error) mapping.Response {
		return failed(scim.Errorf(status, "", "x").WithCause(cause))
	}
	for _, tt := range []struct {
		name        string
		method      string
		passthrough bool
		response    mapping.Response
		want        zapcore.Level
	}{
		{"read", "GET", false, mapping.Response{Status: 200}, zapcore.DebugLevel},
		{"search", "POST", false, mapping.Response{Status: 200, Report: mapping.Report{Operation: "list"}}, zapcore.DebugLevel},
		{"create", "POST", false, mapping.Response{Status: 201}, zapcore.InfoLevel},
		{"replace", "PUT", false, mapping.Response{Status: 200}, zapcore.InfoLevel},
		{"patch", "PATCH", false, mapping.Response{Status: 200}, zapcore.InfoLevel},
		{"delete", "DELETE", false, mapping.Response{Status: 204}, zapcore.InfoLevel},
		{"mistake of the client", "POST", false, failure(400, nil), zapcore.DebugLevel},
		{"conflict", "POST", false, failure(409, nil), zapcore.DebugLevel},
		{"limit", "GET", false, failure(429, nil), zapcore.WarnLevel},
		{"warning", "GET", false, mapping.Response{Status: 200, Report: mapping.Report{Warnings: []string{"w"}}}, zapcore.WarnLevel},
		{"upstream fails", "GET", false, failure(502, &mapping.UpstreamError{Status: 500}), zapcore.WarnLevel},
		{"upstream is busy", "GET", false, failure(503, &mapping.UpstreamError{Status: 503}), zapcore.WarnLevel},
		{"upstream refuses us", "GET", false, failure(502, &mapping.UpstreamError{Status: 401, Operator: true}), zapcore.ErrorLevel},
		{"upstream refuses the client", "GET", true, failure(502, &mapping.UpstreamError{Status: 403, Operator: true}), zapcore.WarnLevel},
		{"mapping does not fit", "GET", true, failure(502, &mapping.UpstreamError{Operator: true, Err: errors.New("x")}), zapcore.ErrorLevel},
		{"defect", "GET", false, failure(500, errors.New("x")), zapcore.ErrorLevel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, logs := newTestHandler(t, func(context.Context, mapping.World, mapping.Request) mapping.Response { return tt.response })
			h.Passthrough = tt.passthrough
			serve(t, h, request(t, tt.method, "/api/scim/v2/Users", ""))
			if all := logs.All(); len(all) != 1 || all[0].Level != tt.want {
				t.Errorf("log: %v", all)
			}
		})
	}
}

func TestLogLine(t *testing.T) {
	h, logs := newTestHandler(t, func(context.Context, mapping.World, mapping.Request) mapping.Response {
		r := failed(scim.Errorf(502, "", "The API failed.").WithCause(errors.New("status 500")))
		r.Report = mapping.Report{
			Resource: "User", Operation: "replace", ID: "41",
			Calls:      []mapping.CallReport{{Name: "User.read", Status: 200}, {Name: "User.update"}},
			Dropped:    []string{"nickName"},
			Tolerances: []string{"string-booleans"},
			Warnings:   []string{"something was not undone"},
		}
		return r
	})
	r := request(t, "PUT", "/api/scim/v2/Users/41?filter=userName+eq+%22ana%22", `{"userName":"ana@corp.test"}`, "Authorization", "Bearer "+goodToken)
	w := serve(t, h, r)
	fields := logs.All()[0].ContextMap()
	delete(fields, "duration")
	if want := map[string]any{
		"request_id": w.Header().Get("X-Request-Id"), "method": "PUT", "resource": "User", "operation": "replace", "id": "41",
		"status": int64(502), "error": "502: The API failed.", "cause": "status 500",
		"calls": []any{"User.read 200", "User.update 0"}, "dropped": []any{"nickName"},
		"tolerances": []any{"string-booleans"}, "warnings": []any{"something was not undone"},
	}; !reflect.DeepEqual(fields, want) {
		t.Errorf("got  %v\nwant %v", fields, want)
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	h, logs := newTestHandler(t, ok)
	for _, token := range []string{goodToken, "guessed-by-somebody"} {
		serve(t, h, request(t, "POST", "/api/scim/v2/Users?filter=ana", `{"userName":"ana"}`, "Authorization", "Bearer "+token))
	}
	said := ""
	for _, entry := range logs.All() {
		said += fmt.Sprint(entry.Message, entry.ContextMap(), "\n")
	}
	if logs.Len() != 2 {
		t.Errorf("log: %s", said)
	}
	for _, secret := range []string{goodToken, "guessed", testToken, "ana"} {
		if strings.Contains(said, secret) {
			t.Errorf("%q is in the log: %s", secret, said)
		}
	}
}
