// Package patch reads PATCH requests (RFC 7644 section 3.5.2) and applies them
// to resources.
package patch

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/filter"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// Op is what an operation does.
type Op string

// The operations.
const (
	Add     Op = "add"
	Remove  Op = "remove"
	Replace Op = "replace"
)

// Operation is one change to one attribute. An operation of a request without
// a path, or with an extension as its path, is several of these.
type Operation struct {
	// Op is what to do.
	Op Op
	// Path is where. Its Attribute is nil only to remove an extension as a whole.
	Path filter.Path
	// Value is canonical, see [resource.Resource]. It is nil for remove, and
	// for a replace that unsets.
	Value any
	// Listed is whether a remove takes away only the values listed in Value.
	Listed bool
}

// Limits bounds what is read. A zero field stands for the default.
type Limits struct {
	// Limits bounds the body.
	resource.Limits
	// Operations is the number of operations in a request. Default: 1000, more
	// than any identity provider sends at once.
	Operations int
	// Terms is the number of comparisons and operators in the filters of all
	// paths together: each is tried on every value of its attribute, which may
	// be tens of thousands of members. Default: 2000
	Terms int
}

const (
	defaultOperations = 1000
	defaultTerms      = 2000
)

// Parse reads the body of a PATCH request. Values come out canonical, by the
// same rules as in [resource.Parse]. A path must name an attribute of the set
// that can be written; in a value without a path, attributes that cannot are
// left out and noted, and so are paths to what only the full set has (see
// [schema.Set.Full]). Errors are [scim.Error] with invalidSyntax, invalidPath,
// invalidFilter, invalidValue, noTarget or mutability, or status 413 if there
// are too many operations or terms.
func Parse(body []byte, limits Limits, set *schema.Set, tol *tolerance.Session) ([]Operation, resource.Notes, error) {
	v, err := resource.Decode(body, limits.Limits)
	if err != nil {
		return nil, resource.Notes{}, err
	}
	obj, ok := v.(resource.Object)
	if !ok {
		return nil, resource.Notes{}, syntaxError("the body is not a JSON object")
	}
	p := &parser{Canon: resource.Canon{Set: set, Tol: tol}, terms: limits.Terms}
	if p.terms == 0 {
		p.terms = defaultTerms
	}
	if err := p.body(obj, limits.Operations); err != nil {
		return nil, resource.Notes{}, err
	}
	return p.ops, p.Notes, nil
}

// Readable reads those operations of a PATCH request which can be read, and
// leaves out all others: what Parse would return if these were not there. It is
// for those who look for one thing, whatever else is wrong.
func Readable(body []byte, limits Limits, set *schema.Set, tol *tolerance.Session) []Operation {
	v, err := resource.Decode(body, limits.Limits)
	obj, ok := v.(resource.Object)
	if err != nil || !ok {
		return nil
	}
	p := &parser{Canon: resource.Canon{Set: set, Tol: tol}, terms: defaultTerms, lenient: true}
	if err := p.body(obj, limits.Operations); err != nil {
		return nil
	}
	return p.ops
}

type parser struct {
	resource.Canon
	ops   []Operation
	terms int // left

	// lenient says that operations which can't be read are left out.
	lenient bool
}

func (p *parser) body(obj resource.Object, limit int) error {
	v, found, err := obj.Member("Operations")
	if err != nil {
		return err
	}
	if !found {
		return p.scim11(obj)
	}
	list, ok := v.([]any)
	if single, isObject := v.(resource.Object); isObject {
		if !p.Tol.Allow(tolerance.SingleObjectForList) {
			return refused(scim.InvalidSyntax, tolerance.SingleObjectForList, "Operations must be a list")
		}
		list, ok = []any{single}, true
	}
	if limit == 0 {
		limit = defaultOperations
	}
	switch {
	case !ok || len(list) == 0:
		return syntaxError("Operations must be a list of one or more operations")
	case len(list) > limit:
		return scim.Errorf(413, "", "there are more than %d operations in one request", limit)
	}
	for _, v := range list {
		op, ok := v.(resource.Object)
		if !ok {
			return syntaxError("an operation is not a JSON object")
		}
		if err := p.operation(op); err != nil && !p.lenient {
			return err
		}
	}
	return nil
}

func (p *parser) operation(obj resource.Object) error {
	op, err := p.op(obj)
	if err != nil {
		return err
	}
	value, hasValue, err := obj.Member("value")
	if err != nil {
		return err
	}
	path, kind, err := p.path(obj)
	switch {
	case err != nil || kind == unmapped:
		return err
	case kind == pathless && op == Remove:
		return scim.BadRequest(scim.NoTarget, "a remove operation needs a path")
	case kind == pathless:
		return p.expandValue(op, nil, value)
	case path.Attribute == nil:
		return p.schemaPath(op, path, value)
	}
	return p.target(request{op: op, path: path, value: value, hasValue: hasValue, explicit: true})
}

func (p *parser) op(obj resource.Object) (Op, error) {
	v, _, err := obj.Member("op")
	if err != nil {
		return "", err
	}
	s, _ := v.(string)
	op := Op(strings.ToLower(s))
	switch op {
	case Add, Remove, Replace:
	default:
		return "", syntaxError(`the op of an operation must be "add", "remove" or "replace"`)
	}
	if s != string(op) && !p.Tol.Allow(tolerance.OpCase) {
		return "", refused(scim.InvalidSyntax, tolerance.OpCase, "the op of an operation must be in lower case")
	}
	return op, nil
}

