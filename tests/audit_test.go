package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/caddymodule/audit"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// auditLine is a record as it stands in the log.
type auditLine struct {
	Level   string  `json:"level"`
	Time    float64 `json:"ts"`
	Logger  string  `json:"logger"`
	Message string  `json:"msg"`

	audit.Record
}

// auditSince returns the records in the log after a position.
func auditSince(t *testing.T, mark int) []auditLine {
	t.Helper()
	var records []auditLine
	for _, line := range logLines(caddyLog.since(mark), `"logger":"http.handlers.scim.audit"`) {
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		var r auditLine
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		records = append(records, r)
	}
	return records
}

// sketch is what a record says, in short: what was changed, what came of it, what
// is kept, and the calls that write.
func sketch(r *auditLine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s: %s %d", r.Operation, r.Resource, r.ID, r.Level, r.Result, r.Status)
	if r.Number > 0 {
		fmt.Fprintf(&b, " #%d", r.Number)
	}
	if r.Adopted != nil {
		fmt.Fprintf(&b, "\n  adopted by %s back %t", r.Adopted.By, r.Adopted.Back)
	}
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "\n  %s %s", c.Attribute, c.How)
		for _, value := range []json.RawMessage{c.Before, c.After} {
			fmt.Fprintf(&b, " [%s]", value)
		}
		for _, id := range c.Added {
			b.WriteString(" +" + id)
		}
		for _, id := range c.Removed {
			b.WriteString(" -" + id)
		}
		fmt.Fprintf(&b, " %s", c.Result)
	}
	for _, what := range r.Kept {
		b.WriteString("\n  kept " + what)
	}
	for _, c := range r.Calls {
		if c.Result != "" {
			fmt.Fprintf(&b, "\n  %s %s %d %s", c.Method, c.Path, c.Status, c.Result)
		}
	}
	for _, sentence := range r.Warnings {
		b.WriteString("\n  warning " + sentence)
	}
	return b.String()
}

// audited does something, and fails unless exactly these records come of it.
func audited(t *testing.T, do func(), want ...string) []auditLine {
	t.Helper()
	mark := caddyLog.mark()
	do()
	records := auditSince(t, mark)
	var got []string
	for i := range records {
		got = append(got, sketch(&records[i]))
	}
	slices.Sort(got)
	for i := range want {
		want[i] = strings.ReplaceAll(strings.TrimSpace(want[i]), "\n\t\t", "\n")
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the records are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return records
}

// asks reads the list of people, so that what follows takes no reading of it, and
// returns what makes requests for audited.
func (st *stack) asks(t *testing.T) func(status int, method, path, body string) func() {
	t.Helper()
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	return func(status int, method, path, body string) func() {
		return func() { t.Helper(); st.scim(t, status, method, path, body) }
	}
}

// patchOf is the body of a PATCH that replaces an attribute.
func patchOf(path, value string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"` + path + `","value":` + value + `}]}`
}

// TestAuditOfUsers has a record of each kind of change of a person, and none
// where nothing changes.
func TestAuditOfUsers(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(8, 2)
	ask := st.asks(t)

	audited(t, ask(201, "POST", "/Users", `{"userName":"nova.lima","externalId":"e-77","displayName":"Nova Lima","title":"Analyst"}`), `
create User 11 info: done 201
  displayName given [] ["REDACTED"] done
  userName given [] ["REDACTED"] done
  roles default [] ["Member"] done
  externalId kept [] ["REDACTED"] done
  kept that it is the provider's
  POST /api/users 200 done`)
	for _, nothing := range []func(){
		ask(200, "PUT", "/Users/11", `{"userName":"nova.lima","externalId":"e-77"}`),
		ask(200, "GET", "/Users/11", ""),
		ask(409, "POST", "/Users", `{"userName":"nova.lima"}`),
		ask(400, "PATCH", "/Users/11", patchOf("roles", `[{"value":"King"}]`)),
		ask(200, "PATCH", "/Users/11", patchOf("emails", `[]`)),
		ask(404, "DELETE", "/Users/999", ""),
	} {
		audited(t, nothing)
	}
	audited(t, ask(200, "PATCH", "/Users/11", patchOf("roles", `[{"value":"Manager"}]`)), `
patch User 11 info: done 200
  roles given ["Member"] ["Manager"] done
  PUT /api/users/11 200 done`)
	audited(t, ask(200, "PATCH", "/Users/11", patchOf("active", "false")), `
patch User 11 info: done 200
  active called [true] [false] done
  kept that the provider has it as inactive
  DELETE /api/users/11 204 done`)
	audited(t, ask(200, "PUT", "/Users/11", `{"active":true,"displayName":"Nova L."}`), `
replace User 11 info: done 200
  displayName given ["REDACTED"] ["REDACTED"] done
  active called [false] [true] done
  kept that the provider has it as active
  POST /api/users/11/restore 200 done
  PUT /api/users/11 200 done`)
	st.sandbox.EditUser(11, func(u *qualytics.User) { u.Teams = append(u.Teams, "Finance DQ") })
	audited(t, ask(204, "DELETE", "/Users/11", ""), `
