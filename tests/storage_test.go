package tests

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func init() { caddy.RegisterModule(new(closingStorage)) }

// storageBroken makes every closingStorage fail to store, as a full disk does, and
// storageReadOnly has it also fail to lock. With storageGone nothing can be read.
var storageBroken, storageReadOnly, storageGone atomic.Bool

// closingStorage is a storage that, as one with connections, ends with its
// configuration.
type closingStorage struct {
	Root string `json:"root"`

	closed atomic.Bool
	files  certmagic.FileStorage
}

// CaddyModule returns the Caddy module information.
func (*closingStorage) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.storage.closing", New: func() caddy.Module { return new(closingStorage) }}
}

// CertMagicStorage implements [caddy.StorageConverter].
func (s *closingStorage) CertMagicStorage() (certmagic.Storage, error) {
	s.files.Path = s.Root
	return s, nil
}

// Cleanup implements [caddy.CleanerUpper].
func (s *closingStorage) Cleanup() error {
	s.closed.Store(true)
	return nil
}

func (s *closingStorage) fault(writes bool) error {
	switch {
	case s.closed.Load():
		return errors.New("the client is closed")
	case storageGone.Load():
		return errors.New("connection refused")
	case writes && storageBroken.Load():
		return errors.New("no space left")
	}
	return nil
}

func (s *closingStorage) Store(ctx context.Context, key string, value []byte) error {
	if err := s.fault(true); err != nil {
		return err
	}
	return s.files.Store(ctx, key, value)
}

func (s *closingStorage) Load(ctx context.Context, key string) ([]byte, error) {
	if err := s.fault(false); err != nil {
		return nil, err
	}
	return s.files.Load(ctx, key)
}

func (s *closingStorage) Delete(ctx context.Context, key string) error {
	if err := s.fault(true); err != nil {
		return err
	}
	return s.files.Delete(ctx, key)
}

func (s *closingStorage) Exists(ctx context.Context, key string) bool {
	return s.fault(false) == nil && s.files.Exists(ctx, key)
}

func (s *closingStorage) List(ctx context.Context, prefix string, recursive bool) ([]string, error) {
	if err := s.fault(false); err != nil {
		return nil, err
	}
	return s.files.List(ctx, prefix, recursive)
}

func (s *closingStorage) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	if err := s.fault(false); err != nil {
		return certmagic.KeyInfo{}, err
	}
	return s.files.Stat(ctx, key)
}

func (s *closingStorage) Lock(ctx context.Context, name string) error {
	if err := s.fault(storageReadOnly.Load()); err != nil {
		return err
	}
	return s.files.Lock(ctx, name)
}

func (s *closingStorage) Unlock(ctx context.Context, name string) error {
	if err := s.fault(false); err != nil {
		return err
	}
	return s.files.Unlock(ctx, name)
}

// TestStorageHoldsNoSecrets goes through a session in which all kinds of
// things go wrong and looks at what is stored, and under which names.
func TestStorageHoldsNoSecrets(t *testing.T) {
	st := start(t, setup{})
	marked(t, st)
	root, _ := at(decode(t, st.config), "storage", "root").(string)
	kept := 0
	err := filepath.WalkDir(filepath.Join(root, "scim"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		kept++
		content, err := os.ReadFile(path)
		for _, text := range personal {
			if strings.Contains(path, text) {
				t.Errorf("%q is in the name %s", text, path)
			}
			if text != markExternal && bytes.Contains(content, []byte(text)) {
				t.Errorf("%q is in %s: %s", text, path, content)
			}
		}
		return err
	})
	if err != nil || kept == 0 {
		t.Errorf("%d entries, %v", kept, err)
	}
}

// TestReloadOfStorage reloads while a create is under way, so that the storage
// is closed before there is anything to keep. What is acknowledged is found by
// the configuration that comes, also when it has another storage.
func TestReloadOfStorage(t *testing.T) {
	for name, other := range map[string]bool{"the_same": false, "another": true} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			store := func(config map[string]any, dir string) {
				set(config, map[string]any{"module": "closing", "root": filepath.Join(root, dir)}, "storage")
			}
			st := start(t, setup{overlay: func(config map[string]any) { store(config, "before") }})
			st.scim(t, 201, "POST", "/Users", `{"userName":"before","externalId":"before-1"}`)
			release := make(chan struct{})
			st.sandbox.Fail("POST /api/users", qualytics.Fault{Kind: qualytics.Slow, Release: release}, 1)
			answered := make(chan reply, 1)
			go func() {
				got, err := st.send(t, "POST", basePath+"/Users", `{"userName":"meanwhile","externalId":"meanwhile-1"}`)
				if err != nil {
					t.Error(err)
				}
				answered <- got
			}()
			if err := st.sandbox.WaitCalls(t.Context(), "POST /api/users", 2); err != nil {
				t.Fatal(err)
			}
			if other {
				config := decode(t, st.config)
				store(config, "after")
				st.config = encode(t, config)
			}
			st.load(t)
			close(release)
			if got := <-answered; got.status != 201 {
				t.Errorf("status %d: %s", got.status, got.body)
			}
			st.client.CloseIdleConnections()
			if got := st.byExternalID(t, "meanwhile-1"); len(got) != 1 {
				t.Errorf("it is found as %q", got)
			}
			if got := st.byExternalID(t, "before-1"); (len(got) == 0) != other {
				t.Errorf("what was there before is found as %q", got)
			}
		})
	}
}

