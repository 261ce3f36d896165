package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"github.com/qualytics/scim-sidecar/mapping"
)

// noteEntry is the stored form of a note.
type noteEntry struct {
	Format int `json:"format"`

	// Newest is what the API had made last before it was there; zero in what earlier
	// versions stored.
	Newest mapping.Newest `json:"newest,omitzero"`
}

// notePath is where a note is kept. There are as many as there are requests
// under way, and a few that were never ended, so they are in one directory.
func (k *keeper) notePath(key mapping.Key) string {
	return path.Join(k.prefix, "underway", digestName(key.Resource, key.Attribute, key.Value))
}

// Note implements [mapping.Keeper].
func (s *keeperSession) Note(ctx context.Context, key mapping.Key, newest mapping.Newest) (again bool, err error) {
	before, again, err := s.Noted(ctx, key)
	if err != nil {
		return false, err
	}
	if again {
		newest = before
	}
	data, err := encodeEntry(noteEntry{Format: entryFormat, Newest: newest})
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
func (s *keeperSession) Noted(ctx context.Context, key mapping.Key) (newest mapping.Newest, noted bool, err error) {
	data, err := s.load(ctx, s.notePath(key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return mapping.Newest{}, false, nil
	case err != nil:
		return mapping.Newest{}, false, err
	}
	var entry noteEntry
	if decodeEntry(data, &entry, &entry.Format) != nil {
		// That there is one says as much as one without a time.
		entry.Newest = mapping.Newest{}
	}
	return entry.Newest, true, nil
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
