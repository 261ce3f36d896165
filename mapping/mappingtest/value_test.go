package mappingtest

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern, value string
		fits           bool
	}{
		{`{}`, `{"a":1}`, true},
		{`{"a":1}`, `{"a":1,"b":2}`, true},
		{`{"a":1}`, `{"a":1.0}`, true},
		{`{"a":1}`, `{"a":"1"}`, false},
		{`{"a":1}`, `{"b":1}`, false},
		{`{"a":null}`, `{"b":1}`, true},
		{`{"a":null}`, `{"a":null}`, true},
		{`{"a":null}`, `{"a":0}`, false},
		{`{"a":{"b":1}}`, `{"a":{"b":1,"c":2}}`, true},
		{`{"a":{"b":1}}`, `{"a":[1]}`, false},
		{`[]`, `[]`, true},
		{`[]`, `[1]`, false},
		{`[1]`, `[]`, false},
		{`[1,2]`, `[2,1]`, false},
		{`[{"a":1}]`, `[{"a":1,"b":2}]`, true},
		{`[{"a":1}]`, `[{"a":1},{"a":1}]`, false},
		{`12345678901234567890`, `12345678901234567890`, true},
		{`true`, `"true"`, false},
		{`"a"`, `"a"`, true},
	}
	for _, test := range tests {
		pattern, value := decode([]byte(test.pattern)), decode([]byte(test.value))
		if got := equal(pattern, fit(pattern, value)); got != test.fits {
			t.Errorf("%s fits %s: %t", test.value, test.pattern, got)
		}
	}
}

// TestElementsAreComparedWithTheirOwn has one element more at the front, which
// is all that is different.
func TestElementsAreComparedWithTheirOwn(t *testing.T) {
	pattern := decode([]byte(`[{"id":"1"},{"id":"2"}]`))
	value := decode([]byte(`[{"id":"0","x":1},{"id":"1","x":1},{"id":"2","x":1}]`))
	got := diff(lines(pattern, false), lines(fit(pattern, value), false))
	if want := "+ - id: \"0\"\n  - id: \"1\"\n  - id: \"2\""; strings.Join(got, "\n") != want {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestDiff(t *testing.T) {
	tests := []struct{ want, got, diff string }{
		{"", "", "  "},
		{"a b c", "a b c", "  a,  b,  c"},
		{"a b c", "a c", "  a,- b,  c"},
		{"a c", "a b c", "  a,+ b,  c"},
		{"a b", "c d", "- a,- b,+ c,+ d"},
		{"a b c d", "b x d e", "- a,  b,- c,+ x,  d,+ e"},
	}
	for _, test := range tests {
		got := strings.Join(diff(strings.Split(test.want, " "), strings.Split(test.got, " ")), ",")
		if got != test.diff {
			t.Errorf("%q and %q: %q, want %q", test.want, test.got, got, test.diff)
		}
	}
}
