package mapping

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// nasty are texts that mean something to a URL, a path, a header, JSON, or to
// the libraries that read and write JSON.
var nasty = []string{
	"2/../3", "../teams/1", "2%2f..%2f3", "%2e%2e", "..", ".", "2/restore", `2\..\3`, "2?role=Admin", "2#", "2&role=Admin", "2;x=1",
	"2\x00", "2\r\nX-Evil: 1", "2 ", " 2", "+2", "02", "2.0", "2e0", "0x2", "-2", "٢", "{id}", "me", "", "%00", "2,3", "//", "http://evil.test/",
	"name|@pretty", "@this", "#", "a.#.b", "#(x==1)", "*", "?", "-1", ":0", `"`, `\`, `","role":"Admin`, "role", "deleted_at", "users.0.id",
	strings.Repeat("9", 400), "18446744073709551618", "\u2028", "\xff",
}

// watcher is an Upstream that notes calls as they are handed over.
type watcher struct {
	Upstream
	calls []Call
}

func (w *watcher) Do(ctx context.Context, call Call) (Answer, error) {
	w.calls = append(w.calls, call)
	return w.Upstream.Do(ctx, call)
}

var (
	knownPath  = regexp.MustCompile(`^/api/(users|teams)(/[1-9][0-9]*(/restore)?)?$`)
	knownQuery = []string{"page", "size", "type", "include_deleted", "name", "role"}
	knownBody  = []string{
		"name", "email", "user_name", "role", "teams", "permission", "user_ids", "description", "datastore_ids",
	}
)

// harmless fails unless calls are only of the kinds that the mapping has, and
// empties the list.
func (w *watcher) harmless(t *testing.T, what string) {
	t.Helper()
	for _, call := range w.calls {
		if !knownPath.MatchString(call.Path) {
			t.Errorf("%s: %s %q", what, call.Method, call.Path)
		}
		query, err := url.ParseQuery(call.Query)
		if err != nil {
			t.Errorf("%s: the query %q: %v", what, call.Query, err)
		}
		for name, values := range query {
			if !slices.Contains(knownQuery, name) || len(values) != 1 {
				t.Errorf("%s: the query %q", what, call.Query)
			}
		}
		if call.Body == nil {
			continue
		}
		var body map[string]json.RawMessage
		if err := json.Unmarshal(call.Body, &body); err != nil {
			t.Errorf("%s: the body %s: %v", what, call.Body, err)
		}
		for name := range body {
			if !slices.Contains(knownBody, name) {
				t.Errorf("%s: the body %s", what, call.Body)
			}
		}
	}
	w.calls = nil
}

// quoted is a text as a JSON string; what is not UTF-8 stays that.
func quoted(s string) string {
	if !strings.Contains(s, "\xff") {
		return string(quoteJSON(s))
	}
	return `"` + s + `"`
}

// TestNothingIsSplicedIn puts texts wherever a client may put one, and looks at
// the calls.
func TestNothingIsSplicedIn(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(5, 3)
		w := &watcher{Upstream: b.world.Upstream}
		b.world.Upstream = w
		for _, text := range nasty {
			in, inURL := quoted(text), url.QueryEscape(text)
			inFilter := url.QueryEscape(quoted(text))
			for _, request := range [][4]string{
				{"GET", "/Users/" + text, "", ""},
				{"PUT", "/Users/" + text, "", `{"displayName":"X"}`},
				{"PATCH", "/Groups/" + text, "", addMember(4)},
				{"DELETE", "/Users/" + text + "/", "", ""},
				{"GET", "/" + text, "", ""},
				{"GET", "/Users", "filter=id+eq+" + inFilter, ""},
				{"GET", "/Users", "filter=displayName+co+" + inFilter, ""},
				{"GET", "/Groups", "filter=displayName+eq+" + inFilter, ""},
				{"GET", "/Users", "filter=userName+eq+" + inFilter + "+and+" + inURL + "+eq+1", ""},
				{"GET", "/Groups", "filter=members.value+eq+" + inFilter, ""},
				{"GET", "/Users", "attributes=" + inURL + "&excludedAttributes=" + inURL + "&startIndex=" + inURL, ""},
				{"GET", "/Users", inURL + "=" + inURL, ""},
				{"POST", "/Users", "", `{"userName":` + in + `,"displayName":` + in + `,"emails":[{"value":` + in + `,"type":` + in + `}],"externalId":` + in + `}`},
				{"POST", "/Users", "", `{"userName":"x","roles":[{"value":` + in + `}],"id":` + in + `,"meta":{"location":` + in + `}}`},
				{"POST", "/Users", "", `{"userName":"x",` + in + `:` + in + `}`},
				{"PUT", "/Users/4", "", `{` + in + `:` + in + `,"name":{` + in + `:1,"givenName":` + in + `}}`},
				{"PATCH", "/Users/4", "", patchOf(`{"op":"replace","path":` + in + `,"value":` + in + `}`)},
				{"PATCH", "/Users/4", "", patchOf(`{"op":"replace","path":"emails[value eq ` + strings.ReplaceAll(in, `"`, `\"`) + `].value","value":` + in + `}`)},
				{"PATCH", "/Users/4", "", patchOf(`{"op":"add","value":{` + in + `:` + in + `}}`)},
				{"PATCH", "/Users/4", "", patchOf(`{"op":` + in + `,"path":"displayName","value":` + in + `}`)},
				{"POST", "/Groups", "", `{"displayName":` + in + `,"members":[{"value":` + in + `}]}`},
				{"PUT", "/Groups/2", "", `{"members":[{"value":` + in + `,"$ref":` + in + `},` + in + `]}`},
				{"PATCH", "/Groups/2", "", patchOf(`{"op":"remove","path":"members","value":[{"value":` + in + `}]}`)},
				{"PATCH", "/Groups/role-manager", "", patchOf(`{"op":"add","path":"members","value":[{"value":` + in + `}]}`)},
				{"POST", "/Bulk", "", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
					{"method":"DELETE","path":` + quoted("/Users/"+text) + `},{"method":` + in + `,"path":` + in + `,"bulkId":` + in + `},
					{"method":"PATCH","path":"/Users/4","data":{"Operations":[{"op":"replace","path":` + in + `,"value":` + in + `}]}}]}`},
			} {
				response := b.program.Serve(t.Context(), b.world, Request{
					Method: request[0], Path: request[1], Query: request[2], Body: []byte(request[3]), Base: testBase,
				})
				if response.Status >= 500 && request[1] != "/me" {
					t.Errorf("%q: status %d: %v", request, response.Status, response.Err)
				}
				w.harmless(t, strings.Join(request[:], " "))
			}
		}
		for _, violation := range b.sandbox.UnexpectedViolations() {
			t.Errorf("does not fit the API's document: %s", violation)
		}
		for _, u := range b.sandbox.Users() {
			if u.Type == qualytics.TypeHuman && u.Role == qualytics.RoleAdmin && u.UserName != "ana.reis" {
				t.Errorf("%s has become Admin", u.UserName)
			}
		}
	})
}

