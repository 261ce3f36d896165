package mapping

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// explained is the plan of a request without an API.
func explained(t *testing.T, p *Program, method, path, body string) *plan.Plan {
	t.Helper()
	path, query, _ := strings.Cut(path, "?")
	return p.Explain(t.Context(), World{Tolerances: tolerance.AllOn()}, Request{
		Method: method, Path: path, Query: query, Body: []byte(body), Base: testBase,
	})
}

// oneLogin are requests as OneLogin sends them, each with a plan in
// testdata/explain.
var oneLogin = []struct{ name, method, path, body string }{
	{"look-up", "GET", "/Users?filter=userName+eq+%22ana.reis@corp.test%22&", ""},
	{"create", "POST", "/Users", `{"schemas":["urn:scim:schemas:core:2.0","urn:scim:schemas:extension:enterprise:2.0"],
		"userName":"ana.reis@corp.test","name":{"familyName":"Reis","givenName":"Ana","formatted":"Ana Reis"},
		"emails":{"value":"ana.reis@corp.test","type":"work","primary":true},"title":"Analyst","externalId":"42",
		"urn:scim:schemas:extension:enterprise:2.0":{"department":"Finance"}}`},
	{"create-inactive", "POST", "/Users", `{"userName":"ana.reis@corp.test","active":false}`},
	{"put", "PUT", "/Users/41", `{"userName":"ana.reis@corp.test","name":{"familyName":"Reis","givenName":"Ana","formatted":"Ana M. Reis"},
		"emails":{"value":"ana.reis@corp.test","type":"work","primary":true},"active":"true","roles":[{"value":"Manager"}]}`},
	{"put-suspend", "PUT", "/Users/41", `{"userName":"ana.reis@corp.test","active":false}`},
	{"patch-name", "PATCH", "/Users/41", patchOf(`{"op":"replace","path":"name.familyName","value":"Silva"}`)},
	{"delete", "DELETE", "/Users/41", ""},
	{"groups", "GET", "/Groups", ""},
	{"group-create", "POST", "/Groups", `{"displayName":"Finance DQ","members":[{"value":"41"}]}`},
	{"group-patch", "PATCH", "/Groups/7", patchOf(
		`{"op":"add","path":"members","value":[{"value":"41","display":""}]}`,
		`{"op":"remove","path":"members","value":[{"value":"5","display":""}]}`)},
	{"group-rename", "PATCH", "/Groups/7", patchOf(`{"op":"replace","path":"displayName","value":"Finance"}`)},
	{"group-replace", "PUT", "/Groups/7", `{"displayName":"Finance DQ","members":[{"value":"41"}]}`},
	{"group-delete", "DELETE", "/Groups/7", ""},
	{"role-group-add", "PATCH", "/Groups/role-admin", patchOf(`{"op":"add","path":"members","value":[{"value":"41"}]}`)},
	{"role-group-remove", "PATCH", "/Groups/role-admin", patchOf(`{"op":"remove","path":"members[value eq \"41\"]"}`)},
	{"filter", "GET", "/Users?filter=displayName+co+%22ana%22+and+active+eq+true", ""},
	{"refused", "POST", "/Users", `{"name":{"givenName":"Ana"}}`},
	{"bulk", "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"ana.reis@corp.test"}},
		{"method":"PATCH","path":"/Groups/7","data":` + patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:a"}]}`) + `}]}`},
}

var places = regexp.MustCompile(`mappings\.yaml:(\d+)`)

// readable has what a line of the mapping is about in the place of its number,
// which says whether it is the right one and does not change with others.
func readable(t *testing.T, text string, program *Program) string {
	t.Helper()
	lines := strings.Split(shippedText(t), "\n")
	text = strings.ReplaceAll(text, program.Version(), "VERSION")
	return places.ReplaceAllStringFunc(text, func(place string) string {
		n, err := strconv.Atoi(strings.TrimPrefix(place, "mappings.yaml:"))
		if err != nil || n < 1 || n > len(lines) {
			t.Fatalf("%s is no line of the mapping", place)
		}
		key, _, _ := strings.Cut(strings.TrimSpace(lines[n-1]), ":")
		return "mappings.yaml:[" + key + "]"
	})
}

