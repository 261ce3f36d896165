package mapping

import (
	"maps"
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// usualSchema is the core schema of a resource that does not name one.
var usualSchema = map[string]string{"User": scim.SchemaUser, "Group": scim.SchemaGroup}

func (c *compiler) resource(spec *resourceSpec) *resourceType {
	core := c.coreSchema(spec)
	if core == nil {
		return nil
	}
	r := &resourceType{
		name: spec.name, endpoint: spec.endpoint.value, description: spec.description.value,
		idInteger: spec.idType == "integer", unmapped: spec.unmapped.value,
		pos: spec.pos, idPos: spec.id.pos, unmappedPos: spec.unmapped.pos,
	}
	if !spec.unmapped.present() {
		r.unmappedPos = r.pos
	}
	if r.description == "" {
		r.description = core.Description
	}
	var ok bool
	if r.id, ok = c.jsonPath(spec.id); ok && r.id.IsSelf() {
		c.Addf(spec.id.pos, `"." is the whole object; name the field that holds its id`)
	}
	r.only, r.hide, r.readOnly = c.constants(spec.only), c.constants(spec.hide), c.constants(spec.readOnly)
	r.others = r.name + " (others)"

	calls := c.callSet(r, spec.calls)
	full := schema.NewSet(core, c.extensions(r, core, spec.extensions)...)
	declared := c.attributes(r, full, spec, calls)
	c.linkFields(r, spec, declared)
	r.created = r.attribute(schema.Path{Name: "meta", Sub: "created"})
	c.lookups(r, spec, declared, calls)
	c.required(r, spec, full)
	keepRest(r, full)
	c.filters(r, spec, full, calls)
	c.sorts(r, spec, full, calls)
	c.guard(r, spec)
	calls.duties(spec)
	calls.unused()

	r.set = computedSet(r, full)
	r.returned = notByDefault(r.set)
	r.output = newOutput(r)
	return r
}

// coreSchema returns the schema of the resource itself; nil when there is none.
func (c *compiler) coreSchema(spec *resourceSpec) *schema.Schema {
	if spec.schema.present() {
		return c.schemaOf(spec.schema, false)
	}
	urn := usualSchema[spec.name]
	if urn == "" {
		c.AddHint(spec.pos, source.DidYouMean(spec.name, slices.Collect(maps.Keys(usualSchema))),
			`the resource %q needs a "schema"; only User and Group have a usual one`, spec.name)
		return nil
	}
	return c.schemaOf(text{pos: spec.pos, value: urn}, false)
}

// extensions returns what extends the schema of the resource: what the file
// names, and for users the enterprise extension.
func (c *compiler) extensions(r *resourceType, core *schema.Schema, specs []extensionSpec) []*schema.Schema {
	var extensions []*schema.Schema
	add := func(x *schema.Schema) bool {
		if slices.ContainsFunc(extensions, func(other *schema.Schema) bool { return other.ID == x.ID }) {
			return false
		}
		extensions = append(extensions, x)
		return true
	}
	for _, spec := range specs {
		x := c.schemaOf(spec.schema, true)
		switch {
		case x == nil:
		case x.ID == core.ID:
			c.Addf(spec.schema.pos, "%s is the schema of %s itself", x.ID, r.name)
		case !add(x):
			c.Addf(spec.schema.pos, "%s is named twice", x.ID)
		case spec.required:
			r.mandatory = append(r.mandatory, x.ID)
		}
	}
	if core.ID == scim.SchemaUser {
		add(schema.EnterpriseUser())
	}
	return extensions
}

// roleCalls gives the program's own calls their places.
func (r *resourceType) roleCalls(calls *callSet) {
	r.calls.list, r.calls.read = calls.get("list"), calls.get("read")
	r.calls.create, r.calls.update = calls.get("create"), calls.get("update")
	r.calls.others = calls.get("others")
	r.calls.readmit, r.calls.delete = calls.get("readmit"), calls.get("delete")
}

// lookups checks what the calls need of the attributes and of each other, and
// finds out which attributes the correlations have to know.
func (c *compiler) lookups(r *resourceType, spec *resourceSpec, declared map[string]*attribute, calls *callSet) {
	r.roleCalls(calls)
	for _, name := range []string{"list", "read"} {
		if calls.specs[name] == nil && spec.hasCalls {
			c.Addf(spec.pos, "%s has no call %q, without which nothing can be found", r.name, name)
		}
	}
	if create := calls.specs["create"]; create != nil && r.calls.create != nil {
		c.adoptions(r, create, declared)
	}
	if readmit, create := calls.specs["readmit"], calls.specs["create"]; readmit != nil {
		switch {
		case create == nil || len(create.adoptBy) == 0:
			c.Addf(readmit.name.pos, `nothing leads to "readmit": there is no call "create" with "adopt-by"`)
		case r.state == nil && !calls.silent:
			c.Addf(readmit.name.pos, `"readmit" brings back what was deactivated, which needs an attribute whose "write" names calls`)
		}
	}
	if r.calls.delete != nil && r.calls.delete.forget && (r.state == nil || r.state.off == nil) {
		c.Addf(calls.specs["delete"].name.pos, `"then: forget" needs an attribute whose "write" names the call that deactivates`)
	}
	c.indexed(r)
}

// indexed collects the attributes by which a resource is looked up.
func (c *compiler) indexed(r *resourceType) {
	seen := make(map[*attribute]bool)
	index := func(a *attribute) {
		if seen[a] || a.kept || len(a.paths) == 0 || len(a.each) > 0 {
			return
		}
		seen[a] = true
		r.indexed = append(r.indexed, a)
	}
	for _, a := range r.attributes {
		if a.exclusive {
			index(a)
		}
	}
	if r.calls.create != nil {
		for _, rule := range r.calls.create.adoptBy {
			index(rule.find)
		}
	}
}

// required reports what the schemas ask for and the mapping lacks. An extension
// that nothing is mapped of asks for nothing, unless every resource has it.
func (c *compiler) required(r *resourceType, spec *resourceSpec, full *schema.Set) {
	if !spec.hasAttributes {
		return
	}
	c.requiredOf(r, spec, full.Core(), "")
	for _, x := range full.Extensions() {
		if r.isMandatory(x.ID) || slices.ContainsFunc(r.attributes, func(a *attribute) bool { return a.path.URN == x.ID }) {
			c.requiredOf(r, spec, x, x.ID)
		}
	}
}

func (c *compiler) requiredOf(r *resourceType, spec *resourceSpec, s *schema.Schema, urn string) {
	for _, attribute := range s.Attributes {
		path := schema.Path{URN: urn, Name: attribute.Name}
		there := r.attribute(path) != nil || r.hasSub(path)
		if attribute.Required && !attribute.IsReadOnly() && !there {
			c.Addf(spec.pos, "%s has no attribute %s, which its schema requires", r.name, path)
		}
		for _, sub := range attribute.SubAttributes {
			path.Sub = sub.Name
			if r.hasSub(path.Parent()) && sub.Required && !sub.IsReadOnly() && r.attribute(path) == nil {
				c.Addf(spec.pos, "%s has no attribute %s, which its schema requires", r.name, path)
			}
		}
	}
}

// attribute returns what the mapping says of a canonical path; nil if nothing.
func (r *resourceType) attribute(path schema.Path) *attribute {
	for _, a := range r.attributes {
		if a.path == path {
			return a
		}
	}
	return nil
}

// shown returns what the mapping says of a canonical path; nil if nothing, or
// if no answer shows it.
func (r *resourceType) shown(path schema.Path) *attribute {
	if a := r.attribute(path); a != nil && !a.secret {
		return a
	}
	return nil
}

func (r *resourceType) attributeNames() []string {
	names := make([]string, len(r.attributes))
	for i, a := range r.attributes {
		names[i] = a.name()
	}
	return names
}
