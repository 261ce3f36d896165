package mapping

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestSequences does random requests in random order, other writers and
// failures of the API among them, and checks what must hold all the time. Once
// what the API has no field for is left out, and once it is kept.
func TestSequences(t *testing.T) {
	for seed := range uint64(60) {
		word := "ignore"
		if seed >= 40 {
			word = "keep"
		}
		t.Run(fmt.Sprint(word, seed), func(t *testing.T) {
			dialect := qualytics.DialectA()
			if seed%2 == 1 {
				dialect = qualytics.DialectB()
			}
			b := newBareBench(t, unguarded(t, unmapped(word)...), dialect)
			b.sandbox.Seed(6, 2)
			s := sequence{
				bench: b, random: rand.New(rand.NewPCG(seed, seed)), faulty: seed%4 >= 2, deleted: make(map[string]bool),
				keeps: word == "keep", titles: make(map[string]any),
			}
			for range 120 {
				s.step()
				if t.Failed() {
					t.Fatalf("after:\n%s", strings.Join(s.log, "\n"))
				}
			}
			for _, violation := range b.sandbox.UnexpectedViolations() {
				t.Errorf("does not fit the API's document: %s", violation)
			}
		})
	}
}

// sequence is a run of random requests.
type sequence struct {
	*bench
	random *rand.Rand
	faulty bool
	log    []string

	// deleted are the users that SCIM deleted and nobody has brought back.
	deleted map[string]bool

	// keeps says that what the API has no field for is kept; titles are the
	// kept ones, by id.
	keeps  bool
	titles map[string]any
}

func (s *sequence) pick(list ...string) string { return list[s.random.IntN(len(list))] }

