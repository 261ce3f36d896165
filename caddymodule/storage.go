package caddymodule

import (
	"context"
	"errors"
	"path"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
)

// storage is the storage of one configuration, or of several that have the
// very same.
type storage struct {
	certmagic.Storage

	// swept has the prefixes under which it was tidied up.
	swept sync.Map

	// refs counts who holds it; guarded by storages.mu.
	refs int
}

// storages are the storages of all configurations that are loaded, the oldest
// first. There are two while one configuration takes over from another: each
// has its own even if both mean the same place, and that of the old one may be
// closed under requests that are still being finished.
type storages struct {
	mu  sync.Mutex
	all []*storage
}

// loadedStorages are those of this process.
var loadedStorages storages

// attach adds a storage until it is detached.
func (s *storages) attach(of certmagic.Storage) *storage {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.all, func(other *storage) bool { return same(other.Storage, of) })
	if i < 0 {
		i = len(s.all)
		s.all = append(s.all, &storage{Storage: of})
	}
	s.all[i].refs++
	return s.all[i]
}

func same(a, b certmagic.Storage) bool {
	return reflect.TypeOf(a).Comparable() && reflect.ValueOf(a).Comparable() && a == b
}

func (s *storages) detach(gone *storage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if gone.refs--; gone.refs == 0 {
		s.all = slices.DeleteFunc(slices.Clone(s.all), func(other *storage) bool { return other == gone })
	}
}

// seenFrom returns where a request reads, and where it writes, whose
// configuration has the storage own. It reads from its own as long as that is
// loaded, then from the newest, because its own may be closed. It writes to
// all, the newest first: when storages change, what is acknowledged in between
// must be found whichever configuration lasts.
func (s *storages) seenFrom(own *storage) (read *storage, write []*storage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == 0 {
		return own, []*storage{own}
	}
	write = slices.Clone(s.all)
	slices.Reverse(write)
	if slices.Contains(write, own) {
		return own, write
	}
	return write[0], write
}

// has reports whether a storage is still that of a loaded configuration.
func (s *storages) has(one *storage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.all, one)
}

// storagePoll is more than what storage modules pause between two looks at a
// lock: the file system's and those for Redis look once a second.
const storagePoll = 1200 * time.Millisecond

// poll returns how long a lock must be free for another process to find it so.
func (s *storage) poll() time.Duration {
	if _, ok := s.Storage.(*certmagic.FileStorage); ok {
		return filePoll
	}
	return storagePoll
}

// lock waits for a lock that excludes every process with the same storage. The
// name has small letters and digits.
//
// The file system is locked by the operating system instead of CertMagic's lock
// files, which are meant for rare and long work: they are looked at once a
// second and synced to the disk each time, and a process that held one keeps
// looking after the file of that name for a while, so that the one that another
// process left behind when it was killed may never get stale.
func (s *storage) lock(ctx context.Context, prefix, name string) (unlock func(context.Context) error, err error) {
	if files, ok := s.Storage.(*certmagic.FileStorage); ok {
		unlock, err := lockFile(ctx, files.Filename(path.Join(prefix, "lock", name)))
		if !errors.Is(err, errors.ErrUnsupported) {
			return unlock, err
		}
	}
	name = lockName(prefix, name)
	if err := s.Lock(ctx, name); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return s.Unlock(ctx, name) }, nil
}

// put stores an entry. With the file system it lasts when put returns, and what
// a process leaves that is killed meanwhile is swept by another one.
func (s *storage) put(ctx context.Context, prefix, key string, data []byte) error {
	if files, ok := s.Storage.(*certmagic.FileStorage); ok {
		draft := path.Join(prefix, "new", digestName(key))
		err := storeFile(ctx, files.Filename(key), files.Filename(draft), data)
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return s.Store(ctx, key, data)
}

// sweep removes what processes that were killed have left, and returns how many
// files that were. Whoever waits for a lock is not told from them, and says so
// again. Other storages than the file system forget such things by themselves.
func (s *storage) sweep(ctx context.Context, prefix string) (removed int, err error) {
	files, ok := s.Storage.(*certmagic.FileStorage)
	if !ok {
		return 0, nil
	}
	for _, dir := range []string{"lock", "new", "wait"} {
		n, err := sweepFiles(ctx, files.Filename(path.Join(prefix, dir)))
		removed += n
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return removed, err
		}
	}
	return removed, nil
}
