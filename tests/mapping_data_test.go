package tests

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/mappingtest"
)

// mappingTests is where the tests of the shipped mapping are.
const mappingTests = "tests/mappings"

// TestShippedMapping runs the tests of the shipped mapping as an operator does.
// They put every part of it to use.
func TestShippedMapping(t *testing.T) {
	isolate(t)
	out, messages, code := caddyScim(t, "", "test", mappingTests, "--coverage", "--format", "json")
	var report mappingtest.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s %s", err, messages, out)
	}
	if code != 0 || report.Failed > 0 || report.Passed < 100 {
		t.Errorf("exit code %d, %d passed, %d failed", code, report.Passed, report.Failed)
	}
	for _, test := range report.Tests {
		if !test.Passed {
			t.Errorf("%s:%d: %s, step %d\n%s", test.File, test.Line, test.Name, test.Step, strings.Join(test.Diff, "\n"))
		}
	}
	if len(report.Coverage) != 1 || report.Coverage[0].Mapping != "mappings.yaml" {
		t.Fatalf("the coverage is of %+v", report.Coverage)
	}
	for _, u := range report.Coverage[0].Unused {
		t.Errorf("mappings.yaml:%d: %s %s", u.Line, u.Part, u.Why)
	}
}

// notices returns the first test of the shipped mapping that fails with another
// one; empty when all pass.
func notices(t *testing.T, text string) string {
	t.Helper()
	program, err := mapping.Load("mappings.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(mappingTests + "/*.yaml")
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := mappingtest.Load(name, src, func(string) (*mapping.Program, error) { return program, nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range f.Tests {
			if r := f.Run(t.Context(), test, program.NewCoverage()); !r.Passed() {
				return test.Name
			}
		}
	}
	return ""
}

// TestMappingTestsNotice makes mistakes in the shipped mapping, each of which
// some test of it has to notice.
func TestMappingTestsNotice(t *testing.T) {
	shipped := readShipped(t, "mappings.yaml")
	if name := notices(t, shipped); name != "" {
		t.Fatalf("with the mapping as it is, a test fails: %s", name)
	}
	for _, edit := range [][2]string{
		{"prefix: /api", "prefix: /v1"},
		{"max: 100", "max: 50"},
		{"size: size", "size: limit"},
		{"total: [total, total_count]", "total: total"},
		{"total: [total, total_count]", "total: total_count"},
		{"{problems: detail, field: loc}", "{problems: errors, field: loc}"},
		{"    only: {user_type: Human}\n", "    only: {user_type: Service}\n"},
		{"      last: {role: Admin}", "      last: {role: Manager}"},
		{"unmapped: ignore", "unmapped: reject"},
		{"unmapped: ignore", "unmapped: keep"},
		{"path: [user_name, email]\n", "path: user_name\n"},
		{"        unique: true\n\n      # Qualytics has one name", "\n      # Qualytics has one name"},
		{`from: [displayName, name.formatted, "{name.givenName} {name.familyName}"]`, `from: [name.formatted, displayName, "{name.givenName} {name.familyName}"]`},
		{`"{name.givenName} {name.familyName}"]`, `"{name.familyName} {name.givenName}"]`},
		{"        write: squeeze\n", ""},
		{`        default: "{userName}"` + "\n", ""},
		{`read: all-but-last-word, absent: ""`, `read: all-but-last-word`},
		{"read: last-word", "read: lower"},
		{"        as: {type: work, primary: true}\n        take: [primary, work, first]", "        as: {type: home, primary: true}\n        take: [primary, work, first]"},
		{"take: [primary, work, first]", "take: [work, primary, first]"},
		{"        clear: null\n        default: \"{userName|address}\"", "        default: \"{userName|address}\""},
		{"        default: \"{userName|address}\"\n", ""},
		{"        absent: []\n        # Not known to be unique", "        # Not known to be unique"},
		{"        unique: check\n", ""},
		{"read: is-null", "read: not-null"},
		{"values: {Admin: Admin, Manager: Manager, Member: Member}", "values: {Admin: Manager, Manager: Admin, Member: Member}"},
		{"        take: [primary, first]\n", "        take: [first]\n"},
		{"        clear: Member\n        default: Member\n", "        clear: Member\n        default: Manager\n"},
		{"        except: {display: Public}\n", ""},
		{"display: [name, .]", "display: ."},
		{"meta.created: {path: [created_at, created]", "meta.created: {path: created_at"},
		{"meta.created: {path: [created_at, created]", "meta.created: {path: created"},
		{`list: {do: GET /users, query: {include_deleted: "true", type: Human}`, `list: {do: GET /users, query: {type: Human}`},
		{`      others: {do: GET /users, query: {include_deleted: "true", type: Service}}` + "\n", ""},
		{", else: list}", "}"},
		{"        expect: {user_type: Human}\n        undo: deactivate\n", ""},
		{"          - {find: emails, equals: userName}\n", ""},
		{"          - {find: emails, only: {role: Member, deleted_at: null}}\n", ""},
		{"{find: emails, only: {role: Member, deleted_at: null}}", "{find: emails, only: {deleted_at: null}}"},
		{"{find: emails, only: {role: Member, deleted_at: null}}", "{find: emails, only: {role: Member}}"},
		{"returns-by: [userName, externalId]", "returns-by: [userName]"},
		{`update: {do: "PUT /users/{id}"}`, `update: {do: "PATCH /users/{id}"}`},
		{`deactivate: {do: "DELETE /users/{id}"}`, `deactivate: {do: "POST /users/{id}/deactivate"}`},
		{`restore: {do: "POST /users/{id}/restore"`, `restore: {do: "POST /users/{id}/undelete"`},
		{"readmit: {do: update, set: {teams: []}}", "readmit: {do: update}"},
		{"delete: {do: deactivate, then: forget}", "delete: {do: deactivate}"},
		{"      displayName: {query: name, narrows: [eq, co, sw, ew]}\n      name.formatted", "      name.formatted"},
		{"      name.formatted: {query: name, narrows: [eq, co, sw, ew]}\n", ""},
		{"      roles: {query: role, narrows: [eq]}\n", ""},
		{"    hide: {name: Public}\n", ""},
		{"hide: {name: Public}", "read-only: {name: Public}"},
		{"displayName: Qualytics Admin,", "displayName: Admins,"},
		{"{path: name, unique: true}", "{path: name}"},
		{"each: {value: id, display: [name, email]}", "each: {value: id, display: name}"},
		{"into: user_ids\n", "into: members\n"},
		{"set: {permission: Viewer}, ", ""},
		{"          permission: permission\n", ""},
		{"          datastore_ids: datastores.id\n", ""},
		{`      delete: {do: "DELETE /teams/{id}"}` + "\n", ""},
		{"    filters:\n      displayName: {query: name, narrows: [eq, co, sw, ew]}\n", ""},
	} {
		edited := strings.Replace(shipped, edit[0], edit[1], 1)
		if edited == shipped {
			t.Errorf("the mapping has no %q", edit[0])
			continue
		}
		if _, err := mapping.Load("mappings.yaml", []byte(edited)); err != nil {
			t.Errorf("%q in place of %q is no mapping: %v", edit[1], edit[0], err)
			continue
		}
		if notices(t, edited) == "" {
			t.Errorf("no test notices %q in place of %q", edit[1], edit[0])
		}
	}
}

func TestTestCommand(t *testing.T) {
	isolate(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("m.yaml", readShipped(t, "mappings.yaml"))
	const good = "mappings: ../m.yaml\ntests:\n  - {name: nobody, request: GET /Users/x, answer: 404}\n"
	good1 := write("good/one.yaml", good)
	write("good/below/two.yml", strings.Replace(strings.Replace(good, "../m", "../../m", 1), "nobody", "somebody", 1))
	write("good/notes.txt", "no test")
	bad := write("bad/one.yaml", strings.Replace(good, "404", "200", 1))
	write("empty/notes.txt", "no test")
	mistaken := write("mistaken/one.yaml", strings.Replace(good, "answer", "anwser", 1))
	write("broken.yaml", "version: 1\n")
	without := write("without.yaml", strings.Replace(good, "mappings: ../m.yaml\n", "", 1))
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		name         string
		args         []string
		code         int
		out, message string
	}{
		{"a directory", []string{in("good")}, 0, "2 passed, 0 failed\n", ""},
		{"a file", []string{good1}, 0, "1 passed, 0 failed\n", ""},
		{"a file and a directory", []string{bad, in("good")}, 1, "2 passed, 1 failed\n", ""},
		{"one that fails", []string{bad}, 1, "FAIL  " + bad + ":3: nobody\n  step 1, line 3: GET /Users/x\n      calls: []\n    - answer: 200\n    + answer:\n    +   status: 404\n", ""},
		{"verbose", []string{good1, "--verbose"}, 0, "ok    " + good1 + ":3: nobody\n1 passed", ""},
		{"some", []string{in("good"), "--run", "^some"}, 0, "1 passed, 0 failed\n", ""},
		{"none", []string{in("good"), "--run", "other"}, 2, "", "no such test"},
		{"coverage", []string{good1, "--coverage"}, 0, in("m.yaml") + ": the tests put 0 of ", ""},
		{"XML", []string{bad, "--format", "junit"}, 1, `<testsuite name="` + bad + `" tests="1" failures="1">`, ""},
		{"JSON", []string{bad, "--format", "json"}, 1, `"failed": 1`, ""},
		{"another mapping", []string{without, "--mappings", "mappings.yaml"}, 0, "1 passed", ""},
		{"no mapping", []string{without}, 2, "", `the file names none with "mappings"`},
		{"a mapping that is not there", []string{good1, "--mappings", in("none.yaml")}, 2, "", "none.yaml"},
		{"a mapping with mistakes", []string{good1, "--mappings", in("broken.yaml")}, 2, "", "broken.yaml:1:1:"},
		{"mistakes", []string{mistaken, in("good")}, 2, "", mistaken + `:3:43: unknown key "anwser"; did you mean "answer"?`},
		{"no tests", []string{in("empty")}, 2, "", "no .yaml file below"},
		{"nothing there", []string{in("none")}, 2, "", "none"},
		{"no path", nil, 2, "", "requires at least 1 arg"},
		{"format", []string{good1, "--format", "yaml"}, 2, "", "text, json or junit"},
		{"expression", []string{good1, "--run", "("}, 2, "", "--run"},
		{"unknown flag", []string{good1, "--update"}, 2, "", "unknown flag"},
	} {
		out, messages, code := caddyScim(t, "", append([]string{"test"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(messages, c.message) || (code == 2) != (messages != "") {
			t.Errorf("%s: exit code %d, %s\n%s", c.name, code, messages, out)
		}
	}
}

func TestTestCommandFills(t *testing.T) {
	isolate(t)
	path := filepath.Join(t.TempDir(), "t.yaml")
	src := "# Mine.\ntests:\n  - name: nobody\n    request: GET /Users/x # an id that can't be\n\n  - name: other\n    request: GET /Users/y\n"
	if err := os.WriteFile(path, []byte(src), 0o640); err != nil {
		t.Fatal(err)
	}
	out, messages, code := caddyScim(t, "", "test", path, "--mappings", "mappings.yaml", "--fill", "--run", "nobody")
	if code != 0 || out != "1 passed, 0 failed\n" || !strings.Contains(messages, "t.yaml: wrote what comes of 1 step\n") {
		t.Errorf("exit code %d, %s %s", code, messages, out)
	}
	text, _ := os.ReadFile(path)
	want := strings.Replace(src, "\n\n", "\n    calls: []\n    answer:\n      status: 404\n      body: {detail: There is no User with this id.}\n\n", 1)
	if string(text) != want {
		t.Errorf("got\n%s", text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	_, messages, code = caddyScim(t, "", "test", path, "--mappings", "mappings.yaml")
	if code != 1 || messages != "" {
		t.Errorf("a step without an answer passes: exit code %d, %s", code, messages)
	}
}
