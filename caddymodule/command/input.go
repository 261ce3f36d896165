package command

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// readInput reads a file, or standard input if the name is "-", of up to limit
// bytes. What it is goes into the errors.
func readInput(c *cobra.Command, what, name string, limit int) ([]byte, error) {
	from := c.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		defer f.Close()
		from = f
	}
	return readAll(what, from, limit)
}

// readAll reads up to limit bytes.
func readAll(what string, from io.Reader, limit int) ([]byte, error) {
	all, err := io.ReadAll(io.LimitReader(from, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", what, err)
	case len(all) > limit:
		return nil, fmt.Errorf("%s is longer than %d bytes", what, limit)
	}
	return all, nil
}
