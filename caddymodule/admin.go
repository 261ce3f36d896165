package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
)

func init() { caddy.RegisterModule(AdminAPI{}) }

// AdminAPI has the SCIM handlers answer to Caddy's admin API, below `/scim/`:
// how they are, what the latest requests did, what a request would do, where the
// API and what is kept differ; and has them forget what they remember. Package adminapi says what is taken and
// answered. It needs no configuration, and is as protected as the admin API is:
// who can call it could change the whole configuration as well.
type AdminAPI struct{}

// CaddyModule returns the Caddy module information.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.scim", New: func() caddy.Module { return new(AdminAPI) }}
}

// Routes implements [caddy.AdminRouter].
func (AdminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: adminapi.Prefix, Handler: caddy.AdminHandlerFunc(serveAdmin)}}
}

// maxAdminBody is the largest body of a request to the admin API, in bytes.
const maxAdminBody = 32 << 20

// adminRoutes are the methods and the functions of the routes.
var adminRoutes = map[string]struct {
	method string
	do     func(r *http.Request) (any, error)
}{
	"status":     {http.MethodGet, adminStatus},
	"requests":   {http.MethodGet, adminRequests},
	"explain":    {http.MethodPost, adminExplain},
	"sync-check": {http.MethodGet, adminSyncCheck},
	"purge":      {http.MethodPost, adminPurge},
	"release":    {http.MethodPost, adminRelease},
}

func serveAdmin(w http.ResponseWriter, r *http.Request) error {
	route, ok := adminRoutes[strings.TrimPrefix(r.URL.Path, adminapi.Prefix)]
	if !ok {
		return apiError(http.StatusNotFound, errors.New("there is nothing at this path"))
	}
	if r.Method != route.method {
		w.Header().Set("Allow", route.method)
		return apiError(http.StatusMethodNotAllowed, errors.New("method not allowed"))
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
	answer, err := route.do(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}

func apiError(status int, err error) error { return caddy.APIError{HTTPStatus: status, Err: err} }

// adminHandlers returns the handlers that a request is about.
func adminHandlers(r *http.Request) ([]*Handler, error) {
	found, err := live.find(r.URL.Query().Get("handler"))
	if err != nil {
		return nil, apiError(http.StatusNotFound, err)
	}
	return found, nil
}

func adminStatus(r *http.Request) (any, error) {
	found, err := adminHandlers(r)
	if err != nil {
		return nil, err
	}
	s := adminapi.Status{Handlers: []adminapi.Handler{}}
	for _, h := range found {
		s.Handlers = append(s.Handlers, h.status())
	}
	return s, nil
}

func adminRequests(r *http.Request) (any, error) {
	found, err := adminHandlers(r)
	if err != nil {
		return nil, err
	}
	limit := maxRecent
	if text := r.URL.Query().Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			return nil, apiError(http.StatusBadRequest, fmt.Errorf("limit %q is not a whole number from 1", text))
		}
	}
	return latestRequests(found, limit), nil
}

// latestRequests returns those of several handlers, the latest first.
func latestRequests(found []*Handler, limit int) adminapi.Requests {
	all := []adminapi.Request{}
	var refused []adminapi.Refused
	for _, h := range eachID(found) {
		all = append(all, h.recent.latest(limit)...)
		refused = append(refused, h.recent.refusals()...)
	}
	slices.SortStableFunc(refused, func(a, b adminapi.Refused) int { return b.Last.Compare(a.Last) })
	slices.SortStableFunc(all, func(a, b adminapi.Request) int { return b.Time.Compare(a.Time) })
	return adminapi.Requests{Requests: all[:min(limit, len(all))], Refused: refused[:min(limit, len(refused))]}
}

// eachID returns the latest handler of each id: others share all they have.
func eachID(found []*Handler) []*Handler {
	var latest []*Handler
	for _, h := range slices.Backward(found) {
		if !slices.ContainsFunc(latest, func(other *Handler) bool { return other.id() == h.id() }) {
			latest = append(latest, h)
		}
	}
	slices.Reverse(latest)
	return latest
}

func adminExplain(r *http.Request) (any, error) {
	var asked adminapi.ExplainRequest
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return nil, apiError(http.StatusBadRequest, fmt.Errorf("the body: %w", err))
	}
	h, err := live.one(asked.Handler)
	if err != nil {
		return nil, apiError(http.StatusNotFound, err)
	}
	return h.explain(r.Context(), asked)
}

func adminPurge(r *http.Request) (any, error) {
	found, err := adminHandlers(r)
	if err != nil {
		return nil, err
	}
	purged := adminapi.Purged{Handlers: []adminapi.PurgedHandler{}}
	for _, h := range eachID(found) {
		h.keeper.purge()
		purged.Handlers = append(purged.Handlers, adminapi.PurgedHandler{ID: h.id(), Facts: h.correlations.purge()})
	}
	return purged, nil
}

func adminRelease(r *http.Request) (any, error) {
	found, err := adminHandlers(r)
	if err != nil {
		return nil, err
	}
	released := adminapi.Released{Handlers: []adminapi.ReleasedHandler{}}
	for _, h := range eachID(found) {
		if s, ok := h.safeguard.(*safeguard); ok && s.rate != nil {
			h.logger.Warn("the count of deactivations begins anew, as somebody asked for")
			released.Handlers = append(released.Handlers, adminapi.ReleasedHandler{ID: h.id(), Deactivations: s.deactivations.release()})
		}
	}
	return released, nil
}

// Interface guards
var (
	_ caddy.Module      = AdminAPI{}
	_ caddy.AdminRouter = AdminAPI{}
)
