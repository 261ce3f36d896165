package mapping

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// rehearsal is the Upstream of a request that is only explained: what changes
// something is noted, and answered as an API would that does what it is asked.
type rehearsal struct {
	*planner

	// api is what reads are made of; nil to assume their answers.
	api Upstream

	mu sync.Mutex

	// objects are the latest that are known of each resource. Those that a call
	// would have changed are written: the API does not know of that.
	objects map[Key][]byte
	written map[Key]bool

	// absent are the resources that the API did not read by themselves, and
	// present those that it would read after what is pretended.
	absent, present map[Key]bool

	// facts are what the request remembers.
	facts Correlations

	// made counts the resources that would have been made.
	made int
}

// Do implements [Upstream].
func (u *rehearsal) Do(ctx context.Context, call Call) (Answer, error) {
	number := u.begin(call)
	r := u.program.resourceOf(call)
	if call.Purpose.Writes() {
		return u.pretend(ctx, r, call)
	}
	key := Key{Resource: r.name, Attribute: "id", Value: call.ID}
	if call.ID != "" {
		u.mu.Lock()
		object, written := u.objects[key], u.written[key]
		u.mu.Unlock()
		switch {
		case written && object == nil:
			return Answer{Status: 404}, nil
		case written:
			return Answer{Status: 200, Body: object}, nil
		}
	}
	if u.api == nil {
		return u.assumed(r, call)
	}
	answer, err := u.api.Do(ctx, call)
	u.answered(number, answer.Status)
	switch {
	case err == nil && answer.ok():
		u.remember(r, call, answer)
	case err == nil && answer.Status == 404 && call.ID != "":
		u.mu.Lock()
		u.absent[key] = true
		u.mu.Unlock()
	}
	return answer, err
}

// resourceOf returns the resource type that a call belongs to.
func (p *Program) resourceOf(call Call) *resourceType {
	for _, r := range p.resources {
		if strings.HasPrefix(call.Name, r.name+".") {
			return r
		}
	}
	return nil
}

// remember takes note of the objects that the API gave.
func (u *rehearsal) remember(r *resourceType, call Call, answer Answer) {
	doc, ok := jsonpath.Document(answer.Body)
	if !ok {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	note := func(v jsonpath.Value) bool {
		if id, ok := r.idOf(v); ok {
			if key := (Key{Resource: r.name, Attribute: "id", Value: id}); !u.written[key] {
				u.objects[key] = []byte(v.Raw())
			}
		}
		return true
	}
	if call.ID != "" {
		note(doc)
	} else if r.calls.list != nil {
		doc.Get(r.calls.list.paging.items).Each(note)
	}
}

// firstMade is the first id that resources get which would be made: one that
// no API is likely to have given.
const firstMade = 1_000_000_001

// pretend answers a call that would change something.
func (u *rehearsal) pretend(ctx context.Context, r *resourceType, call Call) (Answer, error) {
	u.assume("the API does what the calls ask for", "")
	id := call.ID
	if call.Purpose == plan.Create {
		u.mu.Lock()
		id = fmt.Sprint(firstMade + u.made)
		u.made++
		u.mu.Unlock()
		u.assume(fmt.Sprintf("the API gives the new %s the id %s", r.name, id), u.program.at(call.Pos))
	}
	key := Key{Resource: r.name, Attribute: "id", Value: id}
	u.mu.Lock()
	object := u.objects[key]
	u.mu.Unlock()
	if object == nil && call.Purpose != plan.Create {
		var err error
		if object, err = r.standIn(id, u.mentionsOf(r, id)); err != nil {
			return Answer{}, err
		}
	}
	if call.Purpose == plan.Delete && u.isGone(ctx, r, call) {
		return Answer{Status: 404}, nil
	}
	if call.Purpose == plan.Activate {
		u.appear(key)
	}
	if changes := call.Purpose == plan.Update || call.Purpose == plan.Readmit; changes && u.isAbsent(r, key) {
		u.assume(fmt.Sprintf("an API that does not read a deactivated %s does not change it either", r.name), u.program.at(call.Pos))
		return Answer{Status: 404}, nil
	}
	object, answer, err := r.effect(call.Purpose, id, object, call.Body)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.objects[key], u.written[key] = object, true
	return answer, err
}

// isGone reports whether there is nothing left that the API could delete. Where
// the request deletes without a look, that takes one for the plan alone.
func (u *rehearsal) isGone(ctx context.Context, r *resourceType, call Call) bool {
	key := Key{Resource: r.name, Attribute: "id", Value: call.ID}
	u.mu.Lock()
	object, written := u.objects[key], u.written[key]
	u.mu.Unlock()
	if object == nil && !written && u.api != nil {
		look := r.calls.read.build(call.ID, nil, nil)
		answer, err := u.api.Do(ctx, look)
		if err != nil {
			u.assume(fmt.Sprintf("the %s %s exists: the API did not say", r.name, call.ID), u.program.at(look.Pos))
			return false
		}
		if answer.Status == 404 {
			return true
		}
		u.remember(r, look, answer)
		u.mu.Lock()
		object = u.objects[key]
		u.mu.Unlock()
	}
	if object == nil {
		return written
	}
	doc, _ := jsonpath.Document(object)
	return r.calls.delete.forget && r.state != nil && !r.state.isOn(&entity{kind: r, doc: doc})
}

// isAbsent reports whether the API is known not to read a resource by itself.
func (u *rehearsal) isAbsent(r *resourceType, key Key) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.present[key] && (u.absent[key] || len(u.facts.IDs(r.listedKey(key.Value))) > 0)
}

// appear notes that a call would have made the API read a resource again.
func (u *rehearsal) appear(key Key) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.present[key] = true
}
