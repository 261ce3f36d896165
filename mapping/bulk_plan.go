package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/bulk"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// plan finds out what each operation is about and what it needs. What can't be
// done whatever happens is refused here, before anything is done.
func (j *bulkJob) plan() {
	for i := range j.steps {
		s := &j.steps[i]
		s.Operation, s.number = &j.request.Operations[i], i+1
		if err := j.locate(s); err != nil && s.Err == nil {
			s.Err = err
		}
	}
	for i := range j.steps {
		s := &j.steps[i]
		if s.Err == nil && s.target != nil {
			s.Err = j.link(s)
		}
	}
}

// locate finds what the path leads to. A path that leads nowhere is left for
// the request that the operation stands for to be refused.
func (j *bulkJob) locate(s *step) *scim.Error {
	segments := strings.FieldsFunc(s.Path, func(r rune) bool { return r == '/' })
	if len(segments) == 0 {
		segments = []string{""}
	}
	if strings.EqualFold(segments[0], "Bulk") || isSearch(segments[len(segments)-1]) {
		return scim.BadRequest(scim.InvalidValue, "The path of an operation must be that of a resource type or of a resource.")
	}
	if i := slices.IndexFunc(j.program.resources, func(r *resourceType) bool { return strings.EqualFold(r.endpoint[1:], segments[0]) }); i >= 0 {
		s.target = j.program.resources[i]
	}
	if s.target == nil && s.PathRef != "" {
		return scim.NotFound("There is nothing at this path.")
	}
	if len(segments) == 2 && s.Method != "POST" {
		s.id = segments[1]
	}
	return nil
}

// link finds the steps that make what a step refers to.
func (j *bulkJob) link(s *step) *scim.Error {
	if s.PathRef != "" {
		maker, err := j.maker(s.PathRef)
		if err != nil {
			return err
		}
		if maker.target != s.target {
			return scim.BadRequest(scim.InvalidValue, "The path refers to an operation that makes something else than a %s.", s.target.name)
		}
		s.host, s.needs = maker, append(s.needs, maker)
	}
	if s.Method != "PATCH" {
		s.Data = s.target.writable(s.Data)
	}
	var failure *scim.Error
	s.Resolve(func(ref bulk.Reference) (string, bool) {
		if failure == nil {
			failure = j.refer(s, ref)
		}
		return "", false
	})
	return failure
}

// refer takes note of one reference in the data of a step. The type of what it
// refers to must be the one that the attribute holds: ids of different types
// can be the same.
func (j *bulkJob) refer(s *step, ref bulk.Reference) *scim.Error {
	maker, err := j.maker(ref.BulkID)
	if err != nil {
		return err
	}
	for _, a := range s.target.attributes {
		if a.of != nil && maker.target != nil && maker.target != a.of && isWithin(ref, a) {
			return scim.BadRequest(scim.InvalidValue, "%s refers to an operation that makes a %s, where only a %s can be.", a.name(), maker.target.name, a.of.name)
		}
	}
	if !slices.Contains(s.needs, maker) {
		s.needs = append(s.needs, maker)
	}
	return nil
}

func (j *bulkJob) maker(bulkID string) (*step, *scim.Error) {
	i, ok := j.request.Maker(bulkID)
	if !ok {
		return nil, scim.BadRequest(scim.InvalidValue, "The operation refers to a bulkId that no operation with the method POST has.")
	}
	return &j.steps[i], nil
}

// isWithin reports whether a reference is in the value of an attribute, as far
// as the names around it tell; there may be more to them than the name alone.
func isWithin(ref bulk.Reference, a *attribute) bool {
	name := strings.ToLower(a.path.Name)
	return slices.ContainsFunc(ref.Within, func(s string) bool { return strings.Contains(strings.ToLower(s), name) })
}

// writable leaves out of a resource what is read-only, and so ignored: what it
// refers to need not be there.
func (r *resourceType) writable(data resource.Object) resource.Object {
	return slices.DeleteFunc(slices.Clone(data), func(m resource.Member) bool {
		a := r.set.Attribute(m.Key)
		return a != nil && a.IsReadOnly()
	})
}

// body returns the body of the request that a step stands for, with ids in
// place of references. What refers to a step that is not done yet, as happens
// in a circle, is left out and noted.
func (j *bulkJob) body(s *step) ([]byte, error) {
	if s.Data == nil {
		return nil, nil
	}
	s.missing = slices.DeleteFunc(slices.Clone(s.needs), (*step).done)
	if len(s.missing) > 0 && !s.target.canReplace() {
		return nil, scim.Errorf(409, "", "Operations refer to each other in a circle, and a %s can't be changed once it is made.", s.target.name)
	}
	later := make(map[string]bool)
	data := s.Resolve(func(ref bulk.Reference) (string, bool) {
		maker, err := j.maker(ref.BulkID)
		if err != nil {
			return "", false
		}
		if !maker.done() {
			later[ref.Top()] = true
		}
		return maker.id, true
	})
	return json.Marshal(slices.DeleteFunc(data, func(m resource.Member) bool { return later[m.Key] }))
}
