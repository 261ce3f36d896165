package contract

import (
	"regexp"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// find returns the operation that a call is; nil, with a finding, for none.
func (c *checker) find(s *mapping.CallShape) *openapi.Operation {
	at := place{call: s, pos: s.DoPos}
	var best *openapi.Operation
	var others []string
	least := 0
	for _, o := range c.operations {
		variable, ok := matches(s.Path, o.Path)
		if !ok {
			continue
		}
		if at.pointer == "" {
			at.pointer = parent(o.Pointer())
		}
		if o.Method != s.Method {
			if !slices.Contains(others, o.Method) {
				others = append(others, o.Method)
			}
			continue
		}
		// A path as it stands takes precedence over one with parameters.
		if best == nil || variable < least {
			best, least = o, variable
		}
	}
	switch {
	case best != nil:
	case len(others) > 0:
		c.fail(RuleCall, at, "it has "+strings.Join(others, ", "), "the API has no %s of %q", s.Method, s.Path)
	default:
		at.pointer = "#/paths"
		c.fail(RuleCall, at, c.meant(s.Path), "the API has no path %q", s.Path)
	}
	return best
}

// elsewhere finds that the document has none of the paths, which is said once.
func (c *checker) elsewhere(shapes []mapping.CallShape) bool {
	for i := range shapes {
		for _, o := range c.operations {
			if _, ok := matches(shapes[i].Path, o.Path); ok {
				return false
			}
		}
	}
	first := &shapes[0]
	c.fail(RuleCall, place{first, first.DoPos, "#/paths"}, c.meant(first.Path),
		"the API has none of the paths of the mapping, of which the first is %q", first.Path)
	return true
}

// parent is the pointer without its last part.
func parent(pointer string) string { return pointer[:strings.LastIndexByte(pointer, '/')] }

var braces = regexp.MustCompile(`\{[^{}]*\}`)

// matches reports whether the path of a call can be that of an operation, and
// how many parts of the former are parameters of the latter by chance.
func matches(call, operation string) (variable int, ok bool) {
	have, want := strings.Split(call, "/"), strings.Split(operation, "/")
	if len(have) != len(want) {
		return 0, false
	}
	for i := range have {
		switch shape := braces.ReplaceAllString(want[i], "{id}"); {
		case have[i] == shape:
		case strings.Contains(have[i], "{id}") || !strings.Contains(shape, "{id}"):
			return 0, false
		case strings.Contains(shape, "{id}"):
			parts := strings.Split(shape, "{id}")
			if !strings.HasPrefix(have[i], parts[0]) || !strings.HasSuffix(have[i], parts[len(parts)-1]) {
				return 0, false
			}
			variable++
		}
	}
	return variable, true
}

// meant says which path was probably meant by one that there is not.
func (c *checker) meant(path string) string {
	var paths []string
	for _, o := range c.operations {
		known := braces.ReplaceAllString(o.Path, "{id}")
		if known != path && (strings.HasSuffix(known, path) || strings.HasSuffix(path, known)) {
			return `the document has "` + known + `": see "prefix", and the "servers" of the document`
		}
		paths = append(paths, known)
	}
	return source.DidYouMean(path, paths)
}

// pathID checks the parameter of the path that the id of a resource goes into.
func (c *checker) pathID(s *mapping.CallShape, o *openapi.Operation, parameters []*openapi.Parameter) {
	have, want := strings.Split(s.Path, "/"), strings.Split(o.Path, "/")
	for i := range have {
		if !strings.Contains(have[i], "{id}") {
			continue
		}
		for _, p := range parameters {
			number := openapi.TypesOf("integer")
			if p.In != "path" || !strings.Contains(want[i], "{"+p.Name+"}") || s.IntegerID || p.Schema.Types() != number {
				continue
			}
			c.warn(RuleType, place{s, s.IDPos, p.Pointer()}, `say "id: {path: …, type: integer}"`,
				"the API takes whole numbers for ids alone, so that it refuses the others that clients may send")
		}
	}
}