// TestTextIDs has an API whose ids are texts: what can be one is one segment of
// a path, whatever is in it, and all else is nobody's.
func TestTextIDs(t *testing.T) {
	program := compiled(t, `
version: 1
upstream: {paging: {page: page, size: size, max: 100, items: items, total: total}}
resources:
  User:
    endpoint: /Users
    id: id
    attributes:
      userName: {path: user_name, unique: true}
    calls:
      list: GET /users
      read: GET /users/{id}/detail
      delete: DELETE /users/{id}
`)
	for _, id := range append([]string{"a b", "auth0|k7", "ü", "..a", "a:b@c", "a=b"}, nasty...) {
		w := &watcher{Upstream: answering(`{"items":[],"total":0}`)}
		world := World{Upstream: w, Correlations: newMemory(), Keeper: newKeeper()}
		for _, request := range []Request{
			{Method: "GET", Path: "/Users/" + id},
			{Method: "DELETE", Path: "/Users/" + id},
			{Method: "GET", Path: "/Users", Query: "filter=id+eq+" + url.QueryEscape(string(quoteJSON(id)))},
		} {
			program.Serve(t.Context(), world, request)
		}
		mayBe := id != "" && id != "." && id != ".." && len(id) <= 255 && utf8.ValidString(id) && !strings.ContainsAny(id, "/\\\x00\r\n")
		// Nor what is one of these when it is decoded.
		decoded, err := url.PathUnescape(id)
		mayBe = mayBe && (err != nil || !strings.ContainsAny(decoded, "/\\\x00"))
		asked := false
		for _, call := range w.calls {
			if call.Path == "/users" {
				continue
			}
			asked = true
			target, err := url.ParseRequestURI(call.Path)
			if err != nil {
				t.Errorf("%q: the path %q: %v", id, call.Path, err)
				continue
			}
			segments := strings.Split(strings.TrimSuffix(target.EscapedPath(), "/detail"), "/")
			if len(segments) != 3 || segments[1] != "users" || target.RawQuery != "" || target.Fragment != "" {
				t.Errorf("%q: the path %q", id, call.Path)
			} else if got, err := url.PathUnescape(segments[2]); err != nil || got != id {
				t.Errorf("%q: the path %q leads to %q", id, call.Path, got)
			}
		}
		if asked != mayBe {
			t.Errorf("%q: the API was asked: %t", id, asked)
		}
	}
}

