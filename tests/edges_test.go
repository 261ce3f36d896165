package tests

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// bearer is the header with the provider's token.
const bearer = "Authorization: Bearer " + scimToken

// TestAnotherHost asks the shipped Caddyfile for a host that it is not: that is no
// success.
func TestAnotherHost(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 1)
	for _, host := range []string{"other.example", "127.0.0.1", "localhost.example:443"} {
		for _, request := range []string{"DELETE " + basePath + "/Users/2", "GET /api/users"} {
			got := st.roundTrip(t, request+" HTTP/1.1\r\nHost: "+host+"\r\n"+bearer+"\r\n\r\n")
			if got.status != http.StatusMisdirectedRequest {
				t.Errorf("%s of %s: status %d", request, host, got.status)
			}
		}
	}
	if len(st.sandbox.Calls()) > 0 {
		t.Errorf("the API was called: %s", callList(st.sandbox.Calls()))
	}
}

// TestPathsThatBeginWithTheBase are answered here, through Caddy's own handling of
// paths too.
func TestPathsThatBeginWithTheBase(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 1)
	for _, path := range []string{
		"/Users/..%2f..%2fusers", "/../../users/2", ";x/Users", "%00/Users", "x", ".", "/Users/3%2f..%2f2", "/%2e%2e/%2e%2e/users",
	} {
		for _, method := range []string{"GET", "DELETE"} {
			got := st.roundTrip(t, method+" "+basePath+path+" HTTP/1.1\r\nHost: "+st.host+"\r\n"+bearer+"\r\n\r\n")
			isSCIMError(t, got, 404)
		}
	}
	if calls := st.sandbox.Calls(); len(calls) > 0 {
		t.Errorf("the API was called: %s", callList(calls))
	}
}

// TestNobodyInTheAccessLog looks somebody up under every spelling of the parameter.
func TestNobodyInTheAccessLog(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 1)
	from := caddyLog.mark()
	for _, name := range []string{"filter", "Filter", "%46ilter", "f%69lTer", "filter%20"} {
		st.roundTrip(t, "GET "+basePath+"/Users?count=1&"+name+"=userName%20eq%20%22marker.person%22 HTTP/1.1\r\nHost: "+st.host+"\r\n"+bearer+"\r\n\r\n")
	}
	st.roundTrip(t, "GET /api/users?name=marker.person HTTP/1.1\r\nHost: "+st.host+"\r\nAuthorization: Bearer "+sandboxtest.Token+"\r\n\r\n")
	some := false
	for line := range strings.Lines(caddyLog.since(from)) {
		if !strings.Contains(line, "http.log.access") {
			continue
		}
		some = some || strings.Contains(line, "count=1")
		if strings.Contains(line, "marker") {
			t.Errorf("the access log has %s", line)
		}
	}
	if !some {
		t.Error("the access log has none of the requests")
	}
}

// TestRefusedRequestsAreListed has requests that were refused before anything of them
// was read: those with a right token are among the latest, those without one are
// counted by address and reason.
func TestRefusedRequestsAreListed(t *testing.T) {
	st, admin := startWithAdmin(t, setup{edit: withOptions("recent_requests 10")})
	st.sandbox.Seed(3, 1)
	for range 3 {
		st.ask(t, 401, "GET", "/Users", "", "Authorization", "Bearer wrong")
	}
	st.ask(t, 401, "GET", "/Users", "", "Authorization", "")
	st.ask(t, 415, "POST", "/Users", "userName=x", "Content-Type", "application/x-www-form-urlencoded")
	st.ask(t, 404, "GET", "/Users/3%2f2", "")
	var all adminapi.Requests
	askAdmin(t, admin, http.StatusOK, "GET", "/scim/requests", "", &all)
	if len(all.Requests) != 2 || all.Requests[0].Outcome.Status != 404 || all.Requests[1].Outcome.Status != 415 || all.Requests[1].Token == "" {
		t.Errorf("the latest requests are %+v", all.Requests)
	}
	if len(all.Refused) != 2 || all.Refused[0].Reason != "no_token" || all.Refused[1].Reason != "wrong_token" || all.Refused[1].Count != 3 || all.Refused[1].Address != "127.0.0.1" {
		t.Errorf("refused are %+v", all.Refused)
	}
	out, _, _ := caddyScim(t, "", "requests", "--address", admin)
	if !strings.Contains(out, "3 refused") || !strings.Contains(out, "wrong_token") || !strings.Contains(out, "from 127.0.0.1 since") {
		t.Errorf("the command prints %s", out)
	}
}

// TestLengthAndChunks gives a body two lengths: whatever follows on the connection is
// not taken for another request.
func TestLengthAndChunks(t *testing.T) {
	st := start(t, setup{})
	st.sandbox.Seed(3, 1)
	conn, err := st.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	head := " HTTP/1.1\r\nHost: " + st.host + "\r\n" + bearer + "\r\n"
	raw := "PUT " + basePath + "/Users/2" + head + "Content-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"2\r\n{}\r\n0\r\n\r\nDELETE " + basePath + "/Users/2" + head + "\r\n"
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if n := strings.Count(string(all), "HTTP/1.1 "); err != nil || n != 1 {
		t.Errorf("%d answers, %v:\n%s", n, err, all)
	}
	if u, _ := st.sandbox.User(2); !u.Active() {
		t.Error("what followed the body was taken for a request")
	}
}
