package mappingtest

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
)

// people is a mapping of an API whose people switch on and off by calls.
const people = `version: 1
upstream:
  name: Staff
  prefix: /v1
  paging: {page: page, size: size, max: 50, items: items, total: total}
resources:
  User:
    endpoint: /Users
    id: {path: id, type: integer}
    attributes:
      userName: {path: login, unique: true}
      displayName: {path: label, clear: null, default: "{userName}"}
      active: {path: off, read: is-null, write: {true: on, false: "off"}}
      externalId: {keep: here}
    calls:
      list: GET /staff
      read: "GET /staff/{id}"
      create: {do: POST /staff, adopt-by: [userName]}
      update: "PATCH /staff/{id}"
      on: "POST /staff/{id}/on"
      "off": "POST /staff/{id}/off"
      delete: "DELETE /staff/{id}"
    filters:
      displayName: {query: q, narrows: [eq, co]}
`

// load reads tests of the mapping of people.
func load(t *testing.T, src string) *File {
	t.Helper()
	f, err := loaded(t, src)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func loaded(t *testing.T, src string) (*File, error) {
	t.Helper()
	return Load("t.yaml", []byte(src), func(path string) (*mapping.Program, error) {
		if path != "people.yaml" {
			t.Errorf("the mapping %q is asked for", path)
		}
		return mapping.Load(path, []byte(people))
	})
}

// one is a file with a test that consists of these lines.
func one(lines string) string {
	return "mappings: people.yaml\ntests:\n  - name: one\n    " + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n    ") + "\n"
}

// ran returns what comes of the first test of a file.
func ran(t *testing.T, src string) Result {
	t.Helper()
	f := load(t, src)
	return f.Run(t.Context(), f.Tests[0], f.Program.NewCoverage())
}

// passes fails unless the first test of a file passes.
func passes(t *testing.T, src string) {
	t.Helper()
	if r := ran(t, src); !r.Passed() {
		t.Errorf("step %d fails\n%s\nof\n%s", r.Step, strings.Join(r.Diff, "\n"), src)
	}
}

// allPass fails unless all tests of a file pass.
func allPass(t *testing.T, src string) {
	t.Helper()
	f := load(t, src)
	for _, test := range f.Tests {
		if r := f.Run(t.Context(), test, f.Program.NewCoverage()); !r.Passed() {
			t.Errorf("%s: step %d fails\n%s", test.Name, r.Step, strings.Join(r.Diff, "\n"))
		}
	}
}

// fails fails unless the first test of a file fails with this difference.
func fails(t *testing.T, src, diff string) {
	t.Helper()
	r := ran(t, src)
	if got, want := strings.Join(r.Diff, "\n"), strings.Trim(diff, "\n"); r.Passed() || got != want {
		t.Errorf("step %d, the difference is\n%s\nwant\n%s", r.Step, got, want)
	}
}
