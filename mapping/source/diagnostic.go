// Package source reads YAML files that people write, and tells them about
// every mistake in one go: where it is, what is wrong and what was probably
// meant.
package source

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDiagnostics bounds how many mistakes of one file are reported: past
// that, the first ones are what matters.
const maxDiagnostics = 50

// maxSnippet bounds how many characters of a line are shown, so that a file
// without line breaks does not flood a log.
const maxSnippet = 160

// Pos is a place in a file. Line and Col count from 1, Col in characters.
type Pos struct {
	Line, Col int
}

// Severity says how bad a diagnostic is.
type Severity int

// The severities, the worst first.
const (
	// Error is a mistake: with it the file can't do what it says.
	Error Severity = iota

	// Warning is what is allowed and probably not meant.
	Warning

	// Note says what could not be looked at.
	Note
)

// String returns "error", "warning" or "note", which are the levels of SARIF too.
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// RuleMapping is the rule that the file must be one that can be used.
const RuleMapping = "mapping"

// Diagnostic is one thing to say about a file, most often a mistake.
type Diagnostic struct {
	Pos
	// Severity is Error unless it is said otherwise.
	Severity Severity
	// Rule names what is not kept to. The names stay the same.
	Rule string
	// Message says what is wrong, without a full stop.
	Message string
	// Hint says what was probably meant or what to do; may be empty.
	Hint string
	// Pointer leads to what the file disagrees with in another document, as a
	// JSON pointer in a URI fragment (RFC 6901 section 6); may be empty.
	Pointer string
}

// Diagnostics are what there is to say about one file, in the order of the
// places.
type Diagnostics struct {
	// Name is the file's name as it is to be shown.
	Name string
	// List has at least one element, and at most one per place and message.
	List []Diagnostic

	lines []string
}

// Error renders all of them, each as "name:line:col: message" with the line and
// a caret below it.
func (d *Diagnostics) Error() string {
	var b strings.Builder
	for i, diag := range d.List {
		if i == maxDiagnostics {
			fmt.Fprintf(&b, "%s: and %d more\n", d.Name, len(d.List)-i)
			break
		}
		b.WriteString(d.head(diag))
		b.WriteByte('\n')
		d.snippet(&b, diag.Pos)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Unwrap returns one error for each mistake.
func (d *Diagnostics) Unwrap() []error {
	errs := make([]error, len(d.List))
	for i, diag := range d.List {
		errs[i] = errors.New(d.head(diag))
	}
	return errs
}

// head is the mistake without the line.
func (d *Diagnostics) head(diag Diagnostic) string {
	s := fmt.Sprintf("%s:%d:%d: ", d.Name, diag.Line, diag.Col)
	if diag.Severity != Error {
		s += diag.Severity.String() + ": "
	}
	s += diag.Message
	if diag.Hint != "" {
		s += "; " + diag.Hint
	}
	if diag.Pointer != "" {
		s += " (" + diag.Pointer + ")"
	}
	return s
}

// plain keeps a caret under its character, and a terminal from obeying a line.
func plain(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}, line)
}

func (d *Diagnostics) snippet(b *strings.Builder, pos Pos) {
	if pos.Line < 1 || pos.Line > len(d.lines) {
		return
	}
	line := Redact(d.lines[pos.Line-1])
	if strings.TrimSpace(line) == "" {
		return
	}
	if utf8.RuneCountInString(line) > maxSnippet {
		line = string([]rune(line)[:maxSnippet]) + "…"
	}
	fmt.Fprintf(b, "%5d | %s\n", pos.Line, plain(line))
	if pos.Col <= maxSnippet {
		fmt.Fprintf(b, "      | %s^\n", strings.Repeat(" ", max(pos.Col-1, 0)))
	}
}

// Problems collects what there is to say about a file. The zero value is not
// usable; Read makes one, and NewProblems for a file that was read before.
type Problems struct {
	name  string
	lines []string
	list  []Diagnostic
	seen  map[Diagnostic]bool
}

// NewProblems returns Problems of a file in which no mistake was found yet. The
// name is what the file is called in messages.
func NewProblems(name string, src []byte) *Problems {
	return &Problems{name: name, lines: lines(string(src))}
}

// Addf records a mistake at a place.
func (p *Problems) Addf(pos Pos, format string, args ...any) {
	p.AddHint(pos, "", format, args...)
}

// AddHint records a mistake at a place with a hint, which may be empty.
func (p *Problems) AddHint(pos Pos, hint, format string, args ...any) {
	p.Add(Diagnostic{Pos: pos, Rule: RuleMapping, Message: Redact(fmt.Sprintf(format, args...)), Hint: hint})
}

// Add records a diagnostic, unless it was recorded before. Values of the file in
// its message must have gone through [Redact].
func (p *Problems) Add(diag Diagnostic) {
	diag.Pos = p.inside(diag.Pos)
	if p.seen[diag] {
		return
	}
	if p.seen == nil {
		p.seen = make(map[Diagnostic]bool)
	}
	p.seen[diag] = true
	p.list = append(p.list, diag)
}

// inside returns the end of the file for a place past it: a value that is not
// there may have the place of what would follow.
func (p *Problems) inside(pos Pos) Pos {
	if last := len(p.lines); last > 0 && pos.Line > last {
		return Pos{Line: last, Col: utf8.RuneCountInString(p.lines[last-1]) + 1}
	}
	return pos
}

// Count returns how many diagnostics have been recorded.
func (p *Problems) Count() int { return len(p.list) }

// Err returns all of them as *Diagnostics, or nil when there are none.
func (p *Problems) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return &Diagnostics{Name: p.name, List: list, lines: p.lines}
}
