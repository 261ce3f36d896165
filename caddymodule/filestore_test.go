//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package caddymodule

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/certmagic"
)

// filesIn lists the files below a directory.
func filesIn(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	if err := filepath.WalkDir(root, func(path string, file os.DirEntry, err error) error {
		if err == nil && !file.IsDir() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestStoreFile(t *testing.T) {
	dir := t.TempDir()
	name, draft := filepath.Join(dir, "record", "abc", "entry"), filepath.Join(dir, "new", "draft")
	for _, text := range []string{"first, and long", "second", ""} {
		if err := storeFile(t.Context(), name, draft, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != text {
			t.Errorf("it holds %q, %v", got, err)
		}
	}
	// What a process wrote that was killed is not taken for a part of the next.
	if err := os.WriteFile(draft, []byte("half of something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := storeFile(t.Context(), name, draft, []byte("third")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(name); string(got) != "third" {
		t.Errorf("it holds %q", got)
	}
	if files := filesIn(t, dir); len(files) != 1 {
		t.Errorf("there are %q", files)
	}
}

// TestStoreFileFails leaves what was there, and nothing else.
func TestStoreFileFails(t *testing.T) {
	dir := t.TempDir()
	name, draft := filepath.Join(dir, "full"), filepath.Join(dir, "new", "draft")
	// A directory can't be replaced by a file.
	if err := os.MkdirAll(filepath.Join(name, "entry"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := storeFile(t.Context(), name, draft, []byte("x")); err == nil {
		t.Error("no error")
	}
	if files := filesIn(t, dir); len(files) > 0 {
		t.Errorf("there are %q", files)
	}
}

// TestSweep has a new process remove what one that was killed has left, before
// it locks for the first time, and nothing that somebody holds.
func TestSweep(t *testing.T) {
	root := t.TempDir()
	first := newProcess(t, &certmagic.FileStorage{Path: root})
	keep(t, first, "User", "1", identified("a"))
	release, err := first.Lock(t.Context(), "held")
	if err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, root)
	// Those of the lock, of the record and of its index entry.
	if len(before) != 3 {
		t.Fatalf("there are %q", before)
	}
	for _, dir := range []string{"lock", "new", "wait"} {
		dir = filepath.Join(root, filepath.FromSlash(first.prefix), dir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, digestName("left")), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	next := newProcess(t, &certmagic.FileStorage{Path: root})
	keep(t, next, "User", "1", identified("a"))
	if after := filesIn(t, root); !slices.Equal(after, before) {
		t.Errorf("there are %s\ninstead of %s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	release()
	wantRecord(t, next, "User", "1", identified("a"))
}
