package mapping

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// pageAt reads one page by a cursor, and returns its ids and the next cursor;
// "" after the last page.
func (b *bench) pageAt(path, cursor string) (ids []string, next string) {
	b.t.Helper()
	doc := b.want(200, "GET", path+"&cursor="+cursor, "")
	ids = idsOf(b.t, doc)
	if at(doc, "itemsPerPage") != float64(len(ids)) || doc["startIndex"] != nil {
		b.t.Errorf("%s: the page says %v items from %v, and has %d", path, doc["itemsPerPage"], doc["startIndex"], len(ids))
	}
	next, _ = doc["nextCursor"].(string)
	if !regexp.MustCompile(`^[A-Za-z0-9._~-]*$`).MatchString(next) {
		b.t.Errorf("%s: the cursor %q has reserved characters", path, next)
	}
	return ids, next
}

// walked reads a list page by page to its end; between may change something
// after each page.
func (b *bench) walked(path string, between func(page []string)) []string {
	b.t.Helper()
	var all []string
	for cursor := ""; ; {
		ids, next := b.pageAt(path, cursor)
		if all = append(all, ids...); next == "" {
			return all
		}
		if len(ids) == 0 || len(all) > 10_000 {
			b.t.Fatalf("%s: the pages do not end, after %d", path, len(all))
		}
		if between != nil {
			between(ids)
		}
		cursor = next
	}
}

// TestCursorWalk reads every kind of list by cursors.
func TestCursorWalk(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 130)
		for _, i := range []int{0, 5, 99, 100, 199, 249} {
			b.want(204, "DELETE", "/Users/"+b.people()[i], "")
		}
		for _, list := range []string{
			"/Users?", "/Groups?", "/Users?filter=" + url.QueryEscape("active eq false"),
			"/Groups?filter=" + url.QueryEscape(`displayName co "i"`), sorting("/Users", "name.familyName", ""),
			sorting("/Users", "displayName", "descending"), sorting("/Groups", "displayName", "descending"),
			sorting("/Users", "emails", "") + "&filter=" + url.QueryEscape(`roles eq "Manager"`),
			"/Users?filter=" + url.QueryEscape(`userName eq "nobody"`),
		} {
			whole := b.want(200, "GET", list, "")
			for _, size := range []int{31, 100, 243, 244, 99999} {
				path := fmt.Sprintf("%s&count=%d", list, size)
				if got := b.walked(path, nil); !slices.Equal(got, idsOf(t, whole)) {
					t.Errorf("%s: %d resources %v, want %d", path, len(got), got, len(idsOf(t, whole)))
				}
				shows(t, b.want(200, "GET", path+"&cursor", ""), map[string]any{"totalResults": whole["totalResults"], "schemas.0": scim.MessageListResponse})
			}
		}
	})
}

// TestCursorToNobody has nobody after a place although the API has more to give.
func TestCursorToNobody(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		people := b.people()
		for _, id := range people[200:] {
			b.want(204, "DELETE", "/Users/"+id, "")
		}
		for _, count := range []int{100, 150, 199, 200, 201} {
			if got := b.walked(fmt.Sprintf("/Users?count=%d", count), nil); !slices.Equal(got, people[:200]) {
				t.Errorf("%d at a time: %v", count, got)
			}
		}
	})
}

// TestCursorBesideChanges deletes, makes and renames while a list is read page by
// page: whoever is there all the time comes exactly once.
func TestCursorBesideChanges(t *testing.T) {
	for _, path := range []string{"/Groups?count=9", sorting("/Groups", "displayName", "") + "&count=9", "/Groups?count=9&filter=" + url.QueryEscape("id pr")} {
		inBothDialects(t, func(t *testing.T, b *bench) {
			for i := range 330 {
				b.sandbox.AddTeam(qualytics.Team{Name: fmt.Sprintf("team %03d", (i*7)%330)})
			}
			var seen []string
			changed := make(map[string]bool)
			made := 0
			seen = b.walked(path, func(page []string) {
				// The last one of the page goes, and one long before; the first one
				// gets the last name of all, and others come.
				for _, id := range []string{page[len(page)-1], page[len(page)/2]} {
					if n, err := strconv.Atoi(id); err == nil {
						b.sandbox.DeleteTeam(n)
						changed[id] = true
					}
				}
				if n, err := strconv.Atoi(page[0]); err == nil && made%3 == 0 && !changed[page[0]] {
					b.sandbox.EditTeam(n, func(t *qualytics.Team) { t.Name = fmt.Sprintf("zz moved %d", made) })
					changed[page[0]] = true
				}
				made++
				b.sandbox.AddTeam(qualytics.Team{Name: fmt.Sprintf("new %03d", made)})
			})
			times := make(map[string]int)
			for _, id := range seen {
				times[id]++
			}
			for _, team := range b.sandbox.Teams() {
				id := strconv.Itoa(team.ID)
				if !changed[id] && strings.HasPrefix(team.Name, "team") && times[id] != 1 {
					t.Errorf("%s: %s came %d times", path, team.Name, times[id])
				}
			}
			for id, n := range times {
				if n > 1 && !changed[id] {
					t.Errorf("%s: %s came %d times", path, id, n)
				}
			}
		})
	}
}

