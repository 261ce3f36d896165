package model

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

const token = "t"

// world is the API with everybody in it, the processes of the sidecar in front
// of it, and what the model knows of who is who. It must be used in a bubble of
// synctest, by one goroutine; the requests' own wait for it with each call.
type world struct {
	History
	api       *qualytics.Sandbox
	processes [2]*process
	storage   *storage

	// accounts are those of the API now, by id, and free the ids of those that
	// are gone for good. History of what each id has shown is in moments.
	accounts map[int]*account
	free     []int
	moments  map[int][]moment
	tick     int

	// past is what was known of an id whose account is gone. Noted is when the
	// first create of a user name was answered with an error that leaves open what
	// came of it, given are the external ids that accounts were given, and named
	// the groups.
	past  map[int]*known
	noted map[string]time.Time
	given map[gift]bool
	named map[string]bool

	// began is when the step began.
	began time.Time

	// directory is what the providers say of each person now, and told which ids
	// each has been given.
	directory map[string]person
	told      [2]map[string]string
	groups    map[string]string

	trace  []string
	broken *broken

	mu      sync.Mutex
	pending []*call
}

// process is one of the sidecar.
type process struct {
	program *mapping.Program
	world   mapping.World

	// shown is the tick from which on the process knows what an account was then.
	shown map[int]int
}

// call is a call of the API that waits for its turn.
type call struct {
	mapping.Call
	by   *asked
	done chan struct{}

	answer mapping.Answer
	err    error
}

// broken is a rule that does not hold.
type broken struct{ rule, text string }

func newWorld(h History, programs map[program]*mapping.Program) *world {
	dialect := qualytics.DialectA()
	if h.Dialect == "B" {
		dialect = qualytics.DialectB()
	}
	w := &world{
		History: h, api: qualytics.New(qualytics.Config{Token: token, Dialect: dialect, ForgetCalls: true}),
		accounts: make(map[int]*account), moments: make(map[int][]moment), directory: make(map[string]person),
		past: make(map[int]*known), noted: make(map[string]time.Time), given: make(map[gift]bool), named: make(map[string]bool),
		told: [2]map[string]string{{}, {}}, groups: map[string]string{"role-admin": "role-admin", "role-manager": "role-manager"},
	}
	p := programs[program{h.Page, h.Guard}]
	w.storage = &storage{Keeper: p.NewMemory().World().Keeper, world: w}
	for i := range w.processes {
		w.processes[i] = &process{program: p}
		w.forget(i)
	}
	for who, p := range cast {
		w.directory[who] = p
	}
	w.own(w.api.OwnID(), "the sidecar")
	w.signIn("boss", cast["boss"].userName, qualytics.RoleAdmin)
	for _, name := range []string{"T1", "T2"} {
		w.groups[name] = strconv.Itoa(w.api.AddTeam(qualytics.Team{Name: name}))
	}
	w.look(nil)
	return w
}

// forget makes a process begin anew.
func (w *world) forget(i int) {
	p := w.processes[i]
	p.world = p.program.NewMemory().World()
	p.shown = make(map[int]int)
	p.world.Correlations = &shared{
		Correlations: p.world.Correlations, small: w.Small,
		now: func() int { return w.tick }, learnt: func(id string, tick int) { p.shown[number(id)] = max(p.shown[number(id)], tick) },
	}
	p.world.Keeper, p.world.Upstream = w.storage, w
}

func (w *world) log(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// fail notes that a rule does not hold; the first one counts.
func (w *world) fail(name, format string, args ...any) {
	if w.broken == nil && (*rule == "" || *rule == name) {
		w.broken = &broken{name, fmt.Sprintf(format, args...)}
		w.log("  BROKEN %s: %s", name, w.broken.text)
	}
}

type askedKey struct{}

// Do implements [mapping.Upstream]: it waits for its turn.
func (w *world) Do(ctx context.Context, c mapping.Call) (mapping.Answer, error) {
	by, _ := ctx.Value(askedKey{}).(*asked)
	waiting := &call{Call: c, by: by, done: make(chan struct{})}
	w.mu.Lock()
	w.pending = append(w.pending, waiting)
	w.mu.Unlock()
	<-waiting.done
	return waiting.answer, waiting.err
}

// turn takes one of the calls that wait: of one request, in an order that does
// not depend on which goroutine was the quicker one.
func (w *world) turn(choose func() int) *call {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pending) == 0 {
		return nil
	}
	slices.SortFunc(w.pending, func(a, b *call) int {
		return strings.Compare(a.order(), b.order())
	})
	i := 0
	if j := slices.IndexFunc(w.pending, func(c *call) bool { return c.by != w.pending[0].by }); j > 0 && choose() == 1 {
		i = j
	}
	c := w.pending[i]
	w.pending = slices.Delete(w.pending, i, i+1)
	return c
}

