package mapping

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// waitFor waits until so many calls of Lock wait.
func (k *keeper) waitFor(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.waiters < n {
		k.waiting.Wait()
	}
}

// crowd adds people whom SCIM has seen.
func (s *teamBench) crowd(n int) []int {
	s.t.Helper()
	ids := make([]int, n)
	for i := range ids {
		ids[i] = s.sandbox.AddUser(qualytics.User{UserName: fmt.Sprintf("crowd.%d", i)})
	}
	for _, id := range ids {
		s.memory.Learn(strconv.Itoa(id), nil, []Key{{Resource: "User", Attribute: "id", Value: strconv.Itoa(id)}})
	}
	s.sandbox.ResetCalls()
	return ids
}

// atOnce sends PATCHes to the team that all wait for their turn until every one
// of them does, and returns their answers.
func (s *teamBench) atOnce(ctx context.Context, bodies []string, meanwhile func()) []Response {
	s.t.Helper()
	release, err := s.keeper.Lock(s.t.Context(), "Group/id:"+strconv.Itoa(s.team))
	if err != nil {
		s.t.Fatal(err)
	}
	responses := make([]Response, len(bodies))
	var wg sync.WaitGroup
	for i, body := range bodies {
		wg.Go(func() { responses[i], _ = s.sendContext(ctx, "PATCH", s.path(), body) })
	}
	s.keeper.waitFor(len(bodies))
	meanwhile()
	release()
	wg.Wait()
	return responses
}

func adds(ids []int) []string {
	bodies := make([]string, len(ids))
	for i, id := range ids {
		bodies[i] = addMember(id)
	}
	return bodies
}

func nothing() {}

func TestGather(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		crowd := b.crowd(100)
		for i, response := range b.atOnce(t.Context(), adds(crowd), nothing) {
			if response.Status != 200 || !tells(response, `"value":"`+strconv.Itoa(crowd[i])+`"`) {
				t.Errorf("%d: status %d %v", i, response.Status, response.Err)
			}
		}
		if n := b.sandbox.Count("PUT *"); n == 0 || n > 20 {
			t.Errorf("%d writes", n)
		}
		b.intact("Finance", append(crowd, b.one, b.two, b.off)...)
	})
}

// TestGatherWithABadOne has every kind of refusal fail alone.
func TestGatherWithABadOne(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.sandbox.AddTeam(qualytics.Team{Name: "Sales"})
		crowd := b.crowd(20)
		bad := map[string]int{
			addMember(987654): 400, addMember(b.bot): 400, addMember(b.gone): 400,
			patchOf(`{"op":"remove","path":"displayName"}`):                             400,
			patchOf(`{"op":"replace","path":"displayName","value":"sales"}`):            409,
			patchOf(`{"op":"replace","path":"nonsense[x","value":"sales"}`):             400,
			patchOf(`{"op":"replace","path":"displayName","value":["a", "b"]}`):         400,
			patchOf(`{"op":"replace","path":"members[value eq \"77\"].x","value":"y"}`): 400,
		}
		// What can't even be read does not wait.
		for body, status := range bad {
			if response, _ := b.send("PATCH", b.path(), body); response.Status != status {
				t.Errorf("%s alone: status %d, want %d", body, response.Status, status)
			}
		}
		queue := adds(crowd)
		queue = append(queue, addMember(987654), patchOf(`{"op":"replace","path":"displayName","value":"sales"}`), addMember(b.bot))
		for i, response := range b.atOnce(t.Context(), queue, nothing) {
			want := 200
			if i >= len(crowd) {
				want = bad[queue[i]]
			}
			if response.Status != want {
				t.Errorf("%s: status %d, want %d: %v", queue[i], response.Status, want, response.Err)
			}
		}
		b.intact("Finance", append(crowd, b.one, b.two, b.off)...)
	})
}

// TestGatherInAStorm changes five groups from all sides.
func TestGatherInAStorm(t *testing.T) {
	for _, dialect := range []qualytics.Dialect{qualytics.DialectA(), qualytics.DialectB()} {
		s := newTeamBench(newBareBench(t, shipped(t), dialect))
		crowd := s.crowd(64 * 4)
		var teams []int
		for i := range 5 {
			ids := []int{s.bot}
			for w := range 64 {
				ids = append(ids, crowd[w*4], crowd[w*4+1])
			}
			teams = append(teams, s.sandbox.AddTeam(qualytics.Team{Name: fmt.Sprint("Storm ", i), UserIDs: ids, DatastoreIDs: []int{2}}))
		}
		var wg sync.WaitGroup
		for w := range 64 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(w), 1))
				order := slices.Clone(teams)
				random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
				for _, id := range order {
					mine := crowd[w*4 : w*4+4]
					for _, body := range []string{removeMember(mine[0]), addMember(mine[2]), addMember(mine[3]), removeMember(mine[3])} {
						if response, _ := s.send("PATCH", groupPath(id), body); response.Status != 200 {
							t.Errorf("status %d: %v", response.Status, response.Err)
						}
					}
				}
			})
		}
		wg.Wait()
		want := []int{s.bot}
		for w := range 64 {
			want = append(want, crowd[w*4+1], crowd[w*4+2])
		}
		for _, id := range teams {
			team, _ := s.sandbox.Team(id)
			if slices.Sort(want); !slices.Equal(team.UserIDs, want) || !slices.Equal(team.DatastoreIDs, []int{2}) {
				t.Errorf("%s, want users %v", teamText(team), want)
			}
		}
	}
}

