// Package scim holds the words of the SCIM 2.0 protocol: schema and message
// URNs, media types and the error that every other package speaks in.
//
// It depends on nothing and does no I/O.
package scim

// URNs of the resource schemas of RFC 7643.
const (
	SchemaUser           = "urn:ietf:params:scim:schemas:core:2.0:User"
	SchemaGroup          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SchemaEnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// URNs of the schemas with which a service provider describes itself
// (RFC 7643 sections 5 to 7).
const (
	SchemaServiceProviderConfig = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	SchemaResourceType          = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	SchemaSchema                = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// URNs of the protocol messages of RFC 7644.
const (
	MessageListResponse  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	MessageSearchRequest = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	MessagePatchOp       = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	MessageBulkRequest   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	MessageBulkResponse  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	MessageError         = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// Media types of requests and answers (RFC 7644 section 3.1).
const (
	MediaType     = "application/scim+json"
	MediaTypeJSON = "application/json"
)
