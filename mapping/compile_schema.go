package mapping

import (
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// keepRest gives what the mapping has no place for to the sidecar, where the
// mapping says so: whole attributes, and the parts that are missing of those
// that it has in parts. To keep whether somebody is active, or who is in a
// group, would be to say that it is so when nothing came of it.
func keepRest(r *resourceType, full *schema.Set) {
	if r.unmapped != language.UnmappedKeep {
		return
	}
	keep := func(path schema.Path, target *schema.Attribute) {
		if r.attribute(path) == nil && !target.IsReadOnly() && target.Returned != schema.ReturnedNever {
			resolved, _ := full.Resolve(path)
			r.attributes = append(r.attributes, &attribute{
				pos: r.unmappedPos, path: path, target: target, kept: true, required: target.Required, within: r.requiredWithin(resolved),
			})
		}
	}
	keepAll := func(attributes []*schema.Attribute, urn string) {
		for _, attribute := range attributes {
			path := schema.Path{URN: urn, Name: attribute.Name}
			if path == (schema.Path{Name: "active"}) || path == (schema.Path{Name: "members"}) {
				continue
			}
			if !r.hasSub(path) {
				keep(path, attribute)
				continue
			}
			for _, sub := range attribute.SubAttributes {
				path.Sub = sub.Name
				keep(path, sub)
			}
		}
	}
	keepAll(full.Core().Attributes, "")
	keepAll(schema.Common(), "")
	for _, extension := range full.Extensions() {
		keepAll(extension.Attributes, extension.ID)
	}
}

// computedSet is the full set cut down to what is mapped, with the
// characteristics that the mapping gives it. It is what SCIM advertises and
// what requests are read by.
func computedSet(r *resourceType, full *schema.Set) *schema.Set {
	core := computedSchema(r, full.Core(), "")
	var extensions []*schema.Schema
	for _, extension := range full.Extensions() {
		if x := computedSchema(r, extension, extension.ID); len(x.Attributes) > 0 {
			extensions = append(extensions, x)
		}
	}
	set := schema.NewSet(core, extensions...).Within(full)
	if r.attribute(schema.Path{Name: "externalId"}) == nil {
		return set.Without("externalId")
	}
	return set
}

func computedSchema(r *resourceType, full *schema.Schema, urn string) *schema.Schema {
	computed := &schema.Schema{ID: full.ID, Name: full.Name, Description: full.Description}
	for _, attribute := range full.Attributes {
		path := schema.Path{URN: urn, Name: attribute.Name}
		if a := r.attribute(path); a != nil {
			computed.Attributes = append(computed.Attributes, computedAttribute(r, a, attribute))
			continue
		}
		whole := attribute.Clone()
		whole.SubAttributes = nil
		writable := false
		for _, sub := range attribute.SubAttributes {
			path.Sub = sub.Name
			if a := r.attribute(path); a != nil {
				whole.SubAttributes = append(whole.SubAttributes, computedAttribute(r, a, sub))
				writable = writable || !a.readOnly
			}
		}
		if len(whole.SubAttributes) > 0 {
			if !writable {
				whole.Mutability = schema.ReadOnly
			}
			computed.Attributes = append(computed.Attributes, whole)
		}
	}
	return computed
}

// canClear reports whether a request can leave a resource without the attribute's
// value: the API can be without one, or has that of a new resource then.
func (r *resourceType) canClear(a *attribute) bool {
	if a.on != nil || a.off != nil {
		return false
	}
	return !slices.ContainsFunc(r.fields, func(f *field) bool {
		written := f.owner == a || slices.ContainsFunc(f.sources, func(t template) bool { return slices.Contains(t.attributes(), a) })
		return written && f.clear == nil && !f.hasDefault()
	})
}

func computedAttribute(r *resourceType, a *attribute, full *schema.Attribute) *schema.Attribute {
	computed := full.Clone()
	if computed.Type == schema.Complex {
		computed.SubAttributes = computedSubAttributes(a, computed.SubAttributes)
	}
	computed.BlankIsMistake = a.into != nil
	computed.Required, computed.Words = a.required || !r.canClear(a), a.texts
	if normal := a.normal(); a.isList() && computed.Sub("value") != nil {
		computed.Sub("value").Normal = normal
	} else if !a.isPlainList() {
		computed.Normal = normal
	}
	switch {
	case !a.exclusive:
		computed.Uniqueness = schema.UniqueNone
	case computed.Uniqueness == schema.UniqueNone:
		computed.Uniqueness = schema.UniqueServer
	}
	if slices.Contains(r.indexed, a) {
		computed.Identifies = true
		if value := computed.Sub("value"); a.isList() && value != nil {
			value.Identifies = true
		}
	}
	if a.readOnly {
		setReadOnly(computed)
	}
	if a.toAPI != nil {
		valued := computed
		if a.isList() {
			valued = computed.Sub("value")
		}
		if valued != nil && valued.Type != schema.Boolean {
			valued.CanonicalValues = a.words
		}
	}
	return computed
}

// computedSubAttributes keeps those that an answer can hold.
func computedSubAttributes(a *attribute, subs []*schema.Attribute) []*schema.Attribute {
	var kept []*schema.Attribute
	for _, sub := range subs {
		// What clients can't write is never kept.
		made := sub.Name == "value" && !a.kept || sub.Name == "$ref" && a.refers || a.kept && !sub.IsReadOnly() && sub.Returned != schema.ReturnedNever
		for _, e := range a.each {
			made = made || e.key == sub.Name
		}
		for _, part := range a.asParts {
			if part.name == sub.Name {
				made = true
				if sub.Type == schema.String {
					sub.CanonicalValues = []string{unquote(part.raw)}
				}
			}
		}
		if made {
			kept = append(kept, sub)
		}
	}
	return kept
}

func setReadOnly(a *schema.Attribute) {
	a.Mutability = schema.ReadOnly
	for _, sub := range a.SubAttributes {
		setReadOnly(sub)
	}
}
