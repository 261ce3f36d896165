package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// IDs implements [mapping.Keeper]. The ids are sorted. Nothing of it comes from
// memory, so that what another process has stored is found at once.
func (s *keeperSession) IDs(ctx context.Context, key mapping.Key) ([]string, error) {
	if key.Attribute != mapping.KeptKey {
		return nil, fmt.Errorf("nothing is found by what is kept of %s", key.Attribute)
	}
	name := s.indexPath(key)
	data, err := s.load(ctx, name)
	entry, err := s.indexed(name, data, err)
	switch {
	case err != nil:
		return nil, err
	case entry.Incomplete:
		s.rebuild(key)
		return nil, storageUnavailable(fmt.Errorf("storage: %s is being rebuilt", name))
	case entry.Full:
		return nil, scim.BadRequest(scim.TooMany, "More than %d resources have this value; ask by another attribute.", maxIndexed)
	}
	var ids []string
	for _, id := range entry.IDs {
		record, _, err := s.read(ctx, recordKey{key.Resource, id})
		if err != nil {
			return nil, err
		}
		if is, ok := keyOf(key.Resource, record); ok && is == key {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// indexed makes an entry of what was loaded.
func (s *keeperSession) indexed(name string, data []byte, err error) (indexEntry, error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return indexEntry{}, nil
	case err != nil:
		return indexEntry{}, err
	}
	entry, err := decodeIndex(data)
	if err != nil {
		s.unreadable(entryIndex, name, err)
		return indexEntry{Incomplete: true}, nil
	}
	return entry, nil
}

func (s *keeperSession) addToIndex(ctx context.Context, to *storage, key mapping.Key, id string) error {
	return s.changeIndex(ctx, to, key, func(e *indexEntry) bool { return e.add(id) })
}

func (s *keeperSession) removeFromIndex(ctx context.Context, from *storage, key mapping.Key, id string) error {
	return s.changeIndex(ctx, from, key, func(e *indexEntry) bool { return e.remove(id) })
}

// changeIndex replaces an entry, unless change reports that there is nothing
// to change. Resources of one value share the entry, so it has a lock of its
// own.
func (s *keeperSession) changeIndex(ctx context.Context, to *storage, key mapping.Key, change func(*indexEntry) bool) error {
	name := s.indexPath(key)
	entry, err := s.loadIndex(ctx, to, name)
	if err != nil || !change(&entry) {
		return err
	}
	release, err := s.locks.lock(ctx, s, false, ownLock+name)
	if err != nil {
		return s.failed(opLock, name, err)
	}
	defer release()
	if entry, err = s.loadIndex(ctx, to, name); err != nil || !change(&entry) {
		return err
	}
	if entry.isZero() {
		return s.remove(ctx, to, name)
	}
	entry.Format = entryFormat
	data, err := encodeEntry(entry)
	if err != nil {
		return err
	}
	return s.store(ctx, to, name, data)
}

// loadIndex reads an entry of one storage.
func (s *keeperSession) loadIndex(ctx context.Context, from *storage, name string) (indexEntry, error) {
	data, err := from.Load(ctx, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return indexEntry{}, s.failed(opLoad, name, err)
	}
	return s.indexed(name, data, err)
}

// rebuild begins to make an entry anew from all records, unless that is under
// way. It takes as long as reading them all takes, so nobody waits for it.
func (s *keeperSession) rebuild(key mapping.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, running := s.rebuilding[key]; running || s.life.Err() != nil {
		return
	}
	s.rebuilding[key] = struct{}{}
	s.background.Go(func() {
		_, err := guarded(func() (struct{}, error) { return struct{}{}, s.rebuildIndex(s.life, key) })
		switch {
		case err == nil:
			s.logger.Info("an entry of the storage was rebuilt", zap.String("key", s.indexPath(key)))
		case s.life.Err() == nil:
			s.logger.Error("an entry of the storage could not be rebuilt", zap.String("key", s.indexPath(key)), zap.Error(err))
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.rebuilding, key)
	})
}

func (s *keeperSession) rebuildIndex(ctx context.Context, key mapping.Key) error {
	var ids []string
	in, _ := s.storages.seenFrom(s.own)
	err := s.eachRecord(ctx, in, func(entry *recordEntry) {
		if entry.Resource != key.Resource {
			return
		}
		if is, ok := keyOf(entry.Resource, entry.Record); ok && is == key {
			ids = append(ids, entry.ID)
		}
	})
	if err != nil {
		return err
	}
	return s.changeIndex(ctx, in, key, func(e *indexEntry) bool {
		if !e.Incomplete {
			return false // another process was quicker
		}
		e.Incomplete = false
		for _, id := range ids {
			e.add(id)
		}
		return true
	})
}

// eachRecord visits every record that can be read.
func (s *keeperSession) eachRecord(ctx context.Context, in *storage, visit func(*recordEntry)) error {
	for shard := range 1 << (4 * shardDigits) {
		dir := path.Join(s.prefix, "record", fmt.Sprintf("%0*x", shardDigits, shard))
		names, err := in.List(ctx, dir, false)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.failed(opList, dir, err)
		}
		for _, name := range names {
			if !entryName.MatchString(path.Base(name)) {
				continue
			}
			data, err := in.Load(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return s.failed(opLoad, name, err)
			}
			var entry recordEntry
			if err := decodeEntry(data, &entry, &entry.Format); err != nil {
				s.unreadable(entryRecord, name, err)
				continue
			}
			visit(&entry)
		}
	}
	return nil
}
