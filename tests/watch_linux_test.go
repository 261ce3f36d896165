package tests

import (
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// watch tells when something in the directories of a storage changes.
type watch struct {
	file *os.File
	seen map[string]bool
}

// newWatch makes a watch that calls changed with the number of changes.
func newWatch(t testing.TB, changed func(n int)) *watch {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{file: os.NewFile(uintptr(fd), "inotify"), seen: make(map[string]bool)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// Room for one change, so that each is told as early as can be.
		buffer := make([]byte, syscall.SizeofInotifyEvent+syscall.NAME_MAX+1)
		for {
			n, err := w.file.Read(buffer)
			if err != nil {
				return
			}
			count := 0
			for at := 0; at+syscall.SizeofInotifyEvent <= n; count++ {
				at += syscall.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(buffer[at+12:]))
			}
			changed(count)
		}
	}()
	t.Cleanup(func() {
		w.file.Close()
		<-ended
	})
	return w
}

// add watches the directories of a storage: the locks, and where the entries
// are, as far as they are there. Directories that come later are in those.
func (w *watch) add(t testing.TB, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, file fs.DirEntry, err error) error {
		if err != nil || !file.IsDir() || w.seen[path] || strings.Count(path[len(root):], "/") < 2 {
			return err
		}
		conn, err := w.file.SyscallConn()
		if err != nil {
			return err
		}
		var failed error
		err = conn.Control(func(fd uintptr) {
			_, failed = syscall.InotifyAddWatch(int(fd), path, syscall.IN_CREATE|syscall.IN_CLOSE_WRITE|syscall.IN_MOVE|syscall.IN_DELETE)
		})
		w.seen[path] = failed == nil
		if failed != nil {
			return failed
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// sees reports whether it watches anything.
func (w *watch) sees() bool { return len(w.seen) > 0 }
