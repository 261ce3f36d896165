package mapping

import (
	"errors"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/source"
)

// FuzzLoad holds what must be true of any file: it loads or all its mistakes
// have a place in it, and a second run says the same.
func FuzzLoad(f *testing.F) {
	for _, kind := range []string{"good", "bad"} {
		for _, file := range languageFiles(f, kind) {
			f.Add(readFile(f, file))
		}
	}
	f.Add(readFile(f, "../mappings.yaml"))
	f.Add([]byte("resources:\n ?  attributes' ?  {0}}")) // a value that is not there, past the end
	f.Fuzz(func(t *testing.T, src []byte) {
		program, err := Load("m.yaml", src)
		again, errAgain := Load("m.yaml", src)
		if err == nil {
			if errAgain != nil || program.Version() == "" || program.Version() != again.Version() {
				t.Fatalf("loads, and then: %v", errAgain)
			}
			return
		}
		var found *source.Diagnostics
		if !errors.As(err, &found) || len(found.List) == 0 {
			t.Fatalf("the error is a %T: %v", err, err)
		}
		if errAgain == nil || err.Error() != errAgain.Error() {
			t.Fatalf("%v\nand then:\n%v", err, errAgain)
		}
		// YAML breaks lines in more places than "\n".
		breaks := 0
		for _, sep := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
			breaks += strings.Count(string(src), sep)
		}
		for i, d := range found.List {
			if d.Line < 1 || d.Line > breaks+1 || d.Col < 1 || d.Col > len(src)+1 {
				t.Errorf("%d:%d is outside of the file: %s", d.Line, d.Col, d.Message)
			}
			if d.Message == "" {
				t.Errorf("%d:%d has no message", d.Line, d.Col)
			}
			if i > 0 && d.Line < found.List[i-1].Line {
				t.Errorf("line %d comes after line %d", d.Line, found.List[i-1].Line)
			}
		}
	})
}
