package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// maxFile bounds a file's size: a mapping is written by hand.
const maxFile = 1 << 20

// Read parses one YAML document. The name is what the file is called in
// messages. Mistakes in the YAML itself are in the returned Problems; the node
// is then not usable. Several documents, anchors, aliases and merge keys are
// mistakes: they hide what a line does from the person who reads it.
func Read(name string, src []byte) (Node, *Problems) {
	p := NewProblems(name, src)
	start := Pos{Line: 1, Col: 1}
	switch {
	case len(src) > maxFile:
		p.lines = nil
		p.Addf(start, "the file has %d bytes; at most %d are read", len(src), maxFile)
		return Node{}, p
	case !utf8.Valid(src):
		p.Addf(find(p.lines, isInvalid), "the file is not valid UTF-8")
		return Node{}, p
	}
	if pos := find(p.lines, isControl); pos.Line > 0 {
		p.Addf(pos, "there is a control character")
		return Node{}, p
	}

	// Duplicate keys are found while the nodes are walked, with their places.
	loader, err := yaml.NewLoader(bytes.NewReader(src), yaml.WithUniqueKeys(false))
	if err != nil {
		p.Addf(start, "%v", err)
		return Node{}, p
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		p.syntax(err)
		return Node{}, p
	}
	switch err := loader.Load(&second); {
	case err == nil:
		p.Addf(Pos{Line: max(second.Line, 1), Col: max(second.Column, 1)}, "the file holds a second YAML document; one is read")
	case !errors.Is(err, io.EOF):
		p.syntax(err)
		return Node{}, p
	}
	root := doc.Content[0]
	before := p.Count()
	if p.refuseReferences(root); p.Count() > before {
		// What they stand for is not there, which would be found again and again.
		return Node{}, p
	}
	return Node{n: root, p: p}, p
}

func (p *Problems) syntax(err error) {
	pos, message, hint := Pos{Line: 1, Col: 1}, err.Error(), ""
	var load *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
		p.Addf(pos, "the file is empty")
		return
	case errors.As(err, &load):
		message = load.Message
		if load.ContextMsg != "" {
			message += " " + load.ContextMsg
		}
		if load.Mark.Line > 0 {
			pos = p.inside(Pos{Line: load.Mark.Line, Col: max(load.Mark.Column, 1)})
		}
		hint = p.syntaxHint(pos, load)
		if began := load.ContextMark; began.Line > 0 && strings.TrimSpace(p.lines[pos.Line-1]) == "" {
			// Nothing is to be seen at the end of the file.
			pos, hint = Pos{Line: began.Line, Col: began.Column}, "it is not closed"
		}
	}
	p.AddHint(pos, hint, "not valid YAML: %s", message)
}

// syntaxHint says in plain words what is usually behind an error of the YAML
// reader, which speaks of what it looked for and not of what is wrong.
func (p *Problems) syntaxHint(pos Pos, load *yaml.LoadError) string {
	line := p.lines[pos.Line-1]
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	began := load.ContextMark.Line
	switch {
	case strings.Contains(indent, "\t"):
		return "indent with blanks, not with tabs"
	case strings.Contains(load.Message, "mapping values are not allowed"):
		return `there must be a blank after the colon of a key, and quotes around a text with ": " in it`
	case strings.Contains(load.ContextMsg, "block"):
		return "check the indentation of this line and of those above"
	case strings.Contains(load.Message, "expected ',' or") && strings.ContainsAny(characterAt(line, pos.Col), "{["):
		return "put a text with braces or brackets in it in quotes"
	case began > 0 && began < pos.Line && !strings.Contains(load.ContextMsg, "token"):
		return fmt.Sprintf("that began in line %d", began)
	default:
		return ""
	}
}

// characterAt returns the character in a column; "" behind the end.
func characterAt(line string, col int) string {
	if runes := []rune(line); col <= len(runes) {
		return string(runes[col-1])
	}
	return ""
}

// refuseReferences reports what hides the meaning of a line from the person
// who reads it.
func (p *Problems) refuseReferences(n *yaml.Node) {
	pos := Pos{Line: n.Line, Col: n.Column}
	switch {
	case n.Kind == yaml.AliasNode:
		p.Addf(pos, "aliases (*%s) are not read; write the value out", n.Value)
	case n.Anchor != "":
		p.Addf(pos, "anchors (&%s) are not read; write the value out where it is used", n.Anchor)
	case n.Tag == "!!merge":
		p.Addf(pos, "merge keys (<<) are not read; write the keys out")
	case n.Style&yaml.TaggedStyle != 0:
		p.Addf(pos, "tags (%s) are not read; put a text in quotes", n.ShortTag())
	}
	for _, child := range n.Content {
		p.refuseReferences(child)
	}
}

// lines splits a text where YAML does.
func lines(src string) []string {
	src = strings.ReplaceAll(strings.TrimPrefix(src, "\ufeff"), "\r\n", "\n")
	return strings.Split(strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(src), "\n")
}

// find returns the place of the first character that is bad; the zero Pos when
// there is none. An invalid byte is utf8.RuneError of size 1.
func find(lines []string, bad func(r rune, size int) bool) Pos {
	for i, line := range lines {
		for col := 1; len(line) > 0; col++ {
			r, size := utf8.DecodeRuneInString(line)
			if bad(r, size) {
				return Pos{Line: i + 1, Col: col}
			}
			line = line[size:]
		}
	}
	return Pos{}
}

func isInvalid(r rune, size int) bool { return r == utf8.RuneError && size == 1 }

func isControl(r rune, _ int) bool { return unicode.IsControl(r) && r != '\t' }
