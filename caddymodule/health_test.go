package caddymodule

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func TestHealthCaddyfile(t *testing.T) {
	for options, want := range map[string]string{
		"":                                   "",
		"{\ninstance eu-1\nfreshness 5s\n}":  "",
		"/healthz":                           "unexpected argument '/healthz'; the options of scim_health go into a block, at Testfile:1",
		"{\nfreshness\n}":                    "wrong argument count or unexpected line ending after 'freshness', at Testfile:2",
		"{\nfreshness 0s\n}":                 "invalid freshness '0s': too short, at Testfile:2",
		"{\ninstance eu-1\ninstance eu-2\n}": "instance is given twice, at Testfile:3",
		"{\ntimeout 5s\n}":                   "unrecognized subdirective 'timeout', at Testfile:2",
		"{\ninstance a b\n}":                 "wrong argument count or unexpected line ending after 'a', at Testfile:2",
	} {
		err := new(Health).UnmarshalCaddyfile(caddyfile.NewTestDispenser("scim_health " + options))
		wantMessage(t, options, err, want)
	}
}

// wantMessage checks how an error's text begins; "" is for no error.
func wantMessage(t *testing.T, what string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%q: got %v, want %s", what, err, want)
	}
}

// TestHealthProvision has names of instances that can't be.
func TestHealthProvision(t *testing.T) {
	for instance, want := range map[string]string{
		"eu-1":             "",
		"EU":               `instance: "EU" can't be a name in every storage`,
		"{env.TEST_UNSET}": "instance: evaluated placeholder {env.TEST_UNSET} is empty",
	} {
		m := &Health{Instance: instance}
		ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
		err := m.Provision(ctx)
		cancel()
		wantMessage(t, instance, err, want)
	}
	wantMessage(t, "freshness", (&Health{Freshness: -1}).Validate(), "freshness: must be longer than 0")
}
