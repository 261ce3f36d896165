package language

// What becomes of attributes that the mapping has no place for.
const (
	UnmappedIgnore = "ignore"
	UnmappedWarn   = "warn"
	UnmappedReject = "reject"
	UnmappedKeep   = "keep"
)

// Unmapped says what each of them means.
var Unmapped = []Word{
	{UnmappedIgnore, "They are left out, from a `PATCH` path too if the leniency `unmapped-paths` is on. " +
		"The log line of the request names them in `dropped`, and they are counted."},
	{UnmappedWarn, "The same, and the line has the level `warn`."},
	{UnmappedReject, "The request fails with 400 `invalidValue`, or `invalidPath` for a path of a `PATCH`, and changes nothing. " +
		"The answer names the first of them."},
	{UnmappedKeep, "The sidecar keeps those of the schemas and gives them back. What no schema has is left out as with `ignore`."},
}

// Operators are those of a filter by which the API can narrow a list.
var Operators = []string{"eq", "co", "sw", "ew"}

// Resource is a resource type.
var Resource = &Object{
	Name: "resource", What: "a resource type", Section: "Resources",
	Keys: []Key{
		{Name: "endpoint", What: "the path below the SCIM base", Type: endpoint, Required: true, Example: `/Users`},
		{
			Name: "schema", What: "the core schema's URN; `User` and `Group` have theirs without it",
			Type: urn, Example: `urn:example:params:scim:schemas:core:2.0:Device`,
		},
		{
			Name: "extensions", What: "the schemas that extend it", More: "Users have the enterprise extension besides.",
			Type: List{Extension}, Example: `[urn:example:params:scim:schemas:extension:badge:2.0:User]`,
		},
		{Name: "description", What: "what `/ResourceTypes` says of it; the schema's without the key", Type: anyText},
		{Name: "id", What: "where the API's objects hold their id", Type: ID, Required: true, Example: `id`},
		{
			Name: "only", What: "values that an object must have for SCIM to see and touch it",
			Type: constants(), Example: `{user_type: Human}`,
		},
		{
			Name: "hide", What: "values by which SCIM neither sees nor touches an object",
			Type: constants(), Example: `{name: Public}`,
		},
		{Name: "read-only", What: "values by which SCIM sees an object but does not change it", Type: constants(), Example: `{name: Public}`},
		{
			Name: "unmapped", What: "what becomes of attributes in a request for which there is no place",
			Type: Text{Words: Unmapped, Section: "What is not mapped"}, Default: UnmappedIgnore,
		},
		{Name: "guard", What: "what no request may take away", Type: Guard},
		{
			Name: "value-groups", What: "groups that the API does not have",
			More: "For a resource whose `members` say `of`.", Type: ValueGroups,
		},
		{
			Name: "attributes", What: "what SCIM shows, by the names of the attributes", Required: true,
			Type: Map{Keys: attributeName, Known: knownAttributes(), Of: Attribute},
		},
		{
			Name: "calls", What: "which calls do the work, by name", Required: true,
			Type: Map{Keys: callName.by("name"), Known: Roles, Required: []string{"list", "read"}, Of: Call},
		},
		{
			Name: "filters", What: "by which query parameters the API narrows its list, by attribute",
			More: "The result is always checked again. Values of a table are sent as the API's.",
			Type: Map{Keys: attributeName, Of: Filter},
		},
		{
			Name: "sorts", What: "by which query parameters the API sorts its list, by attribute",
			More: "Used where there is no filter.",
			Type: Map{Keys: attributeName, Of: Sort},
		},
	},
}

// Extension is a schema that extends another.
var Extension = &Object{
	Name: "extension", What: "a schema that extends the resource's own", Section: "Extensions", Short: "schema",
	Keys: []Key{
		{Name: "schema", What: "the URN of the extension", Type: urn, Required: true},
		{Name: "required", What: "`true` if every resource must have it", Type: Boolean{}, Default: false},
	},
}

// ID is the id of an object.
var ID = &Object{
	Name: "id", What: "where the API's objects hold their id", Section: "Ids", Short: "path",
	Keys: []Key{
		{Name: "path", What: "where the id is", Type: fieldPath, Required: true, Example: `id`},
		{Name: "type", What: "what it is in the API", Type: Text{Words: Words("string", "integer")}, Default: "string"},
	},
}

// Guard is what no request may take away.
var Guard = &Object{
	Name: "guard", What: "what no request may take away", Section: "Guard",
	Keys: []Key{
		{
			Name: "last", What: "the values that some active object must keep",
			More: "No request takes them from the last one, or deactivates or deletes it.",
			Type: constants(), Required: true, Example: `{role: Admin}`,
		},
		{
			Name: "accounts", What: "objects, by their `unique` attribute, that stay active and keep these fields whatever their values are",
			Type: List{anyText}, Example: `[emergency@corp.example]`,
		},
	},
}

// ValueGroups are groups whose members are known by the value of an attribute.
var ValueGroups = &Object{
	Name: "value-groups", What: "groups that the API does not have", Section: "Value groups",
	Keys: []Key{
		{
			Name: "attribute", What: "the attribute of the members whose value says who is in which group",
			More: "It has `values` and `clear`.", Type: attributeName, Required: true, Example: `roles`,
		},
		{
			Name: "groups", What: "the groups by their ids, the one that takes precedence first",
			Type: Map{Keys: resourceName.by("id"), Of: ValueGroup}, Required: true,
		},
	},
}

// ValueGroup is one of them.
var ValueGroup = &Object{
	Name: "value group", What: "a group whose members have a value", Section: "Value groups",
	Keys: []Key{
		{Name: "displayName", What: "the group's name", Type: anyText, Required: true, Example: `Administrators`},
		{Name: "value", What: "the attribute's value that its members have", Type: anyText, Required: true, Example: `Admin`},
	},
}

// Filter is how the API narrows its list by an attribute.
var Filter = &Object{
	Name: "filter", What: "how the API narrows its list by an attribute", Section: "Filters",
	Keys: []Key{
		{Name: "query", What: "the list call's query parameter", Type: parameter, Required: true, Example: `name`},
		{
			Name: "narrows", What: "the operators for which the API's result holds every match",
			Type: List{Text{Name: "operator", Words: Words(Operators...)}}, Required: true, Example: `[eq, co]`,
		},
	},
}

// Sort is how the API sorts its list by an attribute.
var Sort = &Object{
	Name: "sort", What: "how the API sorts its list by an attribute", Section: "Sorts", NotEmpty: true,
	Keys: []Key{
		{
			Name: "ascending", What: "the query parameters with which the list comes in this order, those without a value at the end",
			Type: parameters(), Example: `{sort: name}`,
		},
		{
			Name: "descending", What: "the same for the other order, those without a value at the start",
			Type: parameters(), Example: `{sort: -name}`,
		},
	},
}
