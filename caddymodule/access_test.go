package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/qualytics/scim-sidecar/mapping"
)

// from makes a request come from an address.
func from(r *http.Request, address string) *http.Request {
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, address)
	return r
}

func TestAllow(t *testing.T) {
	t.Setenv("TEST_NETWORK", "2001:db8::/32")
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	for address, in := range map[string]bool{
		"192.0.2.7": true, "192.0.2.8": false, "198.51.100.9": true, "198.51.101.9": false,
		"2001:db8::1": true, "2001:db9::1": false, "": false, "@": false, "not an address": false,
	} {
		h, logs := newTestHandler(t, ok)
		h.Allow = []string{"192.0.2.7", "198.51.100.0/24", "{env.TEST_NETWORK}"}
		if err := h.provisionAccess(ctx); err != nil {
			t.Fatal(err)
		}
		for token, status := range map[string]int{goodToken: 200, "wrong": 401} {
			if !in {
				// The answer says nothing of the token.
				h.program, status = never(t), 403
			}
			logs.TakeAll()
			w := serve(t, h, from(request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer "+token), address))
			if w.Code != status {
				t.Errorf("%q, %s: status %d, want %d", address, token, w.Code, status)
			}
			if !in {
				wantError(t, w, 403, "this address")
				if w.Header().Get("WWW-Authenticate") != "" {
					t.Errorf("%q: there is a challenge", address)
				}
			}
		}
	}
}

// TestThrottle counts failed attempts by address.
func TestThrottle(t *testing.T) {
	h, logs := newTestHandler(t, ok)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h.now = func() time.Time { return now }
	h.MaxAuthFailures = &Rate{Count: 3, Within: caddy.Duration(time.Minute)}
	if err := h.provisionAccess(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	try := func(address, token string, status int) {
		t.Helper()
		w := serve(t, h, from(request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer "+token), address))
		retry, _ := strconv.Atoi(w.Header().Get("Retry-After"))
		if w.Code != status || (status == 429) != (retry > 0) {
			t.Errorf("%s, %q at %s: status %d, want %d; Retry-After %d", address, token, now.Format(time.TimeOnly), w.Code, status, retry)
		}
	}
	const attacker, other = "192.0.2.1", "192.0.2.2"
	try(attacker, "wrong-1", 401)
	now = now.Add(20 * time.Second)
	// What succeeds, and what presents nothing, is no failed attempt.
	for range 5 {
		try(attacker, goodToken, 200)
		try(attacker, "", 401)
	}
	try(attacker, "wrong-2", 401)
	try(attacker, "wrong-3", 401)
	said := warnings(logs)
	if len(said) != 1 {
		t.Errorf("warned of %q", said)
	}
	for i := range 10 {
		try(attacker, fmt.Sprint("wrong-", i), 429)
	}
	try(attacker, goodToken, 200)
	try(attacker, "", 401)
	try(other, "wrong-1", 401)
	if said := warnings(logs); len(said) > 0 {
		t.Errorf("warned of %q", said)
	}

	w := serve(t, h, from(request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer wrong"), attacker))
	wantError(t, w, 429, "not accepted")
	if got := w.Header().Get("Retry-After"); got != "40" {
		t.Errorf("Retry-After %q: the first attempt was 20 seconds ago", got)
	}
	now = now.Add(40*time.Second - 1)
	try(attacker, "wrong-4", 429)
	now = now.Add(1)
	for range 3 {
		try(attacker, "wrong-5", 401)
	}
	try(attacker, "wrong-6", 429)

	h.attempts, h.MaxAuthFailures = nil, &Rate{}
	if err := h.provisionAccess(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		try(attacker, "wrong", 401)
	}
}

func TestClientNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1":             "192.0.2.1/32",
		"::ffff:192.0.2.1":      "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6":  "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1":  "2001:db8:1:2::/64",
		"fe80::1%eth0":          "fe80::/64",
		"":                      "invalid Prefix",
		"unix":                  "invalid Prefix",
		"192.0.2.1, 192.0.2.2":  "invalid Prefix",
		"2001:db8:1:2:3:4:5::%": "invalid Prefix",
	} {
		if got := clientNetwork(from(request(t, "GET", "/", ""), address)).String(); got != want {
			t.Errorf("%q: %s, want %s", address, got, want)
		}
	}
}

// TestThrottleIsBounded has more attackers than are remembered.
func TestThrottleIsBounded(t *testing.T) {
	now := time.Now()
	f, err := newFailedAttempts(1, time.Hour, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	network := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
	}
	for i := range 3 * maxClients {
		f.add(network(i))
	}
	if n := f.clients.Len(); n != maxClients {
		t.Errorf("%d clients", n)
	}
	if f.wait(network(3*maxClients-1)) != time.Hour || f.wait(network(0)) != 0 {
		t.Error("the oldest must go first")
	}
}

// TestThrottledPassthrough asks the API about no further token while an address
// is slowed down, except about those that have worked.
func TestThrottledPassthrough(t *testing.T) {
	a := &api{}
	a.answer = a.knows
	h, _ := newTestHandler(t, ok)
	p, now := newTestPassthrough(t, a)
	h.auth, h.now = p, func() time.Time { return *now }
	h.MaxAuthFailures = &Rate{Count: 2, Within: caddy.Duration(time.Hour)}
	if err := h.provisionAccess(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	try := func(address, token string) int {
		return serve(t, h, from(request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer "+token), address)).Code
	}
	for i, step := range []struct {
		token  string
		status int
	}{{"admin", 200}, {"wrong-1", 401}, {"wrong-2", 401}, {"wrong-3", 429}, {"wrong-1", 429}, {"admin", 200}} {
		if got := try("192.0.2.1", step.token); got != step.status {
			t.Errorf("%d: %s: status %d, want %d", i, step.token, got, step.status)
		}
	}
	if len(a.asked) != 3 {
		t.Errorf("asked about %q", a.asked)
	}
	// A token that has worked is asked about again, when its time is over.
	*now = now.Add(2 * time.Minute)
	if got := try("192.0.2.1", "admin"); got != 200 || len(a.asked) != 4 {
		t.Errorf("status %d, asked about %q", got, a.asked)
	}
	if got := try("192.0.2.2", "wrong-9"); got != 401 || len(a.asked) != 5 {
		t.Errorf("status %d, asked about %q", got, a.asked)
	}
}

func TestSwitches(t *testing.T) {
	for _, tt := range []struct {
		method, path          string
		readOnly, maintenance int
	}{
		{"GET", "/Users", 200, 503},
		{"GET", "/Users/2", 200, 503},
		{"OPTIONS", "/Users", 200, 503},
		{"POST", "/Users/.search", 200, 503},
		{"GET", "/Me", 200, 503},
		{"POST", "/Users", 503, 503},
		{"POST", "/Bulk", 503, 503},
		{"PUT", "/Users/2", 503, 503},
		{"PATCH", "/Groups/2", 503, 503},
		{"DELETE", "/Users/2", 503, 503},
		{"GET", "/", 200, 200},
		{"GET", "/ServiceProviderConfig", 200, 200},
		{"HEAD", "/serviceproviderconfig/", 200, 200},
		{"GET", "/ResourceTypes/User", 200, 200},
		{"GET", "/Schemas", 200, 200},
		{"POST", "/Schemas", 503, 503},
	} {
		for option, want := range map[string]int{"read_only": tt.readOnly, "maintenance": tt.maintenance} {
			p := programFunc(ok)
			if want != 200 {
				p = never(t)
			}
			h, _ := newTestHandler(t, p)
			wait := "300"
			if option == "read_only" {
				h.ReadOnly = new(Pause)
			} else {
				h.Maintenance, wait = &Pause{RetryAfter: caddy.Duration(90*time.Second + 1)}, "91"
			}
			w := serve(t, h, request(t, tt.method, "/api/scim/v2"+tt.path, ""))
			if w.Code != want {
				t.Errorf("%s: %s %s: status %d, want %d", option, tt.method, tt.path, w.Code, want)
			}
			if want == 503 && w.Header().Get("Retry-After") != wait {
				t.Errorf("%s: Retry-After %q, want %s", option, w.Header().Get("Retry-After"), wait)
			}
		}
	}
}

// TestSwitchesAndTokens has maintenance for everybody, and nothing else for
// those without a token.
func TestSwitchesAndTokens(t *testing.T) {
	h, _ := newTestHandler(t, never(t))
	h.ReadOnly = new(Pause)
	stranger := func(method, path string) int {
		return serve(t, h, request(t, method, "/api/scim/v2"+path, "", "Authorization", "Bearer wrong")).Code
	}
	if got := stranger("POST", "/Users"); got != 401 {
		t.Errorf("read_only, wrong token: status %d", got)
	}
	// During maintenance, what the API says of tokens may be wrong.
	a := &api{answer: func(string) (mapping.Answer, error) { return mapping.Answer{Status: 401}, nil }}
	h.auth, _ = newTestPassthrough(t, a)
	h.Maintenance = new(Pause)
	if got := stranger("GET", "/Users"); got != 503 || len(a.asked) > 0 {
		t.Errorf("maintenance: status %d, asked about %q", got, a.asked)
	}
	if got := stranger("GET", "/Schemas"); got != 401 {
		t.Errorf("maintenance, discovery with a wrong token: status %d", got)
	}
}

func TestURILength(t *testing.T) {
	h, _ := newTestHandler(t, ok)
	const start = "/api/scim/v2/Users?filter="
	for length, status := range map[int]int{maxURI: 200, maxURI + 1: 414} {
		target := start + strings.Repeat("x", length-len(start))
		w := serve(t, h, request(t, "GET", target, ""))
		if w.Code != status {
			t.Errorf("%d bytes: status %d, want %d", length, w.Code, status)
		}
		if status == 414 {
			wantError(t, w, 414, strconv.Itoa(maxURI))
		}
	}
}

// TestSearchEndsWithTheClient has a search be a read.
func TestSearchEndsWithTheClient(t *testing.T) {
	h, _ := newTestHandler(t, func(ctx context.Context, _ mapping.World, _ mapping.Request) mapping.Response {
		if ctx.Err() == nil {
			t.Error("the search goes on")
		}
		return mapping.Response{Status: 200}
	})
	r := request(t, "POST", "/api/scim/v2/Users/.search", "")
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	serve(t, h, r.WithContext(ctx))
}
