package mapping

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
	"github.com/qualytics/scim-sidecar/tests/sandbox/sandboxtest"
)

// FuzzBody sends whatever body to every call that takes one: it is never the
// server's fault, and what is refused has changed nothing. Only a deactivation
// goes through although something else is refused.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `null`, `{"userName":"x"}`, `{"userName":"bruno.silva"}`, `{"userName":"ANA.REIS","active":false}`,
		`{"userName":"x","active":"False","emails":{"value":"chloe.martin@corp.test"},"roles":["admin"],"externalId":"e"}`,
		`{"userName":"x","name":{"givenName":" A ","familyName":"B","formatted":""},"displayName":null}`,
		`{"userName":"x\u0000\u2028\"\\","displayName":"\ud800","roles":[{"value":"Manager","primary":"True"},{"value":"Member","primary":true}]}`,
		`{"userName":"pipeline_bot_1","schemas":["urn:scim:schemas:core:1.0"],"urn:scim:schemas:extension:enterprise:1.0":{"department":"d"}}`,
		patchOf(`{"op":"replace","path":"active","value":"False"}`),
		patchOf(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"z@corp.test"}`, `{"op":"remove","path":"displayName"}`),
		patchOf(`{"op":"add","value":{"name.givenName":"Z","userName":"bruno.silva","active":true}}`),
		patchOf(`{"op":"replace","path":"roles[primary eq \"true\"].value","value":"Root"}`, `{"op":"remove","path":"emails","value":[{"value":"x"}]}`),
		`{"emails":[{"value":"a"}],"meta":{"attributes":["name"]}}`,
		`{"userName":"x","title":"t","phoneNumbers":[{"value":"1","type":"work"}],"name":{"middleName":"m"},"` + enterprise + `":{"manager":"2"}}`,
		patchOf(`{"op":"add","path":"phoneNumbers[type eq \"fax\"].value","value":"1"}`, `{"op":"remove","path":"`+enterprise+`:manager.value"}`, `{"op":"replace","path":"title","value":""}`),
	} {
		f.Add(seed)
	}
	programs := []*Program{shipped(f), edited(f, unmapped("keep")...)}
	dialects := []qualytics.Dialect{qualytics.DialectA(), qualytics.DialectB()}
	f.Fuzz(func(t *testing.T, body string) {
		for i := range 4 {
			program, dialect := programs[i%2], dialects[i/2]
			for _, request := range [][2]string{
				{"POST", "/Users"}, {"PUT", "/Users/2"}, {"PATCH", "/Users/2"}, {"PUT", "/Users/12"}, {"PATCH", "/Users/12"},
			} {
				b := newBareBench(t, program, dialect)
				b.sandbox.Seed(10, 1)
				before := b.sandbox.Users()
				response, _ := b.send(request[0], request[1], body)
				if response.Status >= 500 {
					t.Errorf("%s %s: %d %v", request[0], request[1], response.Status, response.Err)
				}
				if response.Status >= 400 {
					b.sameButDeactivated(before)
				}
				for _, violation := range b.sandbox.UnexpectedViolations() {
					t.Errorf("%s %s: does not fit the API's document: %s", request[0], request[1], violation)
				}
			}
		}
	})
}

// FuzzGroupBody sends whatever body to every call that changes a group. What is
// refused has changed nothing, and a list of members that is not empty never
// empties a team: whoever is in it has access by it.
func FuzzGroupBody(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"displayName":"G"}`, `{"displayName":"sales dq"}`, `{"members":[]}`, `{"members":null,"displayName":"H"}`,
		`{"displayName":"G","members":[{"value":"2","type":"User","display":""},{"value":"4"}]}`, `{"displayName":"G","members":["4",null,{"value":""}]}`,
		`{"displayName":"G","members":{"value":5}}`, `{"displayName":"G","members":[{"$ref":"https://scim.corp.test/Users/4"}]}`, `{"members":[{"value":"4","operation":"delete"}]}`,
		`{"urn:ietf:params:scim:schemas:core:2.0:Group":{"members":[{"display":"x"}]},"externalId":"e"}`,
		patchOf(`{"op":"Remove","path":"members","value":[{"value":"2","$ref":null}]}`, `{"op":"add","path":"members","value":"4"}`),
		patchOf(`{"op":"replace","path":"members[value eq \"2\"].value","value":"4"}`, `{"op":"replace","value":{"id":"2","displayName":"G"}}`),
		patchOf(`{"op":"remove","path":"members[display co \"a\" or value sw \"1\"]"}`, `{"op":"replace","path":"members[value eq \"2\"]","value":{"$ref":"x"}}`),
	} {
		f.Add(seed)
	}
	programs := []*Program{shipped(f), edited(f, "      members:\n", "      members:\n        unknown: skip\n")}
	dialects := []qualytics.Dialect{qualytics.DialectA(), qualytics.DialectB()}
	f.Fuzz(func(t *testing.T, body string) {
		for i := range 4 {
			for _, request := range [][2]string{{"POST", "/Groups"}, {"PUT", "/Groups/2"}, {"PATCH", "/Groups/2"}, {"PUT", "/Groups/role-manager"}, {"PATCH", "/Groups/role-manager"}} {
				b := newBareBench(t, programs[i%2], dialects[i/2])
				b.sandbox.Seed(10, 2)
				users, teams := b.sandbox.Users(), b.sandbox.Teams()
				response, _ := b.send(request[0], request[1], body)
				if response.Status >= 500 {
					t.Errorf("%s %s: %d %v", request[0], request[1], response.Status, response.Err)
				}
				if response.Status >= 400 && !(reflect.DeepEqual(users, b.sandbox.Users()) && reflect.DeepEqual(teams, b.sandbox.Teams())) {
					t.Errorf("%s %s: %d, but something was changed", request[0], request[1], response.Status)
				}
				team, _ := b.sandbox.Team(2)
				if request == [2]string{"PUT", "/Groups/2"} && i%2 == 0 && response.Status == 200 && len(team.UserIDs) == 0 && hasMembers(body) {
					t.Errorf("the team was emptied")
				}
				for _, violation := range b.sandbox.UnexpectedViolations() {
					t.Errorf("%s %s: does not fit the API's document: %s", request[0], request[1], violation)
				}
			}
		}
	})
}

