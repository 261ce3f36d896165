package qualytics

import (
	"fmt"
	"strings"
	"time"
)

// Seeded counts what [Sandbox.Seed] added.
type Seeded struct {
	// People counts the persons, and is Active plus Deactivated.
	People, Active, Deactivated int
	// Admins, Managers and Members count people, active or not, by role.
	Admins, Managers, Members int
	// Service counts the service users added, all active, all Members. The
	// sandbox's own is not among them.
	Service int
	// Teams counts the teams, without [PublicTeam].
	Teams int
}

// seedStart is when the first seeded user was created; the others follow a
// minute apart.
var seedStart = time.Date(2026, time.January, 2, 8, 0, 0, 0, time.UTC)

var (
	firstNames = []string{
		"Ana", "Bruno", "Chloe", "Dmitri", "Elif", "Femi", "Grace", "Hiro", "Ines", "Jonas",
		"Kavya", "Liam", "Maja", "Noor", "Oscar", "Priya", "Quinn", "Rosa", "Sven", "Tara",
	}
	lastNames = []string{
		"Reis", "Silva", "Martin", "Volkov", "Kaya", "Okafor", "Hopper", "Tanaka", "Costa", "Weber",
		"Rao", "Murphy", "Nowak", "Haddad", "Lind", "Patel", "Baker", "Moreno", "Berg", "Novak",
		"Ibarra", "Chen", "Dubois", "Fischer", "Garcia",
	}
	areas = []string{
		"Finance", "Sales", "Marketing", "Risk", "Claims", "Supply", "Payroll", "Audit", "Pricing", "Support",
	}
)

// Seed adds people, service users and teams, always the same ones for the same
// numbers. Call it at most once, before anything else is added: a second call
// panics because its names are taken.
//
// Team j (from 0) is named after an area: "Finance DQ", "Sales DQ" and so on,
// the eleventh "Finance DQ 2". Its permission is the j-th of the five in turn
// from Editor, its datastores are j%5+1 and (j+1)%5+1, and its description is
// null if j%3 == 2.
//
// Person i (from 0) is
//   - named by the i-th of 500 full names, so that person 0 is "Ana Reis", and
//     has the user_name "ana.reis"; in the second round "ana.reis.2" and so on,
//     and the email <user_name>@corp.test,
//   - Admin if i%20 == 0, Manager if i%10 == 5, else Member,
//   - deactivated if i%10 == 9, which makes users/10 of them,
//   - without an email (null) if i%25 == 12, without a name (null) if
//     i%100 == 60, never logged in if i%4 == 3,
//   - in team i%teams, and if i%3 == 0 in team (i+1)%teams as well.
//
// After each person with i%50 == 0 comes a service user "Pipeline Bot n" (n
// from 1, user_name "pipeline_bot_n"), in no team but [PublicTeam]. Ids are
// given in order of creation.
func (s *Sandbox) Seed(people, teams int) Seeded {
	for j := range teams {
		s.AddTeam(seedTeam(j))
	}
	done := Seeded{People: people, Teams: teams}
	for i := range people {
		u := seedPerson(i)
		if teams > 0 {
			u.Teams = append(u.Teams, seedTeam(i%teams).Name)
			if i%3 == 0 {
				u.Teams = append(u.Teams, seedTeam((i+1)%teams).Name)
			}
		}
		s.AddUser(u)
		done.count(u)
		if i%50 == 0 {
			done.Service++
			s.AddUser(seedService(done.Service))
		}
	}
	return done
}

func (d *Seeded) count(u User) {
	if u.Active() {
		d.Active++
	} else {
		d.Deactivated++
	}
	switch u.Role {
	case RoleAdmin:
		d.Admins++
	case RoleManager:
		d.Managers++
	default:
		d.Members++
	}
}

func seedPerson(i int) User {
	// The shift by i%f walks through all pairs of names before one comes again.
	f, l := len(firstNames), len(lastNames)
	first, last := firstNames[i%f], lastNames[(i/f+i%f)%l]
	u := User{
		UserName: strings.ToLower(first + "." + last), Name: new(first + " " + last),
		Role: RoleMember, Type: TypeHuman, CreatedAt: seedStart.Add(time.Duration(i) * time.Minute),
	}
	if round := i / (f * l); round > 0 {
		u.UserName += fmt.Sprintf(".%d", round+1)
	}
	if i%25 != 12 {
		u.Email = new(u.UserName + "@corp.test")
	}
	if i%100 == 60 {
		u.Name = nil
	}
	if i%4 != 3 {
		u.LastLogin = new(u.CreatedAt.Add(24 * time.Hour))
	}
	if i%10 == 9 {
		u.DeletedAt = new(u.CreatedAt.Add(48 * time.Hour))
	}
	switch {
	case i%20 == 0:
		u.Role = RoleAdmin
	case i%10 == 5:
		u.Role = RoleManager
	}
	return u
}

func seedService(n int) User {
	userName := fmt.Sprintf("pipeline_bot_%d", n)
	return User{
		UserName: userName, Name: new(fmt.Sprintf("Pipeline Bot %d", n)), Email: new(userName + "@service"),
		Type: TypeService, CreatedAt: seedStart,
	}
}

func seedTeam(j int) Team {
	t := Team{
		Name: areas[j%len(areas)] + " DQ", Permission: permissions[j%len(permissions)],
		DatastoreIDs: []int{j%len(datastores) + 1, (j+1)%len(datastores) + 1}, Created: seedStart,
	}
	if round := j / len(areas); round > 0 {
		t.Name += fmt.Sprintf(" %d", round+1)
	}
	if j%3 != 2 {
		t.Description = new("Data quality of " + t.Name)
	}
	return t
}
