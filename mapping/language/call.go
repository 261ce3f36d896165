package language

// Roles are the calls that the sidecar itself makes, each for what its name
// says. Any other call is for an attribute or another call to name.
var Roles = []Word{
	{"list", "gives all objects, page by page"},
	{"read", "gives one object"},
	{"others", "lists what `only` leaves out, so that references to it are not shown"},
	{"create", "makes an object; without it, `POST` is answered 405"},
	{"update", "changes an object; without it, `PUT` and `PATCH` are answered 405"},
	{"readmit", "is the change with which somebody comes back whose account was deactivated: it gets every value of the request and every `default`"},
	{"delete", "deletes or deactivates an object; without it, `DELETE` is answered 405"},
}

// Call is a call of the API.
var Call = &Object{
	Name: "call", What: "a call of the API", Section: "Calls", Short: "do",
	Keys: []Key{
		{
			Name: "do", What: "a method and a path, `{id}` standing for the id; or another call's name",
			Type: request, Required: true, Example: `GET /users/{id}`,
		},
		{Name: "query", What: "query parameters", Type: parameters(), Example: `{include_deleted: "true"}`},
		{
			Name: "set", What: "constants in the body; values from SCIM win",
			More: "For a call without values, such as one that deactivates by a change, they are the body.",
			Type: constants(), Example: `{permission: Viewer}`,
		},
		{
			Name: "expect", What: "for `create`: values that the answer must have, else the call is undone",
			Type: constants(), Example: `{user_type: Human}`,
		},
		{Name: "undo", What: "for `create`: the call that takes it back", Type: callName, Example: `deactivate`},
		{
			Name: "adopt-by", What: "for `create`: by which rules somebody is given an account that is there, instead of a second one; the first that finds one decides",
			Type: List{Adoption}, Example: `[userName, {find: emails, only: {role: Member}}]`,
		},
		{
			Name: "returns-by", What: "for `create`: the attributes of which an account that SCIM deleted must have had one to be whose it was",
			More: "Without it they are those that are `unique: true`, and `externalId`.",
			Type: List{attributeName}, Example: `[userName, externalId]`,
		},
		{
			Name: "carry", What: "for `update`: fields of the body that are sent back as they stand in the object, each with its path there; " +
				"a list on the way stands for the list of what its elements hold",
			Type: Map{Keys: keyPath.by("field of the body"), Of: anyPath}, Example: `{user_ids: users.id}`,
		},
		{Name: "paging", What: "for `list` and `others`: how a list is read that is read in another way than `upstream` has it", Type: Paging},
		{Name: "repeatable", What: "`true` for a `POST` or `PATCH` that may be sent twice", Type: Boolean{}, Default: false},
		{
			Name: "then", What: "for `delete`: that the call only deactivates and SCIM is to know the resource no more",
			Type: Text{Words: Words("forget")},
		},
		{Name: "else", What: "for `read`: that what is not found may be in the list all the same", Type: Text{Words: Words("list")}},
		{
			Name: "order", What: "for `list`: that the list comes in the order of ids, of numbers by their size",
			More: "A page by a cursor then takes no reading of the whole list.",
			Type: Text{Words: Words("id")},
		},
	},
}

// Adoption is a rule by which a create gives somebody an account that is there.
var Adoption = &Object{
	Name: "adoption rule", What: "a rule by which somebody is given an account that is there", Section: "Adoption", Short: "find",
	Keys: []Key{
		{Name: "find", What: "the attribute by which the account is found", Type: attributeName, Required: true, Example: `emails`},
		{
			Name: "equals", What: "the attribute of the request whose value the account must have there; without it the same attribute",
			Type: attributeName, Example: `userName`,
		},
		{Name: "only", What: "values that the account must have", Type: constants(), Example: `{role: Member, deleted_at: null}`},
	},
}
