package contract

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// query checks the query parameters that a call has.
func (c *checker) query(s *mapping.CallShape, o *openapi.Operation, parameters []*openapi.Parameter) {
	known := queryOf(parameters)
	for i := range s.Query {
		p := &s.Query[i]
		there, ok := known.schemas[p.Name]
		switch {
		case ok:
			c.parameter(s, p, there)
		case !known.open:
			c.fail(RuleParameter, place{s, p.Pos, o.Pointer()}, source.DidYouMean(p.Name, known.names),
				"the API has no query parameter %q here, and one that ignores what it does not know answers as if it were not sent", p.Name)
		}
	}
	for _, p := range parameters {
		if !p.Required {
			continue
		}
		sent := slices.ContainsFunc(s.Query, func(q mapping.ParameterShape) bool { return q.Name == p.Name && q.Always })
		at := place{s, s.DoPos, p.Pointer()}
		switch {
		case p.In == "query" && !sent:
			c.fail(RuleRequired, at, `give it under "query"`, "the API requires the query parameter %q, which not every call has", p.Name)
		case p.In == "header" && !slices.Contains([]string{"accept", "content-type", "authorization"}, strings.ToLower(p.Name)),
			p.In == "cookie":
			c.warn(RuleRequired, at, "", "the API requires the %s %q, which is not sent", p.In, p.Name)
		}
	}
}

// queryNames are the query parameters of an operation by name, in their order;
// open says that it takes any others too.
type queryNames struct {
	names   []string
	schemas map[string]described
	open    bool
}

// described is a parameter as the document has it.
type described struct {
	schema  *openapi.Schema
	pointer string
}

// queryOf returns the parameters; one that is an object stands for its fields.
func queryOf(parameters []*openapi.Parameter) queryNames {
	known := queryNames{schemas: make(map[string]described)}
	add := func(name string, schema *openapi.Schema, pointer string) {
		known.names = append(known.names, name)
		known.schemas[name] = described{schema, pointer}
	}
	for _, p := range parameters {
		if p.In != "query" {
			continue
		}
		add(p.Name, p.Schema, p.Pointer())
		if p.Schema.Types() != openapi.TypesOf("object") {
			continue
		}
		for _, name := range p.Schema.Fields() {
			field, _ := p.Schema.Field(name)
			add(name, field, p.Pointer())
		}
		if _, presence := p.Schema.Field(""); presence == openapi.Open || presence == openapi.Unknown {
			known.open = true
		}
	}
	return known
}

// parameter checks what a query parameter can be.
func (c *checker) parameter(s *mapping.CallShape, p *mapping.ParameterShape, there described) {
	schema := there.schema
	for _, k := range slices.Concat(p.Value.Constants, p.Value.Table) {
		if err := checkText(schema, k.Raw); err != nil {
			c.fail(RuleValue, place{s, k.Pos, there.pointer}, nearest(k.Raw, schema),
				"the query parameter %q can't be %s: %v", p.Name, source.Redact(string(k.Raw)), err)
		}
	}
	if len(p.Value.Types) == 0 || len(p.Value.Constants) > 0 {
		return
	}
	at := place{s, p.Pos, there.pointer}
	types := schema.Types()
	texts := openapi.TypesOf("string", "array")
	if values, listed := schema.Enum(); listed {
		c.warn(RuleTable, at, `give the attribute a table of "values"`,
			"the query parameter %q takes nothing but %s, and is sent whatever a filter says", p.Name, list(values))
	} else if !types.Overlaps(texts) && !types.Overlaps(openapi.TypesOf(p.Value.Types...)) {
		c.fail(RuleType, at, "", "the query parameter %q takes the type %s, and is sent %s", p.Name, types, openapi.TypesOf(p.Value.Types...))
	}
}

// checkText says why a query parameter can't be a constant; nil if it can. All
// of it is text; what that stands for depends on what the API takes.
func checkText(schema *openapi.Schema, raw json.RawMessage) error {
	text := string(raw)
	_ = json.Unmarshal(raw, &text)
	quoted, _ := json.Marshal(text)
	var first error
	for _, one := range []json.RawMessage{quoted, json.RawMessage(text)} {
		if !json.Valid(one) {
			continue
		}
		err := schema.Check(one)
		if err == nil || schema.Check(slices.Concat([]byte("["), one, []byte("]"))) == nil {
			return nil
		}
		// What is said of a number is about the value, and not about its type.
		first = err
	}
	return first
}

// nearest says which of the values that a schema lists was probably meant.
func nearest(raw json.RawMessage, schema *openapi.Schema) string {
	values, listed := schema.Enum()
	if !listed {
		return ""
	}
	known := make([]string, len(values))
	for i, v := range values {
		known[i] = plain(v)
	}
	return source.DidYouMean(plain(raw), known)
}

// plain is a value as it would be written in the mapping file.
func plain(raw json.RawMessage) string {
	text := string(raw)
	_ = json.Unmarshal(raw, &text)
	return text
}

// maxListed bounds how many values are listed in a message.
const maxListed = 12

// list names values in a sentence.
func list(values []json.RawMessage) string {
	texts := make([]string, min(len(values), maxListed))
	for i := range texts {
		texts[i] = string(values[i])
	}
	text := strings.Join(texts, ", ")
	if len(values) > maxListed {
		text += " …"
	}
	return text
}
