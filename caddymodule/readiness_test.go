package caddymodule

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// looker is a readiness whose looks take a while and find what they are told.
type looker struct {
	*readiness
	looks atomic.Int32
	takes time.Duration
	finds finding
	logs  *observer.ObservedLogs
}

func newLooker(t *testing.T) *looker {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	l := &looker{logs: logs}
	l.readiness = newReadiness(func(ctx context.Context) finding {
		l.looks.Add(1)
		select {
		case <-time.After(l.takes):
		case <-ctx.Done():
			return finding{[]string{unreadyAPI}, []error{ctx.Err()}}
		}
		return l.finds
	}, 5*time.Second, zap.New(core))
	t.Cleanup(func() { _ = l.stop() })
	return l
}

// says asks, with a freshness of ten seconds.
func (l *looker) says(t *testing.T, want ...string) {
	t.Helper()
	if got := l.ask(t.Context(), 10*time.Second); !slices.Equal(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// looked fails the test unless there were so many looks.
func (l *looker) looked(t *testing.T, want int32) {
	t.Helper()
	if got := l.looks.Load(); got != want {
		t.Errorf("%d looks, want %d", got, want)
	}
}

// TestReadinessOfMany has a thousand probes come at once, and then again.
func TestReadinessOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLooker(t)
		l.takes = 100 * time.Millisecond
		for round := range int32(3) {
			var all sync.WaitGroup
			for range 1000 {
				all.Go(func() { l.says(t) })
			}
			all.Wait()
			l.looked(t, round+1)
			time.Sleep(9 * time.Second)
			l.says(t)
			l.looked(t, round+1)
			time.Sleep(time.Second)
		}
	})
}

// TestReadinessIsSlow has looks take longer than a probe waits.
func TestReadinessIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLooker(t)
		l.takes = 2 * time.Second
		start := time.Now()
		l.says(t, unreadyUnknown)
		if took := time.Since(start); took != probePatience {
			t.Errorf("the probe waited for %s", took)
		}
		time.Sleep(2 * time.Second)
		l.says(t)
		l.finds = finding{[]string{unreadyToken}, []error{errors.New("status 401")}}
		time.Sleep(10 * time.Second)
		l.says(t) // as before
		time.Sleep(2 * time.Second)
		l.says(t, unreadyToken)
		l.looked(t, 2)

		// What does not end is not waited for.
		l.takes = time.Hour
		time.Sleep(10 * time.Second)
		l.says(t, unreadyToken)
		time.Sleep(5 * time.Second)
		l.says(t, unreadyAPI)
		l.looked(t, 3)
	})
}

// TestReadinessHangs has a look that does not heed its time, as a storage may.
func TestReadinessHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLooker(t)
		l.says(t)
		time.Sleep(10 * time.Second)
		hang := make(chan struct{})
		l.look = func(context.Context) finding { <-hang; return finding{} }
		l.says(t)
		time.Sleep(5 * time.Second)
		l.says(t, unreadyUnknown)
		close(hang)
		l.says(t)
	})
}

// TestReadinessTells logs changes, once each.
func TestReadinessTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLooker(t)
		look := l.look
		for _, f := range []finding{
			{},
			{[]string{unreadyAPI}, []error{errors.New("status 500")}},
			{[]string{unreadyAPI}, []error{errors.New("status 502")}},
			{[]string{unreadyToken}, []error{errors.New("status 401")}},
			{},
			{},
		} {
			l.finds = f
			l.says(t, f.reasons...)
			time.Sleep(10 * time.Second)
		}
		l.look = func(context.Context) finding { panic("ana@corp.example") }
		l.says(t, unreadyUnknown)
		l.look = look
		var said []string
		for _, entry := range l.logs.TakeAll() {
			said = append(said, entry.Level.String()+" "+entry.Message)
		}
		want := []string{"warn the handler is not ready", "error the handler is not ready", "info the handler is ready", "warn the handler is not ready"}
		if !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
}

// TestReadinessStops leaves nothing behind.
func TestReadinessStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLooker(t)
		l.takes = time.Second
		go l.says(t, unreadyUnknown)
		synctest.Wait()
		start := time.Now()
		if err := l.stop(); err != nil || time.Since(start) > 0 {
			t.Errorf("%v, after %s", err, time.Since(start))
		}
		l.says(t, unreadyUnknown)
		l.looked(t, 1)
	})
}

