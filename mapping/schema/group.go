package schema

import "github.com/qualytics/scim-sidecar/mapping/scim"

// Group returns a new copy of the core schema for groups (RFC 7643 section
// 4.2). Its displayName is required, as section 4.2 has it.
func Group() *Schema {
	return &Schema{
		ID: scim.SchemaGroup, Name: "Group", Description: "Group",
		Attributes: []*Attribute{
			text("displayName", "The group's name.", required),
			complexOf("members", "The members of the group.", []*Attribute{
				text("value", "The member's id.", immutable),
				reference("$ref", "The member's URI.", []string{"User", "Group"}, immutable),
				text("type", "Whether the member is a user or a group.", immutable, canonical("User", "Group")),
				text("display", "The member's name.", readOnly),
			}, multiValued),
		},
	}
}

// Common returns new copies of the attributes that all resources have without
// any schema listing them (RFC 7643 section 3.1): id, externalId and meta.
func Common() []*Attribute {
	return []*Attribute{
		text("id", "The resource's identifier, given by the service provider.", readOnly, caseExact, required, unique, always),
		text("externalId", "The resource's identifier, given by the provisioning client.", caseExact),
		complexOf("meta", "Facts about the resource.", []*Attribute{
			text("resourceType", "The name of the resource type.", readOnly, caseExact),
			moment("created", "When the resource was made.", readOnly),
			moment("lastModified", "When the resource was changed last.", readOnly),
			reference("location", "The resource's URI.", []string{"uri"}, readOnly),
			text("version", "The resource's version, as in its ETag header.", readOnly, caseExact),
		}, readOnly),
	}
}

// schemasAttribute is the list of schema URNs that every resource carries.
// Clients may compare it in filters; what they write there has no effect.
func schemasAttribute() *Attribute {
	return reference("schemas", "The URNs of the resource's schemas.", []string{"uri"}, multiValued, readOnly, required, always)
}
