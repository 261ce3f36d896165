package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// people returns the ids of all persons in the API's order, without the ones
// named.
func (b *bench) people(without ...string) []string {
	var ids []string
	for _, u := range b.sandbox.Users() {
		if id := strconv.Itoa(u.ID); u.Type == qualytics.TypeHuman && !contains(without, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestListWindows cuts windows out of upstream pages of 100, some of whose
// people SCIM deleted.
func TestListWindows(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		var deleted []string
		for _, i := range []int{0, 5, 99, 100, 199, 249} {
			id := b.people()[i]
			deleted = append(deleted, id)
			b.want(204, "DELETE", "/Users/"+id, "")
		}
		want := b.people(deleted...)
		windows := []struct {
			query              string
			start, from, count int
		}{
			{"", 1, 0, 244},
			{"?startIndex=1&count=10", 1, 0, 10},
			{"?startIndex=90&count=20", 90, 89, 20},
			{"?startIndex=101&count=100", 101, 100, 100},
			{"?startIndex=201", 201, 200, 44},
			{"?startIndex=244&count=5", 244, 243, 1},
			{"?startIndex=245&count=5", 245, 244, 0},
			{"?startIndex=100000", 100000, 244, 0},
			{"?startIndex=0&count=3", 1, 0, 3},
			{"?startIndex=-7&count=3", 1, 0, 3},
			{"?count=0", 1, 0, 0},
			{"?count=-1", 1, 0, 0},
			{"?count=1000", 1, 0, 244},
			{"?count=99999999", 1, 0, 244},
			{"?startIndex=&count=&", 1, 0, 244},
			{"?aadOptscim062020&count=2", 1, 0, 2},
			{"?startIndex=9223372036854775807&count=9223372036854775807", 9223372036854775807, 244, 0},
			{"?startINDEX=3&Count=2&count=2", 3, 2, 2},
		}
		for _, fresh := range []bool{false, true} {
			for _, w := range windows {
				if !fresh {
					b.memory.Doubt("User")
				}
				b.sandbox.ResetCalls()
				doc := b.want(200, "GET", "/Users"+w.query, "")
				shows(t, doc, map[string]any{
					"totalResults": 244.0, "startIndex": float64(w.start), "itemsPerPage": float64(w.count), "schemas.0": scim.MessageListResponse,
				})
				if got := idsOf(t, doc); !slices.Equal(got, want[w.from:w.from+w.count]) {
					t.Errorf("%s: %v, want %v", w.query, got, want[w.from:w.from+w.count])
				}
				if calls := len(b.sandbox.Calls()); fresh && w.count <= 100 && calls > 2 {
					t.Errorf("%s: %d upstream calls, want 2 at the most", w.query, calls)
				}
			}
		}
	})
}

func TestListRefuses(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.costs(0, func() {
		for query, kind := range map[string]scim.ErrorType{
			"count=ten": scim.InvalidCount, "count=9999999999999999999999": scim.InvalidCount, "COUNT=1e3": scim.InvalidCount,
			"startIndex=1.5": scim.InvalidValue, "startIndex=0x1": scim.InvalidValue, "startindex=one": scim.InvalidValue,
			"count=1&count=2": scim.InvalidValue, "count=1&Count=2": scim.InvalidValue, "startIndex=1&startIndex=2": scim.InvalidValue,
			"filter=id+pr&filter=active+pr": scim.InvalidValue, "filter=id+pr&FILTER=active+pr": scim.InvalidValue,
			"filter=": scim.InvalidFilter, "filter": scim.InvalidFilter, "filter=+": scim.InvalidFilter, "Filter=nothing": scim.InvalidFilter,
			"filter=%zz": scim.InvalidSyntax, "sortBy=id&sortOrder=up": scim.InvalidValue, "sortOrder=up": scim.InvalidValue,
		} {
			b.fails(400, kind, "GET", "/Users?"+query, "")
		}
	})
}

// TestListWalk reads everybody page by page, for every size of page.
func TestListWalk(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		for _, size := range []int{7, 50, 100, 101, 249, 250} {
			var got []string
			for start := 1; ; start += size {
				ids := idsOf(t, b.want(200, "GET", fmt.Sprintf("/Users?startIndex=%d&count=%d", start, size), ""))
				got = append(got, ids...)
				if len(ids) < size {
					break
				}
			}
			if !slices.Equal(got, b.people()) {
				t.Errorf("in pages of %d: %d people, want %d", size, len(got), len(b.people()))
			}
		}
	})
}

