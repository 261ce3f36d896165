// Package resource holds SCIM resources as trees of plain values, reads them
// from JSON as identity providers send it and writes them as RFC 7643 has it.
package resource

import (
	"slices"
	"strings"
)

// Resource is a SCIM resource. Its keys are canonical attribute names; the
// attributes of an extension are in a map[string]any below the extension's URN.
// Values are string, bool, json.Number, []any (multi-valued), map[string]any
// (complex) or nil. A nil value is an attribute that is explicitly unset, which
// is something else than an absent key; an empty list is unset just as well.
// The elements of a list and their sub-attributes are never nil.
type Resource = map[string]any

// Limits bounds what is read. A zero field stands for the default. How long a
// body is, is the matter of whoever takes it in.
type Limits struct {
	// Depth is how deep arrays and objects may nest. Default: [DefaultDepth]
	Depth int
}

// DefaultDepth is how deep arrays and objects may nest unless something else is
// said; no resource of RFC 7643 within a PATCH request needs more than 6.
const DefaultDepth = 16

// Notes lists what a body held and was left out, by attribute name, sorted and
// each once. Values are never noted, and neither is what says nothing, such as
// null: nothing is lost with that.
type Notes struct {
	// Unmapped are attributes that the full set has and the set has not, by
	// their canonical names; see [schema.Set.Full].
	Unmapped []string
	// Paths are those of Unmapped that the path of a PATCH operation names.
	Paths []string
	// Unknown are names that are no attribute's in the full set either, as the
	// client wrote them.
	Unknown []string
	// ReadOnly are attributes that clients cannot write.
	ReadOnly []string
}

const (
	// maxNotes bounds each list of names, which go into logs.
	maxNotes = 50
	// maxNoteLen bounds one name, which is chosen by the client.
	maxNoteLen = 120
)

func note(list []string, name string) []string {
	if len(name) > maxNoteLen {
		name = name[:maxNoteLen] + "..."
	}
	// A name is the client's text: what is not printable must not reach a log.
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
	i, found := slices.BinarySearch(list, name)
	if found || len(list) >= maxNotes {
		return list
	}
	return slices.Insert(list, i, name)
}
