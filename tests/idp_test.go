package tests

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// idp is a client that behaves as an identity provider: what gets no
// answer, or one that says "later", it repeats, a create from the look-up on.
// It remembers what it was told.
type idp struct {
	t  testing.TB
	st *stack
	*told

	// gate is locked while nobody may ask.
	gate *sync.RWMutex

	// patience is how often a request is repeated.
	patience int

	// begin is called before each request, and may number it; observe with each
	// answer, or status 0 when there is none.
	begin   func() int
	observe func(a ask, got reply, number int, took time.Duration)
}

// ask is a request.
type ask struct {
	// what is its name in a report
	what               string
	method, path, body string

	// after is what it brings about.
	after facts

	// want are the statuses that say so.
	want []int
}

// send sends a request once. again says that it may be repeated.
func (p *idp) send(a ask) (got reply, again bool) {
	number, start := p.begin(), time.Now()
	got = p.sendOpen(a)
	p.observe(a, got, number, time.Since(start))
	return got, got.status == 0 || got.status == http.StatusTooManyRequests || got.status >= 500
}

// sendOpen sends a request when the gate is open, and takes note of the answer
// before it can be locked.
func (p *idp) sendOpen(a ask) reply {
	p.gate.RLock()
	defer p.gate.RUnlock()
	p.await(a.after)
	got, err := p.st.send(p.t, a.method, basePath+a.path, a.body)
	if err != nil {
		return reply{}
	}
	if slices.Contains(a.want, got.status) {
		p.acknowledge(a.after)
	}
	return got
}

// until repeats a step until it is done.
func (p *idp) until(what string, step func() (done bool)) {
	for range p.patience {
		if p.t.Context().Err() != nil || step() {
			return
		}
	}
	p.t.Errorf("%s is not done after %d tries", what, p.patience)
}

// request repeats a request until it gets an answer, and checks that.
func (p *idp) request(a ask) (got reply) {
	p.until(a.method+" "+a.path, func() bool {
		var again bool
		if got, again = p.send(a); again {
			return false
		}
		if !slices.Contains(a.want, got.status) {
			p.t.Errorf("%s %s %s: status %d: %s", a.method, a.path, a.body, got.status, got.body)
		}
		return true
	})
	return got
}

// person is somebody in the provider's directory.
type person struct {
	email, userName, displayName, externalID string
	active                                   bool
}

// body is the person in the JSON of OneLogin.
func (u person) body() string {
	given, family, _ := strings.Cut(u.displayName, " ")
	return fmt.Sprintf(`{"schemas":["urn:scim:schemas:core:2.0","urn:scim:schemas:extension:enterprise:2.0"],"userName":%q,`+
		`"name":{"givenName":%q,"familyName":%q},"displayName":%q,"emails":{"value":%q,"type":"work","primary":true},`+
		`"externalId":%q,"active":%t,"title":"Steward"}`,
		u.userName, given, family, u.displayName, u.email, u.externalID, u.active)
}

// facts are those of the person, apart from groups.
func (u person) facts() facts {
	return facts{
		userFact(u.email, "userName"): u.userName, userFact(u.email, "displayName"): u.displayName,
		userFact(u.email, "externalId"): u.externalID, userFact(u.email, "active"): fmt.Sprint(u.active),
	}
}

// found returns the ids that a list shows.
func found(got reply) []string {
	var list struct {
		Resources []struct {
			ID string `json:"id"`
		}
	}
	_ = json.Unmarshal(got.body, &list)
	var ids []string
	for _, r := range list.Resources {
		ids = append(ids, r.ID)
	}
	return ids
}

// ensure looks a resource up, and updates or makes it. It returns its id.
func (p *idp) ensure(lookUp string, create, update ask) (id string) {
	p.until(create.method+" "+create.body, func() bool {
		got, again := p.send(ask{what: "look-up", method: "GET", path: lookUp, want: []int{200}})
		if got.status != 200 {
			if !again {
				p.t.Errorf("GET %s: status %d: %s", lookUp, got.status, got.body)
			}
			return false
		}
		switch ids := found(got); len(ids) {
		case 0:
			if got, again = p.send(create); got.status == 201 {
				id, _ = got.json(p.t)["id"].(string)
				return true
			}
		case 1:
			update.path += "/" + ids[0]
			if got, again = p.send(update); got.status == 200 {
				id = ids[0]
				return true
			}
			update.path, _, _ = strings.Cut(update.path, "/"+ids[0])
		default:
			p.t.Errorf("GET %s finds %q", lookUp, ids)
		}
		if !again && got.status != 409 {
			p.t.Errorf("%s: status %d: %s", create.body, got.status, got.body)
		}
		return false
	})
	return id
}

