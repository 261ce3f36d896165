package mapping

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// inTurn sends requests about the resource at a path that all wait for it until
// the last one has come, in this order, and returns their statuses.
func (b *bench) inTurn(path string, requests ...Request) []int {
	b.t.Helper()
	cut := strings.LastIndexByte(path, '/')
	release, err := b.keeper.Lock(b.t.Context(), strings.Trim(path[:cut], "/s")+"/id:"+path[cut+1:])
	if err != nil {
		b.t.Fatal(err)
	}
	statuses := make([]int, len(requests))
	var wg sync.WaitGroup
	for i, req := range requests {
		req.Path, req.Base = path, testBase
		wg.Go(func() {
			response := b.program.Serve(b.t.Context(), b.world, req)
			statuses[i] = response.Status
		})
		b.keeper.waitFor(i + 1)
	}
	release()
	wg.Wait()
	return statuses
}

// patchFor is a PATCH for a version.
func patchFor(match, body string) Request {
	return Request{Method: "PATCH", Body: []byte(body), IfMatch: match}
}

// TestOneOfManyWins has 20 requests for the same version at once.
func TestOneOfManyWins(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		crowd := b.crowd(20)
		for path, body := range map[string]func(i int) string{
			"/Users/" + strconv.Itoa(b.one): func(i int) string {
				return patchOf(`{"op":"replace","path":"displayName","value":"One ` + strconv.Itoa(i) + `"}`)
			},
			b.path(): func(i int) string { return addMember(crowd[i]) },
			managers: func(i int) string { return addMember(crowd[i]) },
		} {
			version := b.version(path)
			requests := make([]Request, len(crowd))
			for i := range requests {
				requests[i] = patchFor(version, body(i))
			}
			b.sandbox.ResetCalls()
			statuses := b.inTurn(path, requests...)
			slices.Sort(statuses)
			if want := append([]int{200}, slices.Repeat([]int{412}, len(crowd)-1)...); !slices.Equal(statuses, want) {
				t.Errorf("%s: %v", path, statuses)
			}
			if n := b.sandbox.Count("PUT *"); n != 1 {
				t.Errorf("%s: %d writes", path, n)
			}
			if b.version(path) == version {
				t.Errorf("%s has its old version", path)
			}
		}
	})
}

// TestConditionsInTurn has each request see what those before it have left.
func TestConditionsInTurn(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		for _, path := range []string{b.path(), managers} {
			b.want(200, "PUT", path, b.fill(`{"members":[{"value":"{one}"}]}`))
			first := b.version(path)
			b.want(200, "PATCH", path, addMember(b.three))
			second := b.version(path)
			b.want(200, "PATCH", path, addMember(b.four))
			third := b.version(path)
			b.want(200, "PATCH", path, remove(b.fill("{three}"), b.fill("{four}")))

			none := patchFor("", addMember(b.two))
			none.IfNoneMatch = "*"
			statuses := b.inTurn(
				path,
				patchFor("", addMember(b.one)),
				patchFor(first, addMember(b.one)),
				patchFor(first, addMember(b.three)),
				patchFor(first, addMember(b.two)),
				patchFor("", addMember(b.three)),
				none,
				patchFor("*", addMember(b.three)),
				patchFor(otherTag+","+second, addMember(b.three)),
				patchFor("", addMember(b.four)),
				patchFor("", removeMember(b.one)),
				patchFor("", addMember(b.one)),
				patchFor(second, addMember(b.two)),
				patchFor(third, removeMember(b.four)),
			)
			if want := []int{200, 200, 200, 412, 200, 412, 200, 200, 200, 200, 200, 412, 200}; !slices.Equal(statuses, want) {
				t.Errorf("%s: %v, want %v", path, statuses, want)
			}
			if got := b.version(path); got != second {
				t.Errorf("%s has the version %s, want %s", path, got, second)
			}
		}
	})
}

// TestConditionsOfWhatTheAPIRefuses has changes tried one by one after the API
// has refused their sum, each for its version.
func TestConditionsOfWhatTheAPIRefuses(t *testing.T) {
	const rename = `{"op":"replace","path":"displayName","value":"sales"}`
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.sandbox.AddTeam(qualytics.Team{Name: "Sales"})
		for _, c := range []struct {
			bodies []string
			want   []int
		}{
			{[]string{patchOf(rename), addMember(b.three)}, []int{409, 200}},
			{[]string{addMember(b.four), patchOf(rename), addMember(b.four)}, []int{200, 409, 200}},
		} {
			requests := []Request{patchFor(b.version(b.path()), c.bodies[0])}
			for _, body := range c.bodies[1:] {
				requests = append(requests, patchFor("", body))
			}
			if got := b.inTurn(b.path(), requests...); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		}
		b.intact("Finance", b.one, b.two, b.three, b.four, b.off)
	})
}

// after is an Upstream with which something else happens once, as soon as a
// call has been answered.
type after struct {
	Upstream
	call string
	once sync.Once
	then func()
}

func (a *after) Do(ctx context.Context, call Call) (Answer, error) {
	answer, err := a.Upstream.Do(ctx, call)
	if call.Name == a.call {
		a.once.Do(a.then)
	}
	return answer, err
}

// TestConditionRightBeforeTheWrite has somebody else change the resource while
// the request finds out about those that it names.
func TestConditionRightBeforeTheWrite(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		version := b.version(b.path())
		b.memory.ids = make(map[Key][]string)
		b.world.Upstream = &after{Upstream: b.world.Upstream, call: "User.others", then: func() {
			b.sandbox.EditTeam(b.team, func(team *qualytics.Team) { team.Name = "Money" })
		}}
		if response := b.conditional("PATCH", b.path(), removeMember(b.one), version, ""); response.Status != 412 {
			t.Errorf("status %d %s", response.Status, response.Body)
		}
		b.intact("Money", b.one, b.two, b.off)
	})
	inStaffDialects(t, func(t *testing.T, s *staff) {
		version := s.version(managers)
		s.world.Upstream = &after{Upstream: s.world.Upstream, call: "User.list", then: func() {
			s.byHand(s.lead, func(u *qualytics.User) { u.Role = qualytics.RoleMember })
		}}
		if response := s.conditional("PATCH", managers, remove(s.lead), version, ""); response.Status != 412 {
			t.Errorf("status %d %s", response.Status, response.Body)
		}
	})
}
