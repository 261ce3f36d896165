package caddymodule

import (
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping"
)

// RecentRequests says what the admin API tells of the latest requests. They are
// in memory, and outlive a reload.
type RecentRequests struct {
	// How many requests; 0 for none. Default: 100
	Count int `json:"count"`

	// Whether their paths, queries and the values of attributes are recorded
	// too, which are personal data. Without it there are only the values that
	// come from a closed set: roles, and what is true or false. Secrets never
	// are. Default: false
	Values bool `json:"values,omitempty"`
}

const (
	defaultRecent = 100

	// maxRecent bounds the memory that they take.
	maxRecent = 10_000
)

// unmarshal sets up r from the arguments of its option.
func (r *RecentRequests) unmarshal(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	switch {
	case len(args) == 1 && args[0] == "off":
		return nil
	case len(args) == 2 && args[1] != "values":
		return d.Errf("unexpected '%s'; after the count, there can be: values", args[1])
	case len(args) == 0 || len(args) > 2:
		return d.ArgErr()
	}
	r.Values = len(args) == 2
	return parseNumber(d, "recent_requests", args[0], &r.Count, 1)
}

// recent are the latest requests, in a ring, and what is counted over all of
// them. It lasts as long as some configuration has a handler of its id.
type recent struct {
	mu   sync.Mutex
	ring []adminapi.Request

	// next is where the next one goes, and size how many there may be.
	next, size int

	// tolerances counts the requests that needed each.
	tolerances map[string]uint64
}

var recentPool = caddy.NewUsagePool()

func newRecent() (caddy.Destructor, error) {
	return &recent{tolerances: make(map[string]uint64)}, nil
}

// Destruct implements [caddy.Destructor].
func (*recent) Destruct() error { return nil }

// resize keeps the latest ones when there is to be less room.
func (r *recent) resize(size int) {
	latest := r.latest(size)
	r.mu.Lock()
	defer r.mu.Unlock()
	if size == r.size {
		return
	}
	r.ring, r.size = nil, size
	for i := len(latest) - 1; i >= 0; i-- {
		r.ring = append(r.ring, latest[i])
	}
	r.next = 0
	if size > 0 {
		r.next = len(r.ring) % size
	}
}

func (r *recent) add(request adminapi.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range request.Tolerances {
		r.tolerances[name]++
	}
	switch {
	case r.size == 0:
		return
	case len(r.ring) < r.size:
		r.ring = append(r.ring, request)
	default:
		r.ring[r.next] = request
	}
	r.next = (r.next + 1) % r.size
}

// latest returns at most n requests, the latest first.
func (r *recent) latest(n int) []adminapi.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []adminapi.Request
	for i := range min(n, len(r.ring)) {
		all = append(all, r.ring[((r.next-1-i)%len(r.ring)+len(r.ring))%len(r.ring)])
	}
	return all
}

func (r *recent) usedTolerances() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.tolerances)
}

// record puts a request that was let in among the latest ones.
func (h *Handler) record(r *http.Request, x *exchange) {
	if x.recording == nil {
		return
	}
	did, values := &x.response.Report, h.RecentRequests.Values
	request := adminapi.Request{Handler: h.id(), Time: x.start.UTC(), RequestID: x.requestID}
	x.recording.fill(&request, values)
	request.DurationSeconds = time.Since(x.start).Seconds()
	request.Token, request.User, request.Method = x.who.name, x.who.user, r.Method
	request.Resource, request.Operation, request.ID = did.Resource, did.Operation, did.ID
	if values {
		request.Path = r.URL.RequestURI()
	}
	request.Outcome = mapping.OutcomeOf(&x.response)
	request.Unknown, request.Tolerances, request.Warnings = did.Unknown, did.Tolerances, did.Warnings
	h.recent.add(request)
}
