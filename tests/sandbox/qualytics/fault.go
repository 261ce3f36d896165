package qualytics

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// FaultKind is a way for a call to fail.
type FaultKind int

const (
	// TooManyRequests answers 429 with the ingress's HTML page; the call is not
	// acted upon. See [Fault.RetryAfter].
	TooManyRequests FaultKind = iota + 1
	// Unavailable answers 503 with the ingress's HTML page; the call is not
	// acted upon. See [Fault.RetryAfter].
	Unavailable
	// ServerError answers 500 with {"detail": …}; the call is not acted upon.
	ServerError
	// ResetBefore resets the connection; the call is not acted upon.
	ResetBefore
	// ResetAfter acts upon the call, then resets the connection: the answer is
	// lost.
	ResetAfter
	// Truncated acts upon the call, announces the whole answer by its
	// Content-Length, sends half of it and closes the connection. An answer
	// without a body (204) is lost as with ResetAfter.
	Truncated
	// Slow keeps the call until [Fault.Release] is closed, then serves it as
	// usual. If the client gives up first, the call is not acted upon.
	Slow
	// SlowAfter acts upon the call, then keeps the answer until [Fault.Release]
	// is closed or the client gives up.
	SlowAfter
	// HTMLPage answers 200 with an HTML page, as a login page in between would;
	// the call is not acted upon.
	HTMLPage
	// BrokenJSON answers 200 with the content type of JSON and something that is
	// none; the call is not acted upon.
	BrokenJSON
	// Canned answers with Status, Header and Body of the fault; the call is not
	// acted upon.
	Canned
)

// Fault says how a call fails. A broken connection needs an HTTP server: with
// a bare recorder, the sandbox panics with [http.ErrAbortHandler].
type Fault struct {
	Kind FaultKind
	// Skip lets that many fitting calls pass before the first one that fails.
	Skip int
	// RetryAfter is the Retry-After header of TooManyRequests and Unavailable.
	// Empty: none, as the real ingress.
	RetryAfter string
	// Release ends Slow and SlowAfter. A value that is sent ends it for one call,
	// closing it for all. Nil: only the client's giving up does.
	Release <-chan struct{}
	// Strike is called for each call that fails, possibly by several goroutines
	// at once: when the call was acted upon, if the kind says that it is, and
	// before anything is sent or waited for. Nil: nothing is called.
	Strike func()
	// Status is the status of Canned.
	Status int
	// Header holds the headers of Canned, the content type among them.
	Header http.Header
	// Body is the body of Canned.
	Body string
}

// serveWith serves a call under a fault. acted says whether a is the answer
// of an act; dropped, that it must not reach the client.
func (s *Sandbox) serveWith(f *Fault, r *http.Request, act func() answer) (a answer, acted, dropped bool) {
	if f == nil {
		return act(), true, false
	}
	acted = f.Kind == ResetAfter || f.Kind == Truncated || f.Kind == SlowAfter
	if acted {
		a = act()
	}
	if f.Strike != nil {
		f.Strike()
	}
	switch f.Kind {
	case ResetBefore, ResetAfter:
		return a, acted, true
	case Truncated:
		return a, acted, false
	case Slow:
		if !f.wait(r.Context()) {
			return answer{}, false, true
		}
		return act(), true, false
	case SlowAfter:
		return a, acted, !f.wait(r.Context())
	default:
		return f.page(), false, false
	}
}

// wait reports whether the fault was released before the client gave up.
func (f *Fault) wait(ctx context.Context) bool {
	select {
	case <-f.Release:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *Fault) page() answer {
	switch f.Kind {
	case TooManyRequests:
		return f.busy(http.StatusTooManyRequests)
	case Unavailable:
		return f.busy(http.StatusServiceUnavailable)
	case ServerError:
		return jsonAnswer(http.StatusInternalServerError, map[string]string{"detail": "Internal Server Error"})
	case HTMLPage:
		return htmlAnswer(http.StatusOK)
	case BrokenJSON:
		return answer{status: http.StatusOK, contentType: "application/json", body: []byte(`{"items":[{"id":`)}
	case Canned:
		return answer{status: f.Status, header: f.Header.Clone(), body: []byte(f.Body)}
	default:
		panic(fmt.Sprintf("qualytics: unknown kind of fault %d", f.Kind))
	}
}

func (f *Fault) busy(status int) answer {
	a := htmlAnswer(status)
	if f.RetryAfter != "" {
		a.header = http.Header{"Retry-After": {f.RetryAfter}}
	}
	return a
}

// reset breaks the connection so that the client sees a reset, not an end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// A linger of zero makes closing send RST; if it fails, closing is what is left.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
	panic(http.ErrAbortHandler)
}

// truncate sends half an answer and closes the connection.
func truncate(w http.ResponseWriter, a answer) {
	if a.status == http.StatusNoContent {
		reset(w)
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	// Without a flush the server would drop the half with the connection.
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
