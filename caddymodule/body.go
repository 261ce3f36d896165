package caddymodule

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// readBody returns the body of a request that may have one. The content type
// of a request without a body is nobody's business: identity providers send
// one with DELETE.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return nil, nil
	}
	if r.Body == nil || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > h.MaxBodySize {
		return nil, errBodyTooLarge(h.MaxBodySize)
	}
	if e := strings.TrimSpace(r.Header.Get("Content-Encoding")); e != "" && !strings.EqualFold(e, "identity") {
		return nil, scim.Errorf(http.StatusUnsupportedMediaType, "",
			"The body must be sent without a Content-Encoding.")
	}
	body, err := readAll(http.MaxBytesReader(w, r.Body, h.MaxBodySize), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errBodyTooLarge(h.MaxBodySize)
	case err != nil:
		return nil, scim.BadRequest(scim.InvalidSyntax, "The body broke off before its end.").WithCause(err)
	case len(body) == 0:
		return nil, nil
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, scim.Errorf(http.StatusUnsupportedMediaType, "",
			"The body must be JSON, sent as %s or %s.", scim.MediaType, scim.MediaTypeJSON)
	}
	return body, nil
}

// readAll is io.ReadAll with one allocation where the length is known.
func readAll(r io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(r)
	}
	body := make([]byte, length)
	_, err := io.ReadFull(r, body)
	return body, err
}

func errBodyTooLarge(limit int64) *scim.Error {
	return scim.Errorf(http.StatusRequestEntityTooLarge, "",
		"The size of the body exceeds the maxPayloadSize (%d). Send fewer members or operations at a time.", limit)
}

// isJSON reports whether a body of this type is worth parsing. Only a type
// that says that the body is something else is refused.
func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	switch mediaType {
	case "", scim.MediaType, scim.MediaTypeJSON, "text/json", "text/plain", "application/octet-stream":
		return true
	}
	if strings.HasSuffix(mediaType, "+json") {
		return true
	}
	// A type that can't be read says nothing.
	_, _, err := mime.ParseMediaType(mediaType)
	return err != nil || !strings.Contains(mediaType, "/")
}
