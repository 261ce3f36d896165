package source

import "testing"

func TestDidYouMean(t *testing.T) {
	known := []string{"create", "delete", "list", "read", "update", "userName", "name.givenName", "id", "x"}
	tests := map[string]string{
		"craete":        "create", // two neighbours swapped
		"creat":         "create",
		"creates":       "create",
		"crate":         "create",
		"CREATE":        "create",
		"username":      "userName",
		"name.givenNam": "name.givenName",
		"lst":           "list",
		"di":            "id",
		"X":             "x",

		"":         "",
		"y":        "", // any other letter is one edit away
		"zz":       "",
		"replace":  "",
		"共同":       "",
		"nonsense": "",
	}
	for word, want := range tests {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := DidYouMean("craete", known); got != `did you mean "create"?` {
		t.Errorf("got %q", got)
	}
	if got := DidYouMean("nonsense", known) + DidYouMean("x", nil); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestNearestIsTheSameInAnyOrder has two words that are equally near.
func TestNearestIsTheSameInAnyOrder(t *testing.T) {
	if a, b := Nearest("cast", []string{"case", "cost"}), Nearest("cast", []string{"cost", "case"}); a != b || a == "" {
		t.Errorf("%q and %q", a, b)
	}
}

func TestEnumerations(t *testing.T) {
	for want, words := range map[string][]string{
		"nothing": nil, `"a"`: {"a"}, `"a" or "b"`: {"a", "b"}, `"a", "b" or "c"`: {"a", "b", "c"},
	} {
		if got := OneOf(words); got != want {
			t.Errorf("OneOf(%v) = %s, want %s", words, got, want)
		}
	}
	if got := AllOf([]string{"a", "b", "c"}); got != `"a", "b" and "c"` {
		t.Errorf("AllOf = %s", got)
	}
}
