package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/plan"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 16 << 20

// explaining is what `caddy scim explain` is asked.
type explaining struct {
	body, mappings, format string
	live                   bool
	server                 server
}

func explainCommand() *cobra.Command {
	var e explaining
	c := &cobra.Command{
		Use:   "explain METHOD PATH [--body FILE|-] [--mappings FILE] [--live [--address ADMIN] [--handler ID]] [--format text|json]",
		Short: "Says what a SCIM request would do to the API, without doing it",
		Long: strings.TrimSpace(`
Prints the plan of a SCIM request: what becomes of each attribute, what is left
out, which parts of a filter the API gets, the calls in their order with why each
is made, what is stored here, and what it costs. A line ends with the place in
the mapping file that it comes from. Secrets are not printed; other values are.

Without --live, the mapping file is all it takes: nothing is asked, and the plan
says what it assumes of the API's answers. With --live, the running Caddy makes
the calls that read, by its own memory and storage, and none of those that write.

PATH is the path below the SCIM base, with the query:

    caddy scim explain GET '/Users?filter=userName eq "ana@corp.example"'
    caddy scim explain PATCH /Groups/7 --body patch.json --live

The exit code is 0 for a plan, 1 when the request would be refused, and 2 when
there is no plan.`),
		RunE: func(c *cobra.Command, args []string) error { return e.run(c, args[0], args[1]) },
	}
	f := c.Flags()
	f.StringVar(&e.body, "body", "", "The file with the request's body; - is standard input")
	f.StringVar(&e.mappings, "mappings", "mappings.yaml", "The mapping file, without --live")
	f.BoolVar(&e.live, "live", false, "Ask the API, by the running Caddy")
	f.StringVar(&e.format, "format", formatText, "text or json")
	e.server.flags(f)
	f.StringVar(&e.server.handler, "handler", "", "Which SCIM handler, as status has it, with --live")
	return strict(c, cobra.ExactArgs(2))
}

func (e *explaining) run(c *cobra.Command, method, path string) error {
	if err := checkFormat(e.format, formatText, formatJSON); err != nil {
		return misused(c, err)
	}
	for _, name := range []string{"address", "config", "adapter", "handler"} {
		if !e.live && c.Flags().Changed(name) {
			return misused(c, fmt.Errorf("--%s is for --live", name))
		}
	}
	if e.live && c.Flags().Changed("mappings") {
		return misused(c, errors.New("--mappings is for a plan without --live: the running Caddy has its own"))
	}
	method = strings.ToUpper(method)
	if !strings.HasPrefix(path, "/") {
		return misused(c, fmt.Errorf("the path %q does not start with a slash, as /Users does", path))
	}
	body, err := e.readBody(c)
	if err != nil {
		return misused(c, err)
	}
	made, err := e.plan(c, method, path, body)
	if err != nil {
		return misused(c, err)
	}
	if e.format == formatJSON {
		err = printJSON(c.OutOrStdout(), made)
	} else {
		err = made.Text(c.OutOrStdout())
	}
	if err != nil {
		return misused(c, err)
	}
	if made.Outcome.Refused() {
		return refused(c)
	}
	return nil
}

func (e *explaining) readBody(c *cobra.Command) ([]byte, error) {
	if e.body == "" {
		return nil, nil
	}
	return readInput(c, "the body", e.body, maxBody)
}

func (e *explaining) plan(c *cobra.Command, method, path string, body []byte) (*plan.Plan, error) {
	if e.live {
		var made plan.Plan
		err := e.server.ask(c.Context(), http.MethodPost, "explain", adminapi.ExplainRequest{
			Handler: e.server.handler, Method: method, Path: path, Body: string(body),
		}, &made)
		return &made, err
	}
	src, err := os.ReadFile(e.mappings)
	if err != nil {
		return nil, fmt.Errorf("the mapping: %w", err)
	}
	program, err := mapping.Load(e.mappings, src)
	if err != nil {
		return nil, fmt.Errorf("the mapping can't be used as it is:\n%w", err)
	}
	path, query, _ := strings.Cut(belowBase(path), "?")
	if path, err = url.PathUnescape(path); err != nil {
		return nil, fmt.Errorf("the path: %w", err)
	}
	return program.Explain(c.Context(), mapping.World{Tolerances: tolerance.AllOn()}, mapping.Request{
		Method: method, Path: path, Query: query, Body: body, Base: "https://scim.example.com/scim/v2",
	}), nil
}

// belowBase takes off a path what is usual as a base, for who copies one out of
// a log.
func belowBase(path string) string {
	for _, base := range []string{"/api/scim/v2", "/scim/v2"} {
		if rest, ok := strings.CutPrefix(path, base); ok && (rest == "" || rest[0] == '/') {
			return "/" + strings.TrimPrefix(rest, "/")
		}
	}
	return path
}

// The formats of what commands print.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatSARIF = "sarif"
	formatJUnit = "junit"
)

// checkFormat refuses a format that is not one of those that a command has.
func checkFormat(format string, known ...string) error {
	if slices.Contains(known, format) {
		return nil
	}
	last := len(known) - 1
	return fmt.Errorf("--format is %s or %s, not %q", strings.Join(known[:last], ", "), known[last], format)
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
