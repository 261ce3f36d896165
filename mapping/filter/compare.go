package filter

import (
	"encoding/json"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

const operators = "an operator (eq, ne, co, sw, ew, gt, ge, lt, le or pr)"

// compare reads operator and value behind an attribute, which began at start.
func (p *parser) compare(t target, start int) (*Comparison, error) {
	if !p.skip() {
		return nil, p.expected("a blank and " + operators)
	}
	at := p.pos
	op := Op(strings.ToLower(p.word()))
	switch op {
	case Pr:
		return &Comparison{Path: t.path, Attr: t.attr, Op: Pr, Absent: t.absent}, nil
	case Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le:
	default:
		return nil, p.errorAt(at, "expected "+operators)
	}
	if !p.skip() {
		return nil, p.expected("a blank and a value")
	}
	valueAt := p.pos
	v, bare, err := p.literal()
	if err != nil {
		return nil, err
	}
	c := &Comparison{Path: t.path, Attr: t.attr, Op: op, Value: v, Absent: t.absent}
	if v == nil && !bare {
		if op != Eq && op != Ne {
			return nil, p.errorAt(at, "null can be compared with eq and ne only")
		}
		return c, nil
	}
	if t.attr.Type == schema.Complex {
		sub := t.attr.Sub("value")
		if sub == nil {
			return nil, p.errorAt(start, "the attribute "+t.path.String()+" can only be compared by a sub-attribute")
		}
		c.Path.Sub, c.Attr = sub.Name, sub
	}
	if !allowed(c.Attr.Type, op) {
		return nil, p.errorAt(at, "the operator "+string(op)+" does not go with "+c.Path.String())
	}
	return c, p.typed(c, valueAt, bare)
}

// normal returns a text as a request that stored it would have left it: it is that
// which is looked for.
func (p *parser) normal(c *Comparison, text string) (string, bool) {
	before := text
	if c.Op != Eq && c.Op != Ne {
		return text, false
	}
	if t := strings.TrimSpace(text); t != text && t != "" && resource.IsName(c.Path) && p.tol.Allow(tolerance.TrimNames) {
		text = t
	}
	if c.Attr.Normal != nil {
		if t, ok := c.Attr.Normal(text); ok {
			text = t
		}
	}
	return text, text != before
}

// allowed reports whether an operator makes sense for a type: RFC 7644 refuses
// an order among booleans and binary values, and parts only texts have.
func allowed(t schema.Type, op Op) bool {
	switch op {
	case Eq, Ne:
		return true
	case Co, Sw, Ew:
		return t == schema.String || t == schema.Reference || t == schema.DateTime || t == schema.Binary
	}
	return t != schema.Boolean && t != schema.Binary
}

// literal reads a value. A number or a word without quotes comes back with
// bare set, the latter as a string.
func (p *parser) literal() (v any, bare bool, err error) {
	if p.peek() == '"' {
		s, err := p.quoted()
		return s, false, err
	}
	start := p.pos
	word := p.word()
	switch {
	case word == "" || word[0] == '\'' || p.peek() == '"' || p.peek() == '[' || p.peek() == '(':
		p.pos = start
		return nil, false, p.expected("a value: a string in double quotes, a number, true, false or null")
	case word == "null":
		return nil, false, nil
	case word == "true", word == "false":
		return word == "true", true, nil
	case resource.IsNumber(word):
		return json.Number(word), true, nil
	}
	return word, true, nil
}

// typed brings the value of a comparison into the type of its attribute.
func (p *parser) typed(c *Comparison, at int, bare bool) error {
	wrong := func(what string) error {
		return p.errorAt(at, "expected "+what+" for "+c.Path.String())
	}
	refused := func(what string, n tolerance.Name) error {
		return p.errorAt(at, "expected "+what+" for "+c.Path.String()+n.IsOff())
	}
	text, isText := c.Value.(string)
	switch c.Attr.Type {
	case schema.Boolean:
		if !isText {
			if _, ok := c.Value.(bool); !ok {
				return wrong("true or false")
			}
			return nil
		}
		b := strings.EqualFold(text, "true") || text == "1"
		switch {
		case !b && !strings.EqualFold(text, "false") && text != "0":
			return wrong("true or false")
		case !p.tol.Allow(tolerance.StringBooleans):
			return refused("true or false", tolerance.StringBooleans)
		}
		c.Value = b
		return nil
	case schema.Integer, schema.Decimal:
		if _, ok := c.Value.(json.Number); ok {
			return nil
		}
		switch {
		case !isText || !resource.IsNumber(text):
			return wrong("a number")
		case !p.tol.Allow(tolerance.StringNumbers):
			return refused("a number", tolerance.StringNumbers)
		}
		c.Value = json.Number(text)
		return nil
	}
	if bare {
		if !p.tol.Allow(tolerance.UnquotedFilterValue) {
			return refused("a string in double quotes", tolerance.UnquotedFilterValue)
		}
		if !isText {
			text = literal(c.Value)
			c.Value = text
		}
	}
	if t, changed := p.normal(c, text); changed {
		c.Value, text = t, t
	}
	switch {
	case c.Attr.Type == schema.DateTime && c.Op != Co && c.Op != Sw && c.Op != Ew:
		moment, ok := resource.ParseDateTime(text)
		if !ok {
			return wrong("a date and time such as \"2011-05-13T04:42:34Z\"")
		}
		c.moment = moment
	case !c.Attr.CaseExact:
		c.folded = resource.FoldAs(c.Attr, text)
	}
	return nil
}
