package tokendigest

import (
	"strings"
	"testing"
)

// TestDigest compares with what sha256sum prints for the token.
func TestDigest(t *testing.T) {
	const text = "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
	if got := Of("secret").String(); got != text {
		t.Errorf("the digest is %s", got)
	}
	for _, text := range []string{text, Prefix + strings.ToUpper(text[len(Prefix):])} {
		if d, is, err := Parse(text); d != Of("secret") || !is || err != nil {
			t.Errorf("%s: %v, %v, %v", text, d, is, err)
		}
	}
}

func TestParseOthers(t *testing.T) {
	good := Of("secret").String()
	for _, text := range []string{Prefix, good[:len(good)-1], good + "0", good + "00", Prefix + "g" + good[len(Prefix)+1:], Prefix + " " + good[len(Prefix):]} {
		if d, is, err := Parse(text); d != (Digest{}) || !is || err == nil {
			t.Errorf("%q: %v, %v, %v", text, d, is, err)
		}
	}
	for _, text := range []string{"", "secret", "SHA256:" + good[len(Prefix):], " " + good} {
		if _, is, err := Parse(text); is || err != nil {
			t.Errorf("%q counts as a digest: %v", text, err)
		}
	}
}
