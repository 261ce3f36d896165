package caddymodule

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Rate is a number of events within a time.
type Rate struct {
	// How many.
	Count int `json:"count"`

	// Within which time.
	Within caddy.Duration `json:"within,omitempty"`
}

// maxClients bounds the memory. Whoever has more networks than this to attack
// from is not slowed down by counting them.
const maxClients = 10_000

// failedAttempts counts the wrong tokens that came from each client's network.
// Nobody but who presents a wrong token ever notices: a right one passes
// whatever others behind the same address do. A nil *failedAttempts counts
// nothing.
type failedAttempts struct {
	most   int
	window time.Duration
	now    func() time.Time

	mu      sync.Mutex
	clients *simplelru.LRU[netip.Prefix, attempts]
}

// attempts are those of one network since the first one of a window.
type attempts struct {
	failed int
	until  time.Time
}

func newFailedAttempts(most int, window time.Duration, now func() time.Time) (*failedAttempts, error) {
	clients, err := simplelru.NewLRU[netip.Prefix, attempts](maxClients, nil)
	if err != nil {
		return nil, err
	}
	return &failedAttempts{most: most, window: window, now: now, clients: clients}, nil
}

// wait returns for how long a network is to be slowed down still; 0 for not.
func (f *failedAttempts) wait(from netip.Prefix) time.Duration {
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// A look does not count as use: who waits is not to stay for that.
	a, ok := f.clients.Peek(from)
	if !ok || a.failed < f.most {
		return 0
	}
	return max(0, a.until.Sub(f.now()))
}

// add counts a failed attempt, and reports whether it is the one from which on
// the network is slowed down.
func (f *failedAttempts) add(from netip.Prefix) bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	a, ok := f.clients.Get(from)
	if !ok || !now.Before(a.until) {
		a = attempts{until: now.Add(f.window)}
	}
	a.failed++
	f.clients.Add(from, a)
	return a.failed == f.most
}

// clientNetwork returns what counts as one client: an IPv4 address, or the /64
// that an IPv6 address is in, since who has one address of that has them all.
// It is the zero Prefix where the address is unknown.
func clientNetwork(r *http.Request) netip.Prefix {
	addr, err := netip.ParseAddr(clientIP(r))
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap()
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	network, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

// clientIP is the client's address as Caddy has it, which believes a proxy
// only if the server's trusted_proxies names it.
func clientIP(r *http.Request) string {
	address, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return address
}
