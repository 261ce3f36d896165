package mappingtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
)

// FuzzFiles loads, runs and fills whatever file of tests. What is filled has to
// pass.
func FuzzFiles(f *testing.F) {
	program, err := mapping.Load("people.yaml", []byte(people))
	if err != nil {
		f.Fatal(err)
	}
	names, _ := filepath.Glob("../../tests/mappings/*.yaml")
	if len(names) < 5 {
		f.Fatalf("these are not the tests of the shipped mapping: %q", names)
	}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	for _, src := range []string{
		one("api: {User: [{id: 1, login: ana}]}\nrequest: GET /Users/1\n"),
		"tests:\n- name: a\r  request: GET /Users\r", "tests: [{name: a, request: GET /Users}]", "tests:\n- ? name\n  : a\n  request: GET /Users\n",
		"\ufefftests:\n- name: ä\n  request: POST /Users\n  body: |\n    {\n\n  steps: []\n", "tests:\n  -\n    name: a\n    request: DELETE /Users/1\n# x\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		load := func(src []byte) (*File, error) {
			return Load("t.yaml", src, func(string) (*mapping.Program, error) { return program, nil })
		}
		file, err := load(src)
		if err != nil {
			return
		}
		for _, test := range file.Tests {
			file.Run(t.Context(), test, program.NewCoverage())
		}
		text, n, err := file.Fill(t.Context(), file.Tests)
		if err != nil || n == 0 {
			return
		}
		filled, err := load(text)
		if err != nil {
			t.Fatalf("what was filled can't be read: %v\n%s", err, text)
		}
		for i, test := range file.Tests {
			blank := false
			for _, s := range test.steps {
				blank = blank || s.answer == nil && !s.hasCalls && s.dropped == nil
			}
			if r := filled.Run(t.Context(), filled.Tests[i], program.NewCoverage()); len(test.steps) == 1 && blank && !r.Passed() {
				t.Fatalf("what was filled fails: %q\n%s", r.Diff, text)
			}
		}
	})
}
