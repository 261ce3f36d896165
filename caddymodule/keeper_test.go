package caddymodule

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/qualytics/scim-sidecar/mapping"
)

func externalID(value string) mapping.Key {
	return mapping.Key{Resource: "User", Attribute: "externalId", Value: value}
}

// identified is a record with an external id.
func identified(value string) mapping.Record {
	raw, _ := json.Marshal(value)
	return mapping.Record{Attributes: map[string]json.RawMessage{"externalId": raw}, Claimed: true}
}

// keep replaces a record.
func keep(t *testing.T, k mapping.Keeper, resource, id string, record mapping.Record) {
	t.Helper()
	if _, err := k.Update(t.Context(), resource, id, func(mapping.Record) mapping.Record { return record }); err != nil {
		t.Fatal(err)
	}
}

func wantRecord(t *testing.T, k mapping.Keeper, resource, id string, want mapping.Record) {
	t.Helper()
	if got, err := k.Record(t.Context(), resource, id); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the record of %s %s: %+v, %v; want %+v", resource, id, got, err, want)
	}
}

func wantFound(t *testing.T, k mapping.Keeper, key mapping.Key, want ...string) {
	t.Helper()
	if got, err := k.IDs(t.Context(), key); err != nil || !slices.Equal(got, want) {
		t.Errorf("IDs(%v) = %v, %v; want %v", key, got, err, want)
	}
}

func TestKeeper(t *testing.T) {
	on := newMemoryStorage()
	k := newProcess(t, on)
	wantRecord(t, k, "User", "1", mapping.Record{})

	record := mapping.Record{
		Attributes: map[string]json.RawMessage{
			"externalId": json.RawMessage(`"a\u0062c"`),
			"nickName":   json.RawMessage(`null`),
			"title":      json.RawMessage(`"Boss"`),
			"x":          json.RawMessage(`{"y":1}`),
		},
		Claimed: true,
		Applied: map[string]string{"name": "d"},
	}
	keep(t, k, "User", "1", record)
	keep(t, k, "User", "2", identified("abc"))
	keep(t, k, "Group", "1", identified("abc"))
	wantFound(t, k, externalID("abc"), "1", "2")
	wantFound(t, k, externalID("ABC"))
	// Of what many may share there is no index; an empty answer would be a lie.
	if ids, err := k.IDs(t.Context(), mapping.Key{Resource: "User", Attribute: "title", Value: "Boss"}); err == nil {
		t.Errorf("found %v by a title", ids)
	}
	if n := len(on.keys("/index/")); n != 2 {
		t.Errorf("%d entries to find records by, want one for each type", n)
	}
	wantRecord(t, k, "User", "1", record)

	// What the caller does to its copies stays with the caller.
	for range exactReads + 1 {
		got, _ := k.Record(t.Context(), "User", "1")
		got.Attributes["externalId"][1] = 'X'
		got.Attributes["x"] = json.RawMessage(`"other"`)
		got.Applied["name"] = "e"
	}
	record.Attributes["externalId"] = json.RawMessage(`"a\u0062c"`)
	wantRecord(t, k, "User", "1", record)

	keep(t, k, "User", "1", identified("new"))
	wantFound(t, k, externalID("abc"), "2")
	wantFound(t, k, externalID("new"), "1")
	keep(t, k, "User", "1", mapping.Record{})
	keep(t, k, "User", "2", mapping.Record{})
	wantFound(t, k, externalID("abc"))
	wantFound(t, k, externalID("new"))
	if left := on.keys(""); len(left) != 2 || on.held() != 0 {
		t.Errorf("stored are %q, and %d locks are held", left, on.held())
	}
	if got := k.errors(); len(got) > 0 {
		t.Errorf("logged: %v", got)
	}
}

// TestKeeperKeepsEverything has a value in each field of a record, those that
// come later too, go through the storage.
func TestKeeperKeepsEverything(t *testing.T) {
	var record mapping.Record
	value := reflect.ValueOf(&record).Elem()
	for i := range value.NumField() {
		field := value.Field(i)
		switch field.Interface().(type) {
		case map[string]json.RawMessage:
			field.Set(reflect.ValueOf(map[string]json.RawMessage{
				"a": json.RawMessage(`"<b> & \u0026 \u2028 é \ud83d\ude00"`), "list": json.RawMessage(`[1,2.50,{"c":null}]`),
			}))
		case []string:
			field.Set(reflect.ValueOf([]string{"<b>", ""}))
		case mapping.Identity:
			field.Set(reflect.ValueOf(mapping.Identity{Created: "2026-03-01T10:00:00Z", Names: map[string][]string{"userName": {"<digest>"}}}))
		case []mapping.Record:
			field.Set(reflect.ValueOf([]mapping.Record{{Claimed: true, Identity: mapping.Identity{Created: "2026-01-01T10:00:00Z"}}}))
		case map[string]string:
			field.Set(reflect.ValueOf(map[string]string{"name": "<digest>"}))
		case time.Time:
			field.Set(reflect.ValueOf(time.Date(2026, 3, 1, 10, 0, 0, 123456789, time.UTC)))
		case bool:
			field.SetBool(true)
		case string:
			field.SetString("<text>")
		default:
			t.Fatalf("no value for the field %s", value.Type().Field(i).Name)
		}
	}
	root := t.TempDir()
	k := newProcess(t, &certmagic.FileStorage{Path: root})
	returned, err := k.Update(t.Context(), "User", "1", func(mapping.Record) mapping.Record { return record })
	if err != nil || !reflect.DeepEqual(returned, record) {
		t.Errorf("returned %+v, %v", returned, err)
	}
	wantRecord(t, k, "User", "1", record)
	wantRecord(t, newProcess(t, &certmagic.FileStorage{Path: root}), "User", "1", record)
}

