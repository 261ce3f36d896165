package mapping

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// entity is one resource as the API holds it, with what is kept here.
type entity struct {
	kind   *resourceType
	id     string
	raw    []byte
	doc    jsonpath.Value
	record Record

	// stranger says that what SCIM knows under the id is somebody else.
	stranger bool

	// state is what the resource's state is known to be when the object was
	// read before a call changed it; nil to read it from the object.
	state *bool

	// unshown are the ids in its lists that SCIM does not show.
	unshown map[string]bool

	// named are the ids of those elements of its lists that the API gives by
	// their names alone.
	named map[string]string

	// group is the value group that the entity is; nil for what the API has.
	// Its members are what is known of them, if that is known.
	group        *valueGroup
	members      []madeMember
	membersKnown bool

	// unread says that nothing but the id is known: SCIM deleted the resource
	// and the API does not give it out any more.
	unread bool

	// version is what meta.version shows; empty for nothing.
	version string
}

// output is the shape of a resource's SCIM answers, in the order of its
// schemas.
type output struct {
	core       []outputNode
	extensions []extensionOutput
	meta       []outputNode
}

type extensionOutput struct {
	urn   string
	nodes []outputNode
}

// outputNode is an attribute, or a complex one with its children.
type outputNode struct {
	path      schema.Path
	key       []byte
	attribute *attribute
	children  []outputNode
}

func newOutput(r *resourceType) output {
	var o output
	o.core = outputNodes(r, r.set.Core().Attributes, "")
	if externalID := r.set.Attribute("externalId"); externalID != nil {
		o.core = append(outputNodes(r, []*schema.Attribute{externalID}, ""), o.core...)
	}
	if meta := outputNodes(r, []*schema.Attribute{r.set.Attribute("meta")}, ""); len(meta) > 0 {
		o.meta = meta[0].children
	}
	for _, extension := range r.set.Extensions() {
		o.extensions = append(o.extensions, extensionOutput{
			urn: extension.ID, nodes: outputNodes(r, extension.Attributes, extension.ID),
		})
	}
	return o
}

