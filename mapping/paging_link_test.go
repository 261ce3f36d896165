package mapping

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestPagingByLinkStaysOnItsPath has links to all places that an API, or
// somebody who can write its answers, may name. The next call always goes to
// the path of the list, with what the mapping and the request ask for.
func TestPagingByLinkStaysOnItsPath(t *testing.T) {
	for _, target := range []string{
		"https://evil.test/v1/people?at=1", "//evil.test/?at=1", "https://u:p@evil.test:99/%2e%2e/?at=1#f", "/v1/other?at=1", "../me?at=1",
		"?at=1", "people?at=1", "?state=gone&q=x&per_page=1&at=1", "javascript:alert(1)?at=1", "?at=1&state=gone&state=all",
	} {
		d := newDirectory(styleNamed(t, "link"), 0)
		d.answer = func(call int, query url.Values) (http.Header, string) {
			want := url.Values{"state": {"all"}, "per_page": {"100"}, "q": {"person"}}
			if call > 1 {
				want.Set("at", "1")
			}
			if call > 2 || query.Encode() != want.Encode() {
				t.Errorf("%s: call %d asks for %s, want %s", target, call, query.Encode(), want.Encode())
			}
			header := http.Header{}
			if call == 1 {
				header.Set("Link", "<"+target+`>; rel="next"`)
			}
			return header, fmt.Sprintf(`[{"uid":"u%d","login":"p","name":"Person","kind":"person"}]`, call)
		}
		b := newDirectoryBench(t, d, 100)
		if got := b.found(`displayName co "person"`); !slices.Equal(got, []string{"u1", "u2"}) {
			t.Errorf("%s leads to %q", target, got)
		}
	}
}

// TestPagingByLinkRefuses has links that can't be followed, and must not be
// taken for the end.
func TestPagingByLinkRefuses(t *testing.T) {
	for name, values := range map[string][]string{
		"no address":          {`rel="next"`},
		"half of an address":  {`<https://api.test/?at=1; rel="next"`},
		"half of a text":      {`<?at=1>; rel="next`},
		"no comma":            {`<?at=1>; rel="prev" <?at=2>; rel="next"`},
		"two next pages":      {`<?at=1>; rel=next, <?at=2>; rel=next`},
		"two in two fields":   {`<?at=1>; rel=next`, `<?at=2>; rel=next`},
		"no URL":              {`<http://[::1?at=1>; rel=next`},
		"a bad query":         {`<?at=%zz>; rel=next`},
		"itself":              {`<>; rel=next`},
		"a page without name": {`</v1/people/page/2>; rel=next`},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirectory(styleNamed(t, "link"), 0)
			d.answer = func(int, url.Values) (http.Header, string) {
				return http.Header{"Link": values}, `[{"uid":"u1","kind":"person"}]`
			}
			newDirectoryBench(t, d, 100).nobody(d, 1)
		})
	}
}

// TestPagingByCursor has what answers may say of the next page.
func TestPagingByCursor(t *testing.T) {
	for next, want := range map[string]string{
		`,"next":"a b&c=d+%2f#"`:       "a b&c=d+%2f#",
		`,"next":12345678901234567890`: "12345678901234567890",
		`,"next":0`:                    "0",
		`,"next":null`:                 "",
		`,"next":""`:                   "",
		``:                             "",
	} {
		d := newDirectory(styleNamed(t, "cursor"), 0)
		d.answer = func(call int, query url.Values) (http.Header, string) {
			if got := query.Get("after"); call > 2 || call == 2 && (got != want || got == "") || call == 1 && query.Has("after") {
				t.Errorf("%s: call %d asks for what is after %q, want %q", next, call, got, want)
			}
			if call > 1 {
				next = ""
			}
			return nil, fmt.Sprintf(`{"data":{"people":[{"uid":"u%d","kind":"person"}]%s}}`, call, next)
		}
		pages := 1
		if want != "" {
			pages = 2
		}
		if got := idsOf(t, newDirectoryBench(t, d, 100).want(200, "GET", "/Users", "")); len(got) != pages {
			t.Errorf("%s leads to %q, want %d of them", next, got, pages)
		}
	}
	for _, next := range []string{`{"a":1}`, `["a"]`, `true`, `false`} {
		d := newDirectory(styleNamed(t, "cursor"), 0)
		d.answer = func(int, url.Values) (http.Header, string) {
			return nil, `{"data":{"people":[],"next":` + next + `}}`
		}
		newDirectoryBench(t, d, 100).nobody(d, 1)
	}
}

// TestPagingOfItsOwn has one list of an API that is read in another way than
// the others.
func TestPagingOfItsOwn(t *testing.T) {
	d := newDirectory(styleNamed(t, "offset"), 250)
	src := strings.Replace(directoryMapping("{whole: true, items: .}"), "query: {state: all}}", `query: {state: all},
        paging: {offset: skip, limit: limit, max: 100, items: data.people, total: data.total}}
      others: {do: list}`, 1)
	program, err := Load("directory.yaml", []byte(src))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	newBenchOn(t, program, nil, d, qualytics.Dialect{}).everybody(d)
	for name, c := range map[string]*call{"others": program.resources[0].calls.others, "read": program.resources[0].calls.read} {
		if _, same := c.paging.style.(byOffset); same != (name == "others") {
			t.Errorf("%s is read by %T", name, c.paging.style)
		}
	}
}
