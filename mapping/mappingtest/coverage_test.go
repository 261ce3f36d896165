package mappingtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCoverageIsWhatTestsLookAt(t *testing.T) {
	f := load(t, `mappings: people.yaml
tests:
  - name: all
    steps:
      - request: POST /Users
        body: {userName: eva, externalId: e}
        calls: [GET /v1/staff, {call: POST /v1/staff, body: {login: eva, label: eva}, fault: lost}]
        answer: 502
      - request: POST /Users
        body: {userName: eva, active: false, externalId: e}
        calls: [GET /v1/staff, GET /v1/staff/1, POST /v1/staff/1/off, GET /v1/staff/1]
        answer: {status: 201, body: {userName: eva, externalId: e}}
      - request: GET /Users?filter=displayName co "e"
        calls: [GET /v1/staff]
        answer: {status: 200, body: {Resources: [{active: false}]}}
`)
	coverage := f.Program.NewCoverage()
	if r := f.Run(t.Context(), f.Tests[0], coverage); !r.Passed() {
		t.Fatalf("%q", r.Diff)
	}
	var got []string
	for _, u := range coverage.Unused() {
		got = append(got, fmt.Sprintf("%d:%d %s %s", u.Pos.Line, u.Pos.Col, u.Part, u.Why))
	}
	want := []string{
		"12:7 User.displayName is given by no request",
		"12:7 User.displayName is shown in no answer that is looked at",
		"12:41 User.displayName, clear is needed by no request",
		"19:7 User.update is made for no request",
		"20:7 User.on is made for no request",
		"22:7 User.delete is made for no request",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
