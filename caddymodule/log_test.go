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
		{"what the mapping guards", "DELETE", false, failure(403, mapping.ErrGuarded), zapcore.WarnLevel},
		{"leaver whom the API keeps", "DELETE", false, mapping.Response{
			Status: 400, Err: scim.Errorf(400, "", "x").WithCause(&mapping.UpstreamError{Status: 400}), Report: mapping.Report{Remains: true},
		}, zapcore.ErrorLevel},
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
		"request_id": w.Header().Get("X-Request-Id"), "token": "idp", "method": "PUT", "resource": "User", "operation": "replace", "id": "41",
		"status": int64(502), "error": "502: The API failed.", "cause": "status 500",
		"calls": []any{"User.read 200", "User.update 0"}, "dropped": []any{"nickName"},
		"tolerances": []any{"string-booleans"}, "warnings": []any{"something was not undone"},
	}; !reflect.DeepEqual(fields, want) {
		t.Errorf("got  %v\nwant %v", fields, want)
	}
}

// TestBulkLogLines has a line for each operation, with a level of its own.
func TestBulkLogLines(t *testing.T) {
	broken := scim.Errorf(502, "", "The API failed.").WithCause(&mapping.UpstreamError{Status: 401, Operator: true})
	h, logs := newTestHandler(t, func(context.Context, mapping.World, mapping.Request) mapping.Response {
		return mapping.Response{Status: 200, Body: []byte("{}"), Report: mapping.Report{
			Operation: "bulk", Tolerances: []string{"op-case"},
			Operations: []mapping.OperationReport{
				{Number: 1, Method: "POST", Status: 201, Report: mapping.Report{
					Resource: "User", Operation: "create", ID: "41", Calls: []mapping.CallReport{{Name: "User.create", Status: 200}}, Dropped: []string{"title"},
				}},
				{Number: 2, Method: "PATCH", Status: 400, Err: scim.BadRequest(scim.InvalidValue, "x"), Report: mapping.Report{
					Resource: "Group", Operation: "patch", ID: "7", Tolerances: []string{"op-case"},
				}},
				{Number: 4, Method: "DELETE", Status: 502, Err: broken, Report: mapping.Report{Resource: "User", Operation: "delete", ID: "9"}},
			},
		}}
	})
	w := serve(t, h, request(t, "POST", "/api/scim/v2/Bulk", "{}"))
	id := w.Header().Get("X-Request-Id")
	want := []struct {
		level   zapcore.Level
		message string
		fields  map[string]any
	}{
		{zapcore.InfoLevel, "scim bulk operation", map[string]any{
			"request_id": id, "token": "idp", "number": int64(1), "method": "POST", "resource": "User", "operation": "create", "id": "41", "status": int64(201),
			"calls": []any{"User.create 200"}, "dropped": []any{"title"},
		}},
		{zapcore.DebugLevel, "scim bulk operation", map[string]any{
			"request_id": id, "token": "idp", "number": int64(2), "method": "PATCH", "resource": "Group", "operation": "patch", "id": "7", "status": int64(400),
			"tolerances": []any{"op-case"}, "error": "400 invalidValue: x",
		}},
		{zapcore.ErrorLevel, "scim bulk operation", map[string]any{
			"request_id": id, "token": "idp", "number": int64(4), "method": "DELETE", "resource": "User", "operation": "delete", "id": "9", "status": int64(502),
			"error": "502: The API failed.", "cause": broken.Cause.Error(),
		}},
		{zapcore.InfoLevel, "scim request", map[string]any{
			"request_id": id, "token": "idp", "method": "POST", "resource": "", "operation": "bulk", "id": "", "status": int64(200),
			"tolerances": []any{"op-case"}, "operations": int64(3), "failed": int64(2),
		}},
	}
	if logs.Len() != len(want) {
		t.Fatalf("log: %v", logs.All())
	}
	for i, entry := range logs.All() {
		fields := entry.ContextMap()
		delete(fields, "duration")
		if entry.Level != want[i].level || entry.Message != want[i].message || !reflect.DeepEqual(fields, want[i].fields) {
			t.Errorf("line %d\ngot  %v %v\nwant %v", i+1, entry, fields, want[i])
		}
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
