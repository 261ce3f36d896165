// Package command is `caddy scim`: what an operator does with a mapping, and
// with a running sidecar, from the command line.
package command

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "scim",
		Usage: "<command>",
		Short: "Works on SCIM mappings and tokens",
		Long:  "Works on the mappings, the tokens and the running state of the SCIM handler.",
		CobraFunc: func(scim *cobra.Command) {
			scim.AddCommand(tokenCommand())
			scim.AddCommand(schemaCommand())
			scim.AddCommand(validateCommand())
			scim.AddCommand(explainCommand())
			scim.AddCommand(testCommand())
			scim.AddCommand(statusCommand())
			scim.AddCommand(requestsCommand())
			scim.AddCommand(syncCheckCommand())
			scim.AddCommand(purgeCommand())
			scim.AddCommand(releaseCommand())
		},
	})
}
