package tests

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// accessSections are those of RFC 7644 section 2.
var accessSections = []section{
	{"7644-2", []check{
		{"challenge", func(t *testing.T, p *provider) {
			for _, authorization := range []string{"", "Authorization: Basic c2NpbTpzY2lt\r\n", "Authorization: Bearer wrong\r\n"} {
				got := p.roundTrip(t, "GET "+basePath+"/Users HTTP/1.1\r\nHost: "+p.host+"\r\n"+authorization+"\r\n")
				isSCIMError(t, got, 401)
				if challenge := got.header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer ") {
					t.Errorf("WWW-Authenticate is %q", challenge)
				}
			}
		}},
		{"anonymous", func(t *testing.T, p *provider) {
			for _, line := range []string{"GET " + basePath + "/ServiceProviderConfig", "POST " + basePath + "/Users", "GET " + basePath + "/Nothing"} {
				isSCIMError(t, p.roundTrip(t, line+" HTTP/1.1\r\nHost: "+p.host+"\r\nContent-Length: 0\r\n\r\n"), 401)
			}
			if calls := p.sandbox.Calls(); len(calls) > 0 {
				t.Errorf("the API was called: %s", callList(calls))
			}
		}},
	}},
}

const (
	tls11 = tls.VersionTLS11
	tls12 = tls.VersionTLS12
)

// handshake tries to speak one version of TLS.
func (st *stack) handshake(t *testing.T, version uint16) error {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{MinVersion: version, MaxVersion: version, RootCAs: st.roots, ServerName: "localhost"}}
	conn, err := dialer.DialContext(t.Context(), "tcp", st.address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// inTheClear sends a request without TLS and returns what comes back.
func (st *stack) inTheClear(t *testing.T, raw string) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", st.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
