// Package validation says whether a mapping file is right, before anything is
// done with it, and whether it fits an OpenAPI document. It is for tools: what
// it finds comes as text for people, as JSON, and as SARIF.
package validation

import (
	"errors"
	"fmt"
	"io"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Report is what was found in a mapping file. Its JSON form is for programs.
type Report struct {
	// File is what the mapping file is called.
	File string `json:"file"`

	// Version is a short digest of its content; empty when it can't be used.
	Version string `json:"version,omitempty"`

	// Document is what the OpenAPI document is called; empty when there is none,
	// or when it was not looked at because the mapping file can't be used.
	Document string `json:"document,omitempty"`

	// Calls is how many calls were compared with the document.
	Calls int `json:"calls,omitempty"`

	// Errors, Warnings and Notes count the findings by severity.
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`

	// Findings are in the order of the file; empty when there are none.
	Findings []Finding `json:"findings"`

	found *source.Diagnostics
}

// Finding is one thing to say about the file.
type Finding struct {
	// Line and Column are its place, from 1 on. Columns are characters.
	Line   int `json:"line"`
	Column int `json:"column"`

	// Severity is "error", for a mistake; "warning", for what may be so and is
	// probably not meant; or "note", for what could not be checked.
	Severity string `json:"severity"`

	// Rule is what was not kept to, one of [Rules].
	Rule string `json:"rule"`

	// Message says what is wrong.
	Message string `json:"message"`

	// Hint says what was probably meant or what to do; empty for nothing.
	Hint string `json:"hint,omitempty"`

	// Pointer leads to what it disagrees with in the OpenAPI document:
	// "#/paths/~1users/post". Empty for nothing.
	Pointer string `json:"pointer,omitempty"`
}

// Mapping checks a mapping file, which is called name in messages. Where it can
// be used and the document is not nil, the two are compared. The error says
// that this was not possible because of what the document is like.
func Mapping(name string, src []byte, document *Document) (*Report, error) {
	report := &Report{File: name, Findings: []Finding{}}
	program, err := mapping.Load(name, src)
	if err != nil {
		if !errors.As(err, &report.found) {
			return nil, err
		}
		report.take(report.found.List)
		return report, nil
	}
	report.Version = program.Version()
	problems := source.NewProblems(name, src)
	for _, d := range program.Warnings() {
		problems.Add(d)
	}
	if document != nil {
		found, err := contract.Check(program, document.Document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", document.Name, err)
		}
		for _, d := range found {
			problems.Add(d)
		}
		report.Document, report.Calls = document.Name, len(program.Calls())
	}
	if errors.As(problems.Err(), &report.found) {
		report.take(report.found.List)
	}
	return report, nil
}

// Document is an OpenAPI document with the name that it has in messages.
type Document struct {
	Name string
	*openapi.Document
}

func (r *Report) take(list []source.Diagnostic) {
	for _, d := range list {
		switch d.Severity {
		case source.Error:
			r.Errors++
		case source.Warning:
			r.Warnings++
		case source.Note:
			r.Notes++
		}
		r.Findings = append(r.Findings, Finding{
			Line: d.Line, Column: d.Col, Severity: d.Severity.String(), Rule: d.Rule, Message: d.Message, Hint: d.Hint, Pointer: d.Pointer,
		})
	}
}

// Text writes the findings for people, each with the line that it is about, and
// then how many there are.
func (r *Report) Text(w io.Writer) error {
	if r.found != nil {
		if _, err := fmt.Fprintln(w, r.found.Error()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, r.summary())
	return err
}

func (r *Report) summary() string {
	s := r.File
	if r.Version != "" {
		s += " (" + r.Version + ")"
	}
	s += ": " + count(r.Errors, "error") + ", " + count(r.Warnings, "warning")
	if r.Notes > 0 {
		s += ", " + count(r.Notes, "note")
	}
	if r.Document != "" {
		s += "; " + count(r.Calls, "call") + " compared with " + r.Document
	}
	return s
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	default:
		return fmt.Sprintf("%d %ss", n, what)
	}
}
