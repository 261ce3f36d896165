package mapping

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// bulkOf is the body of a bulk request of these operations.
func bulkOf(operations ...string) string { return bulkUntil("null", operations...) }

// bulkUntil is a bulk request with a value of failOnErrors.
func bulkUntil(failOnErrors string, operations ...string) string {
	return `{"schemas":["` + scim.MessageBulkRequest + `"],"failOnErrors":` + failOnErrors + `,"Operations":[` + strings.Join(operations, ",") + `]}`
}

func postOp(path, bulkID, data string) string {
	return `{"method":"POST","path":"` + path + `","bulkId":"` + bulkID + `","data":` + data + `}`
}

func op(method, path, data string) string {
	return `{"method":"` + method + `","path":"` + path + `","data":` + data + `}`
}

// bulk does a bulk request, checks the shape of its answer and returns what
// came of its operations.
func (b *bench) bulk(body string) []map[string]any {
	b.t.Helper()
	return b.bulkResults(b.want(200, "POST", "/Bulk", body))
}

func (b *bench) bulkResults(doc map[string]any) []map[string]any {
	b.t.Helper()
	list, ok := doc["Operations"].([]any)
	if !ok || !reflect.DeepEqual(doc["schemas"], []any{scim.MessageBulkResponse}) || len(doc) != 2 {
		b.t.Fatalf("not a bulk response: %v", doc)
	}
	results := make([]map[string]any, len(list))
	for i, item := range list {
		result, _ := item.(map[string]any)
		results[i] = result
		status, err := strconv.Atoi(textOf(b.t, result, "status"))
		switch {
		case err != nil:
			b.t.Errorf("the status is %v", result["status"])
		case status >= 400 && (at(result, "response.status") != result["status"] || at(result, "response.schemas.0") != scim.MessageError || result["version"] != nil):
			b.t.Errorf("a failure without its error: %v", result)
		case status < 400 && (result["response"] != nil || result["location"] == nil || result["method"] == nil):
			b.t.Errorf("not what a success looks like: %v", result)
		}
	}
	return results
}

// statuses returns the statuses of results, with the scimType of failures.
func statuses(results []map[string]any) string {
	var all []string
	for _, result := range results {
		status, _ := result["status"].(string)
		if scimType, ok := at(result, "response.scimType").(string); ok {
			status += " " + scimType
		}
		all = append(all, status)
	}
	return strings.Join(all, ", ")
}

// isStatuses fails unless these are the statuses.
func isStatuses(t testing.TB, results []map[string]any, want string) {
	t.Helper()
	if got := statuses(results); got != want {
		text, _ := json.MarshalIndent(results, "", " ")
		t.Errorf("statuses %s, want %s\n%s", got, want, text)
	}
}

// madeID returns the id of a result's location, which must be one of users or
// groups.
func madeID(t testing.TB, result map[string]any, endpoint string) string {
	t.Helper()
	id, ok := strings.CutPrefix(textOf(t, result, "location"), testBase+endpoint+"/")
	if !ok {
		t.Fatalf("the location is %v", result["location"])
	}
	return id
}

// TestBulk makes two people and a group of them, the group first.
func TestBulk(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		results := b.bulk(bulkOf(
			postOp("/Groups", "team", `{"displayName":"Tour Guides","members":[{"type":"User","value":"bulkId:alice"},{"value":"bulkId:b/ o b"}]}`),
			postOp("/Users", "alice", `{"userName":"alice","externalId":"bulkId:alice"}`),
			postOp("/users/", "b/ o b", `{"userName":"bob","displayName":"Bob Doe"}`),
		))
		isStatuses(t, results, "201, 201, 201")
		for i, bulkID := range []string{"team", "alice", "b/ o b"} {
			if results[i]["bulkId"] != bulkID || results[i]["method"] != "POST" {
				t.Errorf("the result %d is %v", i, results[i])
			}
		}
		group, alice, bob := madeID(t, results[0], "/Groups"), madeID(t, results[1], "/Users"), madeID(t, results[2], "/Users")
		a, _ := atoi(alice)
		c, _ := atoi(bob)
		showsMembers(t, b.want(200, "GET", "/Groups/"+group, ""), a, c)
		b.has(bob, "bob | - | Bob Doe | Member | Public+Tour Guides | on")
		shows(t, b.want(200, "GET", "/Users/"+alice, ""), map[string]any{"userName": "alice", "externalId": alice})
		if n := b.sandbox.Count("POST *"); n != 3 {
			t.Errorf("%d things were made", n)
		}
	})
}

