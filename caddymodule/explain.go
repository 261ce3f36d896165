package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// explain says what a request would do. Calls that read are made; nothing is
// written, neither to the API nor here, and what is read is not remembered.
func (h *Handler) explain(ctx context.Context, asked adminapi.ExplainRequest) (*plan.Plan, error) {
	own, ok := h.auth.(*ownTokens)
	if !ok {
		return nil, apiError(http.StatusConflict,
			errors.New("with passthrough, the API is called with the token of each request, so that nothing can be asked here; explain without --live"))
	}
	req, err := h.explained(asked)
	if err != nil {
		return nil, apiError(http.StatusBadRequest, err)
	}
	correlations, err := h.correlations.copy()
	if err != nil {
		return nil, err
	}
	// It waits for what the plan has begun to read.
	defer func() { _ = correlations.Destruct() }()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(h.Timeout))
	defer cancel()
	world := mapping.World{
		Upstream:     &session{upstreamClient: h.upstream, turn: newTurn(false), token: own.upstream},
		Correlations: correlations,
		Keeper:       h.keeper.session(h.storage, h.keeperReport),
		Tolerances:   h.tolerances,
		Limits:       mapping.Limits{Body: int(h.MaxBodySize), BulkOperations: h.MaxBulkOperations},
	}
	if s, ok := h.safeguard.(*safeguard); ok {
		world.Safeguard = s.rehearsal()
	}
	made, err := guarded(func() (*plan.Plan, error) { return h.program.Explain(ctx, world, req), nil })
	if err != nil {
		return nil, err
	}
	for option, p := range map[string]*Pause{"maintenance": h.Maintenance, "read_only": h.ReadOnly} {
		if p != nil && (option == "maintenance" || writes(req.Method, req.Path)) {
			made.Warnings = append(made.Warnings, "The Caddyfile has "+option+", so that the request would be refused as it is.")
		}
	}
	return made, nil
}

// explained is the request that is asked about.
func (h *Handler) explained(asked adminapi.ExplainRequest) (mapping.Request, error) {
	target, query, _ := strings.Cut(asked.Path, "?")
	u, err := url.Parse(target)
	if err != nil {
		u = new(url.URL)
	}
	path := u.Path
	if err != nil || !strings.HasPrefix(path, "/") || asked.Method == "" {
		return mapping.Request{}, fmt.Errorf("there must be a method and a path such as /Users, not %q and %q", asked.Method, asked.Path)
	}
	if below, ours := h.base.below(u); ours && below != "" && h.base != "" {
		path = below
	}
	if int64(len(asked.Body)) > h.MaxBodySize {
		return mapping.Request{}, fmt.Errorf("the body is longer than max_body_size, which is %d", h.MaxBodySize)
	}
	origin := h.origin
	if origin == "" {
		origin = "https://localhost"
	}
	return mapping.Request{
		Method: strings.ToUpper(asked.Method), Path: path, Query: query, Body: []byte(asked.Body),
		Base: origin + string(h.base), IfMatch: asked.IfMatch,
	}, nil
}

// rehearsal is a safeguard that counts for one request alone.
func (s *safeguard) rehearsal() *safeguard {
	copied := *s
	copied.deactivations = s.deactivations.copy()
	return &copied
}

// copy returns correlations of their own with the same content.
func (c *correlations) copy() (*correlations, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := newCorrelations(c.size, c.freshness)
	if err != nil {
		return nil, err
	}
	d.now, d.learnt = c.now, c.learnt
	// The keys come in the order in which they would be forgotten.
	for _, key := range c.facts.Keys() {
		f, _ := c.facts.Peek(key)
		d.facts.Add(key, f)
	}
	for name, k := range c.resources {
		d.resources[name] = &knowledge{complete: k.complete, since: k.since, running: make(map[*run]struct{})}
	}
	return d, nil
}

// purge forgets everything, and returns how much that was. A scan that is under
// way goes on for those who wait for it, and counts for nobody else.
func (c *correlations) purge() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.facts.Len()
	c.removing = true
	c.facts.Purge()
	c.removing = false
	for _, k := range c.resources {
		k.complete, k.joinable = nil, nil
		for r := range k.running {
			r.spoilt = true
		}
	}
	return n
}

// purge forgets what is in memory of the records; the storage has them.
func (k *keeper) purge() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writes.Add(1)
	k.cache.Purge()
}
