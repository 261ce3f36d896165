// Package weblink reads the Link header of HTTP (RFC 8288).
package weblink

import (
	"errors"
	"strings"
)

var errMalformed = errors.New("the Link header is malformed")

// Targets returns the URI references of the links with a relation type, which
// is compared without case, in order. It gets the values of all Link header
// fields. Links that have another context than the answer ("anchor") are left
// out. It returns an error when any of the fields is not what RFC 8288 section
// 3 says: what stands behind the mistake can't be known.
func Targets(fields []string, rel string) ([]string, error) {
	var targets []string
	for _, field := range fields {
		s := scanner{rest: field}
		for s.element() {
			target, params, ok := s.link()
			if !ok {
				return nil, errMalformed
			}
			if _, elsewhere := params["anchor"]; !elsewhere && has(params["rel"], rel) {
				targets = append(targets, target)
			}
		}
		if s.rest != "" {
			return nil, errMalformed
		}
	}
	return targets, nil
}

// has reports whether a list of relation types, separated by blanks, holds one.
func has(types, rel string) bool {
	for t := range strings.FieldsSeq(types) {
		if strings.EqualFold(t, rel) {
			return true
		}
	}
	return false
}

// scanner reads a field value from its front.
type scanner struct {
	rest string
	then bool // something stands before
}

func (s *scanner) blanks() { s.rest = strings.TrimLeft(s.rest, " \t") }

// take takes one character off the front.
func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// element goes to the next element of the list; elements may be empty. It
// returns false at the end, and where there is no comma between two.
func (s *scanner) element() bool {
	s.blanks()
	apart := !s.then
	for s.take(',') {
		apart = true
		s.blanks()
	}
	s.then = true
	return apart && s.rest != ""
}

// link reads one link. Of parameters with the same name the first counts.
func (s *scanner) link() (target string, params map[string]string, ok bool) {
	if !s.take('<') {
		return "", nil, false
	}
	if target, s.rest, ok = strings.Cut(s.rest, ">"); !ok {
		return "", nil, false
	}
	params = make(map[string]string)
	for {
		s.blanks()
		if !s.take(';') {
			return target, params, true
		}
		s.blanks()
		name := strings.ToLower(s.token())
		value, ok := s.value(name)
		if !ok {
			return "", nil, false
		}
		if _, twice := params[name]; !twice && name != "" {
			params[name] = value
		}
	}
}

// value reads what follows a parameter's name; nothing need. Without quotes it
// may be more than a token, as RFC 5988 had it.
func (s *scanner) value(name string) (value string, ok bool) {
	s.blanks()
	switch {
	case !s.take('='):
		return "", true
	case name == "":
		return "", false
	}
	s.blanks()
	if s.take('"') {
		return s.quoted()
	}
	end := strings.IndexAny(s.rest, ";, \t\"")
	if end < 0 {
		end = len(s.rest)
	}
	value, s.rest = s.rest[:end], s.rest[end:]
	return value, value != ""
}

// token reads a token (RFC 9110 section 5.6.2); "" where there is none.
func (s *scanner) token() string {
	end := 0
	for end < len(s.rest) && isTokenChar(s.rest[end]) {
		end++
	}
	token := s.rest[:end]
	s.rest = s.rest[end:]
	return token
}

func isTokenChar(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// quoted reads the rest of a quoted string (RFC 9110 section 5.6.4).
func (s *scanner) quoted() (value string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '"':
			s.rest = s.rest[i+1:]
			return b.String(), true
		case '\\':
			if i++; i == len(s.rest) {
				return "", false
			}
		}
		b.WriteByte(s.rest[i])
	}
	return "", false
}
