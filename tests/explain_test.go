package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// explain asks the running Caddy for the plan of a request.
func explain(t *testing.T, admin, method, path, body string) *plan.Plan {
	t.Helper()
	js, err := json.Marshal(adminapi.ExplainRequest{Method: method, Path: path, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	var made plan.Plan
	askAdmin(t, admin, http.StatusOK, "POST", "/scim/explain", string(js), &made)
	return &made
}

// callLines are calls in a form in which those of a plan and those that were
// seen are the same. Pages may be read at the same time.
func callLines(method, path string, query url.Values, body []byte) string {
	return fmt.Sprintf("%s %s?%s %s", method, path, query.Encode(), body)
}

func inOrder(lines []string) []string {
	for first := 0; first < len(lines); {
		alike := lines[first][:strings.LastIndex(lines[first][:strings.Index(lines[first], "?")], "/")+1]
		end := first + 1
		for end < len(lines) && strings.HasPrefix(lines[end], alike) {
			end++
		}
		slices.Sort(lines[first:end])
		first = end
	}
	return lines
}

// TestLivePlanIsTrue compares what the running Caddy says that a request would
// do with the calls that the API sees when the request is sent, and sees to it
// that saying so changes nothing.
func TestLivePlanIsTrue(t *testing.T) {
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			st, admin := startWithAdmin(t, setup{sandbox: qualytics.Config{Dialect: dialect}})
			st.sandbox.Seed(330, 4)
			teams := st.sandbox.Teams()
			team := fmt.Sprint("/Groups/", teams[len(teams)-1].ID)
			var people []string
			for _, u := range st.sandbox.Users() {
				if u.Type == qualytics.TypeHuman && u.Active() && u.Role == "Member" {
					people = append(people, fmt.Sprint(u.ID))
				}
			}
			made := "" // the id that the latest create gave
			truth := func(method, path, body string) {
				t.Helper()
				path = strings.ReplaceAll(path, "{made}", made)
				before, teams := st.sandbox.Users(), st.sandbox.Teams()
				p := explain(t, admin, method, path, body)
				if !reflect.DeepEqual(before, st.sandbox.Users()) || !reflect.DeepEqual(teams, st.sandbox.Teams()) {
					t.Fatalf("%s %s: to explain it has changed the API", method, path)
				}
				st.sandbox.ResetCalls()
				got, err := st.send(t, method, basePath+strings.ReplaceAll(path, " ", "%20"), body)
				if err != nil {
					t.Fatal(err)
				}
				var answer struct{ ID string }
				_ = json.Unmarshal(got.body, &answer)
				if method == "POST" && answer.ID != "" {
					made = answer.ID
				}
				var want, seen []string
				for _, c := range p.Calls {
					query, _ := url.ParseQuery(c.Query)
					want = append(want, strings.ReplaceAll(callLines(c.Method, c.Path, query, c.Body), "1000000001", made))
				}
				for _, c := range st.sandbox.Calls() {
					seen = append(seen, callLines(c.Method, c.Path, c.Query, c.Body))
				}
				if want, seen = inOrder(want), inOrder(seen); !slices.Equal(want, seen) {
					t.Errorf("%s %s\nplanned\n  %s\nseen\n  %s", method, path, strings.Join(want, "\n  "), strings.Join(seen, "\n  "))
				}
				if p.Outcome.Status != got.status || !p.Live {
					t.Errorf("%s %s: planned the answer %d, got %d %s", method, path, p.Outcome.Status, got.status, got.body)
				}
			}
			members := func(op string, ids ...string) string {
				return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"` + op +
					`","path":"members","value":[{"value":"` + strings.Join(ids, `"},{"value":"`) + `"}]}]}`
			}
			active := func(on bool) string {
				return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":%t}]}`, on)
			}
			one, two := people[3], people[4]

			truth("GET", "/Users/"+one, "")
			truth("DELETE", "/Users/"+people[9], "")
			truth("PATCH", team, members("add", one, two))
			truth("PATCH", team, members("remove", two))
			truth("GET", `/Users?filter=userName eq "nobody"`, "")
			truth("GET", `/Users?filter=userName eq "nobody"`, "")
			truth("POST", "/Users", `{"userName":"ana.reis@corp.test","name":{"givenName":"Ana","familyName":"Reis"},"externalId":"e-1"}`)
			truth("PUT", "/Users/{made}", `{"userName":"ana.reis@corp.test","externalId":"e-1","roles":[{"value":"Manager"}]}`)
			truth("PUT", "/Users/{made}", `{"userName":"ana.reis@corp.test","externalId":"e-1","roles":[{"value":"Manager"}]}`)
			truth("POST", "/Users", `{"userName":"ana.reis@corp.test"}`)
			truth("PATCH", "/Users/{made}", active(false))
			truth("GET", "/Users/{made}", "")
			truth("PATCH", "/Users/{made}", active(true))
			truth("DELETE", "/Users/{made}", "")
			truth("DELETE", "/Users/{made}", "")
			truth("GET", "/Users/{made}", "")
			truth("POST", "/Users", `{"userName":"ana.reis@corp.test","active":true}`)
			truth("GET", "/Users?startIndex=101&count=100", "")
			truth("GET", `/Users?filter=displayName co "an" and active eq true`, "")
			truth("GET", "/Groups", "")
			truth("PATCH", "/Groups/role-admin", members("add", one))
			truth("PATCH", "/Groups/role-admin", members("remove", one))
			truth("POST", "/Groups", `{"displayName":"New Team","members":[{"value":"`+one+`"}]}`)
			truth("PATCH", "/Groups/{made}", members("remove", one))
			truth("DELETE", "/Groups/{made}", "")
			truth("PUT", "/Groups/999999", `{"displayName":"None"}`)
			truth("PATCH", team, members("add", "999999"))
		})
	}
}

