package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"github.com/qualytics/scim-sidecar/mapping"
)

// noteEntry is the stored form of a note. That there is one says it all.
type noteEntry struct {
	Format int `json:"format"`
}

// notePath is where a note is kept. There are as many as there are requests
// under way, and a few that were never ended, so they are in one directory.
func (k *keeper) notePath(key mapping.Key) string {
	return path.Join(k.prefix, "underway", digestName(key.Resource, key.Attribute, key.Value))
}

// Note implements [mapping.Keeper].
func (s *keeperSession) Note(ctx context.Context, key mapping.Key) (again bool, err error) {
	if again, err = s.Noted(ctx, key); err != nil {
		return false, err
	}
	data, err := encodeEntry(noteEntry{entryFormat})
	if err != nil {
		return false, err
	}
	_, to := s.storages.seenFrom(s.own)
	err = s.store(ctx, to[0], s.notePath(key), data)
	for _, older := range to[1:] {
		// It only matters if the newest one does not last.
		_ = older.put(ctx, s.prefix, s.notePath(key), data)
	}
	return again, err
}

// Noted implements [mapping.Keeper].
func (s *keeperSession) Noted(ctx context.Context, key mapping.Key) (bool, error) {
	_, err := s.load(ctx, s.notePath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Strike implements [mapping.Keeper].
func (s *keeperSession) Strike(ctx context.Context, key mapping.Key) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	_, to := s.storages.seenFrom(s.own)
	var errs []error
	for _, each := range to {
		errs = append(errs, s.remove(ctx, each, s.notePath(key)))
	}
	return errs[0]
}
