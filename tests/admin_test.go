package tests

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// status asks how the handlers are.
func status(t *testing.T, admin string) []adminapi.Handler {
	t.Helper()
	var s adminapi.Status
	askAdmin(t, admin, http.StatusOK, "GET", "/scim/status", "", &s)
	return s.Handlers
}

// requests asks for the latest requests.
func requests(t *testing.T, admin, query string) []adminapi.Request {
	t.Helper()
	var r adminapi.Requests
	askAdmin(t, admin, http.StatusOK, "GET", "/scim/requests"+query, "", &r)
	return r.Requests
}

// withOptions adds lines to the scim block of the shipped Caddyfile.
func withOptions(lines string) func(string) string {
	return func(caddyfile string) string {
		return strings.Replace(caddyfile, "mappings mappings.yaml", "mappings mappings.yaml\n"+lines, 1)
	}
}

func TestAdminStatus(t *testing.T) {
	st, admin := startWithAdmin(t, setup{edit: withOptions("max_deactivations 2 1h\nmax_group_shrink 40%\ninstance prod"), paced: true})
	st.sandbox.Seed(8, 1)
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	st.scim(t, 200, "PUT", "/Users/2", `{"active":"true"}`)
	st.scim(t, 204, "DELETE", "/Users/4", "")
	all := status(t, admin)
	if len(all) != 1 {
		t.Fatalf("%d handlers: %+v", len(all), all)
	}
	h := all[0]
	if h.ID != "instance-prod"+basePath || h.BasePath != basePath || h.Upstream != st.api.URL || h.Since.IsZero() {
		t.Errorf("%+v", h)
	}
	if !filepath.IsAbs(h.Mapping.File) || filepath.Base(h.Mapping.File) != "mappings.yaml" || len(h.Mapping.Version) != 12 {
		t.Errorf("mapping %+v", h.Mapping)
	}
	if m := h.Memory; m.Facts < 20 || m.Size != 100_000 || m.Hits == 0 || m.Misses == 0 || len(m.Lists) == 0 || m.Lists[0].Name != "User" {
		t.Errorf("memory %+v", m)
	}
	if h.Breaker.Down || h.Budget.Concurrent != 100 || h.Budget.PerSecond != 40 || h.Budget.Burst != 200 || h.Budget.Left == 0 {
		t.Errorf("breaker %+v, budget %+v", h.Breaker, h.Budget)
	}
	if h.Tolerances.Used["string-booleans"] != 1 || len(h.Tolerances.On) < 10 {
		t.Errorf("tolerances %+v", h.Tolerances)
	}
	if d := h.Guards.MaxDeactivations; d == nil || d.Count != 2 || d.Used != 1 || d.WithinSeconds != 3600 || *h.Guards.MaxGroupShrink != 40 {
		t.Errorf("guards %+v", h.Guards)
	}
	if h.Storage.Prefix != "scim/instance-prod" || !strings.HasPrefix(h.Storage.Module, "file system: ") {
		t.Errorf("storage %+v", h.Storage)
	}
	if len(h.Tokens) != 1 || h.Tokens[0].Name != "token-1" || h.Tokens[0].Expires != nil {
		t.Errorf("tokens %+v", h.Tokens)
	}
	js, err := json.Marshal(all)
	if err != nil || strings.Contains(string(js), scimToken) || strings.Contains(string(js), "sha256") {
		t.Errorf("%v: %s", err, js)
	}

	out, messages, code := caddyScim(t, "", "status", "--address", admin)
	for _, part := range []string{h.ID, "max_deactivations  1 of 2 within 1h0m0s", "string-booleans, by 1 requests", "token-1"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in exit code %d, %s\n%s", part, code, messages, out)
		}
	}
	// What was used of the limit is given back.
	st.scim(t, 204, "DELETE", "/Users/5", "")
	st.scim(t, 503, "DELETE", "/Users/6", "")
	if made := explain(t, admin, "DELETE", "/Users/6", ""); made.Outcome.Status != 503 || made.Cost.Writes != 0 {
		t.Errorf("the plan does not know of the limit: %+v", made)
	}
	if out, messages, code = caddyScim(t, "", "release", "--address", admin); code != 0 || !strings.Contains(out, "2 deactivations") {
		t.Errorf("%s %s, exit code %d", out, messages, code)
	}
	for _, id := range []string{"6", "7", "8"} {
		if made := explain(t, admin, "DELETE", "/Users/"+id, ""); made.Outcome.Status != 204 {
			t.Errorf("a plan counts: %+v", made.Outcome)
		}
	}
	st.scim(t, 204, "DELETE", "/Users/6", "")
}

