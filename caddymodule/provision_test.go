package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/goleak"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// provision provisions a handler as Caddy does, and cleans it up with the test.
func provision(t *testing.T, h *Handler) error {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	err := h.provision(ctx, newMemoryStorage())
	if err == nil {
		err = h.Validate()
	}
	t.Cleanup(func() {
		cancel()
		// Caddy may do it twice after a failure.
		for range 2 {
			if err := h.Cleanup(); err != nil {
				t.Error(err)
			}
		}
	})
	return err
}

// tokens are tokens without anything more.
func tokens(secrets ...string) []Token {
	all := make([]Token, len(secrets))
	for i, s := range secrets {
		all[i].Token = s
	}
	return all
}

// valid returns a handler with nothing wrong.
func valid() *Handler {
	return &Handler{Mappings: "testdata/mappings.yaml", Tokens: tokens(goodToken), UpstreamToken: testToken}
}

func TestProvision(t *testing.T) {
	t.Setenv("TEST_SCIM", " "+goodToken+"\n")
	t.Setenv("TEST_URL", "https://Corp.Qualytics.io/")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(testToken+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := valid()
	h.Tokens = tokens("{env.TEST_SCIM}", "the-next-token-to-come")
	h.UpstreamToken = "{file." + file + "}"
	h.Upstream = "{env.TEST_URL}"
	h.PublicURL = "https://scim.test/"
	h.Tolerances = &Tolerances{Profile: "okta", On: []string{"op-case"}, Off: []string{"blank-is-unset"}}
	if err := provision(t, h); err != nil {
		t.Fatal(err)
	}
	auth, _ := h.auth.(*ownTokens)
	if auth == nil || auth.upstream != testToken || len(auth.tokens) != 2 || auth.tokens[0].digest != tokendigest.Of(goodToken) ||
		auth.tokens[1].name != "token-2" {
		t.Errorf("auth %+v", h.auth)
	}
	if got := h.upstream.base.String(); got != "https://corp.qualytics.io" {
		t.Errorf("upstream %s", got)
	}
	if h.origin != "https://scim.test" || h.base != "/api/scim/v2" {
		t.Errorf("origin %q, base %q", h.origin, h.base)
	}
	if h.tolerances != tolerance.Of(tolerance.PathlessReadOnly, tolerance.OpCase) {
		t.Errorf("tolerances %v", h.tolerances.Names())
	}
	if h.correlations.freshness != 5*time.Minute || h.upstream.retries != 3 || h.MaxBodySize != 1<<20 {
		t.Error("defaults are missing")
	}
}

func TestProvisionPassthrough(t *testing.T) {
	h := &Handler{Mappings: "testdata/mappings.yaml", Passthrough: true}
	if err := provision(t, h); err != nil {
		t.Fatal(err)
	}
	auth, _ := h.auth.(*passthrough)
	if auth == nil || auth.ttl != time.Minute || auth.check.call.Path != "/api/users/me" {
		t.Errorf("auth %+v", h.auth)
	}
	if h.tolerances != tolerance.AllOn() {
		t.Errorf("tolerances %v", h.tolerances.Names())
	}
}

func TestProvisionErrors(t *testing.T) {
	t.Setenv("TEST_EMPTY", "")
	t.Setenv("TEST_BLANK", " \n")
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	src, err := os.ReadFile("testdata/mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := write("broken.yaml", "version: 1\nupstream: 5\nresources: 6\n")
	noCaller := write("no-caller.yaml", strings.Replace(string(src), "caller:", "#", 1))

	for _, tt := range []struct {
		name   string
		change func(h *Handler)
		want   string
	}{
		{"nobody gets in", func(h *Handler) { h.Tokens = nil }, "nobody could get in: set token, for example to {env.SCIM_TOKEN}, or passthrough"},
		{"token and passthrough", func(h *Handler) { h.Passthrough = true }, "passthrough and token exclude each other: leave out one of them"},
		{
			"upstream_token and passthrough", func(h *Handler) { h.Tokens, h.Passthrough = nil, true },
			"passthrough and upstream_token exclude each other: with passthrough, the API is called with the token that was presented",
		},
		{
			"no upstream_token", func(h *Handler) { h.UpstreamToken = "" },
			"upstream_token is missing: set it to the token of an Admin in the API, for example {env.QUALYTICS_TOKEN}",
		},
		{"unset", func(h *Handler) { h.Tokens = tokens("{env.TEST_UNSET}") }, "token: {env.TEST_UNSET} is unset or empty; set it before the server starts"},
		{"empty", func(h *Handler) { h.Tokens = tokens(goodToken, "{env.TEST_EMPTY}") }, "token 2: {env.TEST_EMPTY} is unset or empty; set it before the server starts"},
		{"blank", func(h *Handler) { h.UpstreamToken = "{env.TEST_BLANK}" }, "upstream_token: {env.TEST_BLANK} is unset or empty; set it before the server starts"},
		{"no file", func(h *Handler) { h.UpstreamToken = "{file./no/such/file}" }, "upstream_token: {file./no/such/file} is unset or empty; set it before the server starts"},
		{"braces in a token", func(h *Handler) { h.Tokens = tokens("sec{ret}token") }, "token: the value is unset or empty; set it before the server starts"},
		{
			"blank in a token", func(h *Handler) { h.Tokens = tokens("secret token") },
			"token: the value holds a character that no bearer token can have, such as a blank or a comma",
		},
		{"no mapping", func(h *Handler) { h.Mappings = "no/such.yaml" }, "mappings: open no/such.yaml: no such file or directory"},
		{"mapping unset", func(h *Handler) { h.Mappings = "{env.TEST_UNSET}" }, "mappings: evaluated placeholder {env.TEST_UNSET} is empty"},
		{"mapping with mistakes", func(h *Handler) { h.Mappings = broken }, "mappings: the file can't be used as it is:\n" + broken + ":2:11: "},
		{
			"no way to ask", func(h *Handler) { *h = Handler{Mappings: noCaller, Passthrough: true} },
			"passthrough: the mapping does not say how to ask the API whose token it is; add that to the mapping, or use token and upstream_token",
		},
		{
			"plaintext", func(h *Handler) { h.Upstream = "http://api:9000" },
			"upstream: api:9000 would carry the token over the network unencrypted; use https, or write allow_plaintext if that network is trusted",
		},
		{"upstream unset", func(h *Handler) { h.Upstream = "{env.TEST_UNSET}" }, "upstream: evaluated placeholder {env.TEST_UNSET} is empty"},
		{"instance", func(h *Handler) { h.Instance = "EU/1" }, `instance: "EU/1" can't be a name in every storage; use up to 63 small letters, digits and dashes, such as production`},
		{"instance unset", func(h *Handler) { h.Instance = "{env.TEST_UNSET}" }, "instance: evaluated placeholder {env.TEST_UNSET} is empty"},
		{"base path", func(h *Handler) { h.BasePath = "scim" }, "base_path: must begin with a slash and be a plain path such as /api/scim/v2"},
		{"public URL", func(h *Handler) { h.PublicURL = "scim.test" }, `public_url: "scim.test" is not a scheme and a host; write it like https://scim.example.com`},
		{"public URL with a path", func(h *Handler) { h.PublicURL = "https://scim.test/x" }, `public_url: "https://scim.test/x" is not a scheme and a host; write it like https://scim.example.com`},
		{"retries", func(h *Handler) { h.Retries = new(int); *h.Retries = 11 }, "retries: must be from 0 to 10, not 11"},
		{"response type", func(h *Handler) { h.ResponseType = "text/html" }, `response_type: must be auto, application/json or application/scim+json, not "text/html"`},
		{"profile", func(h *Handler) { h.Tolerances = &Tolerances{Profile: "Okta"} }, `tolerances: there is no profile called "Okta"; did you mean "okta"?`},
		{"network", func(h *Handler) { h.Allow = []string{"{env.TEST_UNSET}"} }, "allow: invalid IP address: ''"},
		{
			"rates", func(h *Handler) {
				h.MaxAuthFailures, h.MaxDeactivations = &Rate{Count: 5}, &Rate{Within: 1}
				h.MaxGroupShrink = &MaxGroupShrink{Percent: 100}
				h.Maintenance = &Pause{RetryAfter: -1}
			},
			"max_auth_failures: must be a number from 0, which is off, within a time longer than 0\n" +
				"max_deactivations: must be a number from 1 within a time longer than 0\n" +
				"max_group_shrink: must be from 0 to 99 percent, and spare a number of members from 0\n" +
				"maintenance: must not be negative",
		},
		{
			"several", func(h *Handler) { h.Timeout, h.CallTimeout, h.MaxBodySize, h.MaxBulkOperations = -1, -1, -1, -1 },
			"timeout: must be longer than 0\ncall_timeout: must be longer than 0\nmax_body_size: must be at least 1, not -1\n" +
				"max_bulk_operations: must be at least 1, not -1",
		},
		{
			"negative numbers", func(h *Handler) {
				freshness := caddy.Duration(-1)
				h.MaxConcurrentCalls, h.MaxCallsPerSecond, h.MaxCallBurst = -1, new(float64), -1
				*h.MaxCallsPerSecond = -1
				h.Correlations = &Correlations{Size: -1, Freshness: &freshness}
			},
			"max_concurrent_calls: must be at least 1, not -1\nmax_calls_per_second: must not be negative\n" +
				"max_call_burst: must be at least 1, not -1\n" +
				"correlations size: must be at least 1, not -1\ncorrelations freshness: must not be negative",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := valid()
			tt.change(h)
			err := provision(t, h)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			for _, secret := range []string{"sec", "ret}", goodToken, testToken} {
				if strings.Contains(strings.ReplaceAll(err.Error(), "max_calls_per_second", ""), secret) {
					t.Errorf("%q is in %v", secret, err)
				}
			}
			if len(h.held) > 0 {
				t.Error("shared state was taken")
			}
		})
	}
}

func TestSharedState(t *testing.T) {
	sized := func(upstream string, size int) *Handler {
		h := valid()
		h.Upstream, h.Correlations = upstream, &Correlations{Size: size}
		if err := provision(t, h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := sized("https://a.test", 2)
	second := sized("https://A.test/", 1)
	if first.correlations != second.correlations || first.keeper != second.keeper {
		t.Error("the same upstream does not share")
	}
	learnMany(first.correlations, 2)
	if n := first.correlations.facts.Len(); n != 1 {
		t.Errorf("%d facts: the new size does not count", n)
	}
	if other := sized("https://b.test", 1); other.correlations == first.correlations || other.keeper == first.keeper {
		t.Error("another upstream shares")
	}

	src, err := os.ReadFile("testdata/mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	edited := valid()
	edited.Upstream = "https://a.test"
	edited.Mappings = filepath.Join(t.TempDir(), "mappings.yaml")
	if err := os.WriteFile(edited.Mappings, append(src, "# edited\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := provision(t, edited); err != nil {
		t.Fatal(err)
	}
	if edited.correlations == first.correlations || edited.keeper != first.keeper {
		t.Error("another mapping must share what is kept and nothing else")
	}
}

// TestStoragePrefix is about which handlers share what is kept.
func TestStoragePrefix(t *testing.T) {
	named := func(instance, upstream string) *keeper {
		h := valid()
		h.Instance, h.Upstream = instance, upstream
		if err := provision(t, h); err != nil {
			t.Fatal(err)
		}
		return h.keeper
	}
	t.Setenv("TEST_INSTANCE", "eu-1")
	eu := named("eu-1", "https://a.test")
	if eu.prefix != "scim/instance-eu-1" || named("{env.TEST_INSTANCE}", "https://b.test") != eu {
		t.Errorf("one name, and yet two; %s", eu.prefix)
	}
	other, unnamed := named("eu-2", "https://a.test"), named("", "https://a.test")
	if other == eu || unnamed == eu || !strings.HasPrefix(unnamed.prefix, "scim/upstream-") {
		t.Errorf("%s, %s, %s", eu.prefix, other.prefix, unnamed.prefix)
	}
	// What is stored must be found by later versions.
	if want := "scim/upstream-93fb074e7b13b63568afcc41e2ed3c4b"; unnamed.prefix != want {
		t.Errorf("got %s, want %s", unnamed.prefix, want)
	}
}

func TestCleanup(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	if err := new(Handler).Cleanup(); err != nil {
		t.Error(err)
	}
	h := valid()
	t.Run("provision", func(t *testing.T) {
		if err := provision(t, h); err != nil {
			t.Fatal(err)
		}
		if n, ok := keeperPool.References(h.keeper.prefix); n != 1 || !ok || !loadedStorages.has(h.storage) {
			t.Errorf("%d references", n)
		}
	})
	if !h.correlations.closed || h.keeper.life.Err() == nil || loadedStorages.has(h.storage) || len(h.held) != 0 {
		t.Error("the shared state was not given back")
	}
}
