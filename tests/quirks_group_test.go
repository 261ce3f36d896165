package tests

import (
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// groupQuirks are about groups and their members.
var groupQuirks = []quirk{
	{
		number: 23, name: "members with more than an id, or as a text",
		steps: []step{
			patch("/Groups/2", operations(`{"op":"add","path":"members","value":[{"$ref":null,"value":"4","display":null,"type":"User"}]}`)).
				is(200, `{"members":[{"value":"2"},{"value":"4"},{"value":"5"}]}`),
			patch("/Groups/3", operations(`{"op":"add","path":"members","value":["5"]}`)).
				is(200, `{"members":[{"value":"2"},{"value":"4"},{"value":"5"}]}`).needs(tolerance.PlainStringForComplex),
			patch("/Groups/3", operations(`{"op":"remove","path":"members","value":[{"value":"4","display":""}]}`)).
				is(200, `{"members":[{"value":"2"},{"value":"5"}]}`).needs(tolerance.RemoveWithValueList),
			post("/Groups", `{"displayName":"Twenty-three","members":[{"value":"4","display":"","$ref":"../Users/4"},{"value":"5"}]}`).
				is(201, `{"members":[{"value":"4","display":"Bruno Silva"},{"value":"5","display":"Chloe Martin"}]}`),
		},
		state: map[string]string{
			"team Finance DQ": `{"users":[2,4,5]}`, "team Sales DQ": `{"users":[2,5]}`, "team Twenty-three": `{"users":[4,5]}`,
		},
	},
	{
		number: 24, name: "a member who is there, and one whom there is not",
		steps: []step{
			patch("/Groups/2", addMember("5")).is(200, `{"members":[{"value":"2"},{"value":"5"}]}`).idly(),
			patch("/Groups/2", operations(`{"op":"add","path":"members","value":[{"value":"4"},{"value":"99"}]}`)).is(400, `{"scimType":"invalidValue"}`),
			patch("/Groups/2", operations(`{"op":"add","path":"members","value":[{"value":"4"},{"value":"b7c1a8de-0000-4000-8000-000000000000"}]}`)).
				is(400, `{"scimType":"invalidValue"}`),
			patch("/Groups/2", operations(`{"op":"add","path":"members","value":[{"value":"3"}]}`)).is(400, `{"scimType":"invalidValue"}`),
			post("/Groups", `{"displayName":"Twenty-four","members":[{"value":"4"},{"value":"99"}]}`).is(400, `{"scimType":"invalidValue"}`),
		},
		state: map[string]string{"team Finance DQ": `{"users":[2,5]}`, "team Twenty-four": ""},
	},
	{
		number: 25, name: "a group of a name alone, and twice",
		steps: []step{
			post("/Groups", `{"displayName":"Twenty-five"}`).is(201, `{"id":"4","members":[],"externalId":"(nothing)"}`),
			post("/Groups", `{"displayName":"Twenty-five"}`).is(409, `{"scimType":"uniqueness","status":"409"}`),
			post("/Groups", `{"displayName":"TWENTY-FIVE","externalId":"other"}`).is(409, `{"scimType":"uniqueness"}`),
			patch("/Groups/2", operations(`{"op":"replace","path":"displayName","value":"twenty-five"}`)).is(409, `{"scimType":"uniqueness"}`),
		},
		state: map[string]string{"team Twenty-five": `{"id":"4","users":[]}`, "team Finance DQ": `{"id":"2"}`},
	},
	{
		number: 26, name: "a group that no push is about any more",
		before: func(s *qualytics.Sandbox) {
			s.AddTeam(qualytics.Team{Name: "Left behind", UserIDs: []int{4}, DatastoreIDs: []int{3}})
		},
		steps: []step{
			get("/Groups?filter=displayName+eq+%22left+behind%22").is(200, `{"totalResults":1,"Resources":[{"id":"4","displayName":"Left behind","members":[{"value":"4"}]}]}`),
			post("/Groups", `{"displayName":"Left Behind"}`).is(409, `{"scimType":"uniqueness"}`),
			post("/Groups", `{"displayName":"Left behind renamed"}`).is(201, `{"id":"5","members":[]}`),
			remove("/Groups/4").is(204, ""),
			get("/Groups?filter=displayName+eq+%22left+behind%22").is(200, `{"totalResults":0}`),
			remove("/Groups/4").is(404, ""),
		},
		state: map[string]string{"team Left behind": "", "team Left behind renamed": `{"users":[]}`, "bruno.silva": `{"teams":["Public","Sales DQ"]}`},
	},
	{
		number: 27, name: "groups by PUT",
		steps: []step{
			put("/Groups/2", `{"displayName":"Finance DQ","members":[{"value":"4"},{"value":"5"}]}`).is(200, `{"members":[{"value":"4"},{"value":"5"}]}`),
			put("/Groups/2", `{"displayName":"Fin DQ"}`).is(200, `{"displayName":"Fin DQ","members":[{"value":"4"},{"value":"5"}]}`),
			put("/Groups/2", `{"displayName":"Fin DQ","members":[{"value":"4"},{"value":"5"}]}`).is(200, `{"displayName":"Fin DQ"}`).idly(),
			put("/Groups/2", `{"displayName":"Fin DQ","members":[{"value":"4"},{"value":"99"}]}`).is(400, `{"scimType":"invalidValue"}`),
			put("/Groups/3", `{"displayName":"Sales DQ","members":[]}`).is(200, `{"members":[]}`),
			put("/Groups/99", `{"displayName":"Nobody","members":[]}`).is(404, ""),
		},
		state: map[string]string{
			"team Fin DQ":   `{"users":[4,5],"datastores":[1,2],"permission":"Editor"}`,
			"team Sales DQ": `{"users":[],"datastores":[2,3],"permission":"Author"}`,
			"team Nobody":   "",
		},
		after: func(t *testing.T, st *stack) {
			if is, _ := st.sandbox.Team(2); is.Description == nil || *is.Description != "Data quality of Finance DQ" {
				t.Errorf("the description is %v", is.Description)
			}
		},
	},
}