func TestAdminRequests(t *testing.T) {
	st, admin := startWithAdmin(t, setup{})
	st.sandbox.Seed(3, 1)
	created := st.scim(t, 201, "POST", "/Users", `{"userName":"nova.lima@corp.test","title":"Analyst","externalId":"e-77"}`)
	id, _ := created.json(t)["id"].(string)
	st.scim(t, 200, "GET", lookUp("nova.lima@corp.test"), "")
	st.scim(t, 409, "POST", "/Users", `{"userName":"nova.lima@corp.test"}`)
	if got, err := st.send(t, "GET", basePath+"/Users", "", "Authorization", "Bearer wrong"); err != nil || got.status != 401 {
		t.Fatalf("%v, status %d", err, got.status)
	}
	all := requests(t, admin, "")
	if len(all) != 3 {
		t.Fatalf("%d requests: %+v", len(all), all)
	}
	first := all[2]
	if first.Method != "POST" || first.Resource != "User" || first.Operation != "create" || first.ID != id ||
		first.Outcome.Status != 201 || first.Token != "token-1" || first.RequestID != created.header.Get("X-Request-Id") {
		t.Errorf("%+v", first)
	}
	last := first.Calls[len(first.Calls)-1]
	if last.Name != "User.create" || last.Path != "/api/users" || last.Status != 200 || !last.Writes || !strings.HasPrefix(last.At, "mappings.yaml:") {
		t.Errorf("calls %+v", first.Calls)
	}
	if len(first.Adoptions) != 0 {
		t.Errorf("adoptions %+v", first.Adoptions)
	}
	var changed []string
	for _, c := range first.Changes {
		changed = append(changed, c.Attribute)
	}
	if got := strings.Join(changed, " "); !strings.Contains(got, "userName") || !strings.Contains(got, "externalId") {
		t.Errorf("changes %q", got)
	}
	if len(first.Dropped) != 1 || first.Dropped[0].Attribute != "title" {
		t.Errorf("dropped %+v", first.Dropped)
	}
	if e := all[0].Outcome.Error; all[0].Outcome.Status != 409 || e == nil || e.Type != "uniqueness" {
		t.Errorf("%+v", all[0].Outcome)
	}
	js, err := json.Marshal(all)
	for _, personal := range []string{"nova.lima", "Analyst", "e-77", "corp.test"} {
		if err != nil || strings.Contains(string(js), personal) {
			t.Errorf("%v: %s is in %s", err, personal, js)
		}
	}
	if got := requests(t, admin, "?limit=1"); len(got) != 1 || got[0].Outcome.Status != 409 {
		t.Errorf("%+v", got)
	}
	out, messages, code := caddyScim(t, "", "requests", "--address", admin, "--limit", "2")
	if code != 0 || strings.Count(out, "\n") != 3 || !strings.Contains(out, "1 refused  wrong_token") || !strings.Contains(out, "User create") {
		t.Errorf("%s %s, exit code %d", out, messages, code)
	}
	st.reload(t)
	if got := requests(t, admin, ""); len(got) != 3 {
		t.Errorf("after a reload there are %d requests", len(got))
	}
	// An account that is there under the same e-mail is taken.
	st.scim(t, 201, "POST", "/Users", `{"userName":"ana.reis@corp.test"}`)
	if got := requests(t, admin, "?limit=1")[0].Adoptions; len(got) != 1 || got[0].By != "emails" || got[0].ID != "2" {
		t.Errorf("adoptions %+v", got)
	}
}

func TestAdminRequestsWithValues(t *testing.T) {
	st, admin := startWithAdmin(t, setup{edit: withOptions("recent_requests 2 values")})
	st.sandbox.Seed(3, 1)
	st.scim(t, 201, "POST", "/Users", `{"userName":"first@corp.test"}`)
	st.scim(t, 201, "POST", "/Users", `{"userName":"second@corp.test","password":"hunter2hunter2"}`)
	st.scim(t, 200, "GET", "/Users?filter=displayName+co+%22second@corp%22", "")
	all := requests(t, admin, "")
	js, err := json.Marshal(all)
	if err != nil || len(all) != 2 || strings.Contains(string(js), "hunter2") || strings.Contains(string(js), "first@corp.test") {
		t.Fatalf("%v: %d requests in %s", err, len(all), js)
	}
	if calls := all[0].Calls; len(calls) != 1 || !strings.Contains(calls[0].Query, "name=second%40corp") {
		t.Errorf("calls %+v", calls)
	}
	if !strings.Contains(all[0].Path, "second@corp") || !strings.Contains(string(js), `"after":"second@corp.test"`) {
		t.Errorf("%s", js)
	}
}

