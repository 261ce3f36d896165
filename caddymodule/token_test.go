package caddymodule

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
)

// expiring returns a handler with a token that ends, and what tells its time.
func expiring(t *testing.T, expires string) (*Handler, *observer.ObservedLogs, *time.Time) {
	t.Helper()
	h, logs := newTestHandler(t, ok)
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	h.now = func() time.Time { return now }
	h.Tokens = []Token{{Name: "onelogin", Token: goodToken, Expires: expires}}
	own, err := h.provisionTokens(caddy.NewReplacer())
	if err != nil {
		t.Fatal(err)
	}
	h.auth = &ownTokens{tokens: own, upstream: testToken, now: h.now, logger: h.logger}
	return h, logs, &now
}

// warnings empties a log and returns what it warned of.
func warnings(logs *observer.ObservedLogs) []string {
	var said []string
	for _, entry := range logs.TakeAll() {
		if entry.Level >= zapcore.WarnLevel {
			said = append(said, fmt.Sprint(entry.Message, " ", entry.ContextMap()))
		}
	}
	return said
}

// TestTokenExpires goes from a token that is good for long to one that has
// ended, and counts what operators are told.
func TestTokenExpires(t *testing.T) {
	h, logs, now := expiring(t, "2027-01-31")
	if said := warnings(logs); len(said) > 0 {
		t.Errorf("warned at the start: %q", said)
	}
	get := func() int {
		t.Helper()
		return serve(t, h, request(t, "GET", "/api/scim/v2/Users", "")).Code
	}
	for _, step := range []struct {
		at     string
		status int
		warned string
	}{
		{"2027-01-17T23:59:59Z", 200, ""},
		{"2027-01-18T00:00:00Z", 200, "expires soon"},
		{"2027-01-31T23:59:59Z", 200, ""},
		{"2027-02-01T00:00:00Z", 401, "has expired"},
		{"2027-02-02T00:00:00Z", 401, ""},
	} {
		*now, _ = time.Parse(time.RFC3339, step.at)
		for range 3 {
			if got := get(); got != step.status {
				t.Errorf("%s: status %d, want %d", step.at, got, step.status)
			}
		}
		said := warnings(logs)
		switch {
		case step.warned == "" && len(said) > 0:
			t.Errorf("%s: warned of %q", step.at, said)
		case step.warned != "" && (len(said) != 1 || !strings.Contains(said[0], step.warned) || !strings.Contains(said[0], "token:onelogin")):
			t.Errorf("%s: warned of %q, want once %q", step.at, said, step.warned)
		}
	}
	w := serve(t, h, request(t, "GET", "/api/scim/v2/Users", ""))
	wantError(t, w, 401, "expired")
	if got := w.Header().Get("WWW-Authenticate"); got != challengeInvalid {
		t.Errorf("challenge %q", got)
	}
}

// TestTokenExpiryAtStart tells operators when the configuration is loaded.
func TestTokenExpiryAtStart(t *testing.T) {
	for expires, want := range map[string]string{
		"":                          "",
		"2027-01-15":                "",
		"2027-01-14":                "expires soon",
		"2027-01-01T12:00:01Z":      "expires soon",
		"2027-01-01T12:00:00Z":      "has expired",
		"2027-01-01T12:30:00+01:00": "has expired",
		"2026-12-31":                "has expired",
	} {
		_, logs, _ := expiring(t, expires)
		said := warnings(logs)
		if (want == "") != (len(said) == 0) || want != "" && !strings.Contains(said[0], want) {
			t.Errorf("%q: %q, want %q", expires, said, want)
		}
	}
}

