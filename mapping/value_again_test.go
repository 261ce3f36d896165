package mapping

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestNamesThereAndBack has names that say different things be written again after
// others came between: that they were once applied does not say that they are there.
func TestNamesThereAndBack(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		const a = `{"userName":"ana.r","displayName":"Ana R.","name":{"givenName":"Anna","familyName":"Rice"}}`
		for range 2 {
			b.want(200, "PUT", "/Users/"+id, a)
			written := shown(b.user(id))
			b.writesNothing(func() { b.want(200, "PUT", "/Users/"+id, a) })
			b.want(200, "PUT", "/Users/"+id, `{"userName":"ana.r","displayName":"Eve S","name":{"formatted":"Eve S","givenName":"Eve","familyName":"S"}}`)
			if between := shown(b.user(id)); between == written {
				t.Fatalf("nothing came between: %s", between)
			}
			b.want(200, "PUT", "/Users/"+id, a)
			if got := shown(b.user(id)); got != written {
				t.Errorf("the same again is %s, want %s", got, written)
			}
			b.byHand(id, func(u *qualytics.User) { u.Name = new("By Hand") })
		}
	})
}

// TestManyMembersCold gives a team more members than the list of people has pages,
// before anything is known: the list is read, and not each of them.
func TestManyMembersCold(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(450, 2)
		b.restart()
		var members []string
		for _, id := range b.people()[:300] {
			members = append(members, `{"value":"`+id+`"}`)
		}
		b.sandbox.ResetCalls()
		b.want(200, "PUT", "/Groups/2", `{"displayName":"Finance DQ","members":[`+strings.Join(members, ",")+`]}`)
		if calls := b.sandbox.Calls(); len(calls) > 5+1+4 {
			t.Errorf("%d calls:%s", len(calls), listed(calls[:12]))
		}
		if team, _ := b.sandbox.Team(2); len(team.UserIDs) < 300 {
			t.Errorf("%d members", len(team.UserIDs))
		}
	})
}

// sparing is an API that leaves empty fields out of its one team.
type sparing struct{ sent []string }

func (s *sparing) Do(_ context.Context, call Call) (Answer, error) {
	team := `{"id":2,"name":"Finance DQ","users":[{"id":2}]}`
	switch {
	case call.Method == "PUT":
		s.sent = append(s.sent, string(call.Body))
		team = `{"id":2,"name":"Money","users":[{"id":2}]}`
	case call.ID == "":
		team = `{"items":[],"total":0}`
	}
	return Answer{Status: 200, Body: []byte(team)}, nil
}

// TestCarryOfWhatIsAbsent updates a team of which the API does not show what an update
// has to send back: what is not there stays out.
func TestCarryOfWhatIsAbsent(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	api := new(sparing)
	b.world.Upstream = api
	b.want(200, "PATCH", "/Groups/2", patchOf(`{"op":"replace","path":"displayName","value":"Money"}`))
	if want := []string{`{"name":"Money","user_ids":[2]}`}; !slices.Equal(api.sent, want) {
		t.Errorf("sent was %q, want %q", api.sent, want)
	}
}
