package qualytics

import (
	"slices"
	"strings"
	"sync"
)

// maxViolations bounds what is kept: a client that errs in every call would
// otherwise fill the memory, and the first ones say it all.
const maxViolations = 1000

type violationList struct {
	mu       sync.Mutex
	found    []string
	expected []string
}

func (l *violationList) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.found) < maxViolations {
		l.found = append(l.found, text)
	}
}

// Violations lists where calls did not fit the OpenAPI document, in order,
// even where the API would not care, as for an unknown query parameter. With
// [Config.CheckAnswers] it holds the sandbox's own mistakes too. It keeps the
// first 1000.
func (s *Sandbox) Violations() []string {
	s.violations.mu.Lock()
	defer s.violations.mu.Unlock()
	return slices.Clone(s.violations.found)
}

// ExpectViolations declares violations that contain one of the texts as
// expected, wherever they come in time. Without a text, all are.
func (s *Sandbox) ExpectViolations(texts ...string) {
	if len(texts) == 0 {
		texts = []string{""}
	}
	s.violations.mu.Lock()
	defer s.violations.mu.Unlock()
	s.violations.expected = append(s.violations.expected, texts...)
}

// UnexpectedViolations lists the violations that
// [Sandbox.ExpectViolations] does not cover.
func (s *Sandbox) UnexpectedViolations() []string {
	s.violations.mu.Lock()
	defer s.violations.mu.Unlock()
	var left []string
	for _, text := range s.violations.found {
		covers := func(part string) bool { return strings.Contains(text, part) }
		if !slices.ContainsFunc(s.violations.expected, covers) {
			left = append(left, text)
		}
	}
	return left
}
