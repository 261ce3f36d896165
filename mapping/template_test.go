package mapping

import (
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/schema"
)

// renderTemplate compiles a template and fills it in with these texts.
func renderTemplate(t *testing.T, s string, texts map[string]string) (string, bool) {
	t.Helper()
	compiled, err := parseTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range compiled.parts {
		if part := &compiled.parts[i]; part.name != "" {
			path, err := schema.ParseAttrPath(part.name)
			if err != nil {
				t.Fatal(err)
			}
			part.attribute = &attribute{path: path}
		}
	}
	return compiled.render(func(a *attribute) (string, bool) {
		text, ok := texts[a.name()]
		return text, ok
	})
}

func TestTemplates(t *testing.T) {
	texts := map[string]string{
		"userName": "Ana.Reis@corp.test", "name.givenName": " Ana", "name.familyName": "dos  Reis", "title": "{nickName}", "locale": "",
	}
	const nothing = "(nothing)"
	tests := []struct{ template, want string }{
		{"{userName}", "Ana.Reis@corp.test"},
		{"{ userName }", "Ana.Reis@corp.test"},
		{"<{userName}>", "<Ana.Reis@corp.test>"},
		{"{userName}{userName}", "Ana.Reis@corp.testAna.Reis@corp.test"},
		{"{userName|lower}", "ana.reis@corp.test"},
		{"{userName | lower | upper}", "ANA.REIS@CORP.TEST"},
		{"{name.givenName|trim}, {name.familyName|last-word}", "Ana, Reis"},

		// All there: blanks stay as they are.
		{"{name.givenName} {name.familyName}", " Ana dos  Reis"},
		{"  {userName}  ", "  Ana.Reis@corp.test  "},

		// One is missing: what is left is closed up.
		{"{name.givenName} {nickName} {name.familyName}", "Ana dos Reis"},
		{"{nickName} {name.familyName}", "dos Reis"},
		{"{name.givenName} {nickName}", "Ana"},
		{"{name.givenName} {name.givenName|last-word}", "Ana"},

		// None is there: literals alone are nothing.
		{"{nickName}", nothing},
		{"Dear {nickName}!", nothing},
		{"{nickName} {displayName}", nothing},
		{"{name.givenName|address}", nothing},
		{"{nickName|lower}", nothing},
		{"a literal", nothing},
		{"", nothing},

		// A value is never read as a template.
		{"{title}", "{nickName}"},

		// An empty value is there, but an empty text is nothing.
		{"{locale}", nothing},
		{"x{locale}", "x"},

		{"日本 {userName|lower}", "日本 ana.reis@corp.test"},
	}
	for _, test := range tests {
		got, ok := renderTemplate(t, test.template, texts)
		if !ok {
			got = nothing
		}
		if got != test.want {
			t.Errorf("%q makes %q, want %q", test.template, got, test.want)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	tests := map[string]string{
		"{":                 `"{" has a "{" without a "}" after it`,
		"}":                 `"}" has a "}" without a "{" before it`,
		"a{b":               `"a{b" has a "{" without a "}" after it`,
		"a}b{c}":            `"a}b{c}" has a "}" without a "{" before it`,
		"{a}}":              `"{a}}" has a "}" without a "{" before it`,
		"{a}{b":             `"{a}{b" has a "{" without a "}" after it`,
		"{{a}}":             `"{{a}}" has a "{" inside of braces`,
		"{}":                `in "{}": there is no attribute between the braces`,
		"{ }":               `in "{ }": there is no attribute between the braces`,
		"{|lower}":          `in "{|lower}": there is no attribute between the braces`,
		"x {a|uper} {b|nix": `in "x {a|uper} {b|nix": there is no transform "uper"; did you mean "upper"?`,
	}
	for template, want := range tests {
		_, err := parseTemplate(template)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", template, err, want)
		}
	}
}
