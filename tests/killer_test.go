package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// The moments at which a killer strikes.
const (
	beforeWrite  = "before the API acts on a write"
	afterWrite   = "after the API has acted on a write"
	atCall       = "at any call"
	atAnswer     = "after an answer"
	withinAnswer = "within an answer"
	whileStoring = "while something is stored"
)

// farthest is how many events of a moment's kind may pass at most.
var farthest = map[string]int{
	beforeWrite: 3, afterWrite: 3, atCall: 6, atAnswer: 3, withinAnswer: 4000, whileStoring: 12,
}

// killer is a Caddy that is killed again and again, at moments that are told
// by what happens and never by a clock, and begun again.
type killer struct {
	*replica
	storage  string // its directory
	provider *idp
	random   *rand.Rand

	// pause is how many answers there are between two kills, on average.
	pause int

	mu     sync.Mutex
	moment string // the kind of event that is counted; "" for none
	left   int    // how many of them it takes
	next   string // the moment that comes after the pause

	// dead is closed when the process is there again; nil while it is there.
	dead chan struct{}

	// killed has the moment of a kill that was not seen to yet.
	killed chan string
	kills  map[string]int
	watch  *watch
}

// buildCaddy builds the command.
func buildCaddy(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "caddy")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "github.com/qualytics/scim-sidecar/caddymodule/caddy")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return file
}

// startKiller begins a Caddy in front of a sandbox, without the will to kill it.
func startKiller(t *testing.T, binary string, dialect qualytics.Dialect, seed uint64) *killer {
	t.Helper()
	sandbox, api := sandboxtest.NewServer(t, qualytics.Config{Dialect: dialect, Now: func() time.Time { return now }})
	dir := isolate(t)
	storage := filepath.Join(dir, "shared")
	config := filepath.Join(dir, "caddy.json")
	k := &killer{
		replica: newReplica(t, sandbox, api, map[string]any{"module": "file_system", "root": storage}, config, nil),
		storage: filepath.Join(storage, "scim"),
		random:  rand.New(rand.NewPCG(seed, seed)),
		killed:  make(chan string, 1),
		kills:   make(map[string]int),
	}
	k.command = func() *exec.Cmd { return exec.CommandContext(t.Context(), binary, "run", "--config", config) }
	k.watch = newWatch(t, func(n int) { k.event(whileStoring, n) })
	k.provider = &idp{
		t: t, st: k.stack, told: &told{facts: facts{}, open: facts{}}, gate: new(sync.RWMutex), patience: 10,
		begin: func() int { return 0 },
		observe: func(a ask, got reply, _ int, _ time.Duration) {
			if got.status >= 500 {
				t.Errorf("%s %s: status %d: %s", a.method, a.path, got.status, got.body)
			}
			if got.status == 0 {
				k.await(t)
			}
			k.event(atAnswer, 1)
		},
	}
	k.begin(t)
	return k
}

// begin starts the process, with a client that counts what it reads.
func (k *killer) begin(t *testing.T) {
	t.Helper()
	k.replica.begin(t)
	transport := &http.Transport{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := k.dial(ctx)
		if err != nil {
			return nil, err
		}
		return countedConn{conn, func(n int) { k.event(withinAnswer, n) }}, nil
	}}
	t.Cleanup(transport.CloseIdleConnections)
	k.client = &http.Client{Transport: transport}
}

// countedConn is a connection that tells how much is read from it.
type countedConn struct {
	net.Conn
	read func(n int)
}

// Read implements [net.Conn]. It reads a little at a time, so that there is a
// moment within an answer.
func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 64)])
	c.read(n)
	return n, err
}

