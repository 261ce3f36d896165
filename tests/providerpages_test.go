package tests

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

var templateMacro = regexp.MustCompile(`\{\$[\w.]+\}`)

// filledIn is a JSON template of OneLogin with values; macros that have none
// become empty texts, as OneLogin makes them.
func filledIn(t *testing.T, template string, values map[string]string) string {
	t.Helper()
	known := 0
	body := templateMacro.ReplaceAllStringFunc(template, func(macro string) string {
		value, ok := values[macro]
		if ok {
			known++
		}
		return value
	})
	if known < len(values) {
		t.Fatalf("the template lacks some of %v:\n%s", values, template)
	}
	return body
}

// TestOneLoginPageTemplate provisions somebody with the template of the page,
// twice: the repeat changes nothing, and a suspension is one.
func TestOneLoginPageTemplate(t *testing.T) {
	templates := blocks(t, "docs/providers/onelogin.md", "json")
	if len(templates) != 1 {
		t.Fatalf("the page has %d templates", len(templates))
	}
	st := start(t, setup{sandbox: qualytics.Config{}, edit: tolerances("onelogin")})
	for _, values := range []map[string]string{
		{
			"{$parameters.scimusername}": "ana.reis@corp.test", "{$user.email}": "ana.reis@corp.test",
			"{$user.firstname}": "Ana", "{$user.lastname}": "Reis", "{$user.display_name}": "Ana Reis",
		},
		{"{$parameters.scimusername}": "nameless"},
	} {
		body := filledIn(t, templates[0], values)
		created := st.scim(t, 201, "POST", "/Users", body)
		path := "/Users/" + fmt.Sprint(at(decode(t, created.body), "id"))
		writes := len(st.writes())
		st.scim(t, 200, "PUT", path, body)
		if made := st.writes()[writes:]; len(made) > 0 {
			t.Errorf("the same once more makes %v", made)
		}
		suspended := st.scim(t, 200, "PUT", path, strings.Replace(body, "{", `{"active": "0",`, 1))
		if got := at(decode(t, suspended.body), "active"); got != false {
			t.Errorf("after the suspension active is %v", got)
		}
	}
}

// TestProviderPagesTolerances looks for the provider's profile in each page.
func TestProviderPagesTolerances(t *testing.T) {
	for _, profile := range tolerance.Profiles {
		switch profile.Name {
		case "okta", "entra", "jumpcloud":
			if text := readShipped(t, "docs/providers/"+profile.Name+".md"); !strings.Contains(text, "`tolerances "+profile.Name+"`") {
				t.Errorf("the page of %s does not say which tolerances are enough", profile.Name)
			}
		}
	}
}