// TestCursorAfterTheListShrank has teams go away before the place where the next
// page begins, or while it is read: those after it have moved to pages before.
func TestCursorAfterTheListShrank(t *testing.T) {
	first := func(s *qualytics.Sandbox) {
		for id := 2; ; id++ {
			if _, there := s.Team(id); there {
				s.DeleteTeam(id)
				return
			}
		}
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		for i := range 400 {
			b.sandbox.AddTeam(qualytics.Team{ID: i + 2, Name: fmt.Sprintf("team %d", i)})
		}
		for _, tt := range []struct{ count, between, meanwhile int }{
			{90, 0, 1}, {103, 1, 0}, {103, 20, 0}, {103, 150, 0}, {103, 90, 2},
		} {
			path := fmt.Sprintf("/Groups?count=%d&excludedAttributes=members", tt.count)
			b.want(200, "GET", "/Groups?count=0", "")
			before, cursor := b.pageAt(path, "")
			for range tt.between {
				first(b.sandbox)
			}
			b.sandbox.Before("GET /api/teams", 2*tt.meanwhile, first)
			after, _ := b.pageAt(path, cursor)
			last, err := strconv.Atoi(before[len(before)-1])
			var want []string
			for id := last + 1; id <= 401 && len(want) < tt.count; id++ {
				if _, there := b.sandbox.Team(id); there {
					want = append(want, strconv.Itoa(id))
				}
			}
			if err != nil || !slices.Equal(after, want) {
				t.Errorf("%+v: after %d came %v, want %v", tt, last, after, want)
			}
		}
	})
}

// TestCursorOverEveryPaging reads everybody by cursors in front of APIs that give
// out their lists in every way, while people go and come.
func TestCursorOverEveryPaging(t *testing.T) {
	for _, style := range append(slices.Clone(directoryStyles), inOneAnswer) {
		for _, moving := range []bool{false, true} {
			for _, count := range []int{20, 50, 101, 1000} {
				d := newDirectory(style, 250)
				b := newDirectoryBench(t, d, 50)
				b.program = compiled(t, strings.Replace(directoryMapping(strings.Replace(style.paging, "%d", "50", 1)), "{state: all}}", "{state: all}, order: id}", 1))
				want := d.shown(func(int, person) bool { return true })
				goes := ""
				got := b.walked(fmt.Sprintf("/Users?count=%d", count), func(page []string) {
					if !moving {
						return
					}
					// Whoever came last has gone by the next page, and so has somebody
					// long before.
					goes = page[len(page)-1]
					d.people = slices.DeleteFunc(d.people, func(p person) bool { return p.UID == goes || p.UID == page[0] })
					d.people = append(d.people, person{UID: "v" + goes, Login: "v" + goes, Kind: "person"})
				})
				got = slices.DeleteFunc(got, func(id string) bool { return strings.HasPrefix(id, "v") })
				if !slices.Equal(got, want) {
					t.Errorf("%s, %d at a time, moving %t: %d people %q, want %d", style.name, count, moving, len(got), got, len(want))
				}
			}
		}
	}
}

// TestCursorWithoutOrder has a mapping that knows no order of the list, which is
// then sorted here.
func TestCursorWithoutOrder(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(250, 3)
		want := b.walked("/Users?count=60", nil)
		b.edit("type: Human}, order: id}", "type: Human}}")
		if got := b.walked("/Users?count=60", nil); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		b.costs(3, func() { b.pageAt("/Users?count=60&attributes=userName", "") })
	})
}

