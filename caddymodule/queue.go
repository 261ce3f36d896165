package caddymodule

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// bulkAfter is how many calls a request makes before it counts as bulk work:
// more than any request needs that is about one resource.
const bulkAfter = 10

// turns counts requests in the order in which they came.
var turns atomic.Uint64

// turn is where the calls of one SCIM request stand in a [queue].
type turn struct {
	number uint64
	write  bool

	// calls is how many calls have been made; guarded by the budget's lock.
	calls int

	// written says that a call may have changed something.
	written atomic.Bool
}

// newTurn returns the turn of a request, which reads or writes.
func newTurn(write bool) *turn { return &turn{number: turns.Add(1), write: write} }

// newBulkTurn returns the turn of what is bulk work from its first call on.
func newBulkTurn() *turn { return &turn{number: turns.Add(1), calls: bulkAfter} }

func (t *turn) hasWritten() bool { return t.written.Load() }

// The lanes of a queue.
const (
	laneReads = iota
	laneWrites
	laneBulk
	lanes
)

// queue is the calls that wait. There are three lanes: for requests that read,
// for those that write, and for the calls of either after the tenth. They take
// turns, so that neither a thousand changes nor a scan of a thousand pages
// makes a look-up wait for more than a few calls, and nobody has to say which
// work is urgent. Within a lane the calls of the oldest request come first:
// what was begun is finished before something new is begun, so that those who
// are too late are so before they have done anything.
type queue struct {
	lanes [lanes][]*waiter

	// after is the lane whose turn is next.
	after int

	// arrived counts waiters.
	arrived uint64
}

// waiter is one call that waits.
type waiter struct {
	turn    *turn
	lane    int
	arrival uint64

	// waiting says that it is in the queue.
	waiting bool

	// ready gets nil for a turn, or why there will be none.
	ready chan error
}

func older(a, b *waiter) int {
	return cmp.Or(cmp.Compare(a.turn.number, b.turn.number), cmp.Compare(a.arrival, b.arrival))
}

// add puts a call into the queue and returns how many would be made before it
// if no other came.
func (q *queue) add(t *turn) (w *waiter, ahead int) {
	q.arrived++
	w = &waiter{turn: t, arrival: q.arrived, waiting: true, ready: make(chan error, 1)}
	switch {
	case t.calls >= bulkAfter:
		w.lane = laneBulk
	case t.write:
		w.lane = laneWrites
	}
	lane := &q.lanes[w.lane]
	place, _ := slices.BinarySearchFunc(*lane, w, older)
	*lane = slices.Insert(*lane, place, w)
	return w, q.ahead(w.lane, place)
}

// ahead returns how many calls come before a place in a lane, when the lanes
// take turns.
func (q *queue) ahead(lane, place int) int {
	n := place
	for i := range q.lanes {
		if i != lane {
			n += min(len(q.lanes[i]), place+1)
		}
	}
	return n
}

// next takes the call whose turn it is out of the queue; nil for none.
func (q *queue) next() *waiter {
	for range q.lanes {
		lane := &q.lanes[q.after]
		q.after = (q.after + 1) % lanes
		if len(*lane) > 0 {
			w := (*lane)[0]
			*lane = slices.Delete(*lane, 0, 1)
			w.waiting = false
			return w
		}
	}
	return nil
}

// remove takes a call out of the queue and returns how many were before it.
func (q *queue) remove(w *waiter) (ahead int) {
	lane := &q.lanes[w.lane]
	place, _ := slices.BinarySearchFunc(*lane, w, older)
	ahead = q.ahead(w.lane, place)
	*lane = slices.Delete(*lane, place, place+1)
	w.waiting = false
	return ahead
}

func (q *queue) len() int {
	n := 0
	for i := range q.lanes {
		n += len(q.lanes[i])
	}
	return n
}
