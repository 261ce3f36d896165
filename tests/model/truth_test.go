package model

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// account is what the model knows of an account that the API has.
type account struct {
	// owner is the person whose it is in truth.
	owner string

	known
}

// known is what SCIM has had to do with whoever has an id.
type known struct {
	// created is when the account was made that the rest is about.
	created time.Time

	// claimed says that a request has made, adopted or written it, gone that the
	// last one to say so wanted it inactive, and deleted that it was a DELETE.
	claimed, gone, deleted bool

	// deleting says that a DELETE has begun, and met which account with the id a
	// look-up or create has read last.
	deleting bool
	met      time.Time

	// names are the folded user names that SCIM has known it by, and externalID
	// what it was given. Unsure says that a request which failed has written it.
	names      map[string]bool
	externalID string
	unsure     bool
}

// moment is what an account was from a tick on. By is the request that has made
// it so; nil for people.
type moment struct {
	tick int
	by   *asked
	gone bool
	qualytics.User
}

// own says whose a new account is.
func (w *world) own(id int, who string) {
	w.accounts[id] = &account{owner: who}
	// What was known of another one with the id is not forgotten.
	if past := w.past[id]; past != nil {
		w.accounts[id].known = *past
	}
}

// look notes what has changed, by whom, and checks what may change.
func (w *world) look(by *asked) {
	w.tick++
	there := make(map[int]bool)
	for _, u := range w.api.Users() {
		there[u.ID] = true
		last := w.now(u.ID)
		if last != nil && !last.gone && same(last.User, u) {
			continue
		}
		w.moments[u.ID] = append(w.moments[u.ID], moment{w.tick, by, false, u})
		if by != nil {
			w.checkChange(by, last, u)
		} else if last != nil && !last.gone && !last.Active() && u.Active() {
			w.accounts[u.ID].gone = false
		}
	}
	for id := range w.moments {
		if last := w.now(id); !there[id] && !last.gone {
			w.moments[id] = append(w.moments[id], moment{w.tick, by, true, last.User})
		}
	}
}

func same(a, b qualytics.User) bool { return sameBesideTeams(a, b) && slices.Equal(a.Teams, b.Teams) }

