package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// asItIs stands for a value that nobody has asked the API for. It is one word,
// and no value that anybody has.
const asItIs = "‹as-it-is›"

// assumed answers a call that reads with what makes the request do the most:
// nobody has what is looked for, and what is changed holds other values.
func (u *rehearsal) assumed(r *resourceType, call Call) (Answer, error) {
	at := u.program.at(call.Pos)
	if call.ID != "" {
		what := " exists"
		if r.state != nil {
			what += " and is active"
		}
		if call.Purpose != plan.Reference {
			what += ", has nothing that the request gives, and has what it takes away"
		}
		u.assume("the "+r.name+" "+call.ID+what, at)
		body, err := r.standIn(call.ID, u.mentionsOf(r, call.ID))
		return Answer{Status: 200, Body: body}, err
	}
	var items [][]byte
	switch call.Purpose {
	case plan.Guard:
		u.assume(fmt.Sprintf("another active %s has %s", r.name, call.About), u.program.at(r.guard.pos))
		body, err := r.guardian()
		if err != nil {
			return Answer{}, err
		}
		items = [][]byte{body}
	case plan.Find:
		u.assume(fmt.Sprintf("no %s has this %s", r.name, call.About), at)
	case plan.Holders:
		u.assume(fmt.Sprintf("nobody else is in %s", call.About), at)
	case plan.Others:
		u.assume(fmt.Sprintf("there is no %s that SCIM does not show", r.name), at)
	case plan.Taken:
		u.assume(fmt.Sprintf("nobody whom SCIM does not show has this %s", call.About), at)
	default:
		u.assume(fmt.Sprintf("the list of %s is empty", r.name), at)
	}
	list := r.calls.list
	if call.Purpose == plan.Others || call.Purpose == plan.Taken {
		list = r.calls.others
	}
	body, err := list.paging.answer(items, len(items))
	return Answer{Status: 200, Body: body}, err
}

// answer is the answer to a call for a page of a list, of so many in all.
func (p *paging) answer(items [][]byte, total int) ([]byte, error) {
	list := slices.Concat([]byte{'['}, bytes.Join(items, []byte{','}), []byte{']'})
	if p.items.IsSelf() {
		return list, nil
	}
	doc, err := jsonpath.Set([]byte("{}"), p.items, list)
	for i := 0; err == nil && i < min(1, len(p.total)); i++ {
		doc, err = jsonpath.Set(doc, p.total[i], strconv.AppendInt(nil, int64(total), 10))
	}
	return doc, err
}

// mentionsOf returns what the request says of who is in a list of a resource,
// and of which groups a resource is taken out.
func (p *planner) mentionsOf(r *resourceType, id string) (m mentioned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, said := range p.mentions[Key{Resource: r.name, Attribute: "id", Value: id}] {
		m.members = append(m.members, said.Removed...)
	}
	for _, groups := range r.grouped {
		for _, g := range groups.groups {
			for _, other := range p.program.resources {
				for _, said := range p.mentions[Key{Resource: other.name, Attribute: "id", Value: g.id}] {
					if slices.Contains(said.Removed, id) {
						m.groups = append(m.groups, g)
					}
				}
			}
		}
	}
	return m
}

// mentioned is what a resource must hold for the request to change it.
type mentioned struct {
	members []string
	groups  []*valueGroup
}

// blank is an object that has an id and is shown, and nothing else.
func (r *resourceType) blank(id string) ([]byte, error) {
	raw := quoteJSON(id)
	if r.idInteger {
		raw = json.RawMessage(id)
	}
	doc, err := jsonpath.Set([]byte("{}"), r.id, raw)
	if err != nil {
		return nil, err
	}
	return withConstants(doc, r.only)
}

