package mapping

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestListLimit has lists with more pages than a request may read to filter or
// sort them here.
func TestListLimit(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 120) // three pages of people, two of teams
		by := func(filter string) string { return "/Users?filter=" + url.QueryEscape(filter) }
		b.edit("max-calls: 200", "max-calls: 2")
		for _, path := range []string{
			by("active eq false"), by(`not (userName eq "x")`), by(`userName eq "x" or userName eq "y"`), by(`emails co "corp"`),
			by(`displayName pr`), sorting("/Users", "userName", ""), sorting("/Users", "userName", "") + "&count=0",
			by("active eq false") + "&count=1", by("active eq false") + "&cursor",
		} {
			// The first page says that there are too many.
			b.costs(1, func() {
				response := b.fails(400, scim.TooMany, "GET", path, "")
				if !tells(response, "more than 2 calls") || !tells(response, "userName or emails.value or externalId equals") {
					t.Errorf("%s: %s", path, response.Body)
				}
			})
		}
		b.fails(400, scim.TooMany, "POST", "/.search", searchBody(map[string]any{"filter": `displayName pr`}))
		for _, path := range []string{
			"/Users", "/Users?count=10&cursor", by(`userName eq "ana.reis"`), by(`displayName co "Reis"`), by(`roles[value eq "Admin"]`),
			by(`emails.value eq "x" and active eq false`), "/Groups?filter=" + url.QueryEscape(`members pr`), sorting("/Groups", "displayName", ""),
		} {
			b.want(200, "GET", path, "")
		}
		// Two lists of which each could be read are too many together.
		b.edit("max-calls: 200", "max-calls: 4")
		b.want(200, "GET", by("active eq false"), "")
		b.want(200, "GET", "/Groups?filter="+url.QueryEscape("displayName pr"), "")
		b.fails(400, scim.TooMany, "POST", "/.search", searchBody(map[string]any{"filter": "id pr"}))
		b.want(200, "POST", "/.search", searchBody(map[string]any{"filter": `active eq true`}))
		b.edit("max-calls: 200", "max-calls: 5")
		b.want(200, "POST", "/.search", searchBody(map[string]any{"filter": "id pr"}))
	})
}

// TestListLimitWithoutATotal has an API that does not say how long its list is.
func TestListLimitWithoutATotal(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	items := make([]string, 100)
	for page := range 20 {
		for i := range items {
			items[i] = fmt.Sprintf(`{"id":%d,"user_type":"Human","user_name":"u%d"}`, page*100+i+1, page*100+i+1)
		}
		b.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: `{"items":[` + strings.Join(items, ",") + `]}`}, 1)
	}
	b.edit("max-calls: 200", "max-calls: 7")
	b.costs(7, func() { b.fails(400, scim.TooMany, "GET", "/Users?filter=active+eq+false", "") })
}

// TestListLimitOfASortedAPI counts only the pages that the window needs.
func TestListLimitOfASortedAPI(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(250, 1)
	src := strings.Replace(string(readFile(t, "../mappings.yaml")), "max-calls: 200", "max-calls: 2", 1)
	src = strings.Replace(src, "    filters:\n      # The API's", "    sorts:\n      displayName: {ascending: {sort: name}}\n    filters:\n      # The API's", 1)
	b.program = compiled(t, src)
	b.want(200, "GET", sorting("/Users", "displayName", "")+"&startIndex=150&count=50", "")
	b.fails(400, scim.TooMany, "GET", sorting("/Users", "displayName", "")+"&startIndex=200&count=10", "")
}
