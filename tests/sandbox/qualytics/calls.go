package qualytics

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Call is a call as the sandbox received it.
type Call struct {
	// Method and Path as sent, such as "PUT" and "/api/users/41".
	Method, Path string
	// Operation is the call of the API that this is, such as
	// "PUT /api/users/{id}". Empty: there is no such call.
	Operation string
	// Query holds the parameters of the URL.
	Query url.Values
	// Header holds the request's headers without Authorization and Cookie:
	// no secret is kept.
	Header http.Header
	// Body as sent, at most one byte more than [MaxBody].
	Body []byte
	// By is the id of the user whose token was used. 0: none, or not valid.
	By int
	// Status is the status of the answer, even of one that was lost on its way.
	// 0: not served yet, or broken off by a fault before it was.
	Status int
}

// Is reports whether the call fits a pattern "METHOD PATH". METHOD may be "*".
// PATH is the path of the operation ("/api/users/{id}"), the path as sent
// ("/api/users/41"), or either's beginning followed by "*". The pattern "*"
// fits every call.
func (c Call) Is(pattern string) bool {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		return pattern == "*"
	}
	if method != "*" && method != c.Method {
		return false
	}
	_, template, _ := strings.Cut(c.Operation, " ")
	if start, wild := strings.CutSuffix(path, "*"); wild {
		return strings.HasPrefix(c.Path, start) || (template != "" && strings.HasPrefix(template, start))
	}
	return path == c.Path || path == template
}

// loggedCall is shared by the log and the call that is being served.
type loggedCall struct{ Call }

type callLog struct {
	mu    sync.Mutex
	calls []*loggedCall
	// changed is closed, and replaced, with each call that arrives or ends.
	changed chan struct{}
}

func (l *callLog) announce() {
	close(l.changed)
	l.changed = make(chan struct{})
}

func (s *Sandbox) record(r *http.Request, op *operation, body []byte) *loggedCall {
	c := &loggedCall{Call{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone(), Body: body,
	}}
	c.Header.Del("Authorization")
	c.Header.Del("Cookie")
	if op != nil {
		c.Operation = op.name()
	}
	s.mu.Lock()
	if u, _ := s.owner(r); u != nil {
		c.By = u.ID
	}
	s.mu.Unlock()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if !s.cfg.ForgetCalls {
		s.log.calls = append(s.log.calls, c)
	}
	s.log.announce()
	return c
}

// settle sets the status of a call and is a copy of it.
func (s *Sandbox) settle(c *loggedCall, status int) Call {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	c.Status = status
	s.log.announce()
	return c.Call
}

func (s *Sandbox) finish(c *loggedCall, status int) {
	done := s.settle(c, status)
	if s.cfg.OnCall != nil {
		s.cfg.OnCall(done)
	}
}

// Calls lists the calls since the start or the last [Sandbox.ResetCalls], in
// order of arrival, those still being served included.
func (s *Sandbox) Calls() []Call {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	calls := make([]Call, len(s.log.calls))
	for i, c := range s.log.calls {
		calls[i] = c.Call
	}
	return calls
}

// ResetCalls forgets the calls made so far.
func (s *Sandbox) ResetCalls() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.calls = nil
}
