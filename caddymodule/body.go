package caddymodule

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// readBody returns the body of a request that may have one. The content type
// of a request without a body is nobody's business: identity providers send
// one with DELETE.
func (h *Handler) readBody(ctx context.Context, w http.ResponseWriter, r *http.Request) ([]byte, error) {
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
	deadline, _ := ctx.Deadline()
	limitBodyTime(w, r, deadline)
	body, err := readAll(http.MaxBytesReader(w, r.Body, h.MaxBodySize), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errBodyTooLarge(h.MaxBodySize)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, scim.Errorf(http.StatusRequestTimeout, "",
			"The body did not come within %s; nothing was done.", spoken(time.Duration(h.Timeout))).WithCause(err)
	case err != nil:
		return nil, scim.BadRequest(scim.InvalidSyntax, "The body broke off before its end.").WithCause(err)
	}
	limitBodyTime(w, r, time.Time{})
	if len(body) == 0 {
		return nil, nil
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, scim.Errorf(http.StatusUnsupportedMediaType, "",
			"The body must be JSON, sent as %s or %s.", scim.MediaType, scim.MediaTypeJSON)
	}
	return body, nil
}

// unreadBodyTime is for how long the server takes in the body of a request
// that is answered without it, to keep the connection.
const unreadBodyTime = 5 * time.Second

// limitBodyTime sets until when the body of a request may come in; the zero
// time takes the limit back. Without it, a client that sends a byte now and
// then holds a connection and a goroutine for as long as it likes.
func limitBodyTime(w http.ResponseWriter, r *http.Request, until time.Time) {
	if r.ContentLength != 0 {
		// Where there is no connection, there is nothing to limit.
		_ = http.NewResponseController(w).SetReadDeadline(until)
	}
}

// maxURI is how long the path and query of a request may be, in bytes. RFC 9110
// section 4.1 asks for 8000 at least.
const maxURI = 8 << 10

func checkURI(r *http.Request) error {
	if len(r.RequestURI) > maxURI {
		return scim.Errorf(http.StatusRequestURITooLong, "",
			"The path and query are longer than %d bytes. Ask for less at a time.", maxURI)
	}
	return nil
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
