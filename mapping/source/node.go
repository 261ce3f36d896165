package source

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Node is one value of a file. Its methods record a mistake and return
// ok=false when the value is not of the asked kind. The zero Node stands for a
// key that is absent; its methods return ok=false and record nothing.
type Node struct {
	n *yaml.Node
	p *Problems
}

// Present reports whether the value is there, null included.
func (n Node) Present() bool { return n.n != nil }

// Pos returns the value's place; the zero Pos when it is absent.
func (n Node) Pos() Pos {
	if n.n == nil {
		return Pos{}
	}
	return Pos{Line: n.n.Line, Col: n.n.Column}
}

// Addf records a mistake at the value's place.
func (n Node) Addf(format string, args ...any) { n.p.Addf(n.Pos(), format, args...) }

// AddHint records a mistake at the value's place with a hint.
func (n Node) AddHint(hint, format string, args ...any) {
	n.p.AddHint(n.Pos(), hint, format, args...)
}

// Expected records that something else was expected in the value's place.
func (n Node) Expected(what string) { n.expected(n.quotesHint(), what) }

func (n Node) expected(hint, what string) {
	n.AddHint(hint, "expected %s, found %s", what, n.kind())
}

// IsNull reports whether the value is there and null.
func (n Node) IsNull() bool {
	return n.n != nil && n.n.Kind == yaml.ScalarNode && n.n.Tag == "!!null"
}

// IsScalar reports whether the value is a scalar, null included.
func (n Node) IsScalar() bool { return n.n != nil && n.n.Kind == yaml.ScalarNode }

// IsMap reports whether the value is a mapping.
func (n Node) IsMap() bool { return n.n != nil && n.n.Kind == yaml.MappingNode }

// String returns a scalar's text, whatever its type; null is a mistake.
func (n Node) String() (string, bool) {
	if n.n == nil {
		return "", false
	}
	if !n.IsScalar() || n.IsNull() {
		n.Expected("a text")
		return "", false
	}
	return n.n.Value, true
}

// Word returns a scalar that is one of the known words.
func (n Node) Word(known ...string) (string, bool) {
	word, ok := n.String()
	if !ok {
		return "", false
	}
	if !slices.Contains(known, word) {
		hint := DidYouMean(word, known)
		if hint == "" {
			hint = "expected " + OneOf(known)
		}
		n.AddHint(hint, "%q is not known here", word)
		return "", false
	}
	return word, true
}

// Bool returns true or false, written as such.
func (n Node) Bool() (value, ok bool) {
	if n.n == nil {
		return false, false
	}
	if n.IsScalar() && n.n.Tag == "!!bool" {
		return strings.EqualFold(n.n.Value, "true"), true
	}
	n.expected(n.booleanHint(), "true or false")
	return false, false
}

// Int returns a decimal integer from low to high.
func (n Node) Int(low, high int) (int, bool) {
	if n.n == nil {
		return 0, false
	}
	// The text is read again here: to YAML, 0123, 0x7B and 1_000 are numbers too.
	value, err := strconv.Atoi(n.n.Value)
	if !n.IsScalar() || n.n.Tag != "!!int" || err != nil || strconv.Itoa(value) != n.n.Value || value < low || value > high {
		n.expected(n.integerHint(), fmt.Sprintf("a whole number from %d to %d", low, high))
		return 0, false
	}
	return value, true
}

// List returns the elements of a sequence, or a scalar as the only element.
func (n Node) List() ([]Node, bool) {
	switch {
	case n.n == nil:
		return nil, false
	case n.IsScalar() && !n.IsNull():
		return []Node{n}, true
	case n.n.Kind != yaml.SequenceNode:
		n.Expected("a list")
		return nil, false
	case len(n.n.Content) == 0:
		n.Addf("the list is empty")
		return nil, false
	}
	list := make([]Node, len(n.n.Content))
	for i, child := range n.n.Content {
		list[i] = Node{n: child, p: n.p}
	}
	return list, true
}

// Elements returns the elements of a sequence, which may have none.
func (n Node) Elements() ([]Node, bool) {
	if n.n != nil && n.n.Kind == yaml.SequenceNode && len(n.n.Content) == 0 {
		return nil, true
	}
	if n.IsScalar() {
		n.Expected("a list")
		return nil, false
	}
	return n.List()
}

// JSON returns the value as JSON: null, true or false, a decimal number, a
// text, or a list or mapping of these.
func (n Node) JSON() (json.RawMessage, bool) {
	value, ok := n.value()
	if !ok {
		return nil, false
	}
	raw, err := json.Marshal(value)
	if err != nil {
		n.Addf("the value can't be written as JSON: %v", err)
		return nil, false
	}
	return raw, true
}

func (n Node) value() (any, bool) {
	switch {
	case n.n == nil:
		return nil, false
	case n.n.Kind == yaml.SequenceNode:
		list, ok := make([]any, len(n.n.Content)), true
		for i, child := range n.n.Content {
			value, childOK := Node{n: child, p: n.p}.value()
			list[i], ok = value, ok && childOK
		}
		return list, ok
	case n.template() != "":
		n.AddHint(n.quotesHint(), "%s is a mapping to YAML", n.template())
		return nil, false
	case n.IsMap():
		m, ok := n.Map()
		object := make(map[string]any)
		for _, entry := range m.Entries() {
			value, valueOK := entry.Value.value()
			object[entry.Name], ok = value, ok && valueOK
		}
		return object, ok
	case n.IsNull():
		return nil, true
	case n.n.Tag == "!!bool":
		return n.Bool()
	case n.n.Tag == "!!int" || n.n.Tag == "!!float":
		if !json.Valid([]byte(n.n.Value)) {
			n.AddHint("put a text in quotes", "%s is not a plain decimal number", n.kind())
			return nil, false
		}
		return json.Number(n.n.Value), true
	default:
		return n.String()
	}
}

func (n Node) kind() string {
	switch {
	case n.n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.n.Kind == yaml.SequenceNode:
		return "a list"
	case n.IsNull():
		return "nothing"
	default:
		return strconv.Quote(n.n.Value)
	}
}
