package mapping

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// ledger is a Safeguard that notes what it is asked for.
type ledger struct {
	mu sync.Mutex

	// asked are the requests for leave, and kept those of deactivations that
	// were not taken back.
	asked, kept []string

	// refuse says which are refused; nil for none.
	refuse func(what string) bool
}

func (l *ledger) ask(what string) error {
	l.asked = append(l.asked, what)
	if l.refuse != nil && l.refuse(what) {
		return &scim.Error{Status: 503, Detail: "Too much at once.", RetryAfter: 7}
	}
	return nil
}

func (l *ledger) Deactivate(_ context.Context, resource, id string) (func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what := resource + " " + id
	if err := l.ask(what); err != nil {
		return nil, err
	}
	l.kept = append(l.kept, what)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.kept = slices.Delete(l.kept, slices.Index(l.kept, what), slices.Index(l.kept, what)+1)
	}, nil
}

func (l *ledger) Shrink(_ context.Context, resource, id string, removed, members int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ask(fmt.Sprintf("%s %s loses %d of %d", resource, id, removed, members))
}

// watched gives a bench a ledger.
func watched(b *bench) *ledger {
	l := &ledger{}
	b.world.Safeguard = l
	return l
}

func refuseAll(string) bool { return true }

// is fails unless exactly this was asked for, in this order.
func (l *ledger) is(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(l.asked, want) {
		t.Errorf("%s: asked for %q, want %q", what, l.asked, want)
	}
	l.asked = nil
}

// TestSafeguardOnDeactivations has somebody be deactivated in every way while
// there is no leave for it.
func TestSafeguardOnDeactivations(t *testing.T) {
	off := patchOf(`{"op":"Replace","path":"active","value":"False"}`)
	for name, request := range map[string][3]string{
		"PUT":                     {"PUT", "/Users/{one}", `{"displayName":"Somebody Else","active":false}`},
		"PATCH":                   {"PATCH", "/Users/{one}", off},
		"PATCH without a path":    {"PATCH", "/Users/{one}", patchOf(`{"op":"replace","value":{"active":false,"displayName":"X"}}`)},
		"DELETE":                  {"DELETE", "/Users/{one}", ""},
		"POST of one who is here": {"POST", "/Users", `{"userName":"other","emails":["one@corp.test"],"active":false}`},
	} {
		t.Run(name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				b.byHand(strconv.Itoa(b.one), func(u *qualytics.User) { u.Email = new("one@corp.test") })
				b.memory.Doubt("User")
				l := watched(b.bench)
				l.refuse = refuseAll
				b.writesNothing(func() {
					response := b.fails(503, "", request[0], b.fill(request[1]), request[2])
					if response.RetryAfter != 7 || !tells(response, "Too much at once.") {
						t.Errorf("Retry-After %d: %s", response.RetryAfter, response.Body)
					}
				})
				l.is(t, name, b.fill("User {one}"))
				if got := at(b.want(200, "GET", b.fill("/Users/{one}"), ""), "active"); got != true {
					t.Errorf("active is %v", got)
				}
			})
		})
	}
}

// TestSafeguardIsNotAsked has what takes nobody's access away.
func TestSafeguardIsNotAsked(t *testing.T) {
	off := patchOf(`{"op":"replace","path":"active","value":false}`)
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		l := watched(b.bench)
		l.refuse = refuseAll
		for _, request := range []struct {
			status             int
			method, path, body string
		}{
			{200, "PATCH", "/Users/{off}", off},
			{200, "PUT", "/Users/{off}", `{"active":false,"externalId":"x"}`},
			{204, "DELETE", "/Users/{off}", ""},
			{404, "DELETE", "/Users/{off}", ""},
			{404, "DELETE", "/Users/{gone}", ""},
			{404, "DELETE", "/Users/{bot}", ""},
			{404, "DELETE", "/Users/999", ""},
			{404, "PATCH", "/Users/999", off},
			{201, "POST", "/Users", `{"userName":"asleep","active":false}`},
			{200, "PUT", "/Users/{one}", `{"active":true,"displayName":"Another Name"}`},
			{200, "PATCH", "/Groups/{team}", patchOf(`{"op":"add","path":"members","value":[{"value":"{three}"}]}`)},
			{200, "PATCH", "/Groups/{team}", patchOf(`{"op":"remove","path":"members","value":[{"value":"{four}"},{"value":"{bot}"}]}`)},
			{200, "PUT", "/Groups/{team}", `{"displayName":"Finance 2"}`},
			{400, "PUT", "/Groups/{team}", `{"members":[{"value":"nobody"}]}`},
			{403, "DELETE", "/Groups/role-admin", ""},
		} {
			path, body := b.fill(request.path), b.fill(request.body)
			if response, _ := b.send(request.method, path, body); response.Status != request.status {
				t.Errorf("%s %s %s: status %d, want %d: %s", request.method, path, body, response.Status, request.status, response.Body)
			}
			l.is(t, request.method+" "+path)
		}
	})
}

