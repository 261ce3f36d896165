// Package tolerance names the leniencies towards identity providers: every
// place in which a request is understood although it does not follow RFC 7643
// or RFC 7644 to the letter. Each can be switched off, and each use is
// recorded, so that an operator sees what a provider relies on.
//
// What the RFCs themselves allow, such as attribute names in any case or
// read-only attributes in a POST or PUT body, is not a leniency.
package tolerance

import "sync/atomic"

// Name is the name of one leniency, as used in configuration, logs and error
// details.
type Name string

// IsOff returns what an error says besides, when the leniency would have made
// the input understood but is off: " (the leniency op-case is off)".
func (n Name) IsOff() string { return " (the leniency " + string(n) + " is off)" }

// Info describes one leniency for documentation.
type Info struct {
	// Name is the leniency's name.
	Name Name
	// Who lists the identity providers that need it.
	Who string
	// What says what is accepted, and how it is understood.
	What string
}

// Set says which leniencies are on. It is immutable and comparable; the zero
// value has none on.
type Set struct{ bits uint64 }

// AllOn returns the set with every leniency on.
func AllOn() Set { return Set{uint64(1)<<len(All) - 1} }

// None returns the set with every leniency off.
func None() Set { return Set{} }

// Of returns the set with the named leniencies on. Names that do not exist
// have no effect; see [ParseName] to tell them apart.
func Of(names ...Name) Set { return None().With(names...) }

// With returns the set with the named leniencies on as well.
func (s Set) With(names ...Name) Set {
	for _, n := range names {
		s.bits |= index[n]
	}
	return s
}

// Without returns the set with the named leniencies off.
func (s Set) Without(names ...Name) Set {
	for _, n := range names {
		s.bits &^= index[n]
	}
	return s
}

// Has reports whether a leniency is on.
func (s Set) Has(n Name) bool { return s.bits&index[n] != 0 }

// Names returns the leniencies that are on, in the order of [All].
func (s Set) Names() []Name { return names(s.bits) }

// Session returns a new [Session] for one request.
func (s Set) Session() *Session { return &Session{on: s} }

// ParseName returns the leniency called s, and whether there is one. Case
// matters.
func ParseName(s string) (Name, bool) {
	_, ok := index[Name(s)]
	return Name(s), ok
}

// Session records which leniencies one request needed. A nil *Session has
// everything on and records nothing. It may be used by several goroutines.
type Session struct {
	on   Set
	used atomic.Uint64
}

// Allow reports whether a leniency is on and, if so, records its use. It must
// be called only when the input at hand really needs the leniency, so that
// input that follows the RFCs leaves no trace.
func (s *Session) Allow(n Name) bool {
	if s == nil {
		return true
	}
	bit := s.on.bits & index[n]
	if bit == 0 {
		return false
	}
	s.used.Or(bit)
	return true
}

// Apart returns a session with the same leniencies that records what it needs
// for itself: for input that is only looked at and then left out.
func (s *Session) Apart() *Session {
	if s == nil {
		return nil
	}
	return s.on.Session()
}

// Used returns the leniencies that were needed so far, in the order of [All].
func (s *Session) Used() []Name {
	if s == nil {
		return nil
	}
	return names(s.used.Load())
}

func names(bits uint64) []Name {
	var out []Name
	for i := range All {
		if bits&(1<<i) != 0 {
			out = append(out, All[i].Name)
		}
	}
	return out
}

// index gives the bit of each name.
var index = func() map[Name]uint64 {
	m := make(map[Name]uint64, len(All))
	for i := range All {
		m[All[i].Name] = 1 << i
	}
	return m
}()
