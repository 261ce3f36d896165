package mapping

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// clone is a memory of its own with the same content.
func (m *memory) clone() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newMemory()
	for key, ids := range m.ids {
		c.ids[key] = slices.Clone(ids)
	}
	maps.Copy(c.pages, m.pages)
	maps.Copy(c.scans, m.scans)
	return c
}

// standInID is the id of the first new resource of a plan.
const standInID = "1000000001"

// foretold are the calls of a plan. The id stands for that of what is made.
func foretold(made *plan.Plan, id string) []string {
	var calls []string
	for _, c := range made.Calls {
		query, _ := url.ParseQuery(c.Query)
		line := fmt.Sprintf("%s %s?%s %s", c.Method, c.Path, query.Encode(), c.Body)
		calls = append(calls, strings.ReplaceAll(line, standInID, id))
	}
	return inPageOrder(calls)
}

// seen are the calls that a sandbox has had.
func seen(calls []qualytics.Call) []string {
	var lines []string
	for _, c := range calls {
		lines = append(lines, fmt.Sprintf("%s %s?%s %s", c.Method, c.Path, c.Query.Encode(), c.Body))
	}
	return inPageOrder(lines)
}

// inPageOrder sorts runs of calls that may be made at the same time.
func inPageOrder(calls []string) []string {
	for first := 0; first < len(calls); {
		alike := calls[first][:strings.LastIndex(calls[first][:strings.Index(calls[first], "?")], "/")]
		end := first + 1
		for end < len(calls) && strings.HasPrefix(calls[end], alike+"/") {
			end++
		}
		slices.Sort(calls[first:end])
		first = end
	}
	return calls
}

// foretells sends a request, and fails unless the calls that it makes and the
// status of its answer are those of its plan.
func (b *bench) foretells(method, path, body string) map[string]any {
	b.t.Helper()
	made := b.explain(method, path, body)
	b.sandbox.ResetCalls()
	response, doc := b.send(method, path, body)
	id, _ := doc["id"].(string)
	want, got := foretold(made, id), seen(b.sandbox.Calls())
	if !reflect.DeepEqual(want, got) {
		b.t.Errorf("%s %s %s\nforetold\n  %s\nseen\n  %s", method, path, body, strings.Join(want, "\n  "), strings.Join(got, "\n  "))
	}
	if made.Outcome.Status != response.Status {
		b.t.Errorf("%s %s %s: foretold the status %d, got %d %s", method, path, body, made.Outcome.Status, response.Status, response.Body)
	}
	return doc
}

