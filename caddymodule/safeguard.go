package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/qualytics/scim-sidecar/mapping"
)

// MaxGroupShrink bounds how many of its members one request may take out of a
// group.
type MaxGroupShrink struct {
	// The largest part of the members that may go, in percent, from 0 to 99.
	Percent int `json:"percent"`

	// So many members may go from any group, however small. Default: 10
	Spared *int `json:"spared,omitempty"`
}

const (
	defaultSpared = 10

	// shrinkPause is when a request that would shrink a group too far may be
	// repeated. By itself that does not help: somebody has to decide.
	shrinkPause = 5 * time.Minute
)

// safeguard is [mapping.Safeguard] with the limits of one configuration.
type safeguard struct {
	deactivations *deactivations
	rate          *Rate
	shrinkage     *MaxGroupShrink
	now           func() time.Time
}

// Deactivate implements [mapping.Safeguard].
func (s *safeguard) Deactivate(_ context.Context, resource, id string) (takeBack func(), err error) {
	if s.rate == nil {
		return func() {}, nil
	}
	within := time.Duration(s.rate.Within)
	takeBack, wait := s.deactivations.take(resource+"/"+id, s.rate.Count, within, s.now())
	if wait > 0 {
		return nil, deniedDeactivations.until(http.StatusServiceUnavailable, wait, fmt.Sprintf(
			"At most %d users and groups may be deactivated or deleted within %s, and so many were; nothing was done. "+
				"Should more than that have to go, whoever runs the SCIM server can raise the limit max_deactivations.", s.rate.Count, spoken(within)))
	}
	return takeBack, nil
}

// Shrink implements [mapping.Safeguard].
func (s *safeguard) Shrink(_ context.Context, _, _ string, removed, members int) error {
	if s.shrinkage == nil || removed <= *s.shrinkage.Spared || removed*100 <= members*s.shrinkage.Percent {
		return nil
	}
	return deniedShrink.until(http.StatusServiceUnavailable, shrinkPause, fmt.Sprintf(
		"The request takes %d of %d members out of a group, more than the %d%% that may go at a time; nothing was done. "+
			"Should they have to go, whoever runs the SCIM server can raise the limit max_group_shrink.", removed, members, s.shrinkage.Percent))
}

// deactivations are the users and groups that were deactivated or deleted of
// late. They outlive a configuration and have no limits of their own. They are
// in memory: after a restart, the count begins anew.
type deactivations struct {
	mu sync.Mutex

	// done are in the order of time.
	done []deactivation

	// longest is the longest time that somebody looked back.
	longest time.Duration
}

type deactivation struct {
	what string
	at   time.Time
}

// Destruct implements [caddy.Destructor].
func (*deactivations) Destruct() error { return nil }

// take notes a deactivation unless there were so many within a time. What it
// returns forgets it again. Otherwise it returns how long it takes until there
// is room. What was noted within the time is not counted again: it may be
// repeated because nobody knows what came of it.
func (d *deactivations) take(what string, most int, within time.Duration, now time.Time) (takeBack func(), wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.longest = max(d.longest, within)
	d.done = slices.DeleteFunc(d.done, func(e deactivation) bool { return now.Sub(e.at) >= d.longest })
	first := slices.IndexFunc(d.done, func(e deactivation) bool { return now.Sub(e.at) < within })
	if first < 0 {
		first = len(d.done)
	}
	recent := d.done[first:]
	if slices.ContainsFunc(recent, func(e deactivation) bool { return e.what == what }) {
		return func() {}, 0
	}
	if over := len(recent) - most; over >= 0 {
		return nil, within - now.Sub(recent[over].at)
	}
	entry := deactivation{what, now}
	d.done = append(d.done, entry)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if i := slices.Index(d.done, entry); i >= 0 {
			d.done = slices.Delete(d.done, i, i+1)
		}
	}, 0
}

// release forgets all, so that as many as the limit says may follow at once. It
// returns how many there were.
func (d *deactivations) release() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.done)
	d.done = nil
	return n
}

// used returns how many there were within a time.
func (d *deactivations) used(within time.Duration, now time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, e := range d.done {
		if now.Sub(e.at) < within {
			n++
		}
	}
	return n
}

// copy returns deactivations of their own that begin with the same ones.
func (d *deactivations) copy() *deactivations {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &deactivations{done: slices.Clone(d.done), longest: d.longest}
}

var deactivationsPool = caddy.NewUsagePool()

// acquireSafeguard takes what is shared with other configurations of the same
// upstream. Without limits there is no safeguard.
func (h *Handler) acquireSafeguard(upstream string) error {
	if h.MaxDeactivations == nil && h.MaxGroupShrink == nil {
		return nil
	}
	value, _, err := h.hold(deactivationsPool, poolKey(upstream), func() (caddy.Destructor, error) { return new(deactivations), nil })
	if err != nil {
		return err
	}
	s := &safeguard{deactivations: value.(*deactivations), rate: h.MaxDeactivations, now: h.now}
	if m := h.MaxGroupShrink; m != nil {
		s.shrinkage = &MaxGroupShrink{Percent: m.Percent, Spared: m.Spared}
		if m.Spared == nil {
			s.shrinkage.Spared = new(defaultSpared)
		}
	}
	h.safeguard = s
	return nil
}

var _ mapping.Safeguard = (*safeguard)(nil)
