package schema

import "github.com/qualytics/scim-sidecar/mapping/tolerance"

// ResolveAmong finds the attribute that a path names in set or else in one of
// others: a search over several resource types may name what only some of them
// have (RFC 7644 section 3.4.2.1). Absent says that set does not have it. Not ok
// is what nobody has, what names no attribute but a schema, and what is never
// returned, so that its values can't be found out by asking.
func ResolveAmong(p Path, set *Set, others []*Set, tol *tolerance.Session) (r Resolved, absent, ok bool) {
	if r, ok = set.ResolveFor(p, tol); ok {
		return r, false, r.mayBeReturned()
	}
	for _, other := range others {
		if r, ok = other.ResolveFor(p, tol); ok && r.mayBeReturned() {
			return r, true, true
		}
	}
	return Resolved{}, false, false
}

func (r Resolved) mayBeReturned() bool {
	return r.Attribute != nil && r.Attribute.Returned != ReturnedNever && r.Target().Returned != ReturnedNever
}