func TestAdminRequestsOff(t *testing.T) {
	st, admin := startWithAdmin(t, setup{edit: withOptions("recent_requests off")})
	st.sandbox.Seed(3, 1)
	st.scim(t, 200, "GET", "/Users/2", "")
	if all := requests(t, admin, ""); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// TestAdminOfSeveralHandlers has two in one configuration, across a reload.
func TestAdminOfSeveralHandlers(t *testing.T) {
	st, admin := startWithAdmin(t, setup{edit: func(caddyfile string) string {
		return strings.Replace(caddyfile, "	# Everything else.", `	scim {
		base_path /other
		instance other
		upstream_token {env.QUALYTICS_TOKEN}
		upstream {$QUALYTICS_URL:http://127.0.0.1:9000}
		token other the-other-provider's-token {
			expires 2020-01-31
		}
	}

	# Everything else.`, 1)
	}})
	st.sandbox.Seed(3, 1)
	for range 2 {
		all := status(t, admin)
		if len(all) != 2 {
			t.Fatalf("%d handlers: %+v", len(all), all)
		}
		ids := all[0].ID + " " + all[1].ID
		if !strings.Contains(ids, "instance-other/other") || !strings.Contains(ids, "upstream-") {
			t.Errorf("ids %s", ids)
		}
		var failure struct{ Error string }
		askAdmin(t, admin, http.StatusNotFound, "POST", "/scim/explain", `{"method":"GET","path":"/Users/2"}`, &failure)
		if !strings.Contains(failure.Error, "instance-other/other") {
			t.Errorf("the error does not say which there are: %q", failure.Error)
		}
		var made struct {
			Outcome struct{ Status int }
		}
		_, messages, code := caddyScim(t, "", "explain", "GET", "/other/Users/2", "--live", "--address", admin, "--handler", "instance-other/other")
		if code != 0 {
			t.Errorf("exit code %d: %s %+v", code, messages, made)
		}
		var s adminapi.Status
		askAdmin(t, admin, http.StatusOK, "GET", "/scim/status?handler=instance-other/other", "", &s)
		if len(s.Handlers) != 1 || !s.Handlers[0].Tokens[0].Expired || s.Handlers[0].Tokens[0].Name != "other" {
			t.Errorf("%+v", s)
		}
		st.reload(t)
	}
}

// TestExplainWhileReadOnly says what requests would do that are not let through.
func TestExplainWhileReadOnly(t *testing.T) {
	st, admin := startWithAdmin(t, setup{edit: withOptions("read_only")})
	st.sandbox.Seed(3, 1)
	if made := explain(t, admin, "PUT", "/Users/4", `{"active":false}`); made.Cost.Writes != 1 || len(made.Warnings) != 1 || !strings.Contains(made.Warnings[0], "read_only") {
		t.Errorf("%+v", made)
	}
	if made := explain(t, admin, "GET", "/Users/2", ""); len(made.Warnings) != 0 {
		t.Errorf("%q", made.Warnings)
	}
	if s := status(t, admin); !s[0].Guards.ReadOnly || s[0].Guards.Maintenance {
		t.Errorf("%+v", s[0].Guards)
	}
}

// TestAdminWithPassthrough has no token of its own to ask the API with.
func TestAdminWithPassthrough(t *testing.T) {
	st, admin := startWithAdmin(t, setup{edit: func(caddyfile string) string {
		return strings.Replace(caddyfile, "import own_tokens", "passthrough", 1)
	}})
	st.token = sandboxtest.Token
	st.scim(t, 200, "GET", "/Users", "")
	var failure struct{ Error string }
	askAdmin(t, admin, http.StatusConflict, "POST", "/scim/explain", `{"method":"GET","path":"/Users"}`, &failure)
	if !strings.Contains(failure.Error, "passthrough") {
		t.Errorf("%q", failure.Error)
	}
	if all := status(t, admin); len(all) != 1 || !all[0].Passthrough || len(all[0].Tokens) != 0 {
		t.Errorf("%+v", all)
	}
	all := requests(t, admin, "")
	if js, err := json.Marshal(all); err != nil || len(all) != 1 || all[0].User == "" || strings.Contains(string(js), sandboxtest.Token) {
		t.Errorf("%v: %s", err, js)
	}
}

func TestAdminErrors(t *testing.T) {
	_, admin := startWithAdmin(t, setup{})
	for _, c := range []struct {
		status             int
		method, path, body string
		message            string
	}{
		{http.StatusMethodNotAllowed, "POST", "/scim/status", "", "method not allowed"},
		{http.StatusMethodNotAllowed, "GET", "/scim/purge", "", "method not allowed"},
		{http.StatusMethodNotAllowed, "GET", "/scim/release", "", "method not allowed"},
		{http.StatusMethodNotAllowed, "GET", "/scim/explain", "", "method not allowed"},
		{http.StatusMethodNotAllowed, "DELETE", "/scim/requests", "", "method not allowed"},
		{http.StatusNotFound, "GET", "/scim/nothing", "", "nothing at this path"},
		{http.StatusNotFound, "GET", "/scim/", "", "nothing at this path"},
		{http.StatusNotFound, "GET", "/scim/status?handler=x", "", `no SCIM handler "x"`},
		{http.StatusBadRequest, "GET", "/scim/requests?limit=0", "", "whole number"},
		{http.StatusBadRequest, "POST", "/scim/explain", "{", "the body"},
		{http.StatusBadRequest, "POST", "/scim/explain", `{"method":"GET","url":"/Users"}`, "unknown field"},
		{http.StatusBadRequest, "POST", "/scim/explain", `{"method":"GET"}`, "a method and a path"},
	} {
		var failure struct{ Error string }
		header := askAdmin(t, admin, c.status, c.method, c.path, c.body, &failure)
		if !strings.Contains(failure.Error, c.message) {
			t.Errorf("%s %s: %q", c.method, c.path, failure.Error)
		}
		if allow := header.Get("Allow"); (c.status == http.StatusMethodNotAllowed) != (allow == "GET" || allow == "POST") {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, allow)
		}
	}
}
