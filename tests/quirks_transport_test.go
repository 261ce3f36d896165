package tests

// transportQuirks are about URLs and headers.
var transportQuirks = []quirk{
	{
		number: 1, name: "a question mark or an ampersand at the end",
		steps: []step{
			get("/Users/4?").is(200, `{"id":"4"}`),
			get("/Users?filter=userName+eq+%22bruno.silva%22&").is(200, `{"totalResults":1,"Resources":[{"id":"4"}]}`),
			get("/Users?&&startIndex=2&=&count=1&&").is(200, `{"startIndex":2,"itemsPerPage":1}`),
			put("/Users/4?", `{"userName":"bruno.silva","displayName":"Bruno One"}`).is(200, `{"displayName":"Bruno One"}`),
			patch("/Groups/2?&", addMember("4")).is(200, `{"members":[{"value":"2"},{"value":"4"},{"value":"5"}]}`),
		},
		state: map[string]string{"bruno.silva": `{"name":"Bruno One"}`, "team Finance DQ": `{"users":[2,4,5],"datastores":[1,2]}`},
	},
	{
		number: 2, name: "blanks and signs in the query",
		steps: []step{
			post("/Users", `{"userName":"b+c@corp.test"}`).is(201, `{"id":"6"}`),
			get("/Users?filter=userName+eq+%22b%2Bc%40corp.test%22").is(200, `{"totalResults":1}`),
			get("/Users?filter=userName%20eq%20%22b%2Bc@corp.test%22").is(200, `{"totalResults":1}`),
			get("/Users?filter=userName+eq+%22b+c%40corp.test%22").is(200, `{"totalResults":0}`),
		},
		state: map[string]string{"b+c@corp.test": `{"id":"6","email":"b+c@corp.test"}`},
	},
	{
		number: 3, name: "slashes and capitals in the path",
		steps: []step{
			request("GET", "/api/scim/v2/Users/4/", "").is(200, `{"id":"4"}`),
			request("GET", "//api//scim/v2//users//4", "").is(200, `{"id":"4"}`),
			request("GET", "/API/Scim/V2/USERS?startIndex=1", "").is(200, `{"totalResults":3}`),
			request("PUT", "//api/scim//v2/users/4/", `{"displayName":"Bruno Three"}`).is(200, `{"displayName":"Bruno Three"}`),
			request("PATCH", "/api/scim/v2/groups/2/", addMember("4")).is(200, `{"id":"2"}`),
		},
		state: map[string]string{"bruno.silva": `{"name":"Bruno Three"}`, "team Finance DQ": `{"users":[2,4,5]}`},
	},
	{
		number: 4, name: "no User-Agent and no Accept, or odd ones",
		steps: []step{
			get("/Users/4").is(200, `{"id":"4"}`),
			get("/Users/4").with("User-Agent:", "Accept:").is(200, `{"id":"4"}`),
			get("/Users/4").with("User-Agent: curl/1.0 (bot)", "Accept: */*").is(200, `{"id":"4"}`),
			put("/Users/4", `{"displayName":"Bruno Four"}`).with("Accept: text/html;q=0.1").is(200, `{"id":"4"}`),
		},
		state: map[string]string{"bruno.silva": `{"name":"Bruno Four"}`},
	},
	{
		number: 5, name: "either content type, and one without a body",
		steps: []step{
			put("/Users/4", `{"displayName":"Bruno A"}`).with("Content-Type: application/json").is(200, `{"displayName":"Bruno A"}`),
			put("/Users/4", `{"displayName":"Bruno B"}`).with("Content-Type: application/json; charset=utf-8").is(200, `{"displayName":"Bruno B"}`),
			put("/Users/4", `{"displayName":"Bruno C"}`).with("Content-Type: application/scim+json;charset=UTF-8").is(200, `{"displayName":"Bruno C"}`),
			put("/Users/4", `{"displayName":"Bruno D"}`).with("Content-Type:").is(200, `{"displayName":"Bruno D"}`),
			get("/Users/4").with("Content-Type: application/scim+json").is(200, `{"displayName":"Bruno D"}`),
			remove("/Groups/2").with("Content-Type: application/scim+json; charset=utf-8").is(204, ""),
			remove("/Users/4").with("Content-Type: text/plain").is(204, ""),
		},
		state: map[string]string{"bruno.silva": `{"name":"Bruno D","active":false}`, "team Finance DQ": ""},
	},
	{
		number: 6, name: "the content type of the answer",
		steps: []step{
			get("/Users/4").is(200, "").says("Content-Type: application/json"),
			get("/Users/4").with("Accept: application/json").is(200, "").says("Content-Type: application/json"),
			get("/Users/4").with("Accept: application/scim+json").is(200, "").says("Content-Type: application/scim+json"),
			get("/Users/99").with("Accept: application/scim+json, */*").is(404, "").says("Content-Type: application/scim+json"),
			post("/Users", `{"userName":"six"}`).with("Accept: application/scim+json; charset=utf-8").is(201, `{"id":"6"}`).
				says("Content-Type: application/scim+json"),
			post("/Users", `{"userName":"six"}`).is(409, "").says("Content-Type: application/json"),
			remove("/Users/6").with("Accept: application/scim+json").is(204, "").says("Content-Type: "),
		},
		state: map[string]string{"six": `{"active":false}`},
	},
}
