package mapping

import (
	"os"
	"testing"
)

func shipped(t testing.TB) *Program {
	t.Helper()
	src, err := os.ReadFile("../mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load("mappings.yaml", src)
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	return p
}

func TestShippedMappingLoads(t *testing.T) {
	if shipped(t).Version() == "" {
		t.Error("no version")
	}
}