// sameBesideTeams is same without what a change of a team changes of its members.
func sameBesideTeams(a, b qualytics.User) bool {
	return a.UserName == b.UserName && text(a.Email) == text(b.Email) && a.Role == b.Role && a.Type == b.Type && a.Active() == b.Active() &&
		text(a.Name) == text(b.Name) && a.CreatedAt.Equal(b.CreatedAt)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// fold makes the small letters of A to Z of the capitals, and of nothing else.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// now is the latest moment of an id; nil for none.
func (w *world) now(id int) *moment {
	all := w.moments[id]
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// at is the moment of an id at a tick; nil for none.
func (w *world) at(id, tick int) *moment {
	all := w.moments[id]
	for i := range slices.Backward(all) {
		if all[i].tick <= tick {
			return &all[i]
		}
	}
	return nil
}

// ever reports whether something was so of an account at some time of a request.
func (w *world) ever(q *asked, id int, is func(m *moment) bool) bool {
	for tick := q.start; tick <= w.tick; tick++ {
		if m := w.at(id, tick); m != nil && is(m) {
			return true
		}
	}
	return false
}

// seen notes what an answer has shown to whom, and what the request may keep of
// what it has written.
func (w *world) seen(c *call) {
	for _, ids := range []map[int]bool{c.by.made, c.by.wrote} {
		for id := range ids {
			w.given[gift{id, w.now(id).CreatedAt, c.by.want.externalID}] = true
		}
	}
	if c.err != nil || c.answer.Status >= 300 {
		if c.reads() && c.answer.Status == 404 {
			c.by.missed[c.user()] = true
		}
		return
	}
	var doc struct {
		ID    int    `json:"id"`
		Type  string `json:"user_type"`
		Items []struct {
			ID int `json:"id"`
		} `json:"items"`
	}
	json.Unmarshal(c.answer.Body, &doc)
	if !strings.HasPrefix(c.Path, "/api/users") {
		return
	}
	for _, item := range doc.Items {
		// A page of the list is as good as a reading by the id where there is none
		// of that.
		if _, read := c.by.read[item.ID]; c.by.locked[item.ID] && (!read || c.by.missed[item.ID]) {
			c.by.read[item.ID] = append(c.by.read[item.ID], w.tick)
		}
	}
	a := w.accounts[doc.ID]
	if a == nil {
		return
	}
	// What everybody is known by comes of readings of the whole list, and of writes:
	// for what people have changed since, memory has its time. Service users are
	// known by their own list.
	if !c.reads() && doc.Type != qualytics.TypeService {
		w.processes[c.by.By].shown[doc.ID] = w.tick
	}
	if c.reads() && doc.ID == c.user() {
		if c.by.locked[doc.ID] {
			c.by.read[doc.ID] = append(c.by.read[doc.ID], w.tick)
		}
		if c.by.Do == "post" || c.by.Do == "find" {
			a.met = w.now(doc.ID).CreatedAt
		}
	}
}

// gift is an external id that SCIM has given an account.
type gift struct {
	id         int
	created    time.Time
	externalID string
}

// learn notes what the model knows after a request.
func (w *world) learn(q *asked) {
	if q.Do == "post" {
		name := fold(q.want.userName)
		if _, before := w.noted[name]; !q.ok() && q.response.Status >= 500 && !before {
			w.noted[name] = w.began.Truncate(time.Second)
		} else if q.ok() {
			delete(w.noted, name)
		}
	}
	if a := w.accounts[number(q.id)]; a != nil && q.Do == "delete" {
		a.deleting = false
	}
	if !q.ok() {
		for id := range q.wrote {
			if a := w.accounts[id]; a != nil {
				a.unsure = true
				// Who was to come back inactive was active on the way.
				a.gone = a.gone && (q.Do != "post" || !w.now(id).Active())
			}
		}
		return
	}
	id := number(q.id)
	switch q.Do {
	case "group":
		if q.What == "name" {
			w.named[q.Group] = true
		}
		for _, member := range q.members {
			if id := number(member); w.accounts[id] != nil && q.wrote[id] {
				w.claim(q, id)
			}
		}
		return
	case "find":
		for _, id := range q.found() {
			w.meet(id)
		}
		return
	case "get":
		w.meet(id)
		return
	case "post":
		id = number(q.doc["id"])
	}
	if w.accounts[id] == nil {
		return
	}
	w.claim(q, id)
}

// meet notes that a provider has been given an id.
func (w *world) meet(id int) {
	if a := w.accounts[id]; a != nil && !a.created.Equal(w.now(id).CreatedAt) {
		a.known = known{created: w.now(id).CreatedAt}
	}
}

// claim notes that a request has written an account.
func (w *world) claim(q *asked, id int) {
	a, now := w.accounts[id], w.now(id)
	if read := q.read[id]; len(read) > 0 && !w.at(id, read[0]).CreatedAt.Equal(now.CreatedAt) {
		return // It was somebody else's then.
	}
	if !a.created.Equal(now.CreatedAt) || a.names == nil || q.Do == "post" {
		a.known = known{created: now.CreatedAt, names: make(map[string]bool)}
	}
	if a.deleted {
		a.externalID = "" // That it was deleted is all that must be kept.
	}
	a.claimed, a.deleted, a.deleting = true, q.Do == "delete", false
	a.names[fold(now.UserName)] = true
	if q.want.userName != "" {
		a.names[fold(q.want.userName)] = true
	}
	if q.want.externalID != "" {
		a.externalID = q.want.externalID
		w.given[gift{id, now.CreatedAt, a.externalID}] = true // It need not have called for that.
	}
	if q.Do != "group" && q.want.active != "" {
		a.gone = q.want.active == "false" && !now.Active()
	}
}