// terms counts the comparisons and operators of a filter.
func terms(x filter.Expr) int {
	switch x := x.(type) {
	case *filter.And:
		return 1 + terms(x.L) + terms(x.R)
	case *filter.Or:
		return 1 + terms(x.L) + terms(x.R)
	case *filter.Not:
		return 1 + terms(x.X)
	case *filter.ValuePath:
		return 1 + terms(x.Filter)
	case *filter.Comparison:
		return 1
	}
	return 0
}

// pathKind is what there is to say about the path of an operation.
type pathKind int

const (
	// named is a path to something that the set has.
	named pathKind = iota
	// pathless is no path at all.
	pathless
	// unmapped is a path to something that only the full set has.
	unmapped
)

// path returns the operation's path.
func (p *parser) path(obj resource.Object) (filter.Path, pathKind, error) {
	v, _, err := obj.Member("path")
	if err != nil || v == nil {
		return filter.Path{}, pathless, err
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return filter.Path{}, named, scim.BadRequest(scim.InvalidPath, "the path of an operation must be a string")
	case strings.TrimSpace(s) == "" && p.Tol.Allow(tolerance.BlankMeansUnset):
		return filter.Path{}, pathless, nil
	}
	return p.attributePath(s)
}

// attributePath reads a path that is not empty. What the set lacks is noted, as it
// is in a body, and the operation left out: nothing of it could be stored or
// removed, and the others must not hang on that.
func (p *parser) attributePath(s string) (filter.Path, pathKind, error) {
	path, err := filter.ParsePath(s, p.Set, p.Tol)
	if err == nil {
		if p.terms -= terms(path.Filter); p.terms < 0 {
			err = scim.Errorf(413, "", "there are too many terms in the filters of the paths of one request")
		}
		return path, named, err
	}
	at, wellFormed := namedBy(s)
	full, known := p.Set.Full().ResolveFor(at, p.Tol.Apart())
	if known {
		at = full.Path()
	}
	switch {
	case !wellFormed, p.isThere(at), at.URN == "" && (at.Name == "active" || at.Name == "members"):
		// Where it is the filter that is wrong, the operation is about something
		// that is there; and whoever takes away access must not be told that it
		// was done.
		return path, named, err
	case !known && p.isUnderstood(at):
		return path, named, err // which says which leniency is off
	case known && full.IsReadOnly() && full.Attribute.GivesAccess():
		return path, named, scim.BadRequest(scim.Mutability, "the attribute %s is read-only", at)
	case known && full.IsReadOnly():
		p.NoteReadOnly(at.String())
	case resource.IsPassword(at):
		p.NoteUnmapped(schema.Path{Name: "password"})
	case !p.Tol.Allow(tolerance.UnmappedPaths):
		return path, named, refused(scim.InvalidPath, tolerance.UnmappedPaths, "there is no attribute %s here", at)
	case known:
		p.NotePath(at)
	default:
		p.NoteUndefinedPath(at)
	}
	return path, unmapped, nil
}

// isUnderstood reports whether a path would name something if every leniency were on.
func (p *parser) isUnderstood(at schema.Path) bool {
	_, has := p.Set.Full().ResolveFor(at, tolerance.AllOn().Session())
	return has
}

// isThere reports whether the set has what a path names, or a list of accesses
// that it names a part of.
func (p *parser) isThere(at schema.Path) bool {
	if _, has := p.Set.ResolveFor(at, p.Tol.Apart()); has {
		return true
	}
	whole, has := p.Set.ResolveFor(at.Parent(), p.Tol.Apart())
	return has && whole.Attribute != nil && whole.Attribute.GivesAccess()
}

// namedBy returns the attribute that a path names, whatever its filter says, and
// whether it has the form of a path (RFC 7644 section 3.5.2).
func namedBy(path string) (schema.Path, bool) {
	before, rest, filtered := strings.Cut(path, "[")
	sub := ""
	if filtered {
		end := strings.LastIndex(rest, "]")
		if end < 0 {
			return schema.Path{}, false
		}
		sub = rest[end+1:]
	}
	at, err := schema.ParseAttrPath(strings.TrimSpace(before) + sub)
	return at, err == nil && (sub == "" || strings.HasPrefix(sub, "."))
}

// schemaPath takes an operation whose path is the URN of a schema.
func (p *parser) schemaPath(op Op, path filter.Path, value any) error {
	switch {
	case op == Remove && !path.Extension:
		return scim.BadRequest(scim.NoTarget, "a remove operation needs the path of an attribute or extension")
	case op == Remove, op == Replace && value == nil && path.Extension:
		p.ops = append(p.ops, Operation{Op: Remove, Path: path})
		return nil
	case path.Extension:
		return p.expandValue(op, path.Schema, value)
	}
	return p.expandValue(op, nil, value)
}

func syntaxError(detail string) *scim.Error {
	return scim.BadRequest(scim.InvalidSyntax, "%s", detail)
}

// refused is the error for input that a leniency would have understood.
func refused(t scim.ErrorType, n tolerance.Name, format string, args ...any) *scim.Error {
	e := scim.BadRequest(t, format, args...)
	e.Detail += n.IsOff()
	return e
}
