package qualytics_test

import (
	"encoding/json"
	"net/http"
	"sort"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestDocumentIsServedAndCoversEveryCall(t *testing.T) {
	a := start(t, qualytics.Config{})
	res := a.as("").do("GET", "/api/openapi.json", "", 200)
	if res.text != string(qualytics.Document()) || res.json["openapi"] != "3.1.0" {
		t.Error("another document is served")
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(qualytics.Document(), &document); err != nil {
		t.Fatal(err)
	}
	// Each call of the document must exist: no 404 for the path, no 405.
	a.ExpectViolations("no bearer token", "no body")
	a.AddUser(qualytics.User{UserName: "a"})
	var names []string
	for path, methods := range document.Paths {
		for method := range methods {
			if method == "parameters" {
				continue
			}
			names = append(names, strings.ToUpper(method)+" "+path)
			r := a.as("").request(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "2"), "")
			if res, err := a.send(r); err != nil || res.status == 404 || res.status == 405 {
				t.Errorf("%s %s: %d, %v", method, path, res.status, err)
			}
		}
	}
	sort.Strings(names)
	same(t, "calls", names, `["DELETE /api/teams/{id}","DELETE /api/users/{id}","GET /api/health","GET /api/openapi.json",`+
		`"GET /api/teams","GET /api/teams/{id}","GET /api/users","GET /api/users/me","GET /api/users/{id}",`+
		`"POST /api/teams","POST /api/users","POST /api/users/{id}/restore","PUT /api/teams/{id}","PUT /api/users/{id}"]`)
}

func TestViolations(t *testing.T) {
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/api/users?size=101", "", `GET /api/users: query parameter size: maximum: got 101, want 100`},
		{"GET", "/api/users?page=x", "", `GET /api/users: query parameter page: got string, want integer`},
		{"GET", "/api/users?include_deleted=yes", "", `GET /api/users: query parameter include_deleted: got string, want boolean`},
		{"GET", "/api/users?role=Owner", "", `GET /api/users: query parameter role: value must be one of 'Admin', 'Manager', 'Member'`},
		{"GET", "/api/users?page=1&page=2", "", `GET /api/users: query parameter page is sent 2 times`},
		{"GET", "/api/users?email=x", "", `GET /api/users: query parameter email is unknown, so the API ignores it`},
		{"GET", "/api/users/x", "", `GET /api/users/x: path parameter id: got string, want integer`},
		{"GET", "/api/users/1", "{}", `GET /api/users/1: a body where none belongs`},
		{"PATCH", "/api/users/1", "{}", `PATCH /api/users/1: no such call`},
		{"GET", "/api/scim/v2/Users", "", `GET /api/scim/v2/Users: no such call`},
		{"PUT", "/api/users/1", `{"role":"owner"}`, `PUT /api/users/1: body at /role: value must be one of 'Admin', 'Manager', 'Member'`},
		{"PUT", "/api/users/1", `{"active":true}`, `PUT /api/users/1: body: additional properties 'active' not allowed`},
		{"PUT", "/api/teams/1", `{"name":"Public","user_ids":[1.5]}`, `PUT /api/teams/1: body at /user_ids/0: got number, want integer`},
		{"POST", "/api/teams", `{"name":`, `POST /api/teams: body: unexpected EOF`},
		{"POST", "/api/teams", ``, `POST /api/teams: no body`},
	} {
		t.Run(c.want, func(t *testing.T) {
			a := start(t, qualytics.Config{})
			a.ExpectViolations(c.want)
			if _, err := a.send(a.request(c.method, c.path, c.body)); err != nil {
				t.Fatal(err)
			}
			if got := a.Violations(); len(got) != 1 || got[0] != c.want {
				t.Errorf("violations %q, want %q", got, c.want)
			}
		})
	}
}

func TestViolationsThatAreNotExpectedAreLeft(t *testing.T) {
	a := start(t, qualytics.Config{})
	for _, query := range []string{"email=a", "user_name=b"} {
		a.do(http.MethodGet, "/api/users?"+query, "", 200)
	}
	a.ExpectViolations("email")
	if got := a.UnexpectedViolations(); len(got) != 1 || !strings.Contains(got[0], "user_name") {
		t.Errorf("left %q", got)
	}
	a.ExpectViolations()
	if got := a.UnexpectedViolations(); len(got) != 0 {
		t.Errorf("left %q", got)
	}
}
