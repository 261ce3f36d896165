package source

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A mapping holds no secrets, but who does not know that may write one into
// it, and what is said about a file ends up in logs.
var (
	// secretKey is a key that sounds like one for a secret, with the rest of
	// its line.
	secretKey = regexp.MustCompile(
		`(?i)(?:token|secret|passwd|password|passphrase|api[-_]?key|private[-_]?key|credentials?|authorization)["']?\s*:\s+(\S.*)`)

	// secretWord is what looks like a secret wherever it stands.
	secretWord = regexp.MustCompile(`(?i)bearer\s+([^\s"'\]},]+)|://([^/\s@"']+)@|(eyJ[\w-]+\.[\w.-]+)|([\w+/=-]{32,})`)
)

// Redact puts stars in place of what looks like a secret, one for each
// character, so that a caret below stays where it belongs.
func Redact(s string) string {
	for _, pattern := range []*regexp.Regexp{secretKey, secretWord} {
		var b strings.Builder
		done := 0
		for _, m := range pattern.FindAllStringSubmatchIndex(s, -1) {
			for group := 2; group < len(m); group += 2 {
				from, to := m[group], m[group+1]
				if from < done || pattern == secretWord && group == 8 && !mixed(s[from:to]) {
					continue
				}
				b.WriteString(s[done:from])
				b.WriteString(strings.Repeat("*", utf8.RuneCountInString(s[from:to])))
				done = to
			}
		}
		b.WriteString(s[done:])
		s = b.String()
	}
	return s
}

// mixed reports whether a long word has digits in it, as a key does and a name
// does not.
func mixed(word string) bool { return strings.ContainsAny(word, "0123456789") }
