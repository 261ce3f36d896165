package caddymodule

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	// file holds its certificate.
	file string
}

func newAuthority(t *testing.T, name string) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.file, _ = a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// issue writes a certificate and its key to files. The first one is the
// authority's own.
func (a *authority) issue(template *x509.Certificate) (certFile, keyFile string) {
	a.t.Helper()
	check := func(err error) {
		a.t.Helper()
		if err != nil {
			a.t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	check(err)
	if a.cert == nil {
		a.cert, err = x509.ParseCertificate(der)
		check(err)
		a.key = key
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	name := filepath.Join(a.dir, template.SerialNumber.String())
	certFile, keyFile = name+".pem", name+".key"
	check(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	check(os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return certFile, keyFile
}

func (a *authority) client() (certFile, keyFile string) {
	return a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "sidecar"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// serve runs an API whose certificate is the authority's, and which asks for
// one of the clients' authority, if there is one. It answers with the protocol
// and with who the client is.
func (a *authority) serve(clients *authority) *httptest.Server {
	a.t.Helper()
	cert, err := tls.LoadX509KeyPair(a.issue(&x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}))
	if err != nil {
		a.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = io.WriteString(w, r.Proto+" "+name)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	if clients != nil {
		server.TLS.ClientCAs = x509.NewCertPool()
		server.TLS.ClientCAs.AddCert(clients.cert)
		server.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	server.StartTLS()
	a.t.Cleanup(server.Close)
	return server
}

// TestTLS calls APIs by what the options name.
func TestTLS(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	plain, mutual := ours.serve(nil), ours.serve(theirs)
	theirCert, theirKey := theirs.client()
	ourCert, ourKey := ours.client()
	t.Setenv("TEST_CA", ours.file)
	both := filepath.Join(t.TempDir(), "both.pem")
	var bundle []byte
	for _, a := range []*authority{theirs, ours} {
		pemBytes, err := os.ReadFile(a.file)
		if err != nil {
			t.Fatal(err)
		}
		bundle = append(append(bundle, "# somebody's\n"...), pemBytes...)
	}
	if err := os.WriteFile(both, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name          string
		server        *httptest.Server
		ca, cert, key string
		want          string
	}{
		{"the authority", plain, ours.file, "", "", "HTTP/2.0 nobody"},
		{"by a placeholder", plain, "{env.TEST_CA}", "", "", "HTTP/2.0 nobody"},
		{"one of two", plain, both, "", "", "HTTP/2.0 nobody"},
		{"another authority", plain, theirs.file, "", "", "unknown authority"},
		{"the system's", plain, "", "", "", "unknown authority"},
		{"a certificate", mutual, ours.file, theirCert, theirKey, "HTTP/2.0 sidecar"},
		{"no certificate", mutual, ours.file, "", "", "no complete answer"},
		{"one of another authority", mutual, ours.file, ourCert, ourKey, "no complete answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := valid()
			h.Upstream, h.UpstreamCA, h.UpstreamCert, h.UpstreamKey = tt.server.URL, tt.ca, tt.cert, tt.key
			h.Retries = new(int)
			if err := provision(t, h); err != nil {
				t.Fatal(err)
			}
			answer, err := h.upstream.newSession(false).Do(t.Context(), get("User.list"))
			got := string(answer.Body)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestTLSMistakes names what is wrong before anything is called.
func TestTLSMistakes(t *testing.T) {
	ca := newAuthority(t, "ours")
	cert, key := ca.client()
	_, other := ca.client()
	write := func(name, content string) string {
		file := filepath.Join(ca.dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	empty := write("empty", "")
	der := write("der", string(ca.cert.Raw))
	damaged := write("damaged", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
	for _, tt := range []struct {
		name                string
		upstream            string
		caFile, cert, keyed string
		want                string
	}{
		{"no such authority", "", "no/such.pem", "", "", "upstream_ca: open no/such.pem: no such file or directory"},
		{"nothing", "", empty, "", "", "upstream_ca: " + empty + " holds no certificate in PEM form"},
		{"DER", "", der, "", "", "upstream_ca: " + der + " holds no certificate in PEM form"},
		{"a key", "", key, "", "", "upstream_ca: " + key + " holds a PRIVATE KEY; only certificates belong there"},
		{"damaged", "", damaged, "", "", "upstream_ca: " + damaged + ": certificate 1 can't be read: x509: "},
		{"unset", "", "{env.TEST_UNSET}", "", "", "upstream_ca: evaluated placeholder {env.TEST_UNSET} is empty"},
		{"no such certificate", "", "", "no/such.pem", key, "upstream_cert: no/such.pem and " + key + " are not a certificate and its key: open no/such.pem: no such file"},
		{"another's key", "", "", cert, other, "upstream_cert: " + cert + " and " + other + " are not a certificate and its key: tls: private key does not match public key"},
		{"the wrong way round", "", "", key, cert, "upstream_cert: " + key + " and " + cert + " are not a certificate and its key: tls: failed to find "},
		{"no key", "", "", cert, "", "upstream_cert: the certificate and its key belong together"},
		{"no certificate", "", "", "", key, "upstream_cert: the certificate and its key belong together"},
		{"no TLS", "http://localhost:9000", ca.file, "", "", "upstream_ca and upstream_cert have no meaning with an http upstream; write https"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := valid()
			h.Upstream, h.UpstreamCA, h.UpstreamCert, h.UpstreamKey = "https://api.test", tt.caFile, tt.cert, tt.keyed
			if tt.upstream != "" {
				h.Upstream = tt.upstream
			}
			err := provision(t, h)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if len(h.held) > 0 {
				t.Error("shared state was taken")
			}
		})
	}
}

// TestCertificateAges warns of what the other side will not take.
func TestCertificateAges(t *testing.T) {
	past := time.Now().Add(-time.Hour)
	ca := newAuthority(t, "ours")
	cert, key := ca.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "old"}, NotBefore: past.Add(-time.Hour), NotAfter: past})
	core, logs := observer.New(zapcore.WarnLevel)
	h := valid()
	h.logger = zap.New(core)
	h.UpstreamCA, h.UpstreamCert, h.UpstreamKey = ca.file, cert, key
	base, err := parseUpstream("https://api.test", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.upstreamTLS(caddy.NewReplacer(), base); err != nil {
		t.Fatal(err)
	}
	if all := logs.All(); len(all) != 1 || all[0].ContextMap()["option"] != "upstream_cert" || all[0].ContextMap()["subject"] != "CN=old" {
		t.Errorf("log: %v", all)
	}
}
