// Command sandbox serves the stand-in for the Qualytics API, to try the
// sidecar without an instance:
//
//	go run ./tests/sandbox -listen 127.0.0.1:9000 -token T -users 12 -teams 4
//
// It keeps everything in memory and ends on SIGINT or SIGTERM.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