// TestLivePlanIsOfMemory has less to do once Caddy remembers, and more again
// once that is purged.
func TestLivePlanIsOfMemory(t *testing.T) {
	st, admin := startWithAdmin(t, setup{})
	st.sandbox.Seed(250, 2)
	lookUp := func() *plan.Plan { return explain(t, admin, "GET", `/Users?filter=userName eq "nobody"`, "") }
	first, again := lookUp(), lookUp()
	if first.Cost.Pages < 3 || again.Cost != first.Cost {
		t.Fatalf("%+v, then %+v: to explain is to be without a trace", first.Cost, again.Cost)
	}
	st.scim(t, 200, "GET", "/Users?filter=userName+eq+%22nobody%22", "")
	if p := lookUp(); p.Cost.Calls != 0 || len(p.Facts) != 1 || !p.Facts[0].Hit() || !p.Facts[0].All {
		t.Errorf("%+v", p)
	}
	out, messages, code := caddyScim(t, "", "purge", "--address", admin)
	if code != 0 || !strings.Contains(out, "facts forgotten") {
		t.Errorf("%s %s, exit code %d", out, messages, code)
	}
	if p := lookUp(); p.Cost != first.Cost {
		t.Errorf("%+v after the purge, %+v at first", p.Cost, first.Cost)
	}
}

func TestExplainCommand(t *testing.T) {
	st, admin := startWithAdmin(t, setup{})
	st.sandbox.Seed(5, 1)
	body := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(body, []byte(`{"userName":"ana@corp.test","password":"hunter2hunter2"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, input string
		args        []string
		code        int
		out         string
		message     string
	}{
		{"offline", "", []string{"POST", "/Users", "--body", body}, 0, `{"name":"ana@corp.test","user_name":"ana@corp.test"`, ""},
		{"a whole path", "", []string{"get", "/api/scim/v2/Users/41"}, 0, "GET /Users/41\nUser read 41", ""},
		{"standard input", `{"userName":"ana"}`, []string{"PUT", "/Users/2", "--body", "-"}, 0, "PUT     /api/users/2", ""},
		{"live", "", []string{"POST", "/Users", "--body", body, "--live", "--address", admin}, 0, "live: the API was asked", ""},
		{"refused", "", []string{"POST", "/Users"}, 1, "answer 400 invalidSyntax", ""},
		{"refused live", "", []string{"GET", "/Users/999999", "--live", "--address", admin}, 1, "answer 404", ""},
		{"no path", "", []string{"GET"}, 2, "", "accepts 2 arg(s)"},
		{"no slash", "", []string{"GET", "Users"}, 2, "", "does not start with a slash"},
		{"unknown flag", "", []string{"GET", "/Users", "--alive"}, 2, "", "unknown flag"},
		{"format", "", []string{"GET", "/Users", "--format", "yaml"}, 2, "", "text or json"},
		{"no mapping", "", []string{"GET", "/Users", "--mappings", "none.yaml"}, 2, "", "none.yaml"},
		{"no body", "", []string{"POST", "/Users", "--body", "none.json"}, 2, "", "none.json"},
		{"no Caddy", "", []string{"GET", "/Users", "--live", "--address", freeAddress(t)}, 2, "", "the running Caddy"},
		{"no handler", "", []string{"GET", "/Users", "--live", "--address", admin, "--handler", "x"}, 2, "", `no SCIM handler`},
		{"address without live", "", []string{"GET", "/Users", "--address", admin}, 2, "", "--address is for --live"},
		{"configuration without live", "", []string{"GET", "/Users", "--config", "Caddyfile"}, 2, "", "--config is for --live"},
		{"mapping with live", "", []string{"GET", "/Users", "--live", "--mappings", "mappings.yaml"}, 2, "", "has its own"},
	} {
		out, messages, code := caddyScim(t, c.input, append([]string{"explain"}, c.args...)...)
		if code != c.code || !strings.Contains(squeezed(out), squeezed(c.out)) || !strings.Contains(messages, c.message) || (code == 2) != (messages != "") {
			t.Errorf("%s: exit code %d, %s\n%s", c.name, code, messages, out)
		}
		if strings.Contains(out+messages, "hunter2") {
			t.Errorf("%s: the password is shown: %s", c.name, out)
		}
	}
	out, _, code := caddyScim(t, "", "explain", "DELETE", "/Users/2", "--format", "json")
	var made plan.Plan
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != 0 || made.Cost.Writes != 1 || made.Mapping.File != "mappings.yaml" {
		t.Errorf("%v, exit code %d: %s", err, code, out)
	}
}

// squeezed makes one blank of all that are together.
func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

// TestExplainPage compares the plan in the page with what the command prints,
// but for what changes with every line of the mapping.
func TestExplainPage(t *testing.T) {
	changing := regexp.MustCompile(`mappings\.yaml:\d+|\([0-9a-f]{12}\)`)
	block := blocks(t, "docs/explain.md", "console")[0]
	command, want, _ := strings.Cut(block, "\n")
	_, body, ok := strings.Cut(command, "<<< '")
	if !ok || !strings.HasPrefix(command, "$ ./caddy scim explain PUT /Users/41 --body - ") {
		t.Fatalf("this is another command: %s", command)
	}
	out, messages, code := caddyScim(t, strings.TrimSuffix(body, "'"), "explain", "PUT", "/Users/41", "--body", "-")
	if got := changing.ReplaceAllString(out, "N"); code != 0 || got != changing.ReplaceAllString(want, "N") {
		t.Errorf("exit code %d %s, it prints\n%s", code, messages, out)
	}
}
