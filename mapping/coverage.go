package mapping

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Coverage notes which parts of a mapping requests have put to use. As the
// Explainer of their World it learns what they decide; it has to be told which
// calls they make and what of their answers somebody has looked at. It is safe
// for concurrent use.
type Coverage struct {
	program *Program

	mu    sync.Mutex
	parts []*coverable
	used  map[useOf]bool
}

// Unused is a part of a mapping that no request has put to use.
type Unused struct {
	// Pos is where the mapping has it.
	Pos source.Pos

	// Part is what it is, such as "User.emails", and Why it is unused, such as
	// "is given by no request".
	Part, Why string
}

// useOf is a use of a part. The field is empty where the use is of no field.
type useOf struct {
	use                        string
	resource, attribute, field string
	at                         string
}

type coverable struct {
	Unused
	by useOf
}

// The uses of parts, beside the ways in which values come about.
const (
	useCall   = "call"
	useShown  = "shown"
	useAdopt  = "adopt"
	useFilter = "filter"
	useSort   = "sort"
	useGuard  = "guard"
	useLocate = "locate"
	useValue  = "value"
)

// NewCoverage returns the coverage of the mapping by no request yet.
func (p *Program) NewCoverage() *Coverage {
	c := &Coverage{program: p, used: make(map[useOf]bool)}
	for _, r := range p.resources {
		c.attributes(r)
		c.fields(r)
		c.calls(r)
		c.lists(r)
		for _, g := range r.grouped {
			for _, group := range g.groups {
				c.add(group.pos, group.id, "is shown in no answer that is looked at", useOf{use: useShown, attribute: group.id})
			}
		}
	}
	return c
}

func (c *Coverage) add(pos source.Pos, name, why string, by useOf) {
	c.parts = append(c.parts, &coverable{Unused{pos, name, why}, by})
}

func (c *Coverage) attributes(r *resourceType) {
	for _, a := range r.attributes {
		name := r.name + "." + a.name()
		if !a.secret && a.target.Mutability != schema.WriteOnly {
			c.add(a.pos, name, "is shown in no answer that is looked at", useOf{use: useShown, resource: r.name, attribute: a.name()})
		}
		for i, word := range a.words {
			c.add(a.wordsAt[i], name+", values "+word, "is written by no request",
				useOf{use: useValue, resource: r.name, attribute: a.name(), field: string(a.toAPI[strings.ToLower(word)])})
		}
		written := useOf{resource: r.name, attribute: a.name(), at: c.program.at(a.pos)}
		switch {
		case a.kept:
			written.use = string(plan.Kept)
		case a.into != nil:
			written.use, written.field = string(plan.Given), a.into.String()
		case a.on != nil || a.off != nil:
			written.use = string(plan.Called)
		default:
			continue
		}
		c.add(a.pos, name, "is given by no request", written)
	}
}

// fields adds each way in which a field of the API comes by its value.
func (c *Coverage) fields(r *resourceType) {
	for _, f := range r.fields {
		name := r.name + "." + f.owner.name()
		for i := range f.sources {
			t := &f.sources[i]
			var names []string
			for _, a := range t.attributes() {
				names = append(names, a.name())
			}
			part := name
			if t.pos != f.owner.pos {
				part += " from " + t.text
			}
			c.add(t.pos, part, "is given by no request", useOf{
				use: string(plan.Given), resource: r.name, attribute: strings.Join(names, " "), field: f.path.String(), at: c.program.at(t.pos),
			})
		}
		own := useOf{resource: r.name, attribute: f.owner.name(), field: f.path.String()}
		if f.fallbackPos.Line > 0 {
			own.use, own.at = string(plan.Default), c.program.at(f.fallbackPos)
			c.add(f.fallbackPos, name+", default", "is needed by no request", own)
		}
		if f.clearPos.Line > 0 {
			own.use, own.at = string(plan.Cleared), c.program.at(f.clearPos)
			c.add(f.clearPos, name+", clear", "is needed by no request", own)
		}
	}
}

func (c *Coverage) calls(r *resourceType) {
	all := []*call{
		r.calls.list, r.calls.read, r.calls.others, r.calls.create, r.calls.update, r.calls.readmit, r.calls.delete,
	}
	if r.state != nil {
		all = append(all, r.state.on, r.state.off)
	}
	if r.calls.create != nil {
		all = append(all, r.calls.create.undo)
		for _, rule := range r.calls.create.adoptBy {
			c.add(rule.pos, r.calls.create.name+", adopt-by "+rule.find.name(), "finds nobody",
				useOf{use: useAdopt, resource: r.name, at: c.program.at(rule.pos)})
		}
	}
	for i, call := range all {
		if call != nil && slices.Index(all, call) == i {
			c.add(call.pos, call.name, "is made for no request", useOf{use: useCall, resource: r.name, attribute: call.name})
		}
	}
	if read := r.calls.read; read != nil && read.search {
		c.add(read.pos, read.name+", else", "is needed by no request", useOf{use: useLocate, resource: r.name})
	}
	if r.guard != nil {
		c.add(r.guard.pos, r.name+", guard", "is asked by no request", useOf{use: useGuard, resource: r.name})
	}
}

