package model

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// errLost is the end of a connection.
var errLost = &mapping.CallError{Err: io.ErrUnexpectedEOF}

// user is the id in the path of a call about a user; 0 for none.
func (c *call) user() int {
	rest, ok := strings.CutPrefix(c.Path, "/api/users/")
	id, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(id)
	if !ok || err != nil {
		return 0
	}
	return n
}

func (c *call) is(method, path string) bool {
	return c.Method == method && (c.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(c.Path, path))
}

func (c *call) reads() bool { return c.Method == http.MethodGet }

// faults are what the API can do wrong: of each the calls at which it can, and
// what it does then. A kind with several has each of them once.
var faults = map[string][]struct {
	at     func(w *world, c *call) bool
	strike func(w *world, c *call)
}{
	// The answer is that to another call.
	"other": {{
		func(w *world, c *call) bool {
			if id := w.another(c.user()); id == 0 || !c.is("POST", "/api/users") && (c.Method != "PUT" || c.user() == 0) {
				return false
			} else { // One that has the name which was sent can't be told from the one that was meant.
				u, _ := w.api.User(id)
				return !strings.Contains(string(c.Body), strconv.Quote(u.UserName))
			}
		},
		func(w *world, c *call) { c.answer = w.api2("GET", fmt.Sprint("/api/users/", w.another(c.user())), nil) },
	}},
	// The API says that it has done what it has not.
	"undone": {{
		func(w *world, c *call) bool { return c.is("DELETE", "/api/users/") },
		func(w *world, c *call) { c.answer = mapping.Answer{Status: 204} },
	}},
	"unchanged": {{
		func(w *world, c *call) bool {
			return c.Method == "PUT" && w.api2("GET", c.Path, nil).Status == 200
		},
		func(w *world, c *call) { c.answer = w.api2("GET", c.Path, nil) },
	}},
	"silent": {{
		func(w *world, c *call) bool { return c.is("PUT", "/api/users/") },
		func(w *world, c *call) { c.answer = mapping.Answer{Status: 204} },
	}},
	// For a moment nobody is there.
	"empty": {
		{
			func(w *world, c *call) bool { return c.is("GET", "/api/users/") || c.is("GET", "/api/teams/") },
			func(w *world, c *call) {
				c.answer = mapping.Answer{Status: 404, Body: []byte(`{"detail":"not found"}`)}
			},
		},
		{
			func(w *world, c *call) bool { return c.is("GET", "/api/users") || c.is("GET", "/api/teams") },
			func(w *world, c *call) {
				c.answer = w.api2("GET", "/api/users?page=1&size=1&name=nobody+at+all", nil)
				// What was known may be taken to be true no more.
				clear(w.processes[c.by.By].shown)
			},
		},
	},
	"missing": {{
		func(w *world, c *call) bool { return c.is("GET", "/api/users/") || c.is("GET", "/api/teams/") },
		func(w *world, c *call) {
			c.answer = mapping.Answer{Status: 404, Body: []byte(`{"detail":"not found"}`)}
		},
	}},
	// The answer is lost, after the API has acted or before.
	"lost": {{
		func(w *world, c *call) bool { return !c.reads() },
		func(w *world, c *call) { w.api2(c.Method, c.target(), c.Body); c.err = errLost },
	}},
	"unanswered": {{
		func(w *world, c *call) bool { return true },
		func(w *world, c *call) { c.err = errLost },
	}},
	// A person has active tokens.
	"refused": {{
		func(w *world, c *call) bool { return c.is("DELETE", "/api/users/") },
		func(w *world, c *call) {
			c.answer = mapping.Answer{Status: 400, Body: []byte(`{"detail":"The user has active tokens"}`)}
		},
	}},
	// Nothing can be written to the storage; the API has no part in it.
	"read-only": {},
}

// due returns what goes wrong at a call; nil for nothing.
func (r *running) due(c *call) func(*world, *call) {
	if r.Fault == nil || r.calls < r.Fault.From {
		return nil
	}
	for i, f := range faults[r.Fault.Kind] {
		key := fmt.Sprint(i)
		if r.struck[key] || !f.at(r.world, c) {
			continue
		}
		if r.struck == nil {
			r.struck = make(map[string]bool)
		}
		r.struck[key] = true
		return f.strike
	}
	return nil
}

// another is the id of a person that the API shows, other than one; 0 for none.
func (w *world) another(id int) int {
	for _, u := range w.api.Users() {
		if u.ID != id && u.Active() && u.Type == qualytics.TypeHuman {
			return u.ID
		}
	}
	return 0
}

// storage is what is kept, for all processes.
type storage struct {
	mapping.Keeper
	world    *world
	readOnly bool
}

// Lock implements [mapping.Keeper]. Whoever has the lock of an account has read
// nothing of it yet that counts.
func (s *storage) Lock(ctx context.Context, names ...string) (release func(), err error) {
	release, err = s.Keeper.Lock(ctx, names...)
	if q, ok := ctx.Value(askedKey{}).(*asked); ok && err == nil {
		s.world.mu.Lock()
		defer s.world.mu.Unlock()
		for _, name := range names {
			if id, ok := strings.CutPrefix(name, "User/id:"); ok {
				q.locked[number(id)] = true
				delete(q.read, number(id))
				// It may keep what it says of whom it has locked.
				if m := s.world.now(number(id)); m != nil && (q.Do == "post" || q.Do == "put") {
					s.world.given[gift{number(id), m.CreatedAt, q.want.externalID}] = true
				}
			}
		}
	}
	return release, err
}

// Update implements [mapping.Keeper].
func (s *storage) Update(ctx context.Context, resource, id string, change func(mapping.Record) mapping.Record) (mapping.Record, error) {
	if s.readOnly {
		return mapping.Record{}, &scim.Error{Status: 503, RetryAfter: 1, Detail: "The storage can't be written."}
	}
	return s.Keeper.Update(ctx, resource, id, change)
}
