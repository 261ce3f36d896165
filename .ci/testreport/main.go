// Command testreport makes the output of "go test -json", read from standard
// input, fit for people: the line of each package, the output of each test that
// failed, and the name of each test that was skipped. It exits with 1 when a
// test failed or was skipped, when a package did not build, and when no test
// ran at all.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of "go test -json". See "go doc test2json" and
// "go help buildjson".
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// report counts what it has seen.
type report struct {
	w                       io.Writer
	passed, failed, skipped int
	broken                  int                 // packages that failed apart from their tests
	output                  map[string][]string // by package and test
	failedIn                map[string]int      // failed tests by package
}

func main() {
	r := &report{w: os.Stdout, output: map[string][]string{}, failedIn: map[string]int{}}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	if !r.close() {
		os.Exit(1)
	}
}

// read reports every event of in, and passes on each line that is not one.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if line[0] == '{' && json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				r.add(e)
			} else {
				fmt.Fprint(r.w, line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// add reports one event.
func (r *report) add(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.w, e.Output)
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "pass":
		if e.Test == "" {
			r.closePackage(e.Package, false)
			return
		}
		r.passed++
		delete(r.output, key)
	case "skip":
		if e.Test == "" { // a package without test files
			r.closePackage(e.Package, false)
			return
		}
		r.skipped++
		r.print(key)
	case "fail":
		if e.Test == "" {
			if r.failedIn[e.Package] == 0 {
				r.broken++
			}
			r.closePackage(e.Package, true)
			return
		}
		r.failed++
		r.failedIn[e.Package]++
		r.print(key)
	}
}

// print writes what the test has written, without the lines that only say that
// it started or went on.
func (r *report) print(key string) {
	for _, line := range r.output[key] {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(r.w, line)
		}
	}
	delete(r.output, key)
}

// closePackage writes the package's closing line, and of a failed package all
// that it wrote besides: its panics, and the tests that never ended.
func (r *report) closePackage(pkg string, failed bool) {
	key := pkg + " "
	if failed {
		for other := range r.output {
			if other != key && strings.HasPrefix(other, key) {
				r.print(other)
			}
		}
		r.print(key)
		return
	}
	for _, line := range r.output[key] {
		if strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "?   \t") {
			fmt.Fprint(r.w, line)
		}
	}
	delete(r.output, key)
}

// close writes the totals and says whether all is well.
func (r *report) close() bool {
	if r.broken > 0 {
		fmt.Fprintf(r.w, "%d packages failed apart from their tests\n", r.broken)
	}
	if r.skipped > 0 {
		fmt.Fprintln(r.w, "a skipped test counts as a failure here")
	}
	if r.passed+r.failed+r.skipped == 0 {
		fmt.Fprintln(r.w, "no test ran")
	}
	fmt.Fprintf(r.w, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return r.passed > 0 && r.failed == 0 && r.skipped == 0 && r.broken == 0
}
