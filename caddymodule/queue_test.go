package caddymodule

import (
	"math/rand/v2"
	"testing"
)

// served returns who gets their turns, in order, until nobody waits.
func served(q *queue, names map[*waiter]string) string {
	order := ""
	for w := q.next(); w != nil; w = q.next() {
		order += names[w]
	}
	return order
}

func TestQueueOrder(t *testing.T) {
	bulk := func(write bool) *turn {
		t := newTurn(write)
		t.calls = bulkAfter
		return t
	}
	old, read, write, other, scan, sync := newTurn(true), newTurn(false), newTurn(true), newTurn(true), bulk(false), bulk(true)
	for _, tt := range []struct {
		name    string
		waiting []*turn // a, b, c, …
		want    string
	}{
		{"in the order in which they came", []*turn{write, other}, "ab"},
		{"calls of one request", []*turn{write, write, write}, "abc"},
		{"what was begun first is finished first", []*turn{other, write, old}, "cba"},
		{"all calls of a request before those of the next", []*turn{write, other, write, other}, "acbd"},
		{"a look-up among changes", []*turn{write, write, write, read}, "dabc"},
		{"a look-up beside a scan", []*turn{scan, scan, scan, read}, "dabc"},
		{"a change beside a scan", []*turn{scan, scan, scan, write}, "dabc"},
		{"all kinds take turns", []*turn{read, read, write, write, scan, scan, read}, "acebdfg"},
		{"bulk of reads and bulk of writes", []*turn{sync, scan, sync}, "bac"},
		{"nobody", nil, ""},
	} {
		var q queue
		names := make(map[*waiter]string)
		for i, turn := range tt.waiting {
			w, _ := q.add(turn)
			names[w] = string(rune('a' + i))
		}
		if got := served(&q, names); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestQueueForetells checks what the queue says about a place in it against
// what comes, with waiters that leave in between.
func TestQueueForetells(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		var q queue
		var requests []*turn
		var all []*waiter
		for range 1 + r.IntN(40) {
			if len(requests) == 0 || r.IntN(2) == 0 {
				turn := newTurn(r.IntN(2) == 0)
				turn.calls = r.IntN(2) * bulkAfter
				requests = append(requests, turn)
			}
			w, _ := q.add(requests[r.IntN(len(requests))])
			all = append(all, w)
			if r.IntN(4) == 0 {
				q.next()
			}
			if gone := all[r.IntN(len(all))]; r.IntN(4) == 0 && gone.waiting {
				q.remove(gone)
			}
		}
		last, ahead := q.add(requests[r.IntN(len(requests))])
		if n := q.len(); ahead >= n {
			t.Fatalf("seed %d: %d before it of %d", seed, ahead, n)
		}
		came := 0
		for w := q.next(); w != last; w = q.next() {
			if came++; w == nil {
				t.Fatalf("seed %d: it never comes", seed)
			}
		}
		// Whose turn it was before is not counted: one call of each other lane.
		if came > ahead || came < ahead-(lanes-1) {
			t.Errorf("seed %d: %d came before it, %d were foretold", seed, came, ahead)
		}
	}
}
