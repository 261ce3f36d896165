package command

import (
	"os"
	"strings"
	"testing"
)

// TestSchemaIsTheShippedOne compares what is printed with the file that the
// shipped mapping names for editors.
func TestSchemaIsTheShippedOne(t *testing.T) {
	want, err := os.ReadFile("../../mappings.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	c := schemaCommand()
	var out strings.Builder
	c.SetOut(&out)
	c.SetArgs(nil)
	if err := c.Execute(); err != nil || out.String() != string(want) {
		t.Errorf("%.200s…; %v", out.String(), err)
	}
}
