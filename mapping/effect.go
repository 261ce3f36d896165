package mapping

import (
	"encoding/json"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// effect is what a call that writes does to an object, in an API that does what
// it is asked: the object afterwards, nil when it is gone, and the answer.
func (r *resourceType) effect(purpose plan.Purpose, id string, object, body []byte) (after []byte, answer Answer, err error) {
	answer = Answer{Status: 204}
	switch purpose {
	case plan.Create:
		if after, err = r.newborn(id, body); err == nil {
			answer = Answer{Status: 201, Body: after}
		}
	case plan.Update, plan.Readmit:
		if after, err = r.merged(object, body); err == nil {
			answer = Answer{Status: 200, Body: after}
		}
	case plan.Activate, plan.Deactivate:
		if after, err = r.merged(object, body); err == nil {
			after, err = r.inState(after, purpose == plan.Activate)
		}
		if purpose == plan.Activate {
			answer = Answer{Status: 200, Body: after}
		}
	case plan.Delete:
		if r.calls.delete.forget {
			after, err = r.inState(object, false)
		}
	}
	return after, answer, err
}

// newborn is a new resource that was made of a body.
func (r *resourceType) newborn(id string, body []byte) ([]byte, error) {
	doc, err := r.blank(id)
	if err == nil {
		doc, err = withConstants(doc, r.calls.create.expect)
	}
	if err == nil {
		doc, err = r.merged(doc, body)
	}
	if err == nil {
		doc, err = r.inState(doc, true)
	}
	return doc, err
}

// merged is an object after a body was written to it.
func (r *resourceType) merged(object, body []byte) ([]byte, error) {
	var base, more map[string]any
	if err := decodeNumbers(object, &base); err != nil {
		return nil, err
	}
	if len(body) > 0 {
		if err := decodeNumbers(body, &more); err != nil {
			return nil, err
		}
	}
	merge(base, more)
	doc, err := json.Marshal(base)
	if err != nil {
		return nil, err
	}
	written, ok := jsonpath.Document(body)
	for _, a := range r.attributes {
		if !ok || a.into == nil || !written.Get(*a.into).IsArray() {
			continue
		}
		if doc, err = r.withReferences(doc, a, written.Get(*a.into)); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func decodeNumbers(doc []byte, into *map[string]any) error {
	decoder := json.NewDecoder(strings.NewReader(string(doc)))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// merge puts the values of one object into another, objects by their members.
func merge(base, more map[string]any) {
	for key, value := range more {
		inner, isObject := value.(map[string]any)
		if old, was := base[key].(map[string]any); isObject && was {
			merge(old, inner)
			continue
		}
		base[key] = value
	}
}
