package caddymodule

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// failed makes the response to a request that failed before, or outside of,
// the program.
func failed(err error) mapping.Response {
	e := scim.AsError(err)
	body, _ := json.Marshal(e) // it consists of strings
	return mapping.Response{Status: e.Status, Body: body, RetryAfter: e.RetryAfter, Err: e}
}

// respond writes the response.
func (h *Handler) respond(w http.ResponseWriter, r *http.Request, x *exchange) {
	resp := &x.response
	header := w.Header()
	// Answers depend on the token and hold personal data.
	header["Cache-Control"] = []string{"no-store"}
	if x.requestID != "" {
		header["X-Request-Id"] = []string{x.requestID}
	}
	if len(resp.Allow) > 0 {
		header["Allow"] = []string{strings.Join(resp.Allow, ", ")}
	}
	if resp.Location != "" {
		header["Location"] = []string{resp.Location}
		if resp.Body != nil || resp.Status == http.StatusNotModified {
			header["Content-Location"] = []string{resp.Location}
		}
	}
	if resp.Version != "" {
		header["Etag"] = []string{resp.Version}
	}
	if resp.RetryAfter > 0 {
		header["Retry-After"] = []string{strconv.Itoa(resp.RetryAfter)}
	}
	if resp.Status == http.StatusUnauthorized || x.challenge == challengeScope {
		header["Www-Authenticate"] = []string{x.challenge}
	}
	if resp.Body != nil {
		header["Content-Type"] = []string{h.contentType(r)}
		header["Content-Length"] = []string{strconv.Itoa(len(resp.Body))}
	}
	w.WriteHeader(resp.Status)
	if resp.Body != nil && r.Method != http.MethodHead {
		// Nobody is left to tell when this fails.
		_, _ = w.Write(resp.Body)
	}
}

// contentType returns the content type of the response.
func (h *Handler) contentType(r *http.Request) string {
	if h.ResponseType != responseTypeAuto {
		return h.ResponseType
	}
	for _, accept := range r.Header["Accept"] {
		for element := range strings.SplitSeq(accept, ",") {
			mediaType, _, _ := strings.Cut(element, ";")
			if strings.EqualFold(strings.TrimSpace(mediaType), scim.MediaType) {
				return scim.MediaType
			}
		}
	}
	return scim.MediaTypeJSON
}
