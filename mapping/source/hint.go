package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// template returns a mapping as its writer may have meant it: "{userName}"
// without quotes is a mapping to YAML. It returns "" for any other value.
func (n Node) template() string {
	if !n.IsMap() || n.n.Style&yaml.FlowStyle == 0 || len(n.n.Content) != 2 {
		return ""
	}
	key, value := n.n.Content[0], n.n.Content[1]
	if key.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode || value.Value != "" || key.Line != value.Line || key.Line > len(n.p.lines) {
		return ""
	}
	line := []rune(n.p.lines[key.Line-1])
	if from, to := key.Column-1, value.Column-1; from > to || to > len(line) || slices.Contains(line[from:to], ':') {
		return ""
	}
	return "{" + key.Value + "}"
}

// quotesHint is the hint for a text in braces without quotes.
func (n Node) quotesHint() string {
	if text := n.template(); text != "" {
		return fmt.Sprintf("put a text in quotes: %q", text)
	}
	return ""
}

const unquoted = "write it without quotes"

// isQuoted reports whether the value is a text because of its quotes alone.
func (n Node) isQuoted() bool {
	return n.IsScalar() && n.n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
}

// integerHint is the hint for what should be a whole number.
func (n Node) integerHint() string {
	if _, err := strconv.Atoi(n.n.Value); err == nil && n.isQuoted() {
		return unquoted
	}
	return n.quotesHint()
}

// booleanHint is the hint for what should be true or false.
func (n Node) booleanHint() string {
	if n.IsScalar() {
		switch strings.ToLower(n.n.Value) {
		case "yes", "on":
			return `did you mean "true"?`
		case "no", "off":
			return `did you mean "false"?`
		case "true", "false":
			return unquoted
		}
	}
	return n.quotesHint()
}
