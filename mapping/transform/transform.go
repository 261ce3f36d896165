// Package transform holds the functions of the mapping language that a mapping
// names for a value on its way between SCIM and the API.
package transform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// Transform is a named function. Exactly one of Text and Test is set.
type Transform struct {
	// Name is the word by which a mapping names it.
	Name string

	// What says in Markdown what it makes, for the reference of the language.
	What string

	// Text makes a text of a text; ok is false when nothing is left.
	Text func(string) (result string, ok bool)

	// Test answers a question about a value of the API, which may be absent.
	Test func(jsonpath.Value) bool
}

// All is the closed set that a mapping can name.
var All = []*Transform{
	{
		Name: "is-null", What: "`true` if the API has no value there, or `null`, otherwise `false`; only for `read`",
		Test: func(v jsonpath.Value) bool { return !v.Exists() || v.IsNull() },
	},
	{
		Name: "not-null", What: "the opposite of `is-null`; only for `read`",
		Test: func(v jsonpath.Value) bool { return v.Exists() && !v.IsNull() },
	},
	{Name: "last-word", What: "the last of several words", Text: lastWord},
	{Name: "all-but-last-word", What: "the words before it, or the only one", Text: allButLastWord},
	{Name: "lower", What: "the text in lower case", Text: present(strings.ToLower)},
	{Name: "upper", What: "the text in upper case", Text: present(strings.ToUpper)},
	{Name: "trim", What: "the text without blanks at the ends", Text: present(strings.TrimSpace)},
	{Name: "squeeze", What: "the same, and with one blank between words", Text: present(Squeeze)},
	{Name: "address", What: "the text if it looks like an e-mail address, else nothing", Text: address},
}

// Texts returns those that make a text of a text.
func Texts() []*Transform {
	return slices.DeleteFunc(slices.Clone(All), func(t *Transform) bool { return t.Text == nil })
}

// Find returns the transform that has this name. The error says which was
// probably meant, or what there is.
func Find(name string) (*Transform, error) { return find(name, All) }

// FindText returns the transform of texts that has this name, and otherwise an
// error as [Find] does.
func FindText(name string) (*Transform, error) {
	t, err := find(name, Texts())
	if other, _ := Find(name); err != nil && other != nil {
		return nil, fmt.Errorf("%q makes true or false and no text; expected %s", name, source.OneOf(names(Texts())))
	}
	return t, err
}

func find(name string, among []*Transform) (*Transform, error) {
	for _, t := range among {
		if t.Name == name {
			return t, nil
		}
	}
	hint := source.DidYouMean(name, names(among))
	if hint == "" {
		hint = "expected " + source.OneOf(names(among))
	}
	return nil, fmt.Errorf("there is no transform %q; %s", name, hint)
}

func names(list []*Transform) []string {
	names := make([]string, len(list))
	for i, t := range list {
		names[i] = t.Name
	}
	return names
}

func present(f func(string) string) func(string) (string, bool) {
	return func(s string) (string, bool) {
		s = f(s)
		return s, s != ""
	}
}

// Squeeze makes one blank of every run of white space and cuts it at the ends.
func Squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// lastWord is the last of several words. A single word is not a last one, so
// that it is taken for a given name and nothing is shown twice.
func lastWord(s string) (string, bool) {
	words := strings.Fields(s)
	if len(words) < 2 {
		return "", false
	}
	return words[len(words)-1], true
}

// allButLastWord is what lastWord leaves over.
func allButLastWord(s string) (string, bool) {
	words := strings.Fields(s)
	switch len(words) {
	case 0:
		return "", false
	case 1:
		return words[0], true
	default:
		return strings.Join(words[:len(words)-1], " "), true
	}
}

// address is a text that looks like an e-mail address; any other is nothing.
func address(s string) (string, bool) {
	s = strings.TrimSpace(s)
	local, domain, found := strings.Cut(s, "@")
	ok := found && local != "" && strings.Trim(domain, ".") == domain && strings.Contains(domain, ".") &&
		!strings.ContainsAny(s, " \t\r\n<>()[],;:\\\"") && !strings.Contains(domain, "@")
	return s, ok
}
