package mappingtest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// decode reads a JSON document into maps, slices and scalars, numbers as
// [json.Number]. It returns nil for a document that is none.
func decode(raw []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

// equal compares values as JSON does: 1 and 1.0 are the same number.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok || a == b {
			return ok
		}
		x, errA := strconv.ParseFloat(string(a), 64)
		y, errB := strconv.ParseFloat(string(b), 64)
		return errA == nil && errB == nil && x == y
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			if other, ok := b[key]; !ok || !equal(value, other) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// fit returns what of a value a pattern speaks of. The value fits if that is
// equal to the pattern.
//
// An object may have members that its pattern does not have, and must not have
// one that is null there. A list has as many elements as its pattern, in the
// same order.
func fit(pattern, value any) any {
	switch pattern := pattern.(type) {
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return value
		}
		fitted := make(map[string]any)
		for key, want := range pattern {
			if got, has := object[key]; has {
				fitted[key] = fit(want, got)
			} else if want == nil {
				fitted[key] = nil
			}
		}
		return fitted
	case []any:
		list, ok := value.([]any)
		if !ok {
			return value
		}
		fitted := make([]any, len(list))
		for i, got := range list {
			fitted[i] = fitElement(pattern, i, got)
		}
		return fitted
	}
	return value
}

// fitElement takes for an element the pattern that it fits, or else the one at
// its place.
func fitElement(patterns []any, i int, value any) any {
	for _, pattern := range patterns {
		if fitted := fit(pattern, value); equal(pattern, fitted) {
			return fitted
		}
	}
	if i < len(patterns) {
		return fit(patterns[i], value)
	}
	return value
}
