package caddymodule

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/qualytics/scim-sidecar/mapping"
)

const (
	// maxAnswer is how much of one answer is read. A page of 100 users has
	// less than a hundredth of it.
	maxAnswer = 16 << 20

	// idleTimeout is shorter than the five seconds after which uvicorn closes
	// a connection: a POST that meets the close can't be sent again.
	idleTimeout = 4 * time.Second

	userAgent = "scim-sidecar"
)

var errAnswerTooLarge = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)

// upstreamClient sends calls to the API. It knows no token: see [session].
type upstreamClient struct {
	base    url.URL
	client  http.Client
	retries int
	logger  *zap.Logger

	// slots has an element for each call under way.
	slots chan struct{}

	// limiter is nil for no limit.
	limiter *rate.Limiter
}

// upstreamOptions are the settings of an upstreamClient.
type upstreamOptions struct {
	base          *url.URL
	callTimeout   time.Duration
	retries       int
	maxConcurrent int
	maxPerSecond  float64
	logger        *zap.Logger
}

func newUpstreamClient(o upstreamOptions) *upstreamClient {
	u := &upstreamClient{
		base: *o.base,
		client: http.Client{
			Transport: newTransport(o.maxConcurrent),
			Timeout:   o.callTimeout,
			// The answer may name another host, and the token is for this one.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		retries: o.retries,
		logger:  o.logger,
		slots:   make(chan struct{}, o.maxConcurrent),
	}
	if o.maxPerSecond > 0 {
		u.limiter = rate.NewLimiter(rate.Limit(o.maxPerSecond), max(1, int(o.maxPerSecond)))
	}
	return u
}

func newTransport(maxConcurrent int) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 5 * time.Second,
		// As many as there can be calls, so that none is closed after a burst.
		MaxIdleConns:           maxConcurrent,
		MaxIdleConnsPerHost:    maxConcurrent,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// close closes the connections that no call uses.
func (u *upstreamClient) close() { u.client.CloseIdleConnections() }

// session is the [mapping.Upstream] of one SCIM request.
type session struct {
	*upstreamClient

	// token is what the API is asked with.
	token string

	// requestID ties the API's log to ours.
	requestID string

	// refused says that the API did not accept the token.
	refused atomic.Bool
}

// Do implements [mapping.Upstream].
func (s *session) Do(ctx context.Context, call mapping.Call) (mapping.Answer, error) {
	if err := s.admit(ctx); err != nil {
		return mapping.Answer{}, &mapping.CallError{Unsent: true, Timeout: true, Err: err}
	}
	defer func() { <-s.slots }()

	a := attempt{session: s, call: &call}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// From here on the API may have seen the call.
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	})
	req, err := s.request(ctx, &call)
	if err != nil {
		return mapping.Answer{}, &mapping.CallError{Unsent: true, Err: err}
	}
	req.SetResponseHandler(a.read)
	client := retryablehttp.Client{
		HTTPClient:     &s.client,
		RetryMax:       s.retries,
		RequestLogHook: a.begin,
		CheckRetry:     a.check,
		Backoff:        a.backoff,
		PrepareRetry:   a.prepare,
		ErrorHandler:   retryablehttp.PassthroughErrorHandler,
	}
	resp, err := client.Do(req)
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return mapping.Answer{}, a.failure(ctx, err)
	}
	if a.answer.Status == http.StatusUnauthorized {
		s.refused.Store(true)
	}
	return a.answer, nil
}

// admit waits until one more call may be made.
func (u *upstreamClient) admit(ctx context.Context) error {
	select {
	case u.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for one of %d concurrent calls to end: %w", cap(u.slots), ctx.Err())
	}
	if err := u.pace(ctx); err != nil {
		<-u.slots
		return err
	}
	return nil
}

// pace waits until the rate limit lets one more request pass.
func (u *upstreamClient) pace(ctx context.Context) error {
	if u.limiter == nil {
		return nil
	}
	if err := u.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("waiting for the limit of %g calls per second: %w", u.limiter.Limit(), err)
	}
	return nil
}

// request makes the HTTP request of a call.
func (s *session) request(ctx context.Context, call *mapping.Call) (*retryablehttp.Request, error) {
	u := s.base
	u.Path, u.RawQuery = call.Path, call.Query
	if strings.IndexByte(call.Path, '%') >= 0 {
		path, err := url.PathUnescape(call.Path)
		if err != nil {
			return nil, fmt.Errorf("the path of %s is not escaped well", call.Name)
		}
		u.Path, u.RawPath = path, call.Path
	}
	header := make(http.Header, 6)
	header["Accept"] = []string{"application/json"}
	header["Authorization"] = []string{"Bearer " + s.token}
	header["User-Agent"] = []string{userAgent}
	if s.requestID != "" {
		header["X-Request-Id"] = []string{s.requestID}
	}
	if call.Body != nil {
		header["Content-Type"] = []string{"application/json"}
	}
	req := &retryablehttp.Request{Request: (&http.Request{
		Method:     call.Method,
		URL:        &u,
		Host:       u.Host,
		Header:     header,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
	}).WithContext(ctx)}
	if call.Body != nil {
		if err := req.SetBody(call.Body); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// parseUpstream reads the address of the API.
func parseUpstream(address string, allowPlaintext bool) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The error of url.Parse quotes the address, which may hold a password.
		return nil, errors.New("upstream: not a URL; write it like https://example.qualytics.io")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("upstream: the URL must not hold a user name or password; the token goes into upstream_token")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, fmt.Errorf("upstream: %q has no http or https scheme and host; write it like https://example.qualytics.io", address)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("upstream: the URL must end after the host; leave out the query and the fragment")
	case u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("upstream: the URL must end after the host, but has the path %q; the mapping says which path the API is under", u.Path)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("upstream: the port %s is not between 1 and 65535", port)
		}
	}
	if u.Scheme == "http" && !allowPlaintext && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("upstream: %s would carry the token over the network unencrypted; use https, or write allow_plaintext if that network is trusted", u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// readAnswer reads a whole body. It never returns part of one.
func readAnswer(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > maxAnswer {
		return nil, errAnswerTooLarge
	}
	if n := resp.ContentLength; n >= 0 {
		if n == 0 {
			return nil, nil
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(resp.Body, body); err != nil {
			return nil, truncated(err)
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, truncated(err)
	}
	if len(body) > maxAnswer {
		return nil, errAnswerTooLarge
	}
	return body, nil
}

func truncated(err error) error {
	return fmt.Errorf("the answer broke off: %w", err)
}
