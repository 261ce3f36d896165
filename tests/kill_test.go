package tests

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

const (
	// killed is how often each Caddy is killed at least.
	killed = 30

	syncPeople, syncGroups, syncClients = 500, 20, 4
)

// TestKill has a provider bring its people and groups into the API while the
// sidecar is killed, at moments of every kind, and begun again. What was
// acknowledged stays so, and in the end all is as without a kill, in the API
// as over SCIM: nothing is lost, nothing is there twice, nothing is left over.
func TestKill(t *testing.T) {
	command := buildCaddy(t)
	var want killState
	t.Run("undisturbed", func(t *testing.T) {
		want = synchronize(t, startKiller(t, command, qualytics.DialectA(), 0))
	})
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			seed := uint64(len(want.api)) + uint64(name[0])
			k := startKiller(t, command, dialect, seed)
			k.pause = 45
			k.aim()
			is := synchronize(t, k)
			n := 0
			for _, times := range k.kills {
				n += times
			}
			t.Logf("%d kills with the seed %d: %s", n, seed, k.summary())
			if n < killed {
				t.Errorf("killed %d times, want at least %d", n, killed)
			}
			for _, difference := range differences(is.shown, want.shown, nil) {
				t.Errorf("over SCIM: %s", difference)
			}
			for _, difference := range differences(is.api, want.api, nil) {
				t.Errorf("in the API: %s", difference)
			}
		})
	}
}

// killState is what there is in the end.
type killState struct{ shown, api facts }

// synchronize does what a directory has to do in its first weeks, and returns
// what there is then.
func synchronize(t *testing.T, k *killer) killState {
	t.Helper()
	k.seed()
	k.provider.acknowledge(k.shown(t))
	s := newDirectory(k.provider)
	k.run(t, s.work)

	shown := k.shown(t)
	for _, difference := range k.provider.differences(shown) {
		t.Errorf("the provider was told otherwise: %s", difference)
	}
	for i := range s.people {
		u := &s.people[i]
		for _, external := range []string{external(i, 0), external(i, 1)} {
			want := 0
			if shown[userFact(u.email, "externalId")] == external {
				want = 1
			}
			if ids := k.byExternalID(t, external); len(ids) != want || want == 1 && ids[0] != s.ids[i] {
				t.Errorf("%s is found as %q", external, ids)
			}
		}
	}
	// The one that goes on tidies up when it writes for the first time.
	s.people[0].externalID = external(0, 2)
	s.put(s.ids[0], s.people[0])
	shown[userFact(emailOf(0), "externalId")] = external(0, 2)
	k.unremarkable(t)
	for _, entry := range k.entries(t) {
		if entry.left || !entry.whole {
			t.Errorf("left in the storage: %s", strings.TrimPrefix(entry.path, k.storage))
		}
	}
	return killState{shown, held(k.sandbox)}
}

// seed adds accounts of people who have signed in before, and teams that have
// access already.
func (k *killer) seed() {
	for i := 3; i < syncPeople; i += 25 {
		k.sandbox.AddUser(qualytics.User{UserName: "sso." + strconv.Itoa(i), Email: new(emailOf(i)), Name: new("Sso Account")})
	}
	for g := 0; g < syncGroups; g += 5 {
		bot := k.sandbox.AddUser(qualytics.User{UserName: "bot." + strconv.Itoa(g), Name: new("Bot"), Type: qualytics.TypeService})
		k.sandbox.AddTeam(qualytics.Team{
			Name: groupName(g), Permission: "Author", Description: new("Data of " + groupName(g)),
			DatastoreIDs: []int{1, 3}, UserIDs: []int{bot},
		})
	}
}

// held is what the API holds, by facts as SCIM has them.
func held(sandbox *qualytics.Sandbox) facts {
	all := facts{}
	byID := map[int]string{}
	for _, u := range sandbox.Users() {
		key := u.UserName
		if u.Email != nil && u.Type == qualytics.TypeHuman {
			key = *u.Email
		}
		byID[u.ID] = key
		if other, double := all[userFact(key, "userName")]; double {
			key += " again, beside " + other
		}
		all[userFact(key, "userName")] = u.UserName
		all[userFact(key, "is")] = fmt.Sprint(*u.Name, " ", u.Role, " ", u.Type, " ", u.Active())
	}
	for _, team := range sandbox.Teams() {
		description := ""
		if team.Description != nil {
			description = *team.Description
		}
		all[groupFact(team.Name, "has")] = fmt.Sprint(description, team.Permission, team.DatastoreIDs)
		for _, id := range team.UserIDs {
			all[memberFact(team.Name, byID[id])] = "is"
		}
	}
	return all
}

