package caddymodule

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zapcore"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// guardedBy returns a safeguard with limits of its own, and what tells its time.
func guardedBy(t *testing.T, h *Handler) (*safeguard, *time.Time) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h.now = func() time.Time { return now }
	if err := h.acquireSafeguard(t.Name()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return h.safeguard.(*safeguard), &now
}

func perHour(count int) *Rate { return &Rate{Count: count, Within: caddy.Duration(time.Hour)} }

// askedToWait returns how long a refusal asks to wait; 0 when there is leave.
func askedToWait(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	e := scim.AsError(err)
	if e.Status != 503 || e.RetryAfter < 1 {
		t.Errorf("status %d, Retry-After %d", e.Status, e.RetryAfter)
	}
	return e.RetryAfter
}

func TestMaxDeactivations(t *testing.T) {
	s, now := guardedBy(t, &Handler{MaxDeactivations: perHour(3)})
	takeBack := make(map[string]func())
	leave := func(id string, want int) {
		t.Helper()
		back, err := s.Deactivate(t.Context(), "User", id)
		if got := askedToWait(t, err); got != want {
			t.Errorf("%s at %s: wait %d, want %d", id, now.Format(time.TimeOnly), got, want)
		}
		takeBack[id] = back
	}
	leave("1", 0)
	*now = now.Add(10 * time.Minute)
	leave("2", 0)
	leave("3", 0)
	leave("4", 50*60)
	// Nobody knows what came of it, so it is tried again.
	leave("2", 0)
	leave("4", 50*60)
	// One failed.
	takeBack["3"]()
	leave("4", 0)
	takeBack["3"]()
	leave("5", 50*60)
	// Its window rolls.
	*now = now.Add(50*time.Minute - 1)
	leave("5", 1)
	*now = now.Add(1)
	leave("5", 0)
	leave("6", 10*60)
	*now = now.Add(10 * time.Minute)
	leave("6", 0)
	leave("7", 0)
	leave("8", 50*60)
	if _, err := s.Deactivate(t.Context(), "Group", "7"); askedToWait(t, err) == 0 {
		t.Error("a group with the id of a user is somebody else")
	}
	s.deactivations.release()
	leave("8", 0)
	leave("9", 0)
	if n := len(s.deactivations.done); n != 2 {
		t.Errorf("%d are remembered", n)
	}
}

// TestLimitsOfTwoConfigurations changes a limit by a reload, and back.
func TestLimitsOfTwoConfigurations(t *testing.T) {
	first, now := guardedBy(t, &Handler{MaxDeactivations: perHour(2)})
	leave := func(s *safeguard, id string) bool {
		_, err := s.Deactivate(t.Context(), "User", id)
		return askedToWait(t, err) == 0
	}
	if !leave(first, "1") || !leave(first, "2") || leave(first, "3") {
		t.Error("the limit is not 2")
	}
	raised, _ := guardedBy(t, &Handler{MaxDeactivations: &Rate{Count: 4, Within: caddy.Duration(2 * time.Hour)}})
	raised.now = first.now
	if !leave(raised, "3") || !leave(raised, "4") || leave(raised, "5") {
		t.Error("the raised limit is not 4")
	}
	lowered, _ := guardedBy(t, &Handler{MaxDeactivations: perHour(1)})
	lowered.now = first.now
	if leave(lowered, "5") {
		t.Error("the count did not outlive the reload")
	}
	*now = now.Add(time.Hour)
	if !leave(lowered, "5") || leave(raised, "6") {
		t.Error("each looks back by its own time")
	}
	*now = now.Add(2 * time.Hour)
	leave(lowered, "7")
	if n := len(first.deactivations.done); n != 1 {
		t.Errorf("%d are remembered", n)
	}
}

func TestMaxGroupShrink(t *testing.T) {
	for _, tt := range []struct {
		percent          int
		spared           *int
		removed, members int
		want             bool
	}{
		{50, nil, 10, 10, true},
		{50, nil, 11, 22, true},
		{50, nil, 11, 21, false},
		{50, nil, 500, 1000, true},
		{50, nil, 501, 1000, false},
		{50, new(0), 1, 1, false},
		{50, new(0), 1, 2, true},
		{0, new(5), 5, 1000, true},
		{0, new(5), 6, 1000, false},
		{99, new(0), 99, 100, true},
		{99, new(0), 100, 100, false},
	} {
		s, _ := guardedBy(t, &Handler{MaxGroupShrink: &MaxGroupShrink{Percent: tt.percent, Spared: tt.spared}})
		err := s.Shrink(t.Context(), "Group", "7", tt.removed, tt.members)
		if got := askedToWait(t, err) == 0; got != tt.want {
			t.Errorf("%d%%, %d of %d: %t", tt.percent, tt.removed, tt.members, got)
		}
		if _, err := s.Deactivate(t.Context(), "User", "1"); err != nil {
			t.Errorf("without max_deactivations: %v", err)
		}
	}
	s, _ := guardedBy(t, &Handler{MaxDeactivations: perHour(1)})
	if err := s.Shrink(t.Context(), "Group", "7", 1000, 1000); err != nil {
		t.Errorf("without max_group_shrink: %v", err)
	}
}

