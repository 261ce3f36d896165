package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// bulkStep is an operation of a bulk request.
type bulkStep struct {
	json string

	// done reports whether the API has it, as far as it is told by nothing else.
	done func(*qualytics.Sandbox) bool
}

// matrixBulk is what a provider sends at once, after [populate].
var matrixBulk = []bulkStep{
	{
		`{"method":"PUT","path":"/Users/3","data":{"userName":"ben","externalId":"x-ben","active":false}}`,
		func(s *qualytics.Sandbox) bool { u, _ := s.User(3); return !u.Active() },
	},
	{
		`{"method":"POST","path":"/Users","bulkId":"new","data":{"userName":"new.one","externalId":"x-new","roles":["Manager"]}}`,
		func(s *qualytics.Sandbox) bool {
			u, _ := s.UserByName("new.one")
			return u.Role == qualytics.RoleManager
		},
	},
	{
		`{"method":"POST","path":"/Groups","bulkId":"claims","data":{"displayName":"Claims","members":[{"value":"bulkId:new"},{"value":"4"}]}}`,
		func(s *qualytics.Sandbox) bool { team, _ := s.TeamByName("Claims"); return len(team.UserIDs) == 2 },
	},
	{
		`{"method":"PATCH","path":"/Groups/2","data":` + operations(`{"op":"add","path":"members","value":[{"value":"4"}]}`) + `}`,
		func(s *qualytics.Sandbox) bool { team, _ := s.Team(2); return slices.Contains(team.UserIDs, 4) },
	},
	{
		`{"method":"PATCH","path":"/Groups/2","data":` + operations(`{"op":"remove","path":"members[value eq \"3\"]"}`) + `}`,
		func(s *qualytics.Sandbox) bool { team, _ := s.Team(2); return !slices.Contains(team.UserIDs, 3) },
	},
	{
		`{"method":"DELETE","path":"/Groups/3"}`,
		func(s *qualytics.Sandbox) bool { _, there := s.Team(3); return !there },
	},
}

// TestFaultMatrixBulk is TestFaultMatrix for a bulk request, of which a provider
// repeats what has failed.
func TestFaultMatrixBulk(t *testing.T) {
	var all []string
	for _, step := range matrixBulk {
		all = append(all, step.json)
	}
	o := &operation{
		method: "POST", path: "/Bulk", body: bulkRequest(0, all...), externalID: "x-new",
		again: func(r *trial, got reply) reply { return r.repeatBulk(got) },
	}
	for dialect, config := range dialects {
		t.Run(dialect, func(t *testing.T) { o.undergo(t, false, qualytics.Config{Dialect: config}) })
	}
}

// bulkResult is what came of one operation.
type bulkResult struct{ Location, Status string }

// repeatBulk checks the answer to a bulk request, and sends those of its
// operations once more that have failed. It returns the answer to them, or the
// first of theirs that failed.
func (r *trial) repeatBulk(got reply) reply {
	failed := r.checkBulk(got, matrixBulk, r.status)
	if len(failed) == 0 {
		return got
	}
	made := ""
	for _, result := range bulkResults(got) {
		if strings.Contains(result.Location, "/Users/") && result.Status == "201" {
			made = path.Base(result.Location)
		}
	}
	var again []string
	for _, step := range failed {
		if made != "" {
			step.json = strings.ReplaceAll(step.json, "bulkId:new", made)
		}
		again = append(again, step.json)
	}
	got = r.note("POST", "/Bulk", r.insist(r, "POST", "/Bulk", bulkRequest(0, again...)))
	if left := r.checkBulk(got, failed, 0); len(left) > 0 {
		got.status = http.StatusBadGateway
	}
	return got
}

// checkBulk fails the test unless all steps are answered, those with success
// are done and the others have the status, or, where they wait for others, one
// that says "later"; with 0 for a repeat, that something is not there will do
// for its deletion. It returns the steps that failed.
func (r *trial) checkBulk(got reply, steps []bulkStep, status int) (failed []bulkStep) {
	results := bulkResults(got)
	if got.status != http.StatusOK || len(results) != len(steps) {
		r.fail("%d answers to %d operations", len(results), len(steps))
		return steps
	}
	for i, step := range steps {
		switch s := results[i].Status; {
		case s < "300":
			if !step.done(r.sandbox) {
				r.fail("operation %d was answered with %s and is not done", i, s)
			}
		case status == 0 && s == "404" && strings.Contains(step.json, "DELETE"):
		case s == fmt.Sprint(status), s == "503":
			failed = append(failed, step)
		default:
			r.fail("operation %d has the status %s", i, s)
			failed = append(failed, step)
		}
	}
	return failed
}

func bulkResults(got reply) []bulkResult {
	var answer struct{ Operations []bulkResult }
	_ = json.Unmarshal(got.body, &answer)
	return answer.Operations
}
