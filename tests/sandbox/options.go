package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// tokenVariable is where the token is read from if no flag gives one, because
// every process of the machine may see the flags.
const tokenVariable = "QUALYTICS_TOKEN"

type options struct {
	listen  string
	token   string
	users   int
	teams   int
	latency time.Duration
	dialect qualytics.Dialect
	service bool
	verbose bool
}

func parseOptions(args []string, env func(string) string, stderr io.Writer) (options, error) {
	var o options
	var dialect string
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:9000", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&o.token, "token", "", "the sidecar's `token`; if empty, that of "+tokenVariable)
	flags.IntVar(&o.users, "users", 12, "`number` of people, active and deactivated")
	flags.IntVar(&o.teams, "teams", 4, "`number` of teams besides Public")
	flags.DurationVar(&o.latency, "latency", 0, "`time` that each call takes at least")
	flags.StringVar(&dialect, "dialect", "a", "side to take where the sources disagree: `a or b`")
	flags.BoolVar(&o.service, "create-makes-service", false, "POST /api/users creates service users")
	flags.BoolVar(&o.verbose, "verbose", false, "log each call")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.token == "" {
		o.token = env(tokenVariable)
	}
	switch dialect {
	case "a":
		o.dialect = qualytics.DialectA()
	case "b":
		o.dialect = qualytics.DialectB()
	default:
		return options{}, fmt.Errorf("unknown dialect %q: it is a or b", dialect)
	}
	switch {
	case flags.NArg() > 0:
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.token == "":
		return options{}, errors.New("a token is needed: give -token or set " + tokenVariable)
	case o.users < 0 || o.teams < 0 || o.latency < 0:
		return options{}, errors.New("users, teams and latency must not be negative")
	}
	return o, nil
}
