package tests

import (
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// answerQuirks are about answers, lists and filters.
var answerQuirks = []quirk{
	{
		number: 28, name: "a name in every answer",
		before: func(s *qualytics.Sandbox) { s.AddUser(qualytics.User{UserName: "twenty.eight"}) },
		steps: []step{
			get("/Users/6").is(200, `{"userName":"twenty.eight","name":{"givenName":"","familyName":""},"active":true,"emails":[]}`),
			get("/Users?filter=userName+eq+%22twenty.eight%22").
				is(200, `{"Resources":[{"userName":"twenty.eight","name":{"givenName":"","familyName":""},"active":true,"emails":[]}]}`),
			put("/Users/6", `{"userName":"twenty.eight","active":false}`).
				is(200, `{"userName":"twenty.eight","name":{"givenName":"","familyName":""},"active":false,"emails":[]}`),
			post("/Users", `{"userName":"twenty.eight.b","name":{"givenName":"Mono","familyName":""}}`).
				is(201, `{"name":{"givenName":"Mono","familyName":""},"active":true,"emails":[]}`).needs(tolerance.BlankMeansUnset).anyhow(),
		},
		state: map[string]string{"twenty.eight": `{"name":null,"active":false}`, "twenty.eight.b": `{"name":"Mono"}`},
	},
	{
		number: 29, name: "an id in every answer",
		steps: []step{
			post("/Users", `{"id":"mine","userName":"twenty.nine","externalId":"0a21f0f2"}`).is(201, `{"id":"6","externalId":"0a21f0f2"}`),
			put("/Users/6", `{"userName":"twenty.nine","externalId":"0b32"}`).is(200, `{"id":"6","externalId":"0b32"}`),
			patch("/Users/6", operations(`{"op":"replace","path":"externalId","value":"0c43"}`)).is(200, `{"id":"6","externalId":"0c43"}`),
			get("/Users?filter=externalId+eq+%220c43%22").is(200, `{"Resources":[{"id":"6"}]}`),
			get("/Users/0c43").is(404, ""),
			post("/Groups", `{"displayName":"Twenty-nine"}`).is(201, `{"id":"4"}`),
			put("/Groups/4", `{"displayName":"Twenty-nine"}`).is(200, `{"id":"4"}`),
		},
		state: map[string]string{"twenty.nine": `{"id":"6"}`, "team Twenty-nine": `{"id":"4"}`},
	},
	{
		number: 30, name: "the statuses",
		steps: []step{
			post("/Users", `{"userName":"thirty"}`).is(201, `{"userName":"thirty"}`),
			put("/Users/6", `{"userName":"thirty","displayName":"Thir Ty"}`).is(200, `{"displayName":"Thir Ty"}`),
			patch("/Users/6", operations(`{"op":"replace","path":"active","value":false}`)).is(200, `{"active":false}`),
			post("/Groups", `{"displayName":"Thirty"}`).is(201, `{"displayName":"Thirty"}`),
			patch("/Groups/4", addMember("5")).is(200, `{"members":[{"value":"5"}]}`),
			remove("/Groups/4").is(204, "").says("Content-Length: "),
			get("/Groups/4").is(404, ""),
			remove("/Users/6").is(204, "").says("Content-Length: "),
			get("/Users/6").is(404, ""),
			put("/Users/6", `{"userName":"thirty"}`).is(404, ""),
		},
		state: map[string]string{"thirty": `{"active":false}`, "team Thirty": ""},
	},
	{
		number: 31, name: "lists without a window, and with an odd one",
		steps: []step{
			get("/Users").is(200, `{"totalResults":3,"startIndex":1,"itemsPerPage":3,"Resources":[{"id":"2"},{"id":"4"},{"id":"5"}]}`),
			get("/Users?count=0").is(200, `{"totalResults":3,"startIndex":1,"itemsPerPage":0,"Resources":[]}`),
			get("/Users?startIndex=0&count=1").is(200, `{"totalResults":3,"startIndex":1,"itemsPerPage":1,"Resources":[{"id":"2"}]}`),
			get("/Users?startIndex=2&count=").is(200, `{"totalResults":3,"startIndex":2,"itemsPerPage":2,"Resources":[{"id":"4"},{"id":"5"}]}`),
			get("/Users?startIndex=3&count=5000").is(200, `{"totalResults":3,"startIndex":3,"itemsPerPage":1,"Resources":[{"id":"5"}]}`),
			get("/Users?startIndex=-5&count=-5").is(200, `{"totalResults":3,"startIndex":1,"itemsPerPage":0,"Resources":[]}`),
			get("/Users?startIndex=one").is(400, `{"scimType":"invalidValue"}`),
			get("/Users?count=all").is(400, `{"scimType":"invalidCount"}`),
			get("/Groups?count=0").is(200, `{"itemsPerPage":0,"Resources":[]}`),
		},
	},
	{
		number: 32, name: "a look-up of what can't be there",
		steps: []step{
			get("/Users?filter=userName+eq+%223e59e27b-0b4b-4a5b-9b3d-1f1d6d7a0c55%22").is(200, `{"totalResults":0,"Resources":[]}`).within(1),
			get("/Users?filter=userName+eq+%22no-one+at+all%22").is(200, `{"totalResults":0,"Resources":[]}`).within(1),
			get("/Groups?filter=displayName+eq+%223e59e27b-0b4b-4a5b-9b3d-1f1d6d7a0c55%22").is(200, `{"totalResults":0,"Resources":[]}`).within(1),
			get("/Users?filter=id+eq+%223e59e27b-0b4b-4a5b-9b3d-1f1d6d7a0c55%22").is(200, `{"totalResults":0,"Resources":[]}`).within(1),
		},
		after: func(t *testing.T, st *stack) {
			if n := st.people(); n != 3 {
				t.Errorf("there are %d people", n)
			}
		},
	},
	{
		number: 33, name: "filters spelt otherwise",
		steps: []step{
			get("/Users?filter=USERNAME+Eq+%22BRUNO.silva%22").is(200, `{"Resources":[{"id":"4"}]}`),
			get("/Users?filter=userName+eq+bruno.silva").is(200, `{"Resources":[{"id":"4"}]}`).needs(tolerance.UnquotedFilterValue),
			get("/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22bruno.silva%40corp.test%22").is(200, `{"Resources":[{"id":"4"}]}`),
			get("/Users?filter=emails%5Btype+eq+%22work%22+and+value+ew+%22corp.test%22%5D+and+active+eq+true").is(200, `{"totalResults":3}`),
			get("/Users?filter=userName+eq+%22bruno.silva%22+and+active+eq+%22True%22").is(200, `{"totalResults":1}`).needs(tolerance.StringBooleans),
			get("/Users?filter=(userName+eq+%22bruno.silva%22)+and+not+(active+eq+true)").is(200, `{"totalResults":0}`),
			get("/Users?filter=userName+eq+%22a+and+b+or+%5C%22c%5C%22%22").is(200, `{"totalResults":0}`),
			get("/Groups?filter=id+eq+%222%22+and+members+eq+%225%22").is(200, `{"Resources":[{"id":"2"}]}`),
			get("/Groups?filter=id+eq+%222%22+and+members+eq+%224%22").is(200, `{"Resources":[]}`),
			get("/Users?filter=shoeSize+eq+%2242%22").is(400, `{"scimType":"invalidFilter"}`),
			get("/Users?filter=title+eq+%22x%22").is(400, `{"scimType":"invalidFilter"}`),
			get("/Users?filter=userName+equals+%22x%22").is(400, `{"scimType":"invalidFilter"}`),
			get("/Users?filter=userName+eq+%22x").is(400, `{"scimType":"invalidFilter"}`),
		},
	},
	{
		number: 34, name: "without members, and parts of a resource",
		steps: []step{
			get("/Groups/2?excludedAttributes=members").is(200, `{"displayName":"Finance DQ","members":"(nothing)"}`).within(1),
			get("/Groups?excludedAttributes=members&filter=displayName+eq+%22Finance+DQ%22").is(200, `{"Resources":[{"id":"2","members":"(nothing)"}]}`).within(1),
			patch("/Groups/2?excludedAttributes=members", operations(`{"op":"replace","path":"displayName","value":"Fin DQ"}`)).
				is(200, `{"displayName":"Fin DQ","members":"(nothing)"}`),
			get("/Users/4?attributes=userName,name.familyName").
				is(200, `{"id":"4","userName":"bruno.silva","name":{"familyName":"Silva","givenName":"(nothing)"},"emails":"(nothing)"}`),
			get("/Users?attributes=userName").is(200, `{"Resources":[{"id":"2","active":"(nothing)"},{"id":"4"},{"id":"5"}]}`),
		},
		state: map[string]string{"team Fin DQ": `{"users":[2,5],"datastores":[1,2]}`},
	},
}
