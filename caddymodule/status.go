package caddymodule

import (
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/sony/gobreaker/v2"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
)

// status says how the handler is.
func (h *Handler) status() adminapi.Handler {
	now := h.now()
	s := adminapi.Handler{
		ID: h.id(), BasePath: string(h.base), Upstream: h.upstream.base.String(), Since: h.since.UTC(),
		Mapping: h.mapping, Memory: h.correlations.status(),
		Breaker: h.upstream.gate.breaker.status(), Budget: h.upstream.gate.budget.status(),
		Guards:      h.guards(now),
		Storage:     adminapi.Storage{Prefix: h.keeper.prefix, Module: describeStorage(h.storage.Storage)},
		Passthrough: h.Passthrough,
	}
	s.Tolerances.On, s.Tolerances.Used = []string{}, h.recent.usedTolerances()
	for _, name := range h.tolerances.Names() {
		s.Tolerances.On = append(s.Tolerances.On, string(name))
	}
	if own, ok := h.auth.(*ownTokens); ok {
		for _, t := range own.tokens {
			token := adminapi.Token{Name: t.name, ReadOnly: t.readOnly, Expired: t.expired(now)}
			if !t.end.IsZero() {
				token.Expires = new(t.end.UTC())
			}
			s.Tokens = append(s.Tokens, token)
		}
	}
	return s
}

func (h *Handler) guards(now time.Time) adminapi.Guards {
	g := adminapi.Guards{ReadOnly: h.ReadOnly != nil, Maintenance: h.Maintenance != nil}
	s, ok := h.safeguard.(*safeguard)
	if !ok {
		return g
	}
	if s.rate != nil {
		within := time.Duration(s.rate.Within)
		g.MaxDeactivations = &adminapi.Deactivations{
			Count: s.rate.Count, WithinSeconds: within.Seconds(), Used: s.deactivations.used(within, now),
		}
	}
	if s.shrinkage != nil {
		g.MaxGroupShrink = &s.shrinkage.Percent
	}
	return g
}

// describeStorage says what a storage is, without what it may be called by that
// nobody should know.
func describeStorage(s certmagic.Storage) string {
	if files, ok := s.(*certmagic.FileStorage); ok {
		return "file system: " + files.Path
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", s), "*")
}

func (c *correlations) status() adminapi.Memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := adminapi.Memory{Facts: c.facts.Len(), Size: c.size, Hits: c.hits, Misses: c.misses, Scans: c.scans}
	for name, k := range c.resources {
		if k.complete != nil && c.now().Sub(k.complete.Started) <= c.freshness {
			m.Lists = append(m.Lists, adminapi.List{Name: name, Read: k.complete.Started.UTC()})
		}
	}
	return m
}

func (b *breaker) status() adminapi.Breaker {
	circuit := b.current()
	if circuit == nil || circuit.State() == gobreaker.StateClosed {
		return adminapi.Breaker{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return adminapi.Breaker{Down: true, Next: new(b.next.UTC())}
}

func (b *budget) status() adminapi.Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := adminapi.Budget{
		UnderWay: b.underWay, Concurrent: b.limits.concurrent, Waiting: b.queue.len(),
		PerSecond: b.limits.perSecond,
	}
	if b.limits.perSecond > 0 {
		s.Burst, s.Left = b.limits.burst, max(0, int(b.limiter.Tokens()))
	}
	return s
}
