package tests

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// bulkRequest is the body of a bulk request; with failOnErrors 0 it says
// nothing of errors.
func bulkRequest(failOnErrors int, operations ...string) string {
	limit := ""
	if failOnErrors > 0 {
		limit = `"failOnErrors":` + strconv.Itoa(failOnErrors) + `,`
	}
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],` + limit + `"Operations":[` + strings.Join(operations, ",") + `]}`
}

// TestBulk makes two people and a group of them in the wrong order, and then
// stops at an operation that fails.
func TestBulk(t *testing.T) {
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{sandbox: qualytics.Config{Dialect: dialect}})
			base := "https://" + st.host + basePath
			mark := caddyLog.mark()
			got := st.scim(t, 200, "POST", "/Bulk", bulkRequest(0,
				`{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"Tour Guides","members":[{"value":"bulkId:a"},{"value":"bulkId:b"}]}}`,
				`{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"alice@corp.test","externalId":"00u1"}}`,
				`{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"bob@corp.test"}}`,
			))
			alice, _ := st.sandbox.UserByName("alice@corp.test")
			bob, _ := st.sandbox.UserByName("bob@corp.test")
			team, _ := st.sandbox.TeamByName("Tour Guides")
			if !reflect.DeepEqual(team.UserIDs, []int{alice.ID, bob.ID}) {
				t.Errorf("the team has the users %v, want %d and %d", team.UserIDs, alice.ID, bob.ID)
			}
			made := func(endpoint, bulkID string, id int) any {
				return map[string]any{"location": fmt.Sprintf("%s/%s/%d", base, endpoint, id), "method": "POST", "bulkId": bulkID, "status": "201"}
			}
			answer := got.json(t)
			versions := takeBulkVersions(t, answer)
			if want := st.version(t, "Groups", team.ID); len(versions) != 3 || versions[0] != want {
				t.Errorf("the versions are %q, that of the group is %s", versions, want)
			}
			if want := map[string]any{
				"schemas":    []any{"urn:ietf:params:scim:api:messages:2.0:BulkResponse"},
				"Operations": []any{made("Groups", "g", team.ID), made("Users", "a", alice.ID), made("Users", "b", bob.ID)},
			}; !reflect.DeepEqual(answer, want) {
				t.Errorf("got  %s\nwant %v", got.body, want)
			}
			id := got.header.Get("X-Request-Id")
			log := caddyLog.since(mark)
			if n := len(logLines(log, `"scim bulk operation"`, id, `"status":201`, `"calls":[`)); n != 3 {
				t.Errorf("%d lines for operations:\n%s", n, log)
			}
			if len(logLines(log, `"scim request"`, id, `"operation":"bulk"`, `"operations":3`, `"failed":0`)) != 1 {
				t.Errorf("no line for the request:\n%s", log)
			}
			if strings.Contains(log, "corp.test") || strings.Contains(log, "00u1") {
				t.Errorf("personal data in the log:\n%s", log)
			}

			got = st.scim(t, 200, "POST", "/Bulk", bulkRequest(1,
				fmt.Sprintf(`{"method":"PATCH","path":"/Users/%d","data":{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],`+
					`"Operations":[{"op":"replace","path":"active","value":false}]}}`, alice.ID),
				`{"method":"POST","path":"/Users","bulkId":"again","data":{"userName":"BOB@corp.test"}}`,
				fmt.Sprintf(`{"method":"DELETE","path":"/Users/%d"}`, bob.ID),
			))
			operations, _ := got.json(t)["Operations"].([]any)
			if len(operations) != 2 {
				t.Fatalf("answer: %s", got.body)
			}
			if want := map[string]any{
				"location": fmt.Sprintf("%s/Users/%d", base, alice.ID), "method": "PATCH", "status": "200", "version": st.version(t, "Users", alice.ID),
			}; !reflect.DeepEqual(operations[0], any(want)) {
				t.Errorf("the deactivation: %v", operations[0])
			}
			failed := operations[1]
			if at(failed, "status") != "409" || at(failed, "bulkId") != "again" || at(failed, "location") != nil ||
				at(failed, "response", "scimType") != "uniqueness" || at(failed, "response", "status") != "409" {
				t.Errorf("the failure: %v", failed)
			}
			alice, _ = st.sandbox.UserByName("alice@corp.test")
			bob, _ = st.sandbox.UserByName("bob@corp.test")
			if alice.Active() || !bob.Active() {
				t.Errorf("active: %t and %t, want false and true", alice.Active(), bob.Active())
			}
		})
	}
}

// TestBulkWithoutAPI has the API be down, or refuse the token: all operations
// are answered, and it is not asked for each of them.
func TestBulkWithoutAPI(t *testing.T) {
	const operations, failures = 30, 3
	for name, tt := range map[string]struct {
		fault  qualytics.Fault
		status string
		calls  int
	}{
		"down":    {qualytics.Fault{Kind: qualytics.ResetBefore}, "503", failures},
		"refused": {refusal(401), "502", 1},
	} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{overlay: with("breaker_failures", failures, "breaker_pause", "1h", "retries", 0)})
			st.sandbox.Seed(operations, 2)
			st.sandbox.Fail("*", tt.fault, -1)
			var all []string
			for i := range operations {
				all = append(all, fmt.Sprintf(`{"method":"PUT","path":"/Users/%d","data":{"displayName":"X"}}`, i+2))
			}
			got := st.scim(t, 200, "POST", "/Bulk", bulkRequest(0, all...))
			results := bulkResults(got)
			if len(results) != operations || results[operations-1].Status != tt.status {
				t.Errorf("%d answers, the last one %+v", len(results), results[len(results)-1])
			}
			if calls := st.sandbox.Calls(); len(calls) != tt.calls {
				t.Errorf("%d calls instead of %d", len(calls), tt.calls)
			}
		})
	}
}

// TestBulkLimits are those of the Caddyfile, and those that are advertised.
func TestBulkLimits(t *testing.T) {
	st := start(t, setup{edit: func(caddyfile string) string {
		return strings.Replace(caddyfile, "scim {", "scim {\n\t\tmax_bulk_operations 2\n\t\tmax_body_size 1000\n", 1)
	}})
	config := st.scim(t, 200, "GET", "/ServiceProviderConfig", "").json(t)
	if want := map[string]any{"supported": true, "maxOperations": 2.0, "maxPayloadSize": 1000.0}; !reflect.DeepEqual(config["bulk"], any(want)) {
		t.Errorf("bulk is %v", config["bulk"])
	}
	one := `{"method":"DELETE","path":"/Users/2"}`
	for body, detail := range map[string]string{
		bulkRequest(0, one, one, one):                       "maxOperations (2)",
		bulkRequest(0, one) + strings.Repeat(" ", 1000):     "maxPayloadSize (1000)",
		`{"schemas":["` + strings.Repeat("x", 1000) + `"]}`: "maxPayloadSize (1000)",
	} {
		got := st.scim(t, 413, "POST", "/Bulk", body)
		if isSCIMError(t, got, 413); !strings.Contains(string(got.body), detail) {
			t.Errorf("%s", got.body)
		}
	}
	if calls := st.sandbox.Calls(); len(calls) > 0 {
		t.Errorf("calls: %s", callList(calls))
	}
	st.scim(t, 200, "POST", "/Bulk", bulkRequest(0, one, one))
}
