package command

import (
	"errors"
	"fmt"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// exitMisuse is the exit code of a command that has no answer: the command line
// was wrong, or a file or the server could not be asked.
const exitMisuse = 2

// errRefused has the exit code 1, which says that the answer is no: a request
// would be refused, a mapping has mistakes, or a test of it fails.
var errRefused = errors.New("the answer is no")

// misused ends a command that can't give an answer. The error is printed here.
func misused(c *cobra.Command, err error) error {
	c.SilenceErrors, c.SilenceUsage = true, true
	fmt.Fprintln(c.ErrOrStderr(), "Error:", err)
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return exitMisuse, nil })(c, nil)
}

// refused ends a command with the exit code 1. What there is to say is printed
// already.
func refused(c *cobra.Command) error {
	c.SilenceErrors, c.SilenceUsage = true, true
	return errRefused
}

// strict has a command that gives answers by its exit code give none for a
// command line that is wrong.
func strict(c *cobra.Command, args cobra.PositionalArgs) *cobra.Command {
	c.Args = func(c *cobra.Command, given []string) error {
		if err := args(c, given); err != nil {
			return misused(c, err)
		}
		return nil
	}
	c.SetFlagErrorFunc(misused)
	return c
}
