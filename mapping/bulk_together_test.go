package mapping

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// manyChanges are operations that change the team.
func (s *teamBench) manyChanges(bodies ...string) []string {
	operations := make([]string, len(bodies))
	for i, body := range bodies {
		operations[i] = op("PATCH", s.path(), body)
	}
	return operations
}

// TestBulkTogether writes changes of one team that follow each other at once,
// as if they had been made one by one.
func TestBulkTogether(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		crowd := b.crowd(50)
		operations := b.manyChanges(adds(crowd)...)
		for _, id := range crowd[:25] {
			operations = append(operations, b.manyChanges(removeMember(id), addMember(id), removeMember(id))...)
		}
		operations = append(operations, op("PUT", b.path(), b.fill(`{"displayName":"Money","externalId":"e"}`)))
		b.costs(3, func() { // with a look at who has the new name
			isStatuses(t, b.bulk(bulkOf(operations...)), strings.TrimSuffix(strings.Repeat("200, ", len(operations)), ", "))
		})
		b.intact("Money", append(crowd[25:], b.one, b.two, b.off)...)
	})
}

// TestBulkTogetherWithABadOne has a change that can't be fail alone.
func TestBulkTogetherWithABadOne(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.sandbox.AddTeam(qualytics.Team{Name: "Sales"})
		crowd := b.crowd(3)
		results := b.bulk(bulkOf(append(b.manyChanges(
			addMember(crowd[0]),
			addMember(987654),
			patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:made"}]}`),
			patchOf(`{"op":"replace","path":"displayName","value":"sales"}`),
			patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:taken"}]}`),
			patchOf(`{"op":"nonsense"}`),
			addMember(crowd[1]),
		), postOp("/Users", "made", `{"userName":"made"}`), postOp("/Users", "taken", `{"userName":"one"}`),
			op("PATCH", b.path(), addMember(crowd[2])))...))
		isStatuses(t, results, "200, 400 invalidValue, 200, 409 uniqueness, 409, 400 invalidSyntax, 200, 201, 409 uniqueness, 200")
		made, _ := atoi(madeID(t, results[7], "/Users"))
		b.intact("Finance", append(crowd, b.one, b.two, b.off, made)...)
	})
}

// TestBulkApart has what follows an error that the client wants to stop at not
// be done, and changes of different resources be made one by one.
func TestBulkApart(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		crowd := b.crowd(3)
		isStatuses(t, b.bulk(bulkUntil("1", b.manyChanges(addMember(crowd[0]), addMember(987654), addMember(crowd[1]))...)), "200, 400 invalidValue")
		b.intact("Finance", b.one, b.two, b.off, crowd[0])
		other := b.sandbox.AddTeam(qualytics.Team{Name: "Other"})
		b.costs(6, func() {
			isStatuses(t, b.bulk(bulkOf(
				op("PATCH", b.path(), addMember(crowd[1])), op("PATCH", groupPath(other), addMember(crowd[1])), op("PATCH", b.path(), addMember(crowd[2])),
			)), "200, 200, 200")
		})
		b.world.Gatherer = nil
		b.costs(4, func() {
			isStatuses(t, b.bulk(bulkOf(b.manyChanges(removeMember(crowd[1]), removeMember(crowd[2]))...)), "200, 200")
		})
		b.intact("Finance", b.one, b.two, b.off, crowd[0])
	})
}

// TestBulkTogetherReport has each operation's report be its own.
func TestBulkTogetherReport(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		crowd := b.crowd(3)
		response, _ := b.send("POST", "/Bulk", bulkOf(b.manyChanges(adds(crowd)...)...))
		calls := 0
		for _, did := range response.Report.Operations {
			calls += len(did.Calls)
			if did.Operation != "patch" || did.Resource != "Group" || did.ID != strconv.Itoa(b.team) || did.Status != 200 {
				t.Errorf("report %+v", did)
			}
		}
		if calls != 2 {
			t.Errorf("%d calls in %+v", calls, response.Report.Operations)
		}
	})
}

// TestBulkTogetherInAStorm has several bulk requests change the same teams.
func TestBulkTogetherInAStorm(t *testing.T) {
	for _, dialect := range []qualytics.Dialect{qualytics.DialectA(), qualytics.DialectB()} {
		s := newTeamBench(newBareBench(t, shipped(t), dialect))
		crowd := s.crowd(16 * 4)
		var wg sync.WaitGroup
		for w := range 16 {
			wg.Go(func() {
				mine := crowd[w*4 : w*4+4]
				body := bulkOf(s.manyChanges(append(adds(mine), removeMember(mine[0]), addMember(mine[0]), removeMember(mine[1]))...)...)
				if response, _ := s.send("POST", "/Bulk", body); strings.Count(string(response.Body), `"status":"200"`) != 7 {
					t.Errorf("status %d: %s", response.Status, response.Body)
				}
			})
		}
		wg.Wait()
		want := []int{s.one, s.two, s.off}
		for w := range 16 {
			want = append(want, crowd[w*4], crowd[w*4+2], crowd[w*4+3])
		}
		s.intact("Finance", want...)
	}
}

// brokenUpstream has a defect.
type brokenUpstream struct{}

func (brokenUpstream) Do(context.Context, Call) (Answer, error) { panic("defect") }

// TestBulkTogetherWithADefect has a panic come where it can be caught.
func TestBulkTogetherWithADefect(t *testing.T) {
	s := newTeamBench(newBench(t, qualytics.Config{}))
	s.world.Upstream = brokenUpstream{}
	defer func() {
		if v := recover(); v != "defect" {
			t.Errorf("recovered %v", v)
		}
	}()
	s.send("POST", "/Bulk", bulkOf(s.manyChanges(addMember(s.three), addMember(s.four))...))
}
