package tests

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// A transcript is a file of exchanges, each under a line "== what it is": the
// request byte by byte (its head with CRLF, its body without the last line
// break), and what is expected of it:
//
//	-- STATUS        and, from the next line on, the whole JSON of the answer
//	-- status STATUS the status, with whatever answer
//	-- has           and, from the next line on, what the answer holds among others
//	-- listed ID     and the resource with this id in the list of the answer
//	-- no null       in the answer
//	-- location URL  the Location header
//	-- header NAME: VALUE
//	-- save NAME     {NAME} is the id in the answer from here on
//	-- writes        the calls to the API that are not reads, one a line
//	-- user NAME     and the user's fields in the sandbox, from the next line on
//	-- users N       how many people the sandbox has, deactivated ones included
//	-- team NAME     and the team's fields in the sandbox, from the next line on
//	-- no team NAME
//	-- elsewhere NAME  somebody else changes these fields of the user
//	-- busy CALL     the API turns away this call once, for a minute
//
// "-- writes A", "-- 200 B" and so on are for one dialect of the API only.
//
// Before the first exchange there is a text about the transcript and, under a
// line "-- headers", what follows the first line of every request.
//
// These stand for something else wherever they are: {base}, the path of the
// SCIM base; {host}, host and port; {url}, the SCIM base's URL; {token};
// {type}, the content type of requests; {length}, that of the body; and what
// was saved. A status from 400 on needs no JSON: it must be a SCIM error.
//
// The JSON leaves out meta.version, which every resource must have all the same,
// see [versions].
type exchange struct {
	title   string
	request string
	expect  []expectation
}

// expectation is one of the lines with "--" and the lines below it.
type expectation struct {
	what, argument, text string
}

// readTranscript reads the exchanges of a file in testdata.
func readTranscript(t *testing.T, file string) []exchange {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	about, text, _ := strings.Cut("\n"+string(src), "\n== ")
	_, headers, _ := strings.Cut(about, "\n-- headers")
	headers = strings.TrimRight(headers, "\n")
	var all []exchange
	for part := range strings.SplitSeq(text, "\n== ") {
		title, part, _ := strings.Cut(part, "\n")
		pieces := strings.Split(part, "\n-- ")
		head, body, ok := strings.Cut(pieces[0], "\n\n")
		if !ok && !strings.HasSuffix(pieces[0], "\n") {
			t.Fatalf("%s: %s: no blank line after the head of the request", file, title)
		}
		first, own, _ := strings.Cut(strings.TrimSuffix(head, "\n"), "\n")
		head = strings.TrimSuffix(first+headers+"\n"+own, "\n")
		x := exchange{title: title, request: strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + strings.TrimSuffix(body, "\n")}
		for _, piece := range pieces[1:] {
			line, text, _ := strings.Cut(piece, "\n")
			what, argument, _ := strings.Cut(line, " ")
			x.expect = append(x.expect, expectation{what, argument, strings.TrimSpace(text)})
		}
		if len(x.expect) == 0 {
			t.Fatalf("%s: %s: nothing is expected", file, title)
		}
		all = append(all, x)
	}
	return all
}

// replay is a transcript under way.
type replay struct {
	*stack

	// dialect is "A" or "B".
	dialect string

	// values are what stands for something else.
	values map[string]string

	// versions are those of the resources that were shown.
	versions versions

	// keeps says that answers may hold what the API has no field for.
	keeps bool
}

func (st *stack) replay(dialect, contentType string) *replay {
	return &replay{stack: st, dialect: dialect, values: map[string]string{
		"base": basePath, "host": st.host, "url": "https://" + st.host + basePath, "token": scimToken, "type": contentType,
	}, versions: make(versions)}
}

// fill puts in what stands for something else.
func (r *replay) fill(text string) string {
	for _, name := range slices.Sorted(maps.Keys(r.values)) {
		text = strings.ReplaceAll(text, "{"+name+"}", r.values[name])
	}
	return text
}

// runAll does the exchanges of a transcript in turn, until one is not as it
// should be: what follows stands on it.
func (r *replay) runAll(t *testing.T, script []exchange) {
	t.Helper()
	for _, x := range script {
		if !t.Run(strings.ReplaceAll(x.title, " ", "_"), func(t *testing.T) { r.run(t, x) }) {
			return
		}
	}
}

