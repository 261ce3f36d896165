package openapi

import (
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
)

// Operation is one call of the API.
type Operation struct {
	// Method is in capitals, and Path the path from the root of the host, in
	// which the parameters stand in braces.
	Method, Path string

	d    *Document
	node node
	item node
}

// Pointer leads to the operation in the document.
func (o *Operation) Pointer() string { return o.node.Pointer() }

// methods are the keys of operations, in the order in which they are told.
var methods = []string{"get", "post", "put", "patch", "delete", "head", "options", "trace"}

// Operations returns all calls, in the order of their paths. The first part of a
// path comes from the servers; where there are several, the call is there for
// each of their paths.
func (d *Document) Operations() ([]*Operation, error) {
	root := node{value: d.root}
	paths, _, err := d.child(root, "paths")
	if err != nil {
		return nil, err
	}
	var all []*Operation
	for _, path := range paths.keys() {
		if !strings.HasPrefix(path, "/") {
			continue
		}
		item, ok, err := d.child(paths, path)
		if err != nil {
			return nil, err
		}
		for _, method := range methods {
			if !ok || item.value[method] == nil {
				continue
			}
			operation, _, err := d.child(item, method)
			if err != nil {
				return nil, err
			}
			bases, err := d.bases(operation, item, root)
			if err != nil {
				return nil, err
			}
			for _, base := range bases {
				all = append(all, &Operation{Method: strings.ToUpper(method), Path: base + path, d: d, node: operation, item: item})
			}
		}
	}
	return all, nil
}

// bases returns the paths of the servers, of the first node that names some.
func (d *Document) bases(nodes ...node) ([]string, error) {
	for _, n := range nodes {
		servers, err := d.elements(n, "servers")
		if err != nil {
			return nil, err
		}
		var bases []string
		for _, server := range servers {
			address, _ := server.value["url"].(string)
			variables, _, err := d.child(server, "variables")
			if err != nil {
				return nil, err
			}
			for _, name := range variables.keys() {
				variable, _, err := d.child(variables, name)
				if err != nil {
					return nil, err
				}
				value, _ := variable.value["default"].(string)
				address = strings.ReplaceAll(address, "{"+name+"}", value)
			}
			u, err := url.Parse(address)
			if err != nil {
				return nil, fmt.Errorf("%s is not the address of a server", server.Pointer())
			}
			base := strings.TrimSuffix(u.Path, "/")
			if base != "" && !strings.HasPrefix(base, "/") {
				base = "/" + base
			}
			if !slices.Contains(bases, base) {
				bases = append(bases, base)
			}
		}
		if len(bases) > 0 {
			return bases, nil
		}
	}
	return []string{""}, nil
}

// Parameter is a parameter of a call.
type Parameter struct {
	// Name and In are the name and where it is: "query", "path", "header" or
	// "cookie".
	Name, In string

	Required bool

	// Schema is what its value can be; nil where the document does not say.
	Schema *Schema

	node node
}

// Pointer leads to the parameter in the document.
func (p *Parameter) Pointer() string { return p.node.Pointer() }

// Parameters returns the parameters, those of the path's own included.
func (o *Operation) Parameters() ([]*Parameter, error) {
	var all []*Parameter
	for _, n := range []node{o.node, o.item} {
		nodes, err := o.d.elements(n, "parameters")
		if err != nil {
			return nil, err
		}
		for _, n := range nodes {
			p := &Parameter{node: n}
			p.Name, _ = n.value["name"].(string)
			p.In, _ = n.value["in"].(string)
			p.Required, _ = n.value["required"].(bool)
			if slices.ContainsFunc(all, func(other *Parameter) bool { return other.Name == p.Name && other.In == p.In }) {
				continue
			}
			if p.Schema, err = o.d.schema(n); err != nil {
				return nil, err
			}
			if content, ok, err := o.d.child(n, "content"); err != nil {
				return nil, err
			} else if ok {
				if p.Schema, _, err = o.d.json(content); err != nil {
					return nil, err
				}
			}
			all = append(all, p)
		}
	}
	return all, nil
}

// Content is the body of a request or an answer.
type Content struct {
	// Required says that a request must have it.
	Required bool

	// Types are its media types; none for an answer without a body.
	Types []string

	// JSON says that one of the types is JSON, and Schema what it is then; nil
	// where the document does not say.
	JSON   bool
	Schema *Schema

	node node
}

// Pointer leads to the request body or the response in the document.
func (c *Content) Pointer() string { return c.node.Pointer() }

// Body returns the body that the call takes; nil when it takes none.
func (o *Operation) Body() (*Content, error) {
	body, ok, err := o.d.child(o.node, "requestBody")
	if err != nil || !ok {
		return nil, err
	}
	return o.d.content(body)
}

// Deprecated reports whether the API is going to be without the call.
func (o *Operation) Deprecated() bool {
	deprecated, _ := o.node.value["deprecated"].(bool)
	return deprecated
}

// Answer returns what the call answers when it has done what it was asked; nil
// when the document does not say.
func (o *Operation) Answer() (*Content, error) {
	responses, _, err := o.d.child(o.node, "responses")
	if err != nil {
		return nil, err
	}
	for _, status := range responses.keys() {
		if strings.HasPrefix(status, "2") {
			return o.Response(status)
		}
	}
	return o.Response("default")
}

// Response returns what the call answers with a status, as the document has it
// for a key; nil when there is none.
func (o *Operation) Response(status string) (*Content, error) {
	responses, _, err := o.d.child(o.node, "responses")
	if err != nil {
		return nil, err
	}
	response, ok, err := o.d.child(responses, status)
	if err != nil || !ok {
		return nil, err
	}
	return o.d.content(response)
}

func (d *Document) content(n node) (*Content, error) {
	c := &Content{node: n}
	c.Required, _ = n.value["required"].(bool)
	types, _, err := d.child(n, "content")
	if err != nil {
		return nil, err
	}
	c.Types = types.keys()
	c.Schema, c.JSON, err = d.json(types)
	return c, err
}

// json returns the schema of the media type that is JSON; ok is false when none
// is.
func (d *Document) json(types node) (schema *Schema, ok bool, err error) {
	for _, name := range types.keys() {
		kind, _, err := mime.ParseMediaType(name)
		if err != nil || kind != "application/json" && kind != "application/*" && kind != "*/*" && !strings.HasSuffix(kind, "+json") {
			continue
		}
		media, _, err := d.child(types, name)
		if err != nil {
			return nil, false, err
		}
		schema, err = d.schema(media)
		return schema, true, err
	}
	return nil, false, nil
}
