package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/qualytics/scim-sidecar/mapping"
)

const (
	// keeperCacheSize is how many records are held in memory.
	keeperCacheSize = 65_536

	// keeperFreshness is how long a record may be taken from memory although
	// another process may have changed it.
	keeperFreshness = 10 * time.Second

	// exactReads is how many records a request reads from the storage, at its
	// beginning and again after each lock, before it takes them from memory.
	// What a request decides by is among these; only lists and the members of
	// large groups need more.
	exactReads = 8

	// keepTimeout bounds an update. It has a time of its own because what it
	// keeps has happened by then, even if the request's time is over.
	keepTimeout = 10 * time.Second
)

// keeper is what is kept of one instance of the API, and lasts as long as some
// loaded configuration uses it. The records are in Caddy's storage; in memory
// are copies, and what this process does at the moment. Requests see it through
// a [keeperSession].
type keeper struct {
	// prefix begins all keys in the storage.
	prefix string

	storages *storages
	locks    keyedLocks
	gatherer mapping.Gatherer
	cache    *lru.Cache[recordKey, cachedRecord]

	// writes counts updates. A record that was read while something changed is
	// not remembered, because it may be the one from before.
	writes atomic.Uint64

	// life ends with the last configuration that uses the keeper.
	life       context.Context
	end        context.CancelFunc
	background sync.WaitGroup

	mu         sync.Mutex // has cache and writes change together
	rebuilding map[mapping.Key]struct{}
}

// linger is how long changes of one group that come together wait for more of
// their kind: longer than a provider's requests are apart, and not long beside
// a call to the API.
const linger = 25 * time.Millisecond

type recordKey struct{ resource, id string }

// ownLock begins the names of the keeper's own locks, of which requests know
// nothing. They are taken after those that a request names.
const ownLock = "\x00"

// cachedRecord is a record as it was in a storage at a time; zero when there
// was none.
type cachedRecord struct {
	record mapping.Record
	in     *storage
	at     time.Time
}

func newKeeper(prefix string, storages *storages) *keeper {
	// The only error is that of a size below 1.
	cache, _ := lru.New[recordKey, cachedRecord](keeperCacheSize)
	k := &keeper{
		prefix: prefix, storages: storages, cache: cache,
		gatherer:   mapping.Gatherer{Linger: linger},
		rebuilding: make(map[mapping.Key]struct{}),
	}
	k.life, k.end = context.WithCancel(context.Background())
	return k
}

// Destruct implements [caddy.Destructor].
func (k *keeper) Destruct() error {
	k.mu.Lock()
	k.end()
	k.mu.Unlock()
	k.background.Wait()
	return nil
}

// keeperSession is [mapping.Keeper] for one request.
type keeperSession struct {
	*keeper
	*keeperReport

	// own is the storage of the request's configuration.
	own *storage

	// exact is how many records were read since the last lock.
	exact atomic.Int32
}

func (k *keeper) session(own *storage, report *keeperReport) *keeperSession {
	return &keeperSession{keeper: k, keeperReport: report, own: own}
}

// bulkKey marks the context of a reading of everything.
type bulkKey struct{}

// bulk returns a context in which records may come from memory: whoever reads
// all of them decides nothing by a single one.
func bulk(ctx context.Context) context.Context { return context.WithValue(ctx, bulkKey{}, true) }

