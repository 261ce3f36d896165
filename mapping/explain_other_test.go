package mapping

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// TestPlansForListsOfAllStyles are made without an API that has one, and are
// true of one that does.
func TestPlansForListsOfAllStyles(t *testing.T) {
	for _, style := range directoryStyles {
		t.Run(style.name, func(t *testing.T) {
			b := newDirectoryBench(t, newDirectory(style, 25), 10)
			world := b.world
			for _, c := range []struct{ method, path, body string }{
				{"GET", "/Users", ""},
				{"GET", `/Users?filter=userName+eq+"p3"`, ""},
				{"GET", `/Users?filter=displayName+co+"p"`, ""},
				{"GET", "/Users/p7", ""},
				{"PATCH", "/Users/p3", patchOf(`{"op":"replace","path":"active","value":false}`)},
			} {
				path, query, _ := strings.Cut(c.path, "?")
				req := Request{Method: c.method, Path: path, Query: query, Body: []byte(c.body), Base: testBase}
				offline := b.program.Explain(t.Context(), World{Tolerances: tolerance.AllOn()}, req)
				if offline.Outcome.Status != 200 || len(offline.Calls) == 0 || len(offline.Assumptions) == 0 {
					t.Errorf("offline, %s %s: %+v", c.method, c.path, offline)
				}
				counter := &countingUpstream{Upstream: world.Upstream}
				b.world.Upstream = counter
				live := b.explain(c.method, c.path, c.body)
				planned := counter.calls
				counter.calls = 0
				response, _ := b.send(c.method, c.path, c.body)
				if live.Outcome.Status != response.Status || live.Cost.Calls != counter.calls || planned != live.Cost.Reads {
					t.Errorf("%s %s: planned %+v %+v with %d calls, got the status %d with %d calls",
						c.method, c.path, live.Outcome, live.Cost, planned, response.Status, counter.calls)
				}
			}
		})
	}
}

// TestPlanForAnotherAPI has plans for an API with types of its own, ids that are
// texts, and attributes of every type.
func TestPlanForAnotherAPI(t *testing.T) {
	b := newDeviceBench(t)
	id := ""
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/Devices", aDevice},
		{"GET", "/Devices/{id}", ""},
		{"PUT", "/Devices/{id}", strings.Replace(aDevice, `"model":"M1"`, `"model":"M2"`, 1)},
		{"PATCH", "/Devices/{id}", patchOf(`{"op":"replace","path":"slots","value":3}`)},
		{"PATCH", "/Devices/{id}", patchOf(`{"op":"remove","path":"tags"}`)},
		{"GET", "/Devices?filter=serialNumber+eq+%22SN-1%22", ""},
		{"DELETE", "/Devices/{id}", ""},
		{"DELETE", "/Devices/{id}", ""},
	} {
		path := strings.ReplaceAll(c.path, "{id}", id)
		offline := explained(t, b.program, c.method, strings.ReplaceAll(c.path, "{id}", "d-1"), c.body)
		if offline.Outcome.Error != nil {
			t.Errorf("offline, %s %s: %+v", c.method, c.path, offline.Outcome.Error)
		}
		live := b.explain(c.method, path, c.body)
		b.api.Calls()
		response, doc := b.send(c.method, path, c.body)
		if made, ok := doc["id"].(string); ok {
			id = made
		}
		if calls := b.api.Calls(); live.Outcome.Status != response.Status || live.Cost.Calls != len(calls) {
			t.Errorf("%s %s: planned %+v %+v, got %d %s %q", c.method, path, live.Outcome, live.Calls, response.Status, response.Body, calls)
		}
		for _, made := range []*plan.Plan{offline, live} {
			for _, change := range made.Changes {
				if strings.Contains(string(change.Before)+string(change.After), "4711") {
					t.Errorf("%s %s shows the pin: %+v", c.method, path, change)
				}
			}
			for _, call := range made.Calls {
				if strings.Contains(string(call.Body), "4711") {
					t.Errorf("%s %s shows the pin: %s", c.method, path, call.Body)
				}
			}
		}
	}
}

// TestPlanOfBulkIsTrue has operations that refer to what others would make.
func TestPlanOfBulkIsTrue(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(12, 2)
		teams := b.sandbox.Teams()
		made := b.explain("POST", "/Bulk", memberInBulk(teams[len(teams)-1].ID))
		b.sandbox.ResetCalls()
		response, _ := b.send("POST", "/Bulk", memberInBulk(teams[len(teams)-1].ID))
		id := response.Report.Operations[0].ID
		want, got := strings.Join(foretold(made, id), "\n  "), strings.Join(seen(b.sandbox.Calls()), "\n  ")
		if want != got || len(made.Outcome.Operations) != 2 || made.Outcome.Refused() || response.Status != 200 {
			t.Errorf("foretold\n  %s\nseen\n  %s\n%s", want, got, response.Body)
		}
	})
}

func memberInBulk(team int) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"bulk.one@corp.test"}},
		{"method":"PATCH","path":"/Groups/` + strconv.Itoa(team) + `","data":` +
		patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:a"}]}`) + `}]}`
}

// countingUpstream counts calls.
type countingUpstream struct {
	Upstream
	mu    sync.Mutex
	calls int
}

func (u *countingUpstream) Do(ctx context.Context, call Call) (Answer, error) {
	u.mu.Lock()
	u.calls++
	u.mu.Unlock()
	return u.Upstream.Do(ctx, call)
}