func TestPlansOfOneLogin(t *testing.T) {
	program := shipped(t)
	for _, c := range oneLogin {
		t.Run(c.name, func(t *testing.T) {
			var text strings.Builder
			if err := explained(t, program, c.method, c.path, c.body).Text(&text); err != nil {
				t.Fatal(err)
			}
			got, file := readable(t, text.String(), program), filepath.Join("testdata", "explain", c.name+".txt")
			if *updateGolden {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the plan is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestPlanAsJSON has the names that programs rely on.
func TestPlanAsJSON(t *testing.T) {
	program := shipped(t)
	js, err := json.MarshalIndent(explained(t, program, oneLogin[1].method, oneLogin[1].path, oneLogin[1].body), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got, file := readable(t, string(js)+"\n", program), filepath.Join("testdata", "explain", oneLogin[1].name+".json")
	if *updateGolden {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%v: the plan is\n%s\nwant\n%s", err, got, want)
	}
}

// TestPlansNamePlaces has a line of the mapping for everything that it decides.
func TestPlansNamePlaces(t *testing.T) {
	program := shipped(t)
	for _, c := range oneLogin {
		made := explained(t, program, c.method, c.path, c.body)
		for _, change := range made.Changes {
			if !places.MatchString(change.At) {
				t.Errorf("%s: %s has no place", c.name, change.Attribute)
			}
		}
		for _, drop := range made.Dropped {
			if !places.MatchString(drop.At) {
				t.Errorf("%s: %s has no place", c.name, drop.Attribute)
			}
		}
		for _, call := range made.Calls {
			if !places.MatchString(call.At) || call.Purpose == "" || call.Purpose.Why(call.About) == "to " {
				t.Errorf("%s: %s has the place %q and the purpose %q", c.name, call.Name, call.At, call.Purpose)
			}
		}
	}
}

func TestPlanHidesSecrets(t *testing.T) {
	program := edited(t, "      externalId: {keep: here}\n\n      meta.created",
		"      password: {path: secret_phrase}\n      title: {path: access_token}\n      externalId: {keep: here}\n\n      meta.created")
	for _, request := range [][2]string{{"POST", "/Users"}, {"PUT", "/Users/41"}} {
		made := explained(t, program, request[0], request[1], `{"userName":"ana","password":"hunter2hunter2","title":"opensesame"}`)
		js, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"hunter2", "opensesame"} {
			if strings.Contains(string(js), secret) {
				t.Errorf("%s shows %s: %s", request[0], secret, js)
			}
		}
		for _, field := range []string{`"secret_phrase":"REDACTED"`, `"access_token":"REDACTED"`} {
			if last := made.Calls[len(made.Calls)-1]; !strings.Contains(string(last.Body), field) {
				t.Errorf("%s: the body has no %s: %s", request[0], field, last.Body)
			}
		}
	}
}

// TestExplainChangesNothing of the API, of what is kept, and of what others
// remember.
func TestExplainChangesNothing(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(5, 2)
	b.created(`{"userName":"kept@corp.test","externalId":"42"}`)
	b.sandbox.ResetCalls()
	users, records := b.sandbox.Users(), len(b.keeper.records)
	for _, c := range oneLogin {
		b.explain(c.method, strings.ReplaceAll(c.path, "/41", "/2"), strings.ReplaceAll(c.body, `"41"`, `"2"`))
	}
	b.explain("DELETE", "/Users/"+strconv.Itoa(users[len(users)-1].ID), "")
	for _, call := range b.sandbox.Calls() {
		if call.Method != "GET" {
			t.Errorf("%s %s was made", call.Method, call.Path)
		}
	}
	b.sameUsers(users)
	if len(b.keeper.records) != records {
		t.Errorf("%d records are kept, there were %d", len(b.keeper.records), records)
	}
}

// explain is the plan of a request with what the bench has learnt.
func (b *bench) explain(method, path, body string) *plan.Plan {
	b.t.Helper()
	world := b.world
	world.Correlations = b.memory.clone()
	path, query, _ := strings.Cut(path, "?")
	return b.program.Explain(context.WithoutCancel(b.t.Context()), world, Request{
		Method: method, Path: path, Query: query, Body: []byte(body), Base: testBase,
	})
}
