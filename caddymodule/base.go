package caddymodule

import (
	"errors"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// basePath is the path of the SCIM base without a trailing slash; empty for
// the root.
type basePath string

// parseBasePath cleans a configured path.
func parseBasePath(s string) (basePath, error) {
	if !strings.HasPrefix(s, "/") || strings.ContainsAny(s, "?#%*{}\\ ") {
		return "", errors.New("base_path: must begin with a slash and be a plain path such as /api/scim/v2")
	}
	return basePath(strings.TrimSuffix(path.Clean(s), "/")), nil
}

// below returns the part of a request's path below the base, with a leading
// slash, and whether the path is at or below the base at all. Identity
// providers get slashes and capitals wrong and lose the body on a redirect.
func (b basePath) below(p string) (string, bool) {
	if p == "" || p[0] != '/' {
		return "", false
	}
	p = path.Clean(p)
	n := len(b)
	if len(p) < n || !strings.EqualFold(p[:n], string(b)) {
		return "", false
	}
	switch rest := p[n:]; {
	case rest == "":
		return "/", true
	case rest[0] == '/':
		return rest, true
	}
	return "", false
}

// origin returns scheme and host by which the client reached the server.
// The X-Forwarded headers count only when Caddy trusts who sent them.
func origin(r *http.Request) (string, error) {
	scheme, host := "http://", r.Host
	if r.TLS != nil {
		scheme = "https://"
	}
	if trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool); trusted {
		switch proto := lastElement(r.Header["X-Forwarded-Proto"]); {
		case strings.EqualFold(proto, "https"):
			scheme = "https://"
		case strings.EqualFold(proto, "http"):
			scheme = "http://"
		}
		if forwarded := lastElement(r.Header["X-Forwarded-Host"]); isHost(forwarded) {
			host = forwarded
		}
	}
	if !isHost(host) {
		return "", errors.New("not a host name with an optional port")
	}
	return scheme + host, nil
}

// lastElement returns the last element of a list header: the one that the
// nearest proxy wrote, which is the one that is trusted.
func lastElement(values []string) string {
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

// isHost reports whether s is a host with an optional port, and harmless in a URL.
func isHost(s string) bool {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host = s[:i]
		if n, err := strconv.ParseUint(s[i+1:], 10, 16); err != nil || n == 0 {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}