// TestTokenDigest has a digest stand for a token, and not be one.
func TestTokenDigest(t *testing.T) {
	text := tokendigest.Of(goodToken).String()
	if !strings.HasPrefix(text, "sha256:") || len(text) != len("sha256:")+64 {
		t.Fatalf("digest %q", text)
	}
	for _, configured := range []string{text, strings.Replace(strings.ToUpper(text), "SHA256", "sha256", 1)} {
		h, _ := newTestHandler(t, ok)
		h.Tokens = []Token{{Token: configured}}
		own, err := h.provisionTokens(caddy.NewReplacer())
		if err != nil {
			t.Fatal(err)
		}
		h.auth = &ownTokens{tokens: own, upstream: testToken, now: h.now, logger: h.logger}
		for token, want := range map[string]int{goodToken: 200, text: 401, text[7:]: 401} {
			w := serve(t, h, request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer "+token))
			if w.Code != want {
				t.Errorf("%s: status %d, want %d", token, w.Code, want)
			}
		}
	}
}

func TestTokenMistakes(t *testing.T) {
	t.Setenv("TEST_DIGEST", "sha256:12")
	for name, tt := range map[string]struct {
		tokens []Token
		want   string
	}{
		"short digest":      {[]Token{{Token: "sha256:abcdef"}}, "token: after sha256: there must be the 64 hexadecimal digits"},
		"long digest":       {[]Token{{Name: "a", Token: tokendigest.Of("x").String() + "0"}}, "token a: after sha256: there must be"},
		"digest of letters": {[]Token{{Token: "sha256:" + strings.Repeat("z", 64)}}, "token: after sha256: there must be"},
		"digest elsewhere":  {[]Token{{Token: "{env.TEST_DIGEST}"}}, "token: after sha256: there must be"},
		"two of a name":     {[]Token{{Name: "a", Token: goodToken}, {Name: "a", Token: "another-token-of-length"}}, "token: two of them have the name a"},
		"a default name":    {[]Token{{Name: "token-2", Token: goodToken}, {Token: "another-token-of-length"}}, "token: two of them have the name token-2"},
		"name with a blank": {[]Token{{Name: "one login", Token: goodToken}}, "token 1: the name must consist of 1 to 32 letters"},
		"long name":         {[]Token{{Name: strings.Repeat("n", 33), Token: goodToken}}, "token 1: the name must consist of"},
		"no such day":       {[]Token{{Name: "a", Token: goodToken, Expires: "2027-02-30"}}, `token a: expires: "2027-02-30" is neither a day such as`},
		"other rights":      {[]Token{{Token: goodToken}, {Token: goodToken, ReadOnly: true}}, "token 2: this is the same token as token-1, which has another name or other rights"},
		"another name":      {[]Token{{Name: "a", Token: tokendigest.Of(goodToken).String()}, {Name: "b", Token: goodToken}}, "token b: this is the same token as a"},
	} {
		t.Run(name, func(t *testing.T) {
			h := valid()
			h.Tokens = tt.tokens
			err := provision(t, h)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			if strings.Contains(err.Error(), goodToken) || strings.Contains(err.Error(), tokendigest.Of(goodToken).String()[10:20]) {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
	h := valid()
	h.Tokens = tokens(goodToken, goodToken)
	if err := provision(t, h); err != nil {
		t.Errorf("the same token twice: %v", err)
	}
}

func TestTokenJSON(t *testing.T) {
	for _, tt := range []struct {
		json string
		want Token
	}{
		{`"{env.SCIM_TOKEN}"`, Token{Token: "{env.SCIM_TOKEN}"}},
		{`{"name":"okta","token":"t","expires":"2027-01-31","read_only":true}`, Token{"okta", "t", "2027-01-31", true}},
	} {
		var got Token
		if err := json.Unmarshal([]byte(tt.json), &got); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v", tt.json, got, err)
		}
		if back, err := json.Marshal(got); err != nil || string(back) != tt.json {
			t.Errorf("%+v becomes %s, %v", got, back, err)
		}
	}
	for _, wrong := range []string{`{"tokens":[{"secret":"t"}]}`, `{"tokens":[7]}`} {
		if err := caddy.StrictUnmarshalJSON([]byte(wrong), new(Handler)); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

// TestReadOnlyToken may look and not touch.
func TestReadOnlyToken(t *testing.T) {
	h, logs := newTestHandler(t, ok)
	h.auth = &ownTokens{
		tokens: []*ownToken{{name: "reader", digest: tokendigest.Of(goodToken), readOnly: true}}, now: time.Now, logger: zap.NewNop(),
	}
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/Users", 200},
		{"HEAD", "/Users/2", 200},
		{"OPTIONS", "/Users", 200},
		{"POST", "/Users/.search", 200},
		{"POST", "/.Search/", 200},
		{"POST", "/Users", 403},
		{"POST", "/Bulk", 403},
		{"POST", "/", 403},
		{"POST", "/Users/.search/2", 403},
		{"PUT", "/Users/2", 403},
		{"PUT", "/Users/.search", 403},
		{"PATCH", "/Groups/2", 403},
		{"DELETE", "/Users/2", 403},
		{"DELETE", "/Users/.search", 403},
	} {
		h.program = programFunc(ok)
		if tt.status != 200 {
			h.program = never(t)
		}
		w := serve(t, h, request(t, tt.method, "/api/scim/v2"+tt.path, ""))
		if w.Code != tt.status {
			t.Errorf("%s %s: status %d, want %d", tt.method, tt.path, w.Code, tt.status)
		}
		if tt.status == 403 {
			wantError(t, w, 403, "may only read")
			if got := w.Header().Get("WWW-Authenticate"); got != challengeScope {
				t.Errorf("challenge %q", got)
			}
		}
		if got := logs.TakeAll()[0].ContextMap()["token"]; got != "reader" {
			t.Errorf("%s %s: logged as %v", tt.method, tt.path, got)
		}
	}
}

// TestTokenNameIsKnown to whoever logs.
func TestTokenNameIsKnown(t *testing.T) {
	h, _ := newTestHandler(t, ok)
	for token, want := range map[string]string{goodToken: "idp", "another": "next", "wrong": "?"} {
		r := request(t, "GET", "/api/scim/v2/Users", "", "Authorization", "Bearer "+token)
		serve(t, h, r)
		repl, _ := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
		if got := repl.ReplaceAll("{http.scim.token}", "?"); got != want {
			t.Errorf("%s: %q, want %q", token, got, want)
		}
	}
}
