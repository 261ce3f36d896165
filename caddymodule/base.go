package caddymodule

import (
	"errors"
	"iter"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
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

// below returns the part of a request's path below the base, with a leading slash.
// Identity providers get slashes and capitals wrong and lose the body on a redirect.
// Ours says that the path begins with the base, in whatever way it is written, so
// that it must not go anywhere else; it is empty if it then names nothing.
func (b basePath) below(u *url.URL) (p string, ours bool) {
	if !b.begins(u) {
		return "", false
	}
	if u.Path == "" || u.Path[0] != '/' || deviousPath.MatchString(u.EscapedPath()) {
		return "", true
	}
	p = path.Clean(u.Path)
	n := len(b)
	if len(p) < n || !strings.EqualFold(p[:n], string(b)) {
		return "", true
	}
	switch rest := p[n:]; {
	case rest == "":
		return "/", true
	case rest[0] == '/':
		return rest, true
	}
	return "", true
}

// deviousPath matches, in a path as it was sent, what others may read as another
// path than it is: segments of two dots, and slashes, backslashes or NULs that are
// encoded, however often.
var deviousPath = regexp.MustCompile(`(?i)(^|/)(\.|%(25)*2e){2}(/|;|$)|\\|%(25)*(2f|5c|00)`)

// begins reports whether a path begins with the base: as it was sent or decoded, with
// or without what servers take out of paths.
func (b basePath) begins(u *url.URL) bool {
	if u.RawPath == "" && !strings.ContainsAny(u.Path, "%;\\\x00") && !strings.Contains(u.Path, "/.") && !strings.Contains(u.Path, "//") {
		return len(u.Path) >= len(b) && strings.EqualFold(u.Path[:len(b)], string(b))
	}
	for p := range spellings(u) {
		if len(p) >= len(b) && strings.EqualFold(p[:len(b)], string(b)) {
			return true
		}
	}
	return false
}

// maxDecoded is how often a path is decoded to see what others may make of it.
const maxDecoded = 4

// spellings are the ways in which servers may read a path.
func spellings(u *url.URL) iter.Seq[string] {
	return func(yield func(string) bool) {
		p := u.EscapedPath()
		if p == "" {
			p = u.Opaque
		}
		for range maxDecoded {
			plain := parameters.ReplaceAllString(strings.NewReplacer("\\", "/", "\x00", "").Replace(p), "")
			if !strings.HasPrefix(plain, "/") {
				plain = "/" + plain
			}
			if !yield(p) || !yield(slashes.ReplaceAllString(plain, "/")) || !yield(path.Clean(plain)) {
				return
			}
			decoded, err := url.PathUnescape(p)
			if err != nil || decoded == p {
				return
			}
			p = decoded
		}
	}
}

var (
	// parameters are what stands behind a semicolon in a segment (RFC 3986 section 3.3).
	parameters = regexp.MustCompile(`;[^/]*`)
	slashes    = regexp.MustCompile(`/{2,}`)
)

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
