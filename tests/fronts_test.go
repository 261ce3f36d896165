package tests

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// front is one of many sidecars in one Caddy. Each has a sandbox of its own
// behind it, so that nothing of what one does concerns another.
type front struct {
	*stack

	// base is the path of SCIM.
	base string

	// name is that of the instance.
	name string

	// kept is the storage, which all share.
	kept *entries

	// patience is how often insist repeats a request.
	patience int
}

// startFronts runs the shipped configuration with many handlers in place of
// one, each with further options, until the test ends.
func startFronts(t *testing.T, config qualytics.Config, options []map[string]any) []*front {
	t.Helper()
	config.Now, config.Token = func() time.Time { return now }, sandboxtest.Token
	fronts := make([]*front, len(options))
	handlers := make([]map[string]any, len(options))
	for i := range fronts {
		sandbox := qualytics.New(config)
		api := httptest.NewServer(sandbox)
		t.Cleanup(api.Close)
		fronts[i] = &front{
			stack: &stack{sandbox: sandbox, api: api}, base: fmt.Sprintf("/%d%s", i, basePath), name: strconv.Itoa(i), patience: 1,
		}
		handlers[i] = maps.Clone(options[i])
		handlers[i]["base_path"], handlers[i]["upstream"], handlers[i]["instance"] = fronts[i].base, api.URL, fronts[i].name
	}
	var kept *entries
	st := start(t, setup{overlay: func(config map[string]any) {
		multiply(config, handlers)
		kept = useMemory(t, config)
		set(config, "ERROR", "logging", "logs", "default", "level")
		for _, server := range servers(config) {
			delete(server, "logs")
		}
	}})
	for _, f := range fronts {
		f.host, f.address, f.token, f.client, f.kept = st.host, st.address, st.token, st.client, kept
	}
	return fronts
}

// multiply puts several handlers in the place of the one that is shipped. Each
// passes on what is not for its path.
func multiply(in any, options []map[string]any) {
	switch in := in.(type) {
	case map[string]any:
		list, _ := in["handle"].([]any)
		if i := slices.IndexFunc(list, func(h any) bool { return at(h, "handler") == "scim" }); i >= 0 {
			shipped, _ := list[i].(map[string]any)
			var handlers []any
			for _, more := range options {
				handler := maps.Clone(shipped)
				maps.Copy(handler, more)
				handlers = append(handlers, handler)
			}
			in["handle"] = slices.Concat(list[:i], handlers, list[i+1:])
			return
		}
		for _, inner := range in {
			multiply(inner, options)
		}
	case []any:
		for _, inner := range in {
			multiply(inner, options)
		}
	}
}

// ask sends a request below the SCIM base.
func (f *front) ask(t testing.TB, method, path, body string) reply {
	t.Helper()
	got, err := f.send(t, method, f.base+path, body)
	if err != nil {
		t.Error(err)
	}
	return got
}

// insist is ask until the front answers in time, for as long as the patience
// lasts.
func (f *front) insist(t testing.TB, method, path, body string) (got reply) {
	t.Helper()
	for range f.patience {
		if got = f.ask(t, method, path, body); got.status < 500 {
			break
		}
	}
	return got
}

// failStorage has each operation on what the front keeps be told to fault
// first, until that is nil.
func (f *front) failStorage(fault func() error) { f.kept.fail(f.name, fault) }