// run does one exchange and checks everything that is expected of it.
func (r *replay) run(t *testing.T, x exchange) {
	t.Helper()
	request := r.fill(x.request)
	_, body, _ := strings.Cut(request, "\r\n\r\n")
	request = strings.ReplaceAll(request, "{length}", strconv.Itoa(len(body)))
	r.sandbox.ResetCalls()
	got := r.roundTrip(t, request)
	r.checkType(t, request, got)
	got.body = r.versions.takeOut(t, request, got)
	if r.keeps {
		got = withoutKept(t, got)
	}
	for _, e := range x.expect {
		r.check(t, e, got)
	}
	if t.Failed() {
		t.Logf("the request was\n%s\nand the answer %d\n%s", request, got.status, got.body)
	}
}

// withoutKept returns a reply without what is kept beside the API's own.
func withoutKept(t *testing.T, got reply) reply {
	t.Helper()
	if len(got.body) == 0 {
		return got
	}
	doc := got.json(t)
	resources, isList := doc["Resources"].([]any)
	if !isList {
		resources = []any{doc}
	}
	for _, resource := range resources {
		r, _ := resource.(map[string]any)
		if at(r, "meta", "resourceType") != "User" {
			continue
		}
		maps.DeleteFunc(r, func(name string, _ any) bool {
			return !slices.Contains([]string{
				"schemas", "id", "externalId", "meta", "userName", "name", "displayName", "active", "emails", "roles", "groups",
			}, name)
		})
		if name, ok := r["name"].(map[string]any); ok {
			maps.DeleteFunc(name, func(part string, _ any) bool {
				return part != "formatted" && part != "givenName" && part != "familyName"
			})
		}
		schemas, _ := r["schemas"].([]any)
		r["schemas"] = slices.DeleteFunc(schemas, func(urn any) bool {
			return urn == "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
		})
	}
	got.body = encode(t, doc)
	return got
}

// checkType expects the content type that the request's Accept names.
func (r *replay) checkType(t *testing.T, request string, got reply) {
	t.Helper()
	head, _, _ := strings.Cut(request, "\r\n\r\n")
	want := "application/json"
	switch {
	case len(got.body) == 0:
		want = ""
	case strings.Contains(head, "\r\nAccept: application/scim+json"):
		want = "application/scim+json"
	}
	if is := got.header.Get("Content-Type"); is != want {
		t.Errorf("Content-Type is %q instead of %q", is, want)
	}
}

func (r *replay) check(t *testing.T, e expectation, got reply) {
	t.Helper()
	if (e.argument == "A" || e.argument == "B") && e.argument != r.dialect {
		return
	}
	text := r.fill(e.text)
	switch e.what {
	case "status":
		if strconv.Itoa(got.status) != e.argument {
			t.Errorf("status %d instead of %s", got.status, e.argument)
		}
	case "has":
		holds(t, "the answer", string(got.body), text)
	case "location":
		if is, want := got.header.Get("Location"), r.fill(e.argument); is != want {
			t.Errorf("Location is %q instead of %q", is, want)
		}
	case "save":
		id, _ := got.json(t)["id"].(string)
		r.values[e.argument] = id
	case "writes":
		r.checkWrites(t, text)
	case "listed":
		sameJSON(t, "the resource "+r.fill(e.argument), listed(t, got, r.fill(e.argument)), text)
	case "no":
		r.checkNo(t, e.argument, got)
	case "header":
		name, want, _ := strings.Cut(e.argument, ": ")
		if is := got.header.Get(name); is != want {
			t.Errorf("%s is %q instead of %q", name, is, want)
		}
	case "user":
		is, ok := r.account(t, e.argument)
		sameState(t, "user", e.argument, is, ok, text)
	case "team":
		is, ok := r.team(t, e.argument)
		sameState(t, "team", e.argument, is, ok, text)
	case "elsewhere":
		r.changeElsewhere(t, e.argument, text)
	case "busy":
		r.sandbox.Fail(e.argument, qualytics.Fault{Kind: qualytics.TooManyRequests, RetryAfter: "60"}, 1)
	case "users":
		if n := r.people(); strconv.Itoa(n) != e.argument {
			t.Errorf("the API has %d people instead of %s", n, e.argument)
		}
	default:
		status, err := strconv.Atoi(e.what)
		if err != nil {
			t.Fatalf("the transcript has an unknown line: -- %s", e.what)
		}
		checkAnswer(t, got, status, text)
	}
}

