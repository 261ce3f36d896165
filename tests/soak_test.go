package tests

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

const (
	soakClients, soakPeople = 8, 30

	// soakRounds is how much each client does before anything is measured.
	soakRounds = 40

	// soakShared is the group that all clients change.
	soakShared = "everybody"
)

// soakFor is how long the load with faults goes on.
var soakFor = flag.Duration("soak", 2*time.Second, "how long TestSoak goes on")

// TestSoak has several clients make all kinds of requests while one call of
// the API in twenty fails, in each of the ways in which one can. Every answer
// has to be right by what its client was told before. What the process holds
// afterwards is what it held before, and no failure is the sidecar's own.
func TestSoak(t *testing.T) {
	s := startSoak(t, buildCaddy(t))
	shared := s.clients[0].provisionGroup(soakShared, soakShared)
	s.together(func(c *soakClient) {
		c.shared = shared
		c.populate()
		for range soakRounds {
			c.round()
		}
	})
	before := s.rest(t, 0)

	// The last fifth is without faults: nothing may fail any more.
	s.fail()
	s.load(t, *soakFor*4/5)
	s.sandbox.ClearFaults()
	s.rest(t, before.goroutines+moreGoroutines)
	s.load(t, *soakFor/5)
	after := s.rest(t, before.goroutines+moreGoroutines)

	want := facts{}
	for _, c := range s.clients {
		maps.Copy(want, c.of("", ""))
	}
	for _, difference := range differences(s.shown(t), want, nil) {
		t.Errorf("the clients were told otherwise: %s", difference)
	}
	for name := range held(s.sandbox) {
		if strings.Contains(name, " again") {
			t.Errorf("doubled: %s", name)
		}
	}
	for _, line := range logLines(s.log.text()) {
		if soakKeeps([]byte(line)) {
			t.Errorf("logged: %s", line)
		}
	}
	t.Logf("%s of load\n%s", *soakFor, s.report(before, after))
	before.compare(t, after)
}

// soakKeeps says which lines of the log are of interest: panics, and what goes
// wrong with the storage.
func soakKeeps(line []byte) bool {
	text := string(line)
	return strings.Contains(text, `"stack":`) || strings.Contains(text, `"level":"panic"`) ||
		strings.Contains(text, `"level":"error"`) && strings.Contains(text, `"logger":"http.handlers.scim.storage"`)
}

// startSoak begins a Caddy with an admin endpoint, and clients that do nothing yet.
func startSoak(t *testing.T, binary string) *soak {
	t.Helper()
	sandbox, api := sandboxtest.NewServer(t, qualytics.Config{ForgetCalls: true})
	dir := isolate(t)
	config, admin := filepath.Join(dir, "caddy.json"), freeAddress(t)
	storage := map[string]any{"module": "file_system", "root": filepath.Join(dir, "storage")}
	s := &soak{admin: admin, seen: make(map[string]*soakCount), struck: make(map[string]int), asked: make(map[int]int)}
	s.replica = newReplica(t, sandbox, api, storage, config, func(config map[string]any) {
		config["admin"] = map[string]any{"listen": admin, "config": map[string]any{"persist": false}}
		set(config, "INFO", "logging", "logs", "default", "level")
		// Those that get no answer at all are not to keep a client for long.
		setOption(config, "call_timeout", "1s")
	})
	s.log.keeps = soakKeeps
	s.command = func() *exec.Cmd { return exec.CommandContext(t.Context(), binary, "run", "--config", config) }
	s.begin(t)
	for n := range soakClients {
		s.clients = append(s.clients, newSoakClient(t, s, n))
	}
	return s
}

// load has all clients make requests for a while.
func (s *soak) load(t *testing.T, long time.Duration) {
	end := time.Now().Add(long)
	s.together(func(c *soakClient) {
		for time.Now().Before(end) && !t.Failed() {
			c.round()
		}
	})
}

// together has each client do something, and waits for all.
func (s *soak) together(do func(c *soakClient)) {
	var all sync.WaitGroup
	for _, c := range s.clients {
		all.Go(func() { do(c) })
	}
	all.Wait()
}

// soakClient is a client with people and groups of its own.
type soakClient struct {
	*idp
	random *rand.Rand
	people []person
	ids    []string // "" for whom there is no account
	group  string   // the name of its own group
	own    string   // its id
	shared string   // the id of the group of all
}

func newSoakClient(t *testing.T, s *soak, n int) *soakClient {
	c := &soakClient{
		idp: &idp{
			t: t, st: s.stack, told: &told{facts: facts{}, open: facts{}}, gate: new(sync.RWMutex), patience: 100,
			begin: s.begun, observe: s.observe(t),
		},
		random: rand.New(rand.NewPCG(uint64(n), 1)), group: fmt.Sprintf("client-%d", n),
	}
	for i := range soakPeople {
		email := fmt.Sprintf("c%d.p%02d@corp.test", n, i)
		c.people = append(c.people, person{
			email: email, userName: email, displayName: fmt.Sprintf("Given%d Client%d", i, n),
			externalID: fmt.Sprintf("%d-%d-0", n, i), active: true,
		})
	}
	c.ids = make([]string, soakPeople)
	return c
}

// populate makes everybody and everything.
func (c *soakClient) populate() {
	for i := range c.people {
		c.ids[i] = c.provision(c.people[i])
	}
	c.own = c.provisionGroup(c.group, c.group)
}

// round makes one request, or one sequence of them, for somebody.
func (c *soakClient) round() {
	i := c.random.IntN(len(c.people))
	u := &c.people[i]
	if c.ids[i] == "" {
		c.ids[i] = c.provision(*u)
		return
	}
	switch n := c.random.IntN(100); {
	case n < 45:
		c.look(n, i)
	case n < 55:
		u.externalID = fmt.Sprintf("%s-%d", strings.TrimSuffix(u.email, "@corp.test"), c.random.IntN(1000))
		c.put(c.ids[i], *u)
	case n < 65:
		u.displayName = fmt.Sprintf("Given%d %s", c.random.IntN(1000), strings.Fields(u.displayName)[1])
		c.rename(c.ids[i], *u)
	case n < 70:
		u.active = !u.active
		c.put(c.ids[i], *u)
	case n < 76:
		c.change("add", c.own, c.group, c.some())
	case n < 80:
		c.change("remove", c.own, c.group, c.some())
	case n < 86:
		c.change("add", c.shared, soakShared, c.some())
	case n < 90:
		c.change("remove", c.shared, soakShared, c.some())
	case n < 92:
		c.putMembers(c.own, c.group, c.some())
	case n < 93:
		name := fmt.Sprintf("%s-%d", strings.Join(strings.Split(c.group, "-")[:2], "-"), c.random.IntN(1000))
		if name != c.group {
			c.renameGroup(c.own, c.group, name)
			c.group = name
		}
	case n < 94:
		c.deleteGroup(c.own, c.group)
		c.own = c.provisionGroup(c.group, c.group)
	default:
		c.deleteUser(c.ids[i], u.email)
		c.ids[i], u.active = "", true
	}
}

// some are a few of the client's people.
func (c *soakClient) some() members {
	some := members{}
	for range 1 + c.random.IntN(5) {
		if i := c.random.IntN(len(c.people)); c.ids[i] != "" {
			some[c.ids[i]] = c.people[i].email
		}
	}
	return some
}
