package mapping

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// someTime is when another writer deactivates somebody.
var someTime = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// inBothDialects runs a test against either side of every point on which the
// sources of the API disagree.
func inBothDialects(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) { test(t, newBench(t, qualytics.Config{Dialect: dialect})) })
	}
}

// fails sends a request that must be answered with this error.
func (b *bench) fails(status int, scimType scim.ErrorType, method, path, body string) Response {
	b.t.Helper()
	response, doc := b.send(method, path, body)
	got, _ := doc["scimType"].(string)
	if response.Status != status || got != string(scimType) {
		b.t.Fatalf("%s %s %s: status %d %q, want %d %q\n%s\n%+v %v",
			method, path, body, response.Status, got, status, scimType, response.Body, response.Report, response.Err)
	}
	if doc["status"] != strconv.Itoa(status) || !reflect.DeepEqual(doc["schemas"], []any{scim.MessageError}) {
		b.t.Errorf("%s %s: not an error body: %s", method, path, response.Body)
	}
	if response.Err == nil || response.Err.Status != status {
		b.t.Errorf("%s %s: Err is %v", method, path, response.Err)
	}
	return response
}

// edit gives the bench the shipped mapping with changes in its text, see edited.
func (b *bench) edit(edits ...string) {
	b.t.Helper()
	b.program = edited(b.t, edits...)
}

// created posts a user and returns its id.
func (b *bench) created(body string) string {
	b.t.Helper()
	return textOf(b.t, b.want(201, "POST", "/Users", body), "id")
}

// costs runs a step that must make exactly so many upstream calls.
func (b *bench) costs(calls int, step func()) {
	b.t.Helper()
	b.sandbox.ResetCalls()
	step()
	if got := b.sandbox.Calls(); len(got) != calls {
		b.t.Errorf("%d upstream calls, want %d:%s", len(got), calls, listed(got))
	}
}

// writesNothing runs a step that must make no upstream call but GETs and leave
// every user as it is.
func (b *bench) writesNothing(step func()) {
	b.t.Helper()
	before := b.sandbox.Users()
	b.sandbox.ResetCalls()
	step()
	var writes []qualytics.Call
	for _, call := range b.sandbox.Calls() {
		if call.Method != "GET" {
			writes = append(writes, call)
		}
	}
	if len(writes) > 0 {
		b.t.Errorf("unexpected writes:%s", listed(writes))
	}
	b.sameUsers(before)
}

// sameUsers fails when any user of the sandbox is not as it was.
func (b *bench) sameUsers(before []qualytics.User) {
	b.t.Helper()
	after := b.sandbox.Users()
	if len(before) != len(after) {
		b.t.Fatalf("there were %d users, now there are %d", len(before), len(after))
	}
	for i := range before {
		if !reflect.DeepEqual(before[i], after[i]) {
			b.t.Errorf("user %d was changed:\n%s\n%s", before[i].ID, shown(before[i]), shown(after[i]))
		}
	}
}

func listed(calls []qualytics.Call) string {
	var s strings.Builder
	for _, call := range calls {
		fmt.Fprintf(&s, "\n  %s %s?%s %s -> %d", call.Method, call.Path, call.Query.Encode(), call.Body, call.Status)
	}
	return s.String()
}

// has fails unless the API holds the user in this form, see shown.
func (b *bench) has(id, want string) {
	b.t.Helper()
	if got := shown(b.user(id)); got != want {
		b.t.Errorf("the API's user %s is\n%s, want\n%s", id, got, want)
	}
}

// user returns the API's user with a SCIM id.
func (b *bench) user(id string) qualytics.User {
	b.t.Helper()
	n, err := strconv.Atoi(id)
	if err != nil {
		b.t.Fatalf("the id %q is not a number", id)
	}
	u, ok := b.sandbox.User(n)
	if !ok {
		b.t.Fatalf("the API has no user %s", id)
	}
	return u
}

// shown is what SCIM can change of a user, in one line.
func shown(u qualytics.User) string {
	state := "on"
	if !u.Active() {
		state = "off"
	}
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	return strings.Join([]string{u.UserName, text(u.Email), text(u.Name), u.Role, strings.Join(u.Teams, "+"), state}, " | ")
}

// byHand changes a user as another writer would.
func (b *bench) byHand(id string, edit func(*qualytics.User)) {
	b.t.Helper()
	b.sandbox.EditUser(b.user(id).ID, edit)
}

func switchOff(u *qualytics.User) { u.DeletedAt = new(someTime) }

func switchOn(u *qualytics.User) { u.DeletedAt = nil }

// textOf returns the string at a path of member names, or of numbers for the
// elements of lists: "name.givenName", "emails.0.value".
func textOf(t testing.TB, doc any, path string) string {
	t.Helper()
	s, ok := at(doc, path).(string)
	if !ok {
		t.Fatalf("%s is %v, not a string, in %v", path, at(doc, path), doc)
	}
	return s
}

// at returns the value at a path as textOf has it; nil when there is none.
func at(doc any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch v := doc.(type) {
		case map[string]any:
			doc = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(v) {
				return nil
			}
			doc = v[i]
		default:
			return nil
		}
	}
	return doc
}

// shows fails unless the document has these values, by paths as textOf has them.
func shows(t testing.TB, doc map[string]any, want map[string]any) {
	t.Helper()
	for path, value := range want {
		if got := at(doc, path); !reflect.DeepEqual(got, value) {
			t.Errorf("%s is %#v, want %#v", path, got, value)
		}
	}
}

// filtered is the path of a list with a filter.
func filtered(filter string) string { return "/Users?filter=" + url.QueryEscape(filter) }

// found returns the ids that a filter finds.
func (b *bench) found(filter string) []string {
	b.t.Helper()
	return idsOf(b.t, b.want(200, "GET", filtered(filter), ""))
}

func idsOf(t testing.TB, doc map[string]any) []string {
	t.Helper()
	ids := []string{}
	list, ok := doc["Resources"].([]any)
	if !ok {
		t.Fatalf("Resources is not a list: %v", doc)
	}
	for _, r := range list {
		ids = append(ids, textOf(t, r, "id"))
	}
	return ids
}

// patchOf is the body of a PATCH of these operations.
func patchOf(operations ...string) string {
	return `{"schemas":["` + scim.MessagePatchOp + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

// sortedKeys returns the keys of an object in order.
func sortedKeys(doc map[string]any) []string { return slices.Sorted(maps.Keys(doc)) }
