package tests

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"
)

// certificate is the one for localhost that every Caddy here presents. Caddy
// would make one by itself, but does so in the background while it starts,
// which its own code is not free of data races in.
type certificate struct {
	chain, key string
	roots      *x509.CertPool
}

var localhostCertificate = sync.OnceValues(makeCertificate)

func certificateFor(t testing.TB) certificate {
	t.Helper()
	c, err := localhostCertificate()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func makeCertificate() (certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return certificate{}, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return certificate{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return certificate{}, err
	}
	c := certificate{
		chain: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:   string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
		roots: x509.NewCertPool(),
	}
	c.roots.AddCert(parsed)
	return c, nil
}

// present makes a configuration serve the certificate.
func (c certificate) present(config map[string]any) {
	set(config, []any{map[string]any{"certificate": c.chain, "key": c.key}}, "apps", "tls", "certificates", "load_pem")
}
