package caddymodule

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// program is what the handler needs of a [mapping.Program].
type program interface {
	Serve(ctx context.Context, w mapping.World, req mapping.Request) mapping.Response
	Explain(ctx context.Context, w mapping.World, req mapping.Request) *plan.Plan
	SyncCheck(ctx context.Context, api mapping.Upstream, kept []mapping.Stored, o mapping.SyncOptions) (*mapping.SyncReport, error)
}

// exchange is one SCIM request on its way.
type exchange struct {
	start     time.Time
	requestID string
	repl      *caddy.Replacer

	// writes says that the request may change something.
	writes bool

	// who is as whom the request came in.
	who identity

	// challenge is the WWW-Authenticate header for a request that is refused.
	challenge string

	response mapping.Response

	// span is nil where nothing is traced.
	span *requestSpan

	// recording is nil until the request is let in, and where nobody asks for it.
	recording *recording
}

// ServeHTTP answers SCIM requests and passes all others on. It writes the
// answer to whatever happens and returns no error of its own, so that clients
// get a SCIM error body in every case.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if len(r.TransferEncoding) > 0 {
		// A length may have been given as well, and somebody in front may go by that:
		// what follows the body would be another request to one of the two.
		w.Header().Set("Connection", "close")
	}
	path, ours := h.base.below(r.URL)
	if !ours {
		withhold(r, h.auth)
		return next.ServeHTTP(w, r)
	}
	restoreWithheld(r)
	r, span := traceRequest(r)
	x := &exchange{span: span, start: time.Now(), writes: writes(r.Method, path)}
	limitBodyTime(w, r, x.start.Add(unreadBodyTime))
	x.repl, _ = r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if x.repl != nil {
		x.requestID, _ = x.repl.GetString("http.request.uuid")
	}
	var err error
	// A panic becomes an answer, because an identity provider that sees a
	// connection break can't tell it from an outage and tries for ever.
	x.response, err = guarded(func() (mapping.Response, error) { return h.serve(w, r, path, x) })
	if err != nil {
		x.response = failed(err)
	}
	// Whoever has got the answer finds what was changed written down.
	h.audit(r, x)
	h.respond(w, r, x)
	h.report(r, x)
	h.record(r, x)
	x.span.end(x)
	return nil
}

// serve does the request. Who asks is settled before anything else is read.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, path string, x *exchange) (mapping.Response, error) {
	ctx := r.Context()
	if x.writes {
		// A client that goes away must not leave a change half done.
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(h.Timeout))
	defer cancel()

	err := h.admit(ctx, r, path, x)
	if x.who.token != "" && (h.recent != nil && h.RecentRequests.Count > 0 || h.audits()) {
		// Whoever has a right token is in the list, whatever else is wrong.
		x.recording = new(recording)
	}
	if err == nil {
		err = checkURI(r)
	}
	if err == nil && path == "" {
		err = scim.NotFound("There is nothing at this path.")
	}
	if err != nil {
		return mapping.Response{}, err
	}
	base := h.origin
	if base == "" {
		if base, err = origin(r); err != nil {
			return mapping.Response{}, scim.BadRequest("", "The Host header is not a host name with an optional port.")
		}
	}
	body, err := h.readBody(ctx, w, r)
	if err != nil {
		return mapping.Response{}, err
	}
	presented, _ := bearer(r.Header)
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	upstream := &session{
		upstreamClient: h.upstream, turn: newTurn(x.writes), token: x.who.token, requestID: x.requestID,
	}
	world := mapping.World{
		Upstream:     upstream,
		Correlations: x.span.watch(h.correlations),
		Keeper:       h.keeper.session(h.storage, h.keeperReport),
		Gatherer:     &h.keeper.gatherer,
		Late:         time.Duration(h.CallTimeout),
		Safeguard:    h.safeguard,
		Tolerances:   h.tolerances,
		Secret:       []byte(presented),
		Limits:       mapping.Limits{Body: int(h.MaxBodySize), BulkOperations: h.MaxBulkOperations},
	}
	if x.recording != nil {
		world.Explainer = x.recording
	}
	response := h.program.Serve(ctx, world, mapping.Request{
		Method: method,
		Path:   path,
		Query:  r.URL.RawQuery,
		Body:   body,
		Base:   base + string(h.base),
		ID:     x.requestID,

		IfMatch:     listHeader(r.Header, "If-Match"),
		IfNoneMatch: listHeader(r.Header, "If-None-Match"),
	})
	if upstream.refused.Load() {
		h.auth.revoked(x.who.token)
	}
	return response, nil
}

// listHeader returns the value of a header that is a list, which may come in
// several lines (RFC 9110 section 5.3).
func listHeader(h http.Header, name string) string { return strings.Join(h[name], ", ") }

func isWrite(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return false
}