// TestBulkMethods does all that an operation can do, in the order of the
// request.
func TestBulkMethods(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		one, two := "/Users/"+strconv.Itoa(b.one), "/Users/"+strconv.Itoa(b.two)
		results := b.bulk(bulkOf(
			op("PUT", one, `{"userName":"one","displayName":"One New"}`),
			op("PATCH", one, patchOf(`{"op":"replace","path":"roles[primary eq true].value","value":"Manager"}`)),
			op("PATCH", b.path(), removeMember(b.two)),
			`{"method":"DELETE","path":"`+two+`","bulkId":"gone"}`,
			op("PUT", one+"/?x", `{"userName":"one","active":false}`),
			op("DELETE", two, "null"),
		))
		isStatuses(t, results, "200, 200, 200, 204, 200, 404")
		for i, path := range []string{one, one, b.path(), two, one, two} {
			if results[i]["location"] != testBase+path {
				t.Errorf("the location %d is %v", i, results[i]["location"])
			}
		}
		if results[3]["bulkId"] != "gone" || results[0]["bulkId"] != nil {
			t.Errorf("bulkIds: %v, %v", results[3], results[0])
		}
		b.has(strconv.Itoa(b.one), "one | - | One New | Manager | Public+Finance | off")
		b.intact("Finance", b.one, b.off)
		if u := b.user(strconv.Itoa(b.two)); u.Active() {
			t.Error("who was deleted is active")
		}
	})
}

// TestBulkInOrder has operations rest on those before them without saying so.
func TestBulkInOrder(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		isStatuses(t, b.bulk(bulkOf(
			op("PATCH", b.path(), patchOf(`{"op":"replace","path":"displayName","value":"Old Finance"}`)),
			postOp("/Groups", "new", b.fill(`{"displayName":"Finance","members":[{"value":"{one}"}]}`)),
			op("PATCH", b.path(), addMember(b.three)),
			op("PATCH", b.path(), removeMember(b.three)),
			op("DELETE", "/Users/"+strconv.Itoa(b.four), "null"),
			postOp("/Users", "again", `{"userName":"four"}`),
		)), "200, 201, 200, 200, 204, 201")
		b.intact("Old Finance", b.one, b.two, b.off)
		if u := b.user(strconv.Itoa(b.four)); !u.Active() {
			t.Error("who was made again is not active")
		}
	})
}

