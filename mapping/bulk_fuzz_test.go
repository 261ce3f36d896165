package mapping

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// FuzzBulk sends whatever bulk request: nothing is the server's fault, of a
// request that is refused as a whole nothing is done, and what is answered as
// done was done.
func FuzzBulk(f *testing.F) {
	for _, operations := range [][]string{
		{postOp("/Groups", "g", `{"displayName":"G","members":[{"value":"bulkId:u"}]}`), postOp("/Users", "u", `{"userName":"u","groups":["bulkId:g"]}`)},
		{postOp("/Users", "u", `{"userName":"u","externalId":"bulkId:v"}`), postOp("/Users", "v", `{"userName":"v","externalId":"bulkId:u"}`)},
		{op("PATCH", "/Groups/1", addMember(2)), op("PATCH", "/Users/2", patchOf(`{"op":"Replace","path":"active","value":"False"}`)), op("DELETE", "/Users/3", "null")},
		{op("PUT", "/Users/bulkId:u", `{"active":false}`), postOp("/Users", "u", `{"userName":"ANA.REIS"}`), op("DELETE", "/Groups/bulkId:u", "null")},
		{op("PATCH", "/Groups/1", patchOf(`{"op":"remove","path":"members[value eq \"bulkId:u\"]"}`)), postOp("/Users", "u", `{"userName":"bruno.silva","emails":[{"value":"bulkId:u"}]}`)},
		{postOp("/Bulk", "x", bulkOf(op("DELETE", "/Users/2", "null"))), op("GET", "/Me", "{}"), `{"method":"PUT","path":"/bulkId:"}`},
		{postOp("/Users", "s", `{"userName":"bulkId:s"}`), postOp("/Groups", "s2", `{"displayName":"bulkId:s2","members":"bulkId:s2"}`)},
		{},
	} {
		f.Add(bulkOf(operations...))
		f.Add(bulkUntil("1", operations...))
	}
	program := shipped(f)
	f.Fuzz(func(t *testing.T, body string) {
		for _, dialect := range []qualytics.Dialect{qualytics.DialectA(), qualytics.DialectB()} {
			b := newBareBench(t, program, dialect)
			b.sandbox.Seed(10, 2)
			users, teams := b.sandbox.Users(), b.sandbox.Teams()
			response, doc := b.send("POST", "/Bulk", body)
			switch {
			case response.Status == 200:
				b.tellsTheTruth(b.bulkResults(doc), len(users)+len(teams))
			case response.Status != 400 && response.Status != 413:
				t.Errorf("status %d %v", response.Status, response.Err)
			default:
				b.sameUsers(users)
				if len(b.sandbox.Calls()) > 0 || !reflect.DeepEqual(b.sandbox.Teams(), teams) {
					t.Errorf("something was done:%s", listed(b.sandbox.Calls()))
				}
			}
			for _, violation := range b.sandbox.UnexpectedViolations() {
				t.Errorf("does not fit the API's document: %s", violation)
			}
		}
	})
}

// tellsTheTruth holds results against what there is, with what was there
// before.
func (b *bench) tellsTheTruth(results []map[string]any, before int) {
	b.t.Helper()
	more := len(b.sandbox.Users()) + len(b.sandbox.Teams()) - before
	made := map[any]bool{}
	for _, result := range results {
		status, _ := strconv.Atoi(textOf(b.t, result, "status"))
		switch location := result["location"]; {
		case status >= 500 && status != 501:
			b.t.Errorf("a fault of the server: %v", result)
		case result["method"] == "POST" && location != nil:
			made[location] = true
		}
	}
	// Users are only deactivated, teams are gone.
	for _, call := range b.sandbox.Calls() {
		if call.Operation == "DELETE /api/teams/{id}" && call.Status < 300 {
			more++
		}
	}
	// An account that was there may be taken over as well.
	if more > len(made) {
		b.t.Errorf("%d things were made, and the answer has %d", more, len(made))
	}
	for _, result := range results {
		if status := textOf(b.t, result, "status"); status == "204" {
			delete(made, result["location"])
		}
	}
	for location := range made {
		path, _ := location.(string)
		if response, _ := b.send("GET", strings.TrimPrefix(path, testBase), ""); response.Status != 200 {
			b.t.Errorf("%s was made and is not there: %d", path, response.Status)
		}
	}
}
