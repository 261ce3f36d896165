package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// grace is how long calls that are under way may take when the command ends.
const grace = 5 * time.Second

// run is the command without the process around it. It is the exit code: 0
// when ctx ends it, 1 when it cannot serve, 2 when the arguments are wrong.
func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, env, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "sandbox:", err)
		return 2
	}
	if err := serve(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "sandbox:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, o options, stdout, stderr io.Writer) error {
	cfg := qualytics.Config{
		Token: o.token, Dialect: o.dialect, CreateMakesService: o.service, ForgetCalls: true,
	}
	if o.verbose {
		logger := log.New(stderr, "sandbox: ", log.LstdFlags)
		cfg.OnCall = func(c qualytics.Call) { logger.Print(line(c)) }
	}
	sandbox := qualytics.New(cfg)
	sandbox.Seed(o.users, o.teams)

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: delayed(sandbox, o.latency), ReadHeaderTimeout: grace}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "sandbox: Qualytics API on http://%s/api with %d people and %d teams\n",
		listener.Addr(), o.users, o.teams)

	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// The end of ctx is why we are here, so it must not cut the calls off.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return server.Shutdown(last)
}

// line is a call in the log, without its body: that holds personal data.
func line(c qualytics.Call) string {
	target := url.URL{Path: c.Path, RawQuery: c.Query.Encode()}
	return fmt.Sprintf("%d %s %s", c.Status, c.Method, target.RequestURI())
}

// delayed makes each call take some time, as a network does.
func delayed(next http.Handler, latency time.Duration) http.Handler {
	if latency == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-timer.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}