// TestBulkFailures has what is wrong with one operation be no matter for the
// others, and nothing be done for it.
func TestBulkFailures(t *testing.T) {
	for name, c := range map[string]struct{ operation, status string }{
		"no method":                 {`{"path":"/Users/{one}","data":{"displayName":"X"}}`, "400 invalidValue"},
		"method GET":                {op("GET", "/Users/{one}", "null"), "400 invalidValue"},
		"method in small":           {op("delete", "/Users/{one}", "null"), "400 invalidValue"},
		"method of no kind":         {`{"method":7,"path":"/Users/{one}"}`, "400 invalidSyntax"},
		"method twice":              {`{"method":"DELETE","Method":"DELETE","path":"/Users/{one}"}`, "400 invalidSyntax"},
		"no path":                   {`{"method":"DELETE"}`, "400 invalidValue"},
		"path of no kind":           {`{"method":"DELETE","path":["/Users/{one}"]}`, "400 invalidSyntax"},
		"path not well-formed":      {op("DELETE", "/Users/{one}%", "null"), "400 invalidValue"},
		"unknown path":              {op("DELETE", "/Devices/1", "null"), "404"},
		"absolute path":             {op("DELETE", testBase+"/Users/{one}", "null"), "404"},
		"path too long":             {op("DELETE", "/Users/{one}/x", "null"), "404"},
		"root":                      {op("PUT", "/", `{}`), "405"},
		"a collection":              {op("PUT", "/Users", `{"displayName":"X"}`), "405"},
		"POST to a resource":        {postOp("/Users/{one}", "x", `{"userName":"x"}`), "405"},
		"discovery":                 {op("PUT", "/Schemas", `{}`), "405"},
		"Me":                        {op("PATCH", "/Me", `{}`), "501"},
		"nested":                    {postOp("/bulk/", "x", bulkOf(op("DELETE", "/Users/{one}", "null"))), "400 invalidValue"},
		"search":                    {postOp("/.search", "x", `{}`), "400 invalidValue"},
		"search of users":           {postOp("/Users/.Search", "x", `{}`), "400 invalidValue"},
		"no data":                   {`{"method":"PATCH","path":"/Users/{one}"}`, "400 invalidSyntax"},
		"data null":                 {op("PUT", "/Users/{one}", "null"), "400 invalidSyntax"},
		"data as a string":          {op("PUT", "/Users/{one}", `"{\"displayName\":\"X\"}"`), "400 invalidSyntax"},
		"data as a list":            {op("PATCH", "/Users/{one}", `[{"op":"replace","path":"active","value":false}]`), "400 invalidSyntax"},
		"POST without bulkId":       {op("POST", "/Users", `{"userName":"x"}`), "400 invalidValue"},
		"bulkId empty":              {postOp("/Users", "", `{"userName":"x"}`), "400 invalidValue"},
		"bulkId of no kind":         {`{"method":"POST","path":"/Users","bulkId":1,"data":{"userName":"x"}}`, "400 invalidSyntax"},
		"same attribute twice":      {op("PUT", "/Users/{one}", `{"displayName":"X","DisplayName":"Y"}`), "400 invalidSyntax"},
		"wrong value":               {op("PATCH", "/Users/{one}", patchOf(`{"op":"replace","path":"active","value":"maybe"}`)), "400 invalidValue"},
		"taken name":                {postOp("/Users", "x", `{"userName":"TWO"}`), "409 uniqueness"},
		"unknown resource":          {op("PATCH", "/Users/987654", patchOf(`{"op":"replace","path":"active","value":false}`)), "404"},
		"with a version":            {`{"method":"DELETE","path":"/Users/{one}","version":"W/\"1\""}`, "412"},
		"unknown reference":         {op("PATCH", "/Groups/{team}", patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:nobody"}]}`)), "400 invalidValue"},
		"unknown in the path":       {op("DELETE", "/Users/bulkId:nobody", "null"), "400 invalidValue"},
		"unknown type by reference": {op("DELETE", "/Devices/bulkId:first", "null"), "404"},
		"no type by reference":      {op("DELETE", "/bulkId:first", "null"), "404"},
		"slashes and reference":     {op("DELETE", "//bulkId:first", "null"), "404"},
		"empty in the path":         {op("DELETE", "/Users/bulkId:", "null"), "400 invalidValue"},
		"reference to no POST":      {`{"method":"PATCH","path":"/Groups/{team}","bulkId":"mine","data":` + patchOf(`{"op":"add","path":"members","value":[{"value":"bulkId:mine"}]}`) + `}`, "400 invalidValue"},
		"a reference in capital":    {op("PATCH", "/Groups/{team}", patchOf(`{"op":"add","path":"members","value":[{"value":"BULKID:last"}]}`)), "400 invalidValue"},
	} {
		t.Run(name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				before := len(b.sandbox.Users())
				results := b.bulk(bulkOf(
					postOp("/Users", "first", `{"userName":"first"}`), b.fill(c.operation), postOp("/Users", "last", `{"userName":"last"}`),
				))
				isStatuses(t, results, "201, "+c.status+", 201")
				if n := len(b.sandbox.Users()); n != before+2 {
					t.Errorf("%d users were made", n-before)
				}
				if n := b.sandbox.Count("PUT *") + b.sandbox.Count("DELETE *"); n > 0 {
					t.Errorf("%d calls that change or delete", n)
				}
				b.has(strconv.Itoa(b.one), "one | - | one Doe | Member | Public+Finance | on")
				b.intact("Finance", b.one, b.two, b.off)
			})
		})
	}
}

