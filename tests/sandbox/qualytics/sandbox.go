package qualytics

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Sandbox is the stand-in. It serves HTTP and gives a test direct access to
// its state. All methods are safe for concurrent use.
type Sandbox struct {
	cfg Config

	// mu guards the state and the tokens.
	mu     sync.Mutex
	state  *store
	tokens map[tokenKey]token
	ownID  int

	log        callLog
	rules      ruleSet
	violations violationList
}

// New makes a sandbox that holds the team [PublicTeam] (id 1), the Admin
// service user [OwnUserName] (id 1) and the [Datastores]. See [Sandbox.Seed]
// for people and teams.
func New(cfg Config) *Sandbox {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Sandbox{cfg: cfg, tokens: map[tokenKey]token{}}
	s.log.changed = make(chan struct{})
	s.state = newStore(s.now())
	s.ownID = s.AddUser(User{
		UserName: OwnUserName, Name: new("SCIM sidecar"), Email: new(OwnUserName + "@service"),
		Role: RoleAdmin, Type: TypeService,
	})
	if cfg.Token != "" {
		s.AddToken(cfg.Token, s.ownID, FullToken)
	}
	for t, id := range cfg.Tokens {
		s.AddToken(t, id, FullToken)
	}
	return s
}

// OwnID is the id of the service user to whom [Config.Token] belongs.
func (s *Sandbox) OwnID() int { return s.ownID }

func (s *Sandbox) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Second) }

// ServeHTTP serves one call. It panics with [http.ErrAbortHandler] where an
// injected fault asks for a broken connection, which is how a handler tells
// its server to break one.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// One byte over the limit is enough to know that it is over.
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	found := match(r.Method, r.URL.EscapedPath())
	c := s.record(r, found.op, body)
	s.checkCall(r, found, body)
	fault := s.rules.take(s, c.Call)

	act := func() answer {
		a := s.serve(r, found, body)
		// At once, because a fault may keep the answer for long.
		s.settle(c, a.status)
		return a
	}
	a, acted, dropped := s.serveWith(fault, r, act)
	if acted && s.cfg.CheckAnswers {
		s.checkAnswer(found.op, a)
	}
	s.finish(c, a.status)
	if dropped {
		reset(w)
	}
	if fault != nil && fault.Kind == Truncated {
		truncate(w, a)
	}
	a.write(w)
}

// serve takes a call through every check, in the order the package comment
// gives, and performs it.
func (s *Sandbox) serve(r *http.Request, found route, body []byte) answer {
	switch {
	case len(body) > MaxBody:
		return htmlAnswer(http.StatusRequestEntityTooLarge)
	case len(r.RequestURI) > MaxURI:
		return htmlAnswer(http.StatusRequestURITooLong)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.perform(r, found, body)
	var p *problem
	if errors.As(err, &p) {
		return p.answer()
	}
	return a
}

func (s *Sandbox) perform(r *http.Request, found route, body []byte) (answer, error) {
	if found.op == nil {
		if found.methods == nil {
			return answer{}, refuse(http.StatusNotFound, "Not Found")
		}
		return answer{}, &problem{
			status: http.StatusMethodNotAllowed,
			detail: "Method Not Allowed",
			header: http.Header{"Allow": {strings.Join(found.methods, ", ")}},
		}
	}
	req := &request{query: r.URL.Query(), body: body}
	var err error
	if req.who, err = s.authorize(r, found.op); err != nil {
		return answer{}, err
	}
	if len(body) > 0 && !isJSON(r.Header.Get("Content-Type")) {
		return answer{}, refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	}
	if strings.Contains(found.op.template, "{id}") {
		if req.id, err = parseID(found.id); err != nil {
			return answer{}, err
		}
	}
	return found.op.serve(s, req)
}

func (s *Sandbox) getHealth(*request) (answer, error) {
	return answer{status: http.StatusNoContent}, nil
}

func (s *Sandbox) getDocument(*request) (answer, error) {
	return answer{status: http.StatusOK, contentType: "application/json", body: Document()}, nil
}
