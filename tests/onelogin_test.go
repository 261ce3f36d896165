package tests

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestOneLogin replays what OneLogin sends, in both dialects of the API and
// with both content types that its tenants use.
func TestOneLogin(t *testing.T) {
	replayAll(t, "testdata/onelogin")
}

// replayAll replays every transcript of a directory.
func replayAll(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts in %s: %v", dir, err)
	}
	dialects := map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()}
	for _, file := range files {
		exchanges := readTranscript(t, file)
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		for dialect, d := range dialects {
			for _, contentType := range []string{"application/scim+json", "application/json"} {
				t.Run(name+"/"+dialect+"/"+strings.TrimPrefix(contentType, "application/"), func(t *testing.T) {
					st := start(t, setup{sandbox: qualytics.Config{Dialect: d}})
					st.sandbox.Seed(3, 2)
					r := st.replay(dialect, contentType)
					for _, x := range exchanges {
						if !t.Run(strings.ReplaceAll(x.title, " ", "_"), func(t *testing.T) { r.run(t, x) }) {
							// What follows stands on it.
							return
						}
					}
				})
			}
		}
	}
}
