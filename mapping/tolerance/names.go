package tolerance

// Leniencies in the values of resources and PATCH operations.
const (
	// StringBooleans takes "true", "False", "1" and "0" for a boolean.
	// OneLogin's templates substitute strings; Entra ID sends active as "False".
	StringBooleans Name = "string-booleans"
	// NumberBooleans takes the numbers 1 and 0 for a boolean.
	// OneLogin templates with a status macro outside quotes.
	NumberBooleans Name = "number-booleans"
	// StringNumbers takes a number written as a string.
	// OneLogin's templates substitute strings.
	StringNumbers Name = "string-numbers"
	// NumberForString takes a number where the schema has a string.
	// OneLogin templates with an employee number outside quotes.
	NumberForString Name = "number-for-string"
	// SingleObjectForList takes one value where the schema has a list.
	// OneLogin's Enterprise template has emails as an object; Microsoft's
	// reference tests for Entra ID add one member as a string.
	SingleObjectForList Name = "object-for-list"
	// ListForSingle takes a list of one value where the schema has one value.
	// Entra ID sends manager as a list in PATCH.
	ListForSingle Name = "list-for-single"
	// PlainStringForComplex takes a string for a complex value and means its
	// sub-attribute "value". Entra ID: manager, members; OneLogin: roles.
	PlainStringForComplex Name = "string-for-complex"
	// ObjectForSimple takes an object with "value" for a simple value.
	// Entra ID in PATCH operations of the older shape.
	ObjectForSimple Name = "object-for-simple"
	// BareAddress takes a text without "@" for an e-mail address.
	// Microsoft's reference tests for Entra ID send one.
	BareAddress Name = "bare-address"
	// JSONText takes the text of a JSON object for a role or entitlement.
	// Entra ID sends app roles so.
	JSONText Name = "json-text"
	// NullInList skips nulls and blanks among the values of a list.
	// OneLogin templates with unset macros.
	NullInList Name = "null-in-list"
	// ManyPrimaries takes several values marked primary and keeps the first.
	// OneLogin and Entra ID: roles.
	ManyPrimaries Name = "many-primaries"
	// BlankMeansUnset takes a string of nothing or blanks as "no value".
	// OneLogin's unset macros; Okta sends back middleName as "".
	BlankMeansUnset Name = "blank-is-unset"
	// TrimNames cuts blanks around name.* and displayName.
	// OneLogin keeps blanks that an administrator typed.
	TrimNames Name = "trim-names"
	// ManagerShapes takes manager.managerId for manager.value.
	// OneLogin's templates, as in SCIM 1.1.
	ManagerShapes Name = "manager-shapes"
)

// Leniencies in the names of attributes.
const (
	// ForeignURNs takes the URNs of SCIM 1.1, of drafts of SCIM 2.0 and of
	// Microsoft for those of RFC 7643. OneLogin, Entra ID.
	ForeignURNs Name = "foreign-urns"
	// URNKeys takes an attribute under its URN-qualified name as a JSON key.
	// Entra ID with the flag aadOptscim062020.
	URNKeys Name = "urn-keys"
	// DottedKeys takes a sub-attribute under its dotted path as a JSON key.
	// Entra ID with the flag aadOptscim062020.
	DottedKeys Name = "dotted-keys"
	// PathKeys takes a path with a filter as a JSON key in a PATCH value.
	// Entra ID with the flag aadOptscim062020.
	PathKeys Name = "path-keys"
)

