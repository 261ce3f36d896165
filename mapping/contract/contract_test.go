package contract

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

var updateGolden = flag.Bool("update", false, "rewrite what is expected in testdata")

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// findings returns what is said of a mapping, as it is shown.
func findings(t testing.TB, src, document string) string {
	t.Helper()
	program, err := mapping.Load("mappings.yaml", []byte(src))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	doc, err := openapi.Read([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	list, err := Check(program, doc)
	if err != nil {
		t.Fatal(err)
	}
	problems := source.NewProblems("mappings.yaml", []byte(src))
	for _, d := range list {
		problems.Add(d)
	}
	if err := problems.Err(); err != nil {
		return err.Error() + "\n"
	}
	return ""
}

// edited returns a text with changes, each a text and what comes in its place.
func edited(t testing.TB, text string, edits []string) string {
	t.Helper()
	for edit := range slices.Chunk(edits, 2) {
		if !strings.Contains(text, edit[0]) {
			t.Fatalf("there is no %q", edit[0])
		}
		text = strings.ReplaceAll(text, edit[0], edit[1])
	}
	return text
}

func TestShippedMappingFitsTheContract(t *testing.T) {
	if got := findings(t, readFile(t, "../../mappings.yaml"), string(qualytics.Document())); got != "" {
		t.Errorf("\n%s", got)
	}
}

// TestOneAPIInAllVersions has the API of these tests described in each version
// that is read: a mapping that fits it has nothing said against it.
func TestOneAPIInAllVersions(t *testing.T) {
	for _, file := range []string{"api30.yaml", "api31.yaml"} {
		if got := findings(t, readFile(t, "testdata/mappings.yaml"), readFile(t, "testdata/"+file)); got != "" {
			t.Errorf("%s:\n%s", file, got)
		}
	}
}

// mistakes are changes of the mapping and of the document, after which they no
// longer fit. What is then said is in testdata/findings.
var mistakes = []struct {
	name          string
	mapping, open []string
}{
	{name: "path", mapping: []string{`"GET /people/{id}"`, `"GET /peple/{id}"`}},
	{name: "prefix", mapping: []string{"  prefix: /api\n", ""}},
	{name: "method", mapping: []string{`"PATCH /people/{id}"`, `"PUT /people/{id}"`}},
	{name: "deprecated", open: []string{"    delete: {responses: {204", "    delete: {deprecated: true, responses: {204"}},
	{name: "text id", mapping: []string{"id: {path: id, type: integer}\n    only", "id: id\n    only"}},
	{name: "number id", open: []string{"id: {type: integer, readOnly: true}", "id: {type: string, readOnly: true}"}},

	{name: "parameter", mapping: []string{`{all: "true"}`, `{al: "true"}`}},
	{name: "parameter of a filter", mapping: []string{"query: q", "query: contains"}},
	{name: "parameter of a sort", mapping: []string{"{sort: name}", "{order: name}"}},
	{name: "parameter's constant", mapping: []string{`{all: "true"}`, "{all: 1}", "{sort: name}", "{sort: nam}"}},
	{name: "page size", mapping: []string{"max: 100", "max: 1000"}},
	{name: "first page", mapping: []string{"page: page,", "page: page, first: 0,"}},
	{name: "filter without a table", mapping: []string{"displayName: {query: q", "displayName: {query: role", "roles: {query: role, narrows: [eq]}", "userName: {query: q, narrows: [eq]}"}},
	{name: "filter of another type", mapping: []string{"query: q", "query: all", `, query: {all: "true"}`, ""}},
	{name: "table of a filter", open: []string{"name: role, in: query, schema: {anyOf: [{$ref: \"#/components/schemas/Role\"}", "name: role, in: query, schema: {anyOf: [{enum: [admin]}"}},
	{name: "required parameters", open: []string{"- {name: all,", "- {name: X-Tenant, in: header, required: true}\n        - {name: tenant, in: query, required: true}\n        - {name: all,"}},
	{name: "required parameters that are sent", open: []string{"{name: all, in: query,", "{name: all, in: query, required: true,", "{name: page, in: query,", "{name: page, in: query, required: true,", "{name: size, in: query,", "{name: size, in: query, required: true,"}},
	{name: "parameters of an object", open: []string{"{name: q, in: query, schema: {anyOf: [{type: string}, {type: \"null\"}]}}", "{name: more, in: query, schema: {type: object, properties: {p: {}}, additionalProperties: false}}"}},
	{name: "any parameters", mapping: []string{"query: q", "query: contains"}, open: []string{"- {name: q, in: query,", "- {name: q, in: query, schema: {type: object, additionalProperties: {type: string}}}\n        - {name: r, in: query,"}},

	{name: "body where none is taken", mapping: []string{`leave: {do: "DELETE /people/{id}"}`, `leave: {do: "DELETE /people/{id}", set: {now: true}}`}},
	{name: "no body where one is required", mapping: []string{", set: {reason: scim}", ""}, open: []string{"      requestBody:\n        content: {application/json: {schema: {type: object, properties: {reason", "      requestBody:\n        required: true\n        content: {application/json: {schema: {type: object, properties: {reason"}},
	{name: "body of a form", open: []string{"required: true\n        content: {application/json: {schema: {$ref: \"#/components/schemas/PersonCreate\"}}}", "content: {multipart/form-data: {}}"}},
	{name: "body without a schema", open: []string{"{application/json: {schema: {$ref: \"#/components/schemas/PersonCreate\"}}}", "{application/json: {}}"}},
	{name: "field", mapping: []string{"path: [login, email]", "path: [logn, login]"}},
	{name: "field of an object", mapping: []string{"path: profile.title", "path: profile.tile"}},
	{name: "field inside of a text", open: []string{"        profile:\n          anyOf:\n            - {type: object, properties: {title: {anyOf: [{type: string}, {type: \"null\"}]}}, additionalProperties: false}\n            - {type: \"null\"}", "        profile: {type: string}"}},
	{name: "field that is read only", open: []string{"desk: {anyOf", "desk: {readOnly: true, anyOf"}},
	{name: "text into a list", open: []string{"login: {type: string, minLength: 1}", "login: {type: array, items: {type: integer}}"}},
	{name: "text into a number", open: []string{"name: {type: string}\n        role", "name: {type: integer}\n        role"}},
	{name: "decimal into a whole number", open: []string{"height: {anyOf: [{type: number}", "height: {anyOf: [{type: integer}"}},
	{name: "list into a text", open: []string{"keys: {type: array, items: {type: string}}", "keys: {type: string}"}},
	{name: "texts into a list of numbers", open: []string{"keys: {type: array, items: {type: string}}", "keys: {type: array, items: {type: integer}}"}},
	{name: "ids into a list of texts", open: []string{"member_ids: {type: array, items: {type: integer}}", "member_ids: {type: array, items: {type: string}}"}},
	{name: "constants", mapping: []string{`clear: ""}`, "clear: null}", "set: {kind: human}", "set: {kind: humn}"}},
	{name: "constant that looks like a secret", mapping: []string{"{kind: human}, expect", "{kind: a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6}, expect"}},
	{name: "constant that is too short", mapping: []string{"unique: true}\n      displayName", "unique: true, clear: \"\"}\n      displayName"}},
	{name: "table", mapping: []string{"{Admin: admin, Member: member}", "{Admin: admn, Member: member}"}},
	{name: "table with too little", open: []string{"enum: [admin, member]", "enum: [admin, member, owner]"}},
	{name: "no table", mapping: []string{"values: {Admin: admin, Member: member}, take: [first], default: member, clear: member", "take: [first], clear: member"}},
	{name: "required by a create", open: []string{"required: [login, name, kind]", "required: [login, name, kind, role, keys, region]"}},
	{name: "required in answers alone", open: []string{"required: [login, name, kind]", "properties: {made: {type: string, readOnly: true}}\n      required: [login, name, kind, made]"}},
	{name: "required inside of an object", open: []string{"additionalProperties: false", "additionalProperties: false, required: [title, team]"}},
	{name: "required by an update", mapping: []string{"          name: name\n", ""}},
	{name: "carried", mapping: []string{"note: note", "note: notes"}},
	{name: "carried null", open: []string{"note: {anyOf: [{type: string}, {type: \"null\"}]}\n    Team:", "note: {type: string}\n    Team:"}},
	{name: "carried list of another type", mapping: []string{"members.id", "members.login"}},

	{name: "carried list of itself", open: []string{"members: {type: array, items: {$ref: \"#/components/schemas/Person\"}}", "members: {$ref: \"#/components/schemas/Nest\"}", "    TeamPage:", "    Nest: {type: array, items: {$ref: \"#/components/schemas/Nest\"}}\n    TeamPage:"}},

	{name: "items", mapping: []string{"items: items", "items: item"}},
	{name: "items that are no list", mapping: []string{"items: items", "items: total"}},
	{name: "total", mapping: []string{"total: [total, total_count]", "total: totl"}},
	{name: "cursor", mapping: []string{"{page: page, size: size, max: 100, items: items, total: [total, total_count]}", "{cursor: page, next: nxt, items: items, total: total}"}},
	{name: "id", mapping: []string{"id: {path: id, type: integer}\n    only", "id: {path: ident, type: integer}\n    only"}},
	{name: "read", mapping: []string{"path: left_at", "path: lft_at"}},
	{name: "read at several places", mapping: []string{"[created, created_at]", "[creatd, made]"}},
	{name: "fall-back", mapping: []string{"[created, created_at]", "[created, left_att]"}},
	{name: "read as another type", open: []string{"created: {type: string, format: date-time}", "created: {type: integer}"}},
	{name: "parts of a list", mapping: []string{"each: {value: id, display: name}", "each: {value: idd, display: name}"}},
	{name: "list that is none", mapping: []string{"path: members, each", "path: name, each"}},
	{name: "written but not shown", open: []string{"height: {anyOf", "height: {writeOnly: true, anyOf"}},
	{name: "written and never read", mapping: []string{"      externalId", "      password: secret\n      externalId"}, open: []string{"desk: {anyOf", "secret: {type: string, writeOnly: true}\n        desk: {anyOf"}},
	{name: "guarded", mapping: []string{"    only: {kind: human}", "    only: {kind: human}\n    guard: {last: {role: admn}}"}},
	{name: "compared", mapping: []string{"only: {kind: human}", "only: {kid: human}", "expect: {kind: human}", "expect: {kind: person}", "must: {role: admin}", "must: {role: admn}"}},
	{name: "errors", mapping: []string{"problems: detail, field: loc", "problems: detail, field: location"}},
	{name: "errors that are no list", open: []string{"detail:\n                type: array", "detail:\n                type: string"}},
	{name: "create without an answer", open: []string{"        200: {$ref: \"#/components/responses/Person\"}\n        422: {$ref: \"#/components/responses/Invalid\"}\n  /people/{person_id}:", "        201: {description: Made.}\n  /people/{person_id}:"}},
	{name: "answer without a schema", open: []string{"content: {application/json: {schema: {$ref: \"#/components/schemas/PersonPage\"}}}", "content: {application/json: {schema: {}}}"}},
	{name: "no answers", open: []string{"get: {responses: {200: {$ref: \"#/components/responses/Person\"}}}", "get: {}"}},
	{name: "page of HTML", open: []string{"200: {content: {application/json: {schema: {$ref: \"#/components/schemas/TeamPage\"}}}}", "200: {content: {text/html: {}}}"}},

	{name: "reference to nothing", open: []string{`schema: {$ref: "#/components/schemas/TeamPage"}`, `schema: {$ref: "#/components/schemas/Teams"}`}},
	{name: "reference to another document", open: []string{`schema: {$ref: "#/components/schemas/TeamPage"}`, `schema: {$ref: "teams.yaml#/Page"}`}},
	{name: "reference in a circle", open: []string{`{name: page, in: query, schema: {type: integer, minimum: 1, default: 1}}`, `{$ref: "#/components/parameters/page"}`}},
	{name: "broken schema", open: []string{"total: {type: integer}", "total: {type: whole}"}},
	{name: "parameters that are no list", open: []string{"      parameters:\n        - {$ref: \"#/components/parameters/page\"}\n        - {$ref: \"#/components/parameters/size\"}\n      responses", "      parameters: {}\n      responses"}},
}

// TestFindings compares everything that is said about a mapping and a document
// that do not fit.
func TestFindings(t *testing.T) {
	goldens := make(map[string]bool)
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			got := findings(t, edited(t, readFile(t, "testdata/mappings.yaml"), m.mapping), edited(t, readFile(t, "testdata/api31.yaml"), m.open))
			golden := "testdata/findings/" + strings.ReplaceAll(m.name, " ", "-") + ".txt"
			goldens[golden] = true
			if *updateGolden {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := readFile(t, golden); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
	files, err := filepath.Glob("testdata/findings/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !goldens[file] {
			t.Errorf("%s belongs to no mistake", file)
		}
	}
}
