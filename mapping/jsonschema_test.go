package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// editorSchema returns the JSON Schema of mapping files.
func editorSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(language.JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mappings.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mappings.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document returns a file as JSON has it; false if YAML has something there
// that JSON has not.
func document(src []byte) (any, bool) {
	root, problems := source.Read("m.yaml", src)
	raw, ok := root.JSON()
	if !ok || problems.Count() > 0 {
		return nil, false
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	return doc, err == nil
}

// TestSchemaAcceptsGoodMappings validates every mapping of the repository that
// loads.
func TestSchemaAcceptsGoodMappings(t *testing.T) {
	s := editorSchema(t)
	var valid []string
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".yaml" {
			return err
		}
		src := readFile(t, file)
		if _, err := Load(file, src); err != nil {
			return nil
		}
		doc, ok := document(src)
		if !ok {
			t.Errorf("%s loads, but can't be read", file)
		} else if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		valid = append(valid, filepath.ToSlash(file))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wanted := []string{"../mappings.yaml", "../docs/examples/rota/mappings.yaml"}
	for _, file := range languageFiles(t, "good") {
		wanted = append(wanted, "../mapping/"+filepath.ToSlash(file))
	}
	for _, file := range wanted {
		if !slices.Contains(valid, file) {
			t.Errorf("%s was not looked at", file)
		}
	}
}

// beyondShape are the bad files in which nothing is wrong that a JSON Schema
// could see, by what is.
var beyondShape = map[string][]string{
	"what something is, which takes the schemas of SCIM to know": {
		"boolean-values", "lists", "lists-without-each", "many", "one-value", "plain-lists", "required-attribute",
		"required-but-read-only", "required-of-group", "server-made", "state-of-a-text", "unknown-resource",
		"whole-or-part", "write-on-boolean",
	},
	"keys of an attribute that do not go together": {
		"no-path", "read-only-writes", "read-without-inverse", "state-with-more", "unique",
	},
	"something that is there twice": {
		"mapped-twice", "one-field-twice", "two-states",
	},
	"names of what is not there, or not of that kind": {
		"adopt-by", "call-cycle", "call-is-a-method", "filters-of-tables", "forget-without-state", "readmit",
		"readmit-without-state", "state-calls", "unknown-calls",
	},
	"calls that can't do what they are for": {
		"calls-without-id", "wrong-methods",
	},
	"query parameters that are sent twice": {
		"filters-clash", "paging-clash",
	},
	"paths that a pattern would have to list": {
		"prefix-dots", "reserved-endpoints",
	},
}

// TestSchemaRefusesBadMappings has every bad file be one that the JSON Schema
// refuses, unless its YAML can't be read or what is wrong is beyond its shape.
func TestSchemaRefusesBadMappings(t *testing.T) {
	s := editorSchema(t)
	reasons := make(map[string]string)
	for reason, files := range beyondShape {
		for _, file := range files {
			reasons[file] = reason
		}
	}
	for _, path := range languageFiles(t, "bad") {
		file := strings.TrimSuffix(filepath.Base(path), ".bad.yaml")
		reason, beyond := reasons[file]
		delete(reasons, file)
		doc, ok := document(readFile(t, path))
		if !ok {
			if beyond {
				t.Errorf("%s is not about %s: its YAML can't be read", file, reason)
			}
			continue
		}
		switch err := s.Validate(doc); {
		case err == nil && !beyond:
			t.Errorf("the schema lets %s through; say why it must, if it must", file)
		case err != nil && beyond:
			t.Errorf("the schema refuses %s, although it is about %s: %v", file, reason, err)
		}
	}
	for file := range reasons {
		t.Errorf("there is no %s", file)
	}
}

// spot is where a value of the language stands in a document.
type spot struct {
	name  string
	of    language.Type
	value any

	// set puts another value there; file returns the document as it then is.
	set  func(any)
	file func() any
}

// inside returns the spot of a part.
func (p spot) inside(name string, of language.Type, value any, set func(any)) spot {
	return spot{name: name, of: of, value: value, set: set, file: p.file}
}

// spots returns every value of a document for which the language has a type.
func spots(p spot) []spot {
	found := []spot{p}
	m, isMap := p.value.(map[string]any)
	under := func(key, name string, of language.Type) {
		found = append(found, spots(p.inside(name, of, m[key], func(v any) { m[key] = v }))...)
	}
	switch of := p.of.(type) {
	case *language.Object:
		for _, k := range of.Keys {
			if _, ok := m[k.Name]; ok {
				under(k.Name, of.Name+": "+k.Name, k.Type)
			}
		}
	case *language.Choice:
		for _, o := range of.Objects {
			if _, ok := m[o.Keys[0].Name]; ok {
				found = append(found, spots(p.inside(p.name, o, p.value, p.set))...)
			}
		}
	case language.Either:
		if isMap {
			found = append(found, spots(p.inside(p.name, of.Mapping, p.value, p.set))...)
		}
	case language.Map:
		for _, key := range slices.Sorted(maps.Keys(m)) {
			under(key, p.name+", by "+of.Keys.Name, of.Of)
		}
	case language.List:
		list, _ := p.value.([]any)
		for i := range list {
			found = append(found, spots(p.inside(p.name+", an element", of.Of, list[i], func(v any) { list[i] = v }))...)
		}
	}
	return found
}

// goodSpots returns each kind of spot in the good files once with each form of
// a value that it has there, in the smallest file that has it.
func goodSpots(t *testing.T) []spot {
	t.Helper()
	files := languageFiles(t, "good")
	slices.SortStableFunc(files, func(a, b string) int { return len(readFile(t, a)) - len(readFile(t, b)) })
	var found []spot
	seen := make(map[string]bool)
	for _, file := range files {
		doc, _ := document(readFile(t, file))
		for _, p := range spots(spot{"the file", language.File, doc, func(v any) { doc = v }, func() any { return doc }}) {
			id := fmt.Sprintf("%s %T %T", p.name, p.of, p.value)
			if o, ok := p.of.(*language.Object); ok {
				id += o.Name
			}
			if !seen[id] {
				seen[id] = true
				found = append(found, p)
			}
		}
	}
	return found
}

// written returns a document as a file. JSON is YAML.
func written(t *testing.T, doc any) []byte {
	t.Helper()
	src, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestEveryKeyIsRead has a good file for each key of the language, and finds
// that the parser takes no other type of value there.
func TestEveryKeyIsRead(t *testing.T) {
	read := make(map[string]bool)
	for _, p := range goodSpots(t) {
		var wrong any = map[string]any{"": []any{}}
		if of, ok := p.of.(language.Constant); ok && !of.Scalar {
			wrong = "@nan"
		}
		if of, ok := p.of.(language.Map); ok && of.Of == (language.Constant{}) {
			wrong = "scalar"
		}
		p.set(wrong)
		src := bytes.ReplaceAll(written(t, p.file()), []byte(`"@nan"`), []byte(".nan"))
		p.set(p.value)
		if _, problems := parse("m.yaml", src); problems.Count() == 0 {
			t.Errorf("%s: nothing is said of %s", p.name, src)
		}
		read[p.name] = true
	}
	for _, o := range language.Objects() {
		for _, k := range o.Keys {
			if !read[o.Name+": "+k.Name] {
				t.Errorf("no good file has the key %q of %s", k.Name, o.Name)
			}
		}
	}
}

// TestSchemaAndParserAgree changes good files in one place: what loads is
// accepted by the JSON Schema, and what the parser reports is refused.
func TestSchemaAndParserAgree(t *testing.T) {
	s := editorSchema(t)
	accepted, refused := 0, 0
	check := func(p spot, value any, what string, args ...any) {
		p.set(value)
		file := p.file()
		err := s.Validate(file)
		src := written(t, file)
		if _, problems := parse("m.yaml", src); problems.Count() > 0 {
			refused++
			if err == nil {
				t.Errorf("%s "+what+": the schema accepts what the parser does not:\n%v", append([]any{p.name}, append(args, problems.Err())...)...)
			}
			return
		}
		accepted++
		if err == nil {
			return
		}
		if _, mistakes := Load("m.yaml", src); mistakes == nil {
			t.Errorf("%s "+what+": the file loads, but the schema says %v", append([]any{p.name}, append(args, err)...)...)
		}
	}
	for _, p := range goodSpots(t) {
		for _, v := range []any{
			nil, true, false, json.Number("0"), json.Number("1"), json.Number("-1"), json.Number("1.5"), json.Number("100001"),
			"", " ", ".", "x", "x.y", "x..y", `x\`, "/x", "/x/", "x y", "{x}", "{x", "$ref", "urn:x:y",
			"GET /x", "GET /x/{id}", "PUT /x/{y}", "true", "1",
			[]any{},
			[]any{"x"},
			[]any{nil},
			[]any{map[string]any{}},
			map[string]any{},
			map[string]any{"x": "y"},
			map[string]any{"x": nil},
			map[string]any{"x": true},
			map[string]any{".": "x"},
		} {
			check(p, v, "is %v", v)
		}
		m, ok := p.value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(m)) {
			without := maps.Clone(m)
			delete(without, key)
			check(p, without, "has no %s", key)
			without[key+"s"] = m[key]
			check(p, without, "has %ss", key)
		}
		if ok {
			more := maps.Clone(m)
			more["more"] = "x"
			check(p, more, "has more")
		}
		p.set(p.value)
	}
	if accepted < 500 || refused < 2000 {
		t.Errorf("the parser accepts %d and refuses %d, too few to tell", accepted, refused)
	}
}