// body is a random user.
func (s *sequence) body() string {
	name := s.pick("ana.reis", "BRUNO.silva", "new.1", "new.2", "New.3", "pipeline_bot_1")
	parts := []string{`"userName":"` + name + `"`}
	for _, part := range []string{
		`"active":` + s.pick(`true`, `false`, `"False"`, `null`), `"emails":` + s.pick(`null`, `[]`, `"`+strings.ToLower(name)+`@corp.test"`, `"shared@corp.test"`),
		`"roles":` + s.pick(`[]`, `"admin"`, `[{"value":"Manager"}]`), `"displayName":"` + s.pick("A B", "C", "") + `"`,
		`"name":` + s.pick(`null`, `{"givenName":"A","familyName":"B"}`, `{"familyName":"Z"}`, `{"middleName":"M"}`), `"externalId":` + s.pick(`null`, `"e1"`, `"e2"`),
		`"title":` + s.pick(`null`, `""`, `"T1"`, `"T2"`), `"phoneNumbers":` + s.pick(`[]`, `[{"value":"1","type":"work"}]`, `{"value":""}`),
		`"` + enterprise + `":` + s.pick(`null`, `{"department":"D"}`, `{"manager":{"value":"2"}}`, `{"manager":null,"department":""}`),
	} {
		if s.random.IntN(3) == 0 {
			parts = append(parts, part)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (s *sequence) id() string {
	users := s.sandbox.Users()
	return fmt.Sprint(users[s.random.IntN(len(users))].ID)
}

// step does one random thing and checks what must hold after it.
func (s *sequence) step() {
	if s.faulty && s.random.IntN(4) == 0 {
		call := s.pick("PUT *", "POST *", "DELETE *", "GET *", "* /api/users/{id}", "POST /api/users/{id}/restore")
		kind := []qualytics.FaultKind{qualytics.ServerError, qualytics.ResetBefore, qualytics.ResetAfter, qualytics.TooManyRequests, qualytics.HTMLPage}[s.random.IntN(5)]
		s.sandbox.Fail(call, qualytics.Fault{Kind: kind, Skip: s.random.IntN(2)}, 1)
		s.log = append(s.log, fmt.Sprintf("fault %d for %s", kind, call))
	}
	defer s.sandbox.ClearFaults()
	if s.random.IntN(6) == 0 {
		s.otherWriter()
		return
	}
	id := s.id()
	switch s.random.IntN(6) {
	case 0, 1:
		s.request("POST", "/Users", s.body())
	case 2:
		s.request("PUT", "/Users/"+id, s.body())
	case 3:
		s.request("PATCH", "/Users/"+id, patchOf(`{"op":"replace","value":`+s.body()+`}`))
	case 4:
		s.request("DELETE", "/Users/"+id, "")
	default:
		s.request("GET", s.pick("/Users", "/Users?startIndex=3&count=2", filtered(`userName eq "new.1"`), filtered(`emails eq "shared@corp.test"`), filtered(`externalId eq "e1"`)), "")
	}
}

func (s *sequence) otherWriter() {
	id := s.id()
	if s.user(id).Type == qualytics.TypeService {
		return
	}
	s.log = append(s.log, "another writer changes "+id)
	s.byHand(id, []func(*qualytics.User){
		switchOff, switchOn, func(u *qualytics.User) { u.Role, u.Teams = qualytics.RoleAdmin, []string{"Finance DQ"} },
		func(u *qualytics.User) { u.Email = new("shared@corp.test") },
	}[s.random.IntN(4)])
	if s.user(id).Active() {
		delete(s.deleted, id)
	}
}

func (s *sequence) request(method, path, body string) {
	s.t.Helper()
	before := s.sandbox.Users()
	response, doc := s.send(method, path, body)
	s.log = append(s.log, fmt.Sprintf("%s %s %s -> %d %+v", method, path, body, response.Status, response.Report.Calls))
	s.sandbox.ClearFaults()
	if response.Status >= 500 && !s.faulty {
		s.t.Errorf("status %d: %v", response.Status, response.Err)
	}
	s.sound(before, response)
	switch {
	case method == "DELETE" && response.Status == 204:
		s.deleted[response.Report.ID] = true
		delete(s.titles, response.Report.ID)
	case method != "GET" && response.Status < 300:
		delete(s.deleted, textOf(s.t, doc, "id"))
		s.readsBack(response, doc)
		s.titleIs(method, body, doc)
	}
	for id := range s.deleted {
		if s.user(id).Active() && s.faulty {
			// A failed return may have restored it, without its old access.
			delete(s.deleted, id)
			continue
		}
		s.fails(404, "", "GET", "/Users/"+id, "")
	}
}

// sound checks the state of the API after a request.
func (s *sequence) sound(before []qualytics.User, response Response) {
	s.t.Helper()
	names := make(map[string]bool)
	for i, u := range s.sandbox.Users() {
		name := strings.ToLower(u.UserName)
		if names[name] {
			s.t.Errorf("two users are called %s", name)
		}
		names[name] = true
		switch {
		case i >= len(before):
			continue
		case before[i].Type == qualytics.TypeService && !reflect.DeepEqual(before[i], u):
			s.t.Errorf("a service user was changed: %s", shown(u))
		case s.deleted[fmt.Sprint(u.ID)] && !before[i].Active() && u.Active() && len(u.Teams) > 1 && len(response.Report.Warnings) == 0:
			s.t.Errorf("active with the old access: %s", shown(u))
		case response.Status >= 400 && response.Status < 500 && !s.faulty && shown(before[i]) != shown(u) && (before[i].Active() == u.Active()):
			s.t.Errorf("refused, and changed: %s -> %s", shown(before[i]), shown(u))
		}
	}
}

// readsBack has a GET answer what the write answered.
func (s *sequence) readsBack(response Response, doc map[string]any) {
	s.t.Helper()
	_, again := s.send("GET", "/Users/"+textOf(s.t, doc, "id"), "")
	if !reflect.DeepEqual(doc, again) {
		raw, _ := json.Marshal(again)
		s.t.Errorf("written\n%s, read\n%s", response.Body, raw)
	}
	if !s.faulty {
		s.writesNothing(func() {
			if put, _ := s.send("PUT", "/Users/"+textOf(s.t, doc, "id"), string(response.Body)); string(put.Body) != string(response.Body) {
				s.t.Errorf("read\n%s, and written back\n%s", response.Body, put.Body)
			}
		})
	}
	found := s.found(`userName eq "` + textOf(s.t, doc, "userName") + `"`)
	if len(found) != 1 || found[0] != doc["id"] {
		s.t.Errorf("%s is found as %v, not %s", doc["userName"], found, doc["id"])
	}
}

// titleIs checks that an answer shows the title of the request, or else the one
// that there was.
func (s *sequence) titleIs(method, body string, doc map[string]any) {
	s.t.Helper()
	id, is := textOf(s.t, doc, "id"), doc["title"]
	want, known := s.titles[id], method != "POST"
	for _, title := range []string{"T1", "T2"} {
		if strings.Contains(body, `"title":"`+title+`"`) {
			want, known = title, true
		}
	}
	if strings.Contains(body, `"title":null`) || strings.Contains(body, `"title":""`) {
		want, known = nil, true
	}
	if !s.keeps {
		want, known = nil, true
	}
	if known && is != want {
		s.t.Errorf("the title is %v, want %v", is, want)
	}
	s.titles[id] = is
}
