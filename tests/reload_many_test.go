package tests

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
)

const (
	manyReloads = 1000

	// What the process may hold more after so many reloads: far less than what
	// each would leave if it left anything of its own.
	reloadGoroutines, reloadHeap = 20, 16 << 20
)

// TestManyReloads reloads a thousand times. What was learnt before is known
// after each, and the process holds nothing more in the end.
func TestManyReloads(t *testing.T) {
	st := start(t, setup{overlay: func(config map[string]any) {
		useMemory(t, config)
		set(config, "ERROR", "logging", "logs", "default", "level")
	}})
	st.sandbox.Seed(250, 3)
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	// Some of what there is once is only made by the first reloads.
	for range 20 {
		st.reload(t)
	}
	goroutinesBefore, heapBefore := st.atRest(t)
	for i := range manyReloads {
		st.reload(t)
		if i%100 != 0 {
			continue
		}
		st.cost(t, 0, "look-up of nobody", func() { st.scim(t, 200, "GET", lookUp("nobody"), "") })
		st.cost(t, 1, "look-up of somebody", func() { st.scim(t, 200, "GET", lookUp("grace.hopper"), "") })
	}
	goroutinesAfter, heapAfter := st.atRest(t)
	t.Logf("%d goroutines before, %d after; heap in use %d KiB, %d KiB", goroutinesBefore, goroutinesAfter, heapBefore>>10, heapAfter>>10)
	if goroutinesAfter > goroutinesBefore+reloadGoroutines {
		t.Errorf("%d goroutines before, %d after:\n%s", goroutinesBefore, goroutinesAfter, goroutines())
	}
	if heapAfter > heapBefore+reloadHeap {
		t.Errorf("%d bytes of heap before, %d after", heapBefore, heapAfter)
	}
}

// TestReloadOfAnotherMapping forgets what another mapping may see otherwise, and
// nothing that is kept.
func TestReloadOfAnotherMapping(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(250, 3)
	st.scim(t, 201, "POST", "/Users", `{"userName":"kept","externalId":"00u-42"}`)
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	src, err := os.ReadFile("mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "mappings.yaml")
	if err := os.WriteFile(other, append(src, "\n# Another one.\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	config := decode(t, st.config)
	with("mappings", other, "mappings_digest", "")(config)
	st.config = encode(t, config)
	st.reload(t)
	st.sandbox.ResetCalls()
	st.scim(t, 200, "GET", lookUp("nobody"), "")
	if n := st.sandbox.Count("GET /api/users"); n != 3 {
		t.Errorf("the list was read with %d calls", n)
	}
	got := st.scim(t, 200, "GET", `/Users?filter=externalId+eq+%2200u-42%22`, "").json(t)
	if got["totalResults"] != 1.0 {
		t.Errorf("the external id is forgotten: %v", got)
	}
}

// atRest returns how many goroutines there are, and how much of the heap is in
// use, when all connections are closed.
func (st *stack) atRest(t *testing.T) (goroutines int, heap uint64) {
	t.Helper()
	st.reload(t)
	st.api.CloseClientConnections()
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return runtime.NumGoroutine(), stats.HeapInuse
}
