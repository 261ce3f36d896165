// Package openapi reads OpenAPI documents, as far as they say what calls an API
// has, and what it takes and answers. It reads versions 3.0 and 3.1, of which
// the latter has the schemas of JSON Schema 2020-12.
package openapi

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// MaxSize is the size of the largest document that is read, in bytes. APIs of
// many hundred calls have some MiB.
const MaxSize = 32 << 20

// Document is an OpenAPI document. It is not safe for concurrent use: schemas
// are compiled when they are asked for.
type Document struct {
	root    map[string]any
	schemas *jsonschema.Compiler
}

// Read reads a document in JSON or YAML. The error says what it is instead.
// That a part of it is broken is found when that part is asked for.
func Read(src []byte) (*Document, error) {
	if len(src) > MaxSize {
		return nil, fmt.Errorf("it has %d bytes; at most %d are read", len(src), MaxSize)
	}
	value, err := decode(src)
	if err != nil {
		return nil, err
	}
	root, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object, as an OpenAPI document is")
	}
	if err := dialect(root); err != nil {
		return nil, err
	}
	if _, ok := root["paths"].(map[string]any); !ok {
		return nil, errors.New(`it has no "paths", of which the calls would be`)
	}
	d := &Document{root: root, schemas: jsonschema.NewCompiler()}
	d.schemas.AssertFormat()
	d.schemas.UseLoader(alone{})
	d.schemas.UseRegexpEngine(pattern)
	return d, d.schemas.AddResource(documentURL, root)
}

// documentURL is where the document is to the compiler of its schemas.
const (
	documentBase = "https://document.invalid/"
	documentURL  = documentBase + "openapi.json"
)

// alone loads nothing: what a document refers to outside of itself is not read.
type alone struct{}

func (alone) Load(string) (any, error) {
	return nil, errors.New("it is not in the document")
}

// dialect finds out what the schemas are written in, and makes them those of
// JSON Schema.
func dialect(root map[string]any) error {
	version, _ := root["openapi"].(string)
	major, minor, _ := strings.Cut(version, ".")
	minor, _, _ = strings.Cut(minor, ".")
	number, err := strconv.Atoi(minor)
	switch {
	case root["swagger"] != nil:
		return errors.New("it is of Swagger 2.0; OpenAPI 3.0 and 3.1 are read")
	case version == "":
		return errors.New(`it does not say "openapi" and a version, as an OpenAPI document does`)
	case major != "3" || err != nil:
		return fmt.Errorf("it is of OpenAPI %s; 3.0 and 3.1 are read", version)
	case number == 0:
		modernise(root, false)
	}
	// Its place is that of the document.
	delete(root, "$id")
	delete(root, "$schema")
	return nil
}

// node is an object of the document with its JSON pointer.
type node struct {
	value   map[string]any
	pointer string
}

// Pointer returns the JSON pointer as a fragment that people can read.
func (n node) Pointer() string { return "#" + n.pointer }

// maxReferences bounds how many references lead to one another.
const maxReferences = 32

// follow returns what a node refers to, or the node itself.
func (d *Document) follow(n node) (node, error) {
	for range maxReferences {
		ref, ok := n.value["$ref"].(string)
		if !ok {
			return n, nil
		}
		target, err := d.at(ref)
		if err != nil {
			return n, fmt.Errorf("%s refers to %q, %w", n.Pointer(), ref, err)
		}
		n = target
	}
	return n, fmt.Errorf("%s is a reference that leads nowhere", n.Pointer())
}

// at returns the object that a reference leads to.
func (d *Document) at(ref string) (node, error) {
	fragment, local := strings.CutPrefix(ref, "#")
	pointer, err := url.PathUnescape(fragment)
	if !local || err != nil {
		return node{}, errors.New("which is not in the document")
	}
	var value any = d.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch inside := value.(type) {
		case map[string]any:
			value = inside[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(inside) {
				return node{}, errors.New("which is not there")
			}
			value = inside[i]
		default:
			value = nil
		}
	}
	object, ok := value.(map[string]any)
	if !ok {
		return node{}, errors.New("where there is no object")
	}
	return node{value: object, pointer: pointer}, nil
}

// child returns the object under a key, its reference followed; ok is false
// when there is none.
func (d *Document) child(n node, key string) (child node, ok bool, err error) {
	value, there := n.value[key]
	if !there || value == nil {
		return node{}, false, nil
	}
	child = node{pointer: n.pointer + "/" + escape(key)}
	if child.value, ok = value.(map[string]any); !ok {
		return node{}, false, fmt.Errorf("%s is not an object", child.Pointer())
	}
	child, err = d.follow(child)
	return child, err == nil, err
}

// elements returns the objects in a list, their references followed.
func (d *Document) elements(n node, key string) ([]node, error) {
	value, there := n.value[key]
	list, ok := value.([]any)
	if there && !ok {
		return nil, fmt.Errorf("%s/%s is not a list", n.Pointer(), escape(key))
	}
	nodes := make([]node, len(list))
	for i, element := range list {
		e := node{pointer: n.pointer + "/" + escape(key) + "/" + strconv.Itoa(i)}
		if e.value, ok = element.(map[string]any); !ok {
			return nil, fmt.Errorf("%s is not an object", e.Pointer())
		}
		var err error
		if nodes[i], err = d.follow(e); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// keys returns the keys of an object in order.
func (n node) keys() []string { return slices.Sorted(maps.Keys(n.value)) }
