package mappingtest

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
)

// reported is a report on a test that passes and one that fails.
func reported(t *testing.T) *Report {
	t.Helper()
	f := load(t, `mappings: people.yaml
tests:
  - name: nobody is there
    request: GET /Users/1
    calls: [GET /v1/staff/1]
    answer: 404
  - name: somebody is <there>
    steps:
      - request: GET /Users/1
        calls: []
        answer: 404
`)
	coverage := f.Program.NewCoverage()
	var r Report
	for _, test := range f.Tests {
		r.Add(f, f.Run(t.Context(), test, coverage))
	}
	r.AddCoverage(f.Program, coverage)
	return &r
}

func TestReportForPeople(t *testing.T) {
	r := reported(t)
	r.Coverage[0].Unused = r.Coverage[0].Unused[:1]
	r.Coverage[0].Parts = 3
	const failed = `FAIL  t.yaml:7: somebody is <there>
  step 1, line 9: GET /Users/1
    - calls: []
    + calls:
    +   - GET /v1/staff/1
      answer: 404

people.yaml:11: User.userName is given by no request
people.yaml: the tests put 2 of 3 parts to use
1 passed, 1 failed
`
	for verbose, want := range map[bool]string{false: failed, true: "ok    t.yaml:3: nobody is there\n" + failed} {
		var b strings.Builder
		if err := r.Text(&b, verbose); err != nil || b.String() != want {
			t.Errorf("%v, got\n%s", err, b.String())
		}
	}
}

func TestReportForPrograms(t *testing.T) {
	js, err := json.Marshal(reported(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"passed":1,"failed":1,"tests":[{"file":"t.yaml","line":3,"name":"nobody is there","passed":true},`,
		`"passed":false,"step":1,"step_line":9,"request":"GET /Users/1","diff":["- calls: []",`,
		`"coverage":[{"mapping":"people.yaml","parts":`, `"unused":[{"line":11,"part":"User.userName","why":"is given by no request"}`,
	} {
		if text := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(js)); !strings.Contains(text, want) {
			t.Errorf("there is no %s in %s", want, text)
		}
	}
}

func TestReportForBuildServers(t *testing.T) {
	var b strings.Builder
	if err := reported(t).JUnit(&b); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal([]byte(b.String()), &suites); err != nil {
		t.Fatal(err)
	}
	suite := suites.Suites[0]
	failure := suite.Cases[1].Failure
	if suite.Tests != 2 || suite.Failures != 1 || suite.Cases[0].Failure != nil || suite.Cases[1].Name != "somebody is <there>" ||
		failure == nil || !strings.HasPrefix(failure.Text, "- calls: []\n") || !strings.HasPrefix(b.String(), "<?xml") {
		t.Errorf("got\n%s", b.String())
	}
}
