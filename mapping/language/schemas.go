package language

import "github.com/qualytics/scim-sidecar/mapping/schema"

// Schema is a schema that the file declares.
var Schema = &Object{
	Name: "schema", What: "a schema that RFC 7643 does not have", Section: "Schemas",
	Keys: []Key{
		{Name: "name", What: "its name; the last part of the URN without the key", Type: anyText, Example: `Device`},
		{Name: "description", What: "what `/Schemas` says of it", Type: anyText},
		{
			Name: "attributes", What: "what a resource of this schema consists of",
			Type: Map{Keys: nameOfOwn, Of: Declared}, Required: true,
		},
	},
}

// Declared is an attribute of such a schema, with the characteristics of RFC
// 7643 section 7.
var Declared = declared()

func declared() *Object {
	o := &Object{
		Name: "declared attribute", What: "an attribute of a schema, with the characteristics of RFC 7643 section 7",
		Section: "Attributes of a schema", Short: "type",
		Keys: []Key{
			{
				Name: "type", What: "the data type of its values", Required: true,
				Type: Text{Name: "data type", Words: Words(
					schema.String, schema.Boolean, schema.Decimal, schema.Integer,
					schema.DateTime, schema.Binary, schema.Reference, schema.Complex,
				)},
			},
			{Name: "description", What: "what `/Schemas` says of it", Type: anyText},
			{Name: "multiValued", What: "`true` for a list", More: "Sub-attributes can't be lists.", Type: Boolean{}, Default: false},
			{
				Name: "required", What: "`true` if a resource must have it: in a complex attribute, or in an extension, one that has any of it",
				Type: Boolean{}, Default: false,
			},
			{
				Name: "caseExact", What: "`true` if texts that differ in case are different; it always is for `reference` and `binary`",
				Type: Boolean{}, Default: false,
			},
			{
				Name: "mutability", What: "when it may be written", More: "Sub-attributes have that of the whole.",
				Type:    Text{Words: Words(schema.ReadOnly, schema.ReadWrite, schema.Immutable, schema.WriteOnly)},
				Default: string(schema.ReadWrite),
			},
			{
				Name: "returned", What: "when an answer has it", More: "That a `writeOnly` one has `never` goes without saying.",
				Type:    Text{Words: Words(schema.ReturnedAlways, schema.ReturnedNever, schema.ReturnedDefault, schema.ReturnedRequest)},
				Default: string(schema.ReturnedDefault),
			},
			{
				Name: "uniqueness", What: "`server` or `global` if the API refuses a value that another resource has",
				Type:    Text{Words: Words(schema.UniqueNone, schema.UniqueServer, schema.UniqueGlobal)},
				Default: string(schema.UniqueNone),
			},
			{
				Name: "canonicalValues", What: "suggestions", More: "Only the `values` of an attribute's mapping limit what may be sent.",
				Type: List{anyText}, Example: `[phone, tablet]`,
			},
			{
				Name: "referenceTypes", What: "what a `reference` may refer to: resource types, `external` or `uri`",
				Type: List{Text{Name: "resource type"}}, Default: "uri", Example: `[User]`,
			},
		},
	}
	o.Keys = append(o.Keys, Key{
		Name: "subAttributes", What: "what a `complex` one consists of, by the same keys; they can't be complex themselves",
		Type: Map{Keys: nameOfOwn, Of: o},
	})
	return o
}
