package mapping

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// parseBody reads the resource in a POST or PUT body.
func (x *run) parseBody() (resource.Resource, error) {
	if len(x.req.Body) == 0 {
		return nil, scim.BadRequest(scim.InvalidSyntax, "The request has no body.")
	}
	res, notes, err := resource.Parse(x.req.Body, resource.Limits{}, x.set, x.tol)
	if err != nil {
		return nil, err
	}
	if err := x.leaveOut(notes); err != nil {
		return nil, err
	}
	return res, nil
}

// spokenOf returns the mapped attributes that a resource holds, unset ones
// included.
func (x *run) spokenOf(res resource.Resource) map[schema.Path]bool {
	touched := make(map[schema.Path]bool)
	for _, a := range x.attributes {
		if a.readOnly {
			continue
		}
		if _, present := resource.Get(res, a.path); present {
			touched[a.path] = true
			continue
		}
		// "name": null speaks of every part of the name, and an extension that
		// is null of all that is in it.
		whole, present := resource.Get(res, a.path.Parent())
		if extension, there := res[a.path.URN]; a.path.URN != "" && there && extension == nil {
			whole, present = nil, true
		}
		if present && whole == nil && (a.path.Sub != "" || a.path.URN != "") {
			touched[a.path] = true
		}
	}
	return touched
}

// unpicked reports the values of multi-valued attributes for which the API has
// no room, and what stands beside the one that it has room for in another way
// than the mapping has it.
func (x *run) unpicked(ch *change) {
	for _, f := range x.fields {
		a := f.owner
		if !a.isList() || !ch.touched[a.path] {
			continue
		}
		v, _ := resource.Get(ch.want, a.path)
		switch list, _ := v.([]any); len(list) {
		case 0:
		case 1:
			for _, part := range a.contradicted(list[0]) {
				x.drop(plan.Respelt, a.name()+"."+part)
			}
		default:
			x.drop(plan.OneValue, a.name()+" (all but one value)")
		}
	}
}

// contradicted returns the sub-attributes that every value of the attribute has
// alike and that a value has otherwise.
func (a *attribute) contradicted(value any) []string {
	var names []string
	m, _ := value.(map[string]any)
	for _, part := range a.asParts {
		fixed, _ := resource.Decode(part.raw, resource.Limits{})
		if given := m[part.name]; given != nil && !resource.Equal(given, fixed, a.target.Sub(part.name)) {
			names = append(names, part.name)
		}
	}
	return names
}

// applied returns the digests after a change: those that were there, and one
// for each field that was made of values that disagree, with what the API made of
// them.
func applied(digests map[string]string, values []fieldValue, e *entity) map[string]string {
	digests = maps.Clone(digests)
	for _, v := range values {
		if v.digest == "" {
			continue
		}
		if digests == nil {
			digests = make(map[string]string)
		}
		digests[v.field.path.String()] = v.field.appliedTo(v.digest, e)
	}
	return digests
}

// appliedTo is how a record keeps that values which disagree were turned into what
// the API holds: only as long as it holds that is the same request a repeat.
func (f *field) appliedTo(digest string, e *entity) string {
	sum := sha256.Sum256([]byte(e.doc.Get(f.path).Raw()))
	return digest + "." + base64.RawStdEncoding.EncodeToString(sum[:9])
}
