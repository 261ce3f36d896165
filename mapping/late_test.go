package mapping

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// dawdling is an Upstream that gets no answer to the first write of a path, and
// whose API carries it out later.
type dawdling struct {
	Upstream
	method, path string

	// after has the transport repeat the call, which is answered.
	after bool

	call *Call
	once bool
}

func (d *dawdling) Do(ctx context.Context, call Call) (Answer, error) {
	if d.once || call.Method != d.method || call.Path != d.path {
		return d.Upstream.Do(ctx, call)
	}
	d.once, d.call = true, &call
	if d.after {
		answer, err := d.Upstream.Do(ctx, call)
		answer.Late, answer.Repeated = true, true
		return answer, err
	}
	return Answer{}, &CallError{Timeout: true, Late: true, Err: context.DeadlineExceeded}
}

// catchUp carries the call out, if that was not done.
func (d *dawdling) catchUp(ctx context.Context) {
	if d.call != nil {
		_, _ = d.Upstream.Do(ctx, *d.call)
		d.call = nil
	}
}

// dawdles has a write of a bench be carried out late: when somebody waits for it,
// or else when the returned function is called.
func dawdles(b *bench, d *dawdling) (catchUp func()) {
	d.Upstream = b.world.Upstream
	b.world.Upstream, b.world.Late = d, time.Hour
	b.world.Gatherer.pause = func(ctx context.Context, _ time.Duration) error {
		d.catchUp(ctx)
		return nil
	}
	return func() { d.catchUp(b.t.Context()) }
}

// TestListThatComesLate has the write of a whole list of members be carried out
// after a later one: whoever was taken out by that stays out.
func TestListThatComesLate(t *testing.T) {
	for name, answered := range map[string]bool{"without an answer": false, "answered when it was repeated": true} {
		t.Run(name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				b.want(200, "PUT", b.path(), b.fill(`{"members":[{"value":"{one}"},{"value":"{two}"}]}`))
				catchUp := dawdles(b.bench, &dawdling{method: "PUT", path: "/api/teams/" + b.path()[len("/Groups/"):], after: answered})
				all := b.fill(`{"members":[{"value":"{one}"},{"value":"{two}"},{"value":"{three}"}]}`)
				if answered {
					b.want(200, "PUT", b.path(), all)
				} else {
					b.fails(504, "", "PUT", b.path(), all)
				}
				b.want(200, "PATCH", b.path(), removeMember(b.two))
				catchUp()
				team, _ := b.sandbox.Team(b.team)
				if slices.Contains(team.UserIDs, b.two) {
					t.Errorf("the members are %v", team.UserIDs)
				}
			})
		})
	}
}

// TestRoleThatComesLate is the same of a person's role, by a role group.
func TestRoleThatComesLate(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		catchUp := dawdles(s.bench, &dawdling{method: "PUT", path: "/api/users/" + s.ana})
		s.fails(504, "", "PUT", "/Users/"+s.ana, `{"roles":["Admin"]}`)
		s.want(200, "PATCH", admins, remove(s.ana))
		catchUp()
		s.roles(map[string]string{s.ana: "Member"})
	})
}

// TestRestoreThatComesLate activates somebody who was deactivated meanwhile. That
// does not wait for it, and is looked at once more.
func TestRestoreThatComesLate(t *testing.T) {
	for method, body := range map[string]string{"PUT": `{"active":false}`, "DELETE": ""} {
		t.Run(method, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				id := somebody(b)
				b.want(200, "PUT", "/Users/"+id, `{"active":false}`)
				catchUp := dawdles(b, &dawdling{method: "POST", path: "/api/users/" + id + "/restore"})
				b.fails(504, "", "PUT", "/Users/"+id, `{"active":true}`)
				b.byHand(id, switchOn)
				if response, _ := b.send(method, "/Users/"+id, body); response.Status >= 300 {
					t.Errorf("%d %s", response.Status, response.Body)
				}
				catchUp()
				if b.user(id).Active() {
					t.Error("the user is active")
				}
			})
		})
	}
}

// TestNobodyWaitsForEver has the time of a request be over before that of a late
// write: it is told so, and the next one waits.
func TestNobodyWaitsForEver(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	dawdles(b, &dawdling{method: "PUT", path: "/api/users/" + id})
	b.fails(504, "", "PUT", "/Users/"+id, `{"displayName":"A"}`)
	wait := b.world.Gatherer.pause
	b.world.Gatherer.pause = func(context.Context, time.Duration) error { return context.DeadlineExceeded }
	b.writesNothing(func() { b.fails(503, "", "PUT", "/Users/"+id, `{"displayName":"B"}`) })
	b.world.Gatherer.pause = wait
	b.want(200, "PUT", "/Users/"+id, `{"displayName":"B"}`)
	b.has(id, "ana.r | ana@corp.test | B | Manager | Public+Finance DQ | on")
}
