package caddymodule

import (
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// isLive reports whether the admin API knows a handler.
func isLive(h *Handler) bool { return slices.Contains(live.all(), h) }

func TestRegistryForgetsHandlers(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	h := valid()
	if err := h.provision(ctx, newMemoryStorage()); err != nil {
		t.Fatal(err)
	}
	if !isLive(h) {
		t.Error("the handler is not known")
	}
	if found, err := live.one(h.id()); err != nil || found != h {
		t.Errorf("%v, %v", found, err)
	}
	if err := h.Cleanup(); err != nil || isLive(h) {
		t.Errorf("%v, known: %t", err, isLive(h))
	}
	failed := valid()
	failed.RecentRequests = &RecentRequests{Count: maxRecent + 1}
	if err := failed.provision(ctx, newMemoryStorage()); err == nil || isLive(failed) {
		t.Errorf("%v, known: %t", err, isLive(failed))
	}
}
