package language

// Version is the version of the language that is described here.
const Version = "1"

// DefaultMaxCalls is enough for a list of 20,000 in pages of 100, and takes a
// few seconds.
const DefaultMaxCalls = 200

// File is the mapping file as a whole.
var File = &Object{
	Name: "file", What: "how SCIM maps onto an API", Section: "The file",
	Keys: []Key{
		{
			Name: "version", What: "the version of the mapping language, which is " + Version,
			Type: Text{Name: "version", Words: Words(Version)}, Required: true, Example: Version,
		},
		{Name: "upstream", What: "how to talk to the API", Type: Upstream, Required: true},
		{
			Name: "schemas", What: "the schemas that RFC 7643 does not have, by their URNs",
			Type: Map{Keys: urn, Of: Schema},
		},
		{
			Name: "resources", What: "what SCIM shows, by the names of the resource types",
			Type: Map{
				Keys: resourceName.by("name"), Of: Resource,
				Known: []Word{{"User", "the people who have access"}, {"Group", "who belongs together"}},
			},
			Required: true,
		},
	},
}

// Upstream is how to talk to the API.
var Upstream = &Object{
	Name: "upstream", What: "how to talk to the API", Section: "Upstream",
	Keys: []Key{
		{Name: "name", What: "the API's name in error messages", Type: anyText, Default: "the API", Example: `Qualytics`},
		{Name: "prefix", What: "comes before the path of every call", Type: urlPrefix, Example: `/api`},
		{Name: "paging", What: "how lists are read", Type: Paging, Required: true},
		{Name: "errors", What: "how the API says what was wrong with a request", Type: Errors},
		{
			Name: "max-calls", What: "how many pages one request may read to filter or sort a list here",
			Type: Integer{1, 100_000}, Default: DefaultMaxCalls,
		},
		{Name: "caller", What: "for `passthrough` and `scim_health` in the Caddyfile: whose token it is", Type: Caller},
	},
}

// Errors is where the API says what was wrong.
var Errors = &Object{
	Name: "errors", What: "how the API says what was wrong with a request", Section: "Errors",
	Keys: []Key{
		{Name: "problems", What: "the list of validation errors in an answer", Type: anyPath, Example: `detail`},
		{Name: "field", What: "in each of them, the field's name or a list that ends in it", Type: anyPath, Example: `loc`},
	},
}

// Caller is how the API is asked whose token it is.
var Caller = &Object{
	Name: "caller", What: "how the API is asked whose token it is", Section: "Caller",
	Keys: []Key{
		{
			Name: "do", What: "the call that answers whose token it is",
			Type: question, Required: true, Example: `GET /users/me`,
		},
		{
			Name: "must", What: "what the answer must hold; without it every token of the API would be let in",
			Type: constants(), Required: true, Example: `{role: Admin, deleted_at: null}`,
		},
		{Name: "id", What: "the user's id in the answer, for the log", Type: anyPath, Example: `id`},
	},
}
