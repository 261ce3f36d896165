package tests

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// facts are what SCIM shows of people and groups, each with a name such as
// "user ana@corp.test active". What is not so has no fact. People go by their
// e-mail address and groups by their name, since ids are the API's to choose.
type facts map[string]string

func userFact(email, attribute string) string { return "user " + email + " " + attribute }

func groupFact(name, attribute string) string { return "group " + name + " " + attribute }

func memberFact(group, email string) string { return groupFact(group, "member "+email) }

// shown reads what SCIM shows of everybody and everything.
func (st *stack) shown(t testing.TB) facts {
	t.Helper()
	all := facts{}
	emails := map[string]string{} // by id
	for _, user := range st.resources(t, "/Users", "") {
		email := ""
		if list, _ := at(user, "emails").([]any); len(list) > 0 {
			email = fmt.Sprint(at(list[0], "value"))
		}
		id := fmt.Sprint(at(user, "id"))
		if other, double := all[userFact(email, "userName")]; double {
			t.Errorf("%s belongs to %s and to %v", email, other, at(user, "userName"))
		}
		emails[id] = email
		for _, attribute := range []string{"userName", "displayName", "externalId", "active"} {
			if value := at(user, attribute); value != nil {
				all[userFact(email, attribute)] = fmt.Sprint(value)
			}
		}
	}
	for _, group := range st.resources(t, "/Groups", "") {
		name := fmt.Sprint(at(group, "displayName"))
		if value := at(group, "externalId"); value != nil {
			all[groupFact(name, "externalId")] = fmt.Sprint(value)
		}
		members, _ := at(group, "members").([]any)
		for _, member := range members {
			email, known := emails[fmt.Sprint(at(member, "value"))]
			if !known {
				t.Errorf("%s has a member who is not shown: %v", name, at(member, "value"))
			}
			all[memberFact(name, email)] = "is"
		}
	}
	return all
}

// resources reads a list, all its pages.
func (st *stack) resources(t testing.TB, endpoint, filter string) []any {
	t.Helper()
	var all []any
	for {
		query := "?startIndex=" + strconv.Itoa(len(all)+1)
		if filter != "" {
			query += "&filter=" + url.QueryEscape(filter)
		}
		got := st.scim(t, 200, "GET", endpoint+query, "").json(t)
		page, _ := got["Resources"].([]any)
		all = append(all, page...)
		if total, _ := got["totalResults"].(float64); len(page) == 0 || len(all) >= int(total) {
			if len(all) != int(total) {
				t.Errorf("%s shows %d of %v", endpoint, len(all), total)
			}
			return all
		}
	}
}

// told is what a client was told by answers.
type told struct {
	mu    sync.Mutex
	facts facts

	// open are the facts that requests are about which got no answer.
	open facts
}

// await notes what a request is to bring about; "" is that a fact ends.
func (m *told) await(after facts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.Copy(m.open, after)
}

// acknowledge takes what a request was to bring about for done.
func (m *told) acknowledge(after facts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, value := range after {
		delete(m.open, name)
		if m.facts[name] = value; value == "" {
			delete(m.facts, name)
		}
	}
}

// of returns the facts whose names begin with a text, and may end with one.
func (m *told) of(begin, end string) facts {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := facts{}
	for name, value := range m.facts {
		if strings.HasPrefix(name, begin) && strings.HasSuffix(name, end) {
			found[name] = value
		}
	}
	return found
}

// differences compares with what is so. What a request without an answer was
// to bring about may be so, or not, or half.
func (m *told) differences(is facts) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return differences(is, m.facts, m.open)
}

// differences lists where two sets of facts differ, apart from those that are open.
func differences(is, want, open facts) []string {
	names := maps.Clone(is)
	maps.Copy(names, want)
	var found []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if _, may := open[name]; !may && is[name] != want[name] {
			found = append(found, fmt.Sprintf("%s is %q instead of %q", name, is[name], want[name]))
		}
	}
	if len(found) > 20 {
		found = append(found[:20], fmt.Sprintf("and %d more", len(found)-20))
	}
	return found
}
