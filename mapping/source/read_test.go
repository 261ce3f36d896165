package source

import (
	"strings"
	"testing"
)

// mistakes reads a file and returns what is said about it; a walk over all of
// it is part of the reading.
func mistakes(src string) string {
	root, p := Read("m.yaml", []byte(src))
	if root.Present() {
		root.JSON()
	}
	if err := p.Err(); err != nil {
		return err.Error()
	}
	return ""
}

// TestFilesThatAreNotText has what testdata can't hold.
func TestFilesThatAreNotText(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{
			"not UTF-8", "a: 1\nname: M\xfcnchen\n",
			"m.yaml:2:8: the file is not valid UTF-8\n    2 | name: M\ufffdnchen\n      |        ^",
		},
		{
			"control character", "a: 1\nb: \x01\n",
			"m.yaml:2:4: there is a control character\n    2 | b: \ufffd\n      |    ^",
		},
		{"too large", strings.Repeat("#", maxFile+1), "m.yaml:1:1: the file has 1048577 bytes; at most 1048576 are read"},
		{"blank", " \n\n", "m.yaml:1:1: the file is empty"},
		{"a document mark alone", "---\n", ""},
		{"a byte order mark", "\ufeffa: 0123\n", "m.yaml:1:4: \"0123\" is not a plain decimal number; put a text in quotes\n    1 | a: 0123\n      |    ^"},
		{"Windows line ends", "a: 1\r\nb: [1\r\n", "m.yaml:2:4: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence; it is not closed\n    2 | b: [1\n      |    ^"},
		{"old line ends", "a: 1\rb: 1\rb: 2\r", "m.yaml:3:1: \"b\" is already given in line 2\n    3 | b: 2\n      | ^"},
		{"a rare line end", "a: 1\u2028b: 1\u2028b: 2\n", "m.yaml:3:1: \"b\" is already given in line 2\n    3 | b: 2\n      | ^"},
	}
	for _, test := range tests {
		if got := mistakes(test.src); got != test.want {
			t.Errorf("%s: got:\n%q\nwant:\n%q", test.name, got, test.want)
		}
	}
}

func TestLargestFileIsRead(t *testing.T) {
	if got := mistakes("a: 1\n" + strings.Repeat("#", maxFile-5)); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestDeepFilesEnd(t *testing.T) {
	for _, src := range []string{strings.Repeat("[", 100_000), strings.Repeat("{a: ", 100_000), strings.Repeat("- ", 100_000)} {
		if got := mistakes(src); got == "" {
			t.Error("a file that never closes its brackets is read")
		} else if len(got) > 2000 {
			t.Errorf("%d bytes are said about it", len(got))
		}
	}
}
