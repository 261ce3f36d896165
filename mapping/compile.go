package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Load parses and compiles a mapping file. The name is what the file is called
// in messages. The error is a *source.Diagnostics with every mistake of the
// file.
func Load(name string, src []byte) (*Program, error) {
	spec, problems := parse(name, src)
	c := &compiler{Problems: problems}
	program := c.program(spec)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(src)
	program.file = name
	program.version = hex.EncodeToString(digest[:6])
	return program, nil
}

// compiler turns specs into the program. It goes on after a mistake, with
// what is left, to find them all.
type compiler struct {
	*source.Problems
	prefix   string
	paging   *paging
	declared []*declared

	// calls are the names of those that were compiled.
	calls []string
}

func (c *compiler) program(file *fileSpec) *Program {
	p := &Program{upstream: c.upstream(file.upstream)}
	if file.upstream.caller != nil {
		p.caller = c.caller(file.upstream.caller)
	}
	c.schemas(file.schemas)
	c.referenceTypes(file)
	for i := range file.resources {
		spec := &file.resources[i]
		c.resourceNames(spec, file.resources[:i])
		if r := c.resource(spec); r != nil {
			p.resources = append(p.resources, r)
		}
	}
	c.unusedSchemas()
	c.references(file, p)
	p.calls = c.calls
	return p
}

// references finds the resource types that lists refer to.
func (c *compiler) references(file *fileSpec, p *Program) {
	types := make(map[string]*resourceType)
	for _, r := range p.resources {
		types[r.name] = r
	}
	for i := range file.resources {
		r := types[file.resources[i].name]
		for j := range file.resources[i].attributes {
			s := &file.resources[i].attributes[j]
			if r == nil || !s.of.present() {
				continue
			}
			target, ok := refer(c, s.of, "resource", types)
			a := r.attributeAt(s.name.pos)
			if ok && a != nil {
				a.of = target
				if shown := r.set.Attribute(a.path.Name); shown != nil {
					shown.RefersTo, shown.RefersAt = target.name, target.endpoint
					if uri := shown.Sub("$ref"); uri != nil && a.refers {
						uri.ReferenceTypes = []string{target.name}
					}
				}
			}
		}
	}
	for i := range file.resources {
		if r, values := types[file.resources[i].name], file.resources[i].values; r != nil && values != nil {
			c.valueGroups(r, values)
		}
	}
	for _, r := range p.resources {
		r.passing = r.passingKeys()
	}
}

// attributeAt returns the attribute that was written at a place; nil if none.
func (r *resourceType) attributeAt(pos source.Pos) *attribute {
	for _, a := range r.attributes {
		if a.pos == pos {
			return a
		}
	}
	return nil
}

func (c *compiler) caller(spec *callerSpec) *CallerCheck {
	compiled := c.plainCall("caller", &spec.call)
	if compiled == nil {
		return nil
	}
	if compiled.method != "GET" || len(compiled.path) > 1 {
		c.Addf(spec.call.do.pos, `the call must be a GET of a path without {id}`)
	}
	c.calls = append(c.calls, compiled.name)
	check := &CallerCheck{call: *compiled}
	if id, ok := c.jsonPath(spec.id); ok {
		check.id, check.idPos = &id, spec.id.pos
	}
	return check
}

func (c *compiler) upstream(spec upstreamSpec) upstream {
	u := upstream{name: spec.name, maxCalls: spec.maxCalls}
	if spec.prefix.present() {
		c.prefix = spec.prefix.value
		if wrong, hint := pathMistake(c.prefix); wrong != "" {
			c.AddHint(spec.prefix.pos, hint, "the prefix %q %s", c.prefix, wrong)
		}
	}
	c.paging = c.pagingOf(&spec.paging)
	if problems, ok := c.jsonPath(spec.errors.problems); ok {
		u.problems, u.problemsPos = &problems, spec.errors.problems.pos
	}
	if field, ok := c.jsonPath(spec.errors.field); ok {
		u.field, u.fieldPos = &field, spec.errors.field.pos
	}
	return u
}

// pathMistake says what keeps s from being a URL path that starts with "/" and
// has no empty or dot segments and nothing that would end it; "" when nothing
// does.
func pathMistake(s string) (wrong, hint string) {
	switch {
	case strings.Contains(s, "://"):
		return "is a whole URL", "give the path alone; the address of the API is in the Caddyfile"
	case !strings.HasPrefix(s, "/"):
		return `does not start with "/"`, ""
	case strings.Contains(s, "?"):
		return `holds a "?"`, `give query parameters under "query"`
	case strings.ContainsAny(s, "#% \t\\"):
		return "holds a character that a path can't", ""
	case strings.HasSuffix(s, "/"):
		return `ends with "/"`, ""
	case path.Clean(s) != s:
		return "has an empty segment or one of dots", ""
	default:
		return "", ""
	}
}

func (c *compiler) jsonPath(t text) (jsonpath.Path, bool) {
	if !t.present() {
		return jsonpath.Path{}, false
	}
	p, err := jsonpath.Parse(t.value)
	if err != nil {
		c.Addf(t.pos, "%v", err)
		return p, false
	}
	if foreignPath.MatchString(t.value) {
		c.AddHint(t.pos, `a path is the keys of nested objects with dots between them, such as "profile.title"`,
			"the path %q is in another notation", t.value)
		return p, false
	}
	return p, true
}

// foreignPath matches what is a path elsewhere: a JSON pointer, or a JSONPath
// with a "$" or brackets that have no backslash.
var foreignPath = regexp.MustCompile(`^/|^\$\.|^([^\\]|\\.)*[\[\]]`)

func (c *compiler) jsonPaths(texts []text) []jsonpath.Path {
	var paths []jsonpath.Path
	for _, t := range texts {
		if p, ok := c.jsonPath(t); ok {
			paths = append(paths, p)
		}
	}
	return paths
}

// fieldPath is jsonPath for a part of an object.
func (c *compiler) fieldPath(t text) (jsonpath.Path, bool) {
	p, ok := c.jsonPath(t)
	if ok && p.IsSelf() {
		c.Addf(t.pos, `"." is the whole object; name one of its fields`)
		ok = false
	}
	return p, ok
}

func (c *compiler) constants(specs []constantSpec) []constant {
	var constants []constant
	for _, spec := range specs {
		if p, ok := c.fieldPath(spec.name); ok {
			constants = append(constants, constant{pos: spec.name.pos, valuePos: spec.pos, path: p, raw: spec.raw})
		}
	}
	return constants
}

// refer looks a name up among those that were declared, and says so when it
// is not there.
func refer[T any](c *compiler, t text, what string, declared map[string]T) (T, bool) {
	value, ok := declared[t.value]
	if !ok {
		c.AddHint(t.pos, didYouMeanOf(t.value, declared), "there is no %s %q", what, t.value)
	}
	return value, ok
}

// maxListed bounds how many names are listed for a choice.
const maxListed = 12

// didYouMeanOf says which of the declared names was probably meant, or else
// what there is to choose from.
func didYouMeanOf[T any](name string, declared map[string]T) string {
	names := slices.Sorted(maps.Keys(declared))
	hint := source.DidYouMean(name, names)
	if hint == "" && len(names) > 0 && len(names) <= maxListed {
		hint = "known here: " + strings.Join(names, ", ")
	}
	return hint
}

var errNotObject = fmt.Errorf("the answer is not a JSON object")
