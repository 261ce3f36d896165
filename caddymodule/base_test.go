package caddymodule

import (
	"context"
	"net/url"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/qualytics/scim-sidecar/mapping"
)

func TestBase(t *testing.T) {
	const bad = "400"
	for _, tt := range []struct {
		name    string
		target  string
		trusted bool
		headers []string
		want    string
	}{
		{"plain", "http://scim.test/api/scim/v2", false, nil, "http://scim.test/api/scim/v2"},
		{"TLS and port", "https://scim.test:8443/API/scim/V2/", false, nil, "https://scim.test:8443/api/scim/v2"},
		{"IPv6", "https://[::1]:8443/api/scim/v2", false, nil, "https://[::1]:8443/api/scim/v2"},
		{
			"stray headers", "http://scim.test/api/scim/v2", false,
			[]string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.test", "Forwarded", "host=evil.test"},
			"http://scim.test/api/scim/v2",
		},
		{
			"trusted headers", "http://scim.test/api/scim/v2", true,
			[]string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "public.test"},
			"https://public.test/api/scim/v2",
		},
		{
			"the nearest proxy counts", "http://scim.test/api/scim/v2", true,
			[]string{"X-Forwarded-Proto", "http, HTTPS", "X-Forwarded-Host", "evil.test, public.test"},
			"https://public.test/api/scim/v2",
		},
		{
			"trusted nonsense", "https://scim.test/api/scim/v2", true,
			[]string{"X-Forwarded-Proto", "gopher", "X-Forwarded-Host", "a/b"},
			"https://scim.test/api/scim/v2",
		},
		{"markup", "http://x/api/scim/v2", false, []string{"Host", "<b>"}, bad},
		{"path in the host", "http://x/api/scim/v2", false, []string{"Host", "scim.test/x"}, bad},
		{"user in the host", "http://x/api/scim/v2", false, []string{"Host", "a@scim.test"}, bad},
		{"no host", "http://x/api/scim/v2", false, []string{"Host", ""}, bad},
		{"port", "http://x/api/scim/v2", false, []string{"Host", "scim.test:0"}, bad},
		{"no port", "http://x/api/scim/v2", false, []string{"Host", "scim.test:"}, bad},
		{"zone", "http://x/api/scim/v2", false, []string{"Host", "[fe80::1%25eth0]"}, bad},
		{"open bracket", "http://x/api/scim/v2", false, []string{"Host", "[::1"}, bad},
		{"bracketed name", "http://x/api/scim/v2", false, []string{"Host", "[scim.test]"}, bad},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			h, _ := newTestHandler(t, func(_ context.Context, _ mapping.World, req mapping.Request) mapping.Response {
				got = req.Base
				return mapping.Response{Status: 200}
			})
			r := request(t, "GET", tt.target, "", tt.headers...)
			caddyhttp.SetVar(r.Context(), caddyhttp.TrustedProxyVarKey, tt.trusted)
			w := serve(t, h, r)
			if tt.want == bad {
				wantError(t, w, 400, "The Host header is not")
				return
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			h.origin = "https://public.test"
			if serve(t, h, r); got != "https://public.test/api/scim/v2" {
				t.Errorf("with public_url: %q", got)
			}
		})
	}
}

func TestParseBasePath(t *testing.T) {
	for in, want := range map[string]string{
		"/api/scim/v2": "/api/scim/v2", "/scim/": "/scim", "//a//b": "/a/b", "/": "",
	} {
		if got, err := parseBasePath(in); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"scim", "/a?b", "/a*", "/{env.X}", "/a b"} {
		if got, err := parseBasePath(in); err == nil {
			t.Errorf("%s became %q", in, got)
		}
	}
}

func TestRootBase(t *testing.T) {
	for _, p := range []string{"/", "/Users/1"} {
		if got, ours := basePath("").below(&url.URL{Path: p}); got != p || !ours {
			t.Errorf("%s: %q, %t", p, got, ours)
		}
	}
	if got, ours := basePath("").below(&url.URL{Path: "*"}); got != "" || !ours {
		t.Errorf("* is the path %q, %t", got, ours)
	}
}
