package mapping

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// teamBench is a bench with a team in which there is everybody that a team may
// hold: active and deactivated people, somebody whom SCIM deleted, and a service
// user.
type teamBench struct {
	*bench
	team int

	// one and two are in the team, and so are off, who is deactivated, gone,
	// who was deleted over SCIM, and bot, a service user. Three and four are not.
	one, two, three, four, off, gone, bot int
}

// inTeamDialects runs a test with a teamBench in both dialects.
func inTeamDialects(t *testing.T, test func(t *testing.T, b *teamBench)) {
	t.Helper()
	inBothDialects(t, func(t *testing.T, b *bench) { test(t, newTeamBench(b)) })
}

func newTeamBench(b *bench) *teamBench {
	b.t.Helper()
	person := func(name string) int {
		return b.sandbox.AddUser(qualytics.User{UserName: name, Name: new(name + " Doe")})
	}
	s := &teamBench{bench: b}
	s.one, s.two, s.three, s.four = person("one"), person("two"), person("three"), person("four")
	s.off, s.gone = person("off"), person("gone")
	s.bot = b.sandbox.AddUser(qualytics.User{UserName: "bot", Type: qualytics.TypeService})
	s.team = b.sandbox.AddTeam(qualytics.Team{
		Name: "Finance", Description: new("Who counts"), Permission: "Author", DatastoreIDs: []int{1, 3},
		UserIDs: []int{s.one, s.two, s.off, s.gone, s.bot},
	})
	b.byHand(strconv.Itoa(s.off), switchOff)
	b.want(200, "GET", "/Users", "")
	b.want(204, "DELETE", "/Users/"+strconv.Itoa(s.gone), "")
	b.want(200, "GET", s.path(), "")
	// Where the API gives a user's teams by name, showing users took their list.
	b.memory.Doubt("Group")
	b.sandbox.ResetCalls()
	return s
}

func (s *teamBench) path() string { return groupPath(s.team) }

func groupPath(id int) string { return "/Groups/" + strconv.Itoa(id) }

// fill puts ids into a text in which they are called {one}, {bot} and so on.
func (s *teamBench) fill(text string) string {
	r := strings.NewReplacer(
		"{one}", strconv.Itoa(s.one), "{two}", strconv.Itoa(s.two), "{three}", strconv.Itoa(s.three), "{four}", strconv.Itoa(s.four),
		"{off}", strconv.Itoa(s.off), "{gone}", strconv.Itoa(s.gone), "{bot}", strconv.Itoa(s.bot), "{team}", strconv.Itoa(s.team),
	)
	return r.Replace(text)
}

// intact fails unless the team has these people besides gone and bot, and every
// field but the name as it was.
func (s *teamBench) intact(name string, people ...int) {
	s.t.Helper()
	want := qualytics.Team{
		ID: s.team, Name: name, Description: new("Who counts"), Permission: "Author", DatastoreIDs: []int{1, 3},
		UserIDs: slices.Sorted(slices.Values(append([]int{s.gone, s.bot}, people...))),
	}
	got, _ := s.sandbox.Team(s.team)
	want.Created = got.Created
	if !reflect.DeepEqual(got, want) {
		s.t.Errorf("the team is\n%s, want\n%s", teamText(got), teamText(want))
	}
}

func teamText(t qualytics.Team) string {
	description := "-"
	if t.Description != nil {
		description = *t.Description
	}
	return fmt.Sprintf("%s | %s | %s | users %v | datastores %v", t.Name, description, t.Permission, t.UserIDs, t.DatastoreIDs)
}

// showsMembers fails unless an answer holds exactly these members.
func showsMembers(t testing.TB, doc map[string]any, want ...int) {
	t.Helper()
	if got := membersOf(t, doc); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("members %v, want %v, in %v", got, want, doc)
	}
}

func membersOf(t testing.TB, doc map[string]any) []int {
	t.Helper()
	list, _ := doc["members"].([]any)
	ids := make([]int, 0, len(list))
	for _, m := range list {
		id, err := strconv.Atoi(textOf(t, m, "value"))
		if err != nil {
			t.Errorf("the member %v has no number", m)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// sameTeams runs a step that must leave every team as it is and make no call
// that writes.
func (b *bench) sameTeams(step func()) {
	b.t.Helper()
	before := b.sandbox.Teams()
	b.writesNothing(step)
	after := b.sandbox.Teams()
	if !reflect.DeepEqual(before, after) {
		b.t.Errorf("the teams were\n%v, now they are\n%v", before, after)
	}
}

func groupsBy(filter string) string { return "/Groups?filter=" + url.QueryEscape(filter) }

func addMember(id int) string {
	return patchOf(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"%d"}]}`, id))
}

func removeMember(id int) string {
	return patchOf(fmt.Sprintf(`{"op":"remove","path":"members","value":[{"value":"%d","display":""}]}`, id))
}

func atoi(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil
}

func tells(response Response, text string) bool { return strings.Contains(string(response.Body), text) }