// TestCursorInAnotherOrder has an API whose list is not as the mapping says.
func TestCursorInAnotherOrder(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Fail("GET /api/users", qualytics.Fault{Kind: qualytics.Canned, Status: 200, Body: `{"items":[{"id":10,"user_type":"Human","user_name":"x"},{"id":9,"user_type":"Human","user_name":"y"}],"total":2}`}, -1)
	if cause := upstreamCause(t, b.fails(502, "", "GET", "/Users?cursor", "")); !cause.Operator || !strings.Contains(cause.Error(), "order of ids") {
		t.Errorf("the cause is %v", cause)
	}
	b.want(200, "GET", "/Users", "")
}

func TestCursorRefused(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(30, 30)
		b.world.Secret = []byte("a token")
		path := sorting("/Users", "displayName", "") + "&count=4&filter=" + url.QueryEscape(`roles eq "Member"`)
		_, cursor := b.pageAt(path, "")
		if ids, _ := b.pageAt(path, cursor); len(ids) != 4 {
			t.Fatalf("found %v", ids)
		}
		_, plain := b.pageAt("/Users?count=4", "")
		filter := "&filter=" + url.QueryEscape(`roles eq "Member"`)
		for _, other := range []string{
			"/Users?count=4", "/Groups?count=4", sorting("/Users", "displayName", "descending") + filter, sorting("/Users", "userName", "") + filter,
			sorting("/Users", "displayName", ""), sorting("/Users", "displayName", "") + "&filter=" + url.QueryEscape(`roles eq "Admin"`),
		} {
			b.costs(0, func() { b.fails(400, scim.InvalidCursor, "GET", other+"&cursor="+cursor, "") })
		}
		flipped := []byte(cursor)
		flipped[len(flipped)/2] ^= 1
		for _, wrong := range []string{
			"x", "1", "%20", "null", plain + "A", plain[1:], plain[:len(plain)-1], string(flipped), strings.Repeat("A", 10_000),
			base64.RawURLEncoding.EncodeToString([]byte(`{"v":"","q":"","a":{"r":1,"i":"5"}}`)), plain + "=",
		} {
			b.costs(0, func() { b.fails(400, scim.InvalidCursor, "GET", "/Users?count=4&cursor="+wrong, "") })
		}
		// What is shown of each, and how many at a time, may change, and so may
		// blanks and the case of names.
		b.want(200, "GET", path+"&attributes=userName&cursor="+cursor, "")
		b.want(200, "GET", strings.Replace(path, "count=4", "count=9", 1)+"&cursor="+cursor, "")
		b.want(200, "GET", sorting("/Users", "DISPLAYNAME", "Ascending")+"&filter="+url.QueryEscape(` ROLES.value  EQ "Member"`)+"&cursor="+cursor, "")

		b.world.Secret = []byte("another token")
		b.fails(400, scim.InvalidCursor, "GET", path+"&cursor="+cursor, "")
		b.world.Secret = []byte("a token")
		b.edit("max-calls: 200", "max-calls: 201")
		b.fails(400, scim.ExpiredCursor, "GET", path+"&cursor="+cursor, "")
	})
}

func TestCursorParameters(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(5, 1)
	b.costs(0, func() {
		for query, kind := range map[string]scim.ErrorType{
			"cursor&count=0": scim.InvalidCount, "cursor=&count=-1": scim.InvalidCount, "cursor&count=ten": scim.InvalidCount,
			"cursor&startIndex=1": scim.InvalidValue, "cursor=a&cursor=b": scim.InvalidValue,
		} {
			b.fails(400, kind, "GET", "/Users?"+query, "")
		}
	})
	doc := b.want(200, "GET", "/Users?CURSOR&startIndex=", "")
	if doc["nextCursor"] != nil || doc["startIndex"] != nil {
		t.Errorf("the only page is %v", doc)
	}
	// Without a cursor, the page has none.
	if doc := b.want(200, "GET", "/Users?count=2", ""); doc["nextCursor"] != nil || doc["startIndex"] != 1.0 {
		t.Errorf("the page is %v", doc)
	}
}

// TestCursorTellsNothing looks for names in a cursor, which ends up in logs.
func TestCursorTellsNothing(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(20, 1)
	seen := make(map[string]bool)
	for range 2 {
		_, cursor := b.pageAt(sorting("/Users", "displayName", "")+"&count=3", "")
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || strings.Contains(strings.ToLower(string(raw)), "reis") || strings.Contains(string(raw), "{") && strings.Contains(string(raw), `"i"`) {
			t.Errorf("the cursor is %q, %v", raw, err)
		}
		if seen[cursor] {
			t.Error("the same place has the same cursor")
		}
		seen[cursor] = true
	}
}
