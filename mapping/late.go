package mapping

import (
	"context"
	"errors"
	"time"
)

// A write that got no answer in time may be carried out after later ones, and
// then takes them back: an old list of members comes back as a whole. So the next
// change of the same resource waits until that is not to be expected any more, and
// then reads what there is. What comes later still can't be told from what somebody
// else does in the API.

// noteLate notes of a call that changes a resource that it may come late.
func (x *run) noteLate(c *call, id string, answer Answer, err error) {
	var unanswered *CallError
	late := answer.Late || answer.Status == 504 || errors.As(err, &unanswered) && unanswered.Late
	if late && id != "" && x.changes(c.name) != "" && x.world.Gatherer != nil && x.world.Late > 0 {
		x.world.Gatherer.expect(x.lockName(id), time.Now().Add(x.world.Late))
	}
}

// awaitLate waits until no write of these resources is expected to come late, and
// reports whether one was. Their locks must be held.
func (x *run) awaitLate(ctx context.Context, ids ...string) (waited bool, err error) {
	if x.world.Gatherer == nil {
		return false, nil
	}
	for _, id := range ids {
		w, err := x.world.Gatherer.await(ctx, x.lockName(id))
		if err != nil {
			return waited, err
		}
		waited = waited || w
	}
	return waited, nil
}

// expect notes that a write under a name may come late, until a time.
func (g *Gatherer) expect(name string, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.late == nil {
		g.late = make(map[string]time.Time)
	}
	for other, t := range g.late {
		if time.Until(t) < 0 {
			delete(g.late, other)
		}
	}
	g.late[name] = until
}

// await waits until no write under a name is expected to come late, and reports
// whether one was.
func (g *Gatherer) await(ctx context.Context, name string) (bool, error) {
	g.mu.Lock()
	until, expected := g.late[name]
	delete(g.late, name)
	g.mu.Unlock()
	left := time.Until(until)
	if !expected || left <= 0 {
		return false, nil
	}
	wait := g.pause
	if wait == nil {
		wait = pause
	}
	if err := wait(ctx, left); err != nil {
		// It is for the next one to wait.
		g.expect(name, until)
		return false, err
	}
	return true, nil
}

// pause waits for a time, or until ctx ends and then returns why.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