// hasMembers reports whether a body has a list of members that is not empty.
func hasMembers(body string) bool {
	var group struct{ Members []any }
	return json.Unmarshal([]byte(body), &group) == nil && len(group.Members) > 0
}

// newBareBench is a bench without a server, for a test that needs many.
func newBareBench(t testing.TB, program *Program, dialect qualytics.Dialect) *bench {
	sandbox := qualytics.New(qualytics.Config{Dialect: dialect, Token: sandboxtest.Token})
	return newBenchOn(t, program, sandbox, sandbox, dialect)
}

// sameButDeactivated fails when anything but the state of a user was changed.
func (b *bench) sameButDeactivated(before []qualytics.User) {
	b.t.Helper()
	after := b.sandbox.Users()
	if len(before) != len(after) {
		b.t.Fatalf("there were %d users, now there are %d", len(before), len(after))
	}
	for i := range before {
		if before[i].Active() {
			after[i].DeletedAt = nil
		}
		if shown(before[i]) != shown(after[i]) {
			b.t.Errorf("user %d was changed:\n%s\n%s", before[i].ID, shown(before[i]), shown(after[i]))
		}
	}
}

// FuzzFilter sends whatever filter: it finds something or is refused.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`userName eq "ana.reis"`, `emails[type eq "work"].value co "@"`, `not (active eq true) or displayName sw "a"`,
		`displayName co "\u0000%_\\"`, `meta.created gt "2026"`, `id eq "../users/me"`, `externalId pr`, `groups pr`,
	} {
		f.Add(seed)
	}
	b := newBareBench(f, shipped(f), qualytics.DialectB())
	b.sandbox.Seed(30, 2)
	f.Fuzz(func(t *testing.T, filter string) {
		b.t = t
		b.sandbox.ResetCalls()
		response, _ := b.send("GET", filtered(filter), "")
		if response.Status != 200 && response.Status != 400 {
			t.Errorf("status %d: %v", response.Status, response.Err)
		}
	})
}
