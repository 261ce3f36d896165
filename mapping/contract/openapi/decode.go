package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

const (
	// maxDepth is how deep a document may be nested, and maxValues how many
	// values it may have, what is behind the aliases of YAML included.
	maxDepth  = 200
	maxValues = 4 << 20
)

// decode reads a JSON or YAML document into the values of encoding/json, with
// numbers as json.Number.
func decode(src []byte) (any, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, errors.New("it is empty")
	}
	d := &decoder{left: maxValues}
	if c := bytes.TrimSpace(src)[0]; c == '{' || c == '[' {
		value, err := decodeJSON(src)
		if err != nil {
			return nil, err
		}
		return value, d.checkJSON(value, 0)
	}
	if c := bytes.TrimSpace(src)[0]; c == '<' {
		return nil, errors.New("it is a page of HTML or XML; is that the address of the document itself?")
	}
	loader, err := yaml.NewLoader(bytes.NewReader(src), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := loader.Load(&doc); err != nil {
		return nil, fmt.Errorf("not valid YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, errors.New("it is empty")
	}
	return d.yaml(doc.Content[0], 0)
}

func decodeJSON(src []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.UseNumber()
	if err = decoder.Decode(&value); err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return value, nil
		}
		err = errors.New("something follows the document")
	}
	at := src[:min(max(decoder.InputOffset(), 0), int64(len(src)))]
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = src[:min(syntax.Offset, int64(len(src)))]
	}
	line := 1 + bytes.Count(at, []byte("\n"))
	return nil, fmt.Errorf("not valid JSON, in line %d: %w", line, err)
}

// decoder bounds what it decodes.
type decoder struct{ left int }

func (d *decoder) count(depth int) error {
	d.left--
	switch {
	case d.left < 0:
		return fmt.Errorf("it has more than %d values", maxValues)
	case depth > maxDepth:
		return fmt.Errorf("it is nested deeper than %d", maxDepth)
	default:
		return nil
	}
}

func (d *decoder) checkJSON(value any, depth int) error {
	if err := d.count(depth); err != nil {
		return err
	}
	switch v := value.(type) {
	case json.Number:
		return checkNumber(v)
	case []any:
		for _, element := range v {
			if err := d.checkJSON(element, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, member := range v {
			if err := d.checkJSON(member, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkNumber refuses numbers that would take very long to compute with.
func checkNumber(n json.Number) error {
	if f, err := strconv.ParseFloat(n.String(), 64); err != nil || f != 0 && math.Abs(f) < 1e-300 || len(n) > 400 {
		return fmt.Errorf("the number %.40s is out of range", n)
	}
	return nil
}

func (d *decoder) yaml(n *yaml.Node, depth int) (any, error) {
	if err := d.count(depth); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yaml.AliasNode:
		return d.yaml(n.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, child := range n.Content {
			var err error
			if list[i], err = d.yaml(child, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		return d.yamlObject(n, depth)
	default:
		return scalar(n)
	}
}

func (d *decoder) yamlObject(n *yaml.Node, depth int) (any, error) {
	object := make(map[string]any)
	for i := 0; i+1 < len(n.Content); i += 2 {
		// Status codes are keys that are numbers to YAML.
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("in line %d, a key is not a text", key.Line)
		}
		if _, twice := object[key.Value]; twice {
			return nil, fmt.Errorf("in line %d, %q is there for the second time", key.Line, key.Value)
		}
		value, err := d.yaml(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		object[key.Value] = value
	}
	return object, nil
}

func scalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value), checkNumber(json.Number(n.Value))
		}
		var f float64
		if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fmt.Errorf("in line %d, %.40q is not a number of JSON", n.Line, n.Value)
		}
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), nil
	default:
		return n.Value, nil
	}
}
