package caddymodule

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// The challenges of RFC 6750. A client that sent no token is not told that
// one was wrong.
const (
	challenge        = `Bearer realm="SCIM"`
	challengeInvalid = `Bearer realm="SCIM", error="invalid_token"`
)

// digest stands for a token wherever one is remembered or compared.
type digest [sha256.Size]byte

func digestOf(token string) digest { return sha256.Sum256([]byte(token)) }

// identity is what a request may act as.
type identity struct {
	// token is what the API is asked with.
	token string

	// user is the API's id of whose token it is; empty for an own token.
	user string
}

// authenticator decides whose a presented token is.
type authenticator interface {
	// authenticate returns a [scim.Error] with status 401 for a token that is
	// not accepted, and with another status when that can't be told now.
	authenticate(ctx context.Context, token string) (identity, error)

	// revoked says that the API did not accept the token any more.
	revoked(token string)
}

// bearer returns the token of a request. The second result says whether the
// client tried to present one at all.
func bearer(header http.Header) (token string, presented bool) {
	values := header["Authorization"]
	if len(values) != 1 {
		// Of several, a proxy in between may have checked another one.
		return "", len(values) > 1
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	token = strings.TrimSpace(token)
	if token == "" || strings.ContainsAny(token, " \t,") {
		return "", true
	}
	return token, true
}

// ownTokens accepts the tokens of the configuration.
type ownTokens struct {
	digests  []digest
	upstream string
}

func (t *ownTokens) authenticate(_ context.Context, token string) (identity, error) {
	presented := digestOf(token)
	match := 0
	// All are compared, so that the time tells nothing about which one fits.
	for i := range t.digests {
		match |= subtle.ConstantTimeCompare(presented[:], t.digests[i][:])
	}
	if match == 0 {
		return identity{}, errTokenRefused
	}
	return identity{token: t.upstream}, nil
}

func (*ownTokens) revoked(string) {}

var (
	errTokenMissing = scim.Errorf(http.StatusUnauthorized, "",
		"Send one Authorization header with a bearer token.")
	errTokenRefused = scim.Errorf(http.StatusUnauthorized, "",
		"The bearer token is not accepted. Compare it with the one that the SCIM server expects.")
)