// TestStorageFails has nothing stored for a while: no write is acknowledged
// whose record is not kept, and a repeat completes it.
func TestStorageFails(t *testing.T) {
	mark := caddyLog.mark()
	st := start(t, setup{overlay: func(config map[string]any) {
		set(config, map[string]any{"module": "closing", "root": t.TempDir()}, "storage")
	}})
	st.sandbox.Seed(3, 2)
	writes := []struct {
		status             int
		method, path, body string
	}{
		{200, "PUT", "/Users/2", `{"userName":"ana.reis","externalId":"ana-1"}`},
		{200, "PATCH", "/Users/4", `{"Operations":[{"op":"replace","path":"externalId","value":"4-1"}]}`},
		{204, "DELETE", "/Users/5", ""},
		{200, "PUT", "/Groups/2", `{"displayName":"Renamed","externalId":"team-2"}`},
		{201, "POST", "/Users", `{"userName":"fresh","externalId":"fresh-1"}`},
		{201, "POST", "/Groups", `{"displayName":"Fresh","externalId":"team-3"}`},
	}
	people := len(st.sandbox.Users())
	storageBroken.Store(true)
	defer storageBroken.Store(false)
	for _, w := range writes {
		got, err := st.send(t, w.method, basePath+w.path, w.body)
		if err != nil {
			t.Fatal(err)
		}
		isSCIMError(t, got, 503)
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: no Retry-After", w.method, w.path)
		}
	}
	// Reading goes on.
	st.scim(t, 200, "GET", "/Users/2", "")
	if lines := logLines(caddyLog.since(mark), `"level":"error"`, `"logger":"http.handlers.scim.storage"`); len(lines) < len(writes) {
		t.Errorf("logged: %q", lines)
	}

	storageBroken.Store(false)
	for _, w := range writes {
		st.scim(t, w.status, w.method, w.path, w.body)
	}
	for value, id := range map[string]string{"ana-1": "2", "4-1": "4"} {
		if got := st.byExternalID(t, value); len(got) != 1 || got[0] != id {
			t.Errorf("%s is found as %q", value, got)
		}
	}
	st.scim(t, 404, "GET", "/Users/5", "")
	if n := len(st.sandbox.Users()); n > people+1 {
		t.Errorf("%d accounts were made instead of one", n-people)
	}
	if got := st.byExternalID(t, "fresh-1"); len(got) != 1 {
		t.Errorf("the new account is found as %q", got)
	}
}

// TestLeaversGoWithoutStorage has a storage that is full, read-only or gone:
// whoever is to go goes all the same, the answer says what was not kept, nothing
// else is done, and a repeat completes it.
func TestLeaversGoWithoutStorage(t *testing.T) {
	for name, faults := range map[string][]*atomic.Bool{
		"full":      {&storageBroken},
		"read-only": {&storageBroken, &storageReadOnly},
		"gone":      {&storageGone},
	} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{overlay: func(config map[string]any) {
				set(config, map[string]any{"module": "closing", "root": t.TempDir()}, "storage")
			}})
			st.sandbox.Seed(8, 3)
			st.sandbox.EditUser(9, func(u *qualytics.User) { u.DeletedAt = new(now) })
			for _, f := range faults {
				f.Store(true)
				defer f.Store(false)
			}
			leaves := [][4]string{
				{"PATCH", "/Users/4", patchOf("active", "false"), "200"},
				{"PUT", "/Users/5", `{"roles":["Manager"],"active":false}`, "200"},
				{"PUT", "/Users/6", `{"roles":["Root"],"active":false}`, "400"},
				{"DELETE", "/Users/7", "", "204"},
				{"DELETE", "/Groups/2", "", "204"},
			}
			for range 2 {
				for _, l := range leaves {
					got, err := st.send(t, l[0], basePath+l[1], l[2])
					if err != nil {
						t.Fatal(err)
					}
					switch {
					case l[1] == "/Groups/2" && (got.status == 404 || got.status == 204 && name == "full"):
						// It is gone, and nothing was to be kept.
					case l[3] != "400" || got.status != 400:
						isSCIMError(t, got, 503)
					}
				}
			}
			for _, id := range []int{4, 5, 6, 7} {
				if u, _ := st.sandbox.User(id); u.Active() || u.Role == qualytics.RoleManager && name != "full" {
					t.Errorf("user %d: %+v", id, u)
				}
			}
			if _, there := st.sandbox.Team(2); there {
				t.Error("the team is there")
			}
			st.sandbox.ResetCalls()
			for _, other := range [][3]string{
				{"POST", "/Users", `{"userName":"fresh"}`},
				{"PATCH", "/Users/9", patchOf("active", "true")},
				{"PUT", "/Users/8", `{"externalId":"x"}`},
				{"PATCH", "/Groups/role-manager", addMember("8")},
				{"PATCH", "/Groups/3", addMember("8")},
			} {
				if name == "full" {
					// There are locks, and what is not kept is what TestStorageFails is about.
					break
				}
				got, err := st.send(t, other[0], basePath+other[1], other[2])
				if err != nil {
					t.Fatal(err)
				}
				isSCIMError(t, got, 503)
				for _, c := range st.sandbox.Calls() {
					if c.Method != "GET" {
						t.Errorf("%s %s was called", c.Method, c.Path)
					}
				}
			}
			for _, f := range faults {
				f.Store(false)
			}
			for _, l := range leaves {
				want, _ := strconv.Atoi(l[3])
				if l[1] == "/Groups/2" {
					want = 404
				}
				st.scim(t, want, l[0], l[1], l[2])
			}
			st.scim(t, 404, "GET", "/Users/7", "")
		})
	}
}
