package resource

import (
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

func TestGetSet(t *testing.T) {
	res := Resource{}
	dept := schema.Path{URN: ent, Name: "department"}
	boss := schema.Path{URN: ent, Name: "manager", Sub: "value"}
	given := schema.Path{Name: "name", Sub: "givenName"}
	for _, p := range []schema.Path{dept, boss, given, {Name: "title"}} {
		if v, ok := Get(res, p); ok {
			t.Errorf("%s is there: %v", p, v)
		}
		Set(res, p, "x")
		if v, ok := Get(res, p); !ok || v != "x" {
			t.Errorf("%s: got %v, %v", p, v, ok)
		}
	}
	want := mustTree(t, `{"name":{"givenName":"x"},"title":"x","`+ent+`":{"department":"x","manager":{"value":"x"}}}`)
	if !reflect.DeepEqual(res, want) {
		t.Errorf("got %v", res)
	}
	Set(res, schema.Path{Name: "title"}, nil)
	if v, ok := Get(res, schema.Path{Name: "title"}); v != nil || !ok {
		t.Error("explicit null is lost")
	}
}

func TestListPaths(t *testing.T) {
	res := mustTree(t, `{"emails":[{"value":"a","type":"work"},{"value":"b"}]}`)
	if v, _ := Get(res, schema.Path{Name: "emails", Sub: "value"}); !reflect.DeepEqual(v, []any{"a", "b"}) {
		t.Errorf("got %v", v)
	}
	if v, ok := Get(res, schema.Path{Name: "emails", Sub: "display"}); ok {
		t.Errorf("got %v", v)
	}
	Set(res, schema.Path{Name: "emails", Sub: "type"}, "home")
	if want := mustTree(t, `{"emails":[{"value":"a","type":"home"},{"value":"b","type":"home"}]}`); !reflect.DeepEqual(res, want) {
		t.Errorf("got %v", res)
	}
}

func TestDeepCopy(t *testing.T) {
	orig := mustTree(t, `{"emails":[{"value":"a"}],"name":{"givenName":"G"}}`)
	c := DeepCopy(orig)
	Set(c, schema.Path{Name: "emails", Sub: "value"}, "b")
	Set(c, schema.Path{Name: "name", Sub: "givenName"}, "H")
	if !reflect.DeepEqual(orig, mustTree(t, `{"emails":[{"value":"a"}],"name":{"givenName":"G"}}`)) {
		t.Errorf("the original changed: %v", orig)
	}
	if DeepCopy(nil) != nil {
		t.Error("copy of nil")
	}
}

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		attr, a, b string
		want       bool
	}{
		{"userName", `"Ana"`, `"aNA"`, true},
		{"userName", `"Ana"`, `"Ann"`, false},
		{"externalId", `"Ana"`, `"ana"`, false},
		{"emails", `[{"value":"a"},{"value":"b"}]`, `[{"value":"B"},{"value":"A","primary":false}]`, true},
		{"emails", `[{"value":"a"}]`, `[{"value":"a"},{"value":"a"}]`, false},
		{"emails", `[{"value":"a","type":"work"}]`, `[{"value":"a"}]`, false},
		{"emails", `[]`, `null`, true},
		{"emails", `[{"value":"a","primary":true}]`, `[{"value":"a"}]`, false},
		{"name", `{"givenName":"a","familyName":null}`, `{"givenName":"a"}`, true},
		{"name", `{}`, `null`, true},
		{"active", `true`, `true`, true},
		{"active", `false`, `null`, false},
		{"title", `""`, `null`, false},
		{"title", `"null"`, `null`, false},
	} {
		res := mustTree(t, `{"a":`+tt.a+`,"b":`+tt.b+`}`)
		if got := Equal(res["a"], res["b"], userSet.Attribute(tt.attr)); got != tt.want {
			t.Errorf("%s: %s and %s: got %v", tt.attr, tt.a, tt.b, got)
		}
	}
	moment := userSet.Attribute("meta").Sub("created")
	if !Equal("2020-01-01T00:00:00Z", "2020-01-01T01:00:00.000+01:00", moment) {
		t.Error("the same moment in two zones differs")
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Stra\u00dfe K", "STRASSE \u212a")
	f.Add("\u017f", "S")
	f.Add("\u03c3\u03c2", "\u03a3\u03a3")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return // no string of a parsed body or filter is like that
		}
		if (Fold(a) == Fold(b)) != strings.EqualFold(a, b) {
			t.Errorf("%q and %q", a, b)
		}
	})
}

func TestEncode(t *testing.T) {
	res := mustTree(t, `{"meta":{"resourceType":"User","location":"l"},"zeta":1,"`+ent+`":{"manager":{"value":"7"},"department":"D"},"title":null,
		"active":true,"emails":[{"primary":true,"value":"a<b"}],"name":{"givenName":"G","familyName":null},"userName":"u","id":"1","externalId":"e"}`)
	want := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","` + ent + `"],"id":"1","externalId":"e","userName":"u","name":{"givenName":"G"},"active":true,` +
		`"emails":[{"value":"a<b","primary":true}],"zeta":1,"` + ent + `":{"department":"D","manager":{"value":"7"}},"meta":{"resourceType":"User","location":"l"}}`
	if got := string(encode(res, userSet)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := string(encode(Resource{"b": "x", "a": []any{}}, nil)), `{"a":[],"b":"x"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkParseUser(b *testing.B) {
	body := []byte(`{"schemas":["x"],"userName":"ana@corp.test","name":{"givenName":"Ana","familyName":"Reis"},"active":"True","emails":[{"value":"ana@corp.test","type":"work","primary":true}]}`)
	for b.Loop() {
		if _, _, err := Parse(body, Limits{}, userSet, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzFoldName has texts be the same exactly if they differ in the case of ASCII
// letters alone, in what decides who somebody is.
func FuzzFoldName(f *testing.F) {
	f.Add("KIM@corp.test", "\u212aim@corp.test")
	f.Add("\u017fue", "Sue")
	f.Add("\u00c9va", "\u00e9va")
	lower := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf {
				return unicode.ToLower(r)
			}
			return r
		}, s)
	}
	name := &schema.Attribute{Type: schema.String, Identifies: true}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		same := lower(a) == lower(b)
		if (FoldName(a) == FoldName(b)) != same || EqualAs(name, a, b) != same || Equal(a, b, name) != same {
			t.Errorf("%q and %q", a, b)
		}
	})
}
