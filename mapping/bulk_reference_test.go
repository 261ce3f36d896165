package mapping

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestBulkReferences puts references wherever they can be.
func TestBulkReferences(t *testing.T) {
	member := `{"value":"bulkId:u"}`
	for name, data := range map[string]string{
		"add":                patchOf(`{"op":"add","path":"members","value":[` + member + `]}`),
		"path in capitals":   patchOf(`{"op":"add","Path":"Members","value":[` + member + `]}`),
		"one value":          patchOf(`{"op":"add","path":"members","value":` + member + `}`),
		"a plain string":     patchOf(`{"op":"add","path":"members","value":["bulkId:u"]}`),
		"no path":            patchOf(`{"op":"add","value":{"members":[` + member + `]}}`),
		"SCIM 1.1":           `{"members":[` + member + `]}`,
		"added and taken":    patchOf(`{"op":"add","path":"members","value":[`+member+`,{"value":"{three}"}]}`, `{"op":"remove","path":"members[value eq \"{three}\"]"}`),
		"taken and added":    patchOf(`{"op":"add","path":"members","value":[`+member+`]}`, `{"op":"remove","path":"members[value eq \"bulkId:u\"]"}`, `{"op":"add","path":"members","value":[`+member+`]}`),
		"only in the filter": patchOf(`{"op":"add","path":"members","value":[`+member+`,{"value":"bulkId:v"}]}`, `{"op":"remove","path":"members[value eq \"bulkId:v\" or value eq \"0\"]"}`),
	} {
		t.Run(name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				results := b.bulk(b.fill(bulkOf(
					op("PATCH", b.path(), data), postOp("/Users", "u", `{"userName":"u"}`), postOp("/Users", "v", `{"userName":"v"}`),
				)))
				isStatuses(t, results, "200, 201, 201")
				u, _ := atoi(madeID(t, results[1], "/Users"))
				b.intact("Finance", b.one, b.two, b.off, u)
			})
		})
	}
}

// TestBulkReferenceInThePath changes and deletes what the same request makes.
func TestBulkReferenceInThePath(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		results := b.bulk(b.fill(bulkOf(
			op("PATCH", "/groups/bulkId:g", addMember(b.one)),
			op("DELETE", "/Users/bulkId:u", "null"),
			postOp("/Users", "u", `{"userName":"u"}`),
			postOp("/Groups", "g", `{"displayName":"G","members":[{"value":"{two}"}]}`),
			op("PUT", "/Groups/bulkId:g/", `{"displayName":"H"}`),
		)))
		isStatuses(t, results, "200, 204, 201, 201, 200")
		id := madeID(t, results[0], "/Groups")
		if results[3]["location"] != results[0]["location"] || results[4]["location"] != results[0]["location"] || results[1]["location"] != results[2]["location"] {
			t.Errorf("locations differ: %v", results)
		}
		doc := b.want(200, "GET", "/Groups/"+id, "")
		shows(t, doc, map[string]any{"displayName": "H"})
		showsMembers(t, doc, b.one, b.two)
		b.fails(404, "", "GET", "/Users/"+madeID(t, results[2], "/Users"), "")
	})
}

