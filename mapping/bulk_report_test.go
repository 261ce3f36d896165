package mapping

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestBulkReport says of each operation what a request of its own would.
func TestBulkReport(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		one := strconv.Itoa(b.one)
		response, _ := b.send("POST", "/Bulk", bulkOf(
			op("PUT", "/Users/"+one, `{"userName":"one","title":"x","active":"True"}`),
			op("GET", "/Users/"+one, "null"),
			postOp("/Groups", "g", `{"displayName":"Finance"}`),
			op("PATCH", "/Users/"+one, patchOf(`{"op":"Replace","path":"active","value":"False"}`)),
			op("DELETE", "/Devices/1", "null"),
		))
		if len(response.Report.Operations) != 5 {
			t.Fatalf("report %+v", response.Report)
		}
		put, get, post, patched, gone := response.Report.Operations[0], response.Report.Operations[1],
			response.Report.Operations[2], response.Report.Operations[3], response.Report.Operations[4]
		if want := (Report{
			Resource: "User", Operation: "replace", ID: one, Calls: []CallReport{{"User.read", 200}},
			Dropped: []string{"title"}, Tolerances: []string{"string-booleans"},
		}); put.Number != 1 || put.Method != "PUT" || put.Status != 200 || put.Err != nil || !reflect.DeepEqual(put.Report, want) {
			t.Errorf("PUT: %+v", put)
		}
		if get.Number != 2 || get.Method != "GET" || get.Status != 400 || get.Err == nil || get.Operation != "" || get.Resource != "User" {
			t.Errorf("GET: %+v", get)
		}
		if post.Status != 409 || post.Err.Type != scim.Uniqueness || post.Operation != "create" || post.Resource != "Group" {
			t.Errorf("POST: %+v", post)
		}
		if patched.Status != 200 || patched.ID != one || !reflect.DeepEqual(patched.Tolerances, []string{"string-booleans", "op-case"}) {
			t.Errorf("PATCH: %+v", patched)
		}
		if gone.Status != 404 || gone.Method != "DELETE" || gone.Resource != "" || gone.Operation != "" {
			t.Errorf("DELETE: %+v", gone)
		}
		rest := response.Report
		rest.Operations = nil
		if want := (Report{Operation: "bulk", Tolerances: []string{"string-booleans", "op-case"}}); !reflect.DeepEqual(rest, want) {
			t.Errorf("report %+v", rest)
		}
	})
}

// TestBulkCircleReport has both requests that made one resource in its report.
func TestBulkCircleReport(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.withManagers()
	response, _ := b.send("POST", "/Bulk", bulkOf(postOp("/Users", "a", managed("a", "bulkId:a"))))
	did := response.Report.Operations[0]
	if n := len(did.Calls); did.Operation != "create" || n < 2 || did.Calls[n-1].Name != "User.read" || len(did.Warnings) > 0 {
		t.Errorf("report %+v", did)
	}
	response, _ = b.send("POST", "/Bulk", bulkOf(postOp("/Users", "x", managed("x", "bulkId:y")), postOp("/Users", "y", managed("x", "bulkId:x"))))
	if did = response.Report.Operations[1]; did.Status != 409 || len(did.Warnings) != 1 || did.Operation != "create" {
		t.Errorf("report %+v", did)
	}
}

// endingUpstream ends a request after so many calls.
type endingUpstream struct {
	Upstream
	left int
	end  context.CancelFunc
}

func (u *endingUpstream) Do(ctx context.Context, call Call) (Answer, error) {
	answer, err := u.Upstream.Do(ctx, call)
	if u.left--; u.left == 0 {
		u.end()
	}
	return answer, err
}