// TestFailedDeactivationsDontCount takes leave back for what certainly was not
// done, and only for that.
func TestFailedDeactivationsDontCount(t *testing.T) {
	for name, c := range map[string]struct {
		fault  qualytics.Fault
		counts bool
	}{
		"400":           {canned(400), false},
		"409":           {canned(409), false},
		"422":           {canned(422), false},
		"busy":          {qualytics.Fault{Kind: qualytics.TooManyRequests}, false},
		"not available": {qualytics.Fault{Kind: qualytics.Unavailable}, false},
		"500":           {qualytics.Fault{Kind: qualytics.ServerError}, false},
		"502":           {canned(502), true},
		"504":           {canned(504), true},
		"lost answer":   {qualytics.Fault{Kind: qualytics.ResetAfter}, true},
		"broken off":    {qualytics.Fault{Kind: qualytics.ResetBefore}, true},
		"page":          {qualytics.Fault{Kind: qualytics.HTMLPage}, true},
		"nothing":       {qualytics.Fault{Kind: qualytics.Canned, Status: 204, Skip: 1}, true},
	} {
		for method, body := range map[string]string{"DELETE": "", "PUT": `{"active":false}`} {
			t.Run(method+" "+name, func(t *testing.T) {
				inTeamDialects(t, func(t *testing.T, b *teamBench) {
					l := watched(b.bench)
					b.sandbox.Fail("DELETE /api/users/{id}", c.fault, 1)
					response, _ := b.send(method, b.fill("/Users/{one}"), body)
					if failed := name != "nothing"; failed != (response.Status >= 400) {
						t.Errorf("status %d: %s", response.Status, response.Body)
					}
					var want []string
					if c.counts {
						want = []string{b.fill("User {one}")}
					}
					if len(l.asked) != 1 || !slices.Equal(l.kept, want) {
						t.Errorf("asked for %q, %q count, want %q", l.asked, l.kept, want)
					}
				})
			})
		}
	}
}

// unreached is an Upstream that can't be reached for writes.
type unreached struct{ Upstream }

func (u unreached) Do(ctx context.Context, call Call) (Answer, error) {
	if call.Method != "GET" {
		return Answer{}, &CallError{Unsent: true, Err: context.DeadlineExceeded}
	}
	return u.Upstream.Do(ctx, call)
}

func TestUnsentDeactivationsDontCount(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		l := watched(b.bench)
		b.world.Upstream = unreached{b.world.Upstream}
		b.send("DELETE", b.fill("/Users/{one}"), "")
		b.send("PUT", b.fill("/Users/{two}"), `{"active":false}`)
		b.send("DELETE", b.path(), "")
		if len(l.asked) != 4 || len(l.kept) > 0 {
			t.Errorf("asked for %q, %q count", l.asked, l.kept)
		}
	})
}

