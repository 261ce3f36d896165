package qualytics

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed openapi.json
var documentJSON []byte

// Document is the OpenAPI 3.1 document of the contract, both dialects
// included, as GET /api/openapi.json serves it.
func Document() []byte { return bytes.Clone(documentJSON) }

// described is what the document says about one operation.
type described struct {
	secured bool
	// query and id hold the schemas of the parameters.
	query map[string]*jsonschema.Schema
	id    *jsonschema.Schema
	// body is nil for an operation that takes none.
	body    *jsonschema.Schema
	answers map[int]describedAnswer
}

// describedAnswer holds the schema of each content type; nil for one without.
// An answer without any content type has no body.
type describedAnswer map[string]*jsonschema.Schema

// contract is compiled once: it never changes, and compiling takes longer than
// many a test.
var contract = sync.OnceValue(func() map[string]*described {
	compiled, err := compile(documentJSON)
	if err != nil {
		panic(fmt.Sprintf("qualytics: openapi.json: %v", err))
	}
	return compiled
})

const documentURL = "openapi.json"

// compiler walks the document and compiles the JSON schemas in it.
type compiler struct {
	root    map[string]any
	schemas *jsonschema.Compiler
}

// node is an object of the document with its JSON pointer.
type node struct {
	value   map[string]any
	pointer string
}

func compile(document []byte) (map[string]*described, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	root, ok := parsed.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the document is not an object")
	}
	c := compiler{root: root, schemas: jsonschema.NewCompiler()}
	c.schemas.AssertFormat()
	if err := c.schemas.AddResource(documentURL, parsed); err != nil {
		return nil, err
	}
	all := map[string]*described{}
	paths := c.get(node{value: root}, "paths")
	for path := range paths.value {
		methods := c.get(paths, path)
		for method := range methods.value {
			if method == "parameters" {
				continue
			}
			name := strings.ToUpper(method) + " " + path
			if all[name], err = c.operation(methods, method); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return all, nil
}

// get is the object under a key, references followed. It is empty if there is
// no such object.
func (c compiler) get(n node, key string) node {
	value, _ := n.value[key].(map[string]any)
	return c.follow(node{value, n.pointer + "/" + escapePointer(key)})
}

func (c compiler) follow(n node) node {
	ref, ok := n.value["$ref"].(string)
	if !ok {
		return n
	}
	target := node{value: c.root}
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		target = c.get(target, part)
	}
	return target
}

func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func (c compiler) operation(path node, method string) (*described, error) {
	op := c.get(path, method)
	d := &described{query: map[string]*jsonschema.Schema{}, answers: map[int]describedAnswer{}, secured: true}
	if security, ok := op.value["security"].([]any); ok {
		d.secured = len(security) > 0
	}
	if err := c.parameters(d, path); err != nil {
		return nil, err
	}
	if err := c.parameters(d, op); err != nil {
		return nil, err
	}
	if content := c.get(c.get(op, "requestBody"), "content"); content.value != nil {
		schema, err := c.schema(c.get(content, "application/json"))
		if err != nil {
			return nil, err
		}
		d.body = schema
	}
	answers := c.get(op, "responses")
	for status := range answers.value {
		code, err := strconv.Atoi(status)
		if err != nil || http.StatusText(code) == "" {
			return nil, fmt.Errorf("response %q is no status", status)
		}
		content := c.get(c.get(answers, status), "content")
		d.answers[code] = describedAnswer{}
		for mediaType := range content.value {
			if d.answers[code][mediaType], err = c.schema(c.get(content, mediaType)); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

func (c compiler) parameters(d *described, n node) error {
	list, _ := n.value["parameters"].([]any)
	for i, item := range list {
		value, _ := item.(map[string]any)
		p := c.follow(node{value, n.pointer + "/parameters/" + strconv.Itoa(i)})
		schema, err := c.schema(p)
		if err != nil {
			return err
		}
		if p.value["in"] == "path" {
			d.id = schema
			continue
		}
		name, _ := p.value["name"].(string)
		d.query[name] = schema
	}
	return nil
}

// schema compiles what an object has under "schema", nil if it has nothing.
func (c compiler) schema(n node) (*jsonschema.Schema, error) {
	if n.value["schema"] == nil {
		return nil, nil
	}
	return c.schemas.Compile(documentURL + "#" + n.pointer + "/schema")
}
