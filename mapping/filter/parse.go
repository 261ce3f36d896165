package filter

import (
	"strings"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Limits bounds what is parsed. A zero field stands for the default.
type Limits struct {
	// Nodes is the number of comparisons, operators and value paths.
	// Default: 100.
	Nodes int
	// Depth is how deep parentheses and brackets may nest. Default: 50.
	Depth int
	// Length is the number of bytes. Default: 8192, more than most servers
	// take in a URI.
	Length int
}

// Parse reads a filter with the default limits. Attributes are looked up in
// set. Errors are [scim.Error] with invalidFilter; for syntax errors with the
// column, counted in characters from 1, and what was expected there. Values
// are never part of an error.
func Parse(s string, set *schema.Set, tol *tolerance.Session) (*Filter, error) {
	return ParseWithin(s, Limits{}, set, tol)
}

// ParseWithin is [Parse] with other limits.
func ParseWithin(s string, limits Limits, set *schema.Set, tol *tolerance.Session) (*Filter, error) {
	return parse(s, limits, set, nil, tol)
}

// ParseAmong is [Parse] for a search that goes over several resource types, of
// which set is one. An attribute that set lacks is looked up in others and has
// no value in this type (RFC 7644 section 3.4.2.1); what none of them has is an
// error.
func ParseAmong(s string, set *schema.Set, others []*schema.Set, tol *tolerance.Session) (*Filter, error) {
	return parse(s, Limits{}, set, others, tol)
}

func parse(s string, limits Limits, set *schema.Set, others []*schema.Set, tol *tolerance.Session) (*Filter, error) {
	p, err := newParser(s, limits, set, tol, scim.InvalidFilter)
	if err != nil {
		return nil, err
	}
	p.others = others
	p.skip()
	x, err := p.or(nil)
	if err != nil {
		return nil, err
	}
	if p.pos < len(p.text) {
		return nil, p.expected(`"and", "or" or the end`)
	}
	return &Filter{x}, nil
}

func newParser(s string, limits Limits, set *schema.Set, tol *tolerance.Session, kind scim.ErrorType) (*parser, error) {
	p := &parser{lexer: lexer{text: s, kind: kind}, set: set, tol: tol}
	p.nodes, p.depth = or(limits.Nodes, 100), or(limits.Depth, 50)
	if length := or(limits.Length, 8192); len(s) > length {
		return nil, scim.BadRequest(kind, "the %s is longer than %d bytes", p.noun(), length)
	}
	if !utf8.ValidString(s) {
		return nil, scim.BadRequest(kind, "the %s is not valid UTF-8", p.noun())
	}
	return p, nil
}

type parser struct {
	lexer
	set    *schema.Set
	others []*schema.Set
	tol    *tolerance.Session
	nodes  int // left
	depth  int // left
}

// node counts a node of the tree.
func (p *parser) node() error {
	if p.nodes--; p.nodes < 0 {
		return scim.BadRequest(scim.InvalidFilter, "the filter has too many terms")
	}
	return nil
}

// enter counts a level of nesting; leave gives it back.
func (p *parser) enter() error {
	if p.depth--; p.depth < 0 {
		return scim.BadRequest(scim.InvalidFilter, "the filter nests too deeply")
	}
	return nil
}

func (p *parser) leave() { p.depth++ }

// or reads one or more "and" chains. vp is the value path around, or nil.
func (p *parser) or(vp *ValuePath) (Expr, error) {
	x, err := p.and(vp)
	for err == nil && p.keyword("or") {
		var r Expr
		if r, err = p.operand(vp, p.and); err == nil {
			x, err = &Or{x, r}, p.node()
		}
	}
	return x, err
}

func (p *parser) and(vp *ValuePath) (Expr, error) {
	x, err := p.term(vp)
	for err == nil && p.keyword("and") {
		var r Expr
		if r, err = p.operand(vp, p.term); err == nil {
			x, err = &And{x, r}, p.node()
		}
	}
	return x, err
}

// operand reads what comes after "and" or "or".
func (p *parser) operand(vp *ValuePath, read func(*ValuePath) (Expr, error)) (Expr, error) {
	if !p.skip() {
		return nil, p.expected("a blank")
	}
	return read(vp)
}

// term reads a comparison, a value path, or a parenthesis with or without
// "not", and the blanks behind it.
func (p *parser) term(vp *ValuePath) (Expr, error) {
	if err := p.node(); err != nil {
		return nil, err
	}
	var x Expr
	var err error
	if negated, is := p.group(); is {
		if x, err = p.parenthesis(vp); negated {
			x = &Not{x}
		}
	} else {
		x, err = p.comparison(vp)
	}
	if err != nil {
		return nil, err
	}
	if !p.skip() && p.pos < len(p.text) && p.peek() != ')' && p.peek() != ']' {
		return nil, p.expected("a blank")
	}
	return x, nil
}

// group goes over "not" and reports whether a parenthesis is next. An
// attribute may be called "not" as well.
func (p *parser) group() (negated, is bool) {
	start := p.pos
	if negated = p.keyword("not"); negated {
		p.skip()
	}
	if p.peek() == '(' {
		return negated, true
	}
	p.pos = start
	return false, false
}

func (p *parser) parenthesis(vp *ValuePath) (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	p.skip()
	x, err := p.or(vp)
	if err == nil && !p.accept(')') {
		err = p.expected(`"and", "or" or ")"`)
	}
	return x, err
}

// comparison reads a comparison or a value path.
func (p *parser) comparison(vp *ValuePath) (Expr, error) {
	start := p.pos
	target, err := p.attribute(vp)
	if err != nil {
		return nil, err
	}
	if p.peek() != '[' {
		return p.compare(target, start)
	}
	if vp != nil {
		return nil, p.expected("an operator")
	}
	outer, err := p.valuePath(target, start)
	if err != nil {
		return nil, err
	}
	if !p.accept('.') {
		return outer, nil
	}
	// emails[type eq "work"].value eq "x" is about one and the same value, so
	// the comparison belongs inside.
	start = p.pos
	if target, err = p.attribute(outer); err != nil {
		return nil, err
	}
	if err = p.node(); err != nil {
		return nil, err
	}
	c, err := p.compare(target, start)
	if err != nil {
		return nil, err
	}
	outer.Filter = &And{outer.Filter, c}
	return outer, p.node()
}

// valuePath reads the bracket behind the attribute and what is in it.
func (p *parser) valuePath(t target, start int) (*ValuePath, error) {
	if t.path.Sub != "" || t.attr.Type != schema.Complex && !t.attr.MultiValued {
		return nil, p.errorAt(start, "the attribute "+t.path.String()+" has no values to choose from")
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	p.skip()
	vp := &ValuePath{Path: t.path, Attr: t.attr, Absent: t.absent}
	var err error
	if vp.Filter, err = p.or(vp); err != nil {
		return nil, err
	}
	if !p.accept(']') {
		return nil, p.expected(`"and", "or" or "]"`)
	}
	return vp, nil
}

// target is an attribute or sub-attribute that a filter names.
type target struct {
	path   schema.Path
	attr   *schema.Attribute
	absent bool
}

// attribute reads an attribute path; within a value path, a sub-attribute.
func (p *parser) attribute(vp *ValuePath) (target, error) {
	start := p.pos
	word := p.word()
	if word == "" {
		return target{}, p.expected("an attribute")
	}
	if vp != nil {
		return p.subAttribute(vp, word, start)
	}
	path, err := schema.ParseAttrPath(word)
	if err != nil {
		return target{}, p.errorAt(start, "expected an attribute")
	}
	t, ok := p.find(path)
	switch {
	case ok:
		return t, nil
	case strings.EqualFold(word, "not"):
		p.skip()
		return target{}, p.expected(`"(" after "not"`)
	default:
		return target{}, p.unknown(start, path, word)
	}
}

// find looks an attribute up that clients may know the values of.
func (p *parser) find(path schema.Path) (target, bool) {
	r, absent, ok := schema.ResolveAmong(path, p.set, p.others, p.tol)
	if !ok {
		return target{}, false
	}
	t := target{path: r.Path(), attr: r.Target(), absent: absent}
	if absent {
		// Without it, the name could be that of an attribute of p.set.
		t.path.URN = r.Schema.ID
	}
	return t, true
}

// unknown returns the error for the name of an attribute that there is none of.
func (p *parser) unknown(start int, path schema.Path, word string) error {
	what := "there is no attribute " + short(word)
	_, known := p.set.ResolveFor(path, p.tol)
	if _, foreign := p.set.ResolveFor(path, nil); foreign && !known {
		what += tolerance.ForeignURNs.IsOff()
	}
	return p.errorAt(start, what)
}

func (p *parser) subAttribute(vp *ValuePath, word string, start int) (target, error) {
	if _, err := schema.ParseAttrPath(word); err != nil {
		return target{}, p.errorAt(start, "expected a sub-attribute of "+vp.Path.String())
	}
	if vp.Attr.Type != schema.Complex {
		if strings.EqualFold(word, "value") {
			return target{path: vp.Path, attr: vp.Attr, absent: vp.Absent}, nil
		}
	} else if a := vp.Attr.Sub(word); a != nil && a.Returned != schema.ReturnedNever {
		path := vp.Path
		path.Sub = a.Name
		return target{path: path, attr: a, absent: vp.Absent}, nil
	}
	return target{}, p.errorAt(start, "there is no attribute "+vp.Path.String()+"."+short(word))
}

// short cuts a name that the client made up before it goes into an error.
func short(name string) string {
	if len(name) > 120 {
		return name[:120] + "..."
	}
	return name
}

func or(v, fallback int) int {
	if v == 0 {
		return fallback
	}
	return v
}
