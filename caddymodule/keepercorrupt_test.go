package caddymodule

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/qualytics/scim-sidecar/mapping"
)

// damaged are forms of an entry that can't be read.
func damaged(entry []byte) map[string][]byte {
	forms := map[string][]byte{
		"nothing": {}, "zeros": make([]byte, len(entry)), "null": []byte("null"), "a list": []byte(`[1]`),
		"a later version":  bytes.Replace(entry, []byte(`"format":1`), []byte(`"format":2`), 1),
		"no version":       bytes.Replace(entry, []byte(`"format":1`), []byte(`"x":1`), 1),
		"of another kind":  []byte(`{"format":1,"record":5,"ids":6}`),
		"two written over": append(bytes.Clone(entry), entry[len(entry)/2:]...),
	}
	for n := 1; n < len(entry)-1; n += 7 {
		forms["the first part"+strings.Repeat("+", n)] = entry[:n]
	}
	return forms
}

// TestUnreadableRecord has records that can't be read: what is known is that
// there is one, and the operator is told which, but nothing of what is in it.
func TestUnreadableRecord(t *testing.T) {
	on := newMemoryStorage()
	keep(t, newProcess(t, on), "User", "1", identified("external-secret"))
	key := on.keys("/record/")[0]
	forms := damaged(on.entries[key])
	forms["of another resource"] = []byte(`{"format":1,"resource":"User","id":"external-secret","record":{}}`)
	for name, form := range forms {
		on.entries[key] = form
		k := newProcess(t, on)
		wantRecord(t, k, "User", "1", mapping.Record{Claimed: true})
		wantFound(t, k, externalID("external-secret"))
		logged := k.errors()
		if len(logged) == 0 || logged[0].ContextMap()["key"] != key {
			t.Errorf("%s: logged %v", name, logged)
		}
		for _, line := range logged {
			if strings.Contains(line.ContextMap()["error"].(string), "secret") {
				t.Errorf("%s: logged %v", name, line.ContextMap())
			}
		}
		if got := scraped(t, k.registry, "caddy_scim_storage_"); !strings.Contains(got, `caddy_scim_storage_unreadable_total{entry="record"} 2`+"\n") {
			t.Errorf("%s: counted\n%s", name, got)
		}
		// The rest goes on, and the next write makes it whole.
		wantRecord(t, k, "User", "2", mapping.Record{})
		keep(t, k, "User", "1", identified("external-secret"))
		wantFound(t, k, externalID("external-secret"), "1")
	}
}

// TestUnreadableIndex has entries to find records by that can't be read. That
// is not taken for there being none; it is made anew of the records.
func TestUnreadableIndex(t *testing.T) {
	for name := range damaged(make([]byte, 20)) {
		synctest.Test(t, func(t *testing.T) {
			on := newMemoryStorage()
			k := newProcess(t, on)
			keep(t, k, "User", "1", identified("a"))
			key := on.keys("/index/")[0]
			keep(t, k, "User", "2", identified("a"))
			keep(t, k, "User", "3", identified("b"))
			keep(t, k, "Group", "4", identified("a"))
			on.entries[key] = damaged(on.entries[key])[name]
			// Beside them lies what the file system leaves when it is killed.
			on.entries[on.keys("/record/")[0]+"12345"] = []byte("{")

			_, err := k.IDs(t.Context(), externalID("a"))
			wantSCIMError(t, err, 503)
			wantFound(t, k, externalID("b"), "3")
			// What comes meanwhile is added.
			keep(t, k, "User", "5", identified("a"))
			synctest.Wait()
			wantFound(t, k, externalID("a"), "1", "2", "5")
			logged := k.errors()
			if len(logged) == 0 || logged[0].ContextMap()["key"] != key {
				t.Errorf("%s: logged %v", name, logged)
			}
			if err := k.Destruct(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRebuildFails has the storage fail while an entry is made anew: the next
// one who asks begins again.
func TestRebuildFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		k := newProcess(t, on)
		keep(t, k, "User", "1", identified("a"))
		on.entries[on.keys("/index/")[0]] = []byte("{")
		on.fail(failing(opList))
		for range 2 {
			_, err := k.IDs(t.Context(), externalID("a"))
			wantSCIMError(t, err, 503)
			synctest.Wait()
		}
		on.fail(nil)
		_, err := k.IDs(t.Context(), externalID("a"))
		wantSCIMError(t, err, 503)
		synctest.Wait()
		wantFound(t, k, externalID("a"), "1")
		if n := len(k.logs.FilterMessage("an entry of the storage could not be rebuilt").All()); n != 2 {
			t.Errorf("logged %d times", n)
		}
	})
}