// TestPlansAreTrue compares plans with what the API sees when the request is
// sent, one request after the other, so that each finds another memory.
func TestPlansAreTrue(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(230, 4)
		all := b.sandbox.Users()
		var people []string
		for _, u := range all {
			if u.Type == qualytics.TypeHuman && u.Active() {
				people = append(people, fmt.Sprint(u.ID))
			}
		}
		teams := b.sandbox.Teams()
		team := fmt.Sprint("/Groups/", teams[len(teams)-1].ID)
		one, two, three := people[3], people[4], people[5]
		add := func(ids ...string) string {
			return patchOf(`{"op":"add","path":"members","value":[{"value":"` + strings.Join(ids, `"},{"value":"`) + `"}]}`)
		}
		remove := func(id string) string { return patchOf(`{"op":"remove","path":"members[value eq \"` + id + `\"]"}`) }
		replace := func(path, value string) string {
			return patchOf(`{"op":"replace","path":"` + path + `","value":` + value + `}`)
		}

		b.foretells("GET", "/Users/"+one, "")
		b.foretells("PATCH", team, add(one, two))
		b.foretells("PATCH", team, add(one))
		b.foretells("PATCH", team, remove(two))
		b.foretells("PATCH", "/Users/"+two, replace("active", "false"))
		b.foretells("GET", "/Users/"+two, "")
		b.foretells("PUT", "/Users/"+two, `{"userName":"second@corp.test","active":true}`)
		b.foretells("GET", filtered(`userName eq "nobody@corp.test"`), "")
		b.foretells("GET", filtered(`userName eq "second@corp.test"`), "")
		b.foretells("GET", filtered(`displayName co "an" and active eq true`), "")
		b.foretells("GET", filtered(`title pr or userName sw "a"`), "")
		b.foretells("GET", "/Users?startIndex=120&count=30", "")
		b.foretells("GET", "/Users?sortBy=userName&count=10", "")
		id := textOf(t, b.foretells("POST", "/Users", `{"userName":"new@corp.test","name":{"givenName":"New","familyName":"One"},"externalId":"e1"}`), "id")
		b.foretells("POST", "/Users", `{"userName":"NEW@corp.test"}`)
		b.foretells("POST", "/Users", `{"userName":"idle@corp.test","active":false}`)
		b.foretells("GET", "/Users?filter=externalId+eq+%22e1%22", "")
		b.foretells("PUT", "/Users/"+id, `{"userName":"new@corp.test","externalId":"e2"}`)
		b.foretells("PUT", "/Users/"+id, `{"userName":"new@corp.test","roles":[{"value":"Manager"}]}`)
		b.foretells("PATCH", "/Users/"+id, replace("name.familyName", `"Other"`))
		b.foretells("DELETE", "/Users/"+id, "")
		b.foretells("GET", "/Users/"+id, "")
		b.foretells("DELETE", "/Users/"+id, "")
		b.foretells("POST", "/Users", `{"userName":"new@corp.test","displayName":"Back Again"}`)
		b.foretells("PATCH", "/Groups/role-manager", add(one))
		b.foretells("GET", "/Groups/role-manager", "")
		b.foretells("PATCH", "/Groups/role-manager", remove(one))
		b.foretells("PUT", "/Groups/role-manager", `{"displayName":"Qualytics Manager","members":[{"value":"`+three+`"}]}`)
		b.foretells("GET", "/Groups?excludedAttributes=members", "")
		b.foretells("GET", "/Groups", "")
		group := textOf(t, b.foretells("POST", "/Groups", `{"displayName":"Made","members":[{"value":"`+three+`"}]}`), "id")
		b.foretells("POST", "/Groups", `{"displayName":"made"}`)
		b.foretells("PATCH", "/Groups/"+group, replace("displayName", `"Renamed"`))
		b.foretells("PUT", "/Groups/"+group, `{"displayName":"Renamed","members":[]}`)
		b.foretells("PATCH", "/Groups/"+group, add("999999"))
		b.foretells("DELETE", "/Groups/"+group, "")
		b.foretells("DELETE", "/Groups/"+group, "")
		b.foretells("GET", "/Groups/"+group, "")
		b.foretells("POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"active eq false"}`)
		b.foretells("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
			{"method":"PATCH","path":"`+team+`","data":`+add(two)+`},{"method":"PATCH","path":"`+team+`","data":`+add(three)+`},
			{"method":"PUT","path":"/Users/`+one+`","data":{"userName":"bulk@corp.test"}},{"method":"DELETE","path":"/Users/`+two+`"}]}`)
		b.foretells("DELETE", "/Users/abc", "")
		b.foretells("PATCH", "/Users/"+one, `{}`)
		b.foretells("POST", "/Users", `{"userName":`)
		b.foretells("GET", "/Nothing", "")
	})
}

// TestPlanOfAdoption says whose account a create would take, and whether that
// comes back from a deletion.
func TestPlanOfAdoption(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(5, 1)
		first := b.sandbox.Users()[1]
		made := b.explain("POST", "/Users", `{"userName":"`+*first.Email+`"}`)
		if len(made.Adoptions) != 1 || made.Adoptions[0].ID != fmt.Sprint(first.ID) || made.Adoptions[0].By != "emails" || made.Adoptions[0].Back {
			t.Errorf("%+v", made.Adoptions)
		}
		id := b.created(`{"userName":"gone@corp.test"}`)
		b.want(204, "DELETE", "/Users/"+id, "")
		made = b.explain("POST", "/Users", `{"userName":"gone@corp.test"}`)
		if len(made.Adoptions) != 1 || made.Adoptions[0].ID != id || made.Adoptions[0].By != "userName" || !made.Adoptions[0].Back {
			t.Errorf("%+v", made.Adoptions)
		}
		var text strings.Builder
		if err := made.Text(&text); err != nil || !strings.Contains(text.String(), "it comes back") {
			t.Errorf("%v: %s", err, text.String())
		}
		b.foretells("POST", "/Users", `{"userName":"gone@corp.test"}`)
	})
}

// TestPlanOfAnAPIThatIsDown has its answer, and goes no further.
func TestPlanOfAnAPIThatIsDown(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Unavailable}, -1)
	made := b.explain("POST", "/Users", `{"userName":"ana"}`)
	if made.Outcome.Status != 503 || made.Outcome.Error == nil || len(made.Calls) != 1 || made.Calls[0].Status != 503 {
		t.Errorf("%+v", made)
	}
}
