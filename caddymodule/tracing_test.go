package caddymodule

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/qualytics/scim-sidecar/mapping"
)

// traced returns a context with a span, and what tells the spans that have ended
// below it, with their durations.
func traced(t *testing.T) (ctx context.Context, ended func() string) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	ctx, span := provider.Tracer("test").Start(t.Context(), "above")
	t.Cleanup(func() { span.End() })
	return ctx, func() string {
		var b strings.Builder
		for _, s := range exporter.GetSpans() {
			b.WriteString(s.Name + " " + s.EndTime.Sub(s.StartTime).String())
			for _, a := range s.Attributes {
				if a.Key == "scim.joined" {
					b.WriteString(" joined=" + a.Value.String())
				}
			}
			b.WriteString("\n")
		}
		return b.String()
	}
}

// TestTraceOfAWait has a call wait for its turn, and others not.
func TestTraceOfAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newTestSession(t, "http://localhost", roundTripper(func(r *http.Request) (*http.Response, error) {
			connected(r)
			time.Sleep(20 * time.Millisecond)
			return answer(200, "{}"), nil
		}))
		s.gate.join(&gateSettings{limits: limits{concurrent: 4, perSecond: 1, burst: 1}})
		ctx, ended := traced(t)
		for range 2 {
			if _, err := s.Do(ctx, get("User.list")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Do(t.Context(), get("User.read")); err != nil {
			t.Fatal(err)
		}
		if got, want := ended(), "User.list 20ms\nwait for a turn 980ms\nUser.list 1s\n"; got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// TestTraceOfASharedReading has one request read a list and another one wait
// for that.
func TestTraceOfASharedReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCorrelations(10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		ctx, ended := traced(t)
		scan := func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			if err != nil {
				t.Error(err)
				return
			}
			r, span := traceRequest(r)
			_, err = span.watch(c).Scan(r.Context(), "User", func(context.Context) (*mapping.Scan, error) {
				time.Sleep(time.Second)
				return new(mapping.Scan), nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		go scan()
		synctest.Wait()
		scan()
		synctest.Wait()
		got := ended()
		for _, want := range []string{"read list of User 1s joined=false\n", "read list of User 1s joined=true\n"} {
			if strings.Count(got, want) != 1 {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
		if err := c.Destruct(); err != nil {
			t.Error(err)
		}
	})
}