func checkAnswer(t *testing.T, got reply, status int, want string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status %d instead of %d", got.status, status)
	}
	switch {
	case want != "":
		sameJSON(t, "the answer", string(got.body), want)
	case status >= 400:
		isSCIMError(t, got, status)
	case len(got.body) > 0:
		t.Errorf("an answer that should be empty: %s", got.body)
	}
}

func (r *replay) checkWrites(t *testing.T, want string) {
	t.Helper()
	var writes []string
	for _, c := range r.writes() {
		writes = append(writes, c.Method+" "+c.Path+" "+string(c.Body))
	}
	var lines []string
	if want != "" {
		lines = strings.Split(want, "\n")
	}
	if len(writes) != len(lines) {
		t.Errorf("the API was written to %d times instead of %d:\n%s", len(writes), len(lines), strings.Join(writes, "\n"))
		return
	}
	for i, line := range lines {
		call, body, _ := cutJSON(line)
		gotCall, gotBody, _ := cutJSON(writes[i])
		if gotCall != call {
			t.Errorf("write %d is %s instead of %s", i+1, gotCall, call)
		}
		sameJSON(t, "the body of write "+strconv.Itoa(i+1), gotBody, body)
	}
}

// cutJSON cuts a line before the object in it.
func cutJSON(line string) (before, object string, found bool) {
	i := strings.IndexByte(line, '{')
	if i < 0 {
		return strings.TrimSpace(line), "", false
	}
	return strings.TrimSpace(line[:i]), line[i:], true
}

// sameState compares a user or team of the sandbox with what it should be.
func sameState(t *testing.T, kind, name, is string, ok bool, want string) {
	t.Helper()
	if !ok {
		t.Errorf("the API has no %s %s", kind, name)
		return
	}
	sameJSON(t, "the "+kind+" "+name, is, want)
}

func (r *replay) checkNo(t *testing.T, what string, got reply) {
	t.Helper()
	name, isTeam := strings.CutPrefix(what, "team ")
	switch {
	case isTeam:
		if is, ok := r.team(t, name); ok {
			t.Errorf("the API has the team %s: %s", name, is)
		}
	case what == "null":
		if hasNull(got.json(t)) {
			t.Errorf("the answer holds a null: %s", got.body)
		}
	default:
		t.Fatalf("the transcript has an unknown line: -- no %s", what)
	}
}

// hasNull reports whether there is a null anywhere in a JSON tree.
func hasNull(tree any) bool {
	switch tree := tree.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(tree)), hasNull)
	case []any:
		return slices.ContainsFunc(tree, hasNull)
	default:
		return tree == nil
	}
}

// listed returns the resource with this id in a list; "" if there is none.
func listed(t *testing.T, got reply, id string) string {
	t.Helper()
	var list struct{ Resources []json.RawMessage }
	if err := json.Unmarshal(got.body, &list); err != nil {
		t.Fatal(err)
	}
	for _, resource := range list.Resources {
		if decode(t, resource)["id"] == id {
			return string(resource)
		}
	}
	return ""
}

// changeElsewhere changes fields of a user as another writer does.
func (r *replay) changeElsewhere(t *testing.T, userName, fields string) {
	t.Helper()
	u, ok := r.sandbox.UserByName(userName)
	if !ok {
		t.Fatalf("the API has no user %s", userName)
	}
	r.sandbox.EditUser(u.ID, func(u *qualytics.User) {
		a := account{Role: u.Role, Teams: u.Teams, Email: u.Email, Name: u.Name}
		if err := json.Unmarshal([]byte(fields), &a); err != nil {
			t.Fatal(err)
		}
		u.Role, u.Teams, u.Email, u.Name = a.Role, a.Teams, a.Email, a.Name
	})
}

// sameJSON compares two JSON texts by value.
func sameJSON(t testing.TB, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	var g, w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: what is expected is no JSON: %v\n%s", what, err, want)
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil || !reflect.DeepEqual(g, w) {
		t.Errorf("%s is\n\t%s\ninstead of\n\t%s", what, got, want)
	}
}
