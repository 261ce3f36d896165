package schema

import "github.com/qualytics/scim-sidecar/mapping/scim"

// Service returns new copies of the schemas of what a service provider says of
// itself (RFC 7643 sections 5 to 8): of its configuration, of its resource types
// and of its schemas. They have what is served of it.
func Service() []*Schema {
	return []*Schema{serviceProviderConfig(), resourceType(), schemaOfSchemas()}
}

func serviceProviderConfig() *Schema {
	supported := func(description string) *Attribute { return flag("supported", description, readOnly, required) }
	feature := func(name, description string, subs ...*Attribute) *Attribute {
		return complexOf(name, description, append([]*Attribute{supported("Whether it is supported.")}, subs...), readOnly, required)
	}
	return &Schema{
		ID: scim.SchemaServiceProviderConfig, Name: "ServiceProviderConfig", Description: "What the service provider supports",
		Attributes: []*Attribute{
			feature("patch", "Changes by PATCH."),
			feature("bulk", "Several operations in one request.",
				number("maxOperations", "The most operations in a request.", readOnly, required),
				number("maxPayloadSize", "The largest request, in bytes.", readOnly, required)),
			feature("filter", "Filters in queries.",
				number("maxResults", "The most resources in an answer.", readOnly, required)),
			feature("changePassword", "Changes of passwords."),
			feature("sort", "Sorted lists."),
			feature("etag", "Versions and conditional requests."),
			complexOf("pagination", "How lists come in pages (RFC 9865).", []*Attribute{
				flag("cursor", "Whether by cursors.", readOnly, required),
				flag("index", "Whether by the index of the first resource.", readOnly, required),
				text("defaultPaginationMethod", "Which one a query gets that names none.", readOnly, canonical("cursor", "index")),
				number("defaultPageSize", "How many resources a page has if the query doesn't say.", readOnly),
				number("maxPageSize", "The most resources in a page.", readOnly),
			}, readOnly),
			complexOf("authenticationSchemes", "How clients prove who they are.", []*Attribute{
				text("type", "The scheme.", readOnly, required,
					canonical("oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest")),
				text("name", "What the scheme is called.", readOnly, required),
				text("description", "What the scheme is.", readOnly, required),
				reference("specUri", "Where the scheme is specified.", []string{"external"}, readOnly),
				flag("primary", "Whether it is the preferred one.", readOnly),
			}, multiValued, readOnly, required),
		},
	}
}

func resourceType() *Schema {
	return &Schema{
		ID: scim.SchemaResourceType, Name: "ResourceType", Description: "A type of resources",
		Attributes: []*Attribute{
			text("name", "The resource type's name.", readOnly, caseExact, required),
			text("description", "What its resources are.", readOnly),
			reference("endpoint", "Where its resources are, below the SCIM base.", []string{"uri"}, readOnly, required),
			reference("schema", "The URN of its schema.", []string{"uri"}, readOnly, required),
			complexOf("schemaExtensions", "What extends its schema.", []*Attribute{
				reference("schema", "The URN of the extension.", []string{"uri"}, readOnly, required),
				flag("required", "Whether each of its resources must have it.", readOnly, required),
			}, multiValued, readOnly, required),
		},
	}
}

func schemaOfSchemas() *Schema {
	definition := func(more ...*Attribute) []*Attribute {
		return append([]*Attribute{
			text("name", "The attribute's name.", readOnly, caseExact, required),
			text("type", "The attribute's data type.", readOnly, required, canonical(
				string(String), string(Boolean), string(Decimal), string(Integer), string(DateTime),
				string(Reference), string(Binary), string(Complex))),
			flag("multiValued", "Whether the attribute has several values.", readOnly, required),
			text("description", "What the attribute is.", readOnly, required),
			flag("required", "Whether a resource must have the attribute.", readOnly, required),
			text("canonicalValues", "Suggested values.", readOnly, caseExact, multiValued),
			flag("caseExact", "Whether texts that differ in case are different.", readOnly),
			text("mutability", "When the attribute can be written.", readOnly, required, caseExact, canonical(
				string(ReadOnly), string(ReadWrite), string(Immutable), string(WriteOnly))),
			text("returned", "When the attribute is in an answer.", readOnly, required, caseExact, canonical(
				string(ReturnedAlways), string(ReturnedNever), string(ReturnedDefault), string(ReturnedRequest))),
			text("uniqueness", "Among which resources a value is unique.", readOnly, caseExact, canonical(
				string(UniqueNone), string(UniqueServer), string(UniqueGlobal))),
			text("referenceTypes", "What a reference can refer to.", readOnly, caseExact, multiValued),
		}, more...)
	}
	return &Schema{
		ID: scim.SchemaSchema, Name: "Schema", Description: "The attributes of resources",
		Attributes: []*Attribute{
			text("name", "The schema's name.", readOnly, required),
			text("description", "What the schema is of.", readOnly),
			complexOf("attributes", "The schema's attributes.", definition(
				complexOf("subAttributes", "The parts of a complex attribute.", definition(), multiValued, readOnly),
			), multiValued, readOnly, required),
		},
	}
}
