package mapping

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestReportOfDeactivations looks at which requests are told to be somebody's
// deactivation, even when the API is down and when they are refused.
func TestReportOfDeactivations(t *testing.T) {
	for name, test := range map[string]struct {
		method, path, body string
		want               bool
	}{
		"DELETE":                    {"DELETE", "/Users/1", "", true},
		"DELETE of a group":         {"DELETE", "/Groups/1", "", true},
		"PUT of false":              {"PUT", "/Users/1", `{"userName":"x","active":false}`, true},
		"PUT of a string":           {"PUT", "/Users/1", `{"active":"False"}`, true},
		"PUT of true":               {"PUT", "/Users/1", `{"active":true}`, false},
		"PUT without a word of it":  {"PUT", "/Users/1", `{"userName":"x"}`, false},
		"PUT of a group":            {"PUT", "/Groups/1", `{"displayName":"x"}`, false},
		"PATCH with a path":         {"PATCH", "/Users/1", patchOf(`{"op":"Replace","path":"active","value":"False"}`), true},
		"PATCH without a path":      {"PATCH", "/Users/1", patchOf(`{"op":"replace","value":{"active":false,"displayName":"x"}}`), true},
		"PATCH with the last word":  {"PATCH", "/Users/1", patchOf(`{"op":"replace","path":"active","value":false},{"op":"replace","path":"active","value":true}`), false},
		"PATCH of a name":           {"PATCH", "/Users/1", patchOf(`{"op":"replace","path":"displayName","value":"false"}`), false},
		"PATCH that can't be read":  {"PATCH", "/Users/1", `{"active":`, false},
		"POST of somebody inactive": {"POST", "/Users", `{"userName":"x","active":false}`, false},
		"GET":                       {"GET", "/Users/1", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(3, 1)
				b.sandbox.Fail("*", canned(503), -1)
				if response, _ := b.send(test.method, test.path, test.body); response.Report.Deactivates != test.want || response.Status < 400 {
					t.Errorf("while the API is down: status %d, %t", response.Status, response.Report.Deactivates)
				}
				b.sandbox.ClearFaults()
				if response, _ := b.send(test.method, test.path, test.body); response.Report.Deactivates != test.want {
					t.Errorf("status %d, %t", response.Status, response.Report.Deactivates)
				}
			})
		})
	}
}

// TestReportOfDeactivationsInBulk has one of several operations be one.
func TestReportOfDeactivationsInBulk(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(3, 1)
		response, _ := b.send("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
			{"method":"PATCH","path":"/Users/1","data":{"Operations":[{"op":"replace","path":"active","value":false}]}},
			{"method":"PATCH","path":"/Users/2","data":{"Operations":[{"op":"replace","path":"displayName","value":"x"}]}},
			{"method":"DELETE","path":"/Users/3"}]}`)
		var got []bool
		for _, o := range response.Report.Operations {
			got = append(got, o.Deactivates)
		}
		if !slices.Equal(got, []bool{true, false, true}) || response.Report.Deactivates {
			t.Errorf("%v, %t: %s", got, response.Report.Deactivates, response.Body)
		}
	})
}

// TestGuardedIsACause tells what the mapping guards from other refusals.
func TestGuardedIsACause(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		s.want(204, "DELETE", "/Users/"+s.chief, "")
		if r := s.fails(403, "", "DELETE", "/Users/"+s.boss, ""); !errors.Is(r.Err.Cause, ErrGuarded) {
			t.Errorf("the cause is %v", r.Err.Cause)
		}
		if r := s.fails(403, "", "DELETE", admins, ""); r.Err.Cause != nil {
			t.Errorf("the cause is %v", r.Err.Cause)
		}
	})
}

// TestNamesOfAMapping has the names by which requests and calls are counted.
func TestNamesOfAMapping(t *testing.T) {
	program := edited(t)
	if got := program.Resources(); !slices.Equal(got, []string{"User", "Group"}) {
		t.Errorf("resources %q", got)
	}
	calls := program.CallNames()
	slices.Sort(calls)
	want := "Group.create Group.delete Group.list Group.read Group.update " +
		"User.create User.deactivate User.delete User.list User.others User.read User.readmit User.restore User.update caller"
	if got := strings.Join(calls, " "); got != want {
		t.Errorf("calls\n%s, want\n%s", got, want)
	}
}
