package bulk

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

func body(operations ...string) []byte {
	return []byte(`{"schemas":["` + scim.MessageBulkRequest + `"],"Operations":[` + strings.Join(operations, ",") + `]}`)
}

func parseOne(t *testing.T, operation string) Operation {
	t.Helper()
	r, err := Parse(body(operation), 1)
	if err != nil {
		t.Fatal(err)
	}
	return r.Operations[0]
}

func TestPaths(t *testing.T) {
	for sent, want := range map[string][2]string{
		"/Users/41":               {"/Users/41", ""},
		"Users/41":                {"Users/41", ""},
		"/Users/41?attributes=id": {"/Users/41", ""},
		"/Users/a%20b%2Fc":        {"/Users/a b/c", ""},
		"/Users/bulkId:x":         {"/Users", "x"},
		"/Users/bulkId:x/":        {"/Users", "x"},
		"/Users/bulkId:a/b:c d":   {"/Users", "a/b:c d"},
		"/Users/bulkid:x":         {"/Users/bulkid:x", ""},
		"/Users/xbulkId:x":        {"/Users/xbulkId:x", ""},
		"/bulkId:x":               {"", "x"},
	} {
		if op := parseOne(t, `{"method":"DELETE","path":"`+sent+`"}`); op.Err != nil || op.Path != want[0] || op.PathRef != want[1] {
			t.Errorf("%s: %q %q %v, want %q", sent, op.Path, op.PathRef, op.Err, want)
		}
	}
	// What is made has no id yet that a reference could stand for.
	if op := parseOne(t, `{"method":"POST","bulkId":"b","path":"/Users/bulkId:x","data":{}}`); op.Err != nil || op.Path != "/Users/bulkId:x" || op.PathRef != "" {
		t.Errorf("POST: %+v", op)
	}
}

func TestNamesHaveNoCase(t *testing.T) {
	r, err := Parse([]byte(`{"SCHEMAS":["URN:ietf:params:scim:api:messages:2.0:BulkRequest"],"FailOnErrors":2,"operations":[`+
		`{"Method":"PUT","PATH":"/Users/1","BulkID":"b","DATA":{"userName":"a"},"Version":"W/\"1\""}]}`), 1)
	if err != nil {
		t.Fatal(err)
	}
	op := r.Operations[0]
	if r.FailOnErrors != 2 || op.Err != nil || op.Method != "PUT" || op.Path != "/Users/1" || op.BulkID != "b" || len(op.Data) != 1 || op.Version != `W/"1"` {
		t.Errorf("%+v", r)
	}
}

func TestMaker(t *testing.T) {
	r, err := Parse(body(
		`{"method":"DELETE","path":"/Users/1","bulkId":"d"}`,
		`{"method":"POST","path":"/Users","bulkId":"a","data":{}}`,
		`{"method":"POST","path":"/Users","data":{}}`,
	), 3)
	if err != nil {
		t.Fatal(err)
	}
	if i, ok := r.Maker("a"); i != 1 || !ok {
		t.Errorf("a: %d %t", i, ok)
	}
	for _, bulkID := range []string{"d", "A", ""} {
		if _, ok := r.Maker(bulkID); ok {
			t.Errorf("there is one for %q", bulkID)
		}
	}
}

