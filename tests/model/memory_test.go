package model

import (
	"context"
	"sync"

	"github.com/qualytics/scim-sidecar/mapping"
)

// shared has callers join the reading of a list that is under way, as the
// sidecar's own correlations do.
type shared struct {
	mapping.Correlations

	// learnt is told of each account that a reading which began at a tick has found.
	now    func() int
	learnt func(id string, tick int)

	// small has it never know of everybody.
	small bool

	mu       sync.Mutex
	joinable map[string]*reading
	spoilt   map[*reading]bool
}

type reading struct {
	done chan struct{}
	scan *mapping.Scan
	err  error
}

// Scanned implements [mapping.Correlations].
func (s *shared) Scanned(resource string) *mapping.Scan {
	if s.small {
		return nil
	}
	return s.Correlations.Scanned(resource)
}

// Scan implements [mapping.Correlations].
func (s *shared) Scan(ctx context.Context, resource string, read func(context.Context) (*mapping.Scan, error)) (*mapping.Scan, error) {
	s.mu.Lock()
	r := s.joinable[resource]
	if r != nil {
		s.mu.Unlock()
		<-r.done
		return r.scan, r.err
	}
	r = &reading{done: make(chan struct{})}
	if s.joinable == nil {
		s.joinable, s.spoilt = make(map[string]*reading), make(map[*reading]bool)
	}
	s.joinable[resource] = r
	s.mu.Unlock()
	defer close(r.done)
	began := s.now()
	r.scan, r.err = s.Correlations.Scan(ctx, resource, read)
	if r.err == nil && (resource == "User" || resource == "User (others)") {
		for _, object := range r.scan.Objects {
			s.learnt(object.ID, began)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spoilt[r] {
		s.Correlations.Doubt(resource)
	}
	if s.joinable[resource] == r {
		delete(s.joinable, resource)
	}
	return r.scan, r.err
}

// Doubt implements [mapping.Correlations].
func (s *shared) Doubt(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Correlations.Doubt(resource)
	if r := s.joinable[resource]; r != nil {
		s.spoilt[r] = true
		delete(s.joinable, resource)
	}
}

// Shift implements [mapping.Correlations].
func (s *shared) Shift(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Correlations.Shift(resource)
	if r := s.joinable[resource]; r != nil {
		s.spoilt[r] = true
	}
}
