package tests

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// abusers is how many connections send at the same time.
const abusers = 8

// heapRoom is how much the heap may have grown in the end. It is generous: what
// is to be seen is growth with the number of requests.
const heapRoom = 24 << 20

// quiet keeps the log, which the tests have in memory, from growing with the
// requests: only what an operator should see is written.
func quiet(config map[string]any) {
	set(config, "WARN", "logging", "logs", "default", "level")
	for _, server := range servers(config) {
		delete(server, "logs")
	}
}

// footprint is what the process takes up.
type footprint struct {
	heap       uint64
	goroutines int
}

func measure() footprint {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return footprint{m.HeapAlloc, runtime.NumGoroutine()}
}

// sameAs fails the test when the process has grown since.
func (before footprint) sameAs(t *testing.T) {
	t.Helper()
	limit := time.Now().Add(patience)
	for runtime.NumGoroutine() > before.goroutines && time.Now().Before(limit) {
		// Connections come to their end.
		runtime.Gosched()
	}
	after := measure()
	t.Logf("heap %d KiB, before %d KiB; goroutines %d, before %d", after.heap>>10, before.heap>>10, after.goroutines, before.goroutines)
	if after.heap > before.heap+heapRoom {
		t.Errorf("the heap has grown from %d to %d bytes", before.heap, after.heap)
	}
	if after.goroutines > before.goroutines {
		t.Errorf("there were %d goroutines, now there are %d:\n%s", before.goroutines, after.goroutines, goroutines())
	}
}

// abuser is one connection that is made anew when it breaks.
type abuser struct {
	*stack
	conn *tls.Conn
	from *bufio.Reader
}

