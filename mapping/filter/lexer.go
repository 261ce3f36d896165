package filter

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// lexer walks over the text of a filter. What a word means depends on where it
// stands, so the parser asks for what it wants in place of a stream of tokens.
type lexer struct {
	text string
	pos  int
	kind scim.ErrorType // of errors
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// skip goes over blanks and returns whether there were any.
func (l *lexer) skip() bool {
	start := l.pos
	for l.pos < len(l.text) && isSpace(l.text[l.pos]) {
		l.pos++
	}
	return l.pos > start
}

// peek returns the next byte, 0 at the end.
func (l *lexer) peek() byte {
	if l.pos < len(l.text) {
		return l.text[l.pos]
	}
	return 0
}

// accept goes over the byte c if it comes next.
func (l *lexer) accept(c byte) bool {
	if l.pos < len(l.text) && l.text[l.pos] == c {
		l.pos++
		return true
	}
	return false
}

// word returns the text up to the next blank, quote, parenthesis or bracket.
func (l *lexer) word() string {
	rest := l.text[l.pos:]
	if i := strings.IndexAny(rest, " \t\n\r\"()[]"); i >= 0 {
		rest = rest[:i]
	}
	l.pos += len(rest)
	return rest
}

// keyword goes over the word w, in any case, if it comes next.
func (l *lexer) keyword(w string) bool {
	start := l.pos
	if strings.EqualFold(l.word(), w) {
		return true
	}
	l.pos = start
	return false
}

// quoted returns the JSON string that begins here.
func (l *lexer) quoted() (string, error) {
	start := l.pos
	for i := start + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
		case '"':
			var s string
			if json.Unmarshal([]byte(l.text[start:i+1]), &s) != nil {
				return "", l.errorAt(start, "the string is not a valid JSON string")
			}
			l.pos = i + 1
			return s, nil
		}
	}
	return "", l.errorAt(start, "the string has no closing quote")
}

// expected returns an error at the current place.
func (l *lexer) expected(what string) *scim.Error {
	if l.pos >= len(l.text) {
		what += ", found the end"
	}
	return l.errorAt(l.pos, "expected "+what)
}

func (l *lexer) errorAt(pos int, what string) *scim.Error {
	column := utf8.RuneCountInString(l.text[:min(pos, len(l.text))]) + 1
	what = strings.ReplaceAll(what, "%", "%%")
	return scim.BadRequest(l.kind, l.noun()+", column %d: "+what, column)
}

func (l *lexer) noun() string {
	if l.kind == scim.InvalidPath {
		return "path"
	}
	return "filter"
}
