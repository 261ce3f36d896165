package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// transform is a named function of the mapping language. Exactly one of text
// and test is set.
type transform struct {
	name string

	// text makes a text of a text; ok is false when nothing is left.
	text func(string) (result string, ok bool)

	// test answers a question about an upstream value, which may be absent.
	test func(jsonpath.Value) bool
}

// transforms is the closed set that a mapping can name.
var transforms = []*transform{
	{name: "is-null", test: func(v jsonpath.Value) bool { return !v.Exists() || v.IsNull() }},
	{name: "not-null", test: func(v jsonpath.Value) bool { return v.Exists() && !v.IsNull() }},
	{name: "last-word", text: lastWord},
	{name: "all-but-last-word", text: allButLastWord},
	{name: "lower", text: present(strings.ToLower)},
	{name: "upper", text: present(strings.ToUpper)},
	{name: "trim", text: present(strings.TrimSpace)},
	{name: "squeeze", text: present(squeeze)},
	{name: "address", text: address},
}

func transformNames() []string {
	names := make([]string, len(transforms))
	for i, t := range transforms {
		names[i] = t.name
	}
	return names
}

// textTransform returns the transform of texts that has this name.
func textTransform(name string) (*transform, error) {
	t := findTransform(name)
	if t != nil && t.text != nil {
		return t, nil
	}
	var names []string
	for _, known := range transforms {
		if known.text != nil {
			names = append(names, known.name)
		}
	}
	if t != nil {
		return nil, fmt.Errorf("%q makes true or false and no text; expected %s", name, source.OneOf(names))
	}
	return nil, fmt.Errorf("there is no transform %q; %s", name, transformHint(name, names))
}

func findTransform(name string) *transform {
	if i := slices.IndexFunc(transforms, func(t *transform) bool { return t.name == name }); i >= 0 {
		return transforms[i]
	}
	return nil
}

func present(f func(string) string) func(string) (string, bool) {
	return func(s string) (string, bool) {
		s = f(s)
		return s, s != ""
	}
}

// squeeze makes one blank of every run of white space and cuts it at the ends.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

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
