package mapping

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func shipped(t testing.TB) *Program {
	t.Helper()
	return compiled(t, shippedText(t))
}

// edited returns the shipped mapping with changes in its text: each a text and
// what comes in its place.
func edited(t testing.TB, edits ...string) *Program {
	t.Helper()
	return compiled(t, replaced(t, shippedText(t), edits...))
}

func shippedText(t testing.TB) string {
	t.Helper()
	src, err := os.ReadFile("../mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// replaced returns a text with changes, as edited has them.
func replaced(t testing.TB, text string, edits ...string) string {
	t.Helper()
	for edit := range slices.Chunk(edits, 2) {
		if !strings.Contains(text, edit[0]) {
			t.Fatalf("the mapping has no %q", edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	return text
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
// anybody may be let go, and with changes as edited has them.
func unguarded(t testing.TB, edits ...string) *Program {
	t.Helper()
	return edited(t, append([]string{"    guard:\n      last: {role: Admin}\n", ""}, edits...)...)
}

func TestShippedMappingLoads(t *testing.T) {
	if shipped(t).Version() == "" {
		t.Error("no version")
	}
}