func TestResolve(t *testing.T) {
	for name, c := range map[string]struct{ method, data, want string }{
		"values": {
			"POST", `{"a":"bulkId:x","b":[{"value":"bulkId:y"},"bulkId:z"],"c":{"d":{"e":"bulkId:x"}},"n":1,"t":true,"z":null}`,
			`{"a":"(x)","b":[{"value":"(y)"},"(z)"],"c":{"d":{"e":"(x)"}},"n":1,"t":true,"z":null}`,
		},
		"what is none": {
			"POST", `{"a":"bulkId:","b":"bulkid:x","c":" bulkId:x","d":"Users/bulkId:x","bulkId:x":"k","path":"m[value eq \"bulkId:x\"]"}`,
			`{"a":"bulkId:","b":"bulkid:x","c":" bulkId:x","d":"Users/bulkId:x","bulkId:x":"k","path":"m[value eq \"bulkId:x\"]"}`,
		},
		"unknown": {"POST", `{"a":"bulkId:unknown"}`, `{"a":"bulkId:unknown"}`},
		"filters": {
			"PATCH", `{"Operations":[{"op":"remove","Path":"m[value eq \"bulkId:x\" or value eq \"a\\\"bulkId:y\"]"},{"op":"add","value":{"m[value eq \"bulkId:a\\\"b\"].c":"bulkId:z"}}]}`,
			`{"Operations":[{"op":"remove","Path":"m[value eq \"(x)\" or value eq \"a\\\"bulkId:y\"]"},{"op":"add","value":{"m[value eq \"(a\\\"b)\"].c":"(z)"}}]}`,
		},
	} {
		op := parseOne(t, `{"method":"`+c.method+`","path":"/Users","bulkId":"b","data":`+c.data+`}`)
		got, err := json.Marshal(op.Resolve(func(ref Reference) (string, bool) { return "(" + ref.BulkID + ")", ref.BulkID != "unknown" }))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(tree(t, got), tree(t, []byte(c.want))) {
			t.Errorf("%s\ngot  %s\nwant %s", name, got, c.want)
		}
		if again, _ := json.Marshal(op.Data); !reflect.DeepEqual(tree(t, again), tree(t, []byte(c.data))) {
			t.Errorf("%s: the data itself was changed to %s", name, again)
		}
	}
}

func tree(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// TestWithin names what a reference is in the value of.
func TestWithin(t *testing.T) {
	op := parseOne(t, `{"method":"PATCH","path":"/Groups/1","data":{"Operations":[`+
		`{"op":"add","path":"members","value":[{"value":"bulkId:a"}]},{"op":"add","value":{"members":["bulkId:b"]}},{"op":"remove","path":"members[value eq \"bulkId:c\"]"}]}}`)
	got := map[string][]string{}
	op.Resolve(func(ref Reference) (string, bool) {
		got[ref.BulkID] = slices.Clone(ref.Within)
		return "", false
	})
	for bulkID, want := range map[string][]string{
		"a": {"Operations", "members", "value", "value"}, "b": {"Operations", "value", "members"},
		"c": {"Operations", `members[value eq "bulkId:c"]`, "path"},
	} {
		if !slices.Equal(got[bulkID], want) {
			t.Errorf("%s: within %q, want %q", bulkID, got[bulkID], want)
		}
	}
}

// FuzzParse holds that a request is refused as a whole with a 4xx, or has
// operations each of which can be done or says why not.
func FuzzParse(f *testing.F) {
	for _, operation := range []string{
		`{"method":"POST","path":"/Users","bulkId":"a","data":{"manager":{"value":"bulkId:b"}}}`,
		`{"method":"PATCH","path":"/Groups/bulkId:g","data":{"Operations":[{"op":"remove","path":"members[value eq \"bulkId:a\"]"}]}}`,
		`{"method":"DELETE","path":"/Users/%34","version":"W/\"1\""}`, `{"method":"PUT","path":"/Users/1?x#y","data":[]}`,
		`{"method":"POST","path":"%","bulkId":7,"Method":"PUT"}`, `{}`, `7`,
	} {
		f.Add(body(operation, operation))
	}
	f.Add([]byte(`{"schemas":["` + scim.MessageBulkRequest + `"],"failOnErrors":1e1,"Operations":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		const most = 5
		r, err := Parse(text, most)
		if err != nil {
			if e := scim.AsError(err); r != nil || e.Status != 400 && e.Status != 413 {
				t.Fatalf("%+v %v", r, err)
			}
			return
		}
		if len(r.Operations) == 0 || len(r.Operations) > most || r.FailOnErrors < 0 {
			t.Fatalf("%+v", r)
		}
		for i, op := range r.Operations {
			if op.Err != nil {
				if op.Err.Status != 400 {
					t.Fatalf("%v", op.Err)
				}
				continue
			}
			if op.Path+op.PathRef == "" || (op.Data == nil) != (op.Method == "DELETE") {
				t.Fatalf("%+v", op)
			}
			if maker, ok := r.Maker(op.BulkID); op.Method == "POST" && (!ok || maker != i) {
				t.Fatalf("%q makes %d, not %d", op.BulkID, maker, i)
			}
			left := op.Resolve(func(ref Reference) (string, bool) { return "x", true })
			op.Data = left
			op.Resolve(func(ref Reference) (string, bool) {
				t.Fatalf("%q is left in %v", ref.BulkID, left)
				return "", false
			})
		}
	})
}
