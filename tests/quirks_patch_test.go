package tests

import "github.com/qualytics/scim-sidecar/mapping/tolerance"

// patchQuirks are about PATCH.
var patchQuirks = []quirk{
	{
		number: 16, name: "operations in capitals",
		steps: []step{
			patch("/Users/4", operations(`{"op":"Replace","path":"displayName","value":"Bru"}`)).is(200, `{"displayName":"Bru"}`).needs(tolerance.OpCase),
			patch("/Groups/2", operations(`{"op":"Add","path":"members","value":[{"value":"4"}]},{"op":"REMOVE","path":"members[value eq \"2\"]"}`)).
				is(200, `{"members":[{"value":"4"},{"value":"5"}]}`).needs(tolerance.OpCase),
		},
		state: map[string]string{"bruno.silva": `{"name":"Bru"}`, "team Finance DQ": `{"users":[4,5],"datastores":[1,2]}`},
	},
	{
		number: 17, name: "no path",
		steps: []step{
			patch("/Groups/2", operations(`{"op":"replace","value":{"id":"3","displayName":"Fin DQ"}}`)).
				is(200, `{"id":"2","displayName":"Fin DQ","members":[{"value":"2"},{"value":"5"}]}`).needs(tolerance.PathlessReadOnly),
			patch("/Users/4", operations(`{"op":"add","value":{"active":true,"roles":[{"value":"Manager","primary":true}]}}`)).is(200, `{"roles":[{"value":"Manager"}]}`),
			patch("/Users/4", operations(`{"op":"replace","value":{"name.givenName":"Bru","name.familyName":"Sil"}}`)).
				is(200, `{"displayName":"Bru Sil"}`).needs(tolerance.DottedKeys),
			patch("/Users/4", operations(`{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User:displayName":"B S"}}`)).
				is(200, `{"displayName":"B S"}`).needs(tolerance.URNKeys),
			patch("/Users/4", operations(`{"op":"replace","value":{"emails[type eq \"work\"].value":"bs@corp.test"}}`)).
				is(200, `{"emails":[{"value":"bs@corp.test"}]}`).needs(tolerance.PathKeys),
		},
		state: map[string]string{
			"bruno.silva":     `{"name":"B S","email":"bs@corp.test","role":"Manager"}`,
			"team Fin DQ":     `{"id":"2","users":[2,5],"datastores":[1,2],"permission":"Editor"}`,
			"team Finance DQ": "", "team Sales DQ": `{"id":"3","users":[2,4]}`,
		},
	},
	{
		number: 18, name: "a path that matches nothing",
		steps: []step{
			patch("/Users/4", operations(`{"op":"remove","path":"emails"}`)).is(200, `{"emails":[]}`),
			patch("/Users/4", operations(`{"op":"replace","path":"emails[type eq \"work\"].value","value":"new@corp.test"}`)).
				is(200, `{"emails":[{"value":"new@corp.test","type":"work"}]}`).needs(tolerance.FilterPathCreates),
			patch("/Users/4", operations(`{"op":"add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"},{"op":"replace","path":"displayName","value":"B. S."}`)).
				is(200, `{"displayName":"B. S.","phoneNumbers":"(nothing)"}`).needs(tolerance.UnmappedPaths),
			patch("/Users/4", operations(`{"op":"replace","path":"telephone","value":"1"},{"op":"replace","path":"active","value":false}`)).
				is(200, `{"active":false,"telephone":"(nothing)"}`).needs(tolerance.UnmappedPaths),
			patch("/Users/4", operations(`{"op":"replace","path":"roles[value eq \"Nope\"].value","value":"Admin"}`)).is(400, `{"scimType":"noTarget"}`),
		},
		state: map[string]string{"bruno.silva": `{"email":"new@corp.test","active":false}`},
	},
	{
		number: 19, name: "removing listed members",
		steps: []step{
			patch("/Groups/2", operations(`{"op":"remove","path":"members","value":[{"value":"5","display":""},{"value":"99"}]}`)).
				is(200, `{"members":[{"value":"2"}]}`).needs(tolerance.RemoveWithValueList),
			patch("/Groups/2", operations(`{"op":"remove","path":"members","value":[{"value":"5"}]}`)).
				is(200, `{"members":[{"value":"2"}]}`).idly().needs(tolerance.RemoveWithValueList),
			patch("/Groups/2", operations(`{"op":"remove","path":"members","value":[]}`)).
				is(200, `{"members":[{"value":"2"}]}`).idly().needs(tolerance.RemoveWithValueList),
		},
		state: map[string]string{"team Finance DQ": `{"users":[2],"datastores":[1,2]}`},
	},
	{
		number: 20, name: "removing a member by a path",
		steps: []step{
			patch("/Groups/3", operations(`{"op":"remove","path":"members[value eq \"4\"]"}`)).is(200, `{"members":[{"value":"2"}]}`),
			patch("/Groups/3", operations(`{"op":"remove","path":"members[value eq \"4\"]"}`)).is(200, `{"members":[{"value":"2"}]}`).idly(),
			patch("/Groups/3", operations(`{"op":"remove","path":"members[value eq \"99\"]"}`)).is(200, `{"members":[{"value":"2"}]}`).idly(),
		},
		state: map[string]string{"team Sales DQ": `{"users":[2],"datastores":[2,3]}`},
	},
	{
		number: 21, name: "removing all members",
		steps: []step{
			patch("/Groups/2", operations(`{"op":"remove","path":"members"}`)).is(200, `{"members":[]}`),
			patch("/Groups/3", operations(`{"op":"replace","path":"members","value":[]}`)).is(200, `{"members":[]}`),
		},
		state: map[string]string{
			"team Finance DQ": `{"users":[],"datastores":[1,2],"permission":"Editor"}`,
			"team Sales DQ":   `{"users":[],"datastores":[2,3],"permission":"Author"}`,
		},
	},
	{
		number: 22, name: "the PATCH of SCIM 1.1",
		steps: []step{
			patch("/Groups/2", `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"4"}]}`).
				is(200, `{"members":[{"value":"2"},{"value":"4"},{"value":"5"}]}`).needs(tolerance.SCIM11Patch),
			patch("/Groups/2", `{"members":[{"value":"2","operation":"delete"},{"value":"5","operation":"Delete"}]}`).
				is(200, `{"members":[{"value":"4"}]}`).needs(tolerance.SCIM11Patch, tolerance.RemoveWithValueList),
			patch("/Groups/2", `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"5","operation":"add"}]}`).
				is(200, `{"members":[{"value":"4"},{"value":"5"}]}`).needs(tolerance.SCIM11Patch),
			patch("/Groups/2", `{"schemas":["urn:scim:schemas:core:1.0"],"operations":[]}`).is(400, `{"scimType":"invalidSyntax"}`),
			patch("/Groups/2", `{"schemas":["urn:scim:schemas:core:1.0"]}`).is(400, `{"scimType":"invalidSyntax"}`),
		},
		state: map[string]string{"team Finance DQ": `{"users":[4,5],"datastores":[1,2]}`},
	},
}
