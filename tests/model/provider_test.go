package model

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/qualytics/scim-sidecar/mapping"
)

// asked is a request that is being done, or was.
type asked struct {
	Ask
	number  int
	request mapping.Request

	// id is that of the account or group which the request names; members are
	// those that a change of a group names.
	id      string
	members []string

	// want is what the person is to have, as far as the request says.
	want wanted

	// start is the tick at which it began, and end its place among those of the
	// step by when they ended; below 0 if it was not sent.
	start, end int

	// locked are the accounts that the request has a lock of, and read are the ticks
	// at which it has read one since. Made are those that the API has made for it, and wrote those it wrote.
	locked      map[int]bool
	read        map[int][]int
	made, wrote map[int]bool

	// missed are those of which it was told once that there is none.
	missed map[int]bool

	response mapping.Response
	doc      map[string]any
}

// wanted is what a request says of a person; empty where it says nothing.
type wanted struct{ userName, mail, role, active, externalID string }

// begin sends a request, if its provider knows enough to.
func (w *world) begin(ctx context.Context, q *asked, r *running) {
	q.locked = make(map[int]bool)
	q.start, q.read, q.made, q.wrote, q.missed = w.tick, make(map[int][]int), make(map[int]bool), make(map[int]bool), make(map[int]bool)
	if !w.compose(q) {
		w.log("  %d %s %s: the provider knows no id", q.number, q.Do, q.Who)
		q.end = -1
		return
	}
	w.log("  %d provider %d: %s %s?%s %s", q.number, q.By, q.request.Method, q.request.Path, q.request.Query, q.request.Body)
	r.begun++
	p := w.processes[q.By]
	go func() {
		response := p.program.Serve(context.WithValue(ctx, askedKey{}, q), p.world, q.request)
		w.mu.Lock()
		defer w.mu.Unlock()
		q.response = response
		r.ended++
		q.end = r.ended
	}()
}

// compose makes the request.
func (w *world) compose(q *asked) bool {
	p := w.directory[q.Who]
	q.request = mapping.Request{Base: "https://scim.test", Method: map[string]string{
		"find": "GET", "get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE", "group": "PATCH",
	}[q.Do], Path: "/Users"}
	switch q.Do {
	case "find":
		value := map[string]string{"userName": p.userName, "externalId": p.externalID, "emails.value": p.mail}[q.What]
		q.request.Query = "filter=" + url.QueryEscape(fmt.Sprintf("%s eq %q", q.What, value))
		q.want = wanted{userName: p.userName, mail: p.mail, externalID: p.externalID}
		return true
	case "post":
		q.body(p)
		return true
	case "group":
		return w.composeGroup(q)
	}
	if q.id = w.told[q.By][q.Who]; q.id == "" {
		return false
	}
	q.request.Path += "/" + q.id
	switch q.Do {
	case "put":
		q.body(p)
	case "patch":
		q.patch()
	case "delete":
		q.want.active = "false"
		if a := w.accounts[number(q.id)]; a != nil {
			a.deleting = true
		}
	}
	return true
}

// body has the request send all of a person.
func (q *asked) body(p person) {
	q.want = wanted{orElse(q.Name, p.userName), orElse(q.Mail, p.mail), q.Role, q.Active, p.externalID}
	doc := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": q.want.userName, "externalId": p.externalID,
		"displayName": p.name, "emails": []any{map[string]any{"type": "work", "primary": true, "value": q.want.mail}},
	}
	if q.Role != "" {
		doc["roles"] = []any{map[string]any{"value": q.Role}}
	}
	if q.Active != "" {
		doc["active"] = q.Active == "true"
	}
	q.send(doc)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (q *asked) send(doc any) {
	body, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	q.request.Body = body
}

type op struct {
	Op    string `json:"op"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

func (q *asked) operations(ops []op) {
	q.send(map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops})
}

// patch has the request send single values. What is wrong in it comes first.
func (q *asked) patch() {
	var ops []op
	switch q.Bad {
	case "role":
		ops = append(ops, op{"replace", "roles", []any{map[string]any{"value": "Nobody's"}}})
	case "extension":
		ops = append(ops, op{"replace", "urn:example:2.0:User:shoe", "42"})
	}
	if q.Name != "" {
		ops = append(ops, op{"replace", "userName", q.Name})
	}
	if q.Mail != "" {
		ops = append(ops, op{"replace", "emails", []any{map[string]any{"type": "work", "value": q.Mail}}})
	}
	if q.Role != "" {
		ops = append(ops, op{"replace", "roles", []any{map[string]any{"value": q.Role}}})
	}
	if q.Active != "" {
		ops = append(ops, op{"replace", "active", q.Active == "true"})
	}
	q.want = wanted{userName: q.Name, mail: q.Mail, role: q.Role, active: q.Active}
	q.operations(ops)
}

// composeGroup has the request change who is in a group.
func (w *world) composeGroup(q *asked) bool {
	q.id = w.groups[q.Group]
	q.request.Path = "/Groups/" + q.id
	if q.What == "name" {
		q.operations([]op{{"replace", "externalId", "x-" + q.Group}})
		return true
	}
	list := []any{}
	for _, who := range append([]string{q.Who}, q.More...) {
		if id := w.told[q.By][who]; id != "" {
			q.members = append(q.members, id)
			list = append(list, map[string]any{"value": id})
		}
	}
	q.operations([]op{{q.What, "members", list}})
	return len(list) > 0
}

// heard has the provider take in the answer to its request.
func (w *world) heard(q *asked) {
	q.doc = nil
	if len(q.response.Body) > 0 {
		if err := json.Unmarshal(q.response.Body, &q.doc); err != nil {
			w.fail("answer", "the answer to %s is no JSON: %s", q.Do, q.response.Body)
		}
	}
	w.log("  %d answer: %d%s", q.number, q.response.Status, cut(q.response.Body))
	told, ok := w.told[q.By], q.ok()
	switch q.Do {
	case "find":
		if ids := q.found(); ok && len(ids) > 0 {
			told[q.Who] = strconv.Itoa(ids[0])
		} else if ok {
			delete(told, q.Who)
		}
	case "post":
		if id, _ := q.doc["id"].(string); ok {
			told[q.Who] = id
		}
	case "delete":
		if ok || q.response.Status == 404 {
			delete(told, q.Who)
		}
	case "get", "put", "patch":
		if q.response.Status == 404 {
			delete(told, q.Who)
		}
	}
	if ok && slices.Contains([]string{"post", "put", "patch"}, q.Do) {
		p := w.directory[q.Who]
		p.userName, p.mail = orElse(q.want.userName, p.userName), orElse(q.want.mail, p.mail)
		w.directory[q.Who] = p
	}
}

func (q *asked) ok() bool { return q.response.Status >= 200 && q.response.Status < 300 }

// found are the ids in the answer to a look-up.
func (q *asked) found() (ids []int) {
	list, _ := q.doc["Resources"].([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		ids = append(ids, number(m["id"]))
	}
	return ids
}

func number(v any) int {
	s, _ := v.(string)
	n, _ := strconv.Atoi(s)
	return n
}
