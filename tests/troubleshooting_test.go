package tests

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTroubleshootingMessages has Caddy not start in each of the ways in the
// page, and compares what it says.
func TestTroubleshootingMessages(t *testing.T) {
	text := readShipped(t, "docs/troubleshooting.md")
	_, section, _ := strings.Cut(text, "## Caddy does not start\n")
	section, _, _ = strings.Cut(section, "\n## ")
	messages := make(map[string]bool)
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		messages[m[1]] = true
	}
	broken := t.TempDir() + "/mappings.yaml"
	if err := os.WriteFile(broken, []byte("version: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for message, c := range map[string]struct {
		edit    func(string) string
		overlay func(config map[string]any)
		env     map[string]string
		want    string
	}{
		"mappings.yaml:LINE:COL: …":          {edit: replaced("mappings mappings.yaml", "mappings "+broken), want: "mappings.yaml:1:10: "},
		"{env.SCIM_TOKEN} is unset or empty": {env: map[string]string{"SCIM_TOKEN": ""}},
		"unrecognized subdirective":          {edit: replaced("base_path", "bas_path")},
		"is not the file of which the configuration has the digest": {
			overlay: func(config map[string]any) { setOption(config, "mappings_digest", "sha256:00") },
		},
		"would carry the token over the network unencrypted": {env: map[string]string{"QUALYTICS_URL": "http://qualytics.example.com"}},
	} {
		if !messages[message] {
			t.Errorf("the page does not have %q", message)
		}
		delete(messages, message)
		t.Run(message, func(t *testing.T) {
			setEnvironment(t, "localhost:8443", "http://127.0.0.1:9000")
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			want := message
			if c.want != "" {
				want = c.want
			}
			overlay := func(config map[string]any) {
				if c.overlay != nil {
					c.overlay(config)
				}
			}
			if got := loading(t, c.edit, overlay); !strings.Contains(got, want) {
				t.Errorf("it says %q", got)
			}
		})
	}
	for message := range messages {
		t.Errorf("nothing shows that Caddy says %q", message)
	}
}
