package mappingtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// mistakes are what is said about a file, without the lines and the carets.
func mistakes(t *testing.T, src string) string {
	t.Helper()
	_, err := loaded(t, src)
	var diagnostics *source.Diagnostics
	if err == nil || !errors.As(err, &diagnostics) {
		t.Fatalf("got %v of\n%s", err, src)
	}
	var all []string
	for _, e := range diagnostics.Unwrap() {
		all = append(all, e.Error())
	}
	return strings.Join(all, "\n")
}

func TestMistakes(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"no tests", "mappings: people.yaml\n", `t.yaml:1:1: "tests" is missing: the list of the tests`},
		{
			"unknown keys", "mappings: people.yaml\ntest: 1\ntests: [{name: a, request: GET /Users, answers: 1, answer: {status: 200, bodies: 2}}]\n",
			`t.yaml:2:1: unknown key "test"; did you mean "tests"?
t.yaml:3:40: unknown key "answers"; did you mean "answer"?
t.yaml:3:74: unknown key "bodies"; did you mean "body"?`,
		},
		{
			"no name and no request", "mappings: people.yaml\ntests:\n  - answer: 200\n",
			`t.yaml:3:5: "name" is missing: what is tested, in a sentence
t.yaml:3:5: "request" is missing: a method and a path below the SCIM base, such as "GET /Users/41"`,
		},
		{
			"names twice", "mappings: people.yaml\ntests:\n  - {name: a, request: GET /Users}\n  - {name: a, request: GET /Users}\n",
			`t.yaml:4:5: there is another test called "a"`,
		},
		{
			"requests", one("steps:\n  - request: /Users\n  - request: get /Users\n  - request: GET Users\n  - request: GET /Users/%zz"),
			`t.yaml:5:18: "/Users" is not a method and a path such as "GET /Users/41"
t.yaml:6:18: "get /Users" is not a method and a path such as "GET /Users/41"
t.yaml:7:18: "GET Users" is not a method and a path such as "GET /Users/41"
t.yaml:8:18: the path has a %-escape that is none`,
		},
		{
			"a step and steps", one("request: GET /Users\nsteps: [{request: GET /Users}]"),
			`t.yaml:4:14: a test with "steps" has no request of its own`,
		},
		{
			"objects", one("api: {User: [{login: a}, {id: x}, 1], Users: []}\nkept: {Device: {}}\nrequest: GET /Users"),
			`t.yaml:4:18: the User has no id at id
t.yaml:4:30: the User has no id at id
t.yaml:4:39: the User is not an object
t.yaml:4:43: the mapping has no resource "Users"
t.yaml:5:12: the mapping has no resource "Device"`,
		},
		{
			"calls", one("request: GET /Users\ncalls:\n  - {body: 1}\n  - {call: GET /a, answer: 99}\n  - {call: GET /a, answer: 200, fault: lost}\n  - {call: GET /a, fault: lose}\n  - GET\nanswer: 200"),
			`t.yaml:6:9: "call" is missing: a method and a path, such as "GET /api/users/41"
t.yaml:7:32: expected a whole number from 100 to 599, found "99"
t.yaml:8:44: there is either an "answer" or a "fault"
t.yaml:9:31: "lose" is not known here; did you mean "lost"?
t.yaml:10:9: "GET" is not a method and a path such as "GET /Users/41"`,
		},
		{"calls that are no list", one("request: GET /Users\ncalls: GET /a"), `t.yaml:5:12: expected a list, found "GET /a"`},
		{
			"headers", one("request: GET /Users\nanswer: {status: 200, headers: {location: x}}"),
			`t.yaml:5:37: unknown key "location"; did you mean "Location"?`,
		},
		{
			"leniencies", one("tolerances: octa\nrequest: GET /Users"),
			`t.yaml:4:17: tolerances: there is no profile called "octa"; did you mean "okta"?`,
		},
		{"no mapping at all", "tests: 1", `t.yaml:1:8: expected a mapping, found "1"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := test.src
			if !strings.Contains(src, "mappings:") {
				src = strings.Replace(src, "tests:", "mappings: people.yaml\ntests:", 1)
				test.want = strings.Replace(test.want, "t.yaml:1:", "t.yaml:2:", 1)
			}
			if got := mistakes(t, src); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestMappingThatCanNotBeRead(t *testing.T) {
	bad := errors.New("no such file")
	_, err := Load("t.yaml", []byte("mappings: m.yaml\ntests: 1\n"), func(string) (*mapping.Program, error) { return nil, bad })
	if !errors.Is(err, bad) || err.Error() != "t.yaml: the mapping: no such file" {
		t.Errorf("got %v", err)
	}
}

func TestMappingIsNoFileOfTests(t *testing.T) {
	want := "t.yaml:7:3: this is a mapping and not a file of tests; keep tests in a directory of their own"
	if got := mistakes(t, people); got != want {
		t.Errorf("got %s", got)
	}
}

// TestMistakesHaveTheirLine sees what people see.
func TestMistakesHaveTheirLine(t *testing.T) {
	_, err := loaded(t, one("request: GET /Users\nanswr: 200"))
	if want := "t.yaml:5:5: unknown key \"answr\"; did you mean \"answer\"?\n    5 |     answr: 200\n      |     ^"; err.Error() != want {
		t.Errorf("got\n%v", err)
	}
}
