package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
)

// running is a command that asks the running Caddy.
type running struct {
	server server
	format string
}

// command makes the cobra command, which calls do without arguments.
func (r *running) command(use, short, long string, do func(c *cobra.Command) error) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Long: strings.TrimSpace(long),
		RunE: func(c *cobra.Command, _ []string) error {
			err := checkFormat(r.format, formatText, formatJSON)
			if err == nil {
				err = do(c)
			}
			if err != nil && !errors.Is(err, errRefused) {
				return misused(c, err)
			}
			return err
		},
	}
	c.Flags().StringVar(&r.format, "format", formatText, "text or json")
	c.Flags().StringVar(&r.server.handler, "handler", "", "The id of one SCIM handler, as status has it, instead of all")
	r.server.flags(c.Flags())
	return strict(c, cobra.NoArgs)
}

// path is the path of a route with its parameters.
func (r *running) path(route string, parameters url.Values) string {
	if parameters == nil {
		parameters = make(url.Values)
	}
	if r.server.handler != "" {
		parameters.Set("handler", r.server.handler)
	}
	if len(parameters) > 0 {
		route += "?" + parameters.Encode()
	}
	return route
}

// show prints an answer as JSON, or as the lines of a table.
func (r *running) show(c *cobra.Command, answer any, lines func(w io.Writer)) error {
	if r.format == formatJSON {
		return printJSON(c.OutOrStdout(), answer)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	lines(w)
	return w.Flush()
}

func statusCommand() *cobra.Command {
	var r running
	return r.command("status", "Says how the SCIM handlers of the running Caddy are", `
Prints what the running SCIM handlers remember, whether the API counts as down,
what is used of the limits, which tolerances were needed, and whose tokens are
accepted until when. Tokens and their digests are not printed.`, func(c *cobra.Command) error {
		var s adminapi.Status
		if err := r.server.ask(c.Context(), http.MethodGet, r.path("status", nil), nil, &s); err != nil {
			return err
		}
		return r.show(c, s, func(w io.Writer) {
			for i := range s.Handlers {
				printStatus(w, &s.Handlers[i])
			}
			if len(s.Handlers) == 0 {
				fmt.Fprintln(w, "The configuration has no SCIM handler.")
			}
		})
	})
}

func printStatus(w io.Writer, h *adminapi.Handler) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintln(w, h.ID)
	line("upstream", "%s", h.Upstream)
	line("mapping", "%s (%s), loaded %s", h.Mapping.File, h.Mapping.Version, moment(h.Since))
	line("memory", "%d of %d facts, %d hits, %d misses", h.Memory.Facts, h.Memory.Size, h.Memory.Hits, h.Memory.Misses)
	for _, l := range h.Memory.Lists {
		line("list", "%s, read %s", l.Name, moment(l.Read))
	}
	api := "answers"
	if h.Breaker.Down {
		api = "counts as down"
		if h.Breaker.Next != nil {
			api += ", is tried again " + moment(*h.Breaker.Next)
		}
	}
	line("API", "%s", api)
	calls := fmt.Sprintf("%d of %d under way, %d waiting", h.Budget.UnderWay, h.Budget.Concurrent, h.Budget.Waiting)
	if h.Budget.PerSecond > 0 {
		calls += fmt.Sprintf(", %g a second, %d of %d at once left", h.Budget.PerSecond, h.Budget.Left, h.Budget.Burst)
	}
	line("calls", "%s", calls)
	if h.Guards.ReadOnly {
		line("read_only", "on")
	}
	if h.Guards.Maintenance {
		line("maintenance", "on")
	}
	if d := h.Guards.MaxDeactivations; d != nil {
		line("max_deactivations", "%d of %d within %s", d.Used, d.Count, time.Duration(d.WithinSeconds*float64(time.Second)))
	}
	if p := h.Guards.MaxGroupShrink; p != nil {
		line("max_group_shrink", "%d%%", *p)
	}
	line("storage", "%s, %s", h.Storage.Prefix, h.Storage.Module)
	if h.Passthrough {
		line("passthrough", "on")
	}
	for _, t := range h.Tokens {
		line("token", "%s", describeToken(t))
	}
	line("tolerances", "%s", strings.Join(h.Tolerances.On, " "))
	for _, name := range h.Tolerances.On {
		if n := h.Tolerances.Used[name]; n > 0 {
			line("needed", "%s, by %d requests", name, n)
		}
	}
}

