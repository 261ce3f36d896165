package weblink

import (
	"slices"
	"strings"
	"testing"
)

func TestTargets(t *testing.T) {
	tests := map[string][]string{
		``:                                       nil,
		` , ,`:                                   nil,
		`<a>`:                                    nil,
		`<a>; rel=next`:                          {"a"},
		`<a>;rel="next"`:                         {"a"},
		"<a>\t;\t rel = next":                    {"a"},
		`<a>; REL="Next"`:                        {"a"},
		`<a>; rel="prev next  last"`:             {"a"},
		`<a>; rel="nextish next-one"`:            nil,
		`<a>; rel=prev; rel=next`:                nil,
		`<a>; rel=next; rel=prev`:                {"a"},
		`<a>; rev=next`:                          nil,
		`<a>; rel`:                               nil,
		`<a>; rel=""`:                            nil,
		`<a>; rel=next; anchor="#x"`:             nil,
		`<a>; rel="next";`:                       {"a"},
		`<a>;; rel="next"`:                       {"a"},
		`<>; rel=next`:                           {""},
		`<a>; rel=prev, <b>; rel=next`:           {"b"},
		`<a>; rel=next,<b>; rel=next`:            {"a", "b"},
		`,<a>; rel=next, , <b>; rel=next ,`:      {"a", "b"},
		`<a?x=1,2;y=3&z="q">; rel=next`:          {`a?x=1,2;y=3&z="q"`},
		`<a>; title="; rel=prev, <b>"; rel=next`: {"a"},
		`<a>; title="\"; rel=prev"; rel=next`:    {"a"},
		`<a>; title*=UTF-8'en'%e2; rel=next`:     {"a"},
		`<a>; type=text/html; rel=next`:          {"a"},
		`<a>; rel="ne\xt"`:                       {"a"},
		`<https://api.example.com/users?page=3&per_page=100>; rel="next", <https://api.example.com/users?page=50&per_page=100>; rel="last"`: {
			"https://api.example.com/users?page=3&per_page=100",
		},
	}
	for field, want := range tests {
		got, err := Targets([]string{field}, "next")
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v, want %q", field, got, err, want)
		}
	}
	got, err := Targets([]string{`<a>; rel=next`, ``, `<b>; rel=prev, <c>; rel=next`}, "next")
	if want := []string{"a", "c"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("of three fields: %q %v, want %q", got, err, want)
	}
	if got, err := Targets(nil, "next"); err != nil || got != nil {
		t.Errorf("of none: %q %v", got, err)
	}
}

func TestMalformed(t *testing.T) {
	for _, field := range []string{
		`a`, `<a`, `<a; rel=next`, `<a> rel=next`, `<a>; rel=next <b>; rel=next`, `<a>; rel="next`, `<a>; rel="next\`, `<a>; rel=`, `<a>; =next`,
		`<a>; "rel"=next`, `<a>; rel="next" x`, `<a>, b`, "\x00",
	} {
		for _, fields := range [][]string{{field}, {`<x>; rel=next`, field}} {
			if got, err := Targets(fields, "next"); err == nil {
				t.Errorf("%q: %q", fields, got)
			}
		}
	}
}

// FuzzTargets finds every link that was put into whatever header.
func FuzzTargets(f *testing.F) {
	for _, seed := range []string{
		``, `<a>; rel=next`, `<a>; title="; rel=prev, <b>"; rel="next last"`, `<a>;;rel`, `, ,<a?x=1,2>;type=text/html`, `<a`, `"`, `<a>; rel="\`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		got, err := Targets([]string{field}, "next")
		if err != nil {
			if got != nil {
				t.Fatalf("%q beside %v", got, err)
			}
			return
		}
		for _, target := range got {
			if !strings.Contains(field, "<"+target+">") {
				t.Errorf("%q is not in the header", target)
			}
		}
		for _, longer := range []string{field + `, <x y>; rel=next`, field + ` ,,<x y>;rel="a next"`} {
			more, err := Targets([]string{longer}, "next")
			if err != nil || !slices.Equal(more, append(slices.Clone(got), "x y")) {
				t.Errorf("%s: %q %v, before %q", longer, more, err, got)
			}
		}
	})
}
