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

// blocks returns the fenced blocks of a language in a page.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readShipped(t, page), -1) {
		found = append(found, m[1])
	}
	return found
}

// TestFormatted looks at the shipped Caddyfile as `caddy fmt --diff` does.
func TestFormatted(t *testing.T) {
	src := readShipped(t, "Caddyfile")
	if formatted := string(caddyfile.Format([]byte(src))); formatted != src {
		t.Errorf("caddy fmt makes this of it:\n%s", formatted)
	}
}

// knownOptions are the names that the directive's parser compares with, those
// of the nested blocks too.
func knownOptions(t *testing.T) []string {
	t.Helper()
	source := readShipped(t, "caddymodule/caddyfile.go") + readShipped(t, "caddymodule/caddyfile_access.go")
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
// [TestPagesCaddyfiles] and [TestModuleSyntax] are for.
func TestREADMEOptions(t *testing.T) {
	readme := blocks(t, "README.md", "caddyfile")[0]
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

// hasTable compares what stands between two marks in a page.
func hasTable(t *testing.T, page, mark, want string) {
	t.Helper()
	_, table, _ := strings.Cut(readShipped(t, page), "<!-- "+mark+" -->\n")
	table, _, ok := strings.Cut(table, "<!-- /"+mark+" -->")
	if !ok {
		t.Fatalf("%s has no table of %s", page, mark)
	}
	if table != want {
		t.Errorf("%s should have\n%s", page, want)
	}
}

// TestTolerancesPage compares the page's table with the code's.
func TestTolerancesPage(t *testing.T) {
	var want strings.Builder
	want.WriteString("| name | who | what is accepted |\n|---|---|---|\n")
	for _, info := range tolerance.All {
		want.WriteString("| `" + string(info.Name) + "` | " + info.Who + " | " + info.What + " |\n")
	}
	hasTable(t, "docs/tolerances.md", "tolerances", want.String())
}

// TestProfilesPage compares the page's table with the code's.
func TestProfilesPage(t *testing.T) {
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
	hasTable(t, "docs/tolerances.md", "profiles", want.String())
}

// TestMetricsPage looks for each metric of the code in its page and in the
// documentation of the module, and for others in them.
func TestMetricsPage(t *testing.T) {
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
		"docs/metrics.md": "(?m)^\\| `(caddy_\\w+)` \\|", "caddymodule/module.go": "(?m)^// `(caddy_\\w+)` \\|",
	} {
		if described := rows(file, pattern); !slices.Equal(described, known) {
			t.Errorf("%s has %q, the code %q", file, described, known)
		}
	}
}

// variables returns the names that a pattern's groups find, in order.
func variables(pattern, text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Join(m[1:], ""))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// caddyfileVariables returns the variables of the environment that a Caddyfile
// uses.
func caddyfileVariables(caddyfile string) []string {
	return variables(`\{env\.(\w+)\}|\{\$(\w+)[:}]`, caddyfile)
}

// TestREADMEEnvironment compares the variables that the README has with those
// that the shipped Caddyfile uses.
func TestREADMEEnvironment(t *testing.T) {
	used := caddyfileVariables(readShipped(t, "Caddyfile"))
	described := variables("(?m)^\\| `([A-Z]+_[A-Z]+)` \\|", readShipped(t, "README.md"))
	if !slices.Equal(used, described) {
		t.Errorf("the README has %q, the Caddyfile %q", described, used)
	}
}

// TestPagingPage loads the examples of ways to read a list.
func TestPagingPage(t *testing.T) {
	const page = "docs/mapping.md"
	examples := strings.Join(blocks(t, page, "yaml"), "")
	const rest = `
resources:
  User:
    endpoint: /Users
    id: id
    attributes: {userName: name}
    calls: {list: GET /users, read: "GET /users/{id}"}
`
	for _, example := range regexp.MustCompile("(?m)^paging: (.*)$").FindAllStringSubmatch(examples, -1) {
		if _, err := mapping.Load(page, []byte("version: 1\nupstream:\n  paging: "+example[1]+rest)); err != nil {
			t.Errorf("\n%v", err)
		}
	}
	for _, key := range []string{"page", "offset", "cursor", "link", "whole"} {
		if !strings.Contains(examples, "paging: {"+key+": ") {
			t.Errorf("%s has no example of %s", page, key)
		}
	}
}

// TestMappings loads the shipped mapping file.
func TestMappings(t *testing.T) {
	if _, err := mapping.Load("mappings.yaml", []byte(readShipped(t, "mappings.yaml"))); err != nil {
		t.Error(err)
	}
}
