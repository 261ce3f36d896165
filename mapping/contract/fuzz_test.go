package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// rules are all that a finding can have.
var rules = []string{
	RuleCall, RuleParameter, RuleBody, RuleField, RuleRequired, RuleType, RuleValue, RuleTable, RuleAnswer, RuleUnchecked,
	RuleDeprecated, RuleDocument,
}

// FuzzCheck holds what must be true of any document: it is refused with an error
// that says why, or compared with the mapping, with the same result each time.
func FuzzCheck(f *testing.F) {
	src := readFile(f, "testdata/mappings.yaml")
	program, err := mapping.Load("mappings.yaml", []byte(src))
	if err != nil {
		f.Fatal(err)
	}
	lines := strings.Count(src, "\n")
	for _, file := range []string{"testdata/api30.yaml", "testdata/api31.yaml"} {
		f.Add([]byte(readFile(f, file)))
	}
	f.Add(qualytics.Document())
	for _, m := range mistakes {
		f.Add([]byte(edited(f, readFile(f, "testdata/api31.yaml"), m.open)))
	}
	for _, doc := range []string{
		`{"openapi":"3.1.0","paths":{}}`,
		`{"openapi":"3.0.0","paths":{"/api/people":{"get":{"parameters":[{"schema":{"$ref":"#"}}]}}}}`,
		`{"openapi":"3.1.0","paths":{"/api/people":{"$ref":"#/paths/~1api~1people"}}}`,
		`{"openapi":"3.1.0","$schema":"x","$id":"y","paths":{"/api/teams":{"post":{"requestBody":{"content":{"application/json":{"schema":false}}}}}}}`,
		`{"openapi":"3.1.0","paths":{"/api/teams":{"get":{"responses":{"200":{"content":{"a/b+json":{"schema":{"allOf":[{"$ref":"#/x"},{"$ref":"#/x"}]}}}}}}}},"x":{"anyOf":[{"$ref":"#/x"},{"$ref":"#/x"}]}}`,
		"openapi: 3.1.0\npaths: &p\n  /api/people: *p\n",
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		said := func() string {
			document, err := openapi.Read(src)
			if err == nil {
				var b strings.Builder
				list, checkErr := Check(program, document)
				for _, d := range list {
					if d.Line < 1 || d.Line > lines || d.Col < 1 || d.Message == "" || !slices.Contains(rules, d.Rule) {
						t.Errorf("%+v", d)
					}
					if d.Rule == RuleDocument {
						// Which of several broken schemas comes first is for the compiler.
						d.Message = ""
					}
					b.WriteString(d.Severity.String() + d.Rule + d.Message + d.Hint + d.Pointer + "\n")
				}
				if err = checkErr; err == nil {
					return b.String()
				}
			}
			if err.Error() == "" {
				t.Error("the error says nothing")
			}
			return err.Error()
		}
		if first, second := said(), said(); first != second {
			t.Errorf("%s\nand then:\n%s", first, second)
		}
	})
}
