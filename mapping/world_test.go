package mapping

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// testBase is the URL of the SCIM base in the requests of a bench.
const testBase = "https://scim.test/api/scim/v2"

// bench is a program in front of a sandbox, with a plain world around it.
type bench struct {
	t       testing.TB
	program *Program
	world   World
	sandbox *qualytics.Sandbox
	dialect qualytics.Dialect
	memory  *memory
	keeper  *keeper
}

func newBench(t testing.TB, config qualytics.Config) *bench {
	t.Helper()
	sandbox, server := sandboxtest.NewServer(t, config)
	return newBenchOn(t, shipped(t), sandbox, server.Config.Handler, config.Dialect)
}

func newBenchOn(
	t testing.TB, program *Program, sandbox *qualytics.Sandbox, handler http.Handler, dialect qualytics.Dialect,
) *bench {
	b := &bench{
		t: t, program: program, sandbox: sandbox, dialect: dialect, memory: newMemory(), keeper: newKeeper(),
	}
	b.world = World{
		Upstream: &shaped{bench: b, Upstream: &upstreamServer{handler: handler}}, Correlations: b.memory, Keeper: b.keeper, Gatherer: new(Gatherer),
		Tolerances: tolerance.AllOn(),
	}
	return b
}

// send does a request and returns its answer with the body as plain values.
func (b *bench) send(method, path, body string) (Response, map[string]any) {
	b.t.Helper()
	return b.sendContext(b.t.Context(), method, path, body)
}

func (b *bench) sendContext(ctx context.Context, method, path, body string) (Response, map[string]any) {
	b.t.Helper()
	path, query, _ := strings.Cut(path, "?")
	response := b.program.Serve(ctx, b.world, Request{
		Method: method, Path: path, Query: query, Body: []byte(body), Base: testBase,
	})
	var doc map[string]any
	if len(response.Body) > 0 {
		if err := json.Unmarshal(response.Body, &doc); err != nil {
			b.t.Fatalf("%s %s: the body is not a JSON object: %v\n%s", method, path, err, response.Body)
		}
	}
	return response, doc
}

// want is send for a request that must have this status.
func (b *bench) want(status int, method, path, body string) map[string]any {
	b.t.Helper()
	response, doc := b.send(method, path, body)
	if response.Status != status {
		b.t.Fatalf("%s %s: status %d, want %d\n%s\n%+v %v", method, path, response.Status, status, response.Body, response.Report, response.Err)
	}
	return doc
}

// upstreamServer is an Upstream that hands calls to a handler.
type upstreamServer struct{ handler http.Handler }

func (u *upstreamServer) Do(ctx context.Context, call Call) (answer Answer, err error) {
	target := call.Path
	if call.Query != "" {
		target += "?" + call.Query
	}
	r := httptest.NewRequestWithContext(ctx, call.Method, target, bytes.NewReader(call.Body))
	r.Header.Set("Authorization", "Bearer "+sandboxtest.Token)
	if call.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if ctx.Err() != nil {
		return Answer{}, &CallError{Unsent: true, Timeout: true, Err: ctx.Err()}
	}
	// A handler breaks a connection off by a panic.
	defer func() {
		switch recovered := recover(); {
		case recovered == nil:
		case recovered != http.ErrAbortHandler:
			panic(recovered)
		case ctx.Err() != nil:
			answer, err = Answer{}, &CallError{Timeout: true, Err: ctx.Err()}
		default:
			answer, err = Answer{}, &CallError{Err: io.ErrUnexpectedEOF}
		}
	}()
	w := httptest.NewRecorder()
	u.handler.ServeHTTP(w, r)
	seconds, _ := strconv.Atoi(w.Header().Get("Retry-After"))
	return Answer{
		Status: w.Code, Body: w.Body.Bytes(), Link: w.Header().Values("Link"), RetryAfter: time.Duration(seconds) * time.Second,
	}, nil
}