// TestBulkRefused has requests of which nothing is done.
func TestBulkRefused(t *testing.T) {
	good := postOp("/Users", "x", `{"userName":"x"}`)
	schemas := `"schemas":["` + scim.MessageBulkRequest + `"]`
	deep := strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.world.Limits = Limits{Body: 2000, BulkOperations: 3}
		for name, c := range map[string]struct {
			body     string
			status   int
			scimType scim.ErrorType
			detail   string
		}{
			"no body":                {"", 400, scim.InvalidSyntax, "empty"},
			"not JSON":               {"{" + bulkOf(good), 400, scim.InvalidSyntax, "not valid JSON"},
			"cut off":                {strings.TrimSuffix(bulkOf(good), "}"), 400, scim.InvalidSyntax, "ends within"},
			"more after it":          {bulkOf(good) + "{}", 400, scim.InvalidSyntax, "goes on"},
			"not UTF-8":              {bulkOf(good, postOp("/Users", "y", "{\"userName\":\"\xff\"}")), 400, scim.InvalidSyntax, "UTF-8"},
			"a name twice":           {bulkOf(good, postOp("/Users", "y", `{"userName":"y","userName":"z"}`)), 400, scim.InvalidSyntax, "twice"},
			"too deep":               {bulkOf(good, postOp("/Users", "y", deep)), 400, scim.InvalidSyntax, "nests deeper"},
			"a list":                 {`[` + bulkOf(good) + `]`, 400, scim.InvalidSyntax, "not a JSON object"},
			"no schemas":             {`{"Operations":[` + good + `]}`, 400, scim.InvalidSyntax, "schemas"},
			"other schemas":          {strings.Replace(bulkOf(good), "BulkRequest", "PatchOp", 1), 400, scim.InvalidSyntax, "schemas"},
			"no operations":          {`{` + schemas + `}`, 400, scim.InvalidSyntax, "Operations"},
			"empty operations":       {bulkOf(), 400, scim.InvalidSyntax, "Operations"},
			"one operation":          {`{` + schemas + `,"Operations":` + good + `}`, 400, scim.InvalidSyntax, "Operations"},
			"operations twice":       {`{` + schemas + `,"Operations":[` + good + `],"operations":[` + good + `]}`, 400, scim.InvalidSyntax, "twice"},
			"an operation as text":   {bulkOf(good, `"DELETE /Users/2"`), 400, scim.InvalidSyntax, "operation"},
			"failOnErrors 0":         {bulkUntil("0", good), 400, scim.InvalidValue, "failOnErrors"},
			"failOnErrors -1":        {bulkUntil("-1", good), 400, scim.InvalidValue, "failOnErrors"},
			"failOnErrors 1.5":       {bulkUntil("1.5", good), 400, scim.InvalidValue, "failOnErrors"},
			"failOnErrors text":      {bulkUntil(`"1"`, good), 400, scim.InvalidValue, "failOnErrors"},
			"failOnErrors too large": {bulkUntil("99999999999999999999", good), 400, scim.InvalidValue, "failOnErrors"},
			"too many":               {bulkOf(good, good, good, good), 413, "", "maxOperations (3)"},
			"too large":              {bulkOf(good) + strings.Repeat(" ", 2000), 413, "", "maxPayloadSize (2000)"},
		} {
			b.writesNothing(func() {
				response := b.fails(c.status, c.scimType, "POST", "/Bulk", c.body)
				if !tells(response, c.detail) {
					t.Errorf("%s: %s", name, response.Body)
				}
			})
		}
		shows(t, b.want(200, "GET", "/ServiceProviderConfig", ""), map[string]any{
			"bulk.supported": true, "bulk.maxOperations": 3.0, "bulk.maxPayloadSize": 2000.0,
		})
		isStatuses(t, b.bulk(bulkOf(good, op("DELETE", "/Users/77", "null"), op("DELETE", "/Users/77", "null"))), "201, 404, 404")
	})
}

// TestBodyTooLarge has one limit for the body of every request.
func TestBodyTooLarge(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	b.world.Limits.Body = 20
	b.writesNothing(func() {
		for method, path := range map[string]string{"POST": "/Users", "PUT": "/Users/" + id, "PATCH": "/Users/" + id} {
			if response := b.fails(413, "", method, path, `{"userName":"longer"}`); !tells(response, "(20)") {
				t.Errorf("%s", response.Body)
			}
		}
	})
	// A long list of members has no other limit than the operator's.
	b.world.Limits.Body = 6 << 20
	b.want(201, "POST", "/Users", `{"userName":"x","title":"`+strings.Repeat("x", 5<<20)+`"}`)
}
