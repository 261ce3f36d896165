package qualytics

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

type idSet map[int]struct{}

func (s idSet) sorted() []int { return slices.Sorted(maps.Keys(s)) }

// userRow keeps a user's teams as ids, so that renaming a team needs no pass
// over its members. Public is in no set: nobody can be outside of it.
type userRow struct {
	User
	lowerName string
	teams     idSet
}

type teamRow struct {
	Team
	lowerName  string
	members    idSet
	datastores idSet
}

// store is the state of the sandbox. It knows no HTTP and no lock; the sandbox
// guards it. Rows stay sorted by id because lists are served in that order
// without sorting.
type store struct {
	users      []*userRow
	userByID   map[int]*userRow
	userByName map[string]*userRow
	teams      []*teamRow
	teamByID   map[int]*teamRow
	teamByName map[string]*teamRow
	lastUser   int
	lastTeam   int
}

func newStore(now time.Time) *store {
	s := &store{
		userByID:   map[int]*userRow{},
		userByName: map[string]*userRow{},
		teamByID:   map[int]*teamRow{},
		teamByName: map[string]*teamRow{},
	}
	public := &teamRow{
		Team:       Team{ID: 1, Created: now, Name: PublicTeam, Permission: DefaultPermission},
		lowerName:  strings.ToLower(PublicTeam),
		members:    idSet{},
		datastores: idSet{},
	}
	s.teams = append(s.teams, public)
	s.teamByID[1], s.teamByName[public.lowerName], s.lastTeam = public, public, 1
	return s
}

func (t *teamRow) public() bool { return t.Name == PublicTeam }

func (t *teamRow) has(u *userRow) bool {
	if t.public() {
		return true
	}
	_, in := t.members[u.ID]
	return in
}

func (s *store) memberRows(t *teamRow) []*userRow {
	if t.public() {
		return s.users
	}
	rows := make([]*userRow, 0, len(t.members))
	for _, id := range t.members.sorted() {
		rows = append(rows, s.userByID[id])
	}
	return rows
}

func (s *store) teamRows(u *userRow) []*teamRow {
	rows := make([]*teamRow, 0, len(u.teams)+1)
	rows = append(rows, s.teams[0])
	for _, id := range u.teams.sorted() {
		rows = append(rows, s.teamByID[id])
	}
	return rows
}

// teamIDs turns names into ids. Public is accepted and left out, since it is
// implied. The index is that of the first unknown name, or -1.
func (s *store) teamIDs(names []string) (ids idSet, unknown int) {
	ids = make(idSet, len(names))
	for i, name := range names {
		t := s.teamByName[strings.ToLower(name)]
		switch {
		case t == nil || t.Name != name:
			return nil, i
		case !t.public():
			ids[t.ID] = struct{}{}
		}
	}
	return ids, -1
}

// setTeams replaces the teams of a user, on both sides of the relation.
func (s *store) setTeams(u *userRow, ids idSet) {
	for id := range u.teams {
		if _, stays := ids[id]; !stays {
			delete(s.teamByID[id].members, u.ID)
		}
	}
	for id := range ids {
		s.teamByID[id].members[u.ID] = struct{}{}
	}
	u.teams = ids
}

// setMembers replaces the members of a team, on both sides of the relation.
func (s *store) setMembers(t *teamRow, ids idSet) {
	for id := range t.members {
		if _, stays := ids[id]; !stays {
			delete(s.userByID[id].teams, t.ID)
		}
	}
	for id := range ids {
		s.userByID[id].teams[t.ID] = struct{}{}
	}
	t.members = ids
}

func (s *store) insertUser(u User, teams idSet) (*userRow, error) {
	lower := strings.ToLower(u.UserName)
	if s.userByName[lower] != nil {
		return nil, fmt.Errorf("user name %q is taken", u.UserName)
	}
	if u.ID == 0 {
		u.ID = s.lastUser + 1
	}
	if s.userByID[u.ID] != nil {
		return nil, fmt.Errorf("user id %d is taken", u.ID)
	}
	if u.UserID == "" {
		u.UserID = loginID(u)
	}
	u.Teams = nil
	row := &userRow{User: u, lowerName: lowerOf(u.Name), teams: idSet{}}
	at, _ := slices.BinarySearchFunc(s.users, u.ID, func(r *userRow, id int) int { return cmp.Compare(r.ID, id) })
	s.users = slices.Insert(s.users, at, row)
	s.userByID[u.ID], s.userByName[lower] = row, row
	s.lastUser = max(s.lastUser, u.ID)
	s.setTeams(row, teams)
	return row, nil
}

func (s *store) renameUser(u *userRow, userName string) error {
	lower := strings.ToLower(userName)
	if other := s.userByName[lower]; other != nil && other != u {
		return fmt.Errorf("user name %q is taken", userName)
	}
	delete(s.userByName, strings.ToLower(u.UserName))
	s.userByName[lower] = u
	u.UserName = userName
	return nil
}

func (s *store) removeUser(u *userRow) {
	s.setTeams(u, idSet{})
	delete(s.userByID, u.ID)
	delete(s.userByName, strings.ToLower(u.UserName))
	s.users = slices.DeleteFunc(s.users, func(r *userRow) bool { return r == u })
}

func (u *userRow) setName(name *string) {
	u.Name, u.lowerName = name, lowerOf(name)
}

func (s *store) insertTeam(t Team, members, stores idSet) (*teamRow, error) {
	lower := strings.ToLower(t.Name)
	if s.teamByName[lower] != nil {
		return nil, fmt.Errorf("team name %q is taken", t.Name)
	}
	if t.ID == 0 {
		t.ID = s.lastTeam + 1
	}
	if s.teamByID[t.ID] != nil {
		return nil, fmt.Errorf("team id %d is taken", t.ID)
	}
	t.UserIDs, t.DatastoreIDs = nil, nil
	row := &teamRow{Team: t, lowerName: lower, members: idSet{}, datastores: stores}
	at, _ := slices.BinarySearchFunc(s.teams, t.ID, func(r *teamRow, id int) int { return cmp.Compare(r.ID, id) })
	s.teams = slices.Insert(s.teams, at, row)
	s.teamByID[t.ID], s.teamByName[lower] = row, row
	s.lastTeam = max(s.lastTeam, t.ID)
	s.setMembers(row, members)
	return row, nil
}

func (s *store) renameTeam(t *teamRow, name string) error {
	lower := strings.ToLower(name)
	if other := s.teamByName[lower]; other != nil && other != t {
		return fmt.Errorf("team name %q is taken", name)
	}
	delete(s.teamByName, t.lowerName)
	s.teamByName[lower] = t
	t.Name, t.lowerName = name, lower
	return nil
}

func (s *store) removeTeam(t *teamRow) {
	s.setMembers(t, idSet{})
	delete(s.teamByID, t.ID)
	delete(s.teamByName, t.lowerName)
	s.teams = slices.DeleteFunc(s.teams, func(r *teamRow) bool { return r == t })
}

func lowerOf(s *string) string {
	if s == nil {
		return ""
	}
	return strings.ToLower(*s)
}
