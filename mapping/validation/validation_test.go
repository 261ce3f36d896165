package validation

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
)

var updateGolden = flag.Bool("update", false, "rewrite what is expected in testdata")

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// document reads an OpenAPI document of the tests.
func document(t *testing.T, name string) *Document {
	t.Helper()
	doc, err := openapi.Read(readFile(t, "testdata/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return &Document{Name: name, Document: doc}
}

// TestReports compares what is written of one mapping that has mistakes of all
// severities, of one that can't be used, and of one that is right.
func TestReports(t *testing.T) {
	for _, name := range []string{"unfit", "unusable", "right"} {
		report, err := Mapping(name+".yaml", readFile(t, "testdata/"+name+".yaml"), document(t, "api.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		js, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		var text, sarif bytes.Buffer
		if err := report.Text(&text); err != nil {
			t.Fatal(err)
		}
		if err := report.SARIF(&sarif, "config/"+name+".yaml"); err != nil {
			t.Fatal(err)
		}
		for extension, got := range map[string][]byte{".txt": text.Bytes(), ".json": append(js, '\n'), ".sarif": sarif.Bytes()} {
			golden := "testdata/" + name + extension
			if *updateGolden {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if want := readFile(t, golden); !bytes.Equal(got, want) {
				t.Errorf("%s: got:\n%s\nwant:\n%s", golden, got, want)
			}
		}
	}
}

// TestMistakesAreThoseOfLoad holds that a file which can't be used has nothing
// else said of it than what keeps Caddy from starting with it.
func TestMistakesAreThoseOfLoad(t *testing.T) {
	src := readFile(t, "testdata/unusable.yaml")
	_, loaded := mapping.Load("m.yaml", src)
	report, err := Mapping("m.yaml", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	if loaded == nil || !strings.HasPrefix(text.String(), loaded.Error()+"\n") {
		t.Errorf("Load says\n%v\nand the report\n%s", loaded, text.String())
	}
	if report.Version != "" || report.Document != "" || report.Errors != len(report.Findings) {
		t.Errorf("%+v", report)
	}
}

func TestDocumentWithoutCallsIsNoContract(t *testing.T) {
	for _, src := range []string{"openapi: 3.1.0\npaths: {}", "openapi: 3.1.0\npaths: {/a: []}", "openapi: 3.1.0\npaths: {/a: {get: 1}}"} {
		doc, err := openapi.Read([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		report, err := Mapping("m.yaml", readFile(t, "testdata/right.yaml"), &Document{Name: "api.yaml", Document: doc})
		if err == nil || !strings.HasPrefix(err.Error(), "api.yaml: ") {
			t.Errorf("%s: %+v, %v", src, report, err)
		}
	}
}

// TestSARIF holds what SARIF 2.1.0 requires, by the sections of its text, and
// what code scanning needs to show a result at its place.
func TestSARIF(t *testing.T) {
	report, err := Mapping("unfit.yaml", readFile(t, "testdata/unfit.yaml"), document(t, "api.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.SARIF(&out, "mappings%20of%20ours.yaml"); err != nil {
		t.Fatal(err)
	}
	var log map[string]any
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	at := func(v any, path ...any) any {
		t.Helper()
		for _, step := range path {
			switch step := step.(type) {
			case string:
				m, _ := v.(map[string]any)
				v = m[step]
			case int:
				list, _ := v.([]any)
				if step >= len(list) {
					t.Fatalf("there is no %v", path)
				}
				v = list[step]
			}
		}
		return v
	}
	if at(log, "version") != "2.1.0" || at(log, "$schema") == nil { // 3.13.2, 3.13.3
		t.Errorf("version %v", at(log, "version"))
	}
	run := at(log, "runs", 0)                                                                    // 3.13.4
	if at(run, "tool", "driver", "name") == "" || at(run, "columnKind") != "unicodeCodePoints" { // 3.14.6, 3.18.2, 3.19.8, 3.14.17
		t.Errorf("%v", at(run, "tool"))
	}
	rules, _ := at(run, "tool", "driver", "rules").([]any)
	ids := make(map[any]int)
	for i, rule := range rules { // 3.49.3
		if _, twice := ids[at(rule, "id")]; twice || at(rule, "shortDescription", "text") == "" {
			t.Errorf("rule %v", rule)
		}
		ids[at(rule, "id")] = i
	}
	results, _ := at(run, "results").([]any)
	if len(results) != len(report.Findings) {
		t.Fatalf("%d results of %d findings", len(results), len(report.Findings))
	}
	levels := make(map[any]int)
	for i, result := range results {
		index, known := ids[at(result, "ruleId")] // 3.27.5, 3.27.6
		if !known || at(result, "ruleIndex") != float64(index) {
			t.Errorf("%v is rule %v", at(result, "ruleId"), at(result, "ruleIndex"))
		}
		levels[at(result, "level")]++                                                                               // 3.27.10
		if text, _ := at(result, "message", "text").(string); !strings.Contains(text, report.Findings[i].Message) { // 3.27.11
			t.Errorf("message %q", text)
		}
		place := at(result, "locations", 0, "physicalLocation") // 3.27.12
		want := map[string]any{
			"artifactLocation": map[string]any{"uri": "mappings%20of%20ours.yaml"},
			"region":           map[string]any{"startLine": float64(report.Findings[i].Line), "startColumn": float64(report.Findings[i].Column)},
		}
		if !reflect.DeepEqual(place, want) {
			t.Errorf("%v, want %v", place, want)
		}
	}
	if levels["error"] == 0 || levels["warning"] == 0 || levels["note"] == 0 || len(levels) != 3 {
		t.Errorf("levels %v", levels)
	}
}
