package mapping

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// FuzzExplain has plans of requests with whatever body: without an API they find
// a way to the end, and with one they are true, unless the API refuses
// something.
func FuzzExplain(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"userName":"x"}`, `{"userName":"bruno.silva","active":false}`, `{"userName":"ana.reis@corp.test"}`,
		`{"userName":"x","active":"False","emails":{"value":"chloe.martin@corp.test"},"roles":["admin"],"externalId":"e"}`,
		`{"userName":"x","name":{"givenName":" A ","familyName":"B","formatted":""},"displayName":null}`,
		`{"displayName":"New","members":[{"value":"2"},{"value":"4"}]}`, `{"displayName":"New","members":[]}`,
		patchOf(`{"op":"replace","path":"active","value":"False"}`),
		patchOf(`{"op":"add","value":{"name.givenName":"Z","userName":"bruno.silva","active":true}}`),
		patchOf(`{"op":"remove","path":"members[value eq \"2\"]"}`, `{"op":"add","path":"members","value":[{"value":"5"}]}`),
		patchOf(`{"op":"replace","path":"members","value":[{"value":"4"}]}`),
	} {
		f.Add(seed)
	}
	program := shipped(f)
	dialects := []qualytics.Dialect{qualytics.DialectA(), qualytics.DialectB()}
	f.Fuzz(func(t *testing.T, body string) {
		for _, dialect := range dialects {
			for _, request := range [][2]string{
				{"POST", "/Users"},
				{"PUT", "/Users/2"},
				{"PATCH", "/Users/12"},
				{"POST", "/Groups"},
				{"PUT", "/Groups/2"},
				{"PATCH", "/Groups/2"},
				{"PATCH", "/Groups/role-admin"},
			} {
				b := newBareBench(t, program, dialect)
				b.sandbox.Seed(10, 2)
				if offline := explained(t, program, request[0], request[1], body); offline.Outcome.Status >= 500 {
					t.Errorf("offline, %s %s: %+v", request[0], request[1], offline.Outcome)
				}
				made := b.explain(request[0], request[1], body)
				b.sandbox.ResetCalls()
				response, doc := b.send(request[0], request[1], body)
				var refused *UpstreamError
				if response.Err != nil && errors.As(response.Err, &refused) {
					continue
				}
				id, _ := doc["id"].(string)
				want, got := foretold(made, id), seen(b.sandbox.Calls())
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(want, got) || made.Outcome.Status != response.Status {
					t.Errorf("%s %s: foretold %d\n  %s\nseen %d\n  %s", request[0], request[1], made.Outcome.Status,
						strings.Join(want, "\n  "), response.Status, strings.Join(got, "\n  "))
				}
			}
		}
	})
}