// TestListAfterOwnWrites has the total right at once.
func TestListAfterOwnWrites(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(100, 3)
		total := func(want float64) {
			t.Helper()
			shows(t, b.want(200, "GET", "/Users?count=0", ""), map[string]any{"totalResults": want})
			doc := b.want(200, "GET", "/Users?startIndex=100&count=5", "")
			shows(t, doc, map[string]any{"totalResults": want, "itemsPerPage": want - 99})
		}
		total(100)
		id := b.created(`{"userName":"new.one"}`)
		total(101)
		b.want(200, "PUT", "/Users/"+id, `{"active":false}`)
		total(101)
		b.want(204, "DELETE", "/Users/"+id, "")
		total(100)
		b.created(`{"userName":"new.one"}`)
		total(101)
	})
}

// TestListBesideAnotherWriter has the list move after it was scanned.
func TestListBesideAnotherWriter(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(100, 3)
		b.want(200, "GET", "/Users", "")
		b.sandbox.AddUser(qualytics.User{UserName: "x"})
		shows(t, b.want(200, "GET", "/Users?count=100", ""), map[string]any{"totalResults": 101.0, "itemsPerPage": 100.0})
		shows(t, b.want(200, "GET", "/Users?startIndex=101", ""), map[string]any{"totalResults": 101.0, "itemsPerPage": 1.0})
	})
}

func TestListOfNobody(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		for range 2 {
			doc := b.want(200, "GET", "/Users", "")
			shows(t, doc, map[string]any{"totalResults": 0.0, "startIndex": 1.0, "itemsPerPage": 0.0, "Resources": []any{}})
		}
	})
}

// TestListNonsense has the API give lists that can't be.
func TestListNonsense(t *testing.T) {
	for name, body := range map[string]string{
		"an end before its total": `{"items":[],"total":7,"page":1,"size":100}`,
		"no items":                `{"total":0}`,
		"items that are none":     `{"items":{"id":1},"total":1}`,
		"objects without an id":   `{"items":[{"name":"x","user_type":"Human"}],"total":1}`,
		"an odd id":               `{"items":[{"id":"../x","user_type":"Human"}],"total":1}`,
		"no JSON":                 `<html>`,
		"half of it":              `{"items":[{"id":`,
		"nothing":                 ``,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, qualytics.Config{})
			b.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: body}, -1)
			for _, path := range []string{"/Users", filtered(`userName eq "x"`), filtered(`displayName co "x"`)} {
				if cause := upstreamCause(t, b.fails(502, "", "GET", path, "")); !cause.Operator {
					t.Errorf("%s: the operator is not asked to act", path)
				}
			}
			people := len(b.sandbox.Users())
			b.fails(502, "", "POST", "/Users", `{"userName":"x"}`)
			if len(b.sandbox.Users()) != people {
				t.Error("a user was made although nobody could be looked up")
			}
		})
	}
}

// TestListThatIsNotThere has the API know no such list, as behind a wrong
// prefix: a provider must not take that for nobody.
func TestListThatIsNotThere(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Fail("GET /api/users", canned(404), -1)
	for _, path := range []string{"/Users", filtered(`userName eq "x"`), filtered(`displayName co "x"`)} {
		if cause := upstreamCause(t, b.fails(502, "", "GET", path, "")); !cause.Operator {
			t.Errorf("%s: the operator is not asked to act", path)
		}
	}
}

// TestListWithoutATotal has an API that does not count: a page with less than
// was asked for may be all that the API gives at a time.
func TestListWithoutATotal(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: `{"items":[{"id":7,"user_type":"Human","user_name":"x"}]}`}, 1)
	b.costs(2, func() {
		shows(t, b.want(200, "GET", "/Users", ""), map[string]any{"totalResults": 1.0, "Resources.0.userName": "x"})
	})
}

// TestListThatMoves has somebody shift from one page onto the next while the
// list is read.
func TestListThatMoves(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	page := func(id int) qualytics.Fault {
		return qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: fmt.Sprintf(`{"items":[{"id":7,"user_type":"Human","user_name":"x"},{"id":%d,"user_type":"Human","user_name":"y"}],"total":3}`, id)}
	}
	for _, query := range []string{"", "?filter=active+eq+true"} {
		b.memory.Doubt("User")
		b.sandbox.Fail("GET /api/users", page(8), 1)
		b.sandbox.Fail("GET /api/users", page(9), 1)
		doc := b.want(200, "GET", "/Users"+query, "")
		if got := idsOf(t, doc); !slices.Equal(got, []string{"7", "8", "9"}) {
			t.Errorf("%s: %v", query, got)
		}
	}
}
