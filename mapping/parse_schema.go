package mapping

import (
	"github.com/qualytics/scim-sidecar/mapping/language"
)

func parseSchema(o object) schemaSpec {
	spec := schemaSpec{urn: o.name, name: o.text("name"), description: o.text("description")}
	spec.attributes, _ = each(o, "attributes", parseDeclared)
	spec.broken = o.broken()
	return spec
}

// parseDeclared reads an attribute of a schema, or a sub-attribute.
func parseDeclared(o object) declaredSpec {
	spec := declaredSpec{
		name:            o.name,
		typ:             o.word("type"),
		description:     o.text("description"),
		multiValued:     o.flag("multiValued"),
		required:        o.flag("required"),
		caseExact:       o.flag("caseExact"),
		mutability:      o.word("mutability"),
		returned:        o.word("returned"),
		uniqueness:      o.word("uniqueness"),
		canonicalValues: o.texts("canonicalValues"),
		referenceTypes:  o.texts("referenceTypes"),
		subsPos:         o.Get("subAttributes").Pos(),
	}
	spec.subAttributes, _ = each(o, "subAttributes", parseDeclared)
	spec.broken = o.broken()
	return spec
}

func parseExtensions(o object) []extensionSpec {
	of := typed[language.List](o, "extensions").Of.(*language.Object)
	list, _ := o.Get("extensions").List()
	var specs []extensionSpec
	for _, element := range list {
		extension, _ := o.p.object(element, of, element.Pos())
		spec := extensionSpec{schema: extension.text("schema"), required: extension.flag("required").value}
		if spec.schema.present() {
			specs = append(specs, spec)
		}
	}
	return specs
}
