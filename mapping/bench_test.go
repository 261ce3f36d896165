package mapping

import (
	"context"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// benchUser is a user as the API gives it.
const benchUser = `{"id":41,"user_id":"auth0|k7","user_name":"ana.reis","email":"ana.reis@corp.test","name":"Ana Reis","role":"Member",` +
	`"user_type":"Human","teams":["Public","Finance DQ"],"last_login":"2026-02-03T09:00:00Z","created_at":"2026-01-02T08:00:00Z","deleted_at":null}`

// sameAnswer is an Upstream that always says the same.
type sameAnswer []byte

func (a sameAnswer) Do(context.Context, Call) (Answer, error) {
	return Answer{Status: 200, Body: a}, nil
}

// benchWorld is a world in which the API holds the user of benchUser.
func benchWorld() World {
	return World{Upstream: sameAnswer(benchUser), Correlations: newMemory(), Keeper: newKeeper(), Tolerances: tolerance.AllOn()}
}

// BenchmarkRead makes the SCIM answer of one user.
func BenchmarkRead(b *testing.B) {
	r := shipped(b).resources[0]
	doc, _ := jsonpath.Document([]byte(benchUser))
	e := &entity{id: "41", raw: []byte(benchUser), doc: doc}
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		dst = r.appendResource(dst[:0], e, testBase, nil)
	}
}

// BenchmarkGet does a whole GET of one user.
func BenchmarkGet(b *testing.B) {
	benchServe(b, Request{Method: "GET", Path: "/Users/41", Base: testBase})
}

// BenchmarkPut does a PUT that changes nothing, as providers repeat it.
func BenchmarkPut(b *testing.B) {
	benchServe(b, Request{
		Method: "PUT", Path: "/Users/41", Base: testBase,
		Body: []byte(`{"schemas":["urn:scim:schemas:core:2.0","urn:scim:schemas:extension:enterprise:2.0"],"userName":"ana.reis",` +
			`"name":{"familyName":"Reis","givenName":"Ana","formatted":"Ana Reis"},"emails":{"value":"ana.reis@corp.test","type":"work","primary":true}}`),
	})
}

// BenchmarkLookUp finds a known user by the user name.
func BenchmarkLookUp(b *testing.B) {
	benchServe(b, Request{Method: "GET", Path: "/Users", Query: "filter=userName+eq+%22ana.reis%22&", Base: testBase})
}

func benchServe(b *testing.B, request Request) {
	b.Helper()
	program, world := shipped(b), benchWorld()
	program.Serve(b.Context(), world, Request{Method: "GET", Path: "/Users/41"})
	b.ReportAllocs()
	for b.Loop() {
		if response := program.Serve(b.Context(), world, request); response.Status != 200 {
			b.Fatalf("status %d: %s", response.Status, response.Body)
		}
	}
}
