package tests

import (
	"fmt"
	"net/url"
	"strings"
)

// look reads something and checks it by what the client was told.
func (c *soakClient) look(n, i int) {
	u, id := c.people[i], c.ids[i]
	switch {
	case n < 12:
		got := c.get("read user", "/Users/"+id).json(c.t)
		for _, attribute := range []string{"userName", "displayName", "externalId", "active"} {
			fact := userFact(u.email, attribute)
			if want := c.of(fact, "")[fact]; fmt.Sprint(at(got, attribute)) != want {
				c.t.Errorf("%s is %v instead of %s", fact, at(got, attribute), want)
			}
		}
	case n < 20:
		c.finds("find by userName", lookUp(strings.ToUpper(u.userName)), id)
	case n < 24:
		c.finds("find by externalId", "/Users?filter="+url.QueryEscape(fmt.Sprintf("externalId eq %q", u.externalID)), id)
	case n < 28:
		c.finds("find by two", "/Users?filter="+url.QueryEscape(fmt.Sprintf("displayName sw %q and emails.value eq %q", "given", u.email)), id)
	case n < 30:
		c.finds("find nobody", lookUp("nobody-"+u.userName))
	case n < 34:
		path := fmt.Sprintf("/Users?startIndex=%d&count=20", 1+c.random.IntN(soakClients*soakPeople/2))
		if ids := found(c.get("list users", path)); len(ids) == 0 || len(ids) > 20 {
			c.t.Errorf("GET %s: %d people", path, len(ids))
		}
	case n < 36:
		if ids := found(c.get("list by cursor", "/Users?cursor=&count=20")); len(ids) != 20 {
			c.t.Errorf("%d people by a cursor", len(ids))
		}
	case n < 38:
		if ids := found(c.get("list sorted", "/Users?sortBy=displayName&count=10")); len(ids) != 10 {
			c.t.Errorf("%d people in order", len(ids))
		}
	case n < 41:
		c.finds("find group", "/Groups?excludedAttributes=members&filter="+url.QueryEscape(fmt.Sprintf("displayName eq %q", c.group)), c.own)
	default:
		c.lookAtGroup()
	}
}

// lookAtGroup reads the client's own group.
func (c *soakClient) lookAtGroup() {
	got := c.get("read group", "/Groups/"+c.own).json(c.t)
	emails := members{}
	for i, id := range c.ids {
		emails[id] = c.people[i].email
	}
	is := facts{}
	list, _ := at(got, "members").([]any)
	for _, member := range list {
		is[memberFact(c.group, emails[fmt.Sprint(at(member, "value"))])] = "is"
	}
	for _, difference := range differences(is, c.of(memberFact(c.group, ""), ""), nil) {
		c.t.Error(difference)
	}
}

func (c *soakClient) get(what, path string) reply {
	return c.request(ask{what: what, method: "GET", path: path, want: []int{200}})
}

// finds fails the test unless a look-up finds these ids.
func (c *soakClient) finds(what, path string, ids ...string) {
	if is := found(c.get(what, path)); fmt.Sprint(is) != fmt.Sprint(ids) {
		c.t.Errorf("GET %s finds %q instead of %q", path, is, ids)
	}
}
