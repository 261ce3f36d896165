package caddymodule

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/sony/gobreaker/v2"
	"go.uber.org/zap"

	"github.com/qualytics/scim-sidecar/mapping"
)

const (
	// idleTimeout is shorter than the five seconds after which uvicorn closes
	// a connection: a POST that meets the close can't be sent again.
	idleTimeout = 4 * time.Second

	// silence is how long nothing may come over an HTTP/2 connection that is
	// in use before the other side is asked whether it is still there, and how
	// long it has to say so. All calls share one, so that a dead one is found
	// before they have all run out of time.
	silence = 5 * time.Second

	userAgent = "scim-sidecar"
)

// upstreamClient sends calls to the API. It knows no token: see [session].
type upstreamClient struct {
	base        url.URL
	client      http.Client
	callTimeout time.Duration
	retries     int
	maxAnswer   int64
	gate        *gate
	metrics     *metrics
	logger      *zap.Logger
}

// upstreamOptions are the settings of an upstreamClient.
type upstreamOptions struct {
	base *url.URL

	// tls is nil for the defaults.
	tls *tls.Config

	callTimeout   time.Duration
	retries       int
	maxConcurrent int
	maxAnswer     int64
	metrics       *metrics
	logger        *zap.Logger
}

// newUpstreamClient returns a client that has no gate yet.
func newUpstreamClient(o upstreamOptions) *upstreamClient {
	return &upstreamClient{
		base: *o.base,
		client: http.Client{
			Transport: newTransport(o.tls, o.maxConcurrent),
			Timeout:   o.callTimeout,
			// The answer may name another host, and the token is for this one.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		callTimeout: o.callTimeout,
		retries:     o.retries,
		maxAnswer:   o.maxAnswer,
		metrics:     o.metrics,
		logger:      o.logger,
	}
}

func newTransport(config *tls.Config, maxConcurrent int) *http.Transport {
	if config == nil {
		config = new(tls.Config)
	}
	config.MinVersion = tls.VersionTLS12
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: silence},
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 5 * time.Second,
		// As many as there can be calls: none is closed after a burst, and what
		// limits connections in front of the API sees no more than that.
		MaxIdleConns:           maxConcurrent,
		MaxIdleConnsPerHost:    maxConcurrent,
		MaxConnsPerHost:        maxConcurrent,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// close closes the connections that no call uses.
func (u *upstreamClient) close() { u.client.CloseIdleConnections() }

// session is the [mapping.Upstream] of one SCIM request.
type session struct {
	*upstreamClient

	// turn is where the calls stand in the queue.
	turn *turn

	// token is what the API is asked with; empty for none.
	token string

	// requestID ties the API's log to ours.
	requestID string

	// refused says that the API did not accept the token.
	refused atomic.Bool
}

// Do implements [mapping.Upstream].
func (s *session) Do(ctx context.Context, call mapping.Call) (mapping.Answer, error) {
	ctx, span := traceCall(ctx, &call)
	answer, err := s.do(ctx, call)
	s.metrics.called(call.Name, answer.Status)
	endCall(span, answer, err)
	return answer, err
}

func (s *session) do(ctx context.Context, call mapping.Call) (mapping.Answer, error) {
	if _, ok := ctx.Deadline(); !ok {
		// What is taken back when the request's time is up.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.callTimeout)
		defer cancel()
	}
	a := attempt{session: s, call: &call}
	req, err := s.request(a.trace(ctx), &call)
	if err != nil {
		return mapping.Answer{}, &mapping.CallError{Unsent: true, Err: err}
	}
	req.SetResponseHandler(a.read)
	if err := a.enter(ctx); err != nil {
		return mapping.Answer{}, a.failure(ctx, err)
	}
	defer a.leave(ctx)
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
	a.leave(ctx)
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

// reportDown tells of changes of what is held of the API. The status or error
// is what the try got that brought them about.
func (s *session) reportDown(changes []breakerChange, status int, err error) {
	for _, c := range changes {
		fields := []zap.Field{zap.String("request_id", s.requestID), zap.Int("status", status), zap.Error(withoutPlaces(err))}
		switch {
		case c.from == gobreaker.StateClosed:
			s.logger.Warn("the API is down: no calls are made but one at a time to try it", fields...)
		case c.to == gobreaker.StateClosed:
			s.logger.Info("the API answers again", fields...)
		case c.to == gobreaker.StateOpen:
			s.logger.Debug("the API is still down", fields...)
		}
	}
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
	if s.token != "" {
		header["Authorization"] = []string{"Bearer " + s.token}
	}
	header["User-Agent"] = []string{userAgent}
	if s.requestID != "" {
		header["X-Request-Id"] = []string{s.requestID}
	}
	passTrace(ctx, header)
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
