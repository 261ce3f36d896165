package patch

import (
	"slices"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// Mentions is what operations say of a list of references.
type Mentions struct {
	// Added and Removed are the values of the elements that they speak of.
	Added, Removed []string

	// Others says that what they do hangs on further elements: that of a
	// replace of the whole list, say, or of a remove by anything but the value.
	Others bool
}

// MentionsOf returns what operations say of the list at a path.
func MentionsOf(operations []Operation, list schema.Path) Mentions {
	var m Mentions
	for _, op := range operations {
		if op.Path.Attribute == nil || op.Path.Resolved.Path().Parent() != list {
			continue
		}
		chosen, exactly := chosenValues(op)
		if op.Op == Remove {
			m.Removed = slices.Concat(m.Removed, valuesOf(op.Value), chosen)
		} else {
			m.Added = slices.Concat(m.Added, valuesOf(op.Value), chosen)
		}
		whole := op.Path.Filter == nil && op.Path.Sub == nil
		m.Others = m.Others || !(whole && (op.Op == Add || op.Listed)) && !(exactly && op.Op == Remove && op.Path.Sub == nil)
	}
	return m
}

// chosenValues returns the values for which an operation's filter asks, and
// whether it asks for exactly these elements.
func chosenValues(op Operation) (values []string, exactly bool) {
	if op.Path.Filter == nil {
		return nil, false
	}
	terms, onlyThese := filter.OnlyEquality(op.Path.Filter)
	for _, term := range terms {
		if value, ok := term.Value.(string); ok && term.Path.Sub == "value" {
			values = append(values, value)
		}
	}
	return values, onlyThese && len(terms) == 1 && len(values) == 1
}

func valuesOf(v any) []string {
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	var values []string
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			if value, ok := m["value"].(string); ok {
				values = append(values, value)
			}
		}
	}
	return values
}