// TestBulkReferenceToAnotherType has a group's id, which is a user's as well,
// never stand for that user.
func TestBulkReferenceToAnotherType(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		team := postOp("/Groups", "g", `{"displayName":"G"}`)
		inCircle := []string{
			postOp("/Groups", "a", `{"displayName":"A","members":[{"type":"Group","value":"bulkId:b"}]}`),
			postOp("/Groups", "b", `{"displayName":"B","members":[{"type":"Group","value":"bulkId:a"}]}`),
		}
		for _, c := range []struct {
			body, want string
			teams      int
		}{
			{bulkOf(team, postOp("/Groups", "h", `{"displayName":"H","members":[{"value":"bulkId:g"}]}`)), "201, 400 invalidValue", 1},
			{bulkOf(op("PATCH", b.path(), patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:u"}]}`)), postOp("/Groups", "u", `{"displayName":"I"}`)), "400 invalidValue, 201", 1},
			{bulkOf(op("PATCH", b.path(), patchOf(`{"op":"add","value":{"urn:ietf:params:scim:schemas:core:2.0:Group:members":"bulkId:u"}}`)), postOp("/Groups", "u", `{"displayName":"J"}`)), "400 invalidValue, 201", 1},
			{bulkOf(op("PATCH", b.path(), patchOf(`{"op":"remove","path":"MEMBERS[value eq \"bulkId:u\"]"}`)), postOp("/Groups", "u", `{"displayName":"K"}`)), "400 invalidValue, 201", 1},
			{bulkOf(op("DELETE", "/Users/bulkId:u", "null"), postOp("/Groups", "u", `{"displayName":"L"}`)), "400 invalidValue, 201", 1},
			{bulkOf(inCircle...), "400 invalidValue, 400 invalidValue", 0},
			{bulkOf(postOp("/Groups", "a", `{"displayName":"A","members":[{"value":"bulkId:a"}]}`)), "400 invalidValue", 0},
		} {
			before, people := len(b.sandbox.Teams()), b.sandbox.Users()
			isStatuses(t, b.bulk(c.body), c.want)
			if n := len(b.sandbox.Teams()) - before; n != c.teams {
				t.Errorf("%d teams were made, want %d", n, c.teams)
			}
			b.sameUsers(people)
			b.intact("Finance", b.one, b.two, b.off)
		}
	})
}

// TestBulkDependants does nothing for an operation that rests on a failed one.
func TestBulkDependants(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		results := b.bulk(bulkOf(
			postOp("/Groups", "g", `{"displayName":"G","members":[{"value":"bulkId:u"}]}`),
			postOp("/Users", "u", `{"userName":"one"}`),
			op("PATCH", "/Groups/bulkId:g", addMember(b.one)),
			op("PATCH", b.path(), patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:u"}]}`)),
			postOp("/Users", "twin", `{"userName":"twin.1"}`),
			postOp("/Users", "twin", `{"userName":"twin.2"}`),
			op("DELETE", "/Users/bulkId:twin", "null"),
		))
		isStatuses(t, results, "409, 409 uniqueness, 409, 409, 400 invalidValue, 400 invalidValue, 409")
		if n := b.sandbox.Count("POST *") + b.sandbox.Count("PUT *") + b.sandbox.Count("DELETE *"); n > 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// TestBulkDependantsOfWhatMayPass asks for another try of an operation that
// rests on one for which another try makes sense.
func TestBulkDependantsOfWhatMayPass(t *testing.T) {
	for kind, want := range map[qualytics.FaultKind]string{
		qualytics.Unavailable: "503, 503", qualytics.TooManyRequests: "503, 429", qualytics.ServerError: "503, 502",
	} {
		b := newTeamBench(newBench(t, qualytics.Config{}))
		b.sandbox.Fail("POST /api/users", qualytics.Fault{Kind: kind}, -1)
		isStatuses(t, b.bulk(bulkOf(
			op("PATCH", b.path(), patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:u"}]}`)), postOp("/Users", "u", `{"userName":"u"}`),
		)), want)
		b.sandbox.ClearFaults()
		b.intact("Finance", b.one, b.two, b.off)
	}
}

// TestBulkFailOnErrors stops at a number of errors; what was not attempted is
// not in the answer, and not done.
func TestBulkFailOnErrors(t *testing.T) {
	for failOnErrors, want := range map[string]string{
		"1": "201, 404", "2": "201, 404, 201, 409", "3": "201, 404, 201, 409, 404", "4": "201, 404, 201, 409, 404, 201", "null": "201, 404, 201, 409, 404, 201",
	} {
		inBothDialects(t, func(t *testing.T, b *bench) {
			before := len(b.sandbox.Users())
			results := b.bulk(bulkUntil(failOnErrors,
				postOp("/Users", "1", `{"userName":"first"}`),
				op("DELETE", "/Users/4711", "null"),
				postOp("/Users", "3", `{"userName":"third"}`),
				postOp("/Users", "4", `{"userName":"first"}`),
				op("PUT", "/Users/4712", `{"userName":"x"}`),
				postOp("/Users", "6", `{"userName":"sixth"}`),
			))
			got := make([]string, len(results))
			made := 0
			for i, result := range results {
				got[i], _ = result["status"].(string)
				if got[i] == "201" {
					made++
				}
			}
			if text := strings.Join(got, ", "); text != want || len(b.sandbox.Users()) != before+made {
				t.Errorf("failOnErrors %s: %s, want %s; %d users made", failOnErrors, text, want, len(b.sandbox.Users())-before)
			}
		})
	}
	// What was moved ahead counts when it is done.
	b := newBench(t, qualytics.Config{})
	results := b.bulk(bulkUntil("1",
		postOp("/Groups", "g", `{"displayName":"G","members":[{"value":"bulkId:u"}]}`),
		postOp("/Users", "v", `{"userName":"v"}`),
		postOp("/Users", "u", `{"displayName":"no user name"}`),
	))
	isStatuses(t, results, "400 invalidValue")
	if results[0]["bulkId"] != "u" || b.sandbox.Count("POST *") > 0 {
		t.Errorf("results: %v", results)
	}
}

// withManagers keeps a reference between users, which the API has no field for.
func (b *bench) withManagers() {
	b.t.Helper()
	b.edit("      externalId: {keep: here}\n", "      externalId: {keep: here}\n      "+scim.SchemaEnterpriseUser+":manager.value: {keep: here}\n")
}

func managed(userName, manager string) string {
	return `{"userName":"` + userName + `","` + scim.SchemaEnterpriseUser + `":{"manager":{"value":"` + manager + `"}}}`
}

func (b *bench) manager(id string) any {
	b.t.Helper()
	extension, _ := b.want(200, "GET", "/Users/"+id, "")[scim.SchemaEnterpriseUser].(map[string]any)
	return at(extension, "manager.value")
}

// TestBulkCircle has people who manage each other: each is made first, and
// given the others' ids as soon as these are there.
func TestBulkCircle(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.withManagers()
		results := b.bulk(bulkUntil("1",
			postOp("/Groups", "g", `{"displayName":"G","members":[{"value":"bulkId:a"},{"value":"bulkId:self"}]}`),
			postOp("/Users", "a", managed("a", "bulkId:b")),
			postOp("/Users", "self", managed("self", "bulkId:self")),
			postOp("/Users", "b", managed("b", "bulkId:c")),
			postOp("/Users", "c", managed("c", "bulkId:a")),
			postOp("/Users", "d", managed("d", "bulkId:c")),
		))
		isStatuses(t, results, "201, 201, 201, 201, 201, 201")
		ids := map[string]string{}
		for _, result := range results[1:] {
			ids[textOf(t, result, "bulkId")] = madeID(t, result, "/Users")
		}
		for who, manager := range map[string]string{"a": "b", "b": "c", "c": "a", "self": "self", "d": "c"} {
			if got := b.manager(ids[who]); got != ids[manager] {
				t.Errorf("the manager of %s is %v, want %s", who, got, ids[manager])
			}
		}
		a, _ := strconv.Atoi(ids["a"])
		self, _ := strconv.Atoi(ids["self"])
		showsMembers(t, b.want(200, "GET", "/Groups/"+madeID(t, results[0], "/Groups"), ""), a, self)
		if n := b.sandbox.Count("POST *"); n != 6 {
			t.Errorf("%d things were made", n)
		}
	})
}

// TestBulkCircleThatBreaks says of what was made without its references that it
// is there, and what it lacks.
func TestBulkCircleThatBreaks(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.withManagers()
		taken := b.created(`{"userName":"taken"}`)
		for failOnErrors, want := range map[string]string{"null": "409, 409 uniqueness, 409, 201", "1": "409 uniqueness, 409"} {
			results := b.bulk(bulkUntil(failOnErrors,
				op("PATCH", "/Users/bulkId:t", patchOf(`{"op":"replace","path":"active","value":false}`)),
				postOp("/Users", "t", managed("taken", "bulkId:a"+failOnErrors)),
				postOp("/Users", "a"+failOnErrors, managed("a"+failOnErrors, "bulkId:t")),
				postOp("/Users", "c"+failOnErrors, managed("c"+failOnErrors, taken)),
			))
			isStatuses(t, results, want)
			i := slices.IndexFunc(results, func(result map[string]any) bool { return result["bulkId"] == "a"+failOnErrors })
			id := madeID(t, results[i], "/Users")
			if detail := textOf(t, results[i], "response.detail"); detail != "The User was made with the id "+id+", but without what refers to other operations in a circle: Not all of them were done." {
				t.Errorf("the detail is %q", detail)
			}
			b.has(id, "a"+failOnErrors+" | - | a"+failOnErrors+" | Member | Public | on")
			if manager := b.manager(id); manager != nil {
				t.Errorf("the manager is %v", manager)
			}
		}
		if u := b.user(taken); !u.Active() {
			t.Error("somebody else was changed")
		}
	})
}

