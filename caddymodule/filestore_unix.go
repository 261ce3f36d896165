//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// storeFile replaces a file as a whole. When it returns, the file is on the
// disk, its name too. Until then it is a draft of another name, locked as long
// as this process writes it: what a process leaves behind when it is killed can
// be told from that, and is overwritten or swept.
func storeFile(ctx context.Context, name, draft string, data []byte) error {
	if err := makeDir(filepath.Dir(name)); err != nil {
		return err
	}
	file, err := openLocked(ctx, draft)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(file, data), ctx.Err()); err != nil {
		return errors.Join(err, removeLocked(file))
	}
	if err := os.Rename(draft, name); err != nil {
		return errors.Join(err, removeLocked(file))
	}
	return errors.Join(syncDir(filepath.Dir(name)), file.Close())
}

// fill has a file hold nothing but data.
func fill(file *os.File, data []byte) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.Sync()
}

// makeDir makes a directory that lasts, and those that it is in.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDir(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir has the names in a directory last.
func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer file.Close()
	err = file.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // some file systems do that by themselves, and have no call for it
	}
	return err
}

// sweepFiles removes the files of a directory that nobody holds locked, and
// returns how many there were.
func sweepFiles(ctx context.Context, dir string) (removed int, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, found := range files {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		file, err := tryLockFile(filepath.Join(dir, found.Name()))
		if err != nil {
			return removed, err
		}
		if file == nil {
			continue
		}
		if err := removeLocked(file); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, err
}
