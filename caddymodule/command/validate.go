package command

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/qualytics/scim-sidecar/mapping/contract/openapi"
	"github.com/qualytics/scim-sidecar/mapping/validation"
)

// fetchTimeout bounds how long a document may take to arrive.
const fetchTimeout = 30 * time.Second

// validating is what `caddy scim validate` is asked.
type validating struct {
	mappings, openapi, format string
	strict                    bool
}

func validateCommand() *cobra.Command {
	var v validating
	c := &cobra.Command{
		Use:   "validate [--mappings FILE] [--openapi FILE|URL|-] [--strict] [--format text|json|sarif]",
		Short: "Says whether a mapping is right, and whether it fits the API's OpenAPI document",
		Long: strings.TrimSpace(`
Prints all mistakes of a mapping file at once, each with its line. Nothing is
asked and no server is needed.

With --openapi, the calls of the mapping are compared with what an OpenAPI
document, 3.0 or 3.1 in JSON or YAML, says of the API: paths and methods, query
parameters, the fields of bodies and what they can be, and what is read in
answers. A finding ends with a pointer into the document.

    caddy scim validate --openapi openapi.json
    curl -H "Authorization: Bearer $TOKEN" $API/openapi.json | caddy scim validate --openapi -

The exit code is 0 when there is no mistake, 1 when there is one, and 2 when that
could not be found out. Warnings are no mistakes, except with --strict.`),
		RunE: func(c *cobra.Command, _ []string) error { return v.run(c) },
	}
	f := c.Flags()
	f.StringVar(&v.mappings, "mappings", "mappings.yaml", "The mapping file")
	f.StringVar(&v.openapi, "openapi", "", "The API's OpenAPI document: a file, a URL, or - for standard input")
	f.BoolVar(&v.strict, "strict", false, "Have the exit code 1 for warnings too")
	f.StringVar(&v.format, "format", formatText, "text, json or sarif")
	return strict(c, cobra.NoArgs)
}

func (v *validating) run(c *cobra.Command) error {
	if err := checkFormat(v.format, formatText, formatJSON, formatSARIF); err != nil {
		return misused(c, err)
	}
	report, err := v.report(c)
	if err != nil {
		return misused(c, err)
	}
	switch v.format {
	case formatJSON:
		err = printJSON(c.OutOrStdout(), report)
	case formatSARIF:
		err = report.SARIF(c.OutOrStdout(), sarifURI(v.mappings))
	default:
		err = report.Text(c.OutOrStdout())
	}
	if err != nil {
		return misused(c, err)
	}
	if report.Errors > 0 || v.strict && report.Warnings > 0 {
		return refused(c)
	}
	return nil
}

func (v *validating) report(c *cobra.Command) (*validation.Report, error) {
	src, err := os.ReadFile(v.mappings)
	if err != nil {
		return nil, fmt.Errorf("the mapping: %w", err)
	}
	var document *validation.Document
	if v.openapi != "" {
		if document, err = v.document(c); err != nil {
			return nil, err
		}
	}
	report, err := validation.Mapping(v.mappings, src, document)
	if err != nil {
		return nil, fmt.Errorf("the OpenAPI document %w", err)
	}
	return report, nil
}

// document reads the OpenAPI document.
func (v *validating) document(c *cobra.Command) (*validation.Document, error) {
	const what = "the OpenAPI document"
	name := v.openapi
	var src []byte
	var err error
	address, parseErr := url.Parse(name)
	switch {
	case parseErr == nil && (address.Scheme == "http" || address.Scheme == "https"):
		name = address.Redacted()
		src, err = fetch(c.Context(), what, address)
	default:
		src, err = readInput(c, what, name, openapi.MaxSize)
	}
	if err != nil {
		return nil, err
	}
	if name == "-" {
		name = "standard input"
	}
	document, err := openapi.Read(src)
	if err != nil {
		return nil, fmt.Errorf("%s %s can't be used: %w", what, name, err)
	}
	return &validation.Document{Name: name, Document: document}, nil
}

// fetch gets a document from the network.
func fetch(ctx context.Context, what string, address *url.URL) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	request.Header.Set("Accept", "application/json, application/yaml;q=0.9, */*;q=0.1")
	client := http.Client{Timeout: fetchTimeout}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s answered with status %d; if it asks for a token, get it with curl and use --openapi -",
			what, address.Redacted(), response.StatusCode)
	}
	return readAll(what, response.Body, openapi.MaxSize)
}

// sarifURI is what a file is called in SARIF: relative to the working directory,
// which is the root of the repository, or else absolute.
func sarifURI(name string) string {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return filepath.ToSlash(name)
	}
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, absolute); err == nil && filepath.IsLocal(relative) {
			return (&url.URL{Path: filepath.ToSlash(relative)}).String()
		}
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String()
}
