package mapping

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// leaveOut does with what a request says and the mapping has no place for what
// the mapping says: it is left out and reported, or the request refused.
func (x *run) leaveOut(notes resource.Notes) error {
	x.explainLoss(plan.ReadOnly, notes.ReadOnly)
	names := slices.Concat(notes.Unmapped, notes.Unknown)
	if len(names) == 0 {
		return nil
	}
	// Providers send a password whether or not anything is made of it.
	refused := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "password" })
	switch {
	case x.unmapped == language.UnmappedReject && len(refused) > 0:
		kind := scim.InvalidValue
		if contains(notes.Paths, refused[0]) {
			kind = scim.InvalidPath
		}
		return scim.BadRequest(kind, "There is no place for %s here; nothing was changed.", refused[0])
	case x.unmapped == language.UnmappedWarn:
		x.warn("The request gives attributes that the mapping has no place for; they were left out.")
	}
	x.drop(plan.Unmapped, notes.Unmapped...)
	x.drop(plan.Undefined, notes.Unknown...)
	x.report.Undefined = append(x.report.Undefined, notes.Unknown...)
	return nil
}

// keptValues returns what is to be kept of a resource after a change. What the
// mapping no longer keeps goes with it.
func (r *resourceType) keptValues(ch *change, record Record) Record {
	kept := make(map[string]json.RawMessage)
	for _, a := range r.attributes {
		if !a.kept {
			continue
		}
		raw := record.Attributes[a.name()]
		if ch.touched[a.path] {
			value, _ := resource.Get(ch.want, a.path)
			raw = encodeValue(bare(value))
		}
		if raw != nil {
			kept[a.name()] = raw
		}
	}
	if len(kept) == 0 {
		kept = nil
	}
	record.Attributes = kept
	return record
}

// bare returns a value without the parts of it that are unset; nil when that
// leaves nothing (RFC 7643 section 2.5).
func bare(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return nil
		}
	case map[string]any:
		set := maps.Clone(v)
		maps.DeleteFunc(set, func(_ string, part any) bool { return part == nil || part == "" })
		if len(set) == 0 {
			return nil
		}
		return set
	}
	return v
}
