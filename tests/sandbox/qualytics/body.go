package qualytics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

type kind int

const (
	kindString kind = iota
	kindStrings
	kindInts
)

// field is one property of a request body. There is no "other" property:
// whatever is not named is refused.
type field struct {
	name     string
	kind     kind
	required bool
	nullable bool
	notEmpty bool
	max      int
	enum     []string
}

// body holds the properties that were sent and are valid: a string, a nil for
// null, a []string or an []int.
type body map[string]any

func (b body) has(name string) bool { _, sent := b[name]; return sent }

// text is the property, or other if it was not sent.
func (b body) text(name, other string) string {
	if s, ok := b[name].(string); ok {
		return s
	}
	return other
}

// nullable is the property, or nil if it was null or not sent.
func (b body) nullable(name string) *string {
	if s, ok := b[name].(string); ok {
		return new(s)
	}
	return nil
}

func (b body) names(name string) []string { list, _ := b[name].([]string); return list }

func (b body) ints(name string) []int { list, _ := b[name].([]int); return list }

// parseBody reads a body strictly. Its error is a 422 that names every fault
// of the body at once.
func parseBody(raw []byte, fields []field) (body, error) {
	if len(raw) == 0 {
		return nil, invalid(detail{[]any{"body"}, "Field required", "missing"})
	}
	if !json.Valid(raw) {
		return nil, invalid(detail{[]any{"body"}, "JSON decode error", "json_invalid"})
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(raw, &sent); err != nil || sent == nil {
		return nil, invalid(detail{[]any{"body"}, "Input should be a valid dictionary", "model_attributes_type"})
	}
	parsed, faults := body{}, []detail(nil)
	for _, f := range fields {
		value, isSent := sent[f.name]
		delete(sent, f.name)
		if !isSent {
			if f.required {
				faults = append(faults, detail{[]any{"body", f.name}, "Field required", "missing"})
			}
			continue
		}
		v, wrong := f.parse(value)
		faults = append(faults, wrong...)
		parsed[f.name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		faults = append(faults, detail{[]any{"body", name}, "Extra inputs are not permitted", "extra_forbidden"})
	}
	if faults != nil {
		return nil, invalid(faults...)
	}
	return parsed, nil
}

func (f field) parse(raw json.RawMessage) (any, []detail) {
	loc := []any{"body", f.name}
	if f.nullable && bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	switch f.kind {
	case kindString:
		return f.parseString(raw, loc)
	case kindStrings:
		return parseList[string](raw, loc, "Input should be a valid string", "string_type")
	case kindInts:
		return parseList[int](raw, loc, "Input should be a valid integer", "int_type")
	default:
		panic(fmt.Sprintf("qualytics: field %s has no kind", f.name))
	}
}

func (f field) parseString(raw json.RawMessage, loc []any) (any, []detail) {
	s, ok := scalar[string](raw)
	switch {
	case f.enum != nil && (!ok || !slices.Contains(f.enum, s)):
		return nil, []detail{{loc, "Input should be " + choices(f.enum), "enum"}}
	case !ok:
		return nil, []detail{{loc, "Input should be a valid string", "string_type"}}
	case f.notEmpty && strings.TrimSpace(s) == "":
		return nil, []detail{{loc, "String should have at least 1 character", "string_too_short"}}
	case f.max > 0 && utf8.RuneCountInString(s) > f.max:
		return nil, []detail{{loc, fmt.Sprintf("String should have at most %d characters", f.max), "string_too_long"}}
	default:
		return s, nil
	}
}

func parseList[T any](raw json.RawMessage, loc []any, msg, typ string) (any, []detail) {
	items, ok := scalar[[]json.RawMessage](raw)
	if !ok {
		return nil, []detail{{loc, "Input should be a valid list", "list_type"}}
	}
	list, faults := make([]T, 0, len(items)), []detail(nil)
	for i, item := range items {
		v, ok := scalar[T](item)
		if !ok {
			faults = append(faults, detail{append(slices.Clone(loc), i), msg, typ})
		}
		list = append(list, v)
	}
	return list, faults
}

// scalar decodes without letting null pass for a zero value, as encoding/json
// does.
func scalar[T any](raw json.RawMessage) (value T, ok bool) {
	if bytes.Equal(raw, []byte("null")) {
		return value, false
	}
	return value, json.Unmarshal(raw, &value) == nil
}

// choices words a list of values as the API does: 'A', 'B' or 'C'.
func choices(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "'" + v + "'"
	}
	last := len(quoted) - 1
	if last == 0 {
		return quoted[0]
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