// TestGatherGivenUp has a request end while it waits.
func TestGatherGivenUp(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		ctx, cancel := context.WithCancel(t.Context())
		crowd := b.crowd(5)
		for _, response := range b.atOnce(ctx, adds(crowd), func() { cancel(); b.keeper.waitForNone() }) {
			if response.Status != 503 || response.RetryAfter == 0 {
				t.Errorf("status %d: %v", response.Status, response.Err)
			}
		}
		if n := b.sandbox.Count("PUT *"); n > 0 {
			t.Errorf("%d writes for nobody", n)
		}
		b.intact("Finance", b.one, b.two, b.off)
		b.want(200, "PATCH", b.path(), addMember(b.three))
		b.intact("Finance", b.one, b.two, b.off, b.three)
	})
}

// waitForNone waits until no call of Lock waits any more.
func (k *keeper) waitForNone() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.waiters > 0 {
		k.waiting.Wait()
	}
}

// TestGatherOutlivesWhoWrites has the request that does the work of all end
// before the work does.
func TestGatherOutlivesWhoWrites(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		ctx, cancel := context.WithCancel(t.Context())
		jobs := []*job{{ctx: ctx}, {ctx: t.Context()}}
		shared, end := sharedContext(jobs)
		cancel()
		if shared.Err() != nil {
			t.Error("the work ends with the first of two requests")
		}
		end()
		shared, end = sharedContext(jobs[:1])
		defer end()
		<-shared.Done()
	})
}

// TestGatherFails has the API fail at a write that several requests wait for.
func TestGatherFails(t *testing.T) {
	for name, c := range map[string]struct {
		fault  qualytics.Fault
		times  int
		status int
	}{
		"429":         {qualytics.Fault{Kind: qualytics.TooManyRequests}, 1, 429},
		"503":         {qualytics.Fault{Kind: qualytics.Unavailable}, 1, 503},
		"500":         {qualytics.Fault{Kind: qualytics.ServerError}, 1, 502},
		"reset":       {qualytics.Fault{Kind: qualytics.ResetBefore}, 1, 502},
		"answer lost": {qualytics.Fault{Kind: qualytics.ResetAfter}, 1, 502},
		"a page":      {qualytics.Fault{Kind: qualytics.HTMLPage}, 1, 502},
		"422":         {qualytics.Fault{Kind: qualytics.Canned, Status: 422, Body: `{"detail":[{"loc":["body","user_ids"]}]}`}, -1, 400},
		"422 once":    {qualytics.Fault{Kind: qualytics.Canned, Status: 422, Body: `{}`}, 1, 200},
	} {
		for _, method := range []string{"PUT", "GET"} {
			if method == "GET" && (c.status == 400 || c.status == 200 || name == "answer lost") {
				continue
			}
			t.Run(name+" to "+method, func(t *testing.T) {
				inTeamDialects(t, func(t *testing.T, b *teamBench) {
					crowd := b.crowd(10)
					b.sandbox.Fail(method+" /api/teams/{id}", c.fault, c.times)
					for _, response := range b.atOnce(t.Context(), adds(crowd), nothing) {
						if response.Status != c.status {
							t.Errorf("status %d, want %d: %v", response.Status, c.status, response.Err)
						}
					}
					b.sandbox.ClearFaults()
					if name != "answer lost" && c.status != 200 {
						b.intact("Finance", b.one, b.two, b.off)
					}
					for _, response := range b.atOnce(t.Context(), adds(crowd), nothing) {
						if response.Status != 200 {
							t.Errorf("again: status %d: %v", response.Status, response.Err)
						}
					}
					b.intact("Finance", append(crowd, b.one, b.two, b.off)...)
				})
			})
		}
	}
}

// TestGatherLingers has a change come a moment after several others that are
// about to be written: it is written with them.
func TestGatherLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gatherer{Linger: time.Second}
		start := time.Now()
		g.add("a", &job{})
		g.settle(t.Context(), "a")
		if waited := time.Since(start); waited != 0 {
			t.Errorf("a single change waited for %v", waited)
		}
		g.add("a", &job{})
		time.AfterFunc(time.Second/2, func() { g.add("a", &job{}) })
		g.settle(t.Context(), "a")
		if n := len(g.take("a")); n != 3 {
			t.Errorf("%d changes are written together", n)
		}
	})
}
