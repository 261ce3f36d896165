package mapping

import (
	"os"
	"strings"
	"testing"
)

func shipped(t testing.TB) *Program {
	t.Helper()
	src, err := os.ReadFile("../mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return compiled(t, string(src))
}

// edited returns the shipped mapping with a change in its text.
func edited(t testing.TB, before, after string) *Program {
	t.Helper()
	src, err := os.ReadFile("../mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(src), before, after, 1)
	if text == string(src) {
		t.Fatalf("the shipped mapping has no %q", before)
	}
	return compiled(t, text)
}

func compiled(t testing.TB, text string) *Program {
	t.Helper()
	p, err := Load("mappings.yaml", []byte(text))
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	return p
}

// unguarded returns the shipped mapping without its guard, for tests in which
// anybody may be let go.
func unguarded(t testing.TB) *Program {
	t.Helper()
	return edited(t, "    guard:\n      last: {role: Admin}\n", "")
}

func TestShippedMappingLoads(t *testing.T) {
	if shipped(t).Version() == "" {
		t.Error("no version")
	}
}
