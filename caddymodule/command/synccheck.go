package command

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping"
)

func syncCheckCommand() *cobra.Command {
	var r running
	var names bool
	var unwritten string
	c := r.command("sync-check", "Compares what SCIM has last said with what the API has", `
Has the running Caddy read all that it keeps and all lists of the API, and prints
where they differ: who is active and was deleted over SCIM or never provisioned,
who is gone or inactive although the provider has them, groups that nobody writes
any more, and several of one name; and what to do about each. Nothing is changed.

Without --names, people and groups are named by their ids.

The exit code is 0 when nothing is found that somebody has to look after, 1 when
something is, which a leftover is not, and 2 when it could not be asked.`, func(c *cobra.Command) error {
		parameters := url.Values{"unwritten": {unwritten}}
		if names {
			parameters.Set("names", "true")
		}
		var all adminapi.SyncCheck
		if err := r.server.ask(c.Context(), http.MethodGet, r.path("sync-check", parameters), nil, &all); err != nil {
			return err
		}
		if err := r.show(c, all, func(w io.Writer) { printSyncCheck(w, &all) }); err != nil {
			return err
		}
		for _, h := range all.Handlers {
			if slices.ContainsFunc(h.Findings, func(f mapping.Finding) bool { return f.Kind != mapping.Leftover }) {
				return refused(c)
			}
		}
		return nil
	})
	c.Flags().BoolVar(&names, "names", false, "Print userNames and displayNames, which are personal data")
	c.Flags().StringVar(&unwritten, "unwritten", "90d", "For how long no request must have written a group that is listed for that")
	return c
}

func printSyncCheck(w io.Writer, all *adminapi.SyncCheck) {
	for _, h := range all.Handlers {
		fmt.Fprintln(w, h.ID)
		for _, checked := range h.Checked {
			fmt.Fprintf(w, "  %s\t%d in the API, %d kept here\n", checked.Resource, checked.Objects, checked.Records)
		}
		if len(h.Findings) == 0 {
			fmt.Fprintln(w, "  Nothing is found.")
		}
		var kind mapping.FindingKind
		for i := range h.Findings {
			f := &h.Findings[i]
			if f.Kind != kind {
				kind = f.Kind
				advice := adminapi.SyncAdvice[kind]
				fmt.Fprintf(w, "\n%s: %s\n  %s\n", kind, advice.What, advice.ToDo)
			}
			fmt.Fprintf(w, "  %s %s\t%s\n", f.Resource, f.ID, describeFinding(f))
		}
	}
}

func describeFinding(f *mapping.Finding) string {
	var parts []string
	if f.Name != "" {
		parts = append(parts, f.Name)
	}
	if f.Attribute != "" {
		parts = append(parts, f.Attribute+" as "+strings.Join(f.Others, ", "))
	}
	if !f.Since.IsZero() {
		what := "written "
		switch f.Kind {
		case mapping.StillThere:
			what = "to go since "
		case mapping.ActiveAgain, mapping.Leftover:
			what = "since "
		}
		parts = append(parts, what+f.Since.UTC().Format("2006-01-02"))
	}
	return strings.Join(parts, ", ")
}
