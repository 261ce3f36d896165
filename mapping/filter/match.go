package filter

import (
	"encoding/json"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// Match reports whether a resource meets the filter. Text is compared by the
// attribute's case rule, dates as moments, numbers by size. Of a multi-valued
// attribute any value may meet a comparison. An attribute without a value is
// unlike every value, so that ne is true for it, and eq with null; only a value
// without "primary" is like one where that is false.
func (f *Filter) Match(res resource.Resource) bool {
	return f.Root.match(scope{res: res})
}

// MatchElement reports whether one value of a multi-valued attribute meets the
// filter of a value path.
func MatchElement(x Expr, element any) bool {
	return x.match(scope{element: element, inside: true})
}

// scope is what names refer to: a resource, or one value of an attribute.
type scope struct {
	res     resource.Resource
	element any
	inside  bool
}

func (x *And) match(s scope) bool { return x.L.match(s) && x.R.match(s) }
func (x *Or) match(s scope) bool  { return x.L.match(s) || x.R.match(s) }
func (x *Not) match(s scope) bool { return !x.X.match(s) }

func (x *ValuePath) match(s scope) bool {
	if x.Absent {
		return false
	}
	switch v := lookup(s.res, x.Path.URN, x.Path.Name).(type) {
	case nil:
		return false
	case []any:
		for _, e := range v {
			if MatchElement(x.Filter, e) {
				return true
			}
		}
		return false
	default:
		return MatchElement(x.Filter, v)
	}
}

func (c *Comparison) match(s scope) bool {
	v := s.element
	switch {
	case c.Absent:
		v = nil
	case !s.inside:
		v = lookup(s.res, c.Path.URN, c.Path.Name)
	}
	if c.Op == Pr || c.Value == nil {
		// ne null is the same as pr, eq null the opposite.
		return hasValue(v, c.Path.Sub) == (c.Op != Eq)
	}
	list, ok := v.([]any)
	if !ok {
		return c.one(c.part(v))
	}
	for _, e := range list {
		if c.one(c.part(e)) {
			return true
		}
	}
	return len(list) == 0 && c.Op == Ne
}

func lookup(res resource.Resource, urn, name string) any {
	if urn != "" {
		res, _ = res[urn].(map[string]any)
	}
	return res[name]
}

// part returns what is compared of one value. A value that does not say whether
// it is the primary one is not (RFC 7643 section 2.4).
func (c *Comparison) part(v any) any {
	part := sub(v, c.Path.Sub)
	if _, isObject := v.(map[string]any); isObject && part == nil && c.Path.Sub == "primary" && c.Attr.Type == schema.Boolean {
		return false
	}
	return part
}

func sub(v any, name string) any {
	if name == "" {
		return v
	}
	m, _ := v.(map[string]any)
	return m[name]
}

// hasValue reports what pr asks for: a value that is not empty, or a complex
// value with one in it.
func hasValue(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return name == "" && v != ""
	case []any:
		for _, e := range v {
			if hasValue(e, name) {
				return true
			}
		}
		return false
	case map[string]any:
		if name != "" {
			return hasValue(v[name], "")
		}
		for _, e := range v {
			if hasValue(e, "") {
				return true
			}
		}
		return false
	}
	return name == ""
}

// one compares a single value.
func (c *Comparison) one(v any) bool {
	switch v := v.(type) {
	case string:
		want, ok := c.Value.(string)
		if !ok {
			break
		}
		return c.text(v, want)
	case bool:
		want, ok := c.Value.(bool)
		return (ok && v == want) == (c.Op == Eq)
	case json.Number:
		if want, ok := c.Value.(json.Number); ok {
			return ordered(c.Op, resource.CompareNumbers(v, want))
		}
	}
	return c.Op == Ne
}

func (c *Comparison) text(v, want string) bool {
	if c.Attr.Type == schema.DateTime && c.Op != Co && c.Op != Sw && c.Op != Ew {
		moment, ok := resource.ParseDateTime(v)
		if !ok {
			return c.Op == Ne
		}
		return ordered(c.Op, moment.Compare(c.moment))
	}
	if !c.Attr.CaseExact {
		// Equality is what nearly every filter asks for, and EqualFold does not
		// allocate.
		switch c.Op {
		case Eq:
			return resource.EqualAs(c.Attr, v, want)
		case Ne:
			return !resource.EqualAs(c.Attr, v, want)
		}
		v, want = resource.FoldAs(c.Attr, v), c.folded
	}
	switch c.Op {
	case Co:
		return strings.Contains(v, want)
	case Sw:
		return strings.HasPrefix(v, want)
	case Ew:
		return strings.HasSuffix(v, want)
	}
	return ordered(c.Op, strings.Compare(v, want))
}

// ordered reports whether an operator accepts the outcome of a comparison.
func ordered(op Op, cmp int) bool {
	switch op {
	case Eq:
		return cmp == 0
	case Ne:
		return cmp != 0
	case Gt:
		return cmp > 0
	case Ge:
		return cmp >= 0
	case Lt:
		return cmp < 0
	case Le:
		return cmp <= 0
	}
	return false
}
