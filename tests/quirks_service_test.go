package tests

import (
	"fmt"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// serviceQuirks are about who was deactivated, about failures, and about the
// service as a whole.
var serviceQuirks = []quirk{
	{
		number: 35, name: "somebody deactivated",
		before: func(s *qualytics.Sandbox) { s.EditUser(4, func(u *qualytics.User) { u.DeletedAt = &now }) },
		steps: []step{
			get("/Users?filter=userName+eq+%22bruno.silva%22").is(200, `{"totalResults":1,"Resources":[{"id":"4","active":false}]}`),
			get("/Users/4").is(200, `{"id":"4","active":false}`),
			post("/Users", `{"userName":"Bruno.Silva"}`).is(409, `{"scimType":"uniqueness"}`),
			patch("/Users/4", operations(`{"op":"replace","path":"active","value":true}`)).is(200, `{"id":"4","active":true}`),
			put("/Users/4", `{"userName":"bruno.silva","active":false}`).is(200, `{"active":false}`),
			put("/Users/4", `{"userName":"bruno.silva","active":true}`).is(200, `{"active":true}`),
		},
		state: map[string]string{"bruno.silva": `{"active":true,"role":"Member","teams":["Public","Sales DQ"]}`},
	},
	{
		number: 36, name: "DELETE without a body, and again",
		steps: []step{
			remove("/Users/4").with("Content-Length: 0").is(204, ""),
			remove("/Users/4").is(404, ""),
			remove("/Groups/2?").is(204, ""),
			remove("/Groups/2").is(404, ""),
			remove("/Users/99").is(404, ""),
			remove("/Users/3").is(404, ""),
		},
		state: map[string]string{"bruno.silva": `{"active":false}`, "team Finance DQ": "", "team Sales DQ": `{"users":[2,4]}`},
	},
	{
		number: 37, name: "a body in every error",
		steps: []step{
			get("/Users").with("Authorization: Bearer wrong").is(401, `{"status":"401"}`),
			get("/Users?filter=userName+eq+%22x%22").with("Authorization: non-token").is(401, `{"status":"401"}`),
			get("/Users/00919288221112222").is(404, `{"status":"404"}`),
			get("/Users/%22%27%3Bdrop").is(404, `{"status":"404"}`),
			get("/Users/99999999999999999999").is(404, `{"status":"404"}`),
			get("/Nowhere/4").is(404, `{"status":"404"}`),
			request("DELETE", basePath+"/Users", "").is(405, `{"status":"405"}`).says("Allow: GET, HEAD, POST, OPTIONS"),
			post("/Users", `{"userName":`).is(400, `{"status":"400","scimType":"invalidSyntax"}`),
			post("/Users", `{"displayName":"No Name"}`).is(400, `{"status":"400","scimType":"invalidValue"}`),
			post("/Users", `<user/>`).with("Content-Type: application/xml").is(415, `{"status":"415"}`),
			post("/Users", `{"userName":"ana.reis"}`).is(409, `{"status":"409","scimType":"uniqueness"}`),
		},
	},
	{
		number: 38, name: "the API is busy",
		before: func(s *qualytics.Sandbox) {
			busy := qualytics.Fault{Kind: qualytics.TooManyRequests, RetryAfter: "60"}
			s.Fail("GET /api/users/{id}", busy, 1)
			s.Fail("PUT /api/teams/{id}", busy, 1)
			s.Fail("POST /api/users", qualytics.Fault{Kind: qualytics.TooManyRequests}, 1)
		},
		steps: []step{
			get("/Users/4").is(429, `{"status":"429"}`).says("Retry-After: 60"),
			get("/Users/4").is(200, `{"id":"4"}`),
			patch("/Groups/2", addMember("4")).is(429, `{"status":"429"}`).says("Retry-After: 60"),
			patch("/Groups/2", addMember("4")).is(200, `{"members":[{"value":"2"},{"value":"4"},{"value":"5"}]}`),
			post("/Users", `{"userName":"thirty.eight"}`).is(201, `{"id":"6"}`),
		},
		state: map[string]string{"team Finance DQ": `{"users":[2,4,5]}`, "thirty.eight": `{"id":"6"}`},
	},
	{
		number: 39, name: "changes at the same time, and right after each other",
		steps: []step{
			put("/Users/4", `{"userName":"bruno.s","displayName":"Bruno S"}`).is(200, `{"userName":"bruno.s"}`),
			patch("/Groups/2", addMember("4")).is(200, `{"members":[{"value":"2"},{"value":"4","display":"Bruno S"},{"value":"5"}]}`),
			get("/Groups/2").is(200, `{"members":[{"value":"2"},{"value":"4","display":"Bruno S"},{"value":"5"}]}`),
			get("/Users?filter=userName+eq+%22bruno.s%22").is(200, `{"Resources":[{"id":"4","displayName":"Bruno S"}]}`),
			get("/Users?filter=userName+eq+%22bruno.silva%22").is(200, `{"totalResults":0}`),
		},
		after: func(t *testing.T, st *stack) {
			ids := make([]int, 20)
			for i := range ids {
				ids[i] = st.sandbox.AddUser(qualytics.User{UserName: fmt.Sprint("at.once.", i)})
			}
			for _, got := range st.atOnce(t, len(ids), func(i int) (string, string, string) {
				return "PATCH", "/Groups/3", addMember(fmt.Sprint(ids[i]))
			}) {
				if got.status != 200 {
					t.Errorf("status %d: %s", got.status, got.body)
				}
			}
			if is, _ := st.sandbox.Team(3); len(is.UserIDs) != 2+len(ids) || len(is.DatastoreIDs) != 2 {
				t.Errorf("the team is left with %d users and %d datastores", len(is.UserIDs), len(is.DatastoreIDs))
			}
		},
	},
	{
		number: 40, name: "asking what the server can do",
		steps: []step{
			get("").is(200, `{"patch":{"supported":true},"filter":{"supported":true}}`),
			get("/").is(200, `{"patch":{"supported":true},"filter":{"supported":true}}`),
			get("/ServiceProviderConfig").is(200, `{"patch":{"supported":true},"filter":{"supported":true}}`),
			get("/serviceproviderconfig?").is(200, `{"patch":{"supported":true}}`),
			get("/ResourceTypes").is(200, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}`),
			get("/ResourceTypes/User").is(200, `{"endpoint":"/Users","schema":"urn:ietf:params:scim:schemas:core:2.0:User"}`),
			get("/Schemas").is(200, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}`),
			get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group").is(200, `{"id":"urn:ietf:params:scim:schemas:core:2.0:Group"}`),
		},
	},
	{
		number: 41, name: "a flag in the URL",
		steps: []step{
			get("/Users?aadOptscim062020&filter=userName+eq+%22bruno.silva%22").is(200, `{"Resources":[{"id":"4"}]}`),
			get("/Users/4/?aadOptscim062020").is(200, `{"id":"4"}`),
			post("/Groups?aadOptscim062020", `{"displayName":"Forty-one"}`).is(201, `{"id":"4"}`),
			patch("/Groups/4?aadOptscim062020=", addMember("4")).is(200, `{"members":[{"value":"4"}]}`),
			put("/Users/4?AzureAdScimPatch2017&x=1", `{"displayName":"Forty One"}`).is(200, `{"displayName":"Forty One"}`),
			remove("/Groups/4?aadOptscim062020").is(204, ""),
		},
		state: map[string]string{"bruno.silva": `{"name":"Forty One"}`, "team Forty-one": ""},
	},
	{
		number: 42, name: "time",
		before: func(s *qualytics.Sandbox) {
			for i := range 250 {
				s.AddUser(qualytics.User{UserName: fmt.Sprint("person.", i), Teams: []string{"Finance DQ"}})
			}
		},
		steps: []step{
			get("/Users?filter=userName+eq+%22nobody%22").is(200, `{"totalResults":0}`).within(3),
			get("/Users?filter=userName+eq+%22nobody.else%22").is(200, `{"totalResults":0}`).within(0),
			get("/Groups?filter=displayName+eq+%22Sales+DQ%22").is(200, `{"Resources":[{"id":"3"}]}`).within(2),
			get("/Groups/2").is(200, `{"displayName":"Finance DQ"}`).within(1),
			get("/Users?startIndex=101&count=100").is(200, `{"totalResults":253,"itemsPerPage":100}`).within(2),
			post("/Users", `{"userName":"forty.two"}`).is(201, "").within(2),
			patch("/Groups/3", addMember("256")).is(200, "").within(2),
			put("/Users/4", `{"userName":"bruno.silva","displayName":"Bruno FortyTwo"}`).is(200, "").within(2),
			put("/Users/4", `{"userName":"bruno.silva","displayName":"Bruno FortyTwo","active":false}`).is(200, "").within(3),
			remove("/Users/5").is(204, "").within(3),
		},
		state: map[string]string{"forty.two": `{"id":"256"}`, "team Sales DQ": `{"users":[2,4,256]}`},
	},
	{
		number: 43, name: "roles as the text of JSON",
		steps: []step{
			post("/Users", `{"userName":"forty.three","roles":[{"value":"{\"id\":\"18d1\",\"value\":\"Manager\",\"displayName\":\"A Manager\"}"}]}`).
				is(201, `{"roles":[{"value":"Manager"}]}`).needs(tolerance.JSONText),
			patch("/Users/6", operations(`{"op":"add","path":"roles","value":[{"value":"{\"id\":\"18d2\",\"value\":\"Admin\"}"}]}`)).
				is(200, `{"roles":[{"value":"Admin"}]}`).needs(tolerance.JSONText),
		},
		state: map[string]string{"forty.three": `{"role":"Admin"}`},
	},
	{
		number: 44, name: "an address that is none",
		steps: []step{
			post("/Users", `{"userName":"forty.four","emails":[{"value":"forty"}]}`).is(201, `{"emails":[{"value":"forty"}]}`).needs(tolerance.BareAddress),
			put("/Users/6", `{"emails":[{"value":"not an address"}]}`).is(400, `{"scimType":"invalidValue"}`),
			put("/Users/6", `{"emails":[{"value":"{\"value\":\"q@corp.test\"}"}]}`).is(400, `{"scimType":"invalidValue"}`),
		},
		state: map[string]string{"forty.four": `{"email":"forty"}`},
	},
}