// TestSafeguardOnGroups asks how many members SCIM shows go, of how many. The
// team shows one, two and off.
func TestSafeguardOnGroups(t *testing.T) {
	for name, c := range map[string]struct{ method, body, want string }{
		"one of them":        {"PATCH", patchOf(`{"op":"remove","path":"members[value eq \"{one}\"]"}`), "loses 1 of 3"},
		"some, as a list":    {"PATCH", patchOf(`{"op":"remove","path":"members","value":[{"value":"{one}"},{"value":"{off}"}]}`), "loses 2 of 3"},
		"all":                {"PATCH", patchOf(`{"op":"remove","path":"members"}`), "loses 3 of 3"},
		"all for others":     {"PUT", `{"members":[{"value":"{three}"},{"value":"{four}"}]}`, "loses 3 of 3"},
		"none left":          {"PUT", `{"displayName":"Finance","members":[]}`, "loses 3 of 3"},
		"two for one":        {"PATCH", patchOf(`{"op":"replace","path":"members","value":[{"value":"{one}"},{"value":"{three}"}]}`), "loses 2 of 3"},
		"of SCIM 1.1":        {"PATCH", `{"members":[{"value":"{two}","operation":"delete"}]}`, "loses 1 of 3"},
		"the team, for good": {"DELETE", "", "loses 3 of 3"},
	} {
		t.Run(name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				l := watched(b.bench)
				l.refuse = refuseAll
				b.sameTeams(func() { b.fails(503, "", c.method, b.path(), b.fill(c.body)) })
				l.is(t, name, b.fill("Group {team} "+c.want))

				l.refuse = nil
				if response, _ := b.send(c.method, b.path(), b.fill(c.body)); response.Status >= 300 {
					t.Errorf("with leave: status %d: %s", response.Status, response.Body)
				}
				want := []string{b.fill("Group {team} " + c.want)}
				if c.method == "DELETE" {
					want = append(want, b.fill("Group {team}"))
				}
				l.is(t, name+", with leave", want...)
			})
		})
	}
}

// TestSafeguardOnValueGroups asks as for any other group.
func TestSafeguardOnValueGroups(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		l := watched(s.bench)
		l.refuse = refuseAll
		s.writesNothing(func() {
			s.fails(503, "", "PATCH", admins, remove(s.boss))
			s.fails(503, "", "PUT", admins, `{"members":[{"value":"`+s.ana+`"}]}`)
			// What can never be is not put off.
			s.fails(400, scim.Mutability, "PUT", admins, `{"members":[]}`)
		})
		l.is(t, "refused", "Group role-admin loses 1 of 2", "Group role-admin loses 2 of 2")
		l.refuse = nil
		s.want(200, "PATCH", admins, remove(s.boss))
		s.roles(map[string]string{s.boss: qualytics.RoleMember})
		l.is(t, "with leave", "Group role-admin loses 1 of 2")
		s.want(200, "PATCH", admins, add(s.boss))
		l.is(t, "somebody comes")
	})
}

// TestSafeguardOnGatheredChanges asks for each request by itself, although they
// are written together, and refuses one without an effect on the others.
func TestSafeguardOnGatheredChanges(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		l := watched(b.bench)
		both := patchOf(b.fill(`{"op":"remove","path":"members","value":[{"value":"{one}"},{"value":"{two}"}]}`))
		l.refuse = func(what string) bool { return what == b.fill("Group {team} loses 2 of 3") }
		responses := b.atOnce(t.Context(), []string{removeMember(b.off), both, addMember(b.three)}, nothing)
		got := make([]int, len(responses))
		for i, response := range responses {
			got[i] = response.Status
		}
		// In whatever order they came, the two of the refused request stay.
		left := []int{b.one, b.two, b.three}
		if got[1] == 200 {
			// It came last, when there were others.
			left = []int{b.three}
		}
		if got[0] != 200 || got[2] != 200 || got[1] != 200 && got[1] != 503 {
			t.Errorf("statuses %v", got)
		}
		b.intact("Finance", left...)
		if len(l.asked) != 2 {
			t.Errorf("asked for %q", l.asked)
		}
	})
}

// TestSafeguardInBulk refuses single operations.
func TestSafeguardInBulk(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		l := watched(b.bench)
		l.refuse = func(string) bool { return len(l.asked) > 1 }
		doc := b.want(200, "POST", "/Bulk", b.fill(`{"schemas":["`+scim.MessageBulkRequest+`"],"Operations":[
			{"method":"DELETE","path":"/Users/{one}"},
			{"method":"PUT","path":"/Users/{two}","data":{"active":false}},
			{"method":"PUT","path":"/Users/{three}","data":{"displayName":"Three"}}]}`))
		got := []any{at(doc, "Operations.0.status"), at(doc, "Operations.1.status"), at(doc, "Operations.2.status")}
		if !reflect.DeepEqual(got, []any{"204", "503", "200"}) {
			t.Errorf("statuses %v in %v", got, doc)
		}
		if !b.user(strconv.Itoa(b.two)).Active() {
			t.Error("somebody was deactivated without leave")
		}
		l.is(t, "bulk", b.fill("User {one}"), b.fill("User {two}"))
	})
}
