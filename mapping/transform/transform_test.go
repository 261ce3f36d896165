package transform

import (
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
)

func TestTextTransforms(t *testing.T) {
	const nothing = "(nothing)"
	tests := map[string][][2]string{
		"last-word": {
			{"Ana Reis", "Reis"},
			{"Ana Maria dos Reis", "Reis"},
			{"  Ana \t Reis  ", "Reis"},
			{"Ana\u00a0Reis", "Reis"},
			{"Ana\u2003Maria\u3000Reis", "Reis"},
			{"Ana García-Márquez", "García-Márquez"},
			{"山田 太郎", "太郎"},
			{"O'Neil, Shaquille", "Shaquille"},
			{"Ana", nothing},
			{" Ana ", nothing},
			{"", nothing},
			{" \u00a0\t", nothing},
		},
		"all-but-last-word": {
			{"Ana Reis", "Ana"},
			{"Ana  Maria\u00a0dos Reis", "Ana Maria dos"},
			{"山田 太郎", "山田"},
			{"Ana", "Ana"},
			{" Ana ", "Ana"},
			{"", nothing},
			{"\u00a0", nothing},
		},
		"lower": {{"ANA.Reis@Corp.Test", "ana.reis@corp.test"}, {"ÄÖÜ", "äöü"}, {" A ", " a "}, {"", nothing}},
		"upper": {{"ana", "ANA"}, {"", nothing}},
		"trim":  {{" Ana  Reis\n", "Ana  Reis"}, {"\u00a0Ana\u2003", "Ana"}, {"  ", nothing}, {"", nothing}},
		"squeeze": {
			{"AAA Test  User 01", "AAA Test User 01"},
			{"\tAna\u00a0\u00a0Reis\n", "Ana Reis"},
			{"Ana", "Ana"},
			{"\n", nothing},
		},
		"address": {
			{"ana@corp.test", "ana@corp.test"},
			{" Ana+x@mail.corp.test ", "Ana+x@mail.corp.test"},
			{"ana", nothing},
			{"ana@corp", nothing},
			{"@corp.test", nothing},
			{"ana@", nothing},
			{"ana@.test", nothing},
			{"ana@corp.", nothing},
			{"ana@b@corp.test", nothing},
			{"Ana <ana@corp.test>", nothing},
			{"ana reis@corp.test", nothing},
			{"CORP\\ana@corp.test", nothing},
			{"", nothing},
		},
	}
	for _, tr := range All {
		if tr.Text == nil {
			continue
		}
		cases := tests[tr.Name]
		if len(cases) == 0 {
			t.Errorf("%s has no test", tr.Name)
		}
		for _, c := range cases {
			got, ok := tr.Text(c[0])
			if !ok {
				got = nothing
			}
			if got != c[1] {
				t.Errorf("%s(%q) = %q, want %q", tr.Name, c[0], got, c[1])
			}
		}
	}
}

// TestNamesSplitWithoutLoss holds what a name's two halves are for: together
// they are the name.
func TestNamesSplitWithoutLoss(t *testing.T) {
	for _, name := range []string{"Ana", "Ana Reis", "Ana Maria dos Reis", "  Ana\u00a0Reis ", "山田 太郎", ""} {
		first, _ := allButLastWord(name)
		last, _ := lastWord(name)
		if got := Squeeze(first + " " + last); got != Squeeze(name) {
			t.Errorf("%q is split into %q and %q", name, first, last)
		}
	}
}

func named(t *testing.T, name string) *Transform {
	t.Helper()
	tr, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestTests(t *testing.T) {
	doc, ok := jsonpath.Document([]byte(`{"null": null, "text": "", "date": "2026-01-01", "no": false, "zero": 0}`))
	if !ok {
		t.Fatal("not JSON")
	}
	for key, null := range map[string]bool{"absent": true, "null": true, "text": false, "date": false, "no": false, "zero": false} {
		path, err := jsonpath.Parse(key)
		if err != nil {
			t.Fatal(err)
		}
		v := doc.Get(path)
		if got := named(t, "is-null").Test(v); got != null {
			t.Errorf("is-null of %s is %t", key, got)
		}
		if got := named(t, "not-null").Test(v); got == null {
			t.Errorf("not-null of %s is %t", key, got)
		}
	}
}

func TestTransformsAreDeclaredOnceAndInFull(t *testing.T) {
	seen := make(map[string]bool)
	for _, tr := range All {
		if seen[tr.Name] {
			t.Errorf("%s is declared twice", tr.Name)
		}
		seen[tr.Name] = true
		if tr.What == "" {
			t.Errorf("%s is not described", tr.Name)
		}
		if (tr.Text == nil) == (tr.Test == nil) {
			t.Errorf("%s must have one of Text and Test", tr.Name)
		}
	}
	for _, name := range []string{"Lower", ""} {
		if tr, err := Find(name); tr != nil || err == nil {
			t.Errorf("%q, which is not declared, is found", name)
		}
	}
}
