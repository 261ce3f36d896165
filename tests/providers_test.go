package tests

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// The tests of this file replay what each provider sends, in both dialects of
// the API and with both content types, once with every leniency on and once
// with those of the provider's own profile; and once with a mapping that keeps
// what the API has no field for.

func TestOneLogin(t *testing.T) { replayAll(t, "onelogin") }

func TestOkta(t *testing.T) { replayAll(t, "okta") }

func TestEntra(t *testing.T) { replayAll(t, "entra") }

func TestJumpCloud(t *testing.T) { replayAll(t, "jumpcloud") }

var dialects = map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()}

// tolerances returns an edit of the Caddyfile that sets this option.
func tolerances(words string) func(string) string {
	return func(caddyfile string) string {
		return strings.Replace(caddyfile, "mappings mappings.yaml", "mappings mappings.yaml\n\t\ttolerances "+words, 1)
	}
}

// replayAll replays every transcript of a provider.
func replayAll(t *testing.T, provider string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", provider, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts of %s: %v", provider, err)
	}
	for _, file := range files {
		script := readTranscript(t, file)
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		for dialect, d := range dialects {
			for _, contentType := range []string{"application/scim+json", "application/json"} {
				for _, profile := range []string{"all", provider} {
					t.Run(strings.Join([]string{name, dialect, filepath.Base(contentType), profile}, "/"), func(t *testing.T) {
						st := start(t, setup{sandbox: qualytics.Config{Dialect: d}, edit: tolerances(profile)})
						st.sandbox.Seed(3, 2)
						st.replay(dialect, contentType).runAll(t, script)
					})
				}
			}
			t.Run(strings.Join([]string{name, dialect, "keep"}, "/"), func(t *testing.T) {
				st := start(t, setup{sandbox: qualytics.Config{Dialect: d}, edit: withMapping(t, keepAll)})
				st.sandbox.Seed(3, 2)
				r := st.replay(dialect, "application/scim+json")
				r.keeps = true
				r.runAll(t, script)
			})
		}
	}
}
