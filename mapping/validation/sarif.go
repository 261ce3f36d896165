package validation

import (
	"encoding/json"
	"io"
	"slices"
)

// SARIF writes the findings in the Static Analysis Results Interchange Format,
// version 2.1.0 (OASIS), as code scanning reads it. The uri is what the mapping
// file is called there: relative to the root of the repository.
func (r *Report) SARIF(w io.Writer, uri string) error {
	run := sarifRun{
		Tool:       sarifTool{Driver: sarifDriver{Name: "caddy scim validate", Rules: make([]sarifRule, len(Rules))}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	for i, rule := range Rules {
		run.Tool.Driver.Rules[i] = sarifRule{ID: rule.ID, ShortDescription: sarifText{rule.Description}}
	}
	for _, f := range r.Findings {
		text := f.Message
		if f.Hint != "" {
			text += "; " + f.Hint
		}
		if f.Pointer != "" {
			text += " (" + f.Pointer + ")"
		}
		run.Results = append(run.Results, sarifResult{
			RuleID:    f.Rule,
			RuleIndex: slices.IndexFunc(Rules, func(rule Rule) bool { return rule.ID == f.Rule }),
			Level:     f.Severity,
			Message:   sarifText{text},
			Locations: []sarifLocation{{Physical: sarifPhysical{
				Artifact: sarifArtifact{URI: uri}, Region: sarifRegion{StartLine: f.Line, StartColumn: f.Column},
			}}},
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// The parts of SARIF that there are here, by the names of its section 3.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
)