// exchange sends the bytes of a request and reads the answer. It returns nil
// where Caddy closes the connection without one, as it may when what came is no
// HTTP at all.
func (a *abuser) exchange(t *testing.T, raw []byte, method string) *reply {
	t.Helper()
	if a.conn == nil {
		conn, err := a.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		a.conn = conn.(*tls.Conn)
		a.from = bufio.NewReader(conn)
	}
	if err := a.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// Whoever is refused halfway may not be able to send the rest.
	_, _ = a.conn.Write(raw)
	resp, err := http.ReadResponse(a.from, &http.Request{Method: method})
	if err != nil {
		a.hangUp()
		return nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.Close {
		a.hangUp()
	}
	return &reply{resp.StatusCode, resp.Header, body}
}

func (a *abuser) hangUp() {
	if a.conn != nil {
		a.conn.Close()
		a.conn = nil
	}
}

// abuse sends n requests, spread over connections, and checks each answer.
func (st *stack) abuse(t *testing.T, n int, request func(random *rand.Rand) (raw []byte, method string), check func(t *testing.T, raw []byte, got *reply)) {
	t.Helper()
	var all sync.WaitGroup
	for i := range abusers {
		random := rand.New(rand.NewPCG(uint64(n), uint64(i)))
		all.Go(func() {
			a := &abuser{stack: st}
			defer a.hangUp()
			for range n / abusers {
				raw, method := request(random)
				check(t, raw, a.exchange(t, raw, method))
			}
		})
	}
	all.Wait()
}

// raw puts a request together as it goes over the wire.
func (st *stack) raw(method, path, headers string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n", method, path, st.host, headers, len(body))
	b.Write(body)
	return b.Bytes()
}

// start of a request, for a message.
func begin(raw []byte) string { return strconv.Quote(string(raw[:min(len(raw), 600)])) }

// ownMaking fails the test for an answer that is the sidecar's own fault.
func ownMaking(t *testing.T, raw []byte, got *reply) {
	t.Helper()
	if got == nil {
		return
	}
	// What is no HTTP to Caddy does not get as far as the sidecar.
	foreign := strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") && (got.status == 400 || got.status == 431)
	var e struct{ Status, Detail string }
	switch {
	case got.status >= 500 && got.status != 501:
		t.Errorf("status %d: %s\nto %s", got.status, got.body, begin(raw))
	case got.status < 400 || foreign || bytes.HasPrefix(raw, []byte("HEAD ")):
	case json.Unmarshal(got.body, &e) != nil || e.Status != strconv.Itoa(got.status) || e.Detail == "":
		t.Errorf("status %d with %q, which is no SCIM error\nto %s", got.status, got.body, begin(raw))
	}
}

// TestMalformedRequests sends requests with something wrong in them, by the
// thousand, with the right token.
func TestMalformedRequests(t *testing.T) {
	st := start(t, setup{overlay: quiet})
	st.sandbox.Seed(20, 4)
	answered := make(map[int]int)
	var mu sync.Mutex
	note := func(t *testing.T, raw []byte, got *reply) {
		ownMaking(t, raw, got)
		mu.Lock()
		defer mu.Unlock()
		if got != nil {
			answered[got.status]++
		}
	}
	gen := func(random *rand.Rand) ([]byte, string) { return st.malformed(random) }
	st.abuse(t, 400, gen, note)
	st.sandbox.ResetCalls()
	mark, before := caddyLog.mark(), measure()
	st.abuse(t, 2400, gen, note)
	st.sandbox.ResetCalls()
	before.sameAs(t)
	t.Logf("answers by status: %v", answered)
	for _, status := range []int{200, 201, 204, 400, 404, 405, 413, 414, 415, 431} {
		if answered[status] == 0 {
			t.Errorf("no request was answered with %d: the abuse is too tame", status)
		}
	}
	for _, line := range logLines(caddyLog.since(mark), `"level":"error"`) {
		t.Errorf("logged: %s", line)
	}
	if all := logLines(caddyLog.since(mark), "panic"); len(all) > 0 {
		t.Errorf("logged: %s", all)
	}
}

// TestUnauthenticatedFlood has strangers send whatever they like from wherever:
// it costs no call to the API, no memory and no log.
func TestUnauthenticatedFlood(t *testing.T) {
	for name, edit := range map[string]func(string) string{
		"own tokens":  behindProxy(""),
		"passthrough": func(s string) string { return replaced("import own_tokens", "passthrough")(behindProxy("")(s)) },
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			st := start(t, setup{edit: edit, overlay: quiet})
			st.sandbox.Seed(5, 1)
			gen := func(random *rand.Rand) ([]byte, string) {
				method := pick(random, methods)
				// Half of them come from one place, the rest from everywhere.
				address := "203.0.113.9"
				if random.IntN(2) == 0 {
					address = fmt.Sprintf("2001:db8:%x:%x::%x", random.IntN(1<<16), random.IntN(1<<16), random.IntN(1<<16))
				}
				headers := "X-Forwarded-For: " + address + "\r\n"
				if random.IntN(10) > 0 {
					headers += "Authorization: Bearer " + randomText(random, 1+random.IntN(60), wordBytes) + "\r\n"
				}
				var body []byte
				if random.IntN(3) == 0 {
					body = []byte(strings.Repeat("[", random.IntN(4000)))
				}
				return st.raw(method, basePath+pick(random, paths), headers, body), method
			}
			counts := make(map[int]int)
			var mu sync.Mutex
			check := func(t *testing.T, raw []byte, got *reply) {
				if got == nil {
					t.Errorf("no answer to %s", begin(raw))
					return
				}
				if got.status != 401 && got.status != 429 {
					t.Errorf("status %d: %s\nto %s", got.status, got.body, begin(raw))
				}
				mu.Lock()
				defer mu.Unlock()
				counts[got.status]++
			}
			st.abuse(t, 400, gen, check)
			mark, before := caddyLog.mark(), measure()
			st.sandbox.ResetCalls()
			const requests = 3000
			st.abuse(t, requests, gen, check)
			before.sameAs(t)
			t.Logf("answers by status: %v", counts)
			if counts[401] == 0 || counts[429] < requests/5 {
				t.Errorf("answers by status: %v", counts)
			}
			// With passthrough, a few strangers per second may be the API's business.
			if calls := st.sandbox.Calls(); name == "own tokens" && len(calls) > 0 || len(calls) > requests/10 {
				t.Errorf("the API was called %d times", len(calls))
			}
			for _, line := range logLines(caddyLog.since(mark), `"level":"error"`) {
				t.Errorf("logged: %s", line)
			}
		})
	}
}

// TestBrokenConnections has clients hang up in the middle of everything.
func TestBrokenConnections(t *testing.T) {
	st := start(t, setup{overlay: quiet})
	st.sandbox.Seed(5, 1)
	random := rand.New(rand.NewPCG(1, 2))
	cut := func() {
		raw, _ := st.malformed(random)
		conn, err := st.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(raw[:random.IntN(len(raw))])
		conn.Close()
	}
	for range 40 {
		cut()
	}
	mark, before := caddyLog.mark(), measure()
	for range 400 {
		cut()
	}
	before.sameAs(t)
	for _, line := range logLines(caddyLog.since(mark), `"level":"error"`) {
		t.Errorf("logged: %s", line)
	}
	st.scim(t, 200, "GET", "/Users/2", "")
}
