package openapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// read reads a document with these paths.
func read(t *testing.T, version, paths string) *Document {
	t.Helper()
	d, err := Read([]byte("openapi: " + version + "\n" + paths))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// schemaOf returns the schema of a body, as YAML in one line.
func schemaOf(t *testing.T, version, schema string) *Schema {
	t.Helper()
	d := read(t, version, `
paths: {/a: {post: {requestBody: {content: {application/json: {schema: `+schema+`}}}}}}
components:
  schemas:
    Named: {type: object, required: [n], properties: {n: {type: string}}}
    List: {type: array, items: {$ref: "#/components/schemas/Named"}}
    Tree: {type: object, properties: {left: {$ref: "#/components/schemas/Tree"}}}
    Loop: {allOf: [{$ref: "#/components/schemas/Loop"}]}
`)
	operations, err := d.Operations()
	if err != nil || len(operations) != 1 {
		t.Fatal(operations, err)
	}
	body, err := operations[0].Body()
	if err != nil {
		t.Fatal(err)
	}
	return body.Schema
}

func TestDocumentsThatAreRefused(t *testing.T) {
	bomb := "a: &a0 [x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("b%d: &a%d [%s]\n", i, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 9), ","))
	}
	deep := strings.Repeat("[", 300) + strings.Repeat("]", 300)
	for src, want := range map[string]string{
		"":                           "it is empty",
		" \n":                        "it is empty",
		"<!doctype html><title>Docs": "a page of HTML",
		"[]":                         "it is not an object",
		"hello":                      "it is not an object",
		`{"openapi": "3.1.0",` + "\n\n" + `"paths": }`: "not valid JSON, in line 3",
		`{"openapi": "3.1.0", "paths": {}} x`:          "something follows",
		"a: [":                                         "not valid YAML",
		"a: 1\na: 2":                                   `in line 2, "a" is there for the second time`,
		"? [a]\n: 1":                                   "in line 1, a key is not a text",
		"a: .inf":                                      "not a number of JSON",
		`{"openapi": "3.1.0", "paths": {}, "x": 1e999999999}`: "out of range",
		"a: 0." + strings.Repeat("1", 500):                    "out of range",
		"swagger: '2.0'":                                      "Swagger 2.0",
		"info: {}":                                            `does not say "openapi"`,
		"openapi: 3":                                          "does not say \"openapi\"",
		"openapi: 4.0.0":                                      "OpenAPI 4.0.0",
		"openapi: 3.1.0":                                      `no "paths"`,
		"openapi: 3.1.0\npaths: []":                           `no "paths"`,
		`{"openapi":"3.1.0","x":` + deep + "}":                "nested deeper than",
		"a: &a [*a]":                                          "nested deeper than",
		bomb:                                                  "more than",
	} {
		_, err := Read([]byte(src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %s", src, err, want)
		}
	}
	if _, err := Read(make([]byte, MaxSize+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too large: %v", err)
	}
}

func TestPathsBeginWithThoseOfServers(t *testing.T) {
	for servers, want := range map[string]string{
		"":                        "/a",
		"servers: []":             "/a",
		`servers: [{url: /}]`:     "/a",
		`servers: [{url: /api/}]`: "/api/a",
		`servers: [{url: api}]`:   "/api/a",
		`servers: [{url: "https://x.example/v1"}]`:                                                    "/v1/a",
		`servers: [{url: "https://{h}/{b}", variables: {h: {default: x.example}, b: {default: v2}}}]`: "/v2/a",
		`servers: [{url: /one}, {url: /two}, {url: "https://other.example/one"}]`:                     "/one/a /two/a",
	} {
		operations, err := read(t, "3.1.0", "paths: {/a: {get: {}}}\n"+servers).Operations()
		var paths []string
		for _, o := range operations {
			paths = append(paths, o.Path)
		}
		if got := strings.Join(paths, " "); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", servers, got, err, want)
		}
	}
	operations, err := read(t, "3.1.0", "servers: [{url: /one}]\npaths: {/a: {servers: [{url: /two}], get: {}, put: {servers: [{url: /three}]}}}").Operations()
	if err != nil || len(operations) != 2 || operations[0].Path != "/two/a" || operations[1].Path != "/three/a" {
		t.Errorf("%v, %v", operations, err)
	}
}

func TestParametersOfThePathAreThoseOfItsCalls(t *testing.T) {
	operations, err := read(t, "3.1.0", `
paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true}, {name: all, in: query, schema: {type: string}}]
    get:
      parameters: [{name: all, in: query, required: true, content: {application/json: {schema: {type: boolean}}}}]
`).Operations()
	if err != nil {
		t.Fatal(err)
	}
	parameters, err := operations[0].Parameters()
	if err != nil || len(parameters) != 2 {
		t.Fatal(parameters, err)
	}
	all, id := parameters[0], parameters[1]
	if all.Name != "all" || !all.Required || all.Schema.Types() != typeBoolean || all.Pointer() != "#/paths/~1a~1{id}/get/parameters/0" {
		t.Errorf("%+v", all)
	}
	if id.Name != "id" || id.In != "path" || id.Schema != nil || id.Schema.Types() != typeAny {
		t.Errorf("%+v", id)
	}
}

func TestAnswersOfSuccess(t *testing.T) {
	for responses, want := range map[string]string{
		`{"404": {}, "204": {}}`: "#/paths/~1a/get/responses/204 []",
		`{201: {content: {text/csv: {}}}, 200: {content: {a/b+json: {}}}}`: "#/paths/~1a/get/responses/200 [a/b+json]",
		`{2XX: {content: {"application/json; charset=utf-8": {}}}}`:        "#/paths/~1a/get/responses/2XX [application/json; charset=utf-8]",
		`{default: {content: {"*/*": {}}}}`:                                "#/paths/~1a/get/responses/default [*/*]",
		`{500: {}}`:                                                        "",
	} {
		operations, err := read(t, "3.1.0", "paths: {/a: {get: {responses: "+responses+"}}}").Operations()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := operations[0].Answer()
		got := ""
		if answer != nil {
			got = fmt.Sprint(answer.Pointer(), " ", answer.Types)
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", responses, got, err, want)
		}
	}
}

func TestTypes(t *testing.T) {
	for schema, want := range map[string]string{
		"{}":                        "anything",
		"true":                      "anything",
		"false":                     "",
		"{type: string}":            "string",
		"{type: [string, 'null']}":  "string or null",
		"{type: number}":            "number",
		"{type: [integer, number]}": "number",
		"{enum: [a, 1, null]}":      "string or number or null",
		"{const: true}":             "boolean",
		"{anyOf: [{type: integer}, {type: 'null'}]}":          "integer or null",
		"{type: string, allOf: [{type: [string, integer]}]}":  "string",
		"{oneOf: [{type: string}, {allOf: [{type: array}]}]}": "string or array",
		"{$ref: '#/components/schemas/List'}":                 "array",
		"{$ref: '#/components/schemas/Loop'}":                 "anything",
		"{type: boolean, anyOf: [{type: string}]}":            "",
	} {
		if got := schemaOf(t, "3.1.0", schema).Types().String(); got != want {
			t.Errorf("%s: %q, want %q", schema, got, want)
		}
	}
	for schema, want := range map[string]string{
		"{type: string, nullable: true}":                                     "string or null",
		"{nullable: true, allOf: [{$ref: '#/components/schemas/List'}]}":     "array or null",
		"{type: string, nullable: true, enum: [a]}":                          "string or null",
		"{type: string, nullable: false}":                                    "string",
		"{$ref: '#/components/schemas/List', nullable: true}":                "array",
		"{type: object, properties: {nullable: {type: string}}}":             "object",
		"{type: object, properties: {enum: {type: string, nullable: true}}}": "object",
	} {
		if got := schemaOf(t, "3.0.3", schema).Types().String(); got != want {
			t.Errorf("3.0: %s: %q, want %q", schema, got, want)
		}
	}
}

// TestNamesAreNoKeywords has fields that are called as keywords of a schema are.
func TestNamesAreNoKeywords(t *testing.T) {
	for _, name := range []string{"default", "enum", "example", "properties", "nullable", "type"} {
		field, presence := schemaOf(t, "3.0.3", "{type: object, properties: {"+name+": {type: string, nullable: true}}}").Field(name)
		if got := field.Types().String(); presence != Present || got != "string or null" {
			t.Errorf("%s: %d, %q", name, presence, got)
		}
	}
}

func TestFields(t *testing.T) {
	for schema, want := range map[string]Presence{
		"{}":                    Unknown,
		"{type: object}":        Unknown,
		"{type: string}":        Absent,
		"{properties: {n: {}}}": Present,
		"{properties: {m: {}}}": Absent,
		"{properties: {m: {}}, additionalProperties: true}":                      Open,
		"{properties: {m: {}}, additionalProperties: {type: string}}":            Open,
		"{additionalProperties: false}":                                          Absent,
		"{patternProperties: {'^n': {}}, additionalProperties: false}":           Open,
		"{$ref: '#/components/schemas/Named'}":                                   Present,
		"{$ref: '#/components/schemas/Loop'}":                                    Unknown,
		"{allOf: [{properties: {m: {}}}, {$ref: '#/components/schemas/Named'}]}": Present,
		"{anyOf: [{$ref: '#/components/schemas/Named'}, {type: 'null'}]}":        Present,
		"{anyOf: [{properties: {m: {}}}, {type: 'null'}]}":                       Absent,
		"{anyOf: [{properties: {m: {}}}, {}]}":                                   Open,
		"{properties: {m: {}}, oneOf: [{required: [m]}, {required: [n]}]}":       Absent,
		"{type: array, items: {properties: {n: {}}}}":                            Absent,
	} {
		if _, got := schemaOf(t, "3.1.0", schema).Field("n"); got != want {
			t.Errorf("%s: %d, want %d", schema, got, want)
		}
	}
}

func TestRequired(t *testing.T) {
	for schema, want := range map[string]string{
		"{required: [b, a]}": "a b",
		"{required: [a], allOf: [{$ref: '#/components/schemas/Named'}]}":  "a n",
		"{oneOf: [{required: [a, b]}, {required: [b, c]}]}":               "b",
		"{anyOf: [{$ref: '#/components/schemas/Named'}, {type: 'null'}]}": "n",
		"{$ref: '#/components/schemas/Loop'}":                             "",
	} {
		if got := strings.Join(schemaOf(t, "3.1.0", schema).Required(), " "); got != want {
			t.Errorf("%s: %q, want %q", schema, got, want)
		}
	}
}

func TestEnums(t *testing.T) {
	for schema, want := range map[string]string{
		"{enum: [a, 1, null, a]}": `"a" 1`,
		"{const: a}":              `"a"`,
		"{anyOf: [{enum: [a]}, {const: b}, {type: 'null'}]}": `"a" "b"`,
		"{anyOf: [{enum: [a]}, {type: string}]}":             "",
		"{allOf: [{enum: [a]}]}":                             `"a"`,
		"{type: string}":                                     "",
		"{$ref: '#/components/schemas/Loop'}":                "",
	} {
		values, _ := schemaOf(t, "3.1.0", schema).Enum()
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = string(v)
		}
		if got := strings.Join(texts, " "); got != want {
			t.Errorf("%s: %s, want %s", schema, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ version, schema, value, want string }{
		{"3.1.0", "{type: string}", `"a"`, ""},
		{"3.1.0", "{type: string}", `null`, "got null, want string"},
		{"3.1.0", "{anyOf: [{enum: [a, b]}, {type: 'null'}]}", `"c"`, "value must be one of 'a', 'b'"},
		{"3.1.0", "{type: object, properties: {n: {maximum: 1}}}", `{"n":2}`, "maximum: got 2, want 1"},
		{"3.1.0", "{pattern: '(?=a)b'}", `"c"`, ""},
		{"3.1.0", "{pattern: '^b'}", `"c"`, "'c' does not match pattern '^b'"},
		{"3.1.0", "{format: date-time}", `"c"`, "'c' is not valid date-time"},
		{"3.1.0", "{format: int32}", `5`, ""},
		{"3.0.3", "{minimum: 0, exclusiveMinimum: true}", `0`, "exclusiveMinimum: got 0, want 0"},
		{"3.0.3", "{minimum: 0, exclusiveMinimum: false}", `0`, ""},
		{"3.0.3", "{type: string, enum: [a], nullable: true}", `null`, ""},
		{"3.1.0", "{$ref: '#/components/schemas/Loop'}", `1`, "reference cycle"},
	} {
		err := schemaOf(t, c.version, c.schema).Check([]byte(c.value))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s of %s: got %v, want %q", c.value, c.schema, err, c.want)
		}
	}
}

func TestElementsAndPointers(t *testing.T) {
	list := schemaOf(t, "3.1.0", "{anyOf: [{$ref: '#/components/schemas/List'}, {type: array, items: {type: string}}]}")
	elements := list.Elements()
	if got := elements.Types().String(); got != "string or object" {
		t.Errorf("the elements are %s", got)
	}
	name, presence := elements.Field("n")
	if presence != Present || name.Pointer() != "#/components/schemas/Named/properties/n" {
		t.Errorf("%d, %s", presence, name.Pointer())
	}
	if got := elements.Fields(); !slices.Equal(got, []string{"n"}) {
		t.Errorf("fields %q", got)
	}
	tree := schemaOf(t, "3.1.0", "{$ref: '#/components/schemas/Tree'}")
	for range 100 {
		tree, presence = tree.Field("left")
		if presence != Present || tree.Pointer() != "#/components/schemas/Tree" {
			t.Fatalf("%d, %s", presence, tree.Pointer())
		}
	}
}

// TestManyWaysToOnePart has a schema that is made of another twice, and so on:
// there are 2^40 ways to the last one.
func TestManyWaysToOnePart(t *testing.T) {
	var b strings.Builder
	b.WriteString("paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/x/s0'}}}}}}}\nx:\n")
	for i := range 40 {
		fmt.Fprintf(&b, "  s%d: {anyOf: [{$ref: '#/x/s%d'}, {$ref: '#/x/s%d'}]}\n", i, i+1, i+1)
	}
	b.WriteString("  s40: {type: string}\n")
	operations, err := read(t, "3.1.0", b.String()).Operations()
	if err != nil {
		t.Fatal(err)
	}
	body, err := operations[0].Body()
	if err != nil {
		t.Fatal(err)
	}
	s := body.Schema
	s.Types()
	s.Elements()
	s.Fields()
	s.Required()
	s.Enum()
	if _, presence := s.Field("a"); presence == Present {
		t.Error("the field is there")
	}
}
