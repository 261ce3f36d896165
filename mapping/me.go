package mapping

import (
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// isMe reports whether a path is the alias for whoever is authenticated, or
// below it (RFC 7644 section 3.11).
func isMe(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.EqualFold(first, "Me")
}

// errMe is the answer to whatever is asked of the alias. What presents a token
// is an identity provider or a service user, which SCIM does not show.
func errMe() error {
	return scim.Errorf(501, "", "/Me is not supported; use the path of the resource itself.")
}
