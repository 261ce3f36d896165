package tests

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// someSecret is a password that must not turn up anywhere.
const someSecret = "pa55-w0rd-of-somebody"

// bodyQuirks are about resources in requests.
var bodyQuirks = []quirk{
	{
		number: 7, name: "schema URNs of other times and makers",
		steps: []step{
			post("/Users", `{"schemas":["urn:scim:schemas:core:1.0","urn:scim:schemas:extension:enterprise:1.0"],"userName":"seven","urn:scim:schemas:extension:enterprise:1.0":{"department":"x"}}`).
				is(201, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"6"}`),
			put("/Users/6", `{"userName":"seven","displayName":"Dr Seven","urn:scim:schemas:extension:enterprise:2.0":{"department":"x"}}`).
				is(200, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"displayName":"Dr Seven"}`),
			post("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"displayName":"Sevens"}`).
				is(201, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"4"}`),
			patch("/Users/6", operations(`{"op":"replace","path":"urn:scim:schemas:core:1.0:displayName","value":"Mr Seven"}`)).
				is(200, `{"displayName":"Mr Seven"}`).needs(tolerance.ForeignURNs),
			get("/Users?filter=urn:scim:schemas:core:2.0:userName+eq+%22seven%22").is(200, `{"totalResults":1}`).needs(tolerance.ForeignURNs),
		},
		state: map[string]string{"seven": `{"name":"Mr Seven"}`, "team Sevens": `{"users":[]}`},
	},
	{
		number: 8, name: "one value, a text or null for a list",
		steps: []step{
			post("/Users", `{"userName":"eight.a","emails":{"value":"a@corp.test","type":"work"}}`).
				is(201, `{"emails":[{"value":"a@corp.test","type":"work","primary":true}]}`).needs(tolerance.SingleObjectForList),
			post("/Users", `{"userName":"eight.b","emails":["b@corp.test"],"addresses":null,"phoneNumbers":{"value":"1"}}`).
				is(201, `{"emails":[{"value":"b@corp.test"}]}`).needs(tolerance.PlainStringForComplex),
			post("/Users", `{"userName":"eight.c@corp.test","emails":null,"roles":{"value":"Manager"}}`).
				is(201, `{"emails":[{"value":"eight.c@corp.test"}],"roles":[{"value":"Manager"}]}`).needs(tolerance.SingleObjectForList),
			post("/Users", `{"userName":"eight.d","emails":[null,{"value":"h@corp.test","type":"home"},{"value":"w@corp.test","type":"work"}]}`).
				is(201, `{"emails":[{"value":"w@corp.test"}]}`).needs(tolerance.NullInList),
			post("/Users", `{"userName":"eight.e","emails":[{"value":"v@corp.test","type":"work"},{"value":"p@corp.test","primary":true},{"value":"q@corp.test","primary":true}]}`).
				is(201, `{"emails":[{"value":"p@corp.test"}]}`).needs(tolerance.ManyPrimaries),
			post("/Users", `{"userName":"eight.f","emails":null}`).is(201, `{"emails":[]}`),
		},
		state: map[string]string{
			"eight.a": `{"email":"a@corp.test"}`, "eight.b": `{"email":"b@corp.test"}`,
			"eight.c@corp.test": `{"email":"eight.c@corp.test","role":"Manager"}`,
			"eight.d":           `{"email":"w@corp.test"}`, "eight.e": `{"email":"p@corp.test"}`, "eight.f": `{"email":null}`,
		},
	},
	{
		number: 9, name: "no active",
		steps: []step{
			post("/Users", `{"userName":"nine"}`).is(201, `{"active":true}`),
			put("/Users/6", `{"userName":"nine","active":false}`).is(200, `{"active":false}`),
			put("/Users/6", `{"userName":"nine"}`).is(200, `{"active":false}`).idly(),
		},
		state: map[string]string{"nine": `{"active":false}`},
	},
	{
		number: 10, name: "texts and numbers for true and false",
		steps: []step{
			put("/Users/4", `{"active":"False"}`).is(200, `{"active":false}`).needs(tolerance.StringBooleans),
			put("/Users/4", `{"active":"true"}`).is(200, `{"active":true}`).needs(tolerance.StringBooleans),
			put("/Users/4", `{"active":"0"}`).is(200, `{"active":false}`).needs(tolerance.StringBooleans),
			put("/Users/4", `{"active":1}`).is(200, `{"active":true}`).needs(tolerance.NumberBooleans),
			put("/Users/4", `{"active":""}`).is(200, `{"active":true}`).idly().needs(tolerance.BlankMeansUnset),
			put("/Users/4", `{"active":[false]}`).is(200, `{"active":false}`).needs(tolerance.ListForSingle),
			put("/Users/4", `{"active":"suspended"}`).is(400, `{"scimType":"invalidValue"}`),
			put("/Users/4", `{"active":2}`).is(400, `{"scimType":"invalidValue"}`),
			put("/Users/4", `{"active":{"value":"True"}}`).is(200, `{"active":true}`).needs(tolerance.ObjectForSimple, tolerance.StringBooleans),
			put("/Users/4", `{"roles":[{"value":"Manager","primary":"True"}],"externalId":4711}`).
				is(200, `{"roles":[{"value":"Manager","primary":true}],"externalId":"4711"}`).needs(tolerance.StringBooleans, tolerance.NumberForString),
		},
		state: map[string]string{"bruno.silva": `{"active":true,"role":"Manager","teams":["Public","Sales DQ"]}`},
	},
	{
		number: 11, name: "nulls and blanks",
		steps: []step{
			post("/Users", `{"userName":"El.Even","externalId":null,"nickName":"","name":{"familyName":" Even","givenName":"El ","middleName":null}}`).
				is(201, `{"userName":"El.Even","displayName":"El Even","name":{"givenName":"El","familyName":"Even"}}`).needs(tolerance.TrimNames).anyhow(),
			put("/Users/6", `{"userName":"El.Even","displayName":" ","name":{"familyName":"","givenName":null}}`).
				is(200, `{"displayName":"El Even"}`).idly().needs(tolerance.BlankMeansUnset).anyhow(),
			put("/Users/6", `{"emails":[{"value":"","type":"work"},{"value":"el@corp.test"}]}`).
				is(200, `{"emails":[{"value":"el@corp.test"}]}`).needs(tolerance.BlankMeansUnset, tolerance.NullInList),
			put("/Users/6", `{"userName":"","active":true}`).is(400, `{"scimType":"invalidValue"}`).needs(tolerance.BlankMeansUnset),
		},
		state: map[string]string{"El.Even": `{"name":"El Even","email":"el@corp.test"}`},
	},
	{
		number: 12, name: "a PUT without attributes",
		steps: []step{
			put("/Users/4", `{"externalId":"x-4","roles":[{"value":"Manager"}]}`).is(200, `{"active":true}`),
			put("/Users/4", `{"active":false}`).is(200, `{"active":false}`),
			put("/Users/4", `{"userName":"bruno.silva"}`).idly().
				is(200, `{"active":false,"externalId":"x-4","emails":[{"value":"bruno.silva@corp.test"}],"roles":[{"value":"Manager"}],"groups":[{"display":"Sales DQ"},{"value":"role-manager"}]}`),
			put("/Users/4", `{"active":true,"externalId":null,"emails":[],"roles":null}`).
				is(200, `{"active":true,"externalId":"(nothing)","emails":[],"roles":[{"value":"Member"}],"groups":[{"display":"Sales DQ"}]}`),
		},
		state: map[string]string{"bruno.silva": `{"name":"Bruno Silva","email":null,"role":"Member","teams":["Public","Sales DQ"],"active":true}`},
	},
	{
		number: 13, name: "read-only attributes in a body",
		steps: []step{
			post("/Users", `{"id":null,"userName":"thirteen","meta":{"resourceType":"User","version":"7"},"groups":[{"value":"2"}],"schemas":[]}`).
				is(201, `{"id":"6","groups":"(nothing)"}`),
			put("/Users/6", `{"id":"2","userName":"thirteen","displayName":"Thir Teen","meta":null,"groups":[]}`).is(200, `{"id":"6","displayName":"Thir Teen"}`),
		},
		state: map[string]string{"thirteen": `{"id":"6","name":"Thir Teen","teams":["Public"]}`, "ana.reis": `{"id":"2","name":"Ana Reis"}`},
	},
	{
		number: 14, name: "a password every time",
		steps: []step{
			post("/Users", `{"userName":"fourteen","password":"`+someSecret+`"}`).is(201, `{"password":"(nothing)"}`),
			put("/Users/6", `{"userName":"fourteen","displayName":"Four Teen","password":"`+someSecret+`"}`).is(200, `{"password":"(nothing)"}`),
			patch("/Users/6", operations(`{"op":"replace","value":{"password":"`+someSecret+`"}}`)).is(200, `{"password":"(nothing)"}`).idly(),
			patch("/Users/6", operations(`{"op":"replace","path":"password","value":"`+someSecret+`"}`)).is(200, `{"password":"(nothing)"}`).idly(),
			get("/Users?filter=password+eq+%22"+someSecret+"%22").is(400, `{"scimType":"invalidFilter"}`),
		},
		state: map[string]string{"fourteen": `{"name":"Four Teen"}`},
		after: func(t *testing.T, st *stack) {
			if strings.Contains(caddyLog.since(0), someSecret) {
				t.Error("the password is in the log")
			}
		},
	},
	{
		number: 15, name: "the same request again",
		steps: []step{
			put("/Users/4", `{"userName":"bruno.silva","displayName":"B. Silva","emails":[{"value":"bs@corp.test"}]}`).is(200, `{"displayName":"B. Silva"}`),
			put("/Users/4", `{"userName":"bruno.silva","displayName":"B. Silva","emails":[{"value":"bs@corp.test"}]}`).is(200, `{"displayName":"B. Silva"}`).idly(),
			patch("/Users/4", operations(`{"op":"replace","path":"active","value":false}`)).is(200, `{"active":false}`),
			patch("/Users/4", operations(`{"op":"replace","path":"active","value":false}`)).is(200, `{"active":false}`).idly(),
			patch("/Groups/3", addMember("5")).is(200, `{"members":[{"value":"2"},{"value":"4"},{"value":"5"}]}`),
			patch("/Groups/3", addMember("5")).is(200, `{"members":[{"value":"2"},{"value":"4"},{"value":"5"}]}`).idly(),
		},
		state: map[string]string{"bruno.silva": `{"name":"B. Silva","email":"bs@corp.test","active":false}`, "team Sales DQ": `{"users":[2,4,5]}`},
	},
}
