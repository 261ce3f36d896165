package mapping

import (
	"encoding/json"
	"maps"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// parseBody reads the resource in a POST or PUT body. What the mapping has no
// place for goes into the report.
func (x *run) parseBody() (resource.Resource, error) {
	if len(x.req.Body) == 0 {
		return nil, scim.BadRequest(scim.InvalidSyntax, "The request has no body.")
	}
	res, notes, err := resource.Parse(x.req.Body, resource.Limits{}, x.set, x.tol)
	if err != nil {
		return nil, err
	}
	x.drop(notes.Unmapped...)
	for _, name := range []string{"externalId"} {
		if _, sent := res[name]; sent && x.attribute(schema.Path{Name: name}) == nil {
			delete(res, name)
			x.drop(name)
		}
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
		// "name": null speaks of every part of the name.
		if whole, present := resource.Get(res, a.path.Parent()); present && whole == nil && a.path.Sub != "" {
			touched[a.path] = true
		}
	}
	return touched
}

// complete checks that what the schema requires is there: in a new resource at
// all, in a change wherever it is spoken of.
func (x *run) complete(ch *change) error {
	for _, a := range x.attributes {
		if !a.required || a.readOnly || !ch.creating && !ch.touched[a.path] {
			continue
		}
		v, _ := resource.Get(ch.want, a.path)
		if list, isList := v.([]any); v == nil || v == "" || isList && len(list) == 0 {
			return scim.BadRequest(scim.InvalidValue, "%s is required.", a.name())
		}
	}
	return nil
}

// unpicked reports the values of multi-valued attributes for which the API has
// no room.
func (x *run) unpicked(ch *change) {
	for _, f := range x.fields {
		if ch.touched[f.owner.path] && f.owner.unpicked(ch.want) {
			x.drop(f.owner.name() + " (all but one value)")
		}
	}
}

// keptValues returns what is to be kept of a resource after a change.
func (x *run) keptValues(ch *change, record Record) Record {
	record.Attributes = maps.Clone(record.Attributes)
	for _, a := range x.attributes {
		if !a.kept || !ch.touched[a.path] {
			continue
		}
		v, _ := resource.Get(ch.want, a.path)
		raw := encodeValue(v)
		if raw == nil {
			delete(record.Attributes, a.name())
			continue
		}
		if record.Attributes == nil {
			record.Attributes = make(map[string]json.RawMessage)
		}
		record.Attributes[a.name()] = raw
	}
	return record
}

// applied returns the digests after a change: those that were there, and one
// for each field that was made of values that disagree.
func applied(digests map[string]string, values []fieldValue) map[string]string {
	digests = maps.Clone(digests)
	for _, v := range values {
		if v.digest == "" {
			continue
		}
		if digests == nil {
			digests = make(map[string]string)
		}
		digests[v.field.path.String()] = v.digest
	}
	return digests
}
