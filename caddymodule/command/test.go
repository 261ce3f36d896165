package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/mappingtest"
)

// testRun is what `caddy scim test` is asked.
type testRun struct {
	mappings, run, format   string
	fill, coverage, verbose bool

	// programs are the mappings that were read, by their path, in the order of
	// names.
	programs map[string]*mapping.Program
	names    []string
	covered  map[*mapping.Program]*mapping.Coverage
}

func testCommand() *cobra.Command {
	t := testRun{programs: make(map[string]*mapping.Program), covered: make(map[*mapping.Program]*mapping.Coverage)}
	c := &cobra.Command{
		Use:   "test PATH... [--mappings FILE] [--run REGEXP] [--fill] [--coverage] [--verbose] [--format text|json|junit]",
		Short: "Runs tests of a mapping that are written as data",
		Long: strings.TrimSpace(`
Runs the tests in files, and in all .yaml and .yml files below directories: SCIM
requests, the calls to the API that each has to make, and the answer that the
client has to get. What a test says otherwise is printed as it would have to be
written. No API and no running Caddy is needed; docs/testing.md has the format.

    caddy scim test tests/mappings
    caddy scim test tests/mappings/users.yaml --run 'e-mail' --verbose

With --fill, steps without an answer get the calls that they make and the answer
that the client gets written below them; read them before you believe them. With
--coverage, the parts of the mapping are listed that no test puts to use.

The exit code is 0 if all tests pass, 1 if one fails, and 2 if they could not be
run.`),
		RunE: func(c *cobra.Command, args []string) error { return t.do(c, args) },
	}
	f := c.Flags()
	f.StringVar(&t.mappings, "mappings", "", "The mapping file, in place of the one that each file names")
	f.StringVar(&t.run, "run", "", "Run only the tests whose names have a match of this regular expression")
	f.BoolVar(&t.fill, "fill", false, "Write what happens into steps without an answer")
	f.BoolVar(&t.coverage, "coverage", false, "List what of the mapping no test puts to use")
	f.BoolVar(&t.verbose, "verbose", false, "List the tests that pass, too")
	f.StringVar(&t.format, "format", formatText, "text, json or junit")
	return strict(c, cobra.MinimumNArgs(1))
}

func (t *testRun) do(c *cobra.Command, paths []string) error {
	if err := checkFormat(t.format, formatText, formatJSON, formatJUnit); err != nil {
		return misused(c, err)
	}
	run, err := regexp.Compile(t.run)
	if err != nil {
		return misused(c, fmt.Errorf("--run: %w", err))
	}
	files, err := t.load(paths)
	if err != nil {
		return misused(c, err)
	}
	var report mappingtest.Report
	for _, f := range files {
		tests := slices.Clone(f.Tests)
		tests = slices.DeleteFunc(tests, func(test *mappingtest.Test) bool { return !run.MatchString(test.Name) })
		if t.fill {
			if f, err = t.filled(c, f, tests); err != nil {
				return misused(c, err)
			}
			tests = f.Named(tests)
		}
		for _, test := range tests {
			report.Add(f, f.Run(c.Context(), test, t.covered[f.Program]))
		}
	}
	if len(report.Tests) == 0 {
		return misused(c, errors.New("there is no such test"))
	}
	if t.coverage {
		for _, name := range t.names {
			report.AddCoverage(t.programs[name], t.covered[t.programs[name]])
		}
	}
	if err := t.print(c, &report); err != nil {
		return misused(c, err)
	}
	if report.Failed > 0 {
		return refused(c)
	}
	return nil
}

func (t *testRun) print(c *cobra.Command, report *mappingtest.Report) error {
	switch t.format {
	case formatJSON:
		return printJSON(c.OutOrStdout(), report)
	case formatJUnit:
		return report.JUnit(c.OutOrStdout())
	default:
		return report.Text(c.OutOrStdout(), t.verbose)
	}
}

// load reads all files of tests. The error has the mistakes of all of them.
func (t *testRun) load(paths []string) ([]*mappingtest.File, error) {
	names, err := testFiles(paths)
	if err != nil {
		return nil, err
	}
	var files []*mappingtest.File
	var errs []error
	for _, name := range names {
		f, err := t.read(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, f)
	}
	return files, errors.Join(errs...)
}

func (t *testRun) read(name string) (*mappingtest.File, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("the tests: %w", err)
	}
	return mappingtest.Load(name, src, func(path string) (*mapping.Program, error) {
		switch {
		case t.mappings != "":
			path = t.mappings
		case path == "":
			return nil, errors.New(`the file names none with "mappings", and there is no --mappings`)
		case !filepath.IsAbs(path):
			path = filepath.Join(filepath.Dir(name), path)
		}
		return t.open(filepath.Clean(path))
	})
}

// open reads a mapping file once.
func (t *testRun) open(path string) (*mapping.Program, error) {
	if program := t.programs[path]; program != nil {
		return program, nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	program, err := mapping.Load(path, src)
	if err != nil {
		return nil, fmt.Errorf("it can't be used as it is:\n%w", err)
	}
	t.programs[path], t.covered[program] = program, program.NewCoverage()
	t.names = append(t.names, path)
	return program, nil
}

// filled writes what comes of the tests into their file, and reads it again.
func (t *testRun) filled(c *cobra.Command, f *mappingtest.File, tests []*mappingtest.Test) (*mappingtest.File, error) {
	text, n, err := f.Fill(c.Context(), tests)
	if err != nil || n == 0 {
		return f, err
	}
	info, err := os.Stat(f.Name)
	if err != nil {
		return f, err
	}
	if err := os.WriteFile(f.Name, text, info.Mode().Perm()); err != nil {
		return f, err
	}
	steps := "steps"
	if n == 1 {
		steps = "step"
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s: wrote what comes of %d %s\n", f.Name, n, steps)
	return t.read(f.Name)
}

// testFiles returns the files among some paths, and those of tests below the
// directories among them.
func testFiles(paths []string) (names []string, err error) {
	for _, path := range paths {
		before := len(names)
		err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			switch ext := filepath.Ext(name); {
			case err != nil:
				return err
			case !entry.IsDir() && (name == path || ext == ".yaml" || ext == ".yml"):
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("the tests: %w", err)
		}
		if len(names) == before {
			return nil, fmt.Errorf("there is no .yaml file below %s", path)
		}
	}
	return names, nil
}