func (c *call) order() string {
	return fmt.Sprint(c.by.number, " ", c.Method, " ", c.Path, "?", c.Query, string(c.Body))
}

// run does a history and returns the rule that was broken; nil for none.
func (w *world) run() {
	for i, s := range w.Steps {
		w.log("step %d", i+1)
		// What is made in different steps is made at different times.
		time.Sleep(time.Minute)
		w.step(s)
		if w.broken != nil {
			return
		}
	}
	w.checkEnd()
}

func (w *world) step(s Step) {
	w.began = time.Now()
	if s.Forget != nil {
		w.log("  process %d forgets", *s.Forget)
		w.forget(*s.Forget)
	}
	if s.People != nil {
		w.act(*s.People)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	waiting := []*asked{}
	for i := range s.Asks {
		waiting = append(waiting, &asked{Ask: s.Asks[i], number: i})
	}
	all := slices.Clone(waiting)
	r := &running{Step: s, world: w}
	w.storage.readOnly = s.Fault != nil && s.Fault.Kind == "read-only"
	defer func() { w.storage.readOnly = false }()
	for idle := 0; ; {
		for len(waiting) > 0 && (waiting[0].At <= r.calls || r.ended == r.begun) {
			w.begin(ctx, waiting[0], r)
			waiting = waiting[1:]
			synctest.Wait()
		}
		c := w.turn(r.choose)
		switch {
		case c != nil:
			idle = 0
			w.serve(c, r)
			synctest.Wait()
		case r.ended == r.begun && len(waiting) == 0:
			w.checkStep(s, all, r)
			return
		case r.ended < r.begun && idle < 100:
			idle++
			time.Sleep(time.Second)
			synctest.Wait()
		case r.ended < r.begun:
			w.fail("stuck", "requests wait for each other")
			cancel()
			synctest.Wait()
			return
		}
	}
}

// running is a step that is being done.
type running struct {
	Step
	*world
	calls, begun, ended, chosen int
	struck                      map[string]bool
	acted                       bool
}

func (r *running) choose() int {
	i := r.chosen
	r.chosen++
	if i < len(r.Order) && r.Order[i] == '1' {
		return 1
	}
	return 0
}

// serve gives a call its answer.
func (w *world) serve(c *call, r *running) {
	r.calls++
	for _, m := range r.Meanwhile {
		if m.Before == r.calls {
			r.acted = true
			w.act(m.Act)
		}
	}
	w.checkCall(c)
	strike := r.due(c)
	if strike != nil {
		strike(w, c)
	} else {
		c.answer = w.api2(c.Method, c.target(), c.Body)
	}
	w.look(c.by)
	body := c.Body
	w.log("  %d %s %s%s: %d%s%s", c.by.number, c.Method, c.target(), cut(body), c.answer.Status, cut(c.answer.Body),
		map[bool]string{true: " (fault)"}[strike != nil])
	w.seen(c)
	close(c.done)
}

func cut(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	if len(body) > 300 {
		body = append(slices.Clone(body[:300]), "…"...)
	}
	return " " + string(body)
}

func (c *call) target() string {
	if c.Query == "" {
		return c.Path
	}
	return c.Path + "?" + c.Query
}

// api2 is what the API answers to a call.
func (w *world) api2(method, target string, body []byte) mapping.Answer {
	r := httptest.NewRequestWithContext(context.Background(), method, target, bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	recorder := httptest.NewRecorder()
	w.api.ServeHTTP(recorder, r)
	return mapping.Answer{Status: recorder.Code, Body: recorder.Body.Bytes()}
}
