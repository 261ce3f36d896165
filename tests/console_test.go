package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// atShell does what a page has people do, in a directory with a copy of what the
// repository has: it writes the files whose blocks of YAML begin with their
// names, enters what stands behind a "$ " in the blocks of console, one after
// the other, and compares what is printed, but for what changes with every line
// of a mapping or a test.
func atShell(t *testing.T, page, dir string) {
	t.Helper()
	link, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(link, filepath.Join(dir, "caddy")); err != nil {
		t.Fatal(err)
	}
	changing := regexp.MustCompile(`\.yaml:\d+|, line \d+|\([0-9a-f]{12}\)`)
	entered := 0
	for _, m := range regexp.MustCompile("(?ms)^```(yaml|console)\n(.*?)^```$").FindAllStringSubmatch(readShipped(t, page), -1) {
		if name := regexp.MustCompile(`\A# (\S+\.yaml)\n`).FindStringSubmatch(m[2]); m[1] == "yaml" && name != nil {
			if err := os.WriteFile(filepath.Join(dir, name[1]), []byte(m[2]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if m[1] == "yaml" {
			continue
		}
		for _, session := range strings.Split("\n"+m[2], "\n$ ")[1:] {
			entered++
			line, want, _ := strings.Cut(strings.TrimSuffix(session, "\n")+"\n", "\n")
			command := exec.CommandContext(t.Context(), "sh", "-c", line)
			command.Dir = dir
			command.Env = append(os.Environ(), caddyVariable+"=1")
			out, _ := command.CombinedOutput()
			got := string(out)
			if changing.ReplaceAllString(strings.TrimSpace(got), "N") != changing.ReplaceAllString(strings.TrimSpace(want), "N") {
				t.Errorf("%s: %s\nprints\n%s\nnot\n%s", page, line, got, want)
			}
		}
	}
	if entered == 0 {
		t.Errorf("%s has nothing to enter", page)
	}
}

// copied makes a copy of files and directories of the repository.
func copied(t *testing.T, names ...string) string {
	t.Helper()
	isolate(t)
	dir := t.TempDir()
	for _, name := range names {
		to := filepath.Join(dir, name)
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			if err := os.CopyFS(to, os.DirFS(name)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(to, []byte(readShipped(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTestingPage(t *testing.T) {
	atShell(t, "docs/testing.md", copied(t, "mappings.yaml", "tests/mappings"))
}

// rota is where the mapping of the page about another API is.
const rota = "docs/examples/rota"

func TestAnotherAPIPage(t *testing.T) {
	atShell(t, "docs/another-api.md", filepath.Join(copied(t, rota), rota))
}

// TestAnotherAPIPageShowsItsFiles compares what the page shows with the files: it
// has nothing else, and all of the mapping.
func TestAnotherAPIPageShowsItsFiles(t *testing.T) {
	mapping := readShipped(t, rota+"/mappings.yaml")
	files := mapping
	tests, _ := filepath.Glob(rota + "/tests/*.yaml")
	for _, name := range tests {
		files += readShipped(t, name)
	}
	shown := make(map[string]bool)
	for _, block := range blocks(t, "docs/another-api.md", "yaml") {
		if !strings.Contains(files, "\n"+block) && !strings.HasPrefix(files, block) {
			t.Errorf("no file has this\n%s", block)
		}
		for line := range strings.SplitSeq(block, "\n") {
			shown[line] = true
		}
	}
	for line := range strings.SplitSeq(mapping, "\n") {
		if !shown[line] && !strings.HasPrefix(line, "#") {
			t.Errorf("the page does not show %q", line)
		}
	}
}

// TestTestingPageHasEveryKey compares the keys in the page's tables with those
// that files of tests can have.
func TestTestingPageHasEveryKey(t *testing.T) {
	names := func(pattern, text string) []string {
		var found []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			found = append(found, strings.Split(m[1], "`, `")...)
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	_, tables, _ := strings.Cut(readShipped(t, "docs/testing.md"), "\n## Files of tests\n")
	tables, _, ok := strings.Cut(tables, "\n## The API of a test\n")
	if !ok {
		t.Fatal("the page has no such headings")
	}
	described := names("(?m)^\\| `(.+?)` \\|", tables)
	var known []string
	for _, key := range names(`(?:Get\(|Need\(.*?)"([\w-]+)"`, readShipped(t, "mapping/mappingtest/load.go")) {
		if key == "resources" {
			continue // what tells a mapping from a file of tests
		}
		// What is kept of a resource, and how an API answers, is told in the
		// row of "kept" and of "answer".
		if !strings.Contains(tables, "`"+key+"`") && !strings.Contains(tables, "`"+key+": ") {
			t.Errorf("the page does not have %s", key)
		}
		known = append(known, key)
	}
	for _, key := range described {
		if !slices.Contains(known, key) {
			t.Errorf("the page has %s, which there is not", key)
		}
	}
	if len(described) < 15 || len(known) < len(described) {
		t.Errorf("these are not the keys: %q and %q", described, known)
	}
}
