package contract

import (
	"os"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// findings returns what is said of a mapping, as it is shown.
func findings(t testing.TB, name string, src, document []byte) string {
	t.Helper()
	program, err := mapping.Load(name, src)
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	doc, err := openapi.Read(document)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Check(program, doc)
	if err != nil {
		t.Fatal(err)
	}
	problems := source.NewProblems(name, src)
	for _, d := range list {
		problems.Add(d)
	}
	if err := problems.Err(); err != nil {
		return err.Error() + "\n"
	}
	return ""
}

func TestShippedMappingFitsTheContract(t *testing.T) {
	src, err := os.ReadFile("../../mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := findings(t, "mappings.yaml", src, qualytics.Document()); got != "" {
		t.Errorf("\n%s", got)
	}
}
