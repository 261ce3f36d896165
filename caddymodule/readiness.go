package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
)

// probePatience is how long a probe waits for what is being found out: a bit
// less than the second that Kubernetes gives it by default.
const probePatience = 800 * time.Millisecond

// The reasons why a handler can't do its work.
const (
	unreadyAPI     = "api_failed"
	unreadyToken   = "api_refused"
	unreadyStorage = "storage_failed"
	unreadyUnknown = "not_known_yet"
)

// finding says why a handler can't do its work: for a probe in words that
// anybody may read, for the log in others. The zero finding is that it can.
type finding struct {
	reasons []string
	errs    []error
}

func (v *finding) add(reason string, err error) {
	if reason != "" {
		v.reasons, v.errs = append(v.reasons, reason), append(v.errs, err)
	}
}

// readiness finds out whether a handler can do its work when somebody asks, and
// remembers that: however many ask, it looks once at a time.
type readiness struct {
	look   func(ctx context.Context) finding
	limit  time.Duration
	logger *zap.Logger

	// life ends with the handler's configuration.
	life context.Context
	end  context.CancelFunc
	runs sync.WaitGroup

	mu sync.Mutex

	// last is what was found at a time, which is zero before the first.
	last  finding
	found time.Time

	// running is closed when the look that began at a time is over; nil for none.
	running chan struct{}
	began   time.Time
}

// newReadiness returns a readiness that gives each look so much time.
func newReadiness(look func(ctx context.Context) finding, limit time.Duration, logger *zap.Logger) *readiness {
	r := &readiness{look: look, limit: limit, logger: logger}
	r.life, r.end = context.WithCancel(context.Background())
	return r
}

// stop ends a look that is under way.
func (r *readiness) stop() error {
	r.mu.Lock()
	r.end()
	r.mu.Unlock()
	r.runs.Wait()
	return nil
}

// ask returns the reasons why the handler can't do its work; none if it can.
// What was found longer ago than freshness is looked at anew. If that takes
// longer than a probe waits, what was found before stands.
func (r *readiness) ask(ctx context.Context, freshness time.Duration) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.found.IsZero() && time.Since(r.found) < freshness {
		return r.last.reasons
	}
	if r.running == nil && r.life.Err() == nil {
		r.running, r.began = make(chan struct{}), time.Now()
		r.runs.Go(r.run)
	}
	if running := r.running; running != nil {
		r.mu.Unlock()
		r.wait(ctx, running)
		r.mu.Lock()
	}
	if r.found.IsZero() || r.running != nil && time.Since(r.began) > r.limit {
		return []string{unreadyUnknown}
	}
	return r.last.reasons
}

func (*readiness) wait(ctx context.Context, running <-chan struct{}) {
	patience := time.NewTimer(probePatience)
	defer patience.Stop()
	select {
	case <-running:
	case <-patience.C:
	case <-ctx.Done():
	}
}

// run looks once.
func (r *readiness) run() {
	ctx, cancel := context.WithTimeout(r.life, r.limit)
	defer cancel()
	now, err := guarded(func() (finding, error) { return r.look(ctx), nil })
	if err != nil {
		now = finding{[]string{unreadyUnknown}, []error{err}}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life.Err() == nil {
		r.tell(now)
		r.last, r.found = now, time.Now()
	}
	close(r.running)
	r.running = nil
}

// tell logs what is another than before.
func (r *readiness) tell(now finding) {
	switch {
	case slices.Equal(now.reasons, r.last.reasons):
	case len(now.reasons) == 0:
		r.logger.Info("the handler is ready")
	case slices.Contains(now.reasons, unreadyToken):
		r.logger.Error("the handler is not ready", zap.Strings("reasons", now.reasons), zap.Errors("errors", now.errs))
	default:
		r.logger.Warn("the handler is not ready", zap.Strings("reasons", now.reasons), zap.Errors("errors", now.errs))
	}
}

// provisionReadiness sets up what answers whether the handler is ready.
func (h *Handler) provisionReadiness(caller *mapping.CallerCheck) {
	h.readiness = newReadiness(func(ctx context.Context) finding {
		var v finding
		v.add(h.storageFault(ctx))
		v.add(h.apiFault(ctx, caller))
		return v
	}, time.Duration(h.CallTimeout), h.logger.Named("health"))
	h.held = append(h.held, h.readiness.stop)
}

// storageFault reads an entry that is not there.
func (h *Handler) storageFault(ctx context.Context) (reason string, err error) {
	_, err = h.keeper.session(h.storage, h.keeperReport).load(ctx, h.keeper.prefix+"/health")
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return unreadyStorage, err
}

// apiFault asks the API whose the sidecar's token is. With passthrough there is
// no such token: then any answer that the API gives will do, that it wants a
// token above all.
func (h *Handler) apiFault(ctx context.Context, caller *mapping.CallerCheck) (reason string, err error) {
	switch {
	case h.Maintenance != nil:
		// It may be the API that is under maintenance, which is not to be called.
		return "", nil
	case caller == nil && h.upstream.gate.breaker.isDown():
		return unreadyAPI, h.upstream.gate.breaker.refusal()
	case caller == nil:
		return "", nil
	}
	asked := &session{upstreamClient: h.upstream, turn: newTurn(false)}
	own, ok := h.auth.(*ownTokens)
	if ok {
		asked.token = own.upstream
	}
	answer, err := asked.Do(ctx, caller.Call())
	var failure *mapping.CallError
	switch {
	case errors.As(err, &failure) && failure.Limited, err == nil && answer.Status == http.StatusTooManyRequests:
		// There is more to do than may be done at a time, which is no fault.
		return "", nil
	case err != nil:
		return unreadyAPI, err
	}
	err = fmt.Errorf("%s was answered with status %d", caller.Call().Name, answer.Status)
	refused := answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden
	switch {
	case answer.Status >= http.StatusInternalServerError || answer.IsPage():
		return unreadyAPI, err
	case own == nil:
		return "", nil
	case refused:
		return unreadyToken, err
	case answer.Status != http.StatusOK:
		return unreadyAPI, err
	}
	switch _, permitted, err := caller.Permits(answer); {
	case err != nil:
		return unreadyAPI, fmt.Errorf("%s: %w", caller.Call().Name, err)
	case !permitted:
		return unreadyToken, errors.New("the token is not that of somebody who may provision")
	}
	return "", nil
}