// TestReasons has the API and the storage be in every state.
func TestReasons(t *testing.T) {
	const admin = `{"id":"41","active":true,"role":"Admin"}`
	src, err := os.ReadFile("testdata/mappings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	withoutCaller := filepath.Join(t.TempDir(), "mappings.yaml")
	if err := os.WriteFile(withoutCaller, []byte(strings.Replace(string(src), "caller:", "#", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	own := func(*Handler) {}
	passing := func(h *Handler) { h.Tokens, h.UpstreamToken, h.Passthrough = nil, "", true }
	for name, test := range map[string]struct {
		change func(h *Handler)
		status int
		body   string
		want   string
	}{
		"an Admin":               {own, 200, admin, ""},
		"somebody else":          {own, 200, `{"id":"41","active":true,"role":"Member"}`, unreadyToken},
		"a wrong token":          {own, 401, `{}`, unreadyToken},
		"a right not there":      {own, 403, `{}`, unreadyToken},
		"a page in between":      {own, 403, `<html>`, unreadyAPI},
		"a page with 200":        {own, 200, `<html>`, unreadyAPI},
		"no object":              {own, 200, `[]`, unreadyAPI},
		"no such call":           {own, 404, `{}`, unreadyAPI},
		"a mistake":              {own, 500, `{}`, unreadyAPI},
		"down":                   {own, 503, `{}`, unreadyAPI},
		"no connection":          {own, 0, "", unreadyAPI},
		"busy":                   {own, 429, `{}`, ""},
		"passthrough":            {passing, 401, `{}`, ""},
		"passthrough, down":      {passing, 503, `{}`, unreadyAPI},
		"passthrough, a page":    {passing, 401, `<html>`, unreadyAPI},
		"maintenance":            {func(h *Handler) { h.Maintenance = new(Pause) }, 503, `{}`, ""},
		"read_only":              {func(h *Handler) { h.ReadOnly = new(Pause) }, 503, `{}`, unreadyAPI},
		"a mapping that is mute": {func(h *Handler) { h.Mappings = withoutCaller }, 503, `{}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := valid()
			h.Upstream = "http://localhost:9999"
			h.Retries = new(int)
			test.change(h)
			if err := provision(t, h); err != nil {
				t.Fatal(err)
			}
			h.upstream.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				if got, want := r.Header.Get("Authorization"), "Bearer "+testToken; got != want && !h.Passthrough || got != "" && h.Passthrough {
					t.Errorf("the API was asked with %q", got)
				}
				if test.status == 0 {
					return nil, errors.New("refused")
				}
				connected(r)
				return answer(test.status, test.body), nil
			})
			want := []string{}
			if test.want != "" {
				want = append(want, test.want)
			}
			if got := h.readiness.ask(t.Context(), time.Second); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// TestReasonOfTheBreaker has a mapping by which the API can't be asked, and
// requests find out that it is down.
func TestReasonOfTheBreaker(t *testing.T) {
	h := valid()
	h.Upstream, h.BreakerFailures, h.Retries = "http://localhost:9998", new(1), new(int)
	if err := provision(t, h); err != nil {
		t.Fatal(err)
	}
	h.upstream.client.Transport = roundTripper(reply{unreached: true}.roundTrip)
	if reason, err := h.apiFault(t.Context(), nil); reason != "" {
		t.Errorf("%s, %v", reason, err)
	}
	_, _ = h.upstream.newSession(false).Do(t.Context(), get("User.list"))
	if reason, err := h.apiFault(t.Context(), nil); reason != unreadyAPI || err == nil {
		t.Errorf("%q, %v", reason, err)
	}
}

// forbiddenStorage is a storage of which nothing can be read.
type forbiddenStorage struct{ *memoryStorage }

func (forbiddenStorage) Load(context.Context, string) ([]byte, error) { return nil, fs.ErrPermission }

// TestReasonOfTheStorage can't read it.
func TestReasonOfTheStorage(t *testing.T) {
	h, _ := newTestHandler(t, nil)
	if reason, err := h.storageFault(t.Context()); reason != "" {
		t.Errorf("%s, %v", reason, err)
	}
	kept := newProcess(t, forbiddenStorage{newMemoryStorage()})
	h.keeper, h.storage, h.keeperReport = kept.keeper, kept.own, kept.keeperReport
	if reason, err := h.storageFault(t.Context()); reason != unreadyStorage || err == nil {
		t.Errorf("%q, %v", reason, err)
	}
}
