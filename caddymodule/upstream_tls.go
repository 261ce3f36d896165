package caddymodule

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

// upstreamTLS reads the files for TLS to the API; nil when there are none.
func (h *Handler) upstreamTLS(repl *caddy.Replacer, base *url.URL) (*tls.Config, error) {
	if h.UpstreamCA == "" && h.UpstreamCert == "" {
		return nil, nil
	}
	if base.Scheme != "https" {
		return nil, errors.New("upstream_ca and upstream_cert have no meaning with an http upstream; write https")
	}
	config := new(tls.Config)
	if h.UpstreamCA != "" {
		file, err := replace(repl, "upstream_ca", h.UpstreamCA)
		if err != nil {
			return nil, err
		}
		authorities, err := readCertificates(file)
		if err != nil {
			return nil, fmt.Errorf("upstream_ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		for _, c := range authorities {
			config.RootCAs.AddCert(c)
			h.warnOfAge("upstream_ca", c)
		}
	}
	if h.UpstreamCert != "" {
		cert, err := replace(repl, "upstream_cert", h.UpstreamCert)
		if err != nil {
			return nil, err
		}
		key, err := replace(repl, "upstream_cert", h.UpstreamKey)
		if err != nil {
			return nil, err
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("upstream_cert: %s and %s are not a certificate and its key: %w", cert, key, err)
		}
		config.Certificates = []tls.Certificate{pair}
		h.warnOfAge("upstream_cert", pair.Leaf)
	}
	return config, nil
}

// warnOfAge warns of a certificate that is not valid now. Whether that matters
// is for the other side to say, so that the server starts all the same.
func (h *Handler) warnOfAge(option string, c *x509.Certificate) {
	if now := time.Now(); now.Before(c.NotBefore) || now.After(c.NotAfter) {
		h.logger.Warn("the certificate is not valid now", zap.String("option", option),
			zap.Stringer("subject", c.Subject), zap.Time("from", c.NotBefore), zap.Time("until", c.NotAfter))
	}
}

// readCertificates reads a file of certificates in PEM form, and of nothing
// else.
func readCertificates(file string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s holds a %s; only certificates belong there", file, block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d can't be read: %w", file, len(found)+1, err)
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return found, nil
}
