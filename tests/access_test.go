package tests

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// options is an edit of the Caddyfile that adds lines to scim's block.
func options(lines string) func(string) string {
	return replaced("\tscim {\n", "\tscim {\n"+lines+"\n")
}

// change loads the configuration with these lines in scim's block and no other
// ones of this kind, as an operator does who edits the Caddyfile and reloads.
func (st *stack) change(t *testing.T, edit func(string) string) {
	t.Helper()
	js, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(shippedCaddyfile(t, edit)), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	fresh, old := decode(t, js), decode(t, st.config)
	set(old, at(fresh, "apps", "http", "servers", "srv0", "routes"), "apps", "http", "servers", "srv0", "routes")
	st.config = encode(t, old)
	st.reload(t)
}

// ask sends a request and checks its status; Retry-After must be there if, and
// only if, another try is worth it.
func (st *stack) ask(t *testing.T, status int, method, path, body string, headers ...string) reply {
	t.Helper()
	got, err := st.send(t, method, basePath+path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != status {
		t.Errorf("%s %s: status %d instead of %d: %s", method, path, got.status, status, got.body)
	}
	if status >= 400 {
		isSCIMError(t, got, status)
	}
	retry, err := strconv.Atoi(got.header.Get("Retry-After"))
	if later := status == 429 || status == 503; later != (err == nil && retry > 0) {
		t.Errorf("%s %s: status %d with Retry-After %q", method, path, got.status, got.header.Get("Retry-After"))
	}
	return got
}

// TestTokens has tokens of all kinds side by side.
func TestTokens(t *testing.T) {
	const reader, hashed, old = "reader-token-of-an-auditor", "token-that-nobody-wrote-down", "old-token-that-has-ended"
	sum := sha256.Sum256([]byte(hashed))
	t.Setenv("READER", reader)
	t.Setenv("OLD", old)
	mark := caddyLog.mark()
	st := start(t, setup{edit: options(`
		token auditor {env.READER} {
			read_only
		}
		token onelogin sha256:` + hex.EncodeToString(sum[:]) + `
		token before {env.OLD} {
			expires 2020-01-31
		}`)})
	st.sandbox.Seed(3, 2)
	if len(logLines(caddyLog.since(mark), `"level":"warn"`, "has expired", `"token":"before"`)) != 1 {
		t.Errorf("no operator is told:\n%s", caddyLog.since(mark))
	}
	for token, want := range map[string]struct {
		name        string
		read, write int
	}{
		scimToken:                              {"token-4", 200, 200},
		reader:                                 {"auditor", 200, 403},
		hashed:                                 {"onelogin", 200, 200},
		old:                                    {"", 401, 401},
		"sha256:" + hex.EncodeToString(sum[:]): {"", 401, 401},
	} {
		st.token = token
		mark := caddyLog.mark()
		st.sandbox.ResetCalls()
		st.ask(t, want.read, "GET", "/Users/2", "")
		reads := len(st.sandbox.Calls())
		st.ask(t, want.write, "PUT", "/Users/2", `{"displayName":"From `+want.name+`"}`)
		if calls := st.sandbox.Calls(); want.write != 200 && len(calls) != reads {
			t.Errorf("%s: what is refused was looked up: %s", token, callList(calls))
		}
		st.ask(t, want.write, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/999"}]}`)
		log := caddyLog.since(mark)
		// Each request has a line, and so has the operation in the third one.
		lines := map[int]int{200: 4, 403: 3, 401: 0}[want.write]
		if n := len(logLines(log, `"logger":"http.handlers.scim"`, `"token":"`+want.name+`"`)); n != lines {
			t.Errorf("%s: %d lines name the token:\n%s", token, n, log)
		}
		if n := len(logLines(log, `"logger":"http.log.access`, `"scim_token":"`+want.name+`"`)); n != min(lines, 3) {
			t.Errorf("%s: %d lines of the access log name the token:\n%s", token, n, log)
		}
		if strings.Contains(log, token) {
			t.Errorf("the token %s is in the log:\n%s", token, log)
		}
	}
	if w := logLines(caddyLog.since(mark), `"level":"warn"`, "has expired"); len(w) != 1 {
		t.Errorf("warned %d times of one token", len(w))
	}
}

// behindProxy makes the loopback interface a trusted proxy.
func behindProxy(lines string) func(string) string {
	return func(caddyfile string) string {
		caddyfile = strings.Replace(caddyfile, "\t\t# trusted_proxies static private_ranges\n\t\t# trusted_proxies_strict\n",
			"\t\ttrusted_proxies static 127.0.0.1\n\t\ttrusted_proxies_strict\n", 1)
		return options(lines)(caddyfile)
	}
}

// TestAllowedNetworks goes by the client's address as Caddy has it.
func TestAllowedNetworks(t *testing.T) {
	st := start(t, setup{edit: behindProxy("allow 203.0.113.0/24 2001:db8::/32")})
	for forwarded, in := range map[string]bool{
		"203.0.113.9":               true,
		"2001:db8::9":               true,
		"198.51.100.1":              false,
		"":                          false, // the proxy itself
		"203.0.113.9, 198.51.100.1": false, // the client's invention before its address
		"198.51.100.1, 203.0.113.9": true,
		"nonsense":                  false,
	} {
		for token, status := range map[string]int{scimToken: 200, "wrong": 401} {
			if !in {
				status = 403
			}
			got := st.ask(t, status, "GET", "/Users", "", "Authorization", "Bearer "+token, "X-Forwarded-For", forwarded)
			if !in && got.header.Get("WWW-Authenticate") != "" {
				t.Errorf("%q, %s: a challenge before the address is right", forwarded, token)
			}
		}
	}
	// What is not SCIM is not SCIM's matter.
	if got, err := st.send(t, "GET", "/api/health", ""); err != nil || got.status != 204 {
		t.Errorf("%d, %v", got.status, err)
	}
}

// TestAllowWithoutProxies believes nobody about the client's address.
func TestAllowWithoutProxies(t *testing.T) {
	st := start(t, setup{edit: options("allow 203.0.113.0/24")})
	for _, header := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"} {
		st.ask(t, 403, "GET", "/Users", "", header, "203.0.113.9")
	}
	st.change(t, options("allow private_ranges"))
	st.ask(t, 200, "GET", "/Users", "")
}

// TestThrottledAddress slows down who guesses, and nobody else.
func TestThrottledAddress(t *testing.T) {
	st := start(t, setup{edit: behindProxy("max_auth_failures 3 1h")})
	guess := func(status int, token, from string) {
		t.Helper()
		st.ask(t, status, "GET", "/Users", "", "Authorization", "Bearer "+token, "X-Forwarded-For", from)
	}
	for _, from := range []string{"203.0.113.1", "2001:db8:1:2::1"} {
		for range 3 {
			guess(401, "wrong", from)
		}
		for range 3 {
			guess(429, "wrong", from)
		}
		guess(200, scimToken, from)
	}
	guess(429, "wrong", "2001:db8:1:2:ffff::2")
	guess(401, "wrong", "2001:db8:1:3::1")
	guess(401, "wrong", "203.0.113.2")
	guess(401, "wrong", "198.51.100.1, 203.0.113.3")
}

// TestRunawayProvider has a provider deactivate everybody: it gets as far as
// the limit, and further once an operator says so.
func TestRunawayProvider(t *testing.T) {
	st := start(t, setup{edit: options("max_deactivations 3 1h")})
	st.sandbox.Seed(20, 3)
	mark := caddyLog.mark()
	active := func() int {
		n := 0
		for _, u := range st.sandbox.Users() {
			if u.Active() {
				n++
			}
		}
		return n
	}
	before := active()
	deactivate := func(status int, id string) {
		t.Helper()
		st.ask(t, status, "PATCH", "/Users/"+id, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	}
	st.ask(t, 204, "DELETE", "/Users/4", "")
	deactivate(200, "5")
	deactivate(200, "5")
	st.ask(t, 204, "DELETE", "/Groups/2", "")
	writes := len(st.writes())
	deactivate(503, "6")
	st.ask(t, 503, "DELETE", "/Users/7", "")
	st.ask(t, 503, "DELETE", "/Groups/3", "")
	deactivate(200, "5")
	if n := active(); n != before-2 || len(st.writes()) != writes {
		t.Errorf("%d were deactivated: %s", before-n, callList(st.writes()))
	}
	if n := len(logLines(caddyLog.since(mark), `"level":"error"`, "max_deactivations")); n != 3 {
		t.Errorf("operators are told %d times:\n%s", n, caddyLog.since(mark))
	}

	// The same limit again is no more room; a higher one is.
	st.reload(t)
	deactivate(503, "6")
	st.change(t, options("max_deactivations 5 1h"))
	deactivate(200, "6")
	st.ask(t, 204, "DELETE", "/Users/7", "")
	deactivate(503, "8")
	st.change(t, nil)
	deactivate(200, "8")
}

// TestShrinkingGroups has a provider empty a group.
func TestShrinkingGroups(t *testing.T) {
	st := start(t, setup{edit: options("max_group_shrink 50% 2")})
	st.sandbox.Seed(20, 3)
	var members []string
	for _, u := range st.sandbox.Users()[10:20] {
		members = append(members, `{"value":"`+strconv.Itoa(u.ID)+`"}`)
	}
	list := func(ids []string) string {
		return `{"displayName":"All of us","members":[` + strings.Join(ids, ",") + `]}`
	}
	created := st.scim(t, 201, "POST", "/Groups", list(members)).json(t)
	path := "/Groups/" + created["id"].(string)
	st.ask(t, 503, "PUT", path, list(nil))
	st.ask(t, 503, "PUT", path, list(members[6:]))
	st.ask(t, 503, "PATCH", path, `{"Operations":[{"op":"remove","path":"members"}]}`)
	st.ask(t, 503, "DELETE", path, "")
	if team, _ := st.sandbox.TeamByName("All of us"); len(team.UserIDs) != 10 {
		t.Errorf("%d members are left", len(team.UserIDs))
	}
	st.ask(t, 200, "PUT", path, list(members[5:]))
	st.ask(t, 200, "PUT", path, list(members[7:]))
	st.change(t, options("max_group_shrink 99% 5"))
	st.ask(t, 204, "DELETE", path, "")
}

// TestReadOnlyAndMaintenance go on and off by a reload.
func TestReadOnlyAndMaintenance(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 2)
	st.scim(t, 200, "GET", "/Users/2", "")
	for _, step := range []struct {
		lines                            string
		read, write, discover, elsewhere int
	}{
		{"read_only", 200, 503, 200, 204},
		{"maintenance", 503, 503, 200, 204},
		{"read_only 1m\nmaintenance 1h", 503, 503, 200, 204},
		{"timeout 30s", 200, 200, 200, 204},
	} {
		st.change(t, options(step.lines))
		st.sandbox.ResetCalls()
		st.ask(t, step.read, "GET", "/Users/2", "")
		st.ask(t, step.write, "PUT", "/Users/2", `{"displayName":"`+strings.Fields(step.lines)[0]+`"}`)
		st.ask(t, step.discover, "GET", "/ServiceProviderConfig", "")
		if calls := st.sandbox.Calls(); step.read == 503 && len(calls) > 0 {
			t.Errorf("%s: the API was called: %s", step.lines, callList(calls))
		}
		if writes := st.writes(); step.write == 503 && len(writes) > 0 {
			t.Errorf("%s: the API was written to: %s", step.lines, callList(writes))
		}
		if got, err := st.send(t, "GET", "/api/health", ""); err != nil || got.status != step.elsewhere {
			t.Errorf("%s: elsewhere: status %d, %v", step.lines, got.status, err)
		}
	}
}
