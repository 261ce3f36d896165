package caddymodule

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qualytics/scim-sidecar/mapping/plan"
)

// registry has the handlers that are provisioned, the latest last. During a
// reload these are for a moment those of both configurations.
type registry struct {
	mu       sync.Mutex
	handlers []*Handler
}

// live are those of this process.
var live registry

func (r *registry) add(h *Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handlers = append(r.handlers, h)
}

func (r *registry) remove(h *Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handlers = slices.DeleteFunc(r.handlers, func(other *Handler) bool { return other == h })
}

func (r *registry) all() []*Handler {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.handlers)
}

// find returns the handlers with an id; all of them without one.
func (r *registry) find(id string) ([]*Handler, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*Handler
	for _, h := range r.handlers {
		if id == "" || h.id() == id {
			found = append(found, h)
		}
	}
	if id != "" && len(found) == 0 {
		return nil, fmt.Errorf("there is no SCIM handler %q; there are: %s", id, strings.Join(idsOf(r.handlers), ", "))
	}
	return found, nil
}

// one returns the latest handler with an id; without one, there must be but one
// to choose from.
func (r *registry) one(id string) (*Handler, error) {
	found, err := r.find(id)
	if err != nil {
		return nil, err
	}
	switch ids := idsOf(found); {
	case len(found) == 0:
		return nil, fmt.Errorf("the configuration has no SCIM handler")
	case len(ids) > 1:
		return nil, fmt.Errorf("there are several SCIM handlers, so say which: %s", strings.Join(ids, ", "))
	}
	return found[len(found)-1], nil
}

// idsOf returns the ids of handlers, each once.
func idsOf(all []*Handler) []string {
	var ids []string
	for _, h := range all {
		if id := h.id(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// id is what the handler is called in the admin API.
func (h *Handler) id() string {
	return strings.TrimPrefix(h.keeper.prefix, "scim/") + string(h.base)
}

// enlisted is what only others want to know of a handler: the admin API, the
// metrics and the probes.
type enlisted struct {
	// registry is that of the metrics of the handler's configuration, which has
	// one of its own.
	registry *prometheus.Registry

	// readiness says whether the handler can do its work.
	readiness *readiness

	// mapping is by what the program was made, and since is when.
	mapping plan.Mapping
	since   time.Time

	// recent are the latest requests; nil until the handler is enlisted.
	recent *recent
}

// enlist makes the handler known to others until Cleanup.
func (h *Handler) enlist(mapped plan.Mapping) error {
	h.mapping, h.since = mapped, h.now()
	value, _, err := h.hold(recentPool, h.id(), newRecent)
	if err != nil {
		return err
	}
	h.recent = value.(*recent)
	h.recent.resize(h.RecentRequests.Count)
	live.add(h)
	h.held = append(h.held, func() error {
		live.remove(h)
		return nil
	})
	return nil
}