// provision has somebody be as they are in the directory.
func (p *idp) provision(u person) (id string) {
	after := u.facts()
	return p.ensure(lookUp(u.userName),
		ask{what: "create user", method: "POST", path: "/Users", body: u.body(), after: after, want: []int{201}},
		ask{what: "PUT user", method: "PUT", path: "/Users", body: u.body(), after: after, want: []int{200}})
}

// put updates somebody who is there.
func (p *idp) put(id string, u person) {
	p.request(ask{what: "PUT user", method: "PUT", path: "/Users/" + id + "?", body: u.body(), after: u.facts(), want: []int{200}})
}

// rename changes somebody's name.
func (p *idp) rename(id string, u person) {
	p.request(ask{
		what: "PATCH user", method: "PATCH", path: "/Users/" + id, after: u.facts(), want: []int{200},
		body: operations(fmt.Sprintf(`{"op":"replace","value":{"displayName":%q}}`, u.displayName)),
	})
}

// delete deletes a resource. That it is not there is an answer to a repeat alone.
func (p *idp) delete(what, path string, after facts) {
	a := ask{what: what, method: "DELETE", path: path, after: after, want: []int{204}}
	p.until("DELETE "+path, func() bool {
		got, again := p.send(a)
		a.want = []int{204, 404}
		if !again && !slices.Contains(a.want, got.status) {
			p.t.Errorf("DELETE %s: status %d: %s", path, got.status, got.body)
		}
		return !again
	})
}

// deleteUser deletes somebody, who is then in no group.
func (p *idp) deleteUser(id, email string) {
	p.delete("delete user", "/Users/"+id, ended(p.of("user "+email+" ", ""), p.of("group ", "member "+email)))
}

// deleteGroup deletes a group.
func (p *idp) deleteGroup(id, name string) {
	p.delete("delete group", "/Groups/"+id, ended(p.of(groupFact(name, ""), "")))
}

// ended are facts that are no more.
func ended(all ...facts) facts {
	after := facts{}
	for _, some := range all {
		for name := range some {
			after[name] = ""
		}
	}
	return after
}

// provisionGroup has a group be there.
func (p *idp) provisionGroup(name, externalID string) (id string) {
	after := facts{groupFact(name, "externalId"): externalID}
	body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"externalId":%q}`, name, externalID)
	return p.ensure("/Groups?filter="+url.QueryEscape(`displayName eq "`+name+`"`),
		ask{what: "create group", method: "POST", path: "/Groups", body: body, after: after, want: []int{201}},
		ask{what: "PUT group", method: "PUT", path: "/Groups", body: body, after: after, want: []int{200}})
}

// renameGroup gives a group another name.
func (p *idp) renameGroup(id, name, newName string) {
	before := p.of(groupFact(name, ""), "")
	after := ended(before)
	for fact, value := range before {
		after[groupFact(newName, strings.TrimPrefix(fact, groupFact(name, "")))] = value
	}
	p.request(ask{
		what: "PATCH group", method: "PATCH", path: "/Groups/" + id, after: after, want: []int{200},
		body: operations(fmt.Sprintf(`{"op":"replace","path":"displayName","value":%q}`, newName)),
	})
}

// members are people by their ids, with their e-mail addresses.
type members map[string]string

func (m members) json() string {
	var list []string
	for _, id := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf(`{"value":%q,"display":""}`, id))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// change puts people into a group ("add") or takes them out ("remove").
func (p *idp) change(op, id, name string, who members) {
	after := facts{}
	for _, email := range who {
		if after[memberFact(name, email)] = "is"; op == "remove" {
			after[memberFact(name, email)] = ""
		}
	}
	p.request(ask{
		what: op + " members", method: "PATCH", path: "/Groups/" + id, after: after, want: []int{200},
		body: operations(fmt.Sprintf(`{"op":%q,"path":"members","value":%s}`, op, who.json())),
	})
}

// putMembers has a group consist of these people.
func (p *idp) putMembers(id, name string, who members) {
	after := ended(p.of(groupFact(name, "member "), ""))
	for _, email := range who {
		after[memberFact(name, email)] = "is"
	}
	p.request(ask{
		what: "PUT group", method: "PUT", path: "/Groups/" + id, after: after, want: []int{200},
		body: fmt.Sprintf(`{"displayName":%q,"members":%s}`, name, who.json()),
	})
}
