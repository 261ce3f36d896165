package qualytics

import (
	"crypto/sha256"
	"mime"
	"net/http"
	"strings"
)

// TokenKind says what a token may call.
type TokenKind int

const (
	// FullToken is a service token or a personal token: it may do what the
	// current role of its user allows. Users take Admin; reading teams takes
	// Manager; GET /api/users/me takes no role.
	FullToken TokenKind = iota
	// ScimOnly is a "SCIM Administration Token". It works on Qualytics' own
	// /scim/v2/* only, which the sandbox does not have; elsewhere it is 403.
	ScimOnly
)

// tokenKey is a digest, so that no token is kept in clear.
type tokenKey [sha256.Size]byte

type token struct {
	userID int
	kind   TokenKind
}

// AddToken makes a token of the user with the given id. The role, and whether
// the user is active, are looked up at each call, so the user may be added or
// changed later. A token of an absent or deactivated user is answered 401.
// Adding a token again replaces it.
func (s *Sandbox) AddToken(secret string, userID int, kind TokenKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[sha256.Sum256([]byte(secret))] = token{userID: userID, kind: kind}
}

// RevokeToken makes a token unknown. It does nothing for one that is.
func (s *Sandbox) RevokeToken(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, sha256.Sum256([]byte(secret)))
}

func bearer(r *http.Request) (string, bool) {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return secret, ok && strings.EqualFold(scheme, "Bearer") && secret != ""
}

// owner is the active user of the call's token, or nil.
func (s *Sandbox) owner(r *http.Request) (*userRow, token) {
	secret, ok := bearer(r)
	if !ok {
		return nil, token{}
	}
	t, known := s.tokens[sha256.Sum256([]byte(secret))]
	u := s.state.userByID[t.userID]
	if !known || u == nil || !u.Active() {
		return nil, token{}
	}
	return u, t
}

func (s *Sandbox) authorize(r *http.Request, op *operation) (*userRow, error) {
	if op.access == accessPublic {
		return nil, nil
	}
	u, t := s.owner(r)
	if u == nil {
		return nil, &problem{
			status: http.StatusUnauthorized,
			detail: "Invalid authentication credentials",
			header: http.Header{"Www-Authenticate": {"Bearer"}},
		}
	}
	allowed := t.kind == FullToken
	switch op.access {
	case accessAdmin:
		allowed = allowed && u.Role == RoleAdmin
	case accessManager:
		allowed = allowed && u.Role != RoleMember
	default:
		// Any role will do.
	}
	if !allowed {
		return nil, refuse(http.StatusForbidden, "Not enough permissions")
	}
	return u, nil
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/json"
}
