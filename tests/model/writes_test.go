package model

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// checkCall checks a call that writes an account, before it is done.
func (w *world) checkCall(c *call) {
	q, id := c.by, c.user()
	if c.reads() || id == 0 || q.made[id] {
		return
	}
	defer func() { q.wrote[id] = true }()
	read := q.read[id]
	if len(read) == 0 {
		w.fail("unread", "%s %s: the request has not read that account under its lock", c.Method, c.Path)
		return
	}
	last := read[len(read)-1]
	if now := w.now(id); !now.gone && !now.CreatedAt.Equal(w.at(id, read[0]).CreatedAt) {
		// Somebody else has got the id since it was read, of which the answer tells.
		w.accounts[id].met = now.CreatedAt
	}
	for i := range w.moments[id] {
		later := &w.moments[id][i]
		if later.tick > last && later.by != nil && later.by != q && !sameBesideTeams(later.User, w.at(id, last).User) {
			w.fail("stale", "%s %s: another request has written the account since this one read it", c.Method, c.Path)
			return
		}
	}
	// The API has no way to write what is as it was read alone, so that one reading
	// at which all was right is as much as can be asked for.
	var name, why string
	for _, tick := range read {
		if name, why = w.wrong(c, id, w.at(id, tick)); name == "" {
			if a := w.accounts[id]; a != nil && q.Do == "post" {
				a.owner = q.Who
			}
			return
		}
	}
	w.fail(name, "%s %s: %s", c.Method, c.Path, why)
}

// wrong says what is wrong with a write of an account that was read at a moment:
// the rule, empty for none, and the reason.
func (w *world) wrong(c *call, id int, m *moment) (name, why string) {
	q, a := c.by, w.accounts[id]
	switch {
	case a == nil || m.gone:
		// The API refuses it.
	case m.Type == qualytics.TypeService:
		return "service", "that is a service user"
	case q.Do == "post" && a.owner != q.Who && !w.may(q, m, a):
		return "adopted", fmt.Sprintf("the account is that of %s, the request is about %s", a.owner, q.Who)
	case q.Do == "post":
	case q.Do == "find" || q.Do == "get":
		return "write", "the request only reads"
	case q.Do != "group" && q.id != strconv.Itoa(id):
		return "named", "the request names " + q.id
	case q.Do == "group" && !slices.Contains(q.members, strconv.Itoa(id)) && q.What != "replace":
		return "named", fmt.Sprint("the request names ", q.members)
	case a.claimed && !a.created.Equal(m.CreatedAt) && !a.met.Equal(m.CreatedAt):
		return "reused", "the id was somebody else's when the provider was given it"
	case a.deleted && a.created.Equal(m.CreatedAt) && !m.Active():
		return "deleted", "SCIM has deleted that account"
	}
	return "", ""
}

// may reports whether the rules of adoption let a create take an account that,
// in truth, is another person's: the rules know names and no people.
func (w *world) may(q *asked, m *moment, a *account) bool {
	fits := a.claimed && a.created.Equal(m.CreatedAt)
	noted, isNoted := w.noted[fold(q.want.userName)]
	isName := fold(m.UserName) == fold(q.want.userName)
	byMail := fold(text(m.Email)) == fold(q.want.userName) ||
		m.Active() && m.Role == qualytics.RoleMember && fold(text(m.Email)) == fold(q.want.mail)
	switch {
	case fits && (a.deleted || a.deleting):
		theirs := a.names[fold(q.want.userName)] || a.externalID == q.want.externalID || a.deleting && isName
		return theirs && (!m.Active() || byMail)
	case isName && !m.Active(), isName && isNoted && !m.CreatedAt.Before(noted):
		return true
	default:
		return !fits && byMail
	}
}

