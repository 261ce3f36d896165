package caddymodule

import (
	"testing"

	"go.uber.org/zap"
)

// TestQueryRedaction has whoever is looked up stand in no log, however the parameter
// is written.
func TestQueryRedaction(t *testing.T) {
	for in, want := range map[string]string{
		"/Users":                             "/Users",
		"/Users?count=2&startIndex=1":        "/Users?count=2&startIndex=1",
		"/Users?filter=x&Count=2":            "/Users?filter=REDACTED&Count=2",
		"/Users?Filter=x&FILTER=y":           "/Users?Filter=REDACTED&FILTER=REDACTED",
		"/Users?%46ilter=x&f%69lter=a%26b=c": "/Users?%46ilter=REDACTED&f%69lter=REDACTED",
		"/Users?%ZZfilter=x&+filter=y":       "/Users?%ZZfilter=REDACTED&+filter=REDACTED",
		"/Users?ana.reis&&c%6funt=1":         "/Users?REDACTED&&c%6funt=1",
		"/Users?name=ana?b=c":                "/Users?name=REDACTED",
	} {
		if got := new(QueryRedaction).Filter(zap.String("uri", in)); got.String != want {
			t.Errorf("%s is logged as %s, want %s", in, got.String, want)
		}
	}
}
