package jsonpath

import (
	"testing"
)

func TestReadAndWriteAreEachOthersInverse(t *testing.T) {
	for _, text := range []string{
		"name", "profile.title", `urn:ietf:params:scim:schemas:extension:enterprise:2\.0:User.department`,
		"0", "-1", "a.0.b", "a#b", "a*", "a?b", "@pretty", "a|b", `back\\slash`, "!x", "{x}", "a:b", ":1", "ü.ß",
	} {
		t.Run(text, func(t *testing.T) {
			p, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Set(nil, p, []byte(`"v"`))
			if err != nil {
				t.Fatal(err)
			}
			v, ok := Document(doc)
			if !ok || v.Get(p).Text() != "v" {
				t.Fatalf("wrote %s, read %q from it", doc, v.Get(p).Raw())
			}
			v.Keys(func(key string, _ Value) bool {
				if key != p.keys[0] {
					t.Errorf("wrote the key %q instead of %q", key, p.keys[0])
				}
				return true
			})
		})
	}
}

func TestSetKeepsWhatIsThere(t *testing.T) {
	p, _ := Parse("profile.title")
	doc, err := Set([]byte(`{"id":12345678901234567890,"profile":{"x":1}}`), p, []byte(`null`))
	if err != nil || string(doc) != `{"id":12345678901234567890,"profile":{"x":1,"title":null}}` {
		t.Fatalf("%s, %v", doc, err)
	}
}

func TestSetRefuses(t *testing.T) {
	self, _ := Parse(".")
	deep, _ := Parse("a.b.c")
	for name, err := range map[string]error{
		"the whole document":       second(Set(nil, self, []byte(`1`))),
		"a value that is not JSON": second(Set(nil, deep, []byte(`{"x":`))),
		"a path into a scalar":     second(Set([]byte(`{"a":{"b":"text"}}`), deep, []byte(`1`))),
		"a path into a list":       second(Set([]byte(`{"a":[1]}`), deep, []byte(`1`))),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", ".a", "a.", "a..b", `a\`} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestAbsentIsNotNull(t *testing.T) {
	v, _ := Document([]byte(`{"a":null,"l":[{"x":1}]}`))
	a, _ := Parse("a")
	b, _ := Parse("b")
	index, _ := Parse("l.0.x")
	if !v.Get(a).IsNull() || v.Get(b).IsNull() || v.Get(b).Exists() {
		t.Error("null and absent are mixed up")
	}
	if v.Get(index).Exists() && v.Get(index).Text() != "1" {
		t.Error("an index reads something else")
	}
	if _, ok := Document([]byte(`{"a":1,,,`)); ok {
		t.Error("broken JSON taken for a document")
	}
}

func second(_ []byte, err error) error { return err }

// TestFirstOfTwoCounts reads a key that a document has twice.
func TestFirstOfTwoCounts(t *testing.T) {
	p, _ := Parse("a.b")
	v, _ := Document([]byte(`{"a":1,"a":{"b":2}}`))
	if v.Get(p).Exists() {
		t.Errorf("read %q", v.Get(p).Raw())
	}
}