// checkChange checks what a request has made of an account. Last is what it was;
// nil when it is new.
func (w *world) checkChange(q *asked, last *moment, u qualytics.User) {
	isNew := last == nil || last.gone
	if isNew {
		w.own(u.ID, q.Who)
		q.made[u.ID] = true
	}
	a := w.accounts[u.ID]
	if !isNew && q.Do != "group" && last.UserName != u.UserName {
		a.owner = q.Who
	}
	w.checkUnique(q, last, u)
	asksRole := q.want.role == u.Role || q.Do == "post" && u.Role == qualytics.RoleMember || q.Do == "group" && q.regroups(u)
	if (isNew && u.Role != qualytics.RoleMember || !isNew && last.Role != u.Role) && !asksRole {
		w.fail("role", "the user %d has the role %s now, which %s of %s did not ask for", u.ID, u.Role, q.Do, q.Who)
	}
	if !isNew && !last.Active() && u.Active() {
		fits := a.claimed && a.created.Equal(u.CreatedAt)
		switch {
		case q.Do == "post" && q.want.active != "false", q.want.active == "true" && !(fits && a.deleted):
			a.gone = false
		case q.Do == "post":
		default:
			w.fail("reactivated", "the user %d is active again, by %s of %s", u.ID, q.Do, q.Who)
		}
	}
	if read := q.read[u.ID]; w.Guard && !isNew && len(read) > 0 && fold(w.at(u.ID, read[0]).UserName) == cast["boss"].userName &&
		(last.UserName != u.UserName || last.Role != u.Role || last.Active() && !u.Active()) {
		w.fail("guard", "the guarded account %d was changed by %s of %s", u.ID, q.Do, q.Who)
	}
	for _, team := range u.Teams {
		had := !isNew && slices.Contains(last.Teams, team) || team == qualytics.PublicTeam
		given := q.Do == "group" && q.Group == team && slices.Contains(q.members, strconv.Itoa(u.ID))
		if !had && !given {
			w.fail("team", "the user %d is in %s now, by %s of %s", u.ID, team, q.Do, q.Who)
		}
	}
}

// regroups reports whether a change of a role group asks for the role that
// somebody has now.
func (q *asked) regroups(u qualytics.User) bool {
	role := map[string]string{"role-admin": qualytics.RoleAdmin, "role-manager": qualytics.RoleManager}[q.Group]
	named := slices.Contains(q.members, strconv.Itoa(u.ID))
	switch {
	case role == "":
		return false
	case u.Role == role:
		return named && q.What != "remove"
	default: // Who is in the other group as well has that one's role.
		return u.Role != qualytics.RoleAdmin && (named && q.What == "remove" || !named && q.What == "replace")
	}
}

// checkUnique checks that a request gives nobody what somebody else has, as far
// as the process could know.
func (w *world) checkUnique(q *asked, last *moment, u qualytics.User) {
	mail := fold(text(u.Email))
	if mail == "" || last != nil && !last.gone && fold(text(last.Email)) == mail {
		return
	}
	for _, tick := range q.read[u.ID] {
		if fold(text(w.at(u.ID, tick).Email)) == mail {
			return // It had that when it was read.
		}
	}
	for _, b := range w.api.Users() {
		if b.ID == u.ID || fold(text(b.Email)) != mail {
			continue
		}
		since, byUs := 0, false
		for i := range slices.Backward(w.moments[b.ID]) {
			m := &w.moments[b.ID][i]
			if m.gone || fold(text(m.Email)) != mail || m.Type != b.Type {
				break
			}
			since, byUs = m.tick, m.by != nil && m.by.By == q.By
		}
		a := w.accounts[b.ID]
		hidden := a.claimed && (a.deleted || a.deleting) && a.created.Equal(b.CreatedAt) && !b.Active()
		knew := w.processes[q.By].shown[b.ID] >= since
		if !hidden && (since <= q.start || byUs) && knew {
			w.fail("unique", "the users %d and %d both have %s, by %s of %s", u.ID, b.ID, mail, q.Do, q.Who)
		}
	}
}
