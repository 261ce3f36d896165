package command

import (
	"regexp"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
)

// run executes a command, and returns what it printed.
func run(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	c := tokenCommand()
	var out strings.Builder
	c.SetIn(strings.NewReader(input))
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	err := c.Execute()
	return out.String(), err
}

func TestTokenIsNewAndHasItsDigest(t *testing.T) {
	form := regexp.MustCompile(`^token   (\S+)\ndigest  (\S+)\n$`)
	seen := make(map[string]bool)
	for range 20 {
		out, err := run(t, "")
		match := form.FindStringSubmatch(out)
		if err != nil || match == nil {
			t.Fatalf("%q: %v", out, err)
		}
		if token := match[1]; len(token) < 26 || seen[token] || match[2] != tokendigest.Of(token).String() {
			t.Errorf("token %s with the digest %s", token, match[2])
		}
		seen[match[1]] = true
	}
}

func TestDigestOfGivenToken(t *testing.T) {
	want := tokendigest.Of("given-token").String() + "\n"
	for _, input := range []string{"given-token", "given-token\n", " given-token \r\nmore\n"} {
		if out, err := run(t, input, "--stdin"); out != want || err != nil {
			t.Errorf("%q: %q, %v", input, out, err)
		}
	}
	for input, reason := range map[string]string{
		"":                              "no token",
		"\ntoken\n":                     "no token",
		"two words\n":                   "visible ASCII",
		"tökén\n":                       "visible ASCII",
		strings.Repeat("x", maxToken+9): "longer than",
		want:                            "digest already",
	} {
		if out, err := run(t, input, "--stdin"); err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(out, "sha256:2") {
			t.Errorf("%.20q: %q, %v", input, out, err)
		}
	}
}