// TestBulkCircleThatCannotBe has a circle among what can't be changed later:
// nothing of it is done.
func TestBulkCircleThatCannotBe(t *testing.T) {
	program, err := Load("m.yaml", []byte(`
version: 1
upstream: {name: Example, paging: {page: page, size: size, max: 100, items: items, total: total}}
resources:
  User:
    endpoint: /Users
    id: id
    attributes:
      userName: {path: user_name, unique: true}
      `+scim.SchemaEnterpriseUser+`:manager.value: {path: email}
    calls: {list: {do: GET /api/users}, read: {do: "GET /api/users/{id}"}, create: {do: POST /api/users, adopt-by: [userName]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, qualytics.Config{})
	b.program = program
	isStatuses(t, b.bulk(bulkOf(postOp("/Users", "a", managed("a", "bulkId:b")), postOp("/Users", "b", managed("b", "bulkId:a")))), "409, 409")
	if n := b.sandbox.Count("POST *"); n > 0 {
		t.Errorf("%d users were made", n)
	}
}

// TestBulkReadOnlyReferences has what is ignored anyway make no circle.
func TestBulkReadOnlyReferences(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.bulk(bulkOf(postOp("/Users", "warm", `{"userName":"warm"}`)))
		b.costs(3, func() {
			results := b.bulk(bulkOf(
				postOp("/Users", "u", `{"userName":"u","groups":[{"value":"bulkId:g"}],"meta":{"location":"bulkId:nobody"},"id":"bulkId:u"}`),
				postOp("/Groups", "g", `{"displayName":"G","members":[{"value":"bulkId:u"}]}`),
			))
			isStatuses(t, results, "201, 201")
		})
	})
}
