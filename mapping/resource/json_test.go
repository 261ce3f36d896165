package resource

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	tol "github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// nested returns JSON in which so many arrays are in each other.
func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestDecode(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = `"k` + strings.Repeat("x", i) + `":1`
	}
	for in, detail := range map[string]string{
		`{"a":[{"b":{"c":1}}],"A":null}`: "",
		`-0.5e10`:                        "",
		nested(16):                       "",
		nested(17):                       "nests deeper than 16 levels",
		nested(100_000):                  "nests deeper",
		`{"a":[{"b":{"c":1,"c":2}}]}`:    "twice",
		`{"a":1,"\u0061":2}`:             "twice",
		`{` + strings.Join(many, ",") + `,"k":2}`:  "twice",
		`{` + strings.Join(many, ",") + `,"k ":2}`: "",
		`{"a":1} x`:                    "goes on",
		`{"a":1}{`:                     "goes on",
		`{"a":1}]`:                     "goes on",
		`{"a":01}`:                     "not valid JSON",
		`{"a":.5}`:                     "not valid JSON",
		`{"a":NaN}`:                    "not valid JSON",
		`{a:1}`:                        "not valid JSON",
		`{"a":1,}`:                     "not valid JSON",
		`{"a" 1}`:                      "not valid JSON",
		`[1 2]`:                        "not valid JSON",
		"{\"a\":\"\n\"}":               "not valid JSON",
		"\ufeff{}":                     "not valid JSON",
		"{\"a\xc0\xaf\":1}":            "UTF-8",
		"{\"a\":\"\xed\xa0\x80\"}":     "UTF-8",
		`{"a\ud800":1}`:                "surrogate",
		`{"a":"\udc00\ud800"}`:         "surrogate",
		`{"a":"\\ud800 \ud83d\ude00"}`: "",
		"":                             "empty",
		"\n\t ":                        "empty",
		`{"a":"`:                       "ends within",
		`{"a":[1,`:                     "ends within",
	} {
		_, err := Decode([]byte(in), Limits{})
		e := scim.AsError(err)
		switch {
		case detail == "" && err != nil:
			t.Errorf("%.60s: %v", in, err)
		case detail != "" && (err == nil || e.Status != 400 || e.Type != scim.InvalidSyntax || !strings.Contains(e.Detail, detail)):
			t.Errorf("%.60s: %v, want %q", in, err, detail)
		}
	}
	if _, err := Decode([]byte(nested(3)), Limits{Depth: 2}); err == nil {
		t.Error("deeper than the limit")
	}
}

func TestMember(t *testing.T) {
	v, err := Decode([]byte(`{"Path":1,"op":null,"value":1,"VALUE":2}`), Limits{})
	obj, ok := v.(Object)
	if err != nil || !ok {
		t.Fatal(v, err)
	}
	if v, found, err := obj.Member("path"); v != json.Number("1") || !found || err != nil {
		t.Errorf("path: %v %t %v", v, found, err)
	}
	if v, found, err := obj.Member("op"); v != nil || !found || err != nil {
		t.Errorf("op: %v %t %v", v, found, err)
	}
	if _, found, err := obj.Member("data"); found || err != nil {
		t.Errorf("data: %t %v", found, err)
	}
	if _, _, err := obj.Member("value"); err == nil || scim.AsError(err).Type != scim.InvalidSyntax {
		t.Errorf("value: %v", err)
	}
}

// TestNumbersOutOfRange has none reach an API that could not hold it.
func TestNumbersOutOfRange(t *testing.T) {
	set := schema.NewSet(&schema.Schema{ID: "urn:x:Device", Attributes: []*schema.Attribute{
		{Name: "slots", Type: schema.Integer, Mutability: schema.ReadWrite},
		{Name: "weight", Type: schema.Decimal, Mutability: schema.ReadWrite},
	}})
	for in, fits := range map[string]bool{
		`{"slots":9223372036854775807}`: true, `{"slots":-9223372036854775808}`: true,
		`{"slots":9223372036854775808}`: false, `{"slots":"9223372036854775808"}`: false, `{"slots":1e2}`: false, `{"slots":1.0}`: false,
		`{"weight":1.5e300}`: true, `{"weight":-12}`: true, `{"weight":1e-300}`: true,
		`{"weight":1e309}`: false, `{"weight":1e99999999}`: false, `{"weight":1e-99999999}`: false, `{"weight":"1e400"}`: false,
		`{"slots":` + strings.Repeat("9", 100_000) + `}`: false,
	} {
		_, _, err := Parse([]byte(in), Limits{}, set, tol.AllOn().Session())
		if e := scim.AsError(err); fits && err != nil || !fits && (err == nil || e.Status != 400 || e.Type != scim.InvalidValue) {
			t.Errorf("%.60s: %v", in, err)
		}
	}
}

// FuzzDecode holds that what is read is what encoding/json reads, and that
// what is refused is refused for a reason of its own.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e3,true,null,"\u00e9\ud83d\ude00\u2028<"],"":{}}`, `[[[]]]`, `{"a":1,"a":2}`, `{"a":{"b":1,"B":2}}`,
		`"x"`, ` 1e999 `, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", nested(16), nested(17), `{} {}`, `{"a":`, "\ufeff{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := Decode(body, Limits{})
		if err != nil {
			if e := scim.AsError(err); e.Status != 400 || e.Type != scim.InvalidSyntax {
				t.Fatalf("%v", err)
			}
			return
		}
		if plain := plainJSON(t, body); !reflect.DeepEqual(plainJSON(t, mustMarshal(t, v)), plain) {
			t.Fatalf("%s is read as %v", body, v)
		}
		again, err := Decode(mustMarshal(t, v), Limits{})
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Fatalf("%v is written as %s, which is %v, %v", v, mustMarshal(t, v), again, err)
		}
	})
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// plainJSON is how encoding/json reads a text, with numbers as they are.
func plainJSON(t *testing.T, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}