// answering is an Upstream that always gives the same answer.
type answering string

func (a answering) Do(context.Context, Call) (Answer, error) {
	return Answer{Status: 200, Body: []byte(a)}, nil
}

// TestNarrowedQueries hands a filter's value to the API as one parameter.
func TestNarrowedQueries(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		w := &watcher{Upstream: b.world.Upstream}
		b.world.Upstream = w
		for _, text := range nasty {
			if text == "" || strings.Contains(text, "\xff") || len(text) > maxNarrow {
				continue
			}
			b.want(200, "GET", filtered("displayName co "+string(quoteJSON(text))), "")
			if len(w.calls) == 0 {
				t.Errorf("%q: the API was not asked", text)
			}
			for _, call := range w.calls {
				query, err := url.ParseQuery(call.Query)
				if err != nil || query.Get("name") != text || query.Get("include_deleted") != "true" || query.Get("type") != "Human" {
					t.Errorf("%q: the query %q, %v", text, call.Query, err)
				}
				if strings.ContainsAny(call.Query, " \x00\r\n#\"\\") {
					t.Errorf("%q: the query %q is not escaped", text, call.Query)
				}
			}
			w.harmless(t, text)
		}
	})
}

// TestValuesComeBackAsSent keeps texts that mean something to libraries.
func TestValuesComeBackAsSent(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		for i, text := range nasty {
			if strings.TrimSpace(text) == "" || strings.Contains(text, "\x00") || !utf8.ValidString(text) {
				continue // there is no such string in JSON, or it is refused
			}
			body := `{"userName":"u` + textNumber(i) + `","externalId":` + string(quoteJSON(text)) + `}`
			id := b.created(body)
			shows(t, b.want(200, "GET", "/Users/"+id, ""), map[string]any{"externalId": text})
			if found := b.found("externalId eq " + string(quoteJSON(text))); !slices.Equal(found, []string{id}) {
				t.Errorf("%q finds %v, want %s", text, found, id)
			}
		}
	})
}

// TestPathsOfTheMapping takes keys with operators of gjson and sjson for keys.
func TestPathsOfTheMapping(t *testing.T) {
	for _, key := range []string{"@this", "@pretty", "#", "*", "?", "a|b", "-1", "0", ":0", "#(x==1)", "a b", "!x", "{x", "[0]", "..#"} {
		path, err := jsonpath.Parse(strings.ReplaceAll(strings.ReplaceAll(key, `\`, `\\`), ".", `\.`))
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		doc, err := jsonpath.Set([]byte(`{"x":1}`), path, []byte(`"v"`))
		var got map[string]any
		if err != nil || json.Unmarshal(doc, &got) != nil || got[key] != "v" || len(got) != 2 {
			t.Errorf("%s: %s, %v", key, doc, err)
			continue
		}
		if v, ok := jsonpath.Document(doc); !ok || v.Get(path).Text() != "v" {
			t.Errorf("%s is not read back out of %s", key, doc)
		}
	}
}
