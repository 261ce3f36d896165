package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// process is what a process has of the keeper: a request of its own, what it
// logs and counts.
type process struct {
	*keeperSession
	logs     *observer.ObservedLogs
	registry *prometheus.Registry
}

// newProcess begins a process on a storage.
func newProcess(t *testing.T, on certmagic.Storage) *process {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	p := &process{logs: logs, registry: prometheus.NewPedanticRegistry()}
	report, err := newKeeperReport(p.registry, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	k := newKeeper("scim/upstream-test", new(storages))
	p.keeperSession = k.session(k.storages.attach(on), report)
	t.Cleanup(func() { _ = k.Destruct() })
	return p
}

// request is the beginning of another request in the same process.
func (p *process) request() *keeperSession { return p.session(p.own, p.keeperReport) }

// errors returns what was logged at the level error.
func (p *process) errors() []observer.LoggedEntry {
	return p.logs.FilterLevelExact(zapcore.ErrorLevel).All()
}

// memoryStorage is a storage whose locks are looked at once a second, as those
// of the file system and of Redis are. It can be told to fail.
type memoryStorage struct {
	mu      sync.Mutex
	entries map[string][]byte
	locks   map[string]bool

	// calls are the operations so far, as "store scim/…".
	calls []string

	// fault is asked before and after each operation; nil for no faults.
	fault func(call string, done bool) error
}

var errFault = errors.New("the storage is broken")

func newMemoryStorage() *memoryStorage {
	return &memoryStorage{entries: make(map[string][]byte), locks: make(map[string]bool)}
}

// do does an operation, unless it is to fail.
func (m *memoryStorage) do(ctx context.Context, operation, key string, act func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	call := operation + " " + key
	m.calls = append(m.calls, call)
	if m.fault != nil {
		if err := m.fault(call, false); err != nil {
			return err
		}
	}
	act()
	if m.fault != nil {
		return m.fault(call, true)
	}
	return nil
}

// fail sets the fault.
func (m *memoryStorage) fail(fault func(call string, done bool) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// failing makes every operation of a kind fail.
func failing(operation string) func(string, bool) error {
	return func(call string, done bool) error {
		if !done && strings.HasPrefix(call, operation+" ") {
			return errFault
		}
		return nil
	}
}

// count returns how many operations of a kind there were on keys with a part.
func (m *memoryStorage) count(operation, part string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, call := range m.calls {
		if strings.HasPrefix(call, operation+" ") && strings.Contains(call, part) {
			n++
		}
	}
	return n
}

// keys returns the keys with a part, sorted.
func (m *memoryStorage) keys(part string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.entries)), func(key string) bool { return !strings.Contains(key, part) })
}

func (m *memoryStorage) Store(ctx context.Context, key string, value []byte) error {
	return m.do(ctx, opStore, key, func() { m.entries[key] = slices.Clone(value) })
}

func (m *memoryStorage) Load(ctx context.Context, key string) (value []byte, err error) {
	ok := false
	err = m.do(ctx, opLoad, key, func() { value, ok = m.entries[key] })
	if err == nil && !ok {
		err = fs.ErrNotExist
	}
	return slices.Clone(value), err
}

func (m *memoryStorage) Delete(ctx context.Context, key string) error {
	return m.do(ctx, opDelete, key, func() { delete(m.entries, key) })
}

func (m *memoryStorage) Exists(ctx context.Context, key string) bool {
	_, err := m.Load(ctx, key)
	return err == nil
}

func (m *memoryStorage) List(ctx context.Context, path string, _ bool) (keys []string, err error) {
	err = m.do(ctx, opList, path, func() {
		for key := range m.entries {
			if strings.HasPrefix(key, path+"/") {
				keys = append(keys, key)
			}
		}
	})
	return keys, err
}

func (m *memoryStorage) Stat(context.Context, string) (certmagic.KeyInfo, error) {
	return certmagic.KeyInfo{}, errors.ErrUnsupported
}

func (m *memoryStorage) Lock(ctx context.Context, name string) error {
	for {
		got := false
		if err := m.do(ctx, opLock, name, func() { got = !m.locks[name]; m.locks[name] = true }); err != nil || got {
			return err
		}
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
}

func (m *memoryStorage) Unlock(ctx context.Context, name string) (err error) {
	return m.do(ctx, opUnlock, name, func() { delete(m.locks, name) })
}

// held returns how many locks are held.
func (m *memoryStorage) held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.locks)
}

// slowStorage has the first Load give what was there before it waited.
type slowStorage struct {
	*memoryStorage
	slow chan struct{}
	done atomic.Bool
}

func (s *slowStorage) Load(ctx context.Context, key string) ([]byte, error) {
	value, err := s.memoryStorage.Load(ctx, key)
	if s.done.CompareAndSwap(false, true) {
		<-s.slow
	}
	return value, err
}