func withConstants(doc []byte, constants []constant) (_ []byte, err error) {
	for _, c := range constants {
		if doc, err = jsonpath.Set(doc, c.path, c.raw); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// standIn is an object for a resource that nobody has asked the API for.
func (r *resourceType) standIn(id string, m mentioned) ([]byte, error) {
	doc, err := r.blank(id)
	if err != nil {
		return nil, err
	}
	put := func(p jsonpath.Path, raw []byte) {
		if v, _ := jsonpath.Document(doc); err == nil && !p.IsSelf() && !v.Get(p).Exists() {
			doc, err = jsonpath.Set(doc, p, raw)
		}
	}
	for _, g := range m.groups {
		put(g.field.path, g.raw)
	}
	for _, a := range r.attributes {
		if len(a.paths) == 0 || a == r.state || a.isPlainList() || len(a.each) > 0 || a.valueTarget().Type != schema.String {
			continue
		}
		if a.target.Mutability == schema.Immutable {
			// With another value than the request gives, the request would be refused.
			continue
		}
		put(a.paths[0], quoteJSON(asItIs))
	}
	if doc, err = r.inWords(doc, err); err != nil {
		return nil, err
	}
	for _, a := range r.attributes {
		if a.into != nil {
			ids := []byte{'['}
			for _, member := range append([]string{asItIs}, m.members...) {
				if len(ids) > 1 {
					ids = append(ids, ',')
				}
				if member != asItIs && a.of.idInteger && a.of.validID(member) {
					ids = append(ids, member...)
				} else {
					ids = appendString(ids, member)
				}
			}
			list, _ := jsonpath.Document(append(ids, ']'))
			if doc, err = r.withReferences(doc, a, list); err != nil {
				return nil, err
			}
		}
	}
	if r.calls.update != nil {
		for _, c := range r.calls.update.carry {
			if doc, err = withCarried(doc, c.from); err != nil {
				return nil, err
			}
		}
	}
	return r.inState(doc, true)
}

// inWords gives what is read word by word two of them, so that one can change.
func (r *resourceType) inWords(doc []byte, err error) ([]byte, error) {
	for _, a := range r.attributes {
		if err == nil && a.read != nil && a.read.Name == "last-word" && !a.paths[0].IsSelf() {
			doc, err = jsonpath.Set(doc, a.paths[0], quoteJSON(asItIs+" "+asItIs))
		}
	}
	return doc, err
}

// withCarried has a body that sends back what there is send back stand-ins.
func withCarried(doc []byte, from jsonpath.Path) ([]byte, error) {
	v, _ := jsonpath.Document(doc)
	if _, ok := v.Collect(from); ok {
		return doc, nil
	}
	first, rest, nested := strings.Cut(from.String(), ".")
	if !nested {
		return jsonpath.Set(doc, from, quoteJSON(asItIs))
	}
	path, err := jsonpath.Parse(first)
	if err != nil {
		return nil, err
	}
	inner, err := jsonpath.Parse(rest)
	if err != nil {
		return nil, err
	}
	element, err := jsonpath.Set([]byte("{}"), inner, quoteJSON(asItIs))
	if err != nil {
		return nil, err
	}
	return jsonpath.Set(doc, path, slices.Concat([]byte{'['}, element, []byte{']'}))
}

// withReferences has a list of an object hold resources with these ids.
func (r *resourceType) withReferences(doc []byte, a *attribute, ids jsonpath.Value) (_ []byte, err error) {
	list := []byte{'['}
	place := a.idPaths()[0]
	ids.Each(func(id jsonpath.Value) bool {
		element := []byte(id.Raw())
		if !place.IsSelf() {
			element, err = jsonpath.Set([]byte("{}"), place, element)
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, element...)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return jsonpath.Set(doc, a.paths[0], append(list, ']'))
}

// inState is an object that is active, or is not.
func (r *resourceType) inState(doc []byte, on bool) ([]byte, error) {
	if r.state == nil || len(r.state.paths) == 0 {
		return doc, nil
	}
	if v, _ := jsonpath.Document(doc); r.state.isOn(&entity{kind: r, doc: v}) == on {
		return doc, nil
	}
	values := []json.RawMessage{json.RawMessage("null"), appendBool(nil, on), quoteJSON("1970-01-01T00:00:00Z")}
	for _, raw := range r.state.toAPI {
		values = append(values, raw)
	}
	for _, raw := range values {
		next, err := jsonpath.Set(doc, r.state.paths[0], raw)
		if err != nil {
			return nil, err
		}
		if v, _ := jsonpath.Document(next); r.state.isOn(&entity{kind: r, doc: v}) == on {
			return next, nil
		}
	}
	return doc, nil
}

// guardian is somebody else who has what the guard asks for.
func (r *resourceType) guardian() ([]byte, error) {
	doc, err := r.blank(fmt.Sprint(firstMade - 1))
	if err == nil {
		doc, err = withConstants(doc, r.guard.last)
	}
	if err == nil {
		doc, err = r.inState(doc, true)
	}
	return doc, err
}
