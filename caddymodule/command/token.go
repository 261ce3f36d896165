package command

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/qualytics/scim-sidecar/caddymodule/tokendigest"
)

// maxToken is the longest token that is read, in bytes; longer ones would not
// fit into a request's header.
const maxToken = 8 << 10

func tokenCommand() *cobra.Command {
	var given bool
	c := &cobra.Command{
		Use:   "token",
		Short: "Makes a bearer token and its digest",
		Long: strings.TrimSpace(`
Makes a random bearer token, and the digest that can stand in the Caddyfile in
its place. The token goes into the identity provider and nowhere else:

    scim {
        token onelogin sha256:...
    }

With --stdin, reads a token there is already from the first line of standard
input, and prints its digest alone.`),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if given {
				token, err := readToken(c.InOrStdin())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(c.OutOrStdout(), tokendigest.Of(token))
				return err
			}
			// Over 128 bits, which nobody guesses.
			token := rand.Text()
			_, err := fmt.Fprintf(c.OutOrStdout(), "token   %s\ndigest  %s\n", token, tokendigest.Of(token))
			return err
		},
	}
	c.Flags().BoolVar(&given, "stdin", false, "Read the token from standard input")
	return c
}

// readToken returns the first line without the blanks around it.
func readToken(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxToken+1)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the token from standard input: %w", err)
	}
	token := strings.TrimSpace(line)
	switch {
	case token == "":
		return "", errors.New("there is no token in the first line of standard input")
	case len(line) > maxToken:
		return "", fmt.Errorf("the token is longer than %d bytes", maxToken)
	case strings.HasPrefix(token, tokendigest.Prefix):
		return "", errors.New("this is a digest already")
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c >= 0x7f }):
		return "", errors.New("a bearer token must consist of visible ASCII characters without blanks")
	}
	return token, nil
}