// Record implements [mapping.Keeper].
func (s *keeperSession) Record(ctx context.Context, resource, id string) (mapping.Record, error) {
	key := recordKey{resource, id}
	in, _ := s.storages.seenFrom(s.own)
	if ctx.Value(bulkKey{}) != nil || s.exact.Add(1) > exactReads {
		if c, ok := s.cache.Get(key); ok && c.in == in && time.Since(c.at) < keeperFreshness {
			return cloneRecord(c.record), nil
		}
	}
	writes, at := s.writes.Load(), time.Now()
	record, _, err := s.read(ctx, key)
	if err != nil {
		return mapping.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes.Load() == writes {
		s.cache.Add(key, cachedRecord{cloneRecord(record), in, at})
	}
	return record, nil
}

// read returns a record as it is stored, and its stored form. An entry that
// can't be read leaves one thing known, that there is one: SCIM has had to do
// with the resource, so it is nobody else's.
func (s *keeperSession) read(ctx context.Context, key recordKey) (mapping.Record, []byte, error) {
	path := s.recordPath(key)
	data, err := s.load(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return mapping.Record{}, nil, nil
	}
	if err != nil {
		return mapping.Record{}, nil, err
	}
	record, err := decodeRecord(key, data)
	if err != nil {
		s.unreadable(entryRecord, path, err)
		record = mapping.Record{Claimed: true}
	}
	return record, data, nil
}

// Update implements [mapping.Keeper]. When it returns without an error, the
// record is stored. The value to find it by is stored before it and taken
// away after it, so that whatever interrupts it, nothing is missing there.
func (s *keeperSession) Update(
	ctx context.Context, resource, id string, change func(mapping.Record) mapping.Record,
) (mapping.Record, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	key := recordKey{resource, id}
	release, err := s.locks.lock(ctx, s, false, ownLock+s.recordPath(key))
	if err != nil {
		return mapping.Record{}, s.failed(opLock, s.recordPath(key), err)
	}
	defer release()

	before, stored, err := s.read(ctx, key)
	if err != nil {
		return mapping.Record{}, err
	}
	u := update{key: key, before: before}
	if u.record = change(cloneRecord(before)); !u.record.IsZero() {
		if u.data, err = encodeRecord(key, u.record); err != nil {
			return mapping.Record{}, fmt.Errorf("a record that can't be stored: %w", err)
		}
		// What is returned is what will be read.
		if u.record, err = decodeRecord(key, u.data); err != nil {
			return mapping.Record{}, fmt.Errorf("a record that can't be stored: %w", err)
		}
	}
	in, to := s.storages.seenFrom(s.own)
	if len(to) == 1 && bytes.Equal(u.data, stored) {
		return u.record, nil
	}
	// The older storages only matter if the newest one does not last.
	if err = s.write(ctx, to[0], &u); err == nil {
		for _, older := range to[1:] {
			_ = s.write(ctx, older, &u)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes.Add(1)
	if err != nil {
		s.cache.Remove(key)
		return mapping.Record{}, err
	}
	s.cache.Add(key, cachedRecord{cloneRecord(u.record), in, time.Now()})
	return u.record, nil
}

// update is one change of a record.
type update struct {
	key            recordKey
	before, record mapping.Record

	// data is the stored form of record; nil to remove it.
	data []byte
}

// write stores an update in one storage.
func (s *keeperSession) write(ctx context.Context, to *storage, u *update) error {
	had, hadOne := keyOf(u.key.resource, u.before)
	has, hasOne := keyOf(u.key.resource, u.record)
	if hasOne {
		if err := s.addToIndex(ctx, to, has, u.key.id); err != nil {
			return err
		}
	}
	path := s.recordPath(u.key)
	var err error
	if u.data == nil {
		err = s.remove(ctx, to, path)
	} else {
		err = s.store(ctx, to, path, u.data)
	}
	if err != nil {
		return err
	}
	if hadOne && had != has {
		// Should it fail, the entry names a resource too many, as it may.
		_ = s.removeFromIndex(ctx, to, had, u.key.id)
	}
	return nil
}

// LockHere implements [mapping.Keeper].
func (s *keeperSession) LockHere(ctx context.Context, names ...string) (release func(), err error) {
	release, err = s.locks.lock(ctx, s, true, names...)
	s.exact.Store(0)
	return release, err
}

// Lock implements [mapping.Keeper].
func (s *keeperSession) Lock(ctx context.Context, names ...string) (release func(), err error) {
	release, err = s.locks.lock(ctx, s, false, names...)
	// What was read before may have changed while it waited.
	s.exact.Store(0)
	return release, err
}

// keyOf returns the key by which a record is found, and whether it has one.
func keyOf(resource string, record mapping.Record) (mapping.Key, bool) {
	var value *string
	raw, kept := record.Attributes[mapping.KeptKey]
	if !kept || json.Unmarshal(raw, &value) != nil || value == nil {
		return mapping.Key{}, false
	}
	return mapping.Key{Resource: resource, Attribute: mapping.KeptKey, Value: *value}, true
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

var _ mapping.Keeper = (*keeperSession)(nil)
