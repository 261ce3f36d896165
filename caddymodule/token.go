package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
)

// Token is a token that an identity provider may present. In JSON, a string is
// short for one that has nothing but the token.
type Token struct {
	// What the token is called where it must not be named: in logs, and in
	// `{http.scim.token}`. Up to 32 letters, digits, dots, dashes and
	// underscores. Default: `token-1` for the first token, and so on.
	Name string `json:"name,omitempty"`

	// The token, or `sha256:` and the 64 hexadecimal digits of its SHA-256
	// digest, from which a token that is random can't be found out. Accepts
	// placeholders.
	Token string `json:"token,omitempty"`

	// The last day on which the token is accepted, such as `2027-01-31`, which
	// ends at midnight UTC; or a time as RFC 3339 has it. Default: never
	Expires string `json:"expires,omitempty"`

	// Whether the token may only read: GET, HEAD, OPTIONS and searches.
	// Default: false
	ReadOnly bool `json:"read_only,omitempty"`
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Token) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		*t = Token{}
		return json.Unmarshal(b, &t.Token)
	}
	type plain Token
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plain)(t))
}

// MarshalJSON implements [json.Marshaler].
func (t Token) MarshalJSON() ([]byte, error) {
	if t == (Token{Token: t.Token}) {
		return json.Marshal(t.Token)
	}
	type plain Token
	return json.Marshal(plain(t))
}

const (
	maxTokenName = 32

	// endsSoon is how long before its end a token is warned of.
	endsSoon = 14 * 24 * time.Hour
)

// validateTokens checks what can be told without the tokens themselves.
func (h *Handler) validateTokens(wrong func(format string, args ...any)) {
	names := make(map[string]bool)
	for i, t := range h.Tokens {
		name := t.name(i)
		if !isTokenName(name) {
			// Whoever took a blank in a token for nothing has part of it here.
			wrong("token %d: the name must consist of 1 to %d letters, digits, dots, dashes and underscores", i+1, maxTokenName)
			continue
		}
		if names[name] {
			wrong("token: two of them have the name %s", name)
		}
		names[name] = true
		if _, err := t.end(); err != nil {
			wrong("token %s: %v", name, err)
		}
	}
}

// name is what the token at a place among the others is called.
func (t *Token) name(i int) string {
	if t.Name != "" {
		return t.Name
	}
	return fmt.Sprintf("token-%d", i+1)
}

func isTokenName(s string) bool {
	outside := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", c)
	}
	return s != "" && len(s) <= maxTokenName && !strings.ContainsFunc(s, outside)
}

// end returns from when on the token is not accepted any more; zero for never.
func (t *Token) end() (time.Time, error) {
	if t.Expires == "" {
		return time.Time{}, nil
	}
	return parseExpiry(t.Expires)
}

func parseExpiry(s string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	end, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return end, fmt.Errorf("expires: %q is neither a day such as 2027-01-31 nor a time such as 2027-01-31T18:00:00Z", s)
	}
	return end, nil
}

// ownToken is a token of the configuration, without the token.
type ownToken struct {
	name     string
	digest   tokendigest.Digest
	end      time.Time
	readOnly bool

	// told is what was said of its end so far.
	told atomic.Int32
}

// What is said of a token's end, in this order.
const (
	toldNothing = iota
	toldSoon
	toldExpired
)

func (t *ownToken) expired(now time.Time) bool { return !t.end.IsZero() && !now.Before(t.end) }

// tell says once that the token will end soon, and once that it has.
func (t *ownToken) tell(logger *zap.Logger, now time.Time) {
	if t.end.IsZero() {
		return
	}
	news, message := int32(toldNothing), ""
	switch {
	case t.expired(now):
		news, message = toldExpired, "a token has expired: who presents it is refused; replace it"
	case t.end.Sub(now) <= endsSoon:
		news, message = toldSoon, "a token expires soon; replace it before that"
	}
	if told := t.told.Load(); news > told && t.told.CompareAndSwap(told, news) {
		logger.Warn(message, zap.String("token", t.name), zap.Time("expires", t.end))
	}
}

// provisionTokens resolves the tokens that may be presented.
func (h *Handler) provisionTokens(repl *caddy.Replacer) ([]*ownToken, error) {
	tokens := make([]*ownToken, len(h.Tokens))
	for i := range h.Tokens {
		configured := &h.Tokens[i]
		option := "token"
		switch {
		case configured.Name != "":
			option += " " + configured.Name
		case len(h.Tokens) > 1:
			option = fmt.Sprintf("token %d", i+1)
		}
		end, err := configured.end()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		token := &ownToken{name: configured.name(i), end: end, readOnly: configured.ReadOnly}
		if token.digest, err = h.tokenDigest(repl, option, configured.Token); err != nil {
			return nil, err
		}
		for j, other := range tokens[:i] {
			if other.digest == token.digest && !sameRights(*configured, h.Tokens[j]) {
				return nil, fmt.Errorf("%s: this is the same token as %s, which has another name or other rights", option, other.name)
			}
		}
		token.tell(h.logger, h.now())
		tokens[i] = token
	}
	return tokens, nil
}

// sameRights reports whether two tokens have the same name, end and rights.
func sameRights(a, b Token) bool {
	a.Token, b.Token = "", ""
	return a == b
}

// tokenDigest returns the digest of a token, or the one that stands in its
// place.
func (h *Handler) tokenDigest(repl *caddy.Replacer, option, configured string) (tokendigest.Digest, error) {
	token, err := secret(repl, option, configured)
	if err != nil {
		return tokendigest.Digest{}, err
	}
	if d, is, err := tokendigest.Parse(token); is {
		if err != nil {
			return d, fmt.Errorf("%s: %w", option, err)
		}
		return d, nil
	}
	if len(token) < shortToken {
		h.logger.Warn("the token is so short that it can be guessed; use a random one",
			zap.String("option", option), zap.Int("at_least", shortToken))
	}
	return tokendigest.Of(token), nil
}
