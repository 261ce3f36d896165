package validation

import (
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Rule is what a mapping file is checked for.
type Rule struct {
	// ID is the name that a finding has for it. It stays the same.
	ID string

	// Description says what is so in a file that keeps to it.
	Description string
}

// Rules are all rules: first that of the language, then those of any mapping,
// then those for which there must be an OpenAPI document.
var Rules = []Rule{
	{source.RuleMapping, "The file is a mapping that can be used."},
	{mapping.RuleAdoption, "A create looks for what the API has already, so that nothing is doubled."},
	{mapping.RuleRemoval, "What can be created can be deleted or deactivated."},
	{contract.RuleCall, "The API has the call."},
	{contract.RuleParameter, "The API has the query parameter."},
	{contract.RuleBody, "The API takes the body, as JSON, or none where none is sent."},
	{contract.RuleField, "The API has the field of the body, and requests may set it."},
	{contract.RuleRequired, "What the API requires is sent."},
	{contract.RuleType, "Values are of a type that the other side takes."},
	{contract.RuleValue, "The API can have the values that stand in the mapping."},
	{contract.RuleTable, "A table has a word for each value that the API can have."},
	{contract.RuleAnswer, "The API's answer has what is read in it."},
	{contract.RuleUnchecked, "The document says enough of the API to check the rest."},
	{contract.RuleDeprecated, "The API is not going to be without the call."},
	{contract.RuleDocument, "The document can be read where it speaks of a call."},
}