func describeToken(t adminapi.Token) string {
	text := t.Name
	if t.ReadOnly {
		text += ", read only"
	}
	switch {
	case t.Expired:
		text += ", expired " + moment(*t.Expires)
	case t.Expires != nil:
		text += ", until " + moment(*t.Expires)
	}
	return text
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func requestsCommand() *cobra.Command {
	var r running
	limit := 20
	c := r.command("requests", "Shows what the latest SCIM requests did", `
Prints the latest requests, the latest first, with the calls that each made. With
--format json, also what was changed and left out. Values are only there if the
option recent_requests of the Caddyfile says so.`, func(c *cobra.Command) error {
		var all adminapi.Requests
		path := r.path("requests", url.Values{"limit": {strconv.Itoa(limit)}})
		if err := r.server.ask(c.Context(), http.MethodGet, path, nil, &all); err != nil {
			return err
		}
		return r.show(c, all, func(w io.Writer) {
			for i := range all.Requests {
				printRequest(w, &all.Requests[i])
			}
			for _, r := range all.Refused {
				fmt.Fprintf(w, "%s\t%d refused\t%s\tfrom %s since %s\n", moment(r.Last), r.Count, r.Reason, r.Address, moment(r.First))
			}
		})
	})
	c.Flags().IntVar(&limit, "limit", limit, "How many requests")
	return c
}

func printRequest(w io.Writer, q *adminapi.Request) {
	var calls, changed []string
	for _, call := range q.Calls {
		calls = append(calls, call.Name+" "+strconv.Itoa(call.Status))
	}
	for _, change := range q.Changes {
		changed = append(changed, change.Attribute)
	}
	answer := strconv.Itoa(q.Outcome.Status)
	if e := q.Outcome.Error; e != nil {
		answer += " " + e.Detail
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%.0f ms\t%s\t%s\t%s\n", moment(q.Time), q.Method,
		strings.TrimSpace(q.Resource+" "+q.Operation+" "+q.ID), q.DurationSeconds*1000,
		strings.Join(calls, ", "), strings.Join(changed, " "), answer)
}

func purgeCommand() *cobra.Command {
	var r running
	return r.command("purge", "Has the running Caddy forget which id belongs to whom", `
Has the running SCIM handlers forget what they remember of the API. Nothing is
lost by it: what is needed is asked of the API again. What is kept in the storage
stays.`, func(c *cobra.Command) error {
		var purged adminapi.Purged
		if err := r.server.ask(c.Context(), http.MethodPost, r.path("purge", nil), nil, &purged); err != nil {
			return err
		}
		return r.show(c, purged, func(w io.Writer) {
			for _, h := range purged.Handlers {
				fmt.Fprintf(w, "%s\t%d facts forgotten\n", h.ID, h.Facts)
			}
		})
	})
}

func releaseCommand() *cobra.Command {
	var r running
	return r.command("release", "Has the count of max_deactivations begin anew", `
Has the count that max_deactivations limits begin anew, after somebody has looked
at what was deactivated and found it right: as many as the limit says may follow
at once.`, func(c *cobra.Command) error {
		var released adminapi.Released
		if err := r.server.ask(c.Context(), http.MethodPost, r.path("release", nil), nil, &released); err != nil {
			return err
		}
		return r.show(c, released, func(w io.Writer) {
			for _, h := range released.Handlers {
				fmt.Fprintf(w, "%s\t%d deactivations count no more\n", h.ID, h.Deactivations)
			}
			if len(released.Handlers) == 0 {
				fmt.Fprintln(w, "No SCIM handler has the limit max_deactivations.")
			}
		})
	})
}
