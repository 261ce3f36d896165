package model

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// checkStep checks the answers to the requests of a step.
func (w *world) checkStep(s Step, all []*asked, r *running) {
	slices.SortFunc(all, func(a, b *asked) int { return a.end - b.end })
	for _, q := range all {
		if q.end < 0 {
			continue
		}
		w.heard(q)
		w.checkAnswer(q)
		if quiet := len(all) == 1 && !r.acted && s.Fault == nil && w.Quiet; quiet && q.response.Status >= 500 {
			w.fail("answer", "the answer to %s of %s is %d, and nothing was wrong: %v", q.Do, q.Who, q.response.Status, q.response.Err)
		}
		w.learn(q)
		if len(all) == 1 && !r.acted {
			w.checkLeaver(q, r)
		}
	}
	w.checkGone()
	if len(all) > 0 && !r.acted && r.struck == nil {
		w.checkAdmins(all)
	}
	w.checkKept()
}

// checkGone checks that nobody is active whom SCIM has made inactive.
func (w *world) checkGone() {
	for id, a := range w.accounts {
		if a.gone && a.created.Equal(w.now(id).CreatedAt) && w.now(id).Active() {
			w.fail("gone", "the user %d is active, whom SCIM has made inactive", id)
		}
	}
}

// checkLeaver checks that whoever was to go is gone, whatever else was asked for,
// if the API has let them.
func (w *world) checkLeaver(q *asked, r *running) {
	id := number(q.id)
	a, m := w.accounts[id], w.at(id, q.start)
	switch {
	case q.want.active != "false" || q.Do == "post", a == nil, m == nil || m.gone || !m.Active(), len(r.struck) > 0:
	case m.Type != qualytics.TypeHuman, !a.claimed || a.deleted || a.unsure || !a.created.Equal(m.CreatedAt):
	case m.Role == qualytics.RoleAdmin, w.Guard && fold(m.UserName) == cast["boss"].userName:
	case w.now(id).Active():
		w.fail("leaver", "the user %d was to be inactive, and is active; the answer was %d", id, q.response.Status)
	}
}

// checkAdmins checks that requests have left an active Admin.
func (w *world) checkAdmins(all []*asked) {
	start := slices.MinFunc(all, func(a, b *asked) int { return a.start - b.start }).start
	var before, after int
	for id := range w.moments {
		if m := w.at(id, start); isAdmin(m) {
			before++
		}
		if isAdmin(w.now(id)) {
			after++
		}
	}
	if before > 0 && after == 0 {
		w.fail("admins", "no Admin is left")
	}
}

func isAdmin(m *moment) bool {
	return m != nil && !m.gone && m.Active() && m.Type == qualytics.TypeHuman && m.Role == qualytics.RoleAdmin
}

// checkKept checks that nothing that is kept has been lost.
func (w *world) checkKept() {
	for id, a := range w.accounts {
		if !a.claimed || a.deleted || a.unsure || !a.created.Equal(w.now(id).CreatedAt) {
			continue
		}
		r, _ := w.storage.Record(context.Background(), "User", strconv.Itoa(id))
		if kept := textOf(r.Attributes["externalId"]); a.externalID != "" && kept != a.externalID || !r.Claimed {
			w.fail("kept", "of the user %d the externalId %q is kept and not %q, claimed: %v", id, kept, a.externalID, r.Claimed)
		}
	}
	for group := range w.named {
		r, _ := w.storage.Record(context.Background(), "Group", w.groups[group])
		if kept := textOf(r.Attributes["externalId"]); kept != "x-"+group {
			w.fail("kept", "of the group %s the externalId %q is kept", group, kept)
		}
	}
}

func textOf(raw json.RawMessage) (s string) {
	json.Unmarshal(raw, &s)
	return s
}

// checkEnd checks what an operator sees in the end: whoever SCIM has deleted and
// is active is found as that.
func (w *world) checkEnd() {
	var stored []mapping.Stored
	for id := range w.accounts {
		name := strconv.Itoa(id)
		if r, _ := w.storage.Record(context.Background(), "User", name); !r.IsZero() {
			stored = append(stored, mapping.Stored{Resource: "User", ID: name, Record: r})
		}
	}
	report, err := w.processes[0].program.SyncCheck(context.Background(), direct{w}, stored, mapping.SyncOptions{Now: time.Now()})
	if err != nil {
		w.fail("sync-check", "%v", err)
		return
	}
	for id, a := range w.accounts {
		now := w.now(id)
		if !a.deleted || a.unsure || !a.created.Equal(now.CreatedAt) || !now.Active() || now.Type != qualytics.TypeHuman {
			continue
		}
		if !slices.ContainsFunc(report.Findings, func(f mapping.Finding) bool {
			return f.Kind == mapping.ActiveAgain && f.ID == strconv.Itoa(id)
		}) {
			w.fail("sync-check", "SCIM has deleted the user %d, who is active, and sync-check does not say so", id)
		}
	}
}

// direct is the API for somebody who is no request.
type direct struct{ *world }

// Do implements [mapping.Upstream].
func (d direct) Do(_ context.Context, c mapping.Call) (mapping.Answer, error) {
	waiting := call{Call: c}
	return d.api2(c.Method, waiting.target(), c.Body), nil
}
