//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package caddymodule

import (
	"context"
	"errors"
)

// filePoll is how long a lock must be free for another process to find it so.
const filePoll = storagePoll

// lockFile is not there for this system: the storage's own locks are used.
func lockFile(context.Context, string) (unlock func(context.Context) error, err error) {
	return nil, errors.ErrUnsupported
}

// storeFile is not there for this system: the storage stores.
func storeFile(context.Context, string, string, []byte) error { return errors.ErrUnsupported }

// sweepFiles has nothing to do where nothing is locked.
func sweepFiles(context.Context, string) (int, error) { return 0, nil }
