package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/qualytics/scim-sidecar/mapping/language"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Prints the JSON Schema of mapping files",
		Long: strings.TrimSpace(`
Prints a JSON Schema (draft 2020-12) of mapping files, by which editors complete
them, show what each key is for, and mark mistakes while they are typed. Put it
beside the mapping file, and its name into the file's first line:

    caddy scim schema > mappings.schema.json
    # yaml-language-server: $schema=mappings.schema.json

What refers to something, such as an attribute or a call, is not checked by it,
but by validate.`),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(language.JSONSchema())
			return err
		},
	}
}
