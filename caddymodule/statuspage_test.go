package caddymodule

import (
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestStatusPageOptions refuses what would let everybody in.
func TestStatusPageOptions(t *testing.T) {
	for lines, ok := range map[string]bool{
		"scim_status": true,
		"scim_status {http.request.tls.client.subject}": true,
		"scim_status yes":                      false,
		"scim_status {}":                       false,
		"scim_status {http.auth.user.id} more": false,
		"scim_status {\nopen\n}":               false,
	} {
		p := new(StatusPage)
		err := p.UnmarshalCaddyfile(caddyfile.NewTestDispenser(lines))
		if err == nil {
			err = p.Validate()
		}
		if (err == nil) != ok {
			t.Errorf("%q: %v", lines, err)
		}
	}
}
