package mappingtest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Fill returns the text of the file in which those of some tests' steps that
// have no answer say what comes of them: the calls, unless the step has some,
// and the answer. All else stays as it is. The error says where that can't be
// added.
func (f *File) Fill(ctx context.Context, tests []*Test) (text []byte, filled int, err error) {
	eol := "\n"
	if strings.Contains(string(f.src), "\r\n") {
		eol = "\r\n"
	}
	all := strings.Split(string(f.src), eol)
	type addition struct {
		after int
		lines []string
	}
	var additions []addition
	for _, t := range tests {
		w := f.world(t, f.Program.NewCoverage())
		for _, s := range t.steps {
			got := w.take(ctx, s)
			if s.answer != nil {
				continue
			}
			after, ok := endOf(all, s.pos)
			if !ok {
				return nil, 0, fmt.Errorf("%s:%d:%d: the answer can't be added to what stands in braces", f.Name, s.pos.Line, s.pos.Col)
			}
			written := s.written(got)
			if s.hasCalls || s.dropped != nil {
				written = slices.DeleteFunc(written, func(e entry) bool {
					return e.key == "calls" && s.hasCalls || e.key == "dropped" && s.dropped != nil
				})
			}
			added := lines(written, true)
			for i := range added {
				added[i] = strings.Repeat(" ", s.pos.Col-1) + added[i]
			}
			additions = append(additions, addition{after, added})
		}
	}
	for _, a := range slices.Backward(additions) {
		all = slices.Insert(all, a.after, a.lines...)
	}
	text = []byte(strings.Join(all, eol))
	if !f.extendedBy(text, len(additions)) {
		return nil, 0, fmt.Errorf("%s: the answers can't be added to what is written in this way", f.Name)
	}
	return text, len(additions), nil
}

// extendedBy reports whether a text has the file's tests, so many steps of which
// have an answer that had none.
func (f *File) extendedBy(text []byte, n int) bool {
	g, err := Load(f.Name, text, func(string) (*mapping.Program, error) { return f.Program, nil })
	if err != nil || len(g.Tests) != len(f.Tests) {
		return false
	}
	for i, t := range f.Tests {
		if len(g.Tests[i].steps) != len(t.steps) {
			return false
		}
		for j, s := range t.steps {
			if s.answer == nil && g.Tests[i].steps[j].answer != nil {
				n--
			}
		}
	}
	return n == 0
}

// endOf returns the number of the last line of the mapping in block style that
// begins at a place; ok is false for one in braces.
func endOf(lines []string, pos source.Pos) (last int, ok bool) {
	// YAML knows more ends of lines than are looked for here.
	if pos.Line > len(lines) {
		return 0, false
	}
	if first := []rune(lines[pos.Line-1]); pos.Col > len(first) || first[pos.Col-1] == '{' {
		return 0, false
	}
	last = pos.Line
	for i, line := range lines[pos.Line:] {
		text := strings.TrimLeft(line, " ")
		switch {
		case strings.TrimSpace(text) == "":
		case len(line)-len(text) < pos.Col-1:
			return last, true
		default:
			last = pos.Line + i + 1
		}
	}
	return last, true
}
