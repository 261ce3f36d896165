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
		if got := ""; err != nil {
			if got = err.Error(); !strings.HasPrefix(got, want) || want == "" {
				t.Errorf("%q: got %s, want %s", options, got, want)
			}
		} else if want != "" {
			t.Errorf("%q: no error", options)
		}
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
		if got := ""; err != nil {
			got = err.Error()
			if want == "" || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s", instance, got)
			}
		} else if want != "" {
			t.Errorf("%s: no error", instance)
		}
	}
	if err := (&Health{Freshness: -1}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "freshness: ") {
		t.Errorf("%v", err)
	}
}
