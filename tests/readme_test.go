package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// readShipped reads a file of the repository.
func readShipped(t *testing.T, name string) string {
	t.Helper()
	isolate(t)
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// blocks returns the fenced blocks of a language in the README.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readShipped(t, "README.md"), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("the README has no block of %s", language)
	}
	return found
}

// TestREADMECaddyfiles adapts every Caddyfile of the README.
func TestREADMECaddyfiles(t *testing.T) {
	for _, block := range blocks(t, "caddyfile") {
		for _, m := range regexp.MustCompile(`\{env\.(\w+)\}|\{\$(\w+)[:}]`).FindAllStringSubmatch(block, -1) {
			t.Setenv(m[1]+m[2], "https://value.example.com")
		}
		adapt(t, block)
	}
}

// TestFormatted looks at the shipped Caddyfile as `caddy fmt --diff` does.
func TestFormatted(t *testing.T) {
	src := readShipped(t, "Caddyfile")
	if formatted := string(caddyfile.Format([]byte(src))); formatted != src {
		t.Errorf("caddy fmt makes this of it:\n%s", formatted)
	}
}

// knownOptions are the names that the directive's parser compares with, those
// of the nested block too.
func knownOptions(t *testing.T) []string {
	t.Helper()
	source := readShipped(t, "caddymodule/caddyfile.go")
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\t+case "(\w+)":$`).FindAllStringSubmatch(source, -1) {
		names = append(names, m[1])
	}
	if !slices.Contains(names, "token") || !slices.Contains(names, "freshness") {
		t.Fatalf("these are not the options: %q", names)
	}
	return names
}

// TestREADMEOptions looks for each option of scim in the README's block and in
// the documentation of the module. That they have no other ones is what
// [TestREADMECaddyfiles] and [TestModuleSyntax] are for.
func TestREADMEOptions(t *testing.T) {
	readme := blocks(t, "caddyfile")[0]
	for _, name := range knownOptions(t) {
		if !regexp.MustCompile(`(?m)^\t+(# )?` + name + `( .*)?$`).MatchString(readme) {
			t.Errorf("the README does not have the option %s", name)
		}
	}
}

// TestModuleSyntax compares the syntax in the module's documentation with the
// options that scim knows.
func TestModuleSyntax(t *testing.T) {
	_, syntax, _ := strings.Cut(readShipped(t, "caddymodule/module.go"), "scim [<matcher>] {\n")
	syntax, _, ok := strings.Cut(syntax, "//\t}\n")
	if !ok {
		t.Fatal("the module's documentation has no syntax")
	}
	var described []string
	for _, m := range regexp.MustCompile(`(?m)^//\t\t+(\w+)`).FindAllStringSubmatch(syntax, -1) {
		described = append(described, m[1])
	}
	known := knownOptions(t)
	slices.Sort(described)
	slices.Sort(known)
	if !slices.Equal(described, known) {
		t.Errorf("the module describes\n%q\nand knows\n%q", described, known)
	}
}

// hasTable compares what stands between two marks in the README.
func hasTable(t *testing.T, mark, want string) {
	t.Helper()
	_, table, _ := strings.Cut(readShipped(t, "README.md"), "<!-- "+mark+" -->\n")
	table, _, ok := strings.Cut(table, "<!-- /"+mark+" -->")
	if !ok {
		t.Fatalf("the README has no table of %s", mark)
	}
	if table != want {
		t.Errorf("the README should have\n%s", want)
	}
}

// TestREADMETolerances compares the README's table with the code's.
func TestREADMETolerances(t *testing.T) {
	var want strings.Builder
	want.WriteString("| name | who | what is accepted |\n|---|---|---|\n")
	for _, info := range tolerance.All {
		want.WriteString("| `" + string(info.Name) + "` | " + info.Who + " | " + info.What + " |\n")
	}
	hasTable(t, "tolerances", want.String())
}

// TestREADMEProfiles compares the README's table with the code's.
func TestREADMEProfiles(t *testing.T) {
	var want strings.Builder
	want.WriteString("| profile | what is on |\n|---|---|\n")
	for i, profile := range tolerance.Profiles {
		on := "nothing"
		if names := profile.Set.Names(); len(names) == len(tolerance.All) {
			on = "everything"
		} else if len(names) > 0 {
			quoted := make([]string, len(names))
			for i, name := range names {
				quoted[i] = "`" + string(name) + "`"
			}
			on = strings.Join(quoted, ", ")
		}
		if i == 0 {
			on += "; the default"
		}
		want.WriteString("| `" + profile.Name + "` | " + on + " |\n")
	}
	hasTable(t, "profiles", want.String())
}

// TestREADMEMetrics looks for each metric of the code in the README and in the
// documentation of the module, and for others in them.
func TestREADMEMetrics(t *testing.T) {
	rows := func(file, pattern string) []string {
		var names []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(readShipped(t, file), -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return names
	}
	isolate(t)
	files, _ := filepath.Glob("caddymodule/*.go")
	var known []string
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			known = append(known, rows(file, `"(caddy_scim_\w+)"`)...)
		}
	}
	if len(known) == 0 {
		t.Fatal("the code has no metrics")
	}
	slices.Sort(known)
	for file, pattern := range map[string]string{
		"README.md": "(?m)^\\| `(caddy_\\w+)` \\|", "caddymodule/module.go": "(?m)^// `(caddy_\\w+)` \\|",
	} {
		if described := rows(file, pattern); !slices.Equal(described, known) {
			t.Errorf("%s has %q, the code %q", file, described, known)
		}
	}
}

// TestREADMEEnvironment compares the variables that the README has with those
// that the shipped Caddyfile uses.
func TestREADMEEnvironment(t *testing.T) {
	names := func(pattern, text string) []string {
		var found []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			found = append(found, strings.Join(m[1:], ""))
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	used := names(`\{env\.(\w+)\}|\{\$(\w+)[:}]`, readShipped(t, "Caddyfile"))
	described := names("(?m)^\\| `([A-Z]+_[A-Z]+)` \\|", readShipped(t, "README.md"))
	if !slices.Equal(used, described) {
		t.Errorf("the README has %q, the Caddyfile %q", described, used)
	}
}

// TestREADMEPaging loads the README's examples of ways to read a list.
func TestREADMEPaging(t *testing.T) {
	readme := strings.Join(blocks(t, "yaml"), "")
	const rest = `
resources:
  User:
    endpoint: /Users
    id: id
    attributes: {userName: name}
    calls: {list: GET /users, read: "GET /users/{id}"}
`
	for _, example := range regexp.MustCompile("(?m)^paging: (.*)$").FindAllStringSubmatch(readme, -1) {
		if _, err := mapping.Load("README.md", []byte("version: 1\nupstream:\n  paging: "+example[1]+rest)); err != nil {
			t.Errorf("\n%v", err)
		}
	}
	for _, key := range []string{"page", "offset", "cursor", "link", "whole"} {
		if !strings.Contains(readme, "paging: {"+key+": ") {
			t.Errorf("the README has no example of %s", key)
		}
	}
}

// TestMappings loads the shipped mapping file.
func TestMappings(t *testing.T) {
	if _, err := mapping.Load("mappings.yaml", []byte(readShipped(t, "mappings.yaml"))); err != nil {
		t.Error(err)
	}
}
