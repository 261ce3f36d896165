package mapping

import (
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// knownSchemas are those of RFC 7643, by their URNs. Some are for a whole
// resource, the others extend one.
var knownSchemas = map[string]struct {
	build     func() *schema.Schema
	extension bool
}{
	scim.SchemaUser:           {build: schema.User},
	scim.SchemaGroup:          {build: schema.Group},
	scim.SchemaEnterpriseUser: {build: schema.EnterpriseUser, extension: true},
}

// declared is a schema that the file declares.
type declared struct {
	*schema.Schema
	spec *schemaSpec
	used bool
}

// schemas compiles the schemas that the file declares.
func (c *compiler) schemas(specs []schemaSpec) {
	for i := range specs {
		spec := &specs[i]
		urn := spec.urn.value
		first := c.declaredSchema(urn)
		switch {
		case !schema.IsURI(urn):
			c.AddHint(spec.urn.pos, `expected one like "urn:example:params:scim:schemas:core:2.0:Device"`, "%q can't be the URN of a schema", urn)
			continue
		case knownSchema(urn) != "":
			c.Addf(spec.urn.pos, "the schema %s is known without being declared", knownSchema(urn))
			continue
		case first != nil:
			c.Addf(spec.urn.pos, "the schema %s is declared in line %d already; URNs are compared without case", first.ID, first.spec.urn.pos.Line)
			continue
		}
		s := &schema.Schema{ID: urn, Name: spec.name.value, Description: spec.description.value}
		if s.Name == "" {
			s.Name = urn[strings.LastIndexByte(urn, ':')+1:]
		}
		s.Attributes = c.declare(spec.attributes, nil)
		c.declared = append(c.declared, &declared{Schema: s, spec: spec})
	}
	for _, d := range c.declared {
		for i := range d.spec.attributes {
			name := d.spec.attributes[i].name
			if other := c.declaredSchema(d.ID + ":" + name.value); other != nil {
				c.Addf(name.pos, "%s:%s is the URN of a schema, so that nothing could name the attribute", d.ID, name.value)
			}
		}
	}
}

// knownSchema returns the URN of a schema of RFC 7643 as the RFC spells it; ""
// when it is none.
func knownSchema(urn string) string {
	for known := range knownSchemas {
		if strings.EqualFold(known, urn) {
			return known
		}
	}
	return ""
}

// declaredSchema returns the schema that the file declares under a URN,
// whatever its case; nil when there is none.
func (c *compiler) declaredSchema(urn string) *declared {
	for _, d := range c.declared {
		if strings.EqualFold(d.ID, urn) {
			return d
		}
	}
	return nil
}

// schemaOf returns a new copy of the schema that a resource names for itself,
// or as an extension; nil, with a mistake recorded, when there is none.
func (c *compiler) schemaOf(t text, extension bool) *schema.Schema {
	if known, ok := knownSchemas[knownSchema(t.value)]; ok {
		switch {
		case known.extension && !extension:
			c.Addf(t.pos, "the schema %q extends others; a resource needs one of its own", t.value)
		case extension && !known.extension:
			c.Addf(t.pos, "the schema %q is for a whole resource and extends none", t.value)
		default:
			return known.build()
		}
		return nil
	}
	if d := c.declaredSchema(t.value); d != nil {
		d.used = true
		return d.Clone()
	}
	var there []string
	for urn, known := range knownSchemas {
		if known.extension == extension {
			there = append(there, urn)
		}
	}
	for _, d := range c.declared {
		there = append(there, d.ID)
	}
	slices.Sort(there)
	if meant := c.declaredSchema(source.Nearest(t.value, there)); meant != nil {
		meant.used = true
	}
	hint := source.DidYouMean(t.value, there)
	if hint == "" {
		hint = "expected " + source.OneOf(there) + `, or one that is declared under "schemas"`
	}
	c.AddHint(t.pos, hint, "the schema %q is not known", t.value)
	return nil
}

// unusedSchemas reports declared schemas that no resource has.
func (c *compiler) unusedSchemas() {
	for _, d := range c.declared {
		if !d.used {
			c.AddHint(d.spec.urn.pos, `name it as the "schema" of one or among its "extensions"`, "no resource has the schema %s", d.ID)
		}
	}
}

// declare compiles the attributes of a schema, or the sub-attributes of one.
func (c *compiler) declare(specs []declaredSpec, parent *schema.Attribute) []*schema.Attribute {
	var attributes []*schema.Attribute
	lines := make(map[string]int)
	for i := range specs {
		spec := &specs[i]
		name := spec.name.value
		key := strings.ToLower(name)
		switch {
		case !schema.IsName(name):
			c.AddHint(spec.name.pos, `expected letters, digits, "-" and "_", a letter first`, "%q can't be the name of an attribute", name)
			continue
		case lines[key] > 0:
			c.Addf(spec.name.pos, "%s is in line %d already; names are compared without case", name, lines[key])
			continue
		case parent == nil && contains([]string{"id", "externalid", "meta", "schemas"}, key):
			c.Addf(spec.name.pos, "every resource has the attribute %s without declaring it", name)
			continue
		}
		lines[key] = spec.name.pos.Line
		if a := c.declareAttribute(spec, parent); a != nil {
			attributes = append(attributes, a)
		}
	}
	return attributes
}

func (c *compiler) declareAttribute(spec *declaredSpec, parent *schema.Attribute) *schema.Attribute {
	a := &schema.Attribute{
		Name: spec.name.value, Type: schema.Type(spec.typ.value), Description: spec.description.value,
		MultiValued: spec.multiValued.value, Required: spec.required.value, CaseExact: spec.caseExact.value,
		Mutability: schema.Mutability(spec.mutability.value), Returned: schema.Returned(spec.returned.value),
		Uniqueness: schema.Uniqueness(spec.uniqueness.value),
	}
	for _, t := range spec.canonicalValues {
		a.CanonicalValues = append(a.CanonicalValues, t.value)
	}
	for _, t := range spec.referenceTypes {
		a.ReferenceTypes = append(a.ReferenceTypes, t.value)
	}
	c.declareDefaults(a, parent)
	if !spec.typ.present() {
		return a // which is reported already
	}
	c.declareFits(a, spec, parent)
	if spec.subsPos.Line > 0 && a.Type == schema.Complex {
		a.SubAttributes = c.declare(spec.subAttributes, a)
	}
	return a
}

// declareDefaults gives an attribute what the file does not say of it. What
// can't be written as a whole, or not more than once, can't be in its parts.
func (c *compiler) declareDefaults(a, parent *schema.Attribute) {
	if a.Mutability == "" {
		a.Mutability = schema.ReadWrite
		if parent != nil {
			a.Mutability = parent.Mutability
		}
	}
	if a.Returned == "" {
		a.Returned = schema.ReturnedDefault
		if a.Mutability == schema.WriteOnly {
			a.Returned = schema.ReturnedNever
		}
	}
	if a.Uniqueness == "" {
		a.Uniqueness = schema.UniqueNone
	}
	switch a.Type {
	case schema.Reference:
		a.CaseExact = true
		if len(a.ReferenceTypes) == 0 {
			a.ReferenceTypes = []string{"uri"}
		}
	case schema.Binary:
		a.CaseExact = true
	}
}

// declareFits reports characteristics that go neither with the data type nor
// with each other (RFC 7643 sections 2.3 and 7).
func (c *compiler) declareFits(a *schema.Attribute, spec *declaredSpec, parent *schema.Attribute) {
	name := a.Name
	isText := a.Type == schema.String || a.Type == schema.Reference || a.Type == schema.Binary
	unfit := func(pos source.Pos, key, why string) {
		if pos.Line > 0 {
			c.Addf(pos, "%s is %s, so that %q %s", name, named(a.Type), key, why)
		}
	}
	switch {
	case parent != nil && a.Type == schema.Complex:
		c.Addf(spec.typ.pos, "%s is a sub-attribute, which can't have sub-attributes of its own", name)
	case parent != nil && a.MultiValued:
		c.Addf(spec.multiValued.pos, "%s is a sub-attribute; only a whole attribute can have several values here", name)
	case a.Type == schema.Complex && spec.subsPos.Line == 0 && !spec.broken:
		c.Addf(spec.name.pos, `%s is complex, but has no "subAttributes"`, name)
	}
	if a.Type != schema.Complex {
		unfit(spec.subsPos, "subAttributes", "mean nothing")
	}
	if !isText {
		unfit(spec.caseExact.pos, "caseExact", "means nothing")
	} else if a.Type != schema.String && !spec.caseExact.value {
		unfit(spec.caseExact.pos, "caseExact", "can't be false")
	}
	if len(spec.canonicalValues) > 0 && a.Type != schema.String && a.Type != schema.Reference {
		unfit(spec.canonicalValues[0].pos, "canonicalValues", "mean nothing")
	}
	if len(spec.referenceTypes) > 0 && a.Type != schema.Reference {
		unfit(spec.referenceTypes[0].pos, "referenceTypes", "mean nothing")
	}
	if a.Uniqueness != schema.UniqueNone {
		switch {
		case a.Type == schema.Boolean || a.Type == schema.Complex:
			unfit(spec.uniqueness.pos, "uniqueness", "means nothing")
		case a.MultiValued || parent != nil && parent.MultiValued:
			c.Addf(spec.uniqueness.pos, `%s has several values, of which no resource can have one for itself`, name)
		}
	}
	c.declareShown(a, spec, parent)
}

// declareShown reports what is said of when an attribute is written and shown
// and can't be both.
func (c *compiler) declareShown(a *schema.Attribute, spec *declaredSpec, parent *schema.Attribute) {
	name := a.Name
	switch {
	case a.Mutability == schema.WriteOnly && a.Returned != schema.ReturnedNever:
		c.Addf(spec.returned.pos, "%s is writeOnly, so that it is never returned", name)
	case a.Mutability == schema.ReadOnly && a.Returned == schema.ReturnedNever:
		c.Addf(spec.name.pos, "%s can neither be written nor shown", name)
	}
	if parent == nil || !spec.mutability.present() || a.Mutability == parent.Mutability {
		return
	}
	switch parent.Mutability {
	case schema.ReadOnly, schema.Immutable, schema.WriteOnly:
		c.Addf(spec.mutability.pos, "%s is a part of %s, which is %s", name, parent.Name, parent.Mutability)
	}
}

// named returns a data type as it stands in a sentence.
func named(t schema.Type) string {
	switch t {
	case schema.Complex:
		return "complex"
	case schema.Integer:
		return "an integer"
	default:
		return "a " + string(t)
	}
}

// referenceTypes reports those of declared references that are neither
// resources of the file nor the words of RFC 7643 section 7.
func (c *compiler) referenceTypes(file *fileSpec) {
	known := []string{"external", "uri"}
	for i := range file.resources {
		known = append(known, file.resources[i].name)
	}
	var check func(specs []declaredSpec)
	check = func(specs []declaredSpec) {
		for i := range specs {
			for _, t := range specs[i].referenceTypes {
				if contains(known, t.value) {
					continue
				}
				hint := source.DidYouMean(t.value, known)
				if hint == "" {
					hint = "expected " + source.OneOf(known)
				}
				c.AddHint(t.pos, hint, "there is no resource %q to refer to", t.value)
			}
			check(specs[i].subAttributes)
		}
	}
	for i := range file.schemas {
		check(file.schemas[i].attributes)
	}
}
