package language

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite mappings.schema.json and the tables of docs/mapping.md")

// TestEverythingIsDescribed looks at what the description says for people, and
// at keys that it names elsewhere.
func TestEverythingIsDescribed(t *testing.T) {
	phrase := func(of, what string) {
		if strings.TrimSpace(what) == "" || strings.HasSuffix(what, ".") || strings.Contains(what, "|") {
			t.Errorf("%s is described by %q, which is no phrase for a table", of, what)
		}
	}
	for _, o := range Objects() {
		phrase(o.Name, o.What)
		if o.Section == "" && !slices.Contains(Paging.Objects, o) {
			t.Errorf("%s has no section in the reference", o.Name)
		}
		for _, name := range append(slices.Clone(o.Together), o.Short) {
			if name != "" && !o.Has(name) {
				t.Errorf("%s has no key %q", o.Name, name)
			}
		}
		names := make(map[string]bool)
		for _, k := range o.Keys {
			of := o.Name + ": " + k.Name
			phrase(of, k.What)
			if k.More != "" && !strings.HasSuffix(k.More, ".") {
				t.Errorf("%s: %q is no sentence", of, k.More)
			}
			if names[k.Name] {
				t.Errorf("%s is described twice", of)
			}
			names[k.Name] = true
			if text, ok := k.Type.(Text); ok && (text.Pattern == "") != (text.Form == "") {
				t.Errorf("%s has a pattern or a form without the other", of)
			}
			if k.Required && k.Default != nil {
				t.Errorf("%s can't be missing and has a default", of)
			}
		}
	}
	if n := len(Objects()); n < 20 {
		t.Errorf("%d objects are not the language", n)
	}
	defer func() {
		if recover() == nil {
			t.Error("a key that is not described can be asked for")
		}
	}()
	Call.Key("dos")
}

// TestSchemaFits compiles the schema by its meta-schema, and holds the defaults
// and examples in it against their places.
func TestSchemaFits(t *testing.T) {
	const name = "mappings.schema.json"
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	checked := 0
	var check func(place string, schema any)
	check = func(place string, schema any) {
		m, _ := schema.(map[string]any)
		values, _ := m["examples"].([]any)
		if v, ok := m["default"]; ok && m["type"] != "object" {
			values = append(values, v)
		}
		if _, isSchema := m["description"].(string); !isSchema {
			values = nil // the keys of a mapping
		}
		for _, v := range values {
			checked++
			compiled, err := c.Compile(name + "#" + place)
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(v); err != nil {
				t.Errorf("%s: %v does not fit: %v", place, v, err)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if key != "examples" && key != "default" || len(values) == 0 {
				check(place+"/"+strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", "^", "%5E").Replace(key), m[key])
			}
		}
		list, _ := schema.([]any)
		for i, element := range list {
			check(fmt.Sprintf("%s/%d", place, i), element)
		}
	}
	check("", doc)
	if checked < 60 {
		t.Errorf("%d examples and defaults, too few", checked)
	}
}

// TestSchemaFile compares the file beside the shipped mapping with the schema,
// and looks whether the mapping names it.
func TestSchemaFile(t *testing.T) {
	const name = "../../mappings.schema.json"
	if *update {
		if err := os.WriteFile(name, JSONSchema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(readFile(t, name), JSONSchema()) {
		t.Error("mappings.schema.json is not of this language; go test ./mapping/language -update writes it")
	}
	if !bytes.HasPrefix(readFile(t, "../../mappings.yaml"), []byte("# yaml-language-server: $schema=mappings.schema.json\n")) {
		t.Error("mappings.yaml does not name the schema in its first line")
	}
}

// TestReference compares the tables of the reference with the description, and
// looks for the headings that they lead to.
func TestReference(t *testing.T) {
	const name = "../../docs/mapping.md"
	page := string(readFile(t, name))
	var wanted, there []string
	for _, table := range Tables() {
		wanted = append(wanted, table.Mark)
		begin, end := "<!-- "+table.Mark+" -->\n", "<!-- /"+table.Mark+" -->"
		before, rest, found := strings.Cut(page, begin)
		old, after, closed := strings.Cut(rest, end)
		switch {
		case !found || !closed:
			t.Errorf("there is no table between %s and %s", strings.TrimSpace(begin), end)
		case *update:
			page = before + begin + table.Text + end + after
		case old != table.Text:
			t.Errorf("the %s should be\n%s\ngo test ./mapping/language -update writes them", table.Mark, table.Text)
		}
	}
	for line := range strings.Lines(page) {
		if mark, ok := strings.CutPrefix(strings.TrimSpace(line), "<!-- "); ok && !strings.HasPrefix(mark, "/") {
			there = append(there, strings.TrimSuffix(mark, " -->"))
		}
	}
	slices.Sort(wanted)
	slices.Sort(there)
	if !slices.Equal(wanted, there) {
		t.Errorf("the page has tables of\n%q\nand should have\n%q", there, wanted)
	}
	for _, o := range append(Objects(), &Object{Name: Paging.Name, Section: Paging.Section}) {
		if !slices.Contains(Paging.Objects, o) && !strings.Contains(page, "# "+o.Section+"\n") {
			t.Errorf("the page has no section %q, where %s is", o.Section, o.Name)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
