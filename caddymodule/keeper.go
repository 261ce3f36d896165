package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

// keeper is [mapping.Keeper] in memory. Its records last as long as some
// loaded configuration uses the same upstream.
type keeper struct {
	locks    keyedLocks
	gatherer mapping.Gatherer

	mu      sync.RWMutex
	records map[recordKey]mapping.Record

	// index finds resources by the strings among their kept attributes.
	index map[mapping.Key]map[string]struct{}
}

// linger is how long changes of one group that come together wait for more of
// their kind: longer than a provider's requests are apart, and not long beside
// a call to the API.
const linger = 25 * time.Millisecond

type recordKey struct{ resource, id string }

func newKeeper() *keeper {
	return &keeper{
		gatherer: mapping.Gatherer{Linger: linger},

		records: make(map[recordKey]mapping.Record),
		index:   make(map[mapping.Key]map[string]struct{}),
	}
}

// Destruct implements [caddy.Destructor].
func (*keeper) Destruct() error { return nil }

// Record implements [mapping.Keeper].
func (k *keeper) Record(_ context.Context, resource, id string) (mapping.Record, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return cloneRecord(k.records[recordKey{resource, id}]), nil
}

// Update implements [mapping.Keeper].
func (k *keeper) Update(
	_ context.Context, resource, id string, change func(mapping.Record) mapping.Record,
) (mapping.Record, error) {
	key := recordKey{resource, id}

	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.records[key]
	record := cloneRecord(change(cloneRecord(before)))
	for value := range stringValues(resource, before) {
		delete(k.index[value], id)
		if len(k.index[value]) == 0 {
			delete(k.index, value)
		}
	}
	if record.IsZero() {
		delete(k.records, key)
		return record, nil
	}
	k.records[key] = record
	for value := range stringValues(resource, record) {
		if k.index[value] == nil {
			k.index[value] = make(map[string]struct{}, 1)
		}
		k.index[value][id] = struct{}{}
	}
	return cloneRecord(record), nil
}

// IDs implements [mapping.Keeper]. The ids are sorted.
func (k *keeper) IDs(_ context.Context, key mapping.Key) ([]string, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Sorted(maps.Keys(k.index[key])), nil
}

// Lock implements [mapping.Keeper].
func (k *keeper) Lock(ctx context.Context, names ...string) (release func(), err error) {
	return k.locks.lock(ctx, names)
}

// stringValues yields the keys by which a record is found.
func stringValues(resource string, record mapping.Record) func(yield func(mapping.Key) bool) {
	return func(yield func(mapping.Key) bool) {
		for attribute, raw := range record.Attributes {
			var value string
			// Only strings can be asked for by value; others are just kept.
			if json.Unmarshal(raw, &value) != nil || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
				continue
			}
			if !yield(mapping.Key{Resource: resource, Attribute: attribute, Value: value}) {
				return
			}
		}
	}
}

// cloneRecord copies what a caller could change afterwards.
func cloneRecord(r mapping.Record) mapping.Record {
	if r.Attributes != nil {
		attributes := make(map[string]json.RawMessage, len(r.Attributes))
		for name, raw := range r.Attributes {
			attributes[name] = bytes.Clone(raw)
		}
		r.Attributes = attributes
	}
	r.Applied = maps.Clone(r.Applied)
	r.Groups = slices.Clone(r.Groups)
	return r
}

var _ mapping.Keeper = (*keeper)(nil)
