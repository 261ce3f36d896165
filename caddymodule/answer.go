package caddymodule

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// eagerly is how much memory is taken for an answer on the word of its
// Content-Length; more only as it comes.
const eagerly = 1 << 20

// answerTooLarge says that an answer is larger than is read.
type answerTooLarge struct{ limit int64 }

func (e answerTooLarge) Error() string {
	return fmt.Sprintf("the answer is larger than %d bytes; if it has to be, raise max_answer_size", e.limit)
}

// readAnswer reads a whole body. It never returns part of one.
func readAnswer(resp *http.Response, limit int64) ([]byte, error) {
	n := resp.ContentLength
	switch {
	case n > limit:
		return nil, answerTooLarge{limit}
	case n == 0:
		return nil, nil
	case n > 0 && n <= eagerly:
		body := make([]byte, n)
		if _, err := io.ReadFull(resp.Body, body); err != nil {
			return nil, brokenOff(err)
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, brokenOff(err)
	case int64(len(body)) > limit:
		return nil, answerTooLarge{limit}
	case n < 0 && endsWithConnection(resp) && looksLikeJSON(body) && !json.Valid(body):
		// Nothing but the JSON tells the end of the answer from that of the
		// connection.
		return nil, brokenOff(io.ErrUnexpectedEOF)
	}
	return body, nil
}

// endsWithConnection reports whether the length of a body is only known by the
// end of the connection (RFC 9112 section 6.3).
func endsWithConnection(resp *http.Response) bool {
	return resp.ProtoMajor == 1 && len(resp.TransferEncoding) == 0 && !resp.Uncompressed
}

func looksLikeJSON(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

func brokenOff(err error) error {
	return fmt.Errorf("the answer broke off: %w", err)
}

// discreet is an error without what must not be logged.
type discreet struct {
	text string
	err  error
}

func (e *discreet) Error() string { return e.text }

func (e *discreet) Unwrap() error { return e.err }

// withoutPlaces takes out of an error of net/http where the call went: its
// query may hold what somebody is called, and the rest are addresses of an
// inner network, which are in the configuration.
func withoutPlaces(err error) error {
	if err == nil {
		return nil
	}
	var byURL *url.Error
	if errors.As(err, &byURL) {
		err = byURL.Err
	}
	text := err.Error()
	var op *net.OpError
	for at := err; errors.As(at, &op); at = op.Err {
		short := *op
		short.Source, short.Addr = nil, nil
		text = strings.Replace(text, op.Error(), short.Error(), 1)
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		text = strings.Replace(text, lookup.Error(), "lookup: "+lookup.Err, 1)
	}
	var name x509.HostnameError
	if errors.As(err, &name) {
		text = strings.Replace(text, name.Error(), "the certificate is for another name", 1)
	}
	if text == err.Error() {
		return err
	}
	return &discreet{text, err}
}
