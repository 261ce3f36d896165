package caddymodule

import (
	"net/http"
	"testing"
)

func TestBearer(t *testing.T) {
	for _, tt := range []struct {
		name      string
		values    []string
		token     string
		presented bool
	}{
		{"none", nil, "", false},
		{"plain", []string{"Bearer abc"}, "abc", true},
		{"any case", []string{"bEaReR abc"}, "abc", true},
		{"blanks", []string{"  Bearer   abc  "}, "abc", true},
		{"another scheme", []string{"Basic YTpi"}, "", false},
		{"no scheme", []string{"abc"}, "", false},
		{"longer scheme", []string{"Bearerx abc"}, "", false},
		{"empty", []string{"Bearer"}, "", true},
		{"blank", []string{"Bearer "}, "", true},
		{"two tokens", []string{"Bearer abc def"}, "", true},
		{"a list", []string{"Bearer abc, Bearer def"}, "", true},
		{"two headers", []string{"Bearer abc", "Bearer abc"}, "", true},
	} {
		header := http.Header{}
		if tt.values != nil {
			header["Authorization"] = tt.values
		}
		if token, presented := bearer(header); token != tt.token || presented != tt.presented {
			t.Errorf("%s: %q, %t", tt.name, token, presented)
		}
	}
}

func TestOwnTokens(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		in           bool
		challenge    string
	}{
		{"the second of two", "Bearer " + goodToken, true, ""},
		{"the first of two", "bearer another", true, ""},
		{"wrong", "Bearer wrong", false, challengeInvalid},
		{"longer", "Bearer " + goodToken + "x", false, challengeInvalid},
		{"the API's", "Bearer " + testToken, false, challengeInvalid},
		{"none", "", false, challenge},
		{"another scheme", "Basic " + goodToken, false, challenge},
		{"empty", "Bearer ", false, challengeInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// Nothing is looked at before the token: not the path, not the
			// host, not the body.
			program := programFunc(ok)
			method, target, host, body := "GET", "/api/scim/v2/Users", "scim.test", ""
			if !tt.in {
				program, method, target, host, body = never(t), "POST", "/api/scim/v2/no/such/path", "<bad>", "<xml/>"
			}
			h, _ := newTestHandler(t, program)
			h.MaxBodySize = 1
			r := request(t, method, target, body, "Host", host, "Content-Type", "text/xml")
			r.Header.Del("Authorization")
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			w := serve(t, h, r)
			if tt.in {
				if w.Code != 200 || w.Header().Get("WWW-Authenticate") != "" {
					t.Errorf("%d %v", w.Code, w.Header())
				}
				return
			}
			wantError(t, w, 401, "token")
			if got := w.Header()["Www-Authenticate"]; len(got) != 1 || got[0] != tt.challenge {
				t.Errorf("challenge %q", got)
			}
		})
	}
}