func emailOf(i int) string { return fmt.Sprintf("p%03d@corp.test", i) }

func groupName(g int) string { return fmt.Sprintf("team-%02d", g) }

// external is the external id of a person, before and after it changes.
func external(i, version int) string { return fmt.Sprintf("%08d-%d", i, version) }

// directory is what the provider has.
type directory struct {
	*idp
	people []person
	ids    []string
	groups []string // ids
}

func newDirectory(p *idp) *directory {
	s := &directory{
		idp: p, people: make([]person, syncPeople), ids: make([]string, syncPeople), groups: make([]string, syncGroups),
	}
	for i := range s.people {
		s.people[i] = person{
			email: emailOf(i), userName: fmt.Sprintf("p%03d", i), displayName: fmt.Sprintf("Given%d Family", i),
			externalID: external(i, 0), active: true,
		}
	}
	return s
}

// members are the people whom a test takes, by their ids.
func (s *directory) members(takes func(i int) bool) members {
	found := members{}
	for i, id := range s.ids {
		if takes(i) {
			found[id] = s.people[i].email
		}
	}
	return found
}

// work brings the directory into the API and goes on with what happens later:
// one thing after the other, each by several clients at once.
func (s *directory) work() {
	s.each(syncPeople, func(i int) { s.ids[i] = s.provision(s.people[i]) })
	s.each(syncGroups, func(g int) { s.groups[g] = s.provisionGroup(groupName(g), "group-"+strconv.Itoa(g)) })
	s.each(10*syncGroups, func(n int) {
		g, part := n/10, n%10
		s.change("add", s.groups[g], groupName(g), s.members(func(i int) bool {
			return i%10 == part && (i%syncGroups == g || i%7 == g%7)
		}))
	})
	s.each(syncPeople, s.next)
	s.each(syncGroups, func(g int) {
		name := groupName(g)
		switch g % 5 {
		case 0:
			s.change("remove", s.groups[g], name, s.members(func(i int) bool { return i%14 == g%7 && i%25 != 4 }))
		case 1:
			s.putMembers(s.groups[g], name, s.members(func(i int) bool { return i%11 == 0 && i%25 != 4 }))
		case 2:
			s.renameGroup(s.groups[g], name, "renamed-"+name)
		case 3:
			s.deleteGroup(s.groups[g], name)
		case 4:
			s.change("add", "role-manager", "Qualytics Manager", s.members(func(i int) bool { return i%125 == g+1 }))
		}
	})
	s.each(syncPeople, func(i int) {
		switch {
		case i%50 == 4: // deleted before
			s.ids[i] = s.provision(s.people[i])
		case i%20 == 2: // deactivated before
			s.people[i].active = true
			s.put(s.ids[i], s.people[i])
		}
	})
}

// next is what happens to somebody some day.
func (s *directory) next(i int) {
	u := &s.people[i]
	switch {
	case i%25 == 4:
		s.deleteUser(s.ids[i], u.email)
		return
	case i%5 == 0:
		u.externalID = external(i, 1)
	case i%5 == 1:
		u.displayName = fmt.Sprintf("Given%d Married", i)
		s.rename(s.ids[i], *u)
		return
	case i%10 == 2:
		u.active = false
	case i%10 == 3:
		u.userName = "renamed." + u.userName
	default:
		return
	}
	s.put(s.ids[i], *u)
}

// each does something for each of n things, by several clients at once.
func (s *directory) each(n int, do func(i int)) {
	var all sync.WaitGroup
	todo := make(chan int)
	for range syncClients {
		all.Go(func() {
			for i := range todo {
				do(i)
			}
		})
	}
	for i := range slices.Values(s.order(n)) {
		todo <- i
	}
	close(todo)
	all.Wait()
}

// order is the order in which n things are done: not that of the groups, so
// that changes of one group come together and apart.
func (s *directory) order(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i * 7 % n
	}
	return order
}
