package mappingtest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// entry is a key of a mapping in YAML that keeps its place.
type entry struct {
	key   string
	value any
}

// block is a list that never stands in one line.
type block []any

// lines writes a value as the lines of a YAML document: a list of entries in
// their order, JSON values with their keys sorted.
func lines(v any, compact bool) []string {
	// A tree of scalars, lists and mappings can be written.
	text, _ := yaml.Dump(node(v, compact), yaml.WithV3Defaults(), yaml.WithIndent(2), yaml.WithLineWidth(-1))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// widest is how long a mapping or list in one line may be.
const widest = 90

// node makes the YAML of a value. If it is to be compact, small mappings and
// lists of scalars stand in one line.
func node(v any, compact bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	add := func(key string, value any) {
		n.Content = append(n.Content, node(key, compact), node(value, compact))
	}
	switch v := v.(type) {
	case []entry:
		for _, e := range v {
			add(e.key, e.value)
		}
		return n
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			add(key, v[key])
		}
	case block:
		n = node([]any(v), compact)
		if len(v) > 0 {
			n.Style = 0
		}
		return n
	case []any:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		for _, element := range v {
			n.Content = append(n.Content, node(element, compact))
		}
	default:
		return scalar(v)
	}
	if len(n.Content) == 0 || compact && isSmall(n) {
		n.Style = yaml.FlowStyle
	}
	return n
}

func isSmall(n *yaml.Node) bool {
	length := 0
	for _, child := range n.Content {
		if child.Kind != yaml.ScalarNode {
			return false
		}
		length += len(child.Value) + 2
	}
	return length < widest
}

func scalar(v any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v := v.(type) {
	case json.Number:
		n.SetString(string(v))
		n.Tag = "!!float"
		if !strings.ContainsAny(string(v), ".eE") {
			n.Tag = "!!int"
		}
	case string:
		n.SetString(v)
	default:
		_ = n.Encode(v) // true, false, a number or nothing
	}
	return n
}
