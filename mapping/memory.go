package mapping

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Memory is a world that consists of what it is given: an API that holds
// objects and does with them what the mapping takes it to do, and what is kept
// and remembered beside it. It is for tests of a mapping.
//
// The API gives out lists in pages, as the mapping reads them; what "only" asks
// for counts where the mapping has a call for the others, and filters in the
// query do not. It refuses a value of a "unique" attribute that another object
// has with 409, and knows no other rules.
type Memory struct {
	program *Program
	kept    *draft
	facts   *notebook

	mu      sync.Mutex
	objects map[*resourceType][]memorised
}

// memorised is an object of the API.
type memorised struct {
	id  string
	doc []byte
}

// NewMemory returns a world in which there is nothing yet.
func (p *Program) NewMemory() *Memory {
	return &Memory{
		program: p, kept: newDraft(nil), facts: newNotebook(), objects: make(map[*resourceType][]memorised),
	}
}

// World returns the world, with every leniency on.
func (m *Memory) World() World {
	return World{
		Upstream: m, Correlations: m.facts, Keeper: m.kept, Gatherer: new(Gatherer), Tolerances: tolerance.AllOn(),
	}
}

// Put gives the API an object of a resource type of the mapping, in place of
// the one with its id. The error says that there is no such type in the API, or
// that the object has no id.
func (m *Memory) Put(resourceName string, object json.RawMessage) error {
	r := m.program.resourceNamed(resourceName)
	if r == nil {
		return fmt.Errorf("the mapping has no resource %q", resourceName)
	}
	doc, ok := jsonpath.Document(object)
	if !ok || !doc.IsObject() {
		return fmt.Errorf("the %s is not an object", resourceName)
	}
	id, ok := r.idOf(doc)
	if !ok {
		return fmt.Errorf("the %s has no id at %s", resourceName, r.id)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(r, id, object)
	return nil
}

// Keep has something kept of a resource.
func (m *Memory) Keep(resourceName, id string, record Record) {
	// Without another Keeper below it a draft can't fail.
	_, _ = m.kept.Update(context.Background(), resourceName, id, func(Record) Record { return record })
}

// HasResource reports whether the mapping has a resource type of a name.
func (p *Program) HasResource(name string) bool { return p.resourceNamed(name) != nil }

// resourceNamed returns the resource type of a name; nil for none.
func (p *Program) resourceNamed(name string) *resourceType {
	i := slices.IndexFunc(p.resources, func(r *resourceType) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return p.resources[i]
}

func (m *Memory) index(r *resourceType, id string) int {
	return slices.IndexFunc(m.objects[r], func(o memorised) bool { return o.id == id })
}

func (m *Memory) set(r *resourceType, id string, doc []byte) {
	switch i := m.index(r, id); {
	case i >= 0 && doc == nil:
		m.objects[r] = slices.Delete(m.objects[r], i, i+1)
	case i >= 0:
		m.objects[r][i].doc = doc
	case doc != nil:
		m.objects[r] = append(m.objects[r], memorised{id, doc})
	}
}

// Do implements [Upstream].
func (m *Memory) Do(_ context.Context, call Call) (Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer, err := m.do(call)
	if err != nil {
		return Answer{}, &CallError{Err: err}
	}
	return answer, nil
}

func (m *Memory) do(call Call) (Answer, error) {
	r := m.program.resourceOf(call)
	if r == nil {
		return Answer{Status: 404, Body: []byte("{}")}, nil
	}
	purpose := r.changes(call.Name)
	switch {
	case purpose != "":
		return m.write(r, purpose, call)
	case call.ID != "":
		if i := m.index(r, call.ID); i >= 0 {
			return Answer{Status: 200, Body: m.objects[r][i].doc}, nil
		}
		return Answer{Status: 404, Body: []byte("{}")}, nil
	}
	return m.list(r, call)
}

func (m *Memory) write(r *resourceType, purpose plan.Purpose, call Call) (Answer, error) {
	id, object := call.ID, []byte(nil)
	if purpose == plan.Create {
		id = m.newID(r)
	} else if i := m.index(r, id); i >= 0 {
		object = m.objects[r][i].doc
	} else {
		return Answer{Status: 404, Body: []byte("{}")}, nil
	}
	if m.isTaken(r, id, call.Body) {
		return Answer{Status: 409, Body: []byte("{}")}, nil
	}
	after, answer, err := r.effect(purpose, id, object, call.Body)
	if err == nil && after != nil {
		after, err = m.withNames(r, after)
	}
	if err != nil {
		return Answer{}, err
	}
	m.set(r, id, after)
	if answer.Body != nil {
		answer.Body = after
	}
	return answer, nil
}

// Answered has the API do what an answer says that it has done to a call: to
// hold the object that the answer has, if the call writes; or without one, what
// it would have done by itself. It does nothing for an answer without a status
// from 200 to 299.
func (m *Memory) Answered(ctx context.Context, call Call, answer Answer) {
	r := m.program.resourceOf(call)
	if r == nil || r.changes(call.Name) == "" || !answer.ok() {
		return
	}
	doc, _ := jsonpath.Document(answer.Body)
	id, isObject := r.idOf(doc)
	if !isObject {
		// What could be wrong with it has no part in what was answered.
		_, _ = m.Do(ctx, call)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(r, id, answer.Body)
}

// newID is the id that follows those there are.
func (m *Memory) newID(r *resourceType) string {
	highest := uint64(0)
	for _, o := range m.objects[r] {
		if n, err := strconv.ParseUint(o.id, 10, 63); err == nil {
			highest = max(highest, n)
		}
	}
	return strconv.FormatUint(highest+1, 10)
}

// isTaken reports whether another object has a value in a body that only one
// can have.
func (m *Memory) isTaken(r *resourceType, id string, body []byte) bool {
	doc, ok := jsonpath.Document(body)
	for _, f := range r.fields {
		if !ok || !f.owner.unique {
			continue
		}
		value := doc.Get(f.path)
		if !value.IsString() {
			continue
		}
		key := f.owner.key(r, value.Text())
		if slices.ContainsFunc(m.objects[r], func(o memorised) bool {
			held, _ := jsonpath.Document(o.doc)
			return o.id != id && held.Get(f.path).IsString() && f.owner.key(r, held.Get(f.path).Text()) == key
		}) {
			return true
		}
	}
	return false
}

// withNames gives the elements of lists of references what the mapping reads
// there and the objects that they refer to hold.
func (m *Memory) withNames(r *resourceType, doc []byte) (_ []byte, err error) {
	for _, a := range r.attributes {
		if a.into == nil || a.idPaths()[0].IsSelf() {
			continue
		}
		v, _ := jsonpath.Document(doc)
		list := []byte{'['}
		v.Get(a.paths[0]).Each(func(element jsonpath.Value) bool {
			if len(list) > 1 {
				list = append(list, ',')
			}
			var named []byte
			named, err = m.named(a, element)
			list = append(list, named...)
			return err == nil
		})
		if err != nil {
			return nil, err
		}
		if v.Get(a.paths[0]).IsArray() {
			if doc, err = jsonpath.Set(doc, a.paths[0], append(list, ']')); err != nil {
				return nil, err
			}
		}
	}
	return doc, nil
}

func (m *Memory) named(a *attribute, element jsonpath.Value) (_ []byte, err error) {
	raw := []byte(element.Raw())
	i := m.index(a.of, firstScalar(element, a.idPaths()).Text())
	if i < 0 || !element.IsObject() {
		return raw, nil
	}
	object, _ := jsonpath.Document(m.objects[a.of][i].doc)
	for _, part := range a.each {
		for _, path := range part.paths {
			if v := object.Get(path); err == nil && !path.IsSelf() && v.Exists() && !element.Get(path).Exists() {
				raw, err = jsonpath.Set(raw, path, []byte(v.Raw()))
			}
		}
	}
	return raw, err
}
