package qualytics

import (
	"cmp"
	"fmt"
	"strings"
)

// User is the user with that id, deactivated or not. ok is false if there is
// none.
func (s *Sandbox) User(id int) (u User, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.userByID[id]
	if row == nil {
		return User{}, false
	}
	return s.state.userCopy(row), true
}

// UserByName is the user with that user_name, ignoring case, deactivated or
// not. ok is false if there is none.
func (s *Sandbox) UserByName(userName string) (u User, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.userByName[strings.ToLower(userName)]
	if row == nil {
		return User{}, false
	}
	return s.state.userCopy(row), true
}

// Users lists all users by ascending id, service and deactivated users
// included.
func (s *Sandbox) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, len(s.state.users))
	for i, row := range s.state.users {
		users[i] = s.state.userCopy(row)
	}
	return users
}

// Team is the team with that id. ok is false if there is none.
func (s *Sandbox) Team(id int) (t Team, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.teamByID[id]
	if row == nil {
		return Team{}, false
	}
	return s.state.teamCopy(row), true
}

// TeamByName is the team with that name, ignoring case. ok is false if there
// is none.
func (s *Sandbox) TeamByName(name string) (t Team, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.teamByName[strings.ToLower(name)]
	if row == nil {
		return Team{}, false
	}
	return s.state.teamCopy(row), true
}

// Teams lists all teams by ascending id, [PublicTeam] first.
func (s *Sandbox) Teams() []Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	teams := make([]Team, len(s.state.teams))
	for i, row := range s.state.teams {
		teams[i] = s.state.teamCopy(row)
	}
	return teams
}

// AddUser adds a user as another writer would, such as a first SSO login, and
// is its id. Zero values take defaults: ID the next one, Role Member, Type
// Human, CreatedAt now, UserID one made from the id. It panics on what a test
// must not ask for: no or a taken UserName, a taken ID, an unknown team.
func (s *Sandbox) AddUser(u User) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.Role = cmp.Or(u.Role, RoleMember)
	u.Type = cmp.Or(u.Type, TypeHuman)
	if u.ID == 0 {
		u.ID = s.state.lastUser + 1
	}
	if u.CreatedAt.IsZero() {
		u.CreatedAt = s.now()
	}
	must(u.UserName != "", "user without a user name")
	teams := s.mustTeams(u.Teams)
	row, err := s.state.insertUser(u, teams)
	must(err == nil, "%v", err)
	return row.ID
}

// EditUser changes a user as another writer would: deactivate one by setting
// DeletedAt, move one by setting Teams. edit gets a copy, whose ID it must
// leave alone, and must not call the sandbox. It panics if there is no such
// user and where [Sandbox.AddUser] would.
func (s *Sandbox) EditUser(id int, edit func(*User)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.userByID[id]
	must(row != nil, "no user %d to edit", id)
	u := s.state.userCopy(row)
	edit(&u)
	must(u.ID == id, "the id of user %d was edited", id)
	must(u.UserName != "", "user without a user name")
	teams := s.mustTeams(u.Teams)
	err := s.state.renameUser(row, u.UserName)
	must(err == nil, "%v", err)
	s.state.setTeams(row, teams)
	u.Teams = nil
	row.User = u
	row.setName(u.Name)
}

// DeleteUser deletes a user for good, which no call of the API does, as a restore
// from a backup would: another one may get its id. It panics if there is no such
// user.
func (s *Sandbox) DeleteUser(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.userByID[id]
	must(row != nil, "no user %d to delete", id)
	s.state.removeUser(row)
}

// AddTeam adds a team as another writer would, and is its id. Zero values take
// defaults: ID the next one, Permission [DefaultPermission], Created now. It
// panics on what a test must not ask for: no or a taken Name, a taken ID,
// unknown users or datastores.
func (s *Sandbox) AddTeam(t Team) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Permission = cmp.Or(t.Permission, DefaultPermission)
	if t.Created.IsZero() {
		t.Created = s.now()
	}
	must(t.Name != "", "team without a name")
	row, err := s.state.insertTeam(t, s.mustUsers(t.UserIDs), mustDatastores(t.DatastoreIDs))
	must(err == nil, "%v", err)
	return row.ID
}

// EditTeam changes a team as another writer would. edit gets a copy, whose ID
// it must leave alone, and must not call the sandbox. The users of
// [PublicTeam] stay everybody. It panics if there is no such team and where
// [Sandbox.AddTeam] would.
func (s *Sandbox) EditTeam(id int, edit func(*Team)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.teamByID[id]
	must(row != nil, "no team %d to edit", id)
	t := s.state.teamCopy(row)
	edit(&t)
	must(t.ID == id, "the id of team %d was edited", id)
	must(t.Name != "", "team without a name")
	must(!row.public() || t.Name == PublicTeam, "the %s team was renamed", PublicTeam)
	members, stores := s.mustUsers(t.UserIDs), mustDatastores(t.DatastoreIDs)
	err := s.state.renameTeam(row, t.Name)
	must(err == nil, "%v", err)
	if !row.public() {
		s.state.setMembers(row, members)
	}
	row.datastores = stores
	t.UserIDs, t.DatastoreIDs = nil, nil
	row.Team = t
}

// DeleteTeam deletes a team as another writer would. It panics if there is no
// such team, and for [PublicTeam].
func (s *Sandbox) DeleteTeam(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.state.teamByID[id]
	must(row != nil && !row.public(), "no team %d to delete", id)
	s.state.removeTeam(row)
}

func (s *Sandbox) mustTeams(names []string) idSet {
	ids, unknown := s.state.teamIDs(names)
	if unknown >= 0 {
		must(false, "unknown team %q", names[unknown])
	}
	return ids
}

func (s *Sandbox) mustUsers(ids []int) idSet {
	for _, id := range ids {
		must(s.state.userByID[id] != nil, "unknown user %d", id)
	}
	return setOf(ids)
}

func mustDatastores(ids []int) idSet {
	for _, id := range ids {
		_, ok := datastoreName(id)
		must(ok, "unknown datastore %d", id)
	}
	return setOf(ids)
}

func must(ok bool, format string, args ...any) {
	if !ok {
		panic("qualytics: " + fmt.Sprintf(format, args...))
	}
}
