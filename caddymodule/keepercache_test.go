package caddymodule

import (
	"reflect"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
)

// readRecords reads n records in one request, as a list does.
func readRecords(t *testing.T, p *process, n int) map[string]mapping.Record {
	t.Helper()
	all := make(map[string]mapping.Record)
	session := p.request()
	for i := range n {
		id := strconv.Itoa(i)
		record, err := session.Record(t.Context(), "User", id)
		if err != nil {
			t.Fatal(err)
		}
		all[id] = record
	}
	return all
}

// TestKeeperCache lists ten thousand resources, few of which have a record.
func TestKeeperCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 10_000
		on := newMemoryStorage()
		k := newProcess(t, on)
		for i := range 50 {
			keep(t, k, "User", strconv.Itoa(people-1-i), identified(strconv.Itoa(i)))
		}
		reads := func(n int) int {
			t.Helper()
			before := on.count(opLoad, "/record/")
			for id, record := range readRecords(t, k, n) {
				if i, _ := strconv.Atoi(id); record.Claimed != (i >= people-50) {
					t.Fatalf("the record of %s is %+v", id, record)
				}
			}
			return on.count(opLoad, "/record/") - before
		}
		if n := reads(people); n < people-50 || n > people {
			t.Errorf("the first list takes %d reads", n)
		}
		if n := reads(people); n != exactReads {
			t.Errorf("the second list takes %d reads", n)
		}
		if n := reads(3); n != 3 {
			t.Errorf("a look at three takes %d reads", n)
		}
		time.Sleep(keeperFreshness)
		if n := reads(people); n != people {
			t.Errorf("the list later takes %d reads", n)
		}
	})
}

// TestKeeperCacheBulk reads everything for a scan.
func TestKeeperCacheBulk(t *testing.T) {
	on := newMemoryStorage()
	k := newProcess(t, on)
	for range 2 {
		for i := range 5 {
			if _, err := k.Record(bulk(t.Context()), "User", strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := on.count(opLoad, "/record/"); n != 5 {
		t.Errorf("%d reads", n)
	}
	// It leaves the request what it may read exactly.
	readRecords(t, k, exactReads)
	if n := on.count(opLoad, "/record/"); n != 5+exactReads {
		t.Errorf("%d reads", n)
	}
}

// TestKeeperReadsWhatIsWritten has two processes: each sees its own writes at
// once everywhere, the other's at once wherever a request looks at few, and
// after a while in lists.
func TestKeeperReadsWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		here, there := newProcess(t, on), newProcess(t, on)
		const people = 2 * exactReads
		last := strconv.Itoa(people - 1)
		readRecords(t, here, people)
		readRecords(t, there, people)

		keep(t, here, "User", last, identified("a"))
		if got := readRecords(t, here, people)[last]; !got.Claimed {
			t.Error("the own list does not have it")
		}
		wantFound(t, there, externalID("a"), last)
		wantRecord(t, there.request(), "User", last, identified("a"))

		// A request that has read many reads anew under a lock.
		keep(t, here, "User", last, identified("b"))
		session := there.request()
		for range people {
			if _, err := session.Record(t.Context(), "User", last); err != nil {
				t.Fatal(err)
			}
		}
		keep(t, here, "User", last, identified("c"))
		release, err := session.Lock(t.Context(), "User/id:"+last)
		if err != nil {
			t.Fatal(err)
		}
		wantRecord(t, session, "User", last, identified("c"))
		release()

		keep(t, here, "User", last, mapping.Record{Deleted: time.Now().UTC()})
		time.Sleep(keeperFreshness)
		if got := readRecords(t, there, people)[last]; got.Deleted.IsZero() {
			t.Error("the other list does not have it")
		}
	})
}

// TestKeeperCacheRace has a record change while it is read.
func TestKeeperCacheRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := newMemoryStorage()
		k := newProcess(t, on)
		keep(t, k, "User", "1", identified("old"))
		slow := make(chan struct{})
		k.keeper.storages = new(storages)
		k.own = k.storages.attach(&slowStorage{memoryStorage: on, slow: slow})
		go func() { _, _ = k.request().Record(t.Context(), "User", "1") }()
		synctest.Wait()
		keep(t, k, "User", "1", identified("new"))
		close(slow)
		synctest.Wait()
		got, err := k.Record(bulk(t.Context()), "User", "1")
		if err != nil || !reflect.DeepEqual(got, identified("new")) {
			t.Errorf("in a list: %+v, %v", got, err)
		}
	})
}
