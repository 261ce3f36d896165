package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// replaced returns an edit of the Caddyfile.
func replaced(old, with string) func(string) string {
	return func(caddyfile string) string { return strings.Replace(caddyfile, old, with, 1) }
}

// loading adapts and loads the shipped Caddyfile with an edit, and with the
// configuration it makes changed by the overlays. It returns why that fails; ""
// if it does not.
func loading(t *testing.T, edit func(string) string, overlays ...func(config map[string]any)) string {
	t.Helper()
	dir := isolate(t)
	caddyfile := shippedCaddyfile(t, edit)
	js, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err.Error()
	}
	config := decode(t, js)
	st := &stack{address: freeAddress(t)}
	confine(t, config, dir, st.address)
	for _, overlay := range overlays {
		overlay(config)
	}
	defer stop(t)
	if err := caddy.Load(encode(t, config), true); err != nil {
		return err.Error()
	}
	st.trust(t)
	return ""
}

// TestStart loads what is shipped, and what operators get wrong. Every message
// names what to do something about, and no message a secret.
func TestStart(t *testing.T) {
	const secret = "hunter2-hunter2-hunter2"
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("version: 2\nresources:\n  User:\n    endpoint: Users\n    atributes: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		edit func(string) string
		env  map[string]string
		want []string
	}{
		"as shipped":        {},
		"empty SCIM_TOKEN":  {env: map[string]string{"SCIM_TOKEN": ""}, want: []string{"{env.SCIM_TOKEN}"}},
		"unset SCIM_TOKEN":  {env: map[string]string{"SCIM_TOKEN": unset}, want: []string{"{env.SCIM_TOKEN}"}},
		"blank SCIM_TOKEN":  {env: map[string]string{"SCIM_TOKEN": " \n"}, want: []string{"{env.SCIM_TOKEN}"}},
		"SCIM_TOKEN of two": {env: map[string]string{"SCIM_TOKEN": secret + " " + secret}, want: []string{"{env.SCIM_TOKEN}"}},
		"unset QUALYTICS_TOKEN": {
			env: map[string]string{"QUALYTICS_TOKEN": unset}, want: []string{"upstream_token", "{env.QUALYTICS_TOKEN}"},
		},
		"no file for the token": {edit: replaced("{env.SCIM_TOKEN}", "{file./nowhere/scim}"), want: []string{"{file./nowhere/scim}"}},
		"API elsewhere without TLS": {
			env:  map[string]string{"QUALYTICS_URL": "http://qualytics.example.com"},
			want: []string{"upstream", "qualytics.example.com", "https", "allow_plaintext"},
		},
		"API elsewhere without TLS, allowed": {
			env:  map[string]string{"QUALYTICS_URL": "http://qualytics.example.com"},
			edit: replaced("# allow_plaintext\n", "allow_plaintext\n"),
		},
		"API with TLS":       {env: map[string]string{"QUALYTICS_URL": "https://qualytics.example.com"}},
		"API with a path":    {env: map[string]string{"QUALYTICS_URL": "https://qualytics.example.com/api"}, want: []string{"/api"}},
		"no mappings file":   {edit: replaced("mappings mappings.yaml", "mappings nowhere.yaml"), want: []string{"mappings", "nowhere.yaml"}},
		"faulty mappings":    {edit: replaced("mappings mappings.yaml", "mappings "+broken), want: []string{"broken.yaml:1:10: ", "broken.yaml:4:15: ", "broken.yaml:5:5: ", "atributes", "^"}},
		"unknown option":     {edit: replaced("scim {", "scim {\n\t\ttokens x"), want: []string{"Caddyfile:", "tokens"}},
		"option twice":       {edit: replaced("base_path /api/scim/v2", "base_path /a\n\t\tbase_path /b"), want: []string{"Caddyfile:", "base_path", "twice"}},
		"unknown leniency":   {edit: replaced("scim {", "scim {\n\t\ttolerances -everything"), want: []string{"everything", "op-case"}},
		"argument too many":  {edit: replaced("scim {", "scim mappings.yaml {"), want: []string{"Caddyfile:", "mappings.yaml"}},
		"no token at all":    {edit: replaced("\ttoken {env.SCIM_TOKEN}\n", ""), want: []string{"token", "passthrough"}},
		"token, passthrough": {edit: replaced("import own_tokens\n", "import own_tokens\n\t\tpassthrough\n"), want: []string{"passthrough", "token"}},
		"bad timeout":        {edit: replaced("scim {", "scim {\n\t\ttimeout soon"), want: []string{"Caddyfile:", "timeout", "soon"}},
		"bad retries":        {edit: replaced("scim {", "scim {\n\t\tretries 1000"), want: []string{"retries", "1000"}},
		"password in the URL": {
			env: map[string]string{"QUALYTICS_URL": "https://scim:" + secret + "@qualytics.example.com"}, want: []string{"upstream"},
			// The reverse_proxy beside it would quote the URL.
			edit: replaced("\treverse_proxy {$QUALYTICS_URL:http://127.0.0.1:9000}\n", ""),
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			setEnvironment(t, "localhost:8443", "http://127.0.0.1:9000")
			for name, value := range c.env {
				if t.Setenv(name, value); value == unset {
					if err := os.Unsetenv(name); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := loading(t, c.edit)
			if (got == "") != (c.want == nil) {
				t.Fatalf("loading gives %q", got)
			}
			for _, part := range c.want {
				if !strings.Contains(got, part) {
					t.Errorf("the message has no %q:\n%s", part, got)
				}
			}
			if strings.Contains(got, "hunter2") || strings.Contains(got, scimToken) {
				t.Errorf("the message has a secret in it:\n%s", got)
			}
		})
	}
}

// unset stands for a variable that is not there, other than an empty one.
const unset = "(unset)"

// TestStartWithoutAPI starts although the API is down, and answers 503 or 502
// with a SCIM body until it is up.
func TestStartWithoutAPI(t *testing.T) {
	st := start(t, setup{edit: replaced("scim {", "scim {\n\t\tretries 0")})
	st.api.Close()
	got, err := st.send(t, "GET", basePath+"/Users", "")
	if err != nil {
		t.Fatal(err)
	}
	if got.status != 502 && got.status != 503 {
		t.Errorf("status %d", got.status)
	}
	isSCIMError(t, got, got.status)
	st.scim(t, 200, "GET", "/ServiceProviderConfig", "")
}
