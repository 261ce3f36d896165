package tests

import (
	"context"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"
)

func init() { caddy.RegisterModule(new(memoryStorage)) }

// memory has the entries of each memoryStorage by its name.
var memory sync.Map

// memoryStorage is a storage in memory that can be told to fail.
type memoryStorage struct {
	Name string `json:"name"`
	*entries
}

// entries are what is in a memoryStorage, with the locks as entries of their
// own.
type entries struct {
	mu    sync.Mutex
	of    map[string][]byte
	locks map[string]chan struct{}

	// faults are asked before each operation on what an instance keeps, by its
	// name.
	faults map[string]func() error
}

// useMemory has a configuration keep its storage in memory, and returns what
// is in it.
func useMemory(t testing.TB, config map[string]any) *entries {
	t.Helper()
	all := &entries{of: make(map[string][]byte), locks: make(map[string]chan struct{}), faults: make(map[string]func() error)}
	memory.Store(t.Name(), all)
	t.Cleanup(func() { memory.Delete(t.Name()) })
	set(config, map[string]any{"module": "memory", "name": t.Name()}, "storage")
	return all
}

// CaddyModule returns the Caddy module information.
func (*memoryStorage) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.storage.memory", New: func() caddy.Module { return new(memoryStorage) }}
}

// CertMagicStorage implements [caddy.StorageConverter].
func (s *memoryStorage) CertMagicStorage() (certmagic.Storage, error) {
	all, ok := memory.Load(s.Name)
	if !ok {
		return nil, fs.ErrNotExist
	}
	s.entries, _ = all.(*entries)
	return s, nil
}

// fail sets the fault of an instance; nil for none.
func (e *entries) fail(instance string, fault func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults[instance] = fault
}

// inInstance finds the name of an instance in a key, or in that of a lock.
var inInstance = regexp.MustCompile(`instance-([a-z0-9]+)[/-]`)

// do does an operation, unless it is to fail.
func (e *entries) do(ctx context.Context, key string, act func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if of := inInstance.FindStringSubmatch(key); of != nil && e.faults[of[1]] != nil {
		if err := e.faults[of[1]](); err != nil {
			return err
		}
	}
	act()
	return nil
}

func (e *entries) Store(ctx context.Context, key string, value []byte) error {
	return e.do(ctx, key, func() { e.of[key] = slices.Clone(value) })
}

func (e *entries) Load(ctx context.Context, key string) (value []byte, err error) {
	found := false
	err = e.do(ctx, key, func() {
		value, found = e.of[key]
		value = slices.Clone(value)
	})
	if err == nil && !found {
		err = fs.ErrNotExist
	}
	return value, err
}

func (e *entries) Delete(ctx context.Context, key string) error {
	return e.do(ctx, key, func() { delete(e.of, key) })
}

func (e *entries) Exists(ctx context.Context, key string) bool {
	_, err := e.Load(ctx, key)
	return err == nil
}

func (e *entries) List(ctx context.Context, prefix string, _ bool) (keys []string, err error) {
	err = e.do(ctx, prefix, func() {
		for _, key := range slices.Sorted(maps.Keys(e.of)) {
			if strings.HasPrefix(key, prefix+"/") {
				keys = append(keys, key)
			}
		}
	})
	return keys, err
}

func (e *entries) Stat(ctx context.Context, key string) (info certmagic.KeyInfo, err error) {
	value, err := e.Load(ctx, key)
	return certmagic.KeyInfo{Key: key, Size: int64(len(value)), IsTerminal: true}, err
}

func (e *entries) Lock(ctx context.Context, name string) error {
	for {
		var held chan struct{}
		err := e.do(ctx, name, func() {
			if held = e.locks[name]; held == nil {
				e.locks[name] = make(chan struct{})
			}
		})
		if err != nil || held == nil {
			return err
		}
		select {
		case <-held:
		case <-ctx.Done():
		}
	}
}

func (e *entries) Unlock(_ context.Context, name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.locks[name])
	delete(e.locks, name)
	return nil
}
