// Package filter reads and evaluates SCIM filters (RFC 7644 section 3.4.2.2)
// and the paths of PATCH operations (section 3.5.2), which share their grammar.
package filter

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// Op is a comparison operator in lower case.
type Op string

// The operators of RFC 7644, table 3.
const (
	Eq Op = "eq"
	Ne Op = "ne"
	Co Op = "co"
	Sw Op = "sw"
	Ew Op = "ew"
	Gt Op = "gt"
	Ge Op = "ge"
	Lt Op = "lt"
	Le Op = "le"
	Pr Op = "pr"
)

// Expr is a node of a filter: [*Comparison], [*And], [*Or], [*Not] or
// [*ValuePath]. Nodes come from the parser and must not be changed.
type Expr interface {
	// match evaluates the node within a resource or one value of an attribute.
	match(s scope) bool
	// write appends the canonical text. inside is whether a value path is around.
	write(b *strings.Builder, inside bool)
}

// Comparison compares an attribute with a value.
type Comparison struct {
	// Path is the canonical path of what is compared, also within a value path:
	// "emails.type" in emails[type eq "work"]. A complex attribute is compared
	// by its sub-attribute "value", which is then part of Path.
	Path schema.Path
	// Attr is the attribute or sub-attribute that is compared.
	Attr *schema.Attribute
	// Op is the operator.
	Op Op
	// Value is a string, bool, json.Number or nil, of Attr's type; nil for pr.
	Value any
	// Absent says that only other resource types have the attribute, see
	// [ParseAmong]. It has no value then.
	Absent bool

	folded string    // of a string to be compared without case
	moment time.Time // of a dateTime
}

// And is true if both sides are.
type And struct{ L, R Expr }

// Or is true if either side is.
type Or struct{ L, R Expr }

// Not is true if X is not.
type Not struct{ X Expr }

// ValuePath is true if one and the same value of a complex attribute makes
// Filter true: emails[type eq "work" and value co "@x"].
type ValuePath struct {
	// Path is the canonical path of the attribute.
	Path schema.Path
	// Attr is the attribute.
	Attr *schema.Attribute
	// Filter is about the attribute's sub-attributes.
	Filter Expr
	// Absent says that only other resource types have the attribute, see
	// [ParseAmong]. It has no value then.
	Absent bool
}

// Filter is a parsed filter. It is immutable.
type Filter struct {
	// Root is the outermost node.
	Root Expr
}

// String returns the canonical text, which parses to the same filter.
func (f *Filter) String() string { return Text(f.Root) }

// Text returns the canonical text of a node that is not within a value path.
func Text(x Expr) string {
	var b strings.Builder
	x.write(&b, false)
	return b.String()
}

func (c *Comparison) write(b *strings.Builder, inside bool) {
	if inside {
		name := c.Path.Sub
		if name == "" {
			name = "value"
		}
		b.WriteString(name)
	} else {
		b.WriteString(c.Path.String())
	}
	b.WriteByte(' ')
	b.WriteString(string(c.Op))
	if c.Op != Pr {
		b.WriteByte(' ')
		b.WriteString(literal(c.Value))
	}
}

// literal writes a value as JSON. Only strings need encoding/json.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(v) // strings cannot fail
		return strings.TrimSuffix(b.String(), "\n")
	case json.Number:
		return string(v)
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return "null"
}

func (x *And) write(b *strings.Builder, inside bool) {
	writeOperand(b, x.L, inside)
	b.WriteString(" and ")
	writeOperand(b, x.R, inside)
}

// writeOperand puts parentheses around what binds less tightly than "and".
func writeOperand(b *strings.Builder, x Expr, inside bool) {
	if _, ok := x.(*Or); !ok {
		x.write(b, inside)
		return
	}
	b.WriteByte('(')
	x.write(b, inside)
	b.WriteByte(')')
}

func (x *Or) write(b *strings.Builder, inside bool) {
	x.L.write(b, inside)
	b.WriteString(" or ")
	x.R.write(b, inside)
}

func (x *Not) write(b *strings.Builder, inside bool) {
	b.WriteString("not (")
	x.X.write(b, inside)
	b.WriteByte(')')
}

func (x *ValuePath) write(b *strings.Builder, _ bool) {
	b.WriteString(x.Path.String())
	b.WriteByte('[')
	x.Filter.write(b, true)
	b.WriteByte(']')
}
