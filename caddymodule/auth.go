package caddymodule

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
)

// The challenges of RFC 6750. A client that sent no token is not told that
// one was wrong.
const (
	challenge        = `Bearer realm="SCIM"`
	challengeInvalid = `Bearer realm="SCIM", error="invalid_token"`
	challengeScope   = `Bearer realm="SCIM", error="insufficient_scope"`
)

// identity is what a request may act as.
type identity struct {
	// token is what the API is asked with.
	token string

	// name is what an own token is called; empty for one of the API's.
	name string

	// user is the API's id of whose token it is; empty for an own token.
	user string

	// readOnly says that it may only read.
	readOnly bool
}

// authenticator decides whose a presented token is.
type authenticator interface {
	// authenticate returns errTokenRefused or errTokenExpired for a token that
	// is not accepted, and a [scim.Error] with another status when that can't be
	// told now. With unasked, a token that would have to be asked about is
	// refused.
	authenticate(ctx context.Context, token string, unasked bool) (identity, error)

	// revoked says that the API did not accept the token any more.
	revoked(token string)

	// isOwn reports whether a token is one of the configuration.
	isOwn(token string) bool
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
	tokens   []*ownToken
	upstream string
	now      func() time.Time
	logger   *zap.Logger
}

func (t *ownTokens) authenticate(_ context.Context, token string, _ bool) (identity, error) {
	presented := tokendigest.Of(token)
	found := -1
	// All are compared, so that the time tells nothing about which one fits.
	for i, own := range slices.Backward(t.tokens) {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(presented[:], own.digest[:]), i, found)
	}
	if found < 0 {
		return identity{}, errTokenRefused
	}
	own, now := t.tokens[found], t.now()
	own.tell(t.logger, now)
	if own.expired(now) {
		return identity{}, errTokenExpired
	}
	return identity{token: t.upstream, name: own.name, readOnly: own.readOnly}, nil
}

func (*ownTokens) revoked(string) {}

// isOwn implements [authenticator].
func (t *ownTokens) isOwn(token string) bool {
	presented := tokendigest.Of(token)
	return slices.ContainsFunc(t.tokens, func(own *ownToken) bool {
		return subtle.ConstantTimeCompare(presented[:], own.digest[:]) == 1
	})
}

// withheldVar is where Caddy keeps what withhold took out of a request.
const withheldVar = "scim_withheld"

// withhold takes the tokens of the configuration out of a request that is passed on:
// they are good here, and whoever is behind must not learn them. Another SCIM
// handler, which the request may yet come to, gets them back.
func withhold(r *http.Request, auth authenticator) {
	values := r.Header["Authorization"]
	for _, value := range values {
		for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
			if auth.isOwn(part) {
				caddyhttp.SetVar(r.Context(), withheldVar, values)
				r.Header.Del("Authorization")
				return
			}
		}
	}
}

// restoreWithheld undoes withhold.
func restoreWithheld(r *http.Request) {
	values, some := caddyhttp.GetVar(r.Context(), withheldVar).([]string)
	if some && len(values) > 0 {
		r.Header["Authorization"] = values
	}
}
