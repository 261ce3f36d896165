package model

import (
	"strconv"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// checkAnswer checks that an answer is true.
func (w *world) checkAnswer(q *asked) {
	if q.response.Status == 500 {
		w.fail("answer", "the answer to %s of %s is 500: %v", q.Do, q.Who, q.response.Err)
	}
	if q.Do == "post" {
		for id := range q.wrote {
			w.checkReadmitted(q, id)
		}
	}
	if !q.ok() {
		return
	}
	id := number(q.id)
	switch q.Do {
	case "find":
		for _, found := range q.found() {
			w.checkFound(q, found)
		}
		return
	case "get":
		w.checkShown(q, id, q.doc)
		return
	case "group":
		return
	case "post":
		id = number(q.doc["id"])
		want := fold(q.want.userName)
		if !w.ever(q, id, func(m *moment) bool { return !m.gone && fold(m.UserName) == want }) && w.accounts[id].owner != q.Who {
			w.fail("answer", "the answer to the POST of %s has the id %d, which has never been theirs", q.Who, id)
			return
		}
	}
	role := q.want.role
	if q.Do == "post" {
		// Whom the API has made with another role is there, and shown as they are.
		role = q.shown("roles")
	}
	wants := []struct {
		name, want string
		of         func(m *moment) string
	}{
		{"roles", role, func(m *moment) string { return m.Role }},
		{"active", q.want.active, func(m *moment) string { return strconv.FormatBool(m.Active() && !m.gone) }},
		// An API may not change what somebody is called. The answer must say so.
		{"userName", q.shown("userName"), func(m *moment) string { return m.UserName }},
		{"emails", q.shown("emails"), func(m *moment) string { return text(m.Email) }},
	}
	for _, v := range wants {
		if v.want != "" && !w.ever(q, id, func(m *moment) bool { return fold(v.of(m)) == fold(v.want) }) {
			w.fail("success", "%d to %s of %s, and the user %d never had %s %s", q.response.Status, q.Do, q.Who, id, v.name, v.want)
		}
	}
	if q.doc != nil {
		w.checkShown(q, id, q.doc)
	}
}

// shown is the text of an attribute in the answer.
func (q *asked) shown(attribute string) string {
	v := q.doc[attribute]
	if list, ok := v.([]any); ok && len(list) > 0 {
		m, _ := list[0].(map[string]any)
		v = m["value"]
	}
	s, _ := v.(string)
	return s
}

// checkFound checks that whoever a look-up has found was that one.
func (w *world) checkFound(q *asked, id int) {
	is := func(*moment) bool { return false }
	switch q.What {
	case "userName":
		is = func(m *moment) bool { return fold(m.UserName) == fold(q.want.userName) }
	case "emails.value":
		is = func(m *moment) bool { return fold(text(m.Email)) == fold(q.want.mail) }
	case "externalId":
		is = func(m *moment) bool { return w.given[gift{id, m.CreatedAt, q.want.externalID}] }
	}
	if !w.ever(q, id, func(m *moment) bool { return !m.gone && is(m) }) {
		w.fail("found", "the look-up of %s by %s is answered with the user %d, who is not that one", q.Who, q.What, id)
	}
	if w.ever(q, id, func(m *moment) bool { return m.Type != qualytics.TypeService }) {
		list, _ := q.doc["Resources"].([]any)
		for _, item := range list {
			if m, _ := item.(map[string]any); number(m["id"]) == id {
				w.checkShown(q, id, m)
			}
		}
		return
	}
	w.fail("service", "the look-up of %s is answered with a service user", q.Who)
}

// checkShown checks that an answer shows nobody with another one's external id.
func (w *world) checkShown(q *asked, id int, doc map[string]any) {
	shown, _ := doc["externalId"].(string)
	sent := q.want.externalID == shown && (q.Do == "post" || q.Do == "put")
	if shown != "" && !sent && !w.ever(q, id, func(m *moment) bool { return w.given[gift{id, m.CreatedAt, shown}] }) {
		w.fail("shown", "the user %d is shown with the externalId %s, which they never had", id, shown)
	}
}

// checkReadmitted checks that whom a create has brought back has no old access.
func (w *world) checkReadmitted(q *asked, id int) {
	all := w.moments[id]
	back := false
	for i := range all {
		m := &all[i]
		switch {
		case m.tick <= q.start:
		case m.by != q:
			return
		case i > 0 && m.Active() && !all[i-1].Active():
			back = true
		}
	}
	last := w.now(id)
	if back && last.Active() && !last.gone && (last.Role != orElse(q.want.role, qualytics.RoleMember) || len(last.Teams) > 1) {
		w.fail("readmitted", "the user %d came back by the POST of %s as %s, in %v", id, q.Who, last.Role, last.Teams)
	}
}
