package language

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/source"
)

// JSONSchema returns a JSON Schema (draft 2020-12) of mapping files, by which
// editors complete and check them. What it refuses is no mapping file; what it
// lets through may still refer to something that is not there.
func JSONSchema() []byte {
	s := &schemas{seen: make(map[string]bool)}
	file := File.body(s)
	root := append(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", "Mapping file of the SCIM sidecar, version " + Version},
		{"description", sentences(File.What, "")},
	}, file...)
	root = append(root, member{"$defs", s.defs})
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic("language: " + err.Error()) // nothing in it can fail to encode
	}
	return b.Bytes()
}

// object is a JSON object whose members have an order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements [json.Marshaler].
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{m.name, m.value} {
			if j > 0 {
				b.WriteByte(':')
			}
			encoder := json.NewEncoder(&b)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(v); err != nil {
				return nil, err
			}
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// schemas collects those that are referred to.
type schemas struct {
	defs object
	seen map[string]bool
}

// ref returns a reference to a schema, which is made once.
func (s *schemas) ref(name string, schema func() object) object {
	id := strings.ReplaceAll(name, " ", "-")
	if !s.seen[id] {
		s.seen[id] = true
		i := len(s.defs)
		s.defs = append(s.defs, member{name: id})
		s.defs[i].value = schema()
	}
	return object{{"$ref", "#/$defs/" + id}}
}

func (t Text) schema(*schemas) object {
	if len(t.Words) > 0 {
		return wordsSchema(t.Words)
	}
	types := []string{"string"}
	// YAML takes a text such as "true" or "1" for something else.
	if t.matches("1") {
		types = append(types, "number")
	}
	if t.matches("true") {
		types = append(types, "boolean")
	}
	return append(typed(types...), t.form()...)
}

// form is what a text must match, and how editors say so.
func (t Text) form() object {
	if t.Pattern == "" {
		return object{{"pattern", `\S`}, {"patternErrorMessage", "The text is empty."}}
	}
	return object{{"pattern", t.Pattern}, {"patternErrorMessage", "Expected " + t.Form + "."}}
}

func (t Text) matches(text string) bool { return regexp.MustCompile(t.Pattern).MatchString(text) }

func wordsSchema(words []Word) object {
	var values []any
	var told []string
	for _, word := range words {
		if !json.Valid([]byte(word.Name)) {
			values = append(values, word.Name)
		} else {
			values = append(values, json.RawMessage(word.Name), word.Name)
		}
		if word.What != "" {
			told = append(told, sentences(word.What, ""))
		}
	}
	schema := object{{"enum", values}}
	if len(told) == len(values) {
		plainTold := make([]string, len(told))
		for i, what := range told {
			plainTold[i] = unmarked(what)
		}
		schema = append(schema, member{"enumDescriptions", plainTold}, member{"markdownEnumDescriptions", told})
	}
	return schema
}

func (t Integer) schema(*schemas) object {
	return append(typed("integer"), member{"minimum", t.Low}, member{"maximum", t.High})
}

func (t Boolean) schema(*schemas) object {
	if t.OnlyTrue {
		return object{{"const", true}}
	}
	return typed("boolean")
}

func (t Constant) schema(*schemas) object {
	switch {
	case !t.Scalar:
		return object{}
	case t.NotNull:
		return typed("string", "number", "boolean")
	default:
		return typed("string", "number", "boolean", "null")
	}
}

func (t List) schema(s *schemas) object {
	element := t.Of.schema(s)
	one := element
	if o, ok := t.Of.(*Object); ok {
		one = o.scalar().schema(s)
	}
	return anyOf(one, append(typed("array"), member{"minItems", 1}, member{"items", element}))
}

func (t Map) schema(s *schemas) object {
	schema := append(typed("object"), member{"minProperties", 1}, member{"propertyNames", t.Keys.form()})
	if len(t.Known) > 0 {
		var known object
		for _, word := range t.Known {
			known = append(known, member{word.Name, append(t.Of.schema(s), described(word.What, "")...)})
		}
		schema = append(schema, member{"properties", known})
	}
	if len(t.Required) > 0 {
		schema = append(schema, member{"required", t.Required})
	}
	return append(schema, member{"additionalProperties", t.Of.schema(s)})
}

func (t Either) schema(s *schemas) object { return anyOf(t.Scalar.schema(s), t.Mapping.schema(s)) }

// schema tells the mappings apart by their first keys, so that an editor speaks
// of the one that was meant.
func (c *Choice) schema(s *schemas) object {
	return s.ref(c.Name, func() object {
		var first object
		var one, details []object
		for _, o := range c.Objects {
			has := object{{"required", []string{o.Keys[0].Name}}}
			first = append(first, member{o.Keys[0].Name, o.Keys[0].schema(s)})
			one = append(one, has)
			details = append(details, object{{"if", has}, {"then", o.schema(s)}})
		}
		return slices.Concat(object{{"title", c.Name}}, described(c.What, ""), typed("object"), object{
			{"properties", first}, {"oneOf", one}, {"allOf", details},
		})
	})
}

func (o *Object) schema(s *schemas) object {
	return s.ref(o.Name, func() object {
		body := o.body(s)
		if o.Short != "" {
			body = anyOf(o.scalar().schema(s), body)
		}
		return slices.Concat(object{{"title", o.Name}}, described(o.What, ""), body)
	})
}

// scalar is the type of what is short for the object.
func (o *Object) scalar() Type {
	t := o.Key(o.Short).Type
	if list, ok := t.(List); ok {
		return list.Of
	}
	return t
}

// body is the schema of the mapping itself.
func (o *Object) body(s *schemas) object {
	var keys, together object
	var required []string
	for _, k := range o.Keys {
		keys = append(keys, member{k.Name, k.schema(s)})
		if k.Required {
			required = append(required, k.Name)
		}
	}
	for _, name := range o.Together {
		others := make([]string, 0, len(o.Together))
		for _, other := range o.Together {
			if other != name {
				others = append(others, other)
			}
		}
		together = append(together, member{name, others})
	}
	schema := append(typed("object"), member{"properties", keys})
	if len(required) > 0 {
		schema = append(schema, member{"required", required})
	}
	if len(together) > 0 {
		schema = append(schema, member{"dependentRequired", together})
	}
	if o.NotEmpty {
		schema = append(schema, member{"minProperties", 1})
	}
	if o.Has("true") {
		// To the YAML language server such a key is no text, and none of the
		// properties, but it matches a pattern.
		schema = append(schema, member{"patternProperties", object{{"^(true|false)$", object{}}}})
	}
	return append(schema, member{"additionalProperties", false})
}

func (k *Key) schema(s *schemas) object {
	schema := append(k.Type.schema(s), described(k.What, k.More)...)
	if k.Default != nil {
		schema = append(schema, member{"default", k.Default})
	}
	if k.Example != "" {
		schema = append(schema, member{"examples", []json.RawMessage{k.example()}})
	}
	return schema
}

// example returns the example as JSON.
func (k *Key) example() json.RawMessage {
	root, problems := source.Read(k.Name, []byte("example: "+k.Example))
	m, _ := root.Map()
	raw, ok := m.Get("example").JSON()
	if !ok {
		panic(fmt.Sprintf("language: the example of %q: %v", k.Name, problems.Err()))
	}
	return raw
}

func typed(types ...string) object {
	if len(types) == 1 {
		return object{{"type", types[0]}}
	}
	return object{{"type", types}}
}

func anyOf(schemas ...object) object { return object{{"anyOf", schemas}} }

// described returns a description, and the same with its marks for editors
// that show them.
func described(what, more string) object {
	text := sentences(what, more)
	plain := unmarked(text)
	if plain == text {
		return object{{"description", text}}
	}
	return object{{"description", plain}, {"markdownDescription", text}}
}

// sentences makes sentences of a phrase and what there is more to say.
func sentences(what, more string) string {
	first, size := utf8.DecodeRuneInString(what)
	text := string(unicode.ToUpper(first)) + what[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return strings.TrimSpace(text + " " + more)
}

var code = regexp.MustCompile("`([^`]*)`")

// unmarked returns Markdown as plain text.
func unmarked(markdown string) string {
	return code.ReplaceAllStringFunc(markdown, func(marked string) string {
		text := strings.Trim(marked, "`")
		if strings.HasPrefix(text, `"`) {
			return text
		}
		return `"` + text + `"`
	})
}