delete User 11 info: done 204
  active called [true] [false] done
  externalId kept ["REDACTED"] [] done
  kept that SCIM deleted it
  DELETE /api/users/11 204 done`)
	audited(t, ask(404, "DELETE", "/Users/11", ""))
	// What comes back has nothing of what it had.
	audited(t, ask(201, "POST", "/Users", `{"userName":"nova.lima"}`), `
create User 11 info: done 201
  adopted by userName back true
  displayName default ["REDACTED"] ["REDACTED"] done
  roles default ["Manager"] ["Member"] done
  active called [false] [true] done
  groups set ["REDACTED"] [[]] done
  kept that it is not deleted any more
  kept that it is the provider's
  PUT /api/users/11 200 done
  POST /api/users/11/restore 200 done`)
	// An account of a first sign-in is taken.
	audited(t, ask(201, "POST", "/Users", `{"userName":"ana.reis@corp.test"}`), `
create User 2 info: done 201
  adopted by emails back false
  userName given ["REDACTED"] ["REDACTED"] done
  kept that it is the provider's
  PUT /api/users/2 200 done`)
	// Somebody brings back in Qualytics whom SCIM has deleted, which a look at
	// them finds.
	st.scim(t, 204, "DELETE", "/Users/11", "")
	st.sandbox.EditUser(11, func(u *qualytics.User) { u.DeletedAt = nil })
	audited(t, ask(200, "GET", "/Users/11", ""), `
read User 11 info: done 200
  kept that it is not deleted any more`)
}

// TestRequestIDOfAChange finds what one request did in every place by one id.
func TestRequestIDOfAChange(t *testing.T) {
	st, admin := startWithAdmin(t, setup{})
	st.sandbox.Seed(8, 1)
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	st.sandbox.ResetCalls()
	mark := caddyLog.mark()
	id := st.scim(t, 200, "PATCH", "/Users/4", patchOf("roles", `[{"value":"Manager"}]`)).header.Get("X-Request-Id")
	log := caddyLog.since(mark)
	for _, logger := range []string{"http.log.access.log0", "http.handlers.scim", "http.handlers.scim.audit"} {
		if lines := logLines(log, `"logger":"`+logger+`"`, id); len(lines) != 1 {
			t.Errorf("%q is in %d lines of %s:\n%s", id, len(lines), logger, log)
		}
	}
	calls := st.sandbox.Calls()
	for _, c := range calls {
		if got := c.Header.Get("X-Request-Id"); got != id {
			t.Errorf("the API gets %q with %s %s", got, c.Method, c.Path)
		}
	}
	if r := auditSince(t, mark)[0]; r.RequestID != id || len(r.Calls) != len(calls) || r.Token != "token-1" || r.ClientIP != "127.0.0.1" {
		t.Errorf("the record is %+v", r)
	}
	if latest := requests(t, admin, "?limit=1")[0]; latest.RequestID != id || len(latest.Calls) != len(calls) {
		t.Errorf("%+v", latest)
	}
}

// TestAuditPage has each field of a record on the page, and the page's record
// has no other ones.
func TestAuditPage(t *testing.T) {
	page := readShipped(t, "docs/audit.md")
	for _, part := range []any{audit.Record{}, audit.Adopted{}, audit.Change{}, audit.Call{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(part)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !strings.Contains(page, "`"+name+"`") {
				t.Errorf("the page does not have %s", name)
			}
		}
	}
	for _, result := range []plan.Result{plan.Done, audit.Partly, plan.Undone, plan.Ignored, plan.Unknown, plan.Failed, audit.Refused} {
		if !strings.Contains(page, "| `"+string(result)+"` |") {
			t.Errorf("the page does not have %s", result)
		}
	}
	decoder := json.NewDecoder(strings.NewReader(blocks(t, "docs/audit.md", "json")[0]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(new(auditLine)); err != nil {
		t.Error(err)
	}
}

// TestAuditInItsOwnFile routes the records as the page has it.
func TestAuditInItsOwnFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.log")
	block := blocks(t, "docs/audit.md", "caddyfile")[0]
	options, _, _ := strings.Cut(block, "\n}\n")
	options = strings.Replace(strings.TrimPrefix(options, "{\n"), "/var/log/caddy/scim-audit.log", file, 1)
	st := start(t, setup{
		edit: func(caddyfile string) string { return strings.Replace(caddyfile, "\n{\n", "\n{\n"+options+"\n", 1) },
		overlay: func(config map[string]any) {
			set(config, map[string]any{"output": "file", "filename": file}, "logging", "logs", "audit", "writer")
		},
	})
	st.sandbox.Seed(8, 1)
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	mark := caddyLog.mark()
	st.scim(t, 200, "PATCH", "/Users/4", patchOf("roles", `[{"value":"Manager"}]`))
	written, err := os.ReadFile(file)
	if err != nil || strings.Count(string(written), "\n") != 1 || !strings.Contains(string(written), `"after":"Manager"`) {
		t.Errorf("%v: the file is %s", err, written)
	}
	if again := auditSince(t, mark); len(again) != 0 {
		t.Errorf("the default log has %+v", again)
	}
}
