package source

import (
	"strings"
	"testing"
)

// value reads "v: …" and returns the value.
func value(t *testing.T, text string) (Node, *Problems) {
	t.Helper()
	root, p := Read("m.yaml", []byte("v: "+text+"\n"))
	m, ok := root.Map()
	if !ok {
		t.Fatal(p.Err())
	}
	return m.Get("v"), p
}

func TestJSON(t *testing.T) {
	tests := map[string]string{
		"null": "null", "~": "null", "": "null",
		"true": "true", "False": "false", "yes": `"yes"`, "no": `"no"`, `"true"`: `"true"`,
		"0": "0", "-17": "-17", "1.50": "1.50", "1e3": "1e3", "12345678901234567890": "12345678901234567890",
		`"0123"`: `"0123"`, "2026-01-01": `"2026-01-01"`, "12:30:00": `"12:30:00"`,
		"text": `"text"`, `"\t\u00e4"`: `"\tä"`, "'it''s'": `"it's"`,
		"[1, [a, null], {b: c}]": `[1,["a",null],{"b":"c"}]`,
		"{b: 1, a: 2}":           `{"a":2,"b":1}`,
		"[]":                     "[]", "{}": "{}",
	}
	for text, want := range tests {
		n, p := value(t, text)
		raw, ok := n.JSON()
		if !ok || string(raw) != want {
			t.Errorf("%s is %s, want %s; %v", text, raw, want, p.Err())
		}
	}
	for _, text := range []string{"0123", "0x1F", "0o17", "1_000", "+1", ".5", ".inf", ".nan", "[1, 0777]", "{a: 01}", "{a: 1, a: 2}", "{[a]: 1}"} {
		n, p := value(t, text)
		if raw, ok := n.JSON(); ok && p.Count() == 0 {
			t.Errorf("%s is read as %s", text, raw)
		}
	}
}

func TestScalars(t *testing.T) {
	for _, text := range []string{"0123", "5", "yes", "2026-01-01", "1.0", "true"} {
		n, _ := value(t, text)
		if got, ok := n.String(); !ok || got != text {
			t.Errorf("%s is read as the text %q", text, got)
		}
	}
	for text, want := range map[string]int{"1": 1, "10000": 10000} {
		n, p := value(t, text)
		if got, ok := n.Int(1, 10000); !ok || got != want {
			t.Errorf("%s is %d; %v", text, got, p.Err())
		}
	}
	for _, text := range []string{"0", "10001", "007", "1.0", `"5"`, "x", "null", "[1]", "1_0", "99999999999999999999"} {
		n, p := value(t, text)
		if got, ok := n.Int(1, 10000); ok || p.Count() != 1 {
			t.Errorf("%s is read as %d; %v", text, got, p.Err())
		}
	}
	for _, text := range []string{"yes", "on", "1", `"true"`, "null", "[true]"} {
		n, p := value(t, text)
		if _, ok := n.Bool(); ok || p.Count() != 1 {
			t.Errorf("%s is read as true or false", text)
		}
	}
}

// TestAbsentValuesSayNothing holds that only the one who needs a key reports
// its absence.
func TestAbsentValuesSayNothing(t *testing.T) {
	var n Node
	_, isString := n.String()
	_, isBool := n.Bool()
	_, isInt := n.Int(0, 1)
	_, isList := n.List()
	_, isMap := n.Map()
	_, hasEntries := n.Entries()
	_, isJSON := n.JSON()
	_, isWord := n.Word("a")
	if isString || isBool || isInt || isList || isMap || hasEntries || isJSON || isWord || n.Present() || n.IsNull() || n.Pos() != (Pos{}) {
		t.Error("an absent value is something")
	}
}

func TestKeys(t *testing.T) {
	root, p := Read("m.yaml", []byte("one: 1\n[a]: 2\none: 3\nother: 4\n"))
	m, ok := root.Map()
	if !ok || len(m.Entries()) != 2 {
		t.Fatalf("%d entries", len(m.Entries()))
	}
	for name, want := range map[string]string{"one": "1", "other": "4", "a": ""} {
		if got, ok := m.Get(name).String(); got != want || ok != (want != "") {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	var got []string
	for _, err := range p.Err().(*Diagnostics).Unwrap() {
		got = append(got, err.Error())
	}
	want := `m.yaml:2:1: expected a text as the key, found a list
m.yaml:3:1: "one" is already given in line 1`
	if strings.Join(got, "\n") != want {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), want)
	}
}
