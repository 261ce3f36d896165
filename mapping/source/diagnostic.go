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

// Diagnostic is one mistake.
type Diagnostic struct {
	Pos
	// Message says what is wrong, without a full stop.
	Message string
	// Hint says what was probably meant or what to do; may be empty.
	Hint string
}

// Diagnostics are the mistakes of one file, in the order of their places.
type Diagnostics struct {
	// Name is the file's name as it is to be shown.
	Name string
	// List has at least one element, and at most one per place and message.
	List []Diagnostic

	lines []string
}

// Error renders all mistakes, each as "name:line:col: message" with the line
// and a caret below it.
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
	s := fmt.Sprintf("%s:%d:%d: %s", d.Name, diag.Line, diag.Col, diag.Message)
	if diag.Hint != "" {
		s += "; " + diag.Hint
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
	line := redact(d.lines[pos.Line-1])
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

// Problems collects mistakes while a file is read. The zero value is not
// usable; Read makes one.
type Problems struct {
	name  string
	lines []string
	list  []Diagnostic
	seen  map[Diagnostic]bool
}

// Addf records a mistake at a place.
func (p *Problems) Addf(pos Pos, format string, args ...any) {
	p.AddHint(pos, "", format, args...)
}

// AddHint records a mistake at a place with a hint, which may be empty.
func (p *Problems) AddHint(pos Pos, hint, format string, args ...any) {
	diag := Diagnostic{Pos: p.inside(pos), Message: redact(fmt.Sprintf(format, args...)), Hint: hint}
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

// Count returns how many mistakes have been recorded.
func (p *Problems) Count() int { return len(p.list) }

// Err returns all mistakes as *Diagnostics, or nil when there are none.
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
