package tests

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/validation"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// changedMapping writes the shipped mapping with a change into a directory.
func changedMapping(t *testing.T, old, now string) (file string) {
	t.Helper()
	text := strings.Replace(readShipped(t, "mappings.yaml"), old, now, 1)
	if !strings.Contains(text, now) {
		t.Fatalf("the mapping has no %q", old)
	}
	file = filepath.Join(t.TempDir(), "changed.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestValidateCommand runs the command as a process of its own, for its exit
// codes are what it is for.
func TestValidateCommand(t *testing.T) {
	isolate(t)
	const shipped = "tests/sandbox/qualytics/openapi.json"
	misspelt := changedMapping(t, "path: [user_name, email]", "path: [user_nme, emial]")
	unusable := changedMapping(t, "    endpoint: /Users\n", "    endpont: /Users\n")
	careless := changedMapping(t, ", adopt-by: [displayName]", "")
	other := filepath.Join(t.TempDir(), "swagger.yaml")
	if err := os.WriteFile(other, []byte("swagger: '2.0'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/openapi.json":
			_, _ = w.Write(qualytics.Document())
		case "/docs":
			_, _ = w.Write([]byte("<!doctype html><title>Docs</title>"))
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer web.Close()
	withPassword := strings.Replace(web.URL, "http://", "http://me:hunter2hunter2@", 1)

	for _, c := range []struct {
		name, input  string
		args         []string
		code         int
		out, message string
	}{
		{"right", "", nil, 0, "): no errors, no warnings\n", ""},
		{"fits", "", []string{"--openapi", shipped}, 0, "): no errors, no warnings; 15 calls compared with " + shipped, ""},
		{"fits by a URL", "", []string{"--openapi", withPassword + "/openapi.json"}, 0, "15 calls compared with http://me:xxxxx@", ""},
		{"fits by standard input", string(qualytics.Document()), []string{"--openapi", "-"}, 0, "compared with standard input", ""},
		{"unusable", "", []string{"--mappings", unusable, "--openapi", shipped}, 1, `unknown key "endpont"; did you mean "endpoint"?`, ""},
		{"unfit", "", []string{"--mappings", misspelt, "--openapi", shipped}, 1, `did you mean "user_name"? (#/components/schemas/UserCreate)`, ""},
		{"unfit is no matter without the document", "", []string{"--mappings", misspelt}, 0, "no errors", ""},
		{"warned", "", []string{"--mappings", careless}, 0, "no errors, 1 warning", ""},
		{"warned and strict", "", []string{"--mappings", careless, "--strict"}, 1, "no errors, 1 warning", ""},
		{"JSON", "", []string{"--mappings", misspelt, "--openapi", shipped, "--format", "json"}, 1, `"rule": "body-field"`, ""},
		{"SARIF", "", []string{"--format", "sarif"}, 0, `"results": []`, ""},
		{"no mapping", "", []string{"--mappings", "none.yaml"}, 2, "", "none.yaml"},
		{"a directory", "", []string{"--mappings", "."}, 2, "", "is a directory"},
		{"no document", "", []string{"--openapi", "none.json"}, 2, "", "none.json"},
		{"another document", "", []string{"--openapi", other}, 2, "", "Swagger 2.0"},
		{"a page", "", []string{"--openapi", web.URL + "/docs"}, 2, "", "a page of HTML"},
		{"a token is needed", "", []string{"--openapi", withPassword + "/elsewhere"}, 2, "", "status 401"},
		{"no server", "", []string{"--openapi", "http://me:hunter2hunter2@" + freeAddress(t)}, 2, "", "refused"},
		{"format", "", []string{"--format", "xml"}, 2, "", "text, json or sarif"},
		{"unknown flag", "", []string{"--opnapi", shipped}, 2, "", "unknown flag"},
		{"argument", "", []string{"mappings.yaml"}, 2, "", "unknown command"},
	} {
		command := caddyCommand(t, append([]string{"scim", "validate"}, c.args...)...)
		command.Stdin = strings.NewReader(c.input)
		var out, messages strings.Builder
		command.Stdout, command.Stderr = &out, &messages
		_ = command.Run()
		code := command.ProcessState.ExitCode()
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(messages.String(), c.message) || (code == 2) != (out.Len() == 0) {
			t.Errorf("%s: exit code %d, %s\n%s", c.name, code, &messages, &out)
		}
		if strings.Contains(out.String()+messages.String(), "hunter2") {
			t.Errorf("%s: the password is shown: %s%s", c.name, &out, &messages)
		}
	}
}

// TestValidatePage runs the commands of the page in a directory that has what they
// need, and compares what they print.
func TestValidatePage(t *testing.T) {
	session := blocks(t, "docs/validate.md", "console")[0]
	dir := t.TempDir()
	for name, content := range map[string]string{
		"mappings.yaml": readShipped(t, "mappings.yaml"),
		"openapi.json":  string(qualytics.Document()),
		"caddy":         "#!/bin/sh\n" + caddyVariable + "=1 exec " + os.Args[0] + ` "$@"` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var script strings.Builder
	for line := range strings.Lines(session) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			script.WriteString("cat <<'EOF'\n" + line + "EOF\n(exit $status)\n" + command + "status=$?\n")
		}
	}
	run := exec.CommandContext(t.Context(), "sh", "-c", "status=0\n"+script.String()+"exit 0")
	run.Dir = dir
	out, err := run.CombinedOutput()
	// The digests change with every edit of the shipped mapping.
	digest := regexp.MustCompile(`\([0-9a-f]{12}\)`)
	if got, want := digest.ReplaceAllString(string(out), "N"), digest.ReplaceAllString(session, "N"); err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

// TestValidateRules compares the page's table with the code's.
func TestValidateRules(t *testing.T) {
	want := "| rule | what is so in a mapping that keeps to it |\n|---|---|\n"
	for _, rule := range validation.Rules {
		want += "| `" + rule.ID + "` | " + rule.Description + " |\n"
	}
	hasTable(t, "docs/validate.md", "rules", want)
}

// TestSandboxServesTheContract has the shipped mapping compared with what the
// API itself says at its address.
func TestSandboxServesTheContract(t *testing.T) {
	st := start(t, setup{})
	out, messages, code := caddyScim(t, "", "validate", "--strict", "--openapi", st.api.URL+"/api/openapi.json", "--format", "json")
	var report validation.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || report.Calls != 15 || len(report.Findings) != 0 {
		t.Errorf("%v, exit code %d %s: %s", err, code, messages, out)
	}
}

// TestSARIFNamesFilesByTheirPlaceInTheRepository holds for the mapping in the
// working directory and below it.
func TestSARIFNamesFilesByTheirPlaceInTheRepository(t *testing.T) {
	unusable, err := os.ReadFile(changedMapping(t, "    endpoint: /Users\n", "    endpont: /Users\n"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("deploy to", 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("deploy to", "mappings.yaml")
	if err := os.WriteFile(file, unusable, 0o600); err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, "./" + file, absolute} {
		out, messages, code := caddyScim(t, "", "validate", "--mappings", name, "--format", "sarif")
		if code != 1 || !strings.Contains(out, `"uri": "deploy%20to/mappings.yaml"`) {
			t.Errorf("%s: exit code %d %s\n%s", name, code, messages, out)
		}
	}
	t.Chdir("deploy to")
	out, _, _ := caddyScim(t, "", "validate", "--mappings", "../deploy to/mappings.yaml", "--format", "sarif")
	if !strings.Contains(out, `"uri": "mappings.yaml"`) {
		t.Errorf("%s", out)
	}
	t.Chdir(t.TempDir())
	out, _, _ = caddyScim(t, "", "validate", "--mappings", absolute, "--format", "sarif")
	if !strings.Contains(out, `"uri": "file:///`) {
		t.Errorf("%s", out)
	}
}

// TestCaddyAndTheCommandSayTheSame compares what keeps Caddy from loading a
// Caddyfile with what the command says of the mapping file.
func TestCaddyAndTheCommandSayTheSame(t *testing.T) {
	in := install(t)
	in.write(t, "mappings.yaml", strings.NewReplacer("endpoint: /Users", "endpont: /Users", "do: GET /teams", "do: GET teams").
		Replace(readShipped(t, "mappings.yaml")))
	said, _, code := caddyScim(t, "", "validate", "--mappings", in.path("mappings.yaml"))
	said = said[:strings.LastIndex(strings.TrimSpace(said), "\n")]
	if code != 1 || strings.Count(said, "^") != 3 {
		t.Fatalf("exit code %d:\n%s", code, said)
	}
	// Caddy logs it, as JSON.
	logged, _ := json.Marshal(said)
	out, err := caddyCommand(t, "validate", "--config", in.path("Caddyfile")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), strings.Trim(string(logged), `"`)) {
		t.Errorf("%v: Caddy says\n%s\nand the command\n%s", err, out, said)
	}
}
