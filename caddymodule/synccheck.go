package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping"
)

const (
	// syncCheckTimeout bounds a comparison: it reads all that is kept and all
	// lists of the API, and lets every request go first.
	syncCheckTimeout = 15 * time.Minute

	// defaultUnwritten is for how long nobody must have written a group that is
	// found for that.
	defaultUnwritten = 90 * 24 * time.Hour
)

// adminSyncCheck compares what is kept with what the API has.
func adminSyncCheck(r *http.Request) (any, error) {
	found, err := adminHandlers(r)
	if err != nil {
		return nil, err
	}
	o := mapping.SyncOptions{Unwritten: defaultUnwritten}
	query := r.URL.Query()
	if text := query.Get("unwritten"); text != "" {
		if o.Unwritten, err = caddy.ParseDuration(text); err != nil || o.Unwritten < 0 {
			return nil, apiError(http.StatusBadRequest, fmt.Errorf("unwritten %q is not a duration such as 90d", text))
		}
	}
	if text := query.Get("names"); text != "" {
		if o.Names, err = strconv.ParseBool(text); err != nil {
			return nil, apiError(http.StatusBadRequest, fmt.Errorf("names %q is neither true nor false", text))
		}
	}
	all := adminapi.SyncCheck{Handlers: []adminapi.SyncChecked{}}
	for _, h := range eachID(found) {
		checked, err := h.syncCheck(r.Context(), o)
		if err != nil {
			return nil, err
		}
		all.Handlers = append(all.Handlers, checked)
	}
	return all, nil
}

// syncCheck compares what is kept of the handler's API with what it has.
func (h *Handler) syncCheck(ctx context.Context, o mapping.SyncOptions) (adminapi.SyncChecked, error) {
	own, ok := h.auth.(*ownTokens)
	if !ok {
		return adminapi.SyncChecked{}, apiError(http.StatusConflict,
			errors.New("with passthrough, the API is called with the token of each request, so that nothing can be asked here"))
	}
	ctx, cancel := context.WithTimeout(ctx, syncCheckTimeout)
	defer cancel()
	o.Now = h.now()
	kept, err := h.keeper.session(h.storage, h.keeperReport).all(ctx)
	if err != nil {
		return adminapi.SyncChecked{}, apiError(http.StatusBadGateway, err)
	}
	api := &session{upstreamClient: h.upstream, turn: newBulkTurn(), token: own.upstream}
	report, err := h.program.SyncCheck(ctx, api, kept, o)
	if err != nil {
		return adminapi.SyncChecked{}, apiError(http.StatusBadGateway, fmt.Errorf("the lists of the API can't be read: %w", err))
	}
	return adminapi.SyncChecked{ID: h.id(), SyncReport: *report}, nil
}

// all returns all that is kept and can be read.
func (s *keeperSession) all(ctx context.Context) ([]mapping.Stored, error) {
	var all []mapping.Stored
	in, _ := s.storages.seenFrom(s.own)
	err := s.eachRecord(ctx, in, func(entry *recordEntry) {
		all = append(all, mapping.Stored{Resource: entry.Resource, ID: entry.ID, Record: entry.Record})
	})
	return all, err
}
