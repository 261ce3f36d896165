package mappingtest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
)

// Report is what came of tests.
type Report struct {
	// Passed and Failed are how many there were of either kind.
	Passed int `json:"passed"`
	Failed int `json:"failed"`

	// Tests are all of them, in the order in which they ran.
	Tests []Reported `json:"tests"`

	// Coverage is what the tests have put to use of each mapping; nil if nobody
	// wants to know.
	Coverage []Covered `json:"coverage,omitempty"`
}

// Reported is what came of one test.
type Reported struct {
	// File is the file of tests, Line where the test is in it, and Name what it
	// is called.
	File string `json:"file"`
	Line int    `json:"line"`
	Name string `json:"name"`

	Passed bool `json:"passed"`

	// Step is the number of the step that failed, from 1, StepLine where it is,
	// Request its method and path, and Diff as in [Result]; empty for a test that
	// has passed.
	Step     int      `json:"step,omitempty"`
	StepLine int      `json:"step_line,omitempty"`
	Request  string   `json:"request,omitempty"`
	Diff     []string `json:"diff,omitempty"`
}

// Covered is what tests have put to use of a mapping.
type Covered struct {
	// Mapping is what the mapping file is called.
	Mapping string `json:"mapping"`

	// Parts are how many parts it has that a test can put to use, and Unused
	// those that no test does.
	Parts  int      `json:"parts"`
	Unused []Unused `json:"unused"`
}

// Unused is a part of a mapping that no test puts to use.
type Unused struct {
	Line int    `json:"line"`
	Part string `json:"part"`

	// Why is why it is unused: "is given by no request".
	Why string `json:"why"`
}

// Add adds what came of a test.
func (r *Report) Add(f *File, result Result) {
	reported := Reported{
		File: f.Name, Line: result.Test.Pos.Line, Name: result.Test.Name, Passed: result.Passed(),
		Step: result.Step, StepLine: result.Pos.Line, Request: result.Request, Diff: result.Diff,
	}
	if reported.Passed {
		r.Passed++
	} else {
		r.Failed++
	}
	r.Tests = append(r.Tests, reported)
}

// AddCoverage adds what the tests have put to use of a mapping.
func (r *Report) AddCoverage(p *mapping.Program, c *mapping.Coverage) {
	covered := Covered{Mapping: p.File(), Parts: c.Parts(), Unused: []Unused{}}
	for _, u := range c.Unused() {
		covered.Unused = append(covered.Unused, Unused{Line: u.Pos.Line, Part: u.Part, Why: u.Why})
	}
	r.Coverage = append(r.Coverage, covered)
}

// Text writes the report for people: the failed tests with what is different,
// with verbose the others too, and then the numbers.
func (r *Report) Text(w io.Writer, verbose bool) error {
	var b strings.Builder
	for i := range r.Tests {
		t := &r.Tests[i]
		if t.Passed {
			if verbose {
				fmt.Fprintf(&b, "ok    %s:%d: %s\n", t.File, t.Line, t.Name)
			}
			continue
		}
		fmt.Fprintf(&b, "FAIL  %s:%d: %s\n", t.File, t.Line, t.Name)
		fmt.Fprintf(&b, "  step %d, line %d: %s\n", t.Step, t.StepLine, t.Request)
		for _, line := range t.Diff {
			fmt.Fprintf(&b, "    %s\n", line)
		}
		b.WriteByte('\n')
	}
	for i := range r.Coverage {
		r.Coverage[i].text(&b)
	}
	fmt.Fprintf(&b, "%d passed, %d failed\n", r.Passed, r.Failed)
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Covered) text(b *strings.Builder) {
	for _, u := range c.Unused {
		fmt.Fprintf(b, "%s:%d: %s %s\n", c.Mapping, u.Line, u.Part, u.Why)
	}
	fmt.Fprintf(b, "%s: the tests put %d of %d parts to use\n", c.Mapping, c.Parts-len(c.Unused), c.Parts)
}

// junitSuites, junitSuite, junitCase and junitFailure are the XML that build
// servers read.
type junitSuites struct {
	XMLName xml.Name      `xml:"testsuites"`
	Suites  []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the report as the XML of JUnit, a suite for each file. It has no
// coverage.
func (r *Report) JUnit(w io.Writer) error {
	var all junitSuites
	var suite *junitSuite
	for i := range r.Tests {
		t := &r.Tests[i]
		if suite == nil || suite.Name != t.File {
			suite = &junitSuite{Name: t.File}
			all.Suites = append(all.Suites, suite)
		}
		suite.Tests++
		c := junitCase{Name: t.Name, Class: t.File, File: t.File, Line: t.Line}
		if !t.Passed {
			suite.Failures++
			c.Failure = &junitFailure{
				Message: fmt.Sprintf("step %d, line %d: %s", t.Step, t.StepLine, t.Request), Text: strings.Join(t.Diff, "\n"),
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
