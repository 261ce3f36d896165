package tests

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// searchOf is the body of a search.
func searchOf(attributes string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],` + attributes + `}`
}

// pages reads a list by cursors to its end, and returns how often each id came
// and how many pages there were. between comes after each page.
func (st *stack) pages(t *testing.T, path string, between func()) (times map[string]int, pages int) {
	t.Helper()
	times = make(map[string]int)
	for cursor := any(""); cursor != nil; pages++ {
		doc := st.scim(t, 200, "GET", fmt.Sprintf("%s&cursor=%v", path, cursor), "").json(t)
		list, _ := doc["Resources"].([]any)
		for _, r := range list {
			times[fmt.Sprint(at(r, "id"))]++
		}
		if cursor = doc["nextCursor"]; between != nil {
			between()
		}
	}
	return times, pages
}

// TestListCosts are those of lists, in front of an API with ten thousand people
// and a thousand teams.
func TestListCosts(t *testing.T) {
	for name, dialect := range map[string]qualytics.Dialect{"A": qualytics.DialectA(), "B": qualytics.DialectB()} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{sandbox: qualytics.Config{Dialect: dialect}})
			st.sandbox.Seed(10_000, 1000)
			get := func(total int, path string) func() {
				return func() {
					t.Helper()
					if doc := st.scim(t, 200, "GET", path, "").json(t); doc["totalResults"] != float64(total) {
						t.Errorf("%s finds %v instead of %d", path, doc["totalResults"], total)
					}
				}
			}
			filter := func(text string) string { return "filter=" + url.QueryEscape(text) }
			st.cost(t, 11, "teams", get(1002, "/Groups?count=0"))
			st.cost(t, 100, "first page", get(10_000, "/Users?count=100"))
			st.cost(t, 1, "page", get(10_000, "/Users?count=100&startIndex=4001"))
			st.cost(t, 2, "page across two", get(10_000, "/Users?count=100&startIndex=4051"))
			st.cost(t, 1, "first page by a cursor", get(10_000, "/Users?count=100&cursor"))
			st.cost(t, 5, "filter that the API can do", get(400, "/Users?attributes=userName&"+filter(`displayName co "Reis"`)))
			st.cost(t, 100, "filter that it can't", get(1000, "/Users?attributes=userName&count=5&"+filter("active eq false")))
			st.cost(t, 100, "sorted", get(10_000, "/Users?attributes=userName&count=5&sortBy=userName"))
			st.cost(t, 2, "teams by a part of the name", get(100, "/Groups?excludedAttributes=members&"+filter(`displayName co "Finance"`)))
			st.cost(t, 1+15, "teams with members", get(1002, "/Groups?count=100"))
			st.cost(t, 111, "search over all", func() {
				doc := st.scim(t, 200, "POST", "/.search", searchOf(`"sortBy":"displayName","count":3,"attributes":["displayName"]`)).json(t)
				if doc["totalResults"] != 11_002.0 {
					t.Errorf("found %v", doc["totalResults"])
				}
			})
			st.cost(t, 199, "walk by cursors", func() {
				times, pages := st.pages(t, "/Users?count=100&attributes=userName", nil)
				if len(times) != 10_000 || pages != 100 {
					t.Errorf("%d people on %d pages", len(times), pages)
				}
				for id, n := range times {
					if n != 1 {
						t.Errorf("%s came %d times", id, n)
					}
				}
			})
		})
	}
}

// TestCursorAcrossReloads goes on with a list after the configuration was loaded
// again, and with the other token after that was changed.
func TestCursorAcrossReloads(t *testing.T) {
	st := start(t, setup{edit: func(caddyfile string) string {
		return strings.Replace(caddyfile, "token {env.SCIM_TOKEN}", "token {env.SCIM_TOKEN}\n\ttoken another-token-of-the-provider", 1)
	}})
	st.sandbox.Seed(130, 3)
	path := "/Users?sortBy=name.familyName&count=30"
	times, pages := st.pages(t, path, func() { st.reload(t) })
	if len(times) != 130 || pages != 5 {
		t.Errorf("%d people on %d pages", len(times), pages)
	}
	doc := st.scim(t, 200, "GET", path+"&cursor=", "").json(t)
	mark := caddyLog.mark()
	st.token = "another-token-of-the-provider"
	refused := st.scim(t, 400, "GET", fmt.Sprintf("%s&cursor=%v", path, doc["nextCursor"]), "")
	if isSCIMError(t, refused, 400); refused.json(t)["scimType"] != "invalidCursor" {
		t.Errorf("refused with %s", refused.body)
	}
	st.scim(t, 400, "POST", "/.search", searchOf(`"filter":"userName eq \"grace.hopper\"","sortBy":"nothing"`))
	st.scim(t, 200, "POST", "/.search", searchOf(`"filter":"userName eq \"grace.hopper\""`))
	log := caddyLog.since(mark)
	for _, name := range []string{"hopper", "Reis"} {
		if lines := logLines(log, name); len(lines) > 0 {
			t.Errorf("the log has a name: %s", lines[0])
		}
	}
	if lines := logLines(log, `"operation":"list"`, `"resource":""`); len(lines) != 2 {
		t.Errorf("the log has %d lines of searches:\n%s", len(lines), log)
	}
}