func outputNodes(r *resourceType, attributes []*schema.Attribute, urn string) []outputNode {
	var nodes []outputNode
	for _, attribute := range attributes {
		path := schema.Path{URN: urn, Name: attribute.Name}
		node := outputNode{path: path, key: append(appendString(nil, attribute.Name), ':'), attribute: r.shown(path)}
		for _, sub := range attribute.SubAttributes {
			path.Sub = sub.Name
			if a := r.shown(path); a != nil {
				node.children = append(node.children, outputNode{path: path, key: append(appendString(nil, sub.Name), ':'), attribute: a})
			}
		}
		if node.attribute != nil || len(node.children) > 0 {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// location returns the URL of a resource.
func (r *resourceType) location(base, id string) string {
	return base + r.endpoint + "/" + url.PathEscape(id)
}

// appendResource appends the SCIM answer for a resource (RFC 7643 section 3),
// or the part of it that the projection includes.
func (r *resourceType) appendResource(dst []byte, e *entity, base string, part *projection) []byte {
	var extensions []byte
	dst = append(dst, `{"schemas":[`...)
	dst = appendString(dst, r.set.Core().ID)
	for _, x := range r.output.extensions {
		body, found := appendNodes(append(append(append(extensions, ','), quoteJSON(x.urn)...), ':', '{'), x.nodes, e, base, part)
		if found {
			extensions = append(body, '}')
			dst = appendString(append(dst, ','), x.urn)
		}
	}
	dst = append(dst, `],"id":`...)
	dst = appendString(dst, e.id)
	body, found := appendNodes(append(dst, ','), r.output.core, e, base, part)
	if found {
		dst = body
	}
	dst = append(dst, extensions...)
	return append(r.appendMeta(dst, e, base, part), '}')
}

func (r *resourceType) appendMeta(dst []byte, e *entity, base string, part *projection) []byte {
	if !part.includes(schema.Path{Name: "meta"}) {
		return dst
	}
	start := len(dst)
	dst = append(dst, `,"meta":{`...)
	// A comma comes before all but the first member.
	next := func() []byte {
		if dst[len(dst)-1] == '{' {
			return dst
		}
		return append(dst, ',')
	}
	if part.includes(schema.Path{Name: "meta", Sub: "resourceType"}) {
		dst = appendString(append(next(), `"resourceType":`...), r.name)
	}
	if body, found := appendNodes(next(), r.output.meta, e, base, part); found {
		dst = body
	}
	if part.includes(schema.Path{Name: "meta", Sub: "location"}) {
		dst = appendString(append(next(), `"location":`...), r.location(base, e.id))
	}
	if e.version != "" && part.includes(metaVersion) {
		dst = appendString(append(next(), `"version":`...), e.version)
	}
	if dst[len(dst)-1] == '{' {
		return dst[:start]
	}
	return append(dst, '}')
}

// appendNodes appends the members of an object and reports whether there were
// any.
func appendNodes(dst []byte, nodes []outputNode, e *entity, base string, part *projection) (result []byte, found bool) {
	for i := range nodes {
		node := &nodes[i]
		if !part.includes(node.path) {
			continue
		}
		start := len(dst)
		if found {
			dst = append(dst, ',')
		}
		dst = append(dst, node.key...)
		var ok bool
		if node.attribute != nil {
			value := len(dst)
			dst, ok = node.attribute.append(dst, e, base)
			if ok && part.cuts(node.path) {
				dst, ok = cutParts(dst, value, node.path, part)
			}
		} else {
			dst, ok = appendNodes(append(dst, '{'), node.children, e, base, part)
			dst = append(dst, '}')
		}
		if !ok {
			dst = dst[:start]
			continue
		}
		found = true
	}
	return dst, found
}

// append appends the attribute's value and reports whether it has one; when it
// has none, what was appended is to be dropped. Without a base, the elements of
// lists are without their URIs.
func (a *attribute) append(dst []byte, e *entity, base string) ([]byte, bool) {
	result, ok := a.appendValue(dst, e, base)
	if !ok && a.absent != nil {
		return append(dst, a.absent...), true
	}
	return result, ok
}

func (a *attribute) appendValue(dst []byte, e *entity, base string) ([]byte, bool) {
	switch {
	case a.kept:
		raw, ok := e.record.Attributes[a.name()]
		return append(dst, raw...), ok
	case a.on != nil || a.off != nil:
		return appendBool(dst, a.isOn(e)), true
	case len(a.each) > 0:
		return a.appendEach(dst, e, base)
	case a.isPlainList():
		return a.appendPlain(dst, e)
	case a.isList():
		result, ok := a.appendScalar(append(dst, `[{"value":`...), a.target.Sub("value"), e)
		result = append(result, a.as...)
		return append(result, '}', ']'), ok
	default:
		return a.appendScalar(dst, a.target, e)
	}
}

// isOn reports what the attribute that calls bring about is.
func (a *attribute) isOn(e *entity) bool {
	if e.state != nil {
		return *e.state
	}
	v := a.lookup(e.doc)
	if a.read != nil && a.read.Test != nil {
		return a.read.Test(v)
	}
	return v.Bool()
}

// lookup returns the first of the attribute's paths that has a value.
func (a *attribute) lookup(doc jsonpath.Value) jsonpath.Value { return firstValue(doc, a.paths) }

func firstValue(doc jsonpath.Value, paths []jsonpath.Path) jsonpath.Value {
	for _, p := range paths {
		if v := doc.Get(p); v.Exists() && !v.IsNull() && (!v.IsString() || v.Text() != "") {
			return v
		}
	}
	return jsonpath.Value{}
}

// text returns the attribute's value as text, before the value table.
func (a *attribute) text(doc jsonpath.Value) (string, bool) {
	v := a.lookup(doc)
	if !v.Exists() || v.IsObject() || v.IsArray() {
		return "", false
	}
	if a.read != nil && a.read.Text != nil {
		return a.read.Text(v.Text())
	}
	return v.Text(), true
}

func (a *attribute) appendScalar(dst []byte, target *schema.Attribute, e *entity) ([]byte, bool) {
	v := a.lookup(e.doc)
	if a.read != nil {
		if a.read.Test != nil {
			return appendBool(dst, a.read.Test(v)), true
		}
		text, ok := a.text(e.doc)
		return appendString(dst, text), ok
	}
	return a.appendMapped(dst, v, target)
}

// appendAs appends an upstream value as the type that SCIM promises.
func appendAs(dst []byte, v jsonpath.Value, target *schema.Attribute) ([]byte, bool) {
	if !v.Exists() || v.IsNull() || v.IsObject() || v.IsArray() {
		return dst, false
	}
	switch target.Type {
	case schema.Boolean:
		return append(dst, v.Raw()...), v.IsBool()
	case schema.Decimal:
		return append(dst, v.Raw()...), v.IsNumber()
	case schema.Integer:
		return append(dst, v.Raw()...), v.IsNumber() && !strings.ContainsAny(v.Raw(), ".eE")
	case schema.DateTime:
		_, ok := resource.ParseDateTime(v.Text())
		return appendString(dst, v.Text()), ok
	default:
		// Bytes that are no text are none in an answer either.
		if v.IsString() && utf8.ValidString(v.Raw()) {
			return append(dst, v.Raw()...), true
		}
		return appendString(dst, v.Text()), true
	}
}

func firstScalar(doc jsonpath.Value, paths []jsonpath.Path) jsonpath.Value {
	for _, p := range paths {
		if v := doc.Get(p); v.Exists() && !v.IsNull() && !v.IsObject() && !v.IsArray() {
			return v
		}
	}
	return jsonpath.Value{}
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}

// hidden reports whether SCIM deleted the resource and the API still only has
// it deactivated, or is on the way to have it back.
func (r *resourceType) hidden(e *entity) bool {
	return r.state != nil && (e.record.Underway || !e.record.Deleted.IsZero() && !r.state.isOn(e))
}