// Leniencies in PATCH requests and filters.
const (
	// OpCase takes "Add", "Replace" and "Remove". Entra ID.
	OpCase Name = "op-case"
	// PathlessReadOnly ignores read-only attributes such as id in the value of
	// a PATCH operation without a path. Okta repeats the id when it renames.
	PathlessReadOnly Name = "pathless-read-only"
	// RemoveWithValueList removes only the listed values when a remove
	// operation without a filter has a value. OneLogin, Entra ID, JumpCloud.
	RemoveWithValueList Name = "remove-with-values"
	// UnmappedPaths leaves out a PATCH operation on an attribute that the
	// schemas have and the mapping has not. Entra ID sends the telephone number
	// and the department together with active.
	UnmappedPaths Name = "unmapped-paths"
	// FilterPathCreates makes the value that a path's filter describes when
	// there is none. Entra ID.
	FilterPathCreates Name = "filter-path-creates"
	// SCIM11Patch takes a PATCH body of SCIM 1.1. OneLogin.
	SCIM11Patch Name = "scim11-patch"
	// UnquotedFilterValue takes a filter's value without quotes. Entra ID's
	// documentation shows it.
	UnquotedFilterValue Name = "unquoted-filter-value"
)

// All describes every leniency, in a stable order.
var All = []Info{
	{StringBooleans, "OneLogin, Entra ID", `A boolean as a string: "true", "False", "1", "0" in any case. Other strings are refused, never taken for true.`},
	{NumberBooleans, "OneLogin", `A boolean as the number 1 or 0.`},
	{StringNumbers, "OneLogin", `A number as a string, such as "42".`},
	{NumberForString, "OneLogin", `A number where the schema has a string; its digits are the string.`},
	{SingleObjectForList, "OneLogin, Entra ID, JumpCloud", `One value where the schema has a list: the list of that value.`},
	{ListForSingle, "Entra ID", `A list of one value where the schema has a single value: that value.`},
	{PlainStringForComplex, "Entra ID, OneLogin", `A string where the schema has a complex value: its sub-attribute "value".`},
	{ObjectForSimple, "Entra ID", `An object with "value" where the schema has a simple value: that value.`},
	{BareAddress, "Entra ID", `An e-mail address without "@". What has blanks, quotes or brackets in it is none, with or without.`},
	{JSONText, "Entra ID", `A role or an entitlement as the text of a JSON object with "value", which is what it says.`},
	{NullInList, "OneLogin", `Nulls, blanks and values that say nothing within a list: skipped.`},
	{ManyPrimaries, "OneLogin, Entra ID", `Several values of one list marked primary: the first stays primary.`},
	{BlankMeansUnset, "OneLogin, Okta", `A string that is empty or all blanks: no value, which clears the attribute (a boolean or number is left alone). When off, it is an ordinary string.`},
	{TrimNames, "OneLogin", `Blanks around name.* and displayName: cut off. When off, they are kept.`},
	{ManagerShapes, "OneLogin", `manager.managerId: the same as manager.value.`},
	{ForeignURNs, "OneLogin, Entra ID", `Schema URNs of SCIM 1.1, of drafts and of Microsoft: the same as those of RFC 7643.`},
	{URNKeys, "Entra ID", `A JSON key such as "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department".`},
	{DottedKeys, "Entra ID", `A JSON key such as "name.familyName".`},
	{PathKeys, "Entra ID", `A JSON key such as "emails[type eq \"work\"].value" in a PATCH value.`},
	{OpCase, "Entra ID", `"Add", "Replace" and "Remove" in any case.`},
	{PathlessReadOnly, "Okta", `Read-only attributes, such as id, in the value of a PATCH operation without a path: ignored.`},
	{RemoveWithValueList, "OneLogin, Entra ID, JumpCloud", `A remove operation with a list of values: removes only those.`},
	{UnmappedPaths, "Entra ID", `A PATCH path to an attribute that the mapping does not have: the operation is left out, as such an attribute is in a PUT.`},
	{FilterPathCreates, "Entra ID", `A PATCH path whose filter finds no value of a kind, such as [type eq "work"]: one is made. Not by a filter on "value", and no role, entitlement or reference.`},
	{SCIM11Patch, "OneLogin", `A PATCH body of SCIM 1.1, without "Operations".`},
	{UnquotedFilterValue, "Entra ID", `A string in a filter without quotes.`},
}
