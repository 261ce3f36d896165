package mapping

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestGroupSequences does random requests about groups and people in random
// order, another writer among them, and compares every team with a model of it
// after each.
func TestGroupSequences(t *testing.T) {
	for seed := range uint64(30) {
		word := "ignore"
		if seed >= 20 {
			word = "keep"
		}
		t.Run(fmt.Sprint(word, seed), func(t *testing.T) {
			dialect := qualytics.DialectA()
			if seed%2 == 1 {
				dialect = qualytics.DialectB()
			}
			b := newBareBench(t, unguarded(t, append(unmapped(word), "    endpoint: /Groups\n", "    endpoint: /Groups\n    unmapped: "+word+"\n")...), dialect)
			b.sandbox.Seed(8, 3)
			s := groupSequence{bench: b, random: rand.New(rand.NewPCG(seed, 7)), deleted: make(map[int]bool)}
			for range 100 {
				s.model = b.sandbox.Teams()
				s.step()
				s.check()
				if t.Failed() {
					t.Fatalf("after:\n%s", strings.Join(s.log, "\n"))
				}
			}
			for _, violation := range b.sandbox.UnexpectedViolations() {
				t.Errorf("does not fit the API's document: %s", violation)
			}
		})
	}
}

// groupSequence is a run of random requests. The model is what every team must
// be.
type groupSequence struct {
	*bench
	random  *rand.Rand
	model   []qualytics.Team
	deleted map[int]bool
	log     []string
}

// hidden reports whether SCIM does not show a user.
func (s *groupSequence) hidden(id int) bool {
	u, ok := s.sandbox.User(id)
	return !ok || u.Type == qualytics.TypeService || s.deleted[id]
}

// some returns a few users, hidden ones seldom.
func (s *groupSequence) some(most int) []int {
	var ids []int
	users := s.sandbox.Users()
	for range s.random.IntN(most + 1) {
		id := users[s.random.IntN(len(users))].ID
		if !slices.Contains(ids, id) && (!s.hidden(id) || s.random.IntN(10) == 0) {
			ids = append(ids, id)
		}
	}
	return ids
}

// step does one random thing, to the model first.
func (s *groupSequence) step() {
	team := &s.model[s.random.IntN(len(s.model))]
	ids := s.some(4)
	values := make([]string, len(ids))
	for i, id := range ids {
		values[i] = fmt.Sprintf(`{"value":"%d"}`, id)
	}
	members := `[` + strings.Join(values, ",") + `]`
	path := groupPath(team.ID)
	touchable := team.Name != qualytics.PublicTeam
	// Whom SCIM does not show can't be added, even where they are in already.
	bad := slices.ContainsFunc(ids, s.hidden)
	want := 200
	if !touchable {
		want = 404
	}
	kept := slices.DeleteFunc(slices.Clone(team.UserIDs), func(id int) bool { return !s.hidden(id) })
	switch kind := s.random.IntN(11); kind {
	case 0, 1, 2:
		if bad && touchable {
			want = 400
		}
		if want == 200 {
			team.UserIDs = append(slices.Clone(team.UserIDs), ids...)
		}
		s.request(want, "PATCH", path, patchOf(`{"op":"add","path":"members","value":`+members+`}`))
	case 3, 4:
		if want == 200 {
			team.UserIDs = slices.DeleteFunc(slices.Clone(team.UserIDs), func(id int) bool { return !s.hidden(id) && slices.Contains(ids, id) })
		}
		s.request(want, "PATCH", path, patchOf(`{"op":"remove","path":"members","value":`+members+`}`))
	case 5, 6:
		if bad && touchable {
			want = 400
		}
		if want == 200 {
			team.UserIDs = append(kept, ids...)
		}
		body := `{"displayName":` + strconv.Quote(team.Name) + `,"members":` + members + `}`
		if kind == 5 {
			s.request(want, "PUT", path, body)
			return
		}
		s.request(want, "PATCH", path, patchOf(`{"op":"replace","value":`+body+`}`))
	case 7:
		name := fmt.Sprint("Team ", s.random.IntN(1000))
		_, taken := s.sandbox.TeamByName(name)
		if touchable && !taken {
			team.Name = name
			s.request(200, "PATCH", path, patchOf(`{"op":"replace","value":{"displayName":"`+name+`"}}`))
		}
	case 8:
		s.makeOrDelete(team, touchable)
	case 9:
		s.otherWriter(team, touchable)
	default:
		s.person()
	}
}