// aim chooses the next moment.
func (k *killer) aim() {
	moments := []string{beforeWrite, afterWrite, atCall, atAnswer, withinAnswer}
	if k.watch.sees() {
		moments = append(moments, whileStoring, whileStoring)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = moments[k.random.IntN(len(moments))]
	k.moment, k.left = atAnswer, 1+k.random.IntN(2*k.pause)
}

// event counts events of a kind, and kills when it is time.
func (k *killer) event(kind string, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if kind != k.moment {
		return
	}
	if k.left -= n; k.left > 0 {
		return
	}
	if k.next == "" {
		k.strike(kind)
		return
	}
	k.moment, k.next = k.next, ""
	k.left = 1 + k.random.IntN(farthest[k.moment])
	fault := qualytics.Fault{Kind: qualytics.ResetBefore, Skip: k.left - 1}
	patterns := []string{"POST /api*", "PUT /api*", "DELETE /api*"}
	switch k.moment {
	case beforeWrite:
	case afterWrite:
		fault.Kind = qualytics.ResetAfter
	case atCall:
		patterns = []string{"*"}
	default:
		return
	}
	moment := k.moment
	for _, pattern := range patterns {
		fault.Strike = func() {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.moment == moment {
				k.strike(moment)
			}
		}
		k.sandbox.Fail(pattern, fault, 1)
	}
}

// strike kills the process and waits for its end. The caller holds mu.
func (k *killer) strike(moment string) {
	k.moment = ""
	k.dead = make(chan struct{})
	_ = k.process.Process.Kill()
	<-k.ended
	k.killed <- moment
}

// await waits until the process is there.
func (k *killer) await(t *testing.T) {
	k.mu.Lock()
	dead := k.dead
	k.mu.Unlock()
	if dead == nil {
		return
	}
	select {
	case <-dead:
	case <-t.Context().Done():
	}
}

// run goes on until the work is done, and begins the process again after each
// kill. It fails the test if anything is lost by one.
func (k *killer) run(t *testing.T, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	for {
		select {
		case moment := <-k.killed:
			k.kills[moment]++
			k.recover(t, moment)
		case <-done:
			return
		}
	}
}

// recover begins the process again and looks whether what was acknowledged is
// still so.
func (k *killer) recover(t *testing.T, moment string) {
	t.Helper()
	k.provider.gate.Lock()
	defer k.provider.gate.Unlock()
	k.sandbox.ClearFaults()
	for _, entry := range k.entries(t) {
		if !entry.whole {
			t.Errorf("killed %s: %s is not a whole entry", moment, entry.path)
		}
	}
	k.unremarkable(t)
	k.client.CloseIdleConnections()
	k.begin(t)
	k.watch.add(t, k.storage)
	for _, difference := range k.provider.differences(k.shown(t)) {
		t.Errorf("killed %s: %s", moment, difference)
	}
	if !t.Failed() {
		k.aim()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.dead)
	k.dead = nil
}

// unremarkable fails the test if the process has logged an error.
func (k *killer) unremarkable(t *testing.T) {
	t.Helper()
	for _, line := range logLines(k.log.text(), `"level":"error"`) {
		t.Errorf("logged: %s", line)
	}
}

// entry is a file in the storage.
type entry struct {
	path        string
	whole, left bool
}

var (
	entryName  = regexp.MustCompile(`/((record|index)/[0-9a-f]{3}|underway)/[0-9a-f]{64}$`)
	entryStart = regexp.MustCompile(`^\{"format":1[,}]`)
)

// entries lists the files of the storage: whether those that are entries are
// whole, and which are none, but left from something that was under way.
func (k *killer) entries(t *testing.T) []entry {
	t.Helper()
	var all []entry
	err := filepath.WalkDir(k.storage, func(path string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		e := entry{path: path, whole: true, left: !entryName.MatchString(filepath.ToSlash(path))}
		if !e.left {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			e.whole = json.Valid(content) && entryStart.Match(content)
		}
		all = append(all, e)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

// summary says how often it was killed, and when.
func (k *killer) summary() string {
	var parts []string
	for _, moment := range slices.Sorted(maps.Keys(k.kills)) {
		parts = append(parts, fmt.Sprintf("%d %s", k.kills[moment], moment))
	}
	return strings.Join(parts, ", ")
}
