package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// normative are the sections of each RFC in which a service provider is asked
// for something.
var normative = map[string]string{
	"rfc7643": "2.1 2.2 2.3 2.3.4 2.3.5 2.3.6 2.3.7 2.3.8 2.4 2.5 3 3.1 3.3 4.1.1 4.1.2 4.2 4.3 5 6 7",
	"rfc7644": "2 2.1 3.1 3.2 3.3 3.3.1 3.4.2 3.4.2.1 3.4.2.2 3.4.2.3 3.4.2.4 3.4.2.5 3.4.3 3.5 3.5.1 3.5.2 3.5.2.1 3.5.2.2 3.5.2.3 " +
		"3.6 3.7 3.7.1 3.7.2 3.7.3 3.7.4 3.8 3.9 3.10 3.11 3.12 3.13 3.14 4 5 7.2 7.3 7.4 7.5.1 7.5.2 7.7 7.8",
	"rfc9865": "2 2.1 2.2 2.4 3 4 5.2",
}

// row is a line of a table in conformance/.
type row struct {
	section, requirement, status string

	// tests are the names in it: "mapping.TestFilters".
	tests []string
}

// readRows returns the rows of a table.
func readRows(t *testing.T, rfc string) []row {
	t.Helper()
	var rows []row
	for line := range strings.Lines(readShipped(t, "tests/conformance/"+rfc+".md")) {
		cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 2 || strings.TrimSpace(cells[1]) == "§" || strings.HasPrefix(cells[1], "---") {
			continue
		}
		if len(cells) != 5 {
			t.Fatalf("%s: not a row of four cells: %s", rfc, line)
		}
		r := row{section: strings.TrimSpace(cells[1]), requirement: strings.TrimSpace(cells[2]), status: strings.TrimSpace(cells[4])}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[3], -1) {
			r.tests = append(r.tests, m[1])
		}
		rows = append(rows, r)
	}
	return rows
}

// problem is what is wrong with a row by itself; "" if nothing is.
func (r row) problem() string {
	status, reason, _ := strings.Cut(r.status, ":")
	switch {
	case r.requirement == "":
		return "it says nothing"
	case status == "holds" && len(r.tests) == 0:
		return "no test shows that it holds"
	case r.status == "holds":
		return ""
	case status != "holds in part" && status != "does not hold" && status != "does not apply":
		return "its status is " + strconv.Quote(r.status)
	case strings.TrimSpace(reason) == "":
		return "there is no reason"
	}
	return ""
}

// TestConformanceRows has rows that say too little.
func TestConformanceRows(t *testing.T) {
	shown := []string{"TestX"}
	for _, c := range []struct {
		row  row
		fine bool
	}{
		{row{requirement: "x", status: "holds", tests: shown}, true},
		{row{requirement: "x", status: "holds"}, false},
		{row{status: "holds", tests: shown}, false},
		{row{requirement: "x", status: "", tests: shown}, false},
		{row{requirement: "x", status: "perhaps: who knows", tests: shown}, false},
		{row{requirement: "x", status: "does not hold", tests: shown}, false},
		{row{requirement: "x", status: "does not hold: "}, false},
		{row{requirement: "x", status: "does not hold: it can't"}, true},
		{row{requirement: "x", status: "holds in part: not on Sundays", tests: shown}, true},
		{row{requirement: "x", status: "does not apply: there is none"}, true},
	} {
		if problem := c.row.problem(); (problem == "") != c.fine {
			t.Errorf("%+v: %q", c.row, problem)
		}
	}
}

// TestConformanceTable holds the tables against the tests that there are.
func TestConformanceTable(t *testing.T) {
	known := testNames(t)
	shown := make(map[string]bool)
	for rfc, sections := range normative {
		rows := readRows(t, rfc)
		var last []int
		seen := make(map[string]bool)
		for _, r := range rows {
			if problem := r.problem(); problem != "" {
				t.Errorf("%s, section %s, %q: %s", rfc, r.section, r.requirement, problem)
			}
			for _, name := range r.tests {
				shown[name] = true
				if !known[name] {
					t.Errorf("%s, section %s: there is no %s", rfc, r.section, name)
				}
			}
			number := sectionNumber(t, r.section)
			if slices.Compare(number, last) < 0 {
				t.Errorf("%s: section %s is out of order", rfc, r.section)
			}
			last = number
			seen[r.section] = true
		}
		for section := range strings.FieldsSeq(sections) {
			if !seen[section] {
				t.Errorf("%s: section %s has no row", rfc, section)
			}
		}
	}
	for _, s := range sections {
		for _, c := range s.checks {
			if name := "TestConformance/" + s.name + "/" + c.name; !shown[name] {
				t.Errorf("%s is in no row", name)
			}
		}
	}
}

// sectionNumber returns the parts of a number such as 3.5.2.
func sectionNumber(t *testing.T, section string) []int {
	t.Helper()
	var number []int
	for part := range strings.SplitSeq(section, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			t.Fatalf("%q is no section", section)
		}
		number = append(number, n)
	}
	return number
}

// testNames returns the names of all tests of the repository as the tables have
// them: with their package in front unless it is this one, and each with the
// checks of TestConformance.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	isolate(t)
	names := make(map[string]bool)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		prefix := filepath.ToSlash(filepath.Dir(path)) + "."
		if prefix == "tests." {
			prefix = ""
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && regexp.MustCompile(`^(Test|Fuzz)[A-Z]`).MatchString(f.Name.Name) {
				names[prefix+f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		for _, c := range s.checks {
			name := "TestConformance/" + s.name + "/" + c.name
			if names[name] {
				t.Errorf("%s is there twice", name)
			}
			names[name] = true
		}
	}
	return names
}

// TestREADMEConformance looks for the tables in the README.
func TestREADMEConformance(t *testing.T) {
	if !strings.Contains(readShipped(t, "README.md"), "](tests/conformance/README.md)") {
		t.Error("the README does not link the tables of conformance")
	}
}
