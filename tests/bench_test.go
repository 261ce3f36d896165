package tests

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// benchBatch is how many requests one side makes before it is the other's
	// turn.
	benchBatch = 256

	// benchClients is how many of them are under way at once.
	benchClients = 4
)

// benchUser is what the API of the benchmark answers.
const benchUser = `{"id":41,"user_id":"auth0|k7","user_name":"ana.reis","email":"ana.reis@corp.test",` +
	`"name":"Ana Reis","role":"Member","user_type":"Human","teams":["Public","Finance DQ"],` +
	`"last_login":"2026-02-03T09:00:00Z","created_at":"2026-01-02T08:00:00Z","deleted_at":null}`

// BenchmarkRead sets a read through the sidecar beside the same read through
// Caddy's reverse_proxy: one Caddy with a site for each, TLS on both, one API
// behind them, clients with equal settings. Batches take turns, so that what
// else the machine does meets both. The times are those of the median batch,
// per request; ratio is the sidecar's by the proxy's.
func BenchmarkRead(b *testing.B) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(benchUser)))
		_, _ = io.WriteString(w, benchUser)
	}))
	b.Cleanup(api.Close)
	sidecar, proxy := benchStacks(b, api.URL)

	reads := [2]func(n int) time.Duration{
		sidecar.reader(b, basePath+"/Users/41", `"userName":"ana.reis"`),
		proxy.reader(b, "/api/users/41", benchUser),
	}
	for _, read := range reads {
		read(benchBatch) // makes the connections
	}
	var times [2][]time.Duration
	b.ResetTimer()
	for left, turn := b.N, 0; left > 0; left, turn = left-benchBatch, turn+1 {
		n := min(left, benchBatch)
		for i := range 2 {
			side := (i + turn) % 2
			times[side] = append(times[side], reads[side](n)/time.Duration(n))
		}
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op")
	ofSidecar, ofProxy := median(times[0]), median(times[1])
	b.ReportMetric(float64(ofSidecar), "sidecar-ns/op")
	b.ReportMetric(float64(ofProxy), "proxy-ns/op")
	b.ReportMetric(float64(ofSidecar)/float64(ofProxy), "ratio")
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// benchStacks runs one Caddy with two sites, of which one is the sidecar and
// the other a reverse_proxy.
func benchStacks(b *testing.B, apiURL string) (sidecar, proxy *stack) {
	b.Helper()
	dir := isolate(b)
	setEnvironment(b, "localhost", apiURL)
	for _, st := range []**stack{&sidecar, &proxy} {
		address := freeAddress(b)
		_, port, _ := net.SplitHostPort(address)
		*st = &stack{address: address, host: "localhost:" + port, token: scimToken}
	}
	caddyfile := sidecar.host + ` {
	scim {
		token {env.SCIM_TOKEN}
		upstream {$QUALYTICS_URL}
		upstream_token {env.QUALYTICS_TOKEN}
		max_calls_per_second 0
	}
}

` + proxy.host + ` {
	reverse_proxy {$QUALYTICS_URL}
}
`
	config := adapt(b, caddyfile)
	confine(b, config, dir, "")
	set(config, "INFO", "logging", "logs", "default", "level")
	for _, server := range servers(config) {
		address := sidecar.address
		if strings.Contains(string(encode(b, server)), "reverse_proxy") {
			address = proxy.address
		}
		server["listen"] = []any{address}
	}
	sidecar.config = encode(b, config)
	sidecar.load(b)
	b.Cleanup(func() { stop(b) })
	sidecar.trust(b)
	proxy.trust(b)
	return sidecar, proxy
}

// reader returns a function that reads a path so many times and takes the
// time. Each answer must be 200 and hold the text.
func (st *stack) reader(b *testing.B, path, text string) func(n int) time.Duration {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://"+st.host+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+st.token)
	read := func(req *http.Request, buffer []byte) {
		resp, err := st.client.Do(req)
		if err != nil {
			b.Error(err)
			return
		}
		n, err := io.ReadFull(resp.Body, buffer[:resp.ContentLength])
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || !strings.Contains(string(buffer[:n]), text) {
			b.Errorf("%v, status %d: %s", err, resp.StatusCode, buffer[:n])
		}
	}
	return func(n int) time.Duration {
		begin := time.Now()
		var all sync.WaitGroup
		for i := range benchClients {
			all.Go(func() {
				own, buffer := req.Clone(b.Context()), make([]byte, 4096)
				for range (n + i) / benchClients {
					read(own, buffer)
				}
			})
		}
		all.Wait()
		return time.Since(begin)
	}
}
