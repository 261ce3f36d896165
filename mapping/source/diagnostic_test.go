package source

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// problemsOf returns the Problems of a file with these lines.
func problemsOf(t *testing.T, src string) *Problems {
	t.Helper()
	_, p := Read("m.yaml", []byte(src))
	if p.Count() != 0 {
		t.Fatal(p.Err())
	}
	return p
}

func TestNoMistakeIsNoError(t *testing.T) {
	if err := problemsOf(t, "a: 1\n").Err(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestMistakesAreInTheOrderOfTheFile(t *testing.T) {
	p := problemsOf(t, "a: 1\nb: 2\n")
	p.Addf(Pos{2, 4}, "third")
	p.Addf(Pos{1, 4}, "first")
	p.AddHint(Pos{2, 1}, "do that", "second")
	p.Addf(Pos{2, 4}, "fourth")
	p.Addf(Pos{2, 4}, "third")
	want := `m.yaml:1:4: first
    1 | a: 1
      |    ^
m.yaml:2:1: second; do that
    2 | b: 2
      | ^
m.yaml:2:4: third
    2 | b: 2
      |    ^
m.yaml:2:4: fourth
    2 | b: 2
      |    ^`
	if got := p.Err().Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestManyMistakesAreCounted(t *testing.T) {
	for _, n := range []int{maxDiagnostics, maxDiagnostics + 1, maxDiagnostics + 10} {
		p := problemsOf(t, "a: 1\n")
		for i := range n {
			p.Addf(Pos{1, 1}, "mistake %d", i)
		}
		got := p.Err().Error()
		if shown := strings.Count(got, "mistake"); shown != maxDiagnostics {
			t.Errorf("%d of %d mistakes are shown", shown, n)
		}
		more := fmt.Sprintf("m.yaml: and %d more", n-maxDiagnostics)
		if strings.HasSuffix(got, more) != (n > maxDiagnostics) {
			t.Errorf("of %d mistakes, the end is %q", n, got[len(got)-40:])
		}
	}
}

func TestUnwrapGivesEveryMistake(t *testing.T) {
	p := problemsOf(t, "a: 1\n")
	p.AddHint(Pos{1, 1}, "do that", "one")
	p.Addf(Pos{1, 4}, "two")
	err := fmt.Errorf("loading: %w", p.Err())
	var d *Diagnostics
	if !errors.As(err, &d) {
		t.Fatalf("%T is no *Diagnostics", err)
	}
	errs := d.Unwrap()
	if len(errs) != 2 || errs[0].Error() != "m.yaml:1:1: one; do that" || errs[1].Error() != "m.yaml:1:4: two" {
		t.Errorf("got %q", errs)
	}
}

func TestSnippets(t *testing.T) {
	long := strings.Repeat("é", maxSnippet)
	tests := []struct {
		name, line string
		col        int
		want       string
	}{
		{"tab", "a:\tb", 4, "    1 | a: b\n      |    ^"},
		{"wide characters", "ä: ß", 4, "    1 | ä: ß\n      |    ^"},
		{"at the end", "ab", 3, "    1 | ab\n      |   ^"},
		{"long line", long + "x", 2, "    1 | " + long + "…\n      |  ^"},
		{"caret past the cut", long + "xyz", maxSnippet + 2, "    1 | " + long + "…"},
		{"just as long", long, maxSnippet, "    1 | " + long + "\n      | " + strings.Repeat(" ", maxSnippet-1) + "^"},
		{"blank line", "  ", 1, ""},
		{"column 0", "ab", 0, "    1 | ab\n      | ^"},
	}
	for _, test := range tests {
		p := &Problems{name: "m", lines: lines(test.line)}
		p.Addf(Pos{1, test.col}, "wrong")
		want := strings.TrimSuffix(fmt.Sprintf("m:1:%d: wrong\n%s", test.col, test.want), "\n")
		if got := p.Err().Error(); got != want {
			t.Errorf("%s: got:\n%s\nwant:\n%s", test.name, got, want)
		}
	}
}

func TestPlacePastTheFileIsItsEnd(t *testing.T) {
	p := &Problems{name: "m", lines: []string{"äb"}}
	p.Addf(Pos{2, 1}, "wrong")
	if got := p.Err().Error(); got != "m:1:3: wrong\n    1 | äb\n      |   ^" {
		t.Errorf("got:\n%s", got)
	}
}

func TestRedact(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	tests := map[string]string{
		"token: abc":                                 "token: ***",
		"  api-token:  'a b'":                        "  api-token:  *****",
		`"client_secret": "a", b`:                    `"client_secret": ******`,
		"{password: x, name: y}":                     "{password: ***********",
		"name: Bearer abc":                           "name: Bearer ***",
		"url: https://me:pw@h/p":                     "url: https://*****@h/p",
		"name: " + jwt:                               "name: " + strings.Repeat("*", len(jwt)),
		"k: 0123456789abcdef0123456789abcdef":        "k: " + strings.Repeat("*", 32),
		"path: token":                                "path: token",
		"name: the secret of it":                     "name: the secret of it",
		"urn:ietf:params:scim:schemas:core:2.0:User": "urn:ietf:params:scim:schemas:core:2.0:User",
		"a-very-long-name-without-any-digits-in-it":  "a-very-long-name-without-any-digits-in-it",
	}
	for s, want := range tests {
		if got := Redact(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}
