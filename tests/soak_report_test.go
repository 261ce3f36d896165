package tests

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

const (
	// faultRate is how many calls of the API fail.
	faultRate = 0.05

	// What a process may hold after the load beyond what it held before.
	moreGoroutines = 10
	moreHeap       = 32 << 20
	moreResident   = 128 << 20
)

// soak is a Caddy under load.
type soak struct {
	*replica
	admin   string
	clients []*soakClient

	mu     sync.Mutex
	faults int                   // calls that have failed
	asked  map[int]int           // by number of a request under way: the faults before it
	last   int                   // the number of the latest request
	seen   map[string]*soakCount // by kind of request
	struck map[string]int        // by kind of fault
}

// soakCount is what was seen of one kind of request.
type soakCount struct {
	took     []time.Duration
	statuses map[int]int
}

// fail has calls fail in all ways, until the sandbox is told otherwise.
func (s *soak) fail() {
	release := make(chan struct{})
	kinds := map[string]qualytics.Fault{
		"429":           {Kind: qualytics.TooManyRequests},
		"503":           {Kind: qualytics.Unavailable, RetryAfter: "1"},
		"500":           {Kind: qualytics.ServerError},
		"reset before":  {Kind: qualytics.ResetBefore},
		"reset after":   {Kind: qualytics.ResetAfter},
		"half":          {Kind: qualytics.Truncated},
		"late":          {Kind: qualytics.Slow, Release: release},
		"answered late": {Kind: qualytics.SlowAfter, Release: release},
		"HTML":          {Kind: qualytics.HTMLPage},
		"broken JSON":   {Kind: qualytics.BrokenJSON},
		"redirect": {
			Kind: qualytics.Canned, Status: http.StatusTemporaryRedirect,
			Header: http.Header{"Location": {"http://127.0.0.1:1/"}},
		},
	}
	for seed, name := range slices.Sorted(maps.Keys(kinds)) {
		fault := kinds[name]
		fault.Strike = func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.faults++
			s.struck[name]++
			select {
			case release <- struct{}{}: // one that is late goes on
			default:
			}
		}
		s.sandbox.FailRandomly("*", fault, faultRate/float64(len(kinds)), uint64(seed))
	}
}

// begun notes that a request is under way, and returns its number.
func (s *soak) begun() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.asked[s.last] = s.faults
	return s.last
}

// ended notes what came of a request, and reports whether a fault explains
// that it failed: one since the oldest request began that was under way with
// it, because requests share what they read.
func (s *soak) ended(a ask, got reply, number int, took time.Duration) (explained bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := slices.Min(slices.Collect(maps.Values(s.asked)))
	delete(s.asked, number)
	count := s.seen[a.what]
	if count == nil {
		count = &soakCount{statuses: make(map[int]int)}
		s.seen[a.what] = count
	}
	count.took = append(count.took, took)
	count.statuses[got.status]++
	return s.faults > oldest
}

// observe fails the test at an answer that is a failure of the sidecar's own.
func (s *soak) observe(t *testing.T) func(ask, reply, int, time.Duration) {
	return func(a ask, got reply, number int, took time.Duration) {
		explained := s.ended(a, got, number, took)
		switch {
		case got.status == 0, got.status == http.StatusInternalServerError, got.status == http.StatusNotImplemented,
			strings.Contains(string(got.body), "keeps of its own"),
			(got.status == http.StatusTooManyRequests || got.status >= 500) && !explained:
			t.Errorf("%s %s: status %d: %s", a.method, a.path, got.status, got.body)
		}
	}
}

// usage is what a process holds.
type usage struct{ goroutines, heap, resident int }

// rest has the process come to rest, until it has no more than so many
// goroutines or can't, and returns what it holds.
func (s *soak) rest(t *testing.T, goroutines int) usage {
	t.Helper()
	limit := time.Now().Add(patience / 2)
	for {
		s.client.CloseIdleConnections()
		s.api.CloseClientConnections()
		fromAdmin(t, s.admin, "/debug/pprof/heap?gc=1")
		is := s.usage(t)
		if is.goroutines <= goroutines || time.Now().After(limit) {
			return is
		}
		if goroutines == 0 {
			// What it takes to rest is not known: once more, with what was closed gone.
			goroutines = is.goroutines
		}
	}
}

// usage reads the metrics.
func (s *soak) usage(t *testing.T) usage {
	t.Helper()
	var is usage
	for line := range strings.Lines(fromAdmin(t, s.admin, "/metrics")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		number, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "go_goroutines":
			is.goroutines = int(number)
		case "go_memstats_heap_inuse_bytes":
			is.heap = int(number)
		case "process_resident_memory_bytes":
			is.resident = int(number)
		}
	}
	if is.goroutines == 0 || is.heap == 0 {
		t.Fatalf("the metrics do not tell: %+v", is)
	}
	return is
}

// compare fails the test if a process holds more than it should afterwards.
func (u usage) compare(t *testing.T, after usage) {
	t.Helper()
	for _, c := range []struct {
		what                string
		before, after, more int
	}{
		{"goroutines", u.goroutines, after.goroutines, moreGoroutines},
		{"bytes of heap in use", u.heap, after.heap, moreHeap},
		{"bytes of resident memory", u.resident, after.resident, moreResident},
	} {
		if c.after > c.before+c.more {
			t.Errorf("%d %s after the load, %d before", c.after, c.what, c.before)
		}
	}
}

// report says what was seen.
func (s *soak) report(before, after usage) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "request\tcount\tp50\tp99\tmost\tstatuses")
	failures := make(map[int]int)
	for _, what := range slices.Sorted(maps.Keys(s.seen)) {
		count := s.seen[what]
		slices.Sort(count.took)
		at := func(share float64) time.Duration {
			return count.took[int(share*float64(len(count.took)-1))].Round(10 * time.Microsecond)
		}
		var statuses []string
		for _, status := range slices.Sorted(maps.Keys(count.statuses)) {
			statuses = append(statuses, fmt.Sprintf("%d: %d", status, count.statuses[status]))
			if status >= http.StatusBadRequest {
				failures[status] += count.statuses[status]
			}
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", what, len(count.took), at(0.5), at(0.99), at(1), strings.Join(statuses, ", "))
	}
	table.Flush()
	fmt.Fprintf(&text, "errors by status: %v\n", failures)
	fmt.Fprintf(&text, "faults of the API: %d: %v\n", s.faults, s.struck)
	fmt.Fprintf(&text, "goroutines %d before, %d after; heap in use %.1f MiB, %.1f MiB; resident %.1f MiB, %.1f MiB\n",
		before.goroutines, after.goroutines, mebibytes(before.heap), mebibytes(after.heap),
		mebibytes(before.resident), mebibytes(after.resident))
	return text.String()
}

func mebibytes(n int) float64 { return float64(n) / (1 << 20) }
