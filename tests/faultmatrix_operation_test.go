package tests

import (
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// operation is a write of a provider.
type operation struct {
	method, path, body string

	// before is what the provider has done beforehand.
	before []ask

	// lookUp is how a provider finds out whether a create is still to be made.
	lookUp string

	// again repeats what has failed by the answer to the operation; nil where
	// that tells it by its status.
	again func(r *trial, got reply) reply

	// half is the body of what is done of it, where the API does not let the
	// rest be made up for: it does not change whom it has deactivated.
	half string

	// externalID is one that is to be found afterwards.
	externalID string
}

// populate adds people and teams, always with the same ids: the users 2 ana, 3
// ben, 4 cleo, 5 dan, who is deactivated, 6 the login of eve, 7 a bot, and the
// teams 2 Sales, 3 Risk and 4 Audit.
func populate(sandbox *qualytics.Sandbox) {
	for _, u := range []qualytics.User{
		{UserName: "ana", Name: new("Ana Reis"), Role: qualytics.RoleAdmin},
		{UserName: "ben", Name: new("Ben Silva"), Role: qualytics.RoleManager},
		{UserName: "cleo", Name: new("Cleo Martin")},
		{UserName: "dan", Name: new("Dan Volkov"), DeletedAt: new(now)},
		{UserName: "auth0.7", Name: new("eve@corp.test"), Email: new("eve@corp.test")},
		{UserName: "bot", Name: new("Bot"), Type: qualytics.TypeService},
	} {
		if u.Email == nil {
			u.Email = new(u.UserName + "@corp.test")
		}
		sandbox.AddUser(u)
	}
	for _, team := range []qualytics.Team{
		{Name: "Sales", Permission: "Author", Description: new("Who sells"), UserIDs: []int{3, 5, 7}, DatastoreIDs: []int{1, 3}},
		{Name: "Risk", Permission: "Editor", UserIDs: []int{4}, DatastoreIDs: []int{2}},
		{Name: "Audit", Permission: "Reporter"},
	} {
		sandbox.AddTeam(team)
	}
}

// matrixOperations are the writes that there are, after [populate].
var matrixOperations = map[string]operation{
	"create user": {
		method: "POST", path: "/Users", lookUp: lookUp("new.one"), externalID: "x-new",
		body: `{"userName":"new.one","name":{"givenName":"New","familyName":"One"},"emails":[{"value":"new.one@corp.test"}],` +
			`"externalId":"x-new","roles":[{"value":"Manager"}],"active":true}`,
	},
	"create inactive user": {
		method: "POST", path: "/Users", lookUp: lookUp("new.one"), externalID: "x-new",
		body: `{"userName":"new.one","emails":[{"value":"new.one@corp.test"}],"externalId":"x-new","active":false}`,
	},
	"create user with a login": {
		method: "POST", path: "/Users", lookUp: lookUp("eve"), externalID: "x-eve",
		body: `{"userName":"eve","displayName":"Eve Adams","emails":[{"value":"eve@corp.test"}],"externalId":"x-eve","roles":[{"value":"Manager"}]}`,
	},
	"create user who was deleted": {
		before: []ask{{method: "DELETE", path: "/Users/3"}},
		method: "POST", path: "/Users", lookUp: lookUp("ben"), externalID: "x-ben",
		body: `{"userName":"ben","displayName":"Ben Jonson","emails":[{"value":"ben@corp.test"}],"externalId":"x-ben","active":true}`,
	},
	"create inactive user who was deleted": {
		before: []ask{{method: "DELETE", path: "/Users/3"}},
		method: "POST", path: "/Users", lookUp: lookUp("ben"), externalID: "x-ben",
		body: `{"userName":"ben","displayName":"Ben Jonson","emails":[{"value":"ben@corp.test"}],"externalId":"x-ben","active":false}`,
	},
	"PUT user": {
		method: "PUT", path: "/Users/4", externalID: "x-cleo",
		body: `{"userName":"cleo.m","displayName":"Cleo Moreno","emails":[{"value":"cleo@corp.test"}],"externalId":"x-cleo","active":true}`,
	},
	"PUT user off": {
		method: "PUT", path: "/Users/3", externalID: "x-ben",
		body: `{"userName":"ben","displayName":"Ben Left","externalId":"x-ben","active":false}`,
		half: `{"active":false}`,
	},
	"PUT user on": {
		method: "PUT", path: "/Users/5", externalID: "x-dan",
		body: `{"userName":"dan","displayName":"Dan Back","externalId":"x-dan","active":true,"roles":[{"value":"Manager"}]}`,
	},
	"PATCH user off": {
		method: "PATCH", path: "/Users/3", body: operations(`{"op":"replace","path":"active","value":false}`),
	},
	"PATCH user on": {
		method: "PATCH", path: "/Users/5", body: operations(`{"op":"replace","path":"active","value":true}`),
	},
	"PATCH user off and externalId": {
		method: "PATCH", path: "/Users/4", externalID: "x-cleo",
		body: operations(`{"op":"replace","value":{"active":false,"externalId":"x-cleo","displayName":"Cleo Left"}}`),
		half: operations(`{"op":"replace","path":"active","value":false}`),
	},
	"PATCH roles": {
		method: "PATCH", path: "/Users/4", body: operations(`{"op":"replace","path":"roles","value":[{"value":"Manager"}]}`),
	},
	"DELETE user": {
		method: "DELETE", path: "/Users/4",
	},
	"DELETE user who was written": {
		before: []ask{{method: "PUT", path: "/Users/4", body: `{"userName":"cleo","externalId":"x-cleo"}`}},
		method: "DELETE", path: "/Users/4",
	},
	"create group": {
		method: "POST", path: "/Groups", lookUp: "/Groups?filter=displayName+eq+%22Claims%22", externalID: "x-claims",
		body: `{"displayName":"Claims","externalId":"x-claims","members":[{"value":"3"},{"value":"4"}]}`,
	},
	"PUT group": {
		method: "PUT", path: "/Groups/2", externalID: "x-sales",
		body: `{"displayName":"Sales East","externalId":"x-sales","members":[{"value":"4"},{"value":"5"}]}`,
	},
	"PATCH group add": {
		method: "PATCH", path: "/Groups/2", body: operations(`{"op":"add","path":"members","value":[{"value":"4"},{"value":"6"}]}`),
	},
	"PATCH group remove": {
		method: "PATCH", path: "/Groups/2", body: operations(`{"op":"remove","path":"members[value eq \"3\"]"}`),
	},
	"PATCH group replace": {
		method: "PATCH", path: "/Groups/2", body: operations(`{"op":"replace","path":"members","value":[{"value":"4"}]}`),
	},
	"PATCH group rename": {
		method: "PATCH", path: "/Groups/2", externalID: "x-sales",
		body: operations(`{"op":"replace","value":{"displayName":"Sales West","externalId":"x-sales"}}`),
	},
	"role group add": {
		method: "PATCH", path: "/Groups/role-manager", body: operations(`{"op":"add","path":"members","value":[{"value":"4"},{"value":"6"}]}`),
	},
	"role group remove": {
		method: "PATCH", path: "/Groups/role-manager", body: operations(`{"op":"remove","path":"members[value eq \"3\"]"}`),
	},
	"role group replace": {
		method: "PUT", path: "/Groups/role-manager", body: `{"displayName":"Qualytics Manager","members":[{"value":"4"},{"value":"6"}]}`,
	},
	"DELETE group": {
		method: "DELETE", path: "/Groups/2",
	},
}

// prepare brings about what is there before the operation.
func (o *operation) prepare(t testing.TB, f *front, warm bool) {
	t.Helper()
	populate(f.sandbox)
	for _, a := range o.before {
		f.insist(t, a.method, a.path, a.body)
	}
	if warm {
		f.insist(t, "GET", "/Users", "")
		f.insist(t, "GET", lookUp("nobody"), "")
		f.insist(t, "GET", "/Groups", "")
	}
	f.sandbox.ResetCalls()
}
