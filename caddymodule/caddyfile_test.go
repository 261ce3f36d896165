package caddymodule

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/standard"
	_ "github.com/caddyserver/caddy/v2/modules/logging"
)

// TestUnmarshalCaddyfile compares each testdata/caddyfile/NAME.caddyfile with
// the JSON in NAME.json.
func TestUnmarshalCaddyfile(t *testing.T) {
	files, err := filepath.Glob("testdata/caddyfile/*.caddyfile")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(file, ".caddyfile") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			h := new(Handler)
			if err := h.UnmarshalCaddyfile(caddyfile.NewTestDispenser(string(src))); err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(h, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != strings.TrimSpace(string(want)) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			// What was written can be read again, word by word.
			if err := caddy.StrictUnmarshalJSON(want, new(Handler)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnmarshalCaddyfileErrors(t *testing.T) {
	for _, tt := range []struct{ name, options, want string }{
		{"unknown", "upstreams http://x", "unrecognized subdirective 'upstreams', at Testfile:2"},
		{"no value", "mappings", "wrong argument count or unexpected line ending after 'mappings', at Testfile:2"},
		{"two values", "mappings a b", "wrong argument count or unexpected line ending after 'a', at Testfile:2"},
		{"empty value", `token ""`, "the value must not be empty, at Testfile:2"},
		{"twice", "timeout 1s\ntimeout 1s", "timeout is given twice, at Testfile:3"},
		{"flag with a value", "passthrough on", "wrong argument count or unexpected line ending after 'on', at Testfile:2"},
		{"duration", "timeout soon", "invalid timeout 'soon': must be a duration such as 30s or 5m, at Testfile:2"},
		{"no duration", "call_timeout 0s", "invalid call_timeout '0s': too short, at Testfile:2"},
		{"negative duration", "passthrough_ttl -1s", "invalid passthrough_ttl '-1s': too short, at Testfile:2"},
		{"number", "retries many", "invalid retries 'many': must be a whole number from 0, at Testfile:2"},
		{"negative number", "retries -1", "invalid retries '-1': must be a whole number from 0, at Testfile:2"},
		{"no calls", "max_concurrent_calls 0", "invalid max_concurrent_calls '0': must be a whole number from 1, at Testfile:2"},
		{"rate", "max_calls_per_second NaN", "invalid max_calls_per_second 'NaN': must be a number from 0, at Testfile:2"},
		{"no burst", "max_call_burst 0", "invalid max_call_burst '0': must be a whole number from 1, at Testfile:2"},
		{"half a burst", "max_call_burst 1.5", "invalid max_call_burst '1.5': must be a whole number from 1, at Testfile:2"},
		{"failures", "breaker_failures off", "invalid breaker_failures 'off': must be a whole number from 0, at Testfile:2"},
		{"no pause", "breaker_pause 0s", "invalid breaker_pause '0s': too short, at Testfile:2"},
		{"answer", "max_answer_size 0", "invalid max_answer_size '0': must be a size such as 512KiB or 1MiB, at Testfile:2"},
		{"no authority", "upstream_ca", "wrong argument count or unexpected line ending after 'upstream_ca', at Testfile:2"},
		{"certificate without a key", "upstream_cert a.pem", "wrong argument count or unexpected line ending after 'a.pem', at Testfile:2"},
		{"certificate and more", "upstream_cert a.pem a.key b", "wrong argument count or unexpected line ending after 'a.key', at Testfile:2"},
		{"empty key", `upstream_cert a.pem ""`, "the value must not be empty, at Testfile:2"},
		{"size", "max_body_size big", "invalid max_body_size 'big': must be a size such as 512KiB or 1MiB, at Testfile:2"},
		{"no size", "max_body_size 0", "invalid max_body_size '0': must be a size such as 512KiB or 1MiB, at Testfile:2"},
		{"no operations", "max_bulk_operations 0", "invalid max_bulk_operations '0': must be a whole number from 1, at Testfile:2"},
		{"correlations with a value", "correlations 5", "wrong argument count or unexpected line ending after '5', at Testfile:2"},
		{"unknown in correlations", "correlations {\nttl 5m\n}", "unrecognized subdirective 'correlations ttl', at Testfile:3"},
		{"twice in correlations", "correlations {\nsize 1\nsize 1\n}", "correlations: size is given twice, at Testfile:4"},
		{"size of correlations", "correlations {\nsize 0\n}", "invalid size '0': must be a whole number from 1, at Testfile:3"},
		{"age of correlations", "correlations {\nfreshness -1s\n}", "invalid freshness '-1s': too short, at Testfile:3"},
		{"no requests", "recent_requests 0", "invalid recent_requests '0': must be a whole number from 1, at Testfile:2"},
		{"requests and more", "recent_requests 5 bodies", "unexpected 'bodies'; after the count, there can be: values, at Testfile:2"},
		{"off and more", "recent_requests off values", "invalid recent_requests 'off': must be a whole number from 1, at Testfile:2"},
		{"requests of no number", "recent_requests", "wrong argument count or unexpected line ending after 'recent_requests', at Testfile:2"},
		{"no token", "token", "wrong argument count or unexpected line ending after 'token', at Testfile:2"},
		{"three tokens", "token a b c", "wrong argument count or unexpected line ending after 'c', at Testfile:2"},
		{"empty named token", `token a ""`, "the value must not be empty, at Testfile:2"},
		{"two tokens in a line", "token {env.A} {env.B}", "the name of a token must consist of 1 to 32 letters, digits, dots, dashes and underscores, at Testfile:2"},
		{"unknown in token", "token a b {\nexpire 2027-01-31\n}", "unrecognized subdirective 'token expire', at Testfile:3"},
		{"twice in token", "token a b {\nread_only\nread_only\n}", "token: read_only is given twice, at Testfile:4"},
		{"no day", "token a b {\nexpires 31.1.2027\n}", `expires: "31.1.2027" is neither a day such as 2027-01-31 nor a time such as 2027-01-31T18:00:00Z, at Testfile:3`},
		{"read_only with a value", "token b {\nread_only yes\n}", "wrong argument count or unexpected line ending after 'yes', at Testfile:3"},
		{"no network", "allow", "wrong argument count or unexpected line ending after 'allow', at Testfile:2"},
		{"network", "allow 192.0.2.0/33", "invalid allow '192.0.2.0/33': must be an address such as 192.0.2.7, a network such as 192.0.2.0/24, or private_ranges, at Testfile:2"},
		{"name for a network", "allow 192.0.2.7 example.com", "invalid allow 'example.com': must be an address"},
		{"failures without a time", "max_auth_failures 5", "wrong argument count or unexpected line ending after '5', at Testfile:2"},
		{"no failures", "max_auth_failures 0 1m", "invalid max_auth_failures '0': must be a whole number from 1, at Testfile:2"},
		{"failures for ever", "max_auth_failures 5 soon", "invalid max_auth_failures 'soon': must be a duration such as 1m or 1h, at Testfile:2"},
		{"no deactivations", "max_deactivations off", "wrong argument count or unexpected line ending after 'off', at Testfile:2"},
		{"deactivations in no time", "max_deactivations 5 0s", "invalid max_deactivations '0s': must be a duration such as 1m or 1h, at Testfile:2"},
		{"shrink without percent", "max_group_shrink 50", "invalid max_group_shrink '50': must be from 0% to 99%, at Testfile:2"},
		{"shrink by all", "max_group_shrink 100%", "invalid max_group_shrink '100%': must be from 0% to 99%, at Testfile:2"},
		{"shrink with nonsense", "max_group_shrink 50% some", "invalid max_group_shrink 'some': must be a whole number from 0, at Testfile:2"},
		{"maintenance with nonsense", "maintenance on", "invalid maintenance 'on': must be a duration such as 30s or 5m, at Testfile:2"},
		{"maintenance twice", "maintenance\nmaintenance", "maintenance is given twice, at Testfile:3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := new(Handler).UnmarshalCaddyfile(caddyfile.NewTestDispenser("scim {\n" + tt.options + "\n}"))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	err := new(Handler).UnmarshalCaddyfile(caddyfile.NewTestDispenser("scim mappings.yaml"))
	want := "unexpected argument 'mappings.yaml'; the options of scim go into a block, at Testfile:1"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestShippedCaddyfile adapts the Caddyfile that the repository ships.
func TestShippedCaddyfile(t *testing.T) {
	src, err := os.ReadFile("../Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	if formatted := caddyfile.Format(src); string(formatted) != string(src) {
		t.Errorf("not formatted; want\n%s", formatted)
	}
	// The values must not get into the adapted configuration, which Caddy
	// stores and shows.
	t.Setenv("SCIM_TOKEN", "secret-of-scim")
	t.Setenv("QUALYTICS_TOKEN", "secret-of-qualytics")
	for _, tt := range []struct{ url, want string }{
		{"", `"dial":"127.0.0.1:9000"`},
		{"https://corp.qualytics.io", `"dial":"corp.qualytics.io:443"`},
	} {
		if tt.url != "" {
			t.Setenv("QUALYTICS_URL", tt.url)
		}
		config, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt(src, map[string]any{"filename": "Caddyfile"})
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%v, %v", err, warnings)
		}
		got := string(config)
		for _, want := range []string{tt.want, `"handler":"scim"`, `"localhost"`, `"{env.SCIM_TOKEN}"`, `"{env.QUALYTICS_TOKEN}"`} {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in %s", want, got)
			}
		}
		if strings.Contains(got, "secret-of") {
			t.Errorf("a token is in %s", got)
		}
		if strings.Index(got, `"handler":"scim"`) > strings.Index(got, `"handler":"reverse_proxy"`) {
			t.Error("scim comes after reverse_proxy")
		}
	}
}
