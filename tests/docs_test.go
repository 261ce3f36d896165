package tests

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"
)

// pages returns the names of all pages for people, such as "docs/mapping.md".
func pages(t *testing.T) []string {
	t.Helper()
	isolate(t)
	var found []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != ".":
			return filepath.SkipDir
		case strings.HasSuffix(name, ".md"):
			found = append(found, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(found, "README.md") || !slices.Contains(found, "docs/mapping.md") {
		t.Fatalf("these are not the pages: %q", found)
	}
	return found
}

var fencedBlock = regexp.MustCompile("(?ms)^```.*?^```$")

// anchors returns the names by which links reach the headings of a page.
func anchors(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(fencedBlock.ReplaceAllString(text, ""), -1) {
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// TestLinks follows every link within the repository to its page and heading.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range pages(t) {
		text := readShipped(t, page)
		for _, m := range link.FindAllStringSubmatch(fencedBlock.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "..") && page == "tests/conformance/README.md" {
				continue
			}
			file := page
			if target != "" {
				file = path.Join(path.Dir(page), target)
				if found, err := filepath.Glob(file); err != nil || len(found) != 1 {
					t.Errorf("%s links to %s, which is not there", page, m[1])
					continue
				}
			}
			if anchor != "" && !slices.Contains(anchors(readShipped(t, file)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page, m[1])
			}
		}
	}
}

// TestPagesAreReachable looks for a way from the README to each page.
func TestPagesAreReachable(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+\.md)`)
	reached := []string{"README.md"}
	for i := 0; i < len(reached); i++ {
		for _, m := range link.FindAllStringSubmatch(readShipped(t, reached[i]), -1) {
			if target := path.Join(path.Dir(reached[i]), m[1]); !strings.Contains(m[1], "://") && !slices.Contains(reached, target) {
				reached = append(reached, target)
			}
		}
	}
	for _, page := range pages(t) {
		if !slices.Contains(reached, page) {
			t.Errorf("nothing leads to %s", page)
		}
	}
}

// TestPagesCaddyfiles adapts every Caddyfile of the pages.
func TestPagesCaddyfiles(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		for _, block := range blocks(t, page, "caddyfile") {
			n++
			for _, name := range caddyfileVariables(block) {
				t.Setenv(name, "https://value.example.com")
			}
			t.Run(page, func(t *testing.T) { adapt(t, block) })
		}
	}
	if n == 0 {
		t.Error("there is none")
	}
}

// TestPagesBlocks looks whether what people are to copy out of the pages is well
// formed. What is a whole file of ours is loaded by the test of its page.
func TestPagesBlocks(t *testing.T) {
	for _, page := range pages(t) {
		for _, block := range blocks(t, page, "json") {
			if !json.Valid([]byte(block)) {
				t.Errorf("%s: this is no JSON:\n%s", page, block)
			}
		}
		for _, block := range blocks(t, page, "yaml") {
			documents := yaml.NewDecoder(strings.NewReader(block))
			for {
				var document yaml.Node
				if err := documents.Decode(&document); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Errorf("%s: %v:\n%s", page, err, block)
					break
				}
			}
		}
		for _, block := range blocks(t, page, "sh") {
			check := exec.CommandContext(t.Context(), "bash", "-n")
			check.Stdin = strings.NewReader(block)
			if output, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s:\n%s", page, err, output, block)
			}
		}
	}
}

// TestPagesCommands looks for each "caddy scim" of the pages, and each of its
// options, among those that there are.
func TestPagesCommands(t *testing.T) {
	command := regexp.MustCompile("caddy scim ([a-z-]+)([^`\n|]*)")
	option := regexp.MustCompile(`(?:^|\s)(--[a-z-]+)`)
	help := make(map[string]string)
	for _, page := range pages(t) {
		for _, m := range command.FindAllStringSubmatch(readShipped(t, page), -1) {
			name := m[1]
			if _, asked := help[name]; !asked {
				help[name], _, _ = caddyScim(t, "", name, "--help")
				if !strings.Contains(help[name], "scim "+name) {
					t.Errorf("%s: there is no command caddy scim %s", page, name)
				}
			}
			for _, o := range option.FindAllStringSubmatch(m[2], -1) {
				if !regexp.MustCompile(o[1] + `\b`).MatchString(help[name]) {
					t.Errorf("%s: caddy scim %s has no option %s", page, name, o[1])
				}
			}
		}
	}
	if len(help) < 8 {
		t.Errorf("the pages have but %d of the commands", len(help))
	}
}