func (s *groupSequence) makeOrDelete(team *qualytics.Team, touchable bool) {
	if len(s.model) > 4 && touchable {
		s.request(204, "DELETE", groupPath(team.ID), "")
		id := team.ID
		s.model = slices.DeleteFunc(s.model, func(t qualytics.Team) bool { return t.ID == id })
		return
	}
	name := fmt.Sprint("New ", s.random.IntN(1000))
	if _, taken := s.sandbox.TeamByName(name); taken {
		return
	}
	s.request(201, "POST", "/Groups", `{"displayName":"`+name+`"}`)
	made, _ := s.sandbox.TeamByName(name)
	s.model = append(s.model, qualytics.Team{ID: made.ID, Name: name, Permission: "Viewer"})
}

// otherWriter changes a team, or adds somebody of whom SCIM has not heard.
func (s *groupSequence) otherWriter(team *qualytics.Team, touchable bool) {
	kind := []string{qualytics.TypeHuman, qualytics.TypeService}[s.random.IntN(2)]
	id := s.sandbox.AddUser(qualytics.User{UserName: fmt.Sprint("late.", s.random.Uint64()), Type: kind})
	s.log = append(s.log, fmt.Sprintf("another writer makes the %s %d and changes team %d", kind, id, team.ID))
	if !touchable {
		return
	}
	team.UserIDs = append(slices.Clone(team.UserIDs), id)
	team.DatastoreIDs = []int{s.random.IntN(5) + 1}
	team.Description = new(fmt.Sprint("text ", id))
	s.sandbox.EditTeam(team.ID, func(t *qualytics.Team) {
		t.UserIDs, t.DatastoreIDs, t.Description = team.UserIDs, team.DatastoreIDs, team.Description
	})
}

// person deactivates, restores or deletes somebody, which moves nobody.
func (s *groupSequence) person() {
	users := slices.DeleteFunc(s.sandbox.Users(), func(u qualytics.User) bool { return s.hidden(u.ID) })
	if len(users) < 5 {
		return
	}
	id := users[s.random.IntN(len(users))].ID
	path := "/Users/" + strconv.Itoa(id)
	switch s.random.IntN(4) {
	case 0:
		s.request(204, "DELETE", path, "")
		s.deleted[id] = true
	case 1:
		s.request(200, "PUT", path, `{"active":false}`)
	case 2:
		s.request(200, "PUT", path, `{"active":true}`)
	default:
		s.request(200, "PUT", path, `{"active":true,"displayName":"A B"}`)
	}
}

func (s *groupSequence) request(status int, method, path, body string) {
	s.t.Helper()
	response, _ := s.send(method, path, body)
	s.log = append(s.log, fmt.Sprintf("%s %s %s -> %d %+v", method, path, body, response.Status, response.Report.Calls))
	if response.Status != status {
		s.t.Errorf("%s %s %s: status %d, want %d: %s", method, path, body, response.Status, status, response.Body)
	}
}

// check compares every team with its model, and what SCIM shows of one.
func (s *groupSequence) check() {
	s.t.Helper()
	teams := s.sandbox.Teams()
	if len(teams) != len(s.model) {
		s.t.Errorf("there are %d teams, want %d", len(teams), len(s.model))
		return
	}
	shown := s.random.IntN(len(teams))
	for i, team := range teams {
		if team.Name == qualytics.PublicTeam {
			continue
		}
		want := s.model[i]
		slices.Sort(want.UserIDs)
		want.UserIDs = slices.Compact(want.UserIDs)
		if teamText(team) != teamText(want) {
			s.t.Errorf("the team %d is\n%s, want\n%s", team.ID, teamText(team), teamText(want))
		}
		if i == shown {
			visible := slices.DeleteFunc(slices.Clone(want.UserIDs), s.hidden)
			showsMembers(s.t, s.want(200, "GET", groupPath(team.ID), ""), visible...)
		}
	}
}
