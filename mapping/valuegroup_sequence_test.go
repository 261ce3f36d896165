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

// TestValueGroupSequences does random requests about roles in random order,
// another writer among them, and compares every role and both groups with a
// model of them after each.
func TestValueGroupSequences(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dialect := qualytics.DialectA()
			if seed%2 == 1 {
				dialect = qualytics.DialectB()
			}
			b := newBareBench(t, shipped(t), dialect)
			b.sandbox.Seed(7, 2)
			s := roleSequence{bench: b, random: rand.New(rand.NewPCG(seed, 11)), people: make(map[int]*roleModel)}
			for _, u := range b.sandbox.Users() {
				if u.Type == qualytics.TypeHuman {
					s.people[u.ID] = &roleModel{role: u.Role, active: u.Active()}
				}
			}
			for range 100 {
				s.step()
				s.check()
				if t.Failed() {
					t.Fatalf("after:\n%s", strings.Join(s.log, "\n"))
				}
			}
		})
	}
}

// roleModel is what must be true of a person. Manager says that they were put
// among the Managers, which shows once they are no Admin any more.
type roleModel struct {
	role                     string
	manager, active, deleted bool
}

// in returns the groups that somebody is in.
func (m *roleModel) in() (admin, manager bool) {
	admin = m.role == qualytics.RoleAdmin
	return admin, m.role == qualytics.RoleManager || admin && m.manager
}

// put makes the groups these.
func (m *roleModel) put(admin, manager bool) {
	switch {
	case admin:
		m.role = qualytics.RoleAdmin
	case manager:
		m.role = qualytics.RoleManager
	default:
		m.role = qualytics.RoleMember
	}
	m.manager = admin && manager
}

type roleSequence struct {
	*bench
	random *rand.Rand
	people map[int]*roleModel
	log    []string
}

func (s *roleSequence) ids() []int {
	var ids []int
	for id := range s.people {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (s *roleSequence) one() int {
	ids := s.ids()
	return ids[s.random.IntN(len(ids))]
}

// admins counts the active Admins.
func (s *roleSequence) admins() int {
	n := 0
	for _, m := range s.people {
		if m.active && !m.deleted && m.role == qualytics.RoleAdmin {
			n++
		}
	}
	return n
}

func (s *roleSequence) step() {
	id := s.one()
	m := s.people[id]
	path := "/Users/" + strconv.Itoa(id)
	roles := []string{qualytics.RoleAdmin, qualytics.RoleManager, qualytics.RoleMember}
	role := roles[s.random.IntN(3)]
	last := m.role == qualytics.RoleAdmin && m.active && s.admins() == 1
	switch kind := s.random.IntN(12); {
	case kind < 6:
		s.changeGroup(kind)
	case kind == 6:
		s.byHand(strconv.Itoa(id), func(u *qualytics.User) { u.Role = role })
		s.log = append(s.log, fmt.Sprintf("another writer makes %d %s", id, role))
		m.role = role
		// Time goes by: what is remembered is not relied on for long.
		s.memory.Doubt("User")
	case m.deleted:
		s.request(404, "PUT", path, `{"roles":["Member"]}`)
	case kind == 7 && last:
		s.request(403, "DELETE", path, "")
	case kind == 7:
		s.request(204, "DELETE", path, "")
		m.active, m.deleted = false, true
	case kind == 8 && last:
		s.request(400, "PUT", path, `{"active":false}`)
	case kind == 8:
		s.request(200, "PUT", path, `{"active":false}`)
		m.active = false
	case kind == 9:
		s.request(200, "PUT", path, `{"active":true}`)
		m.active = true
	case last && role != m.role, s.refuses(m) && role != m.role:
		s.request(400, "PUT", path, `{"roles":["`+role+`"]}`)
	default:
		s.request(200, "PUT", path, `{"roles":["`+role+`"]}`)
		if m.role != role {
			m.role, m.manager = role, false
		}
	}
}

// refuses reports whether the API does not change somebody.
func (s *roleSequence) refuses(m *roleModel) bool { return !m.active && s.dialect.DeactivatedNotFound }

// changeGroup adds, removes or replaces members of one of the groups.
func (s *roleSequence) changeGroup(kind int) {
	path, toAdmins := managers, s.random.IntN(2) == 0
	if toAdmins {
		path = admins
	}
	var ids []string
	named := make(map[int]bool)
	unknown := s.random.IntN(12) == 0
	if unknown {
		ids = append(ids, "4711")
	}
	for range s.random.IntN(3) {
		id := s.one()
		ids, named[id] = append(ids, strconv.Itoa(id)), true
		unknown = unknown || s.people[id].deleted
	}
	method, body, adds := "PATCH", add(ids...), true
	switch kind {
	case 2, 3:
		body, adds, unknown = remove(ids...), false, false
	case 4:
		method, body = "PUT", `{"members":`+memberList(ids...)+`}`
	case 5:
		body = patchOf(`{"op":"replace","path":"members","value":` + memberList(ids...) + `}`)
	}
	next := make(map[int]roleModel)
	refused, lost, gained := false, 0, false
	for id, m := range s.people {
		admin, manager := m.in()
		wanted := named[id] && adds
		if m.deleted || !named[id] && kind < 4 {
			continue
		}
		after := *m
		if toAdmins && wanted != admin {
			after.put(wanted, manager)
		} else if !toAdmins && wanted != manager {
			after.put(admin, wanted)
		}
		if after.role != m.role && s.refuses(m) {
			// That keeps nobody else from what the request asks for.
			refused = true
			continue
		}
		next[id] = after
		if m.active && m.role == qualytics.RoleAdmin && after.role != qualytics.RoleAdmin {
			lost++
		}
		gained = gained || m.active && m.role != qualytics.RoleAdmin && after.role == qualytics.RoleAdmin
	}
	if unknown || lost > 0 && lost == s.admins() && !gained {
		s.request(400, method, path, body)
		return
	}
	status := 200
	if refused {
		status = 400
	}
	s.request(status, method, path, body)
	for id, m := range next {
		*s.people[id] = m
	}
}

func (s *roleSequence) request(status int, method, path, body string) {
	s.t.Helper()
	response, _ := s.send(method, path, body)
	s.log = append(s.log, fmt.Sprintf("%s %s %s -> %d %+v", method, path, body, response.Status, response.Report.Calls))
	if response.Status != status {
		s.t.Errorf("%s %s %s: status %d, want %d: %s", method, path, body, response.Status, status, response.Body)
	}
}

// check compares everybody, and what SCIM shows of the groups, with the model.
func (s *roleSequence) check() {
	s.t.Helper()
	var inAdmins, inManagers []int
	for _, id := range s.ids() {
		m := s.people[id]
		if u, _ := s.sandbox.User(id); u.Role != m.role || u.Active() != m.active {
			s.t.Errorf("the API's %d is %s and active: %t, want %s and %t", id, u.Role, u.Active(), m.role, m.active)
		}
		if admin, _ := m.in(); admin && !m.deleted {
			inAdmins = append(inAdmins, id)
		}
		if _, manager := m.in(); manager && !m.deleted {
			inManagers = append(inManagers, id)
		}
	}
	showsMembers(s.t, s.want(200, "GET", admins, ""), inAdmins...)
	showsMembers(s.t, s.want(200, "GET", managers, ""), inManagers...)
}
