// Command caddy is Caddy with its standard modules and the SCIM handler.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/qualytics/scim-sidecar/caddymodule"
)

func main() {
	caddycmd.Main()
}
