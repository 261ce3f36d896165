package tests

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// quirk is a habit of identity providers, and what has to come of it. Its steps
// find Ana Reis (2), Bruno Silva (4) and Chloe Martin (5) in the teams Finance
// DQ (2: Ana, Chloe) and Sales DQ (3: Ana, Bruno). A user who is made gets the
// id 6, a team 4.
type quirk struct {
	number int
	name   string

	// before is what somebody else did in the API.
	before func(s *qualytics.Sandbox)

	steps []step

	// state is what the API's users and teams hold in the end: JSON by user
	// name, and by "team " with the team's name. What is "" must not be there.
	state map[string]string

	// after looks at what steps and state can't say.
	after func(t *testing.T, st *stack)
}

// quirks are all that are known, in the order of their numbers.
var quirks = slices.Concat(transportQuirks, bodyQuirks, patchQuirks, groupQuirks, answerQuirks, serviceQuirks)

// step is a request and what is expected of it. One that reads and one that
// fails must leave everything in the API as it is.
type step struct {
	method, path, headers, body string

	status     int
	has        string // see [holds]
	header     string // of the answer, "NAME: VALUE"
	idle       bool   // the API is not written to
	calls      *int   // to the API at most; nil for any number
	leniencies []tolerance.Name
	regardless bool // it does the same without the leniencies
}

// request is a step with a path of the whole server.
func request(method, path, body string) step { return step{method: method, path: path, body: body} }

func get(path string) step         { return request("GET", basePath+path, "") }
func post(path, body string) step  { return request("POST", basePath+path, body) }
func put(path, body string) step   { return request("PUT", basePath+path, body) }
func patch(path, body string) step { return request("PATCH", basePath+path, body) }
func remove(path string) step      { return request("DELETE", basePath+path, "") }

// operations is the body of a PATCH.
func operations(list string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + list + `]}`
}

// is sets the status of the answer and what it holds.
func (s step) is(status int, has string) step { s.status, s.has = status, has; return s }

// with adds header lines; without one that names it, the content type of a body
// is application/scim+json.
func (s step) with(lines ...string) step {
	s.headers += strings.Join(lines, "\r\n") + "\r\n"
	return s
}

// says expects a header of the answer.
func (s step) says(header string) step { s.header = header; return s }

// idly expects no write.
func (s step) idly() step { s.idle = true; return s }

// within expects so many calls at most.
func (s step) within(calls int) step { s.calls = &calls; return s }

// needs names the leniencies that the request needs, and no others.
func (s step) needs(names ...tolerance.Name) step { s.leniencies = names; return s }

// anyhow says that the request does the same without its leniencies.
func (s step) anyhow() step { s.regardless = true; return s }

// raw returns the bytes of the request.
func (s step) raw(st *stack) string {
	head := s.method + " " + s.path + " HTTP/1.1\r\n" + s.headers
	if !strings.Contains(s.headers, "Host:") {
		head += "Host: " + st.host + "\r\n"
	}
	if !strings.Contains(s.headers, "Authorization:") {
		head += "Authorization: Bearer " + st.token + "\r\n"
	}
	if s.body != "" {
		if !strings.Contains(s.headers, "Content-Type:") {
			head += "Content-Type: application/scim+json\r\n"
		}
		head += "Content-Length: " + strconv.Itoa(len(s.body)) + "\r\n"
	}
	return head + "\r\n" + s.body
}

// run does the step and checks all that is expected of it.
func (s step) run(t *testing.T, st *stack) {
	t.Helper()
	before := st.everything(t)
	st.sandbox.ResetCalls()
	got := st.roundTrip(t, s.raw(st))
	calls, writes := st.sandbox.Calls(), st.writes()
	defer func() {
		if t.Failed() {
			t.Logf("%s %s %s\nwas answered with %d %s", s.method, s.path, s.body, got.status, got.body)
		}
	}()

	switch {
	case s.status >= 400:
		isSCIMError(t, got, s.status)
	case got.status != s.status:
		t.Errorf("status %d instead of %d", got.status, s.status)
	}
	if s.has != "" {
		holds(t, "the answer", string(got.body), s.has)
	}
	if name, want, _ := strings.Cut(s.header, ": "); s.header != "" && got.header.Get(name) != want {
		t.Errorf("%s is %q instead of %q", name, got.header.Get(name), want)
	}
	if s.idle && len(writes) > 0 {
		t.Errorf("the API was written to: %s", callList(writes))
	}
	if s.calls != nil && len(calls) > *s.calls {
		t.Errorf("%d calls instead of %d at most: %s", len(calls), *s.calls, callList(calls))
	}
	if after := st.everything(t); (s.status >= 400 || s.method == "GET") && after != before {
		t.Errorf("the API was changed from\n\t%s\nto\n\t%s", before, after)
	}
}

// startQuirk starts a stack for a quirk; words are the option tolerances.
func startQuirk(t *testing.T, q quirk, d qualytics.Dialect, words string) *stack {
	t.Helper()
	st := start(t, setup{sandbox: qualytics.Config{Dialect: d}, edit: func(caddyfile string) string {
		return strings.Replace(tolerances(words)(caddyfile), "\n\treverse_proxy ", "\n\tmetrics /metrics\n\n\treverse_proxy ", 1)
	}})
	st.sandbox.Seed(3, 2)
	if q.before != nil {
		q.before(st.sandbox)
	}
	return st
}

// TestQuirks goes through the table, in both dialects of the API. That a step
// needs its leniencies and no others is what Caddy's metrics say.
func TestQuirks(t *testing.T) {
	if len(quirks) != 44 {
		t.Errorf("there are %d quirks instead of 44", len(quirks))
	}
	for i, q := range quirks {
		if q.number != i+1 {
			t.Fatalf("%q has the number %d instead of %d", q.name, q.number, i+1)
		}
		for dialect, d := range dialects {
			t.Run(fmt.Sprintf("%02d %s/%s", q.number, q.name, dialect), func(t *testing.T) {
				st := startQuirk(t, q, d, "all")
				used := st.used(t)
				for _, s := range q.steps {
					s.run(t, st)
					if used = s.counted(t, st, used); t.Failed() {
						return
					}
				}
				for name, want := range q.state {
					st.hasState(t, name, want)
				}
				if q.after != nil {
					q.after(t, st)
				}
			})
		}
	}
}

// hasState checks a user or team as a quirk has it.
func (st *stack) hasState(t *testing.T, name, want string) {
	t.Helper()
	lookUp := st.account
	title, isTeam := strings.CutPrefix(name, "team ")
	if isTeam {
		lookUp = st.team
	}
	is, ok := lookUp(t, title)
	switch {
	case want == "" && ok:
		t.Errorf("the API has %s: %s", name, is)
	case want != "" && !ok:
		t.Errorf("the API does not have %s", name)
	case want != "":
		holds(t, name, is, want)
	}
}