// TestBulkRunsOutOfTime tells what was done from what was not begun.
func TestBulkRunsOutOfTime(t *testing.T) {
	for failOnErrors, want := range map[string]string{"null": "200, 200, 503, 503, 503", "1": "200, 200, 503"} {
		inTeamDialects(t, func(t *testing.T, b *teamBench) {
			ctx, cancel := context.WithCancel(t.Context())
			b.world.Upstream = &endingUpstream{b.world.Upstream, 4, cancel}
			rename := func(id int, name string) string {
				return op("PUT", "/Users/"+strconv.Itoa(id), `{"displayName":"`+name+`"}`)
			}
			response, doc := b.sendContext(ctx, "POST", "/Bulk", bulkUntil(failOnErrors,
				rename(b.one, "One"), rename(b.two, "Two"), rename(b.three, "Three"), rename(b.four, "Four"), postOp("/Users", "x", `{"userName":"x"}`),
			))
			if response.Status != 200 {
				t.Fatalf("status %d: %s", response.Status, response.Body)
			}
			isStatuses(t, b.bulkResults(doc), want)
			for id, name := range map[int]string{b.one: "One", b.two: "Two", b.three: "three Doe", b.four: "four Doe"} {
				if u := b.user(strconv.Itoa(id)); *u.Name != name {
					t.Errorf("%d is called %s", id, *u.Name)
				}
			}
			if calls := b.sandbox.Calls(); len(calls) != 4 {
				t.Errorf("calls:%s", listed(calls))
			}
		})
	}
}

// TestBulkVersions has the operations of a bulk request be for versions.
func TestBulkVersions(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		one, two := "/Users/"+strconv.Itoa(b.one), "/Users/"+strconv.Itoa(b.two)
		versioned := func(method, path, version, data string) string {
			return `{"method":"` + method + `","path":"` + path + `","version":` + string(quoteJSON(version)) + `,"data":` + data + `}`
		}
		team, user := b.version(b.path()), b.version(one)
		results := b.bulk(bulkOf(
			versioned("PATCH", b.path(), team, addMember(b.three)),
			versioned("PATCH", b.path(), team, addMember(b.four)),
			versioned("PUT", one, user, `{"emails":"one@corp.test"}`),
			versioned("PATCH", one, user, patchOf(`{"op":"replace","path":"active","value":false}`)),
			versioned("DELETE", two, otherTag, "null"),
			versioned("DELETE", two, "two", "null"),
			versioned("PATCH", two, "*", patchOf(`{"op":"replace","path":"externalId","value":"e2"}`)),
			`{"method":"POST","path":"/Users","bulkId":"x","version":"nonsense","data":{"userName":"x"}}`,
			`{"method":"DELETE","path":"`+two+`","version":1}`,
		))
		isStatuses(t, results, "200, 412, 200, 412, 412, 400 invalidValue, 200, 201, 400 invalidSyntax")
		for i, path := range map[int]string{0: b.path(), 2: one, 6: two} {
			if got := results[i]["version"]; got != b.version(path) {
				t.Errorf("operation %d: the version is %v, want %s", i, got, b.version(path))
			}
		}
		if got := strings.TrimPrefix(textOf(t, results[7], "location"), testBase); results[7]["version"] != b.version(got) {
			t.Errorf("the new one: %v", results[7])
		}
		b.intact("Finance", b.one, b.two, b.off, b.three)
		b.has(strconv.Itoa(b.one), "one | one@corp.test | one Doe | Member | Public+Finance | on")
	})
}

// TestBulkWithoutWrites has a mapping that changes nothing not claim it.
func TestBulkWithoutWrites(t *testing.T) {
	program, err := Load("m.yaml", []byte(`
version: 1
upstream: {name: Example, paging: {page: page, size: size, max: 100, items: items, total: total}}
resources:
  User:
    endpoint: /Users
    id: id
    attributes: {userName: {path: user_name, unique: true}}
    calls: {list: {do: GET /api/users}, read: {do: "GET /api/users/{id}"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, qualytics.Config{})
	b.program = program
	shows(t, b.want(200, "GET", "/ServiceProviderConfig", ""), map[string]any{
		"bulk.supported": false, "bulk.maxOperations": 0.0, "bulk.maxPayloadSize": 0.0, "patch.supported": false,
	})
	b.fails(404, "", "POST", "/Bulk", bulkOf(op("DELETE", "/Users/1", "null")))
}
