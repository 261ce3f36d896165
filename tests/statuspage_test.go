package tests

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
)

// browserVariable names a Chromium with which the page is looked at. Without it,
// the page is taken as the server gives it.
const browserVariable = "SCIM_BROWSER"

// opsHash is what basic_auth compares the password "look" with.
func opsHash(t *testing.T) string {
	t.Helper()
	digest, err := caddyauth.BcryptHash{}.Hash([]byte("look"))
	if err != nil {
		t.Fatal(err)
	}
	return string(digest)
}

// seen is the page as a browser has it, once it has read all of it.
func (st *stack) seen(t *testing.T) string {
	t.Helper()
	browser := os.Getenv(browserVariable)
	if browser == "" {
		got, err := st.send(t, http.MethodGet, "/scim-status", "", basic("ops:look")...)
		if err != nil || got.status != http.StatusOK {
			t.Fatalf("%v, status %d: %s", err, got.status, got.body)
		}
		return string(got.body)
	}
	command := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors",
		"--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--dump-dom", "https://ops:look@"+st.host+"/scim-status")
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, &messages)
	}
	if strings.Contains(messages.String(), "CONSOLE") {
		t.Errorf("the browser has to say: %s", &messages)
	}
	return out.String()
}

// busy makes requests of several kinds.
func busy(t *testing.T, st *stack) {
	t.Helper()
	st.sandbox.Seed(12, 2)
	st.scim(t, 200, "GET", lookUp("nova.lima@corp.test"), "")
	st.scim(t, 201, "POST", "/Users", `{"userName":"<script>alert(1)</script>@corp.test","title":"Analyst","externalId":"e-77"}`)
	st.scim(t, 409, "POST", "/Users", `{"userName":"<script>alert(1)</script>@corp.test"}`)
	st.scim(t, 200, "PATCH", "/Groups/2", addMember("4"))
	st.scim(t, 200, "PATCH", "/Groups/role-manager", addMember("5"))
	st.scim(t, 200, "PUT", "/Users/5", `{"active":"false"}`)
	st.scim(t, 204, "DELETE", "/Users/6", "")
	st.scim(t, 503, "DELETE", "/Users/7", "")
}

// TestStatusPage has on the page what the handler is and does, in a browser if
// there is one.
func TestStatusPage(t *testing.T) {
	st := start(t, setup{paced: true, edit: both(
		withOptions("instance production\nmax_deactivations 2 1h\nrecent_requests 100 values"),
		statusSite("basic_auth {\nops "+opsHash(t)+"\n}\nscim_status"),
	)})
	busy(t, st)
	page := st.seen(t)
	for _, part := range []string{
		"<title>SCIM status</title>", "instance-production/api/scim/v2", ">answers<", ">2 of 2</span> deactivations", "token-1", "string-booleans",
		"POST", "/api/users", "to make it", "title", "&lt;script&gt;alert(1)&lt;/script&gt;@corp.test", "uniqueness", "+4", "Manager",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not on the page", part)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, scimToken) {
		t.Errorf("this is on the page: %s", page)
	}
	got, err := st.send(t, http.MethodHead, "/scim-status", "", basic("ops:look")...)
	if err != nil || !strings.HasPrefix(got.header.Get("Content-Security-Policy"), "default-src 'none'") ||
		!strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Errorf("%v: %v", err, got.header)
	}
}

// statusSite has the page under a path of the site, with what stands before it.
func statusSite(lines string) func(string) string {
	return func(caddyfile string) string {
		return strings.Replace(caddyfile, "	# Everything else.", "	handle /scim-status {\n"+lines+"\n	}\n\n	# Everything else.", 1)
	}
}

// TestStatusPageBehindAuthentication shows it to those who have come through one,
// and to nobody where there is none.
func TestStatusPageBehindAuthentication(t *testing.T) {
	hash := opsHash(t)
	for name, c := range map[string]struct {
		lines, user string
		status      int
	}{
		"without any":         {"scim_status", "", 403},
		"unauthenticated":     {"basic_auth {\nops " + hash + "\n}\nscim_status", "", 401},
		"a claim":             {"scim_status", "ops:look", 403},
		"another placeholder": {"scim_status {http.request.tls.client.subject}", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			st := start(t, setup{edit: statusSite(c.lines)})
			got, err := st.send(t, "GET", "/scim-status", "", basic(c.user)...)
			if err != nil || got.status != c.status || strings.Contains(string(got.body), "SCIM status") {
				t.Errorf("%v, status %d: %s", err, got.status, got.body)
			}
		})
	}
	st := start(t, setup{edit: statusSite("basic_auth {\nops " + hash + "\n}\nscim_status")})
	got, err := st.send(t, "GET", "/scim-status", "", basic("ops:look")...)
	if err != nil || got.status != 200 || !strings.Contains(string(got.body), "<h1>SCIM status</h1>") {
		t.Errorf("%v, status %d: %s", err, got.status, got.body)
	}
	if got, err := st.send(t, "DELETE", "/scim-status", "", basic("ops:look")...); err != nil || got.status != 405 {
		t.Errorf("%v, status %d", err, got.status)
	}
}

// basic is the header by which a user and a password are sent; none for nobody.
func basic(user string) []string {
	if user == "" {
		return []string{"Authorization", ""}
	}
	req, _ := http.NewRequest(http.MethodGet, "/", http.NoBody)
	name, password, _ := strings.Cut(user, ":")
	req.SetBasicAuth(name, password)
	return []string{"Authorization", req.Header.Get("Authorization")}
}
