package caddymodule

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/hashicorp/golang-lru/v2/simplelru"

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

	// refused counts those without a right token, by address and reason.
	refused *simplelru.LRU[knocker, adminapi.Refused]
}

type knocker struct{ address, reason string }

// maxKnockers bounds the memory that they take, whoever knocks.
const maxKnockers = 100

// refuse counts a request without a right token.
func (r *recent) refuse(address, reason string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := knocker{address, reason}
	counted, ok := r.refused.Get(key)
	if !ok {
		counted = adminapi.Refused{Address: address, Reason: reason, First: at}
	}
	counted.Count++
	counted.Last = at
	r.refused.Add(key, counted)
}

// refusals returns what refuse counted, the latest first.
func (r *recent) refusals() []adminapi.Refused {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.refused.Values()
	slices.Reverse(all)
	return all
}

var recentPool = caddy.NewUsagePool()

func newRecent() (caddy.Destructor, error) {
	refused, err := simplelru.NewLRU[knocker, adminapi.Refused](maxKnockers, nil)
	return &recent{tolerances: make(map[string]uint64), refused: refused}, err
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

// record puts a request that had a right token among the latest ones, and counts
// one that had none.
func (h *Handler) record(r *http.Request, x *exchange) {
	var why denial
	switch {
	case x.recording == nil && h.recent != nil && errors.As(x.response.Err, &why):
		h.recent.refuse(clientIP(r), string(why), x.start.UTC())
		return
	case x.recording == nil || h.recent == nil:
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
