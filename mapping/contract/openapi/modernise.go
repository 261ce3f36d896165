package openapi

import (
	"encoding/json"
	"slices"
)

// named are the keys of OpenAPI and JSON Schema under which names are keys, and
// data those under which no schemas are.
var (
	named = []string{
		"properties", "patternProperties", "schemas", "responses", "parameters", "requestBodies", "headers", "content", "paths",
		"securitySchemes", "examples", "links", "callbacks", "pathItems", "encoding", "variables", "definitions",
	}
	data = []string{"default", "enum", "const", "example", "examples"}
)

// modernise makes the schemas of OpenAPI 3.0 those of JSON Schema 2020-12: null
// is a type, bounds that don't count themselves are numbers, and a reference
// stands alone. The value may be any of a document; names says that its keys
// are names.
func modernise(value any, names bool) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = modernise(v[i], false)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && !names {
			return map[string]any{"$ref": ref}
		}
		for key, member := range v {
			if names || !slices.Contains(data, key) {
				v[key] = modernise(member, !names && slices.Contains(named, key))
			}
		}
		if !names {
			return modern(v)
		}
	}
	return value
}

func modern(schema map[string]any) map[string]any {
	for bound, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
		is, ok := schema[exclusive].(bool)
		if !ok {
			continue
		}
		delete(schema, exclusive)
		if number, ok := schema[bound].(json.Number); ok && is {
			schema[exclusive] = number
			delete(schema, bound)
		}
	}
	nullable, _ := schema["nullable"].(bool)
	delete(schema, "nullable")
	if !nullable {
		return schema
	}
	// By the letter it says nothing beside "allOf" or an "enum" without null,
	// but whoever writes it there means it.
	kind, typed := schema["type"].(string)
	if !typed {
		return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
	}
	schema["type"] = []any{kind, "null"}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, nil) {
		schema["enum"] = append(enum, nil)
	}
	return schema
}
