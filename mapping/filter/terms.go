package filter

import "github.com/qualytics/scim-sidecar/mapping/schema"

// Term is a comparison that every match of a filter meets.
type Term struct {
	Comparison
	// Partial is whether the comparison stood in a value path: then some value
	// of the attribute meets it, but meeting it is only a part of what the
	// value path asks for.
	Partial bool
}

// EqualityTerms returns the eq comparisons that every resource must meet to
// match: those joined by "and" at the top, also within value paths. They serve
// to find candidates by an index; each candidate must still be checked with
// [Filter.Match]. Comparisons with null are not among them.
func (f *Filter) EqualityTerms() []Term { return terms(nil, f.Root, false) }

func terms(out []Term, x Expr, inside bool) []Term {
	switch x := x.(type) {
	case *And:
		return terms(terms(out, x.L, inside), x.R, inside)
	case *ValuePath:
		return terms(out, x.Filter, true)
	case *Comparison:
		if x.Op == Eq && x.Value != nil {
			out = append(out, Term{*x, inside})
		}
	}
	return out
}

// OnlyEquality returns the eq comparisons that a node consists of, and whether
// it consists of nothing else than those and "and".
func OnlyEquality(x Expr) ([]*Comparison, bool) {
	switch x := x.(type) {
	case *And:
		l, okL := OnlyEquality(x.L)
		r, okR := OnlyEquality(x.R)
		return append(l, r...), okL && okR
	case *Comparison:
		return []*Comparison{x}, x.Op == Eq && x.Value != nil
	}
	return nil, false
}

// Paths returns the canonical paths of all attributes that the filter looks
// at, each once, in the order in which they occur. Those that the resource type
// does not have are not among them.
func (f *Filter) Paths() []schema.Path {
	var out []schema.Path
	seen := map[schema.Path]bool{}
	var walk func(Expr)
	walk = func(x Expr) {
		switch x := x.(type) {
		case *And:
			walk(x.L)
			walk(x.R)
		case *Or:
			walk(x.L)
			walk(x.R)
		case *Not:
			walk(x.X)
		case *ValuePath:
			walk(x.Filter)
		case *Comparison:
			if !x.Absent && !seen[x.Path] {
				seen[x.Path] = true
				out = append(out, x.Path)
			}
		}
	}
	walk(f.Root)
	return out
}
