package tests

import (
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestAuditOfGroups has who came into a group and who went out, whether it is a
// team or a role, and has each of several changes that are written together for
// itself.
func TestAuditOfGroups(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(12, 2)
	ask := st.asks(t)
	remove := func(id string) string { return strings.Replace(addMember(id), `"add"`, `"remove"`, 1) }

	audited(t, ask(201, "POST", "/Groups", `{"displayName":"New Team","externalId":"g-1","members":[{"value":"4"},{"value":"5"}]}`), `
create Group 4 info: done 201
  displayName given [] ["REDACTED"] done
  members given [] [] +4 +5 done
  permission set [] ["Viewer"] done
  externalId kept [] ["REDACTED"] done
  kept that it is the provider's
  POST /api/teams 200 done`)
	audited(t, ask(200, "PATCH", "/Groups/4", addMember("4")))
	audited(t, ask(200, "PUT", "/Groups/4", `{"displayName":"Renamed","members":[{"value":"5"},{"value":"6"}]}`), `
replace Group 4 info: done 200
  displayName given ["REDACTED"] ["REDACTED"] done
  members given [] [] +6 -4 done
  PUT /api/teams/4 200 done`)
	audited(t, ask(400, "PATCH", "/Groups/4", addMember("999")))
	audited(t, ask(204, "DELETE", "/Groups/4", ""), `
delete Group 4 info: done 204
  externalId kept ["REDACTED"] [] done
  kept nothing any more
  DELETE /api/teams/4 204 done`)

	// A role is a field of each person.
	audited(t, ask(200, "PATCH", "/Groups/role-manager", addMember("4")), `
patch Group role-manager info: done 200
  members through [] [] +4 done`, `
patch User 4 info: done 200
  roles given ["Member"] ["Manager"] done
  kept that it is the provider's
  PUT /api/users/4 200 done`)
	audited(t, ask(200, "PATCH", "/Groups/role-manager", addMember("4")))
	audited(t, ask(200, "PATCH", "/Groups/role-manager", remove("4")), `
patch Group role-manager info: done 200
  members through [] [] -4 done`, `
patch User 4 info: done 200
  roles cleared ["Manager"] ["Member"] done
  PUT /api/users/4 200 done`)

	// Those that wait for the first are written together.
	release := make(chan struct{})
	st.sandbox.Fail("GET /api/teams/{id}", qualytics.Fault{Kind: qualytics.Slow, Release: release}, 1)
	ids := []string{"10", "14", "4", "8"}
	together := func() {
		var unsent atomic.Int32
		unsent.Store(int32(len(ids)))
		sent := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
			if unsent.Add(-1) == 0 {
				close(release)
			}
		}})
		for _, got := range st.atOnceIn(sent, t, len(ids), func(i int) (string, string, string) {
			return "PATCH", "/Groups/2", addMember(ids[i])
		}) {
			if got.status != 200 {
				t.Errorf("status %d: %s", got.status, got.body)
			}
		}
	}
	mark := caddyLog.mark()
	together()
	requests, added := make(map[string]bool), []string{}
	for _, r := range auditSince(t, mark) {
		requests[r.RequestID] = true
		if len(r.Changes) != 1 || len(r.Changes[0].Added) != 1 || r.Changes[0].Result != "done" || r.ID != "2" {
			t.Errorf("%+v", r.Record)
			continue
		}
		added = append(added, r.Changes[0].Added...)
		writes := 0
		for _, c := range r.Calls {
			if c.Method == "PUT" && c.Status == 200 {
				writes++
			}
		}
		if writes != 1 {
			t.Errorf("%d writes in %+v", writes, r.Calls)
		}
	}
	slices.Sort(added)
	if !slices.Equal(added, ids) || len(requests) != len(ids) {
		t.Errorf("%d requests have added %q", len(requests), added)
	}
}

// TestAuditOfBulk has a record for each operation that changes something.
func TestAuditOfBulk(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(8, 2)
	ask := st.asks(t)
	records := audited(t, ask(200, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
			{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"nova.lima"}},
			{"method":"PATCH","path":"/Groups/2","data":`+addMember("bulkId:a")+`},
			{"method":"PATCH","path":"/Groups/2","data":`+addMember("4")+`},
			{"method":"PUT","path":"/Users/5","data":{"userName":"ana.reis"}},
			{"method":"DELETE","path":"/Users/6"}]}`), `
create User 11 info: done 201 #1
  displayName default [] ["REDACTED"] done
  userName given [] ["REDACTED"] done
  roles default [] ["Member"] done
  kept that it is the provider's
  POST /api/users 200 done`, `
patch Group 2 info: done 200 #2
  members given [] [] +11 done
  kept that it is the provider's
  PUT /api/teams/2 200 done`, `
patch Group 2 info: done 200 #3
  members given [] [] +4 done
  kept that it is the provider's
  PUT /api/teams/2 200 done`, `
delete User 6 info: done 204 #5
  active called [true] [false] done
  kept that SCIM deleted it
  DELETE /api/users/6 204 done`)
	for _, r := range records {
		if r.RequestID == "" || r.RequestID != records[0].RequestID {
			t.Errorf("the request of operation %d is %q", r.Number, r.RequestID)
		}
	}
}
