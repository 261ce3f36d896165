package tests

import (
	"net/url"
	"regexp"
	"slices"
	"testing"
)

// sections9865 are those of paging by cursors.
var sections9865 = []section{
	{"9865-2", []check{
		{"walk", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Users", query("/Users", "filter", `active eq true`), query("/Users", "sortBy", "displayName"), "/Groups"} {
				want := valuesOf(p.gets(t, path), "id")
				if got := p.walk(t, path, "5"); !slices.Equal(got, want) && !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
					t.Errorf("%s: %q instead of %q", path, got, want)
				}
			}
		}},
		{"unreserved", func(t *testing.T, p *provider) {
			cursor := p.gets(t, "/Users?cursor&count=3").text("nextCursor")
			if !regexp.MustCompile(`^[-._~0-9A-Za-z]+$`).MatchString(cursor) {
				t.Errorf("the cursor is %q", cursor)
			}
		}},
		{"count", func(t *testing.T, p *provider) {
			for _, count := range []string{"1", "4", "100"} {
				page := p.gets(t, "/Users?cursor=&count="+count)
				if n := len(resourcesOf(page)); page["itemsPerPage"] != float64(n) || n > 12 || count == "4" && n != 4 {
					t.Errorf("count=%s: %d resources, itemsPerPage %v", count, n, page["itemsPerPage"])
				}
				if page["totalResults"] != 12.0 {
					t.Errorf("totalResults %v", page["totalResults"])
				}
			}
		}},
		{"no-count", func(t *testing.T, p *provider) {
			for _, count := range []string{"0", "-1"} {
				p.refuses(t, 400, "invalidCount", "GET", "/Users?cursor=&count="+count, "")
			}
		}},
		{"last-page", func(t *testing.T, p *provider) {
			page := p.gets(t, "/Users?cursor&count=12")
			if page["nextCursor"] != nil || len(resourcesOf(page)) != 12 {
				t.Errorf("nextCursor %v after %d", page["nextCursor"], len(resourcesOf(page)))
			}
			if page = p.gets(t, "/Users?cursor&count=11"); page.text("nextCursor") == "" {
				t.Error("no nextCursor before the last page")
			}
			if page = p.gets(t, query("/Users", "cursor", page.text("nextCursor"), "count", "11")); page["nextCursor"] != nil || len(resourcesOf(page)) != 1 {
				t.Errorf("the last page is %v", page)
			}
		}},
		{"previous", func(t *testing.T, p *provider) {
			if page := p.gets(t, "/Users?cursor&count=3"); page["previousCursor"] != nil {
				t.Errorf("previousCursor %v", page["previousCursor"])
			}
		}},
		{"same-query", func(t *testing.T, p *provider) {
			cursor := p.gets(t, "/Users?cursor&count=3").text("nextCursor")
			for _, path := range []string{"/Groups?cursor=", query("/Users", "filter", "active eq true") + "&cursor=", "/Users?sortBy=userName&cursor="} {
				p.refuses(t, 400, "invalidCursor", "GET", path+url.QueryEscape(cursor), "")
			}
		}},
	}},
	{"9865-2.1", []check{
		{"errors", func(t *testing.T, p *provider) {
			cursor := p.gets(t, "/Users?cursor&count=3").text("nextCursor")
			for _, wrong := range []string{"x", "AAAA", cursor + "A", cursor[:len(cursor)-4], "..", "%"} {
				p.refuses(t, 400, "invalidCursor", "GET", query("/Users", "cursor", wrong), "")
			}
			p.refuses(t, 400, "invalidCount", "GET", "/Users?cursor&count=few", "")
			p.refuses(t, 400, "invalidValue", "GET", "/Users?cursor&startIndex=1", "")
		}},
	}},
	{"9865-2.2", []check{
		{"sorted", func(t *testing.T, p *provider) {
			for _, order := range []string{"ascending", "descending"} {
				path := query("/Users", "sortBy", "userName", "sortOrder", order)
				same(t, order, p.walk(t, path, "5"), valuesOf(p.gets(t, path), "id")...)
			}
		}},
	}},
	{"9865-2.4", []check{
		{"default", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Users", "/Users?count=3", "/Users?startIndex=2&count=3"} {
				page := p.gets(t, path)
				if page["nextCursor"] != nil || page["startIndex"] == nil {
					t.Errorf("%s: nextCursor %v, startIndex %v", path, page["nextCursor"], page["startIndex"])
				}
			}
		}},
	}},
	{"9865-3", []check{
		{"search", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Users", "/Groups", ""} {
				want := valuesOf(p.searches(t, path, ""), "meta.location")
				var got []string
				cursor := ""
				for range want {
					page := p.searches(t, path, `"cursor":"`+cursor+`","count":4`)
					got = append(got, valuesOf(page, "meta.location")...)
					if cursor = page.text("nextCursor"); cursor == "" {
						break
					}
				}
				if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
					t.Errorf("%s: %q instead of %q", path, got, want)
				}
			}
		}},
	}},
	{"9865-4", []check{
		{"pagination", func(t *testing.T, p *provider) {
			holds(t, "ServiceProviderConfig", p.gets(t, "/ServiceProviderConfig").json(t),
				`{"pagination":{"cursor":true,"index":true,"defaultPaginationMethod":"index"}}`)
		}},
	}},
	{"9865-5.2", []check{
		{"authorized", func(t *testing.T, p *provider) {
			cursor := p.gets(t, "/Users?cursor&count=3").text("nextCursor")
			request := "GET " + basePath + "/Users?count=3&cursor=" + cursor + " HTTP/1.1\r\nHost: " + p.host + "\r\n"
			isSCIMError(t, p.roundTrip(t, request+"\r\n"), 401)
			isSCIMError(t, p.roundTrip(t, request+"Authorization: Bearer "+cursor+"\r\n\r\n"), 401)
		}},
		{"nothing-told", func(t *testing.T, p *provider) {
			cursor := p.gets(t, "/Users?cursor&count=3").text("nextCursor")
			var said []string
			for _, path := range []string{"/Users?cursor=AAAA", "/Groups?cursor=" + cursor, "/Users?cursor=" + cursor + "AAAA"} {
				said = append(said, p.refuses(t, 400, "invalidCursor", "GET", path, "").text("detail"))
			}
			if said = slices.Compact(said); len(said) != 1 {
				t.Errorf("the errors differ: %q", said)
			}
		}},
	}},
}

// walk goes through a list page by page and returns the ids.
func (p *provider) walk(t *testing.T, path, count string) []string {
	t.Helper()
	glue := "?"
	if regexp.MustCompile(`\?`).MatchString(path) {
		glue = "&"
	}
	var ids []string
	cursor := ""
	for range 100 {
		page := p.gets(t, path+glue+"count="+count+"&cursor="+cursor)
		ids = append(ids, valuesOf(page, "id")...)
		if cursor = page.text("nextCursor"); cursor == "" {
			return ids
		}
	}
	t.Fatalf("%s does not end", path)
	return nil
}