// TestNoSafeguard is what there is without limits: nothing to ask.
func TestNoSafeguard(t *testing.T) {
	h := valid()
	if err := provision(t, h); err != nil {
		t.Fatal(err)
	}
	if h.safeguard != nil {
		t.Errorf("there is %v", h.safeguard)
	}
}

// TestSafeguardTells tells whom it concerns: the client, the log, the metric.
func TestSafeguardTells(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	h, logs := newTestHandler(t, nil)
	h.metrics = newTestMetrics(t, registry)
	h.MaxDeactivations, h.MaxGroupShrink = perHour(1), &MaxGroupShrink{Percent: 50}
	_, now := guardedBy(t, h)
	h.program = programFunc(func(ctx context.Context, w mapping.World, req mapping.Request) mapping.Response {
		ask := func() error {
			if req.Method == "PUT" {
				return w.Safeguard.Shrink(ctx, "Group", "7", 100, 120)
			}
			_, err := w.Safeguard.Deactivate(ctx, "User", req.Path)
			return err
		}
		if req.Method != "POST" {
			if err := ask(); err != nil {
				return failed(err)
			}
			return mapping.Response{Status: 204}
		}
		return mapping.Response{Status: 200, Report: mapping.Report{Operations: []mapping.OperationReport{
			{Number: 1, Method: "DELETE", Status: 503, Err: scim.AsError(ask())},
		}}}
	})
	serve(t, h, request(t, "DELETE", "/api/scim/v2/Users/1", ""))
	logs.TakeAll()
	*now = now.Add(time.Minute)
	w := serve(t, h, request(t, "DELETE", "/api/scim/v2/Users/2", ""))
	wantError(t, w, 503, "At most 1 users and groups may be deactivated or deleted within 1h,")
	if got := w.Header().Get("Retry-After"); got != "3540" {
		t.Errorf("Retry-After %q", got)
	}
	w = serve(t, h, request(t, "PUT", "/api/scim/v2/Groups/7", ""))
	wantError(t, w, 503, "takes 100 of 120 members out of a group, more than the 50% that may go at a time")
	serve(t, h, request(t, "POST", "/api/scim/v2/Bulk", ""))
	var told []string
	for _, entry := range logs.TakeAll() {
		if entry.Level == zapcore.ErrorLevel {
			told = append(told, fmt.Sprint(entry.Message, " ", entry.ContextMap()["cause"]))
		}
	}
	want := []string{"scim request denied: max_deactivations", "scim request denied: max_group_shrink", "scim bulk operation denied: max_deactivations"}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("operators are told %q, want %q", told, want)
	}
	got := "\n" + scraped(t, registry, "caddy_scim_denied_total")
	for _, line := range []string{`{reason="max_deactivations"} 2`, `{reason="max_group_shrink"} 1`, `{reason="wrong_token"} 0`} {
		if !strings.Contains(got, "\ncaddy_scim_denied_total"+line+"\n") {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
}

// TestDenialsAreCounted by their reasons, and are no noise in the log.
func TestDenialsAreCounted(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	h, logs := newTestHandler(t, ok)
	h.metrics = newTestMetrics(t, registry)
	h.MaxAuthFailures = &Rate{Count: 2, Within: caddy.Duration(time.Hour)}
	if err := h.provisionAccess(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	get := func(token string) {
		r := request(t, "GET", "/api/scim/v2/Users", "")
		r.Header["Authorization"] = []string{"Bearer " + token}
		serve(t, h, r)
	}
	for range 4 {
		get("wrong")
	}
	get("")
	get(goodToken)
	h.ReadOnly = new(Pause)
	serve(t, h, request(t, "DELETE", "/api/scim/v2/Users/2", ""))
	h.Maintenance = new(Pause)
	get("wrong")
	got := "\n" + scraped(t, registry, "caddy_scim_denied_total")
	for _, d := range denials {
		want := map[denial]int{deniedWrongToken: 2, deniedThrottled: 2, deniedNoToken: 1, deniedReadOnly: 1, deniedMaintenance: 1}[d]
		if line := fmt.Sprintf("caddy_scim_denied_total{reason=%q} %d\n", string(d), want); !strings.Contains(got, line) {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
	if said := warnings(logs); len(said) != 1 || !strings.Contains(said[0], "too many wrong tokens") {
		t.Errorf("warned of %q", said)
	}
}
