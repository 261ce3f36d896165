package model

import (
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// generator makes random histories. They are about few people, so that what
// happens to one of them meets what happens to the other.
type generator struct {
	*rand.Rand
	people []string
}

// generate makes the history of a seed.
func generate(seed uint64) History {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	g.people = slices.Clone(pick(g, [][]string{
		{"ann", "amy"}, {"ann", "amy"}, {"sue", "ſue"}, {"sue", "kim"}, {"kim", "boss"}, {"ann", "amy", "boss"}, {"sue", "boss", "ann"},
	}))
	h := History{Dialect: pick(g, []string{"A", "B"}), Page: pick(g, []int{100, 100, 1}), Small: g.one(4), Guard: g.one(4)}
	for range 4 + g.IntN(12) {
		h.Steps = append(h.Steps, g.step(h.Steps))
	}
	return h
}

func pick[T any](g *generator, list []T) T { return list[g.IntN(len(list))] }

// one is true once in n times.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

func (g *generator) step(before []Step) Step {
	switch g.IntN(20) {
	case 0:
		return Step{Forget: new(g.IntN(2))}
	case 1, 2, 3, 4, 5, 6:
		return Step{People: new(g.act())}
	}
	// A provider repeats what has failed, and what has not.
	if n := len(before); n > 0 && len(before[n-1].Asks) > 0 && g.one(4) {
		return Step{Asks: before[n-1].Asks[:1]}
	}
	s := Step{Asks: []Ask{g.ask()}}
	if g.one(6) {
		second := g.ask()
		second.At = g.IntN(4)
		s.Asks = append(s.Asks, second)
		for range g.IntN(6) {
			s.Order += pick(g, []string{"0", "1"})
		}
	}
	if g.one(3) {
		for range 1 + g.IntN(2) {
			m := Meanwhile{1 + g.IntN(4), g.act()}
			// A whole list that is written back brings back who has left it since it
			// was read. The API has no other way.
			if m.Do != "leave" {
				s.Meanwhile = append(s.Meanwhile, m)
			}
		}
	}
	if g.one(4) {
		s.Fault = &Fault{Kind: pick(g, slices.Sorted(maps.Keys(faults))), From: g.IntN(4)}
	}
	return s
}

var roles = []string{qualytics.RoleMember, qualytics.RoleManager, qualytics.RoleAdmin}

func (g *generator) act() Act {
	a := Act{Do: pick(g, slices.Sorted(maps.Keys(acts))), Who: pick(g, g.people)}
	other := cast[pick(g, g.people)]
	switch a.Do {
	case "sign-in", "sso":
		a.Role = pick(g, roles)
	case "rename":
		a.To = pick(g, []string{other.userName, a.Who + "2"})
	case "mail":
		a.To = pick(g, []string{other.mail, a.Who + "2@corp.test"})
	case "hand-over", "id-again":
		a.To, a.Role = pick(g, slices.Sorted(maps.Keys(cast))), pick(g, roles)
	case "role":
		a.To = pick(g, roles)
	case "join", "leave":
		a.To = pick(g, []string{"T1", "T2"})
	}
	return a
}

func (g *generator) ask() Ask {
	q := Ask{Do: pick(g, []string{
		"find", "find", "post", "post", "post", "post", "put", "patch", "patch", "delete", "delete", "get", "group",
	}), Who: pick(g, g.people)}
	if g.one(6) {
		q.By = 1
	}
	other := cast[pick(g, g.people)]
	switch q.Do {
	case "find":
		q.What = pick(g, []string{"userName", "userName", "externalId", "emails.value"})
	case "post", "put":
		if g.one(4) {
			q.Role = pick(g, roles)
		}
		if g.one(5) {
			q.Active = pick(g, []string{"true", "false"})
		}
		if g.one(8) {
			q.Mail = pick(g, []string{other.mail, other.userName, q.Who + "3@corp.test"})
		}
	case "patch":
		switch g.IntN(6) {
		case 0, 1, 2:
			q.Active = pick(g, []string{"false", "false", "true"})
		case 3:
			q.Role = pick(g, roles)
		case 4:
			q.Name = pick(g, []string{other.userName, q.Who + "3"})
		case 5:
			q.Mail = pick(g, []string{other.mail, q.Who + "3@corp.test"})
		}
		if g.one(3) && q.Active == "" {
			q.Active = "false"
		}
		if g.one(5) {
			q.Bad = pick(g, []string{"role", "extension"})
		}
	case "group":
		q.Group = pick(g, []string{"T1", "T2", "role-admin", "role-manager"})
		q.What = pick(g, []string{"add", "add", "remove", "replace"})
		if q.Group[0] == 'T' && g.one(4) {
			q.What, q.Who = "name", ""
		} else if g.one(3) {
			q.More = []string{pick(g, g.people)}
		}
	}
	return q
}