// TestKeeperNames has ids and values that no storage has in its keys.
func TestKeeperNames(t *testing.T) {
	root := t.TempDir()
	k := newProcess(t, &certmagic.FileStorage{Path: root})
	odd := []string{
		"../../etc/passwd", "", ".", "a/b", "A/B", "anna@corp.test", "\x00", "ü\\:*?", strings.Repeat("x", 5000), "CON", "7\n", "con",
	}
	for _, name := range odd {
		keep(t, k, "User", name, identified(name))
	}
	next := newProcess(t, &certmagic.FileStorage{Path: root})
	for _, name := range odd {
		wantRecord(t, next, "User", name, identified(name))
		wantFound(t, next, externalID(name), name)
	}
	fit := regexp.MustCompile(`^scim/upstream-test/((record|index)/([0-9a-f]{3})/([0-9a-f]{3})[0-9a-f]{61}|lock)$`)
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		name, _ := filepath.Rel(root, path)
		if m := fit.FindStringSubmatch(filepath.ToSlash(name)); m == nil || m[3] != m[4] {
			t.Errorf("there is a file %q", name)
		}
		return nil
	})
	if err != nil || files != 2*len(odd) {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestKeeperReplicas has two processes write one record, and records of one
// value, at the same time.
func TestKeeperReplicas(t *testing.T) {
	const each = 25
	root := t.TempDir()
	replicas := []*process{
		newProcess(t, &certmagic.FileStorage{Path: root}), newProcess(t, &certmagic.FileStorage{Path: root}),
	}
	var all sync.WaitGroup
	var want []string
	for i, replica := range replicas {
		for n := range each {
			id := string(rune('a'+i)) + string(rune('a'+n))
			want = append(want, id)
			all.Go(func() {
				keep(t, replica.request(), "User", id, identified("shared"))
				_, err := replica.request().Update(t.Context(), "Group", "1", func(r mapping.Record) mapping.Record {
					r.Applied = maps.Clone(r.Applied)
					if r.Applied == nil {
						r.Applied = make(map[string]string)
					}
					r.Applied[id] = "written"
					return r
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for _, replica := range replicas {
		wantFound(t, replica, externalID("shared"), want...)
		if got, err := replica.Record(t.Context(), "Group", "1"); err != nil || len(got.Applied) != 2*each {
			t.Errorf("%d of %d changes are there, %v", len(got.Applied), 2*each, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(root, "scim/upstream-test/lock/*")); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}

// TestKeeperFull has more resources of one value than anybody can ask for.
func TestKeeperFull(t *testing.T) {
	k := newProcess(t, newMemoryStorage())
	id := func(i int) string {
		return string(rune('a'+i/676)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
	}
	for i := range maxIndexed {
		keep(t, k, "User", id(i), identified("same"))
	}
	if got, err := k.IDs(t.Context(), externalID("same")); err != nil || len(got) != maxIndexed {
		t.Errorf("%d ids, %v", len(got), err)
	}
	keep(t, k, "User", "more", identified("same"))
	_, err := k.IDs(t.Context(), externalID("same"))
	wantSCIMError(t, err, 400)
	wantRecord(t, k, "User", "more", identified("same"))
	keep(t, k, "User", "more", identified("other"))
	wantFound(t, k, externalID("other"), "more")
}

// TestKeeperForm is what is stored, keys and all: another version, or another
// process of it, has to find and understand it.
func TestKeeperForm(t *testing.T) {
	on := newMemoryStorage()
	record := identified("x")
	record.Deleted = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	keep(t, newProcess(t, on), "User", "7", record)
	want := map[string]string{
		"scim/upstream-test/index/fdc/fdcba712b2a8694b14c82754f549ccc2c119822a42d13665b798ac27416e2999": `{"format":1,"ids":["7"]}`,
		"scim/upstream-test/record/faa/faac6b36e18545d843f908895f1ebc87a7a030b5d2fc1e5611bf274261b9fcbf": `{"format":1,"resource":"User","id":"7",` +
			`"record":{"attributes":{"externalId":"x"},"deleted":"2026-03-01T10:00:00Z","claimed":true}}`,
	}
	got := make(map[string]string)
	for _, key := range on.keys("") {
		got[key] = strings.TrimSuffix(string(on.entries[key]), "\n")
	}
	if !maps.Equal(got, want) {
		t.Errorf("stored is\n%q\nwant\n%q", got, want)
	}
}
