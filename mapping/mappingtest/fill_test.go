package mappingtest

import (
	"strings"
	"testing"
)

// filled returns a file after what comes of its tests was written into it, and
// fails unless they all pass then and there is nothing more to write.
func filled(t *testing.T, src string) string {
	t.Helper()
	f := load(t, src)
	text, n, err := f.Fill(t.Context(), f.Tests)
	if err != nil || n == 0 {
		t.Fatalf("%d steps, %v", n, err)
	}
	allPass(t, string(text))
	f = load(t, string(text))
	if again, n, err := f.Fill(t.Context(), f.Tests); n != 0 || err != nil || string(again) != string(text) {
		t.Errorf("%d steps are filled again, %v", n, err)
	}
	return string(text)
}

func TestFillLeavesTheRestAsItIs(t *testing.T) {
	const src = `# Tests of people.
mappings: people.yaml   # theirs
api:
  User: [{id: 1, login: ana,
    label: Ana}]

tests:
  # The first.
  - name: one # in a line
    request: PUT /Users/1
    body:
      userName: ana
      displayName: Ana Reis

      # no more

  # The second.
  - name: two
    steps:
    - request: GET /Users/1
      calls: [GET /v1/staff/1]
    - request: GET /Users/2
      calls: [GET /v1/staff/2]
      answer: 404
    - request: PATCH /Users/1
      body: {Operations: [{op: replace, path: active,
        value: false}]}
# The end.
`
	const want = `# Tests of people.
mappings: people.yaml   # theirs
api:
  User: [{id: 1, login: ana,
    label: Ana}]

tests:
  # The first.
  - name: one # in a line
    request: PUT /Users/1
    body:
      userName: ana
      displayName: Ana Reis

      # no more
    calls:
      - GET /v1/staff/1
      - call: PATCH /v1/staff/1
        body: {label: Ana Reis}
    answer:
      status: 200
      body: {active: true, displayName: Ana Reis, id: "1", userName: ana}

  # The second.
  - name: two
    steps:
    - request: GET /Users/1
      calls: [GET /v1/staff/1]
      answer:
        status: 200
        body: {active: true, displayName: Ana, id: "1", userName: ana}
    - request: GET /Users/2
      calls: [GET /v1/staff/2]
      answer: 404
    - request: PATCH /Users/1
      body: {Operations: [{op: replace, path: active,
        value: false}]}
      calls:
        - GET /v1/staff/1
        - POST /v1/staff/1/off
        - GET /v1/staff/1
      answer:
        status: 200
        body: {active: false, displayName: Ana, id: "1", userName: ana}
# The end.
`
	if got := filled(t, src); got != want {
		t.Errorf("got\n%s", got)
	}
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	if got := filled(t, crlf(src)); got != crlf(want) {
		t.Errorf("got\n%q", got)
	}
}

func TestFillWithWhatIsOddToWrite(t *testing.T) {
	got := filled(t, one(`
api: {User: [{id: 1, login: "a: b # c", label: "line\nbreak", off: x}, {id: 2, login: "1", label: "true"}]}
steps:
  - request: GET /Users/1
  - request: GET /Users/2
  - request: POST /Users
    body: {userName: "null", title: x}
  - request: GET /Users/1
    calls:
      - {call: GET /v1/staff/1, answer: {status: 429, retry-after: 9}}
`))
	for _, want := range []string{
		`userName: 'a: b # c'`, `displayName: "true"`, `userName: "1"`, "dropped: [title]", `label: "null"`, `headers: {Retry-After: "9"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in\n%s", want, got)
		}
	}
}

func TestFillAtTheEndOfAFileWithoutALineBreak(t *testing.T) {
	got := filled(t, "mappings: people.yaml\ntests:\n- name: a\n  request: GET /Users/x")
	if !strings.HasSuffix(got, "  request: GET /Users/x\n  calls: []\n  answer:\n    status: 404\n    body: {detail: There is no User with this id.}") {
		t.Errorf("got\n%s", got)
	}
}

func TestFillRefusesBraces(t *testing.T) {
	f := load(t, "mappings: people.yaml\ntests:\n  - {name: a, request: GET /Users/1}\n")
	_, _, err := f.Fill(t.Context(), f.Tests)
	if want := "t.yaml:3:5: the answer can't be added to what stands in braces"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestFillOnlyWhatIsAskedFor(t *testing.T) {
	f := load(t, "mappings: people.yaml\ntests:\n  - name: a\n    request: GET /Users/x\n  - name: b\n    request: GET /Users/y\n")
	text, n, err := f.Fill(t.Context(), f.Tests[1:])
	if err != nil || n != 1 || !strings.Contains(string(text), "GET /Users/x\n  - name: b\n") {
		t.Errorf("%d steps, %v:\n%s", n, err, text)
	}
}
