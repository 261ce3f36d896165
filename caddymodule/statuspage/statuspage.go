// Package statuspage shows people how the SCIM handlers are: a page of HTML that
// takes no script and nothing from elsewhere.
package statuspage

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the parts of the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/qualytics/scim-sidecar/caddymodule/adminapi"
	"github.com/qualytics/scim-sidecar/mapping/plan"
)

//go:embed page.css
var style string

//go:embed page.html
var source string

// policy is the Content-Security-Policy: nothing but the page and its own style.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// Requests is how many of the latest requests the page has.
const Requests = 50

// content is what the page shows.
type content struct {
	Style    template.CSS
	Now      time.Time
	Handlers []adminapi.Handler
	Requests []adminapi.Request
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"moment":  func(t any) string { return when(t).UTC().Format("2006-01-02 15:04:05 UTC") },
	"rfc":     func(t any) string { return when(t).UTC().Format(time.RFC3339) },
	"seconds": func(s float64) string { return time.Duration(s * float64(time.Second)).String() },
	"base":    filepath.Base,
	"millis":  func(s float64) string { return strconv.FormatFloat(s*1000, 'f', 0, 64) + " ms" },
	"value":   func(raw json.RawMessage) string { return string(raw) },
	"tone":    tone,
	"result":  resultTone,
}).Parse(source))

// when takes a moment, or a pointer to one.
func when(t any) time.Time {
	if p, ok := t.(*time.Time); ok {
		return *p
	}
	moment, _ := t.(time.Time)
	return moment
}

// tone is the class for an outcome.
func tone(o plan.Outcome) string {
	switch {
	case o.Status >= 500 || o.Status == http.StatusTooManyRequests:
		return "bad"
	case o.Refused():
		return "warn"
	default:
		return "good"
	}
}

// resultTone is the class for what came of a change.
func resultTone(r plan.Result) string {
	switch r {
	case plan.Done:
		return "good"
	case plan.Unknown, plan.Ignored:
		return "bad"
	default:
		return "warn"
	}
}

// Write answers with the page. The error is that of a page that could not be made;
// nothing is written then.
func Write(w http.ResponseWriter, status adminapi.Status, requests adminapi.Requests, now time.Time) error {
	var buffer bytes.Buffer
	err := page.Execute(&buffer, content{
		Style: template.CSS(style), Now: now, Handlers: status.Handlers, Requests: requests.Requests, //nolint:gosec // the style is our own
	})
	if err != nil {
		return fmt.Errorf("the page can't be made: %w", err)
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(buffer.Len()))
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write(buffer.Bytes()) // nobody is left to tell when this fails
	return nil
}