// memory is Correlations that never forget by themselves.
type memory struct {
	mu    sync.Mutex
	ids   map[Key][]string
	pages map[string]int
	scans map[string]*Scan
}

func newMemory() *memory {
	return &memory{ids: make(map[Key][]string), pages: make(map[string]int), scans: make(map[string]*Scan)}
}

func (m *memory) IDs(key Key) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.ids[key])
}

func (m *memory) Learn(id string, gone, now []Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.learn(id, gone, now)
}

func (m *memory) learn(id string, gone, now []Key) {
	for _, key := range gone {
		m.ids[key] = slices.DeleteFunc(m.ids[key], func(s string) bool { return s == id })
	}
	for _, key := range now {
		if !slices.Contains(m.ids[key], id) {
			m.ids[key] = append(m.ids[key], id)
		}
	}
}

func (m *memory) Page(resource, id string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pages[resource+"/"+id]
}

func (m *memory) Scanned(resource string) *Scan {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.scans[resource]
}

func (m *memory) Scan(ctx context.Context, resource string, read func(context.Context) (*Scan, error)) (*Scan, error) {
	scan, err := read(ctx)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range scan.Objects {
		m.learn(s.ID, nil, s.Keys)
		m.pages[resource+"/"+s.ID] = s.Page
	}
	m.scans[resource] = &Scan{Visible: scan.Visible, Newest: scan.Newest}
	return scan, nil
}

func (m *memory) Doubt(resource string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.scans, resource)
}

func (m *memory) Shift(resource string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.scans[resource] != nil {
		m.scans[resource] = &Scan{}
	}
}

// keeper is a Keeper in memory.
type keeper struct {
	mu      sync.Mutex
	records map[string]Record
	notes   map[Key]Newest
	held    map[string]bool
	freed   *sync.Cond

	// waiters counts the calls of Lock that wait; waiting tells of a new one.
	waiters int
	waiting *sync.Cond
}

func newKeeper() *keeper {
	k := &keeper{records: make(map[string]Record), notes: make(map[Key]Newest), held: make(map[string]bool)}
	k.freed, k.waiting = sync.NewCond(&k.mu), sync.NewCond(&k.mu)
	return k
}

func (k *keeper) Record(_ context.Context, resource, id string) (Record, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.records[resource+"/"+id], nil
}

func (k *keeper) Update(_ context.Context, resource, id string, change func(Record) Record) (Record, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name := resource + "/" + id
	k.records[name] = change(k.records[name])
	return k.records[name], nil
}

func (k *keeper) IDs(_ context.Context, key Key) ([]string, error) {
	if key.Attribute != KeptKey {
		return nil, fmt.Errorf("nothing is found by what is kept of %s", key.Attribute)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var ids []string
	for name, record := range k.records {
		id, ours := strings.CutPrefix(name, key.Resource+"/")
		if ours && unquote(record.Attributes[key.Attribute]) == key.Value {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (k *keeper) Note(_ context.Context, key Key, at Newest) (again bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, again = k.notes[key]; !again {
		k.notes[key] = at
	}
	return again, nil
}

func (k *keeper) Noted(_ context.Context, key Key) (at Newest, noted bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, noted = k.notes[key]
	return at, noted, nil
}

func (k *keeper) Strike(_ context.Context, key Key) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.notes, key)
	return nil
}

func (k *keeper) LockHere(ctx context.Context, names ...string) (func(), error) {
	return k.Lock(ctx, names...)
}

func (k *keeper) Lock(ctx context.Context, names ...string) (func(), error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.freed.Broadcast()
	})
	defer stop()
	for slices.ContainsFunc(names, func(name string) bool { return k.held[name] }) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		k.waiters++
		k.waiting.Broadcast()
		k.freed.Wait()
		k.waiters--
		k.waiting.Broadcast()
	}
	for _, name := range names {
		k.held[name] = true
	}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, name := range names {
			delete(k.held, name)
		}
		k.freed.Broadcast()
	}, nil
}