func (c *Coverage) lists(r *resourceType) {
	for path, p := range r.pushdown {
		c.add(p.pos, r.name+", filters "+path.String(), "is used by no filter",
			useOf{use: useFilter, resource: r.name, at: c.program.at(p.pos)})
	}
	for path, order := range r.sorts {
		c.add(order.pos, r.name+", sorts "+path.String(), "is used by no list",
			useOf{use: useSort, resource: r.name, attribute: path.String()})
	}
}

func (c *Coverage) use(by useOf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[by] = true
}

// Decided implements [Explainer].
func (c *Coverage) Decided(d plan.Decision) {
	switch d := d.(type) {
	case plan.Change:
		c.use(useOf{use: string(d.How), resource: d.Resource, attribute: d.Attribute, field: d.Field, at: d.At})
		if d.How != plan.Unchanged {
			c.written(d)
		}
	case plan.Adoption:
		c.use(useOf{use: useAdopt, resource: d.Resource, at: d.At})
	case plan.Term:
		if d.Handling == plan.Narrowed {
			c.use(useOf{use: useFilter, resource: d.Resource, at: d.At})
		}
	}
}

// Operation implements [Explainer]. What bulk requests use counts like the rest.
func (c *Coverage) Operation(int) Explainer { return c }

// written notes which values of a table are written.
func (c *Coverage) written(d plan.Change) {
	note := func(v jsonpath.Value) bool {
		c.use(useOf{use: useValue, resource: d.Resource, attribute: d.Attribute, field: v.Raw()})
		return true
	}
	if v, _ := jsonpath.Document(d.After); v.IsArray() {
		v.Each(note)
	} else {
		note(v)
	}
}

// Called notes that a request makes a call, which must be one of a World with
// an Explainer.
func (c *Coverage) Called(call Call) {
	r := c.program.resourceOf(call)
	if r == nil {
		return
	}
	c.use(useOf{use: useCall, resource: r.name, attribute: call.Name})
	switch call.Purpose {
	case plan.Guard:
		c.use(useOf{use: useGuard, resource: r.name})
	case plan.Locate:
		c.use(useOf{use: useLocate, resource: r.name})
	}
	for path, p := range r.pushdown {
		// A look-up by an attribute is narrowed as a filter by it is.
		if query, _ := url.ParseQuery(call.Query); call.Purpose == plan.Find && call.About == path.Parent().String() && query.Has(p.query) {
			c.use(useOf{use: useFilter, resource: r.name, at: c.program.at(p.pos)})
		}
	}
	for path, order := range r.sorts {
		if order.isIn(call.Query) {
			c.use(useOf{use: useSort, resource: r.name, attribute: path.String()})
		}
	}
}

// LookedAt notes what somebody has looked at of a resource in an answer: the
// attributes that the JSON object has, whatever their values.
func (c *Coverage) LookedAt(resourceName, id string, object json.RawMessage) {
	r := c.program.resourceNamed(resourceName)
	var doc map[string]any
	if r == nil || json.Unmarshal(object, &doc) != nil {
		return
	}
	for _, a := range r.attributes {
		if mentions(doc, a.path) {
			c.use(useOf{use: useShown, resource: r.name, attribute: a.name()})
		}
	}
	c.use(useOf{use: useShown, attribute: id})
}

// mentions reports whether an object speaks of an attribute.
func mentions(doc map[string]any, path schema.Path) bool {
	if path.URN != "" {
		doc, _ = doc[path.URN].(map[string]any)
	}
	value, ok := doc[path.Name]
	if inner, isObject := value.(map[string]any); path.Sub != "" && isObject {
		_, ok = inner[path.Sub]
	}
	return ok
}

// Unused returns the parts that no request has put to use, in the order of the
// file.
func (c *Coverage) Unused() []Unused {
	c.mu.Lock()
	defer c.mu.Unlock()
	var unused []Unused
	for _, p := range c.parts {
		if !c.used[p.by] {
			unused = append(unused, p.Unused)
		}
	}
	slices.SortStableFunc(unused, func(a, b Unused) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Why, b.Why))
	})
	return unused
}

// Parts returns how many parts the mapping has.
func (c *Coverage) Parts() int { return len(c.parts) }
