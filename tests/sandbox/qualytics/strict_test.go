package qualytics_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestRefusesWhatTheContractDoesNotAllow(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		detail                   string
	}{
		{"size over the limit", "GET", "/api/users?size=101", "", 422, `[{"loc":["query","size"],"msg":"Input should be less than or equal to 100","type":"less_than_equal"}]`},
		{"size zero", "GET", "/api/teams?size=0", "", 422, `[{"loc":["query","size"],"msg":"Input should be greater than or equal to 1","type":"greater_than_equal"}]`},
		{"page zero", "GET", "/api/users?page=0", "", 422, `[{"loc":["query","page"],"msg":"Input should be greater than or equal to 1","type":"greater_than_equal"}]`},
		{"page no number", "GET", "/api/users?page=x", "", 422, `[{"loc":["query","page"],"msg":"Input should be a valid integer, unable to parse string as an integer","type":"int_parsing"}]`},
		{"role unknown", "GET", "/api/users?role=admin", "", 422, `[{"loc":["query","role"],"msg":"Input should be 'Admin', 'Manager' or 'Member'","type":"enum"}]`},
		{"flag no boolean", "GET", "/api/users?include_deleted=maybe", "", 422, `[{"loc":["query","include_deleted"],"msg":"Input should be a valid boolean, unable to interpret input","type":"bool_parsing"}]`},
		{"id no number", "GET", "/api/users/x", "", 422, `[{"loc":["path","id"],"msg":"Input should be a valid integer, unable to parse string as an integer","type":"int_parsing"}]`},
		{"no such user", "GET", "/api/users/999", "", 404, `"User not found"`},
		{"no such team", "DELETE", "/api/teams/999", "", 404, `"Team not found"`},
		{"no such path", "GET", "/api/roles", "", 404, `"Not Found"`},
		{"no such path, slash", "GET", "/api/users/", "", 404, `"Not Found"`},
		{"no such method", "PATCH", "/api/users/2", "{}", 405, `"Method Not Allowed"`},
		{"no such method on me", "DELETE", "/api/users/me", "", 405, `"Method Not Allowed"`},
		{"no body", "POST", "/api/users", "", 422, `[{"loc":["body"],"msg":"Field required","type":"missing"}]`},
		{"no JSON", "POST", "/api/users", `{"name":`, 422, `[{"loc":["body"],"msg":"JSON decode error","type":"json_invalid"}]`},
		{"two documents", "POST", "/api/users", `{"name":"A"}{}`, 422, `[{"loc":["body"],"msg":"JSON decode error","type":"json_invalid"}]`},
		{"a list", "POST", "/api/users", `[]`, 422, `[{"loc":["body"],"msg":"Input should be a valid dictionary","type":"model_attributes_type"}]`},
		{"null", "POST", "/api/users", `null`, 422, `[{"loc":["body"],"msg":"Input should be a valid dictionary","type":"model_attributes_type"}]`},
		{"name missing", "POST", "/api/users", `{}`, 422, `[{"loc":["body","name"],"msg":"Field required","type":"missing"}]`},
		{"name null", "PUT", "/api/users/2", `{"name":null}`, 422, `[{"loc":["body","name"],"msg":"Input should be a valid string","type":"string_type"}]`},
		{"name blank", "PUT", "/api/users/2", `{"name":" "}`, 422, `[{"loc":["body","name"],"msg":"String should have at least 1 character","type":"string_too_short"}]`},
		{"user_name null", "PUT", "/api/users/2", `{"user_name":null}`, 422, `[{"loc":["body","user_name"],"msg":"Input should be a valid string","type":"string_type"}]`},
		{"user_name empty", "PUT", "/api/users/2", `{"user_name":""}`, 422, `[{"loc":["body","user_name"],"msg":"String should have at least 1 character","type":"string_too_short"}]`},
		{"role null", "PUT", "/api/users/2", `{"role":null}`, 422, `[{"loc":["body","role"],"msg":"Input should be 'Admin', 'Manager' or 'Member'","type":"enum"}]`},
		{"role in lower case", "PUT", "/api/users/2", `{"role":"admin"}`, 422, `[{"loc":["body","role"],"msg":"Input should be 'Admin', 'Manager' or 'Member'","type":"enum"}]`},
		{"teams no list", "PUT", "/api/users/2", `{"teams":"Public"}`, 422, `[{"loc":["body","teams"],"msg":"Input should be a valid list","type":"list_type"}]`},
		{"teams by id", "PUT", "/api/users/2", `{"teams":["Public",1]}`, 422, `[{"loc":["body","teams",1],"msg":"Input should be a valid string","type":"string_type"}]`},
		{"teams unknown", "PUT", "/api/users/2", `{"teams":["Public","Nope"]}`, 422, `[{"loc":["body","teams",1],"msg":"Team \"Nope\" does not exist","type":"value_error"}]`},
		{"two faults at once", "PUT", "/api/users/2", `{"active":true,"name":1}`, 422, `[{"loc":["body","name"],"msg":"Input should be a valid string","type":"string_type"},{"loc":["body","active"],"msg":"Extra inputs are not permitted","type":"extra_forbidden"}]`},
		{"user name taken", "POST", "/api/users", `{"name":"A","user_name":"ANA.Reis"}`, 409, `"User already exists: user name \"ANA.Reis\" is taken"`},
		{"user name of a deactivated user taken", "PUT", "/api/users/2", `{"user_name":"Gone"}`, 409, `"User already exists: user name \"Gone\" is taken"`},
		{"user name of a service user taken", "POST", "/api/users", `{"name":"SCIM sidecar","user_name":"scim_sidecar"}`, 409, `"User already exists: user name \"scim_sidecar\" is taken"`},
		{"deactivate oneself", "DELETE", "/api/users/1", "", 400, `"You cannot deactivate yourself"`},
		{"deactivate twice", "DELETE", "/api/users/3", "", 404, `"User not found"`},
		{"team without a name", "PUT", "/api/teams/2", `{"user_ids":[]}`, 422, `[{"loc":["body","name"],"msg":"Field required","type":"missing"}]`},
		{"team name taken", "POST", "/api/teams", `{"name":"finance dq"}`, 409, `"Team already exists: team name \"finance dq\" is taken"`},
		{"team name too long", "POST", "/api/teams", `{"name":"` + strings.Repeat("ä", 256) + `"}`, 422, `[{"loc":["body","name"],"msg":"String should have at most 255 characters","type":"string_too_long"}]`},
		{"members as text", "POST", "/api/teams", `{"name":"A","user_ids":["2"]}`, 422, `[{"loc":["body","user_ids",0],"msg":"Input should be a valid integer","type":"int_type"}]`},
		{"members null", "POST", "/api/teams", `{"name":"A","user_ids":null}`, 422, `[{"loc":["body","user_ids"],"msg":"Input should be a valid list","type":"list_type"}]`},
		{"members unknown", "POST", "/api/teams", `{"name":"A","user_ids":[2,99]}`, 422, `[{"loc":["body","user_ids",1],"msg":"User 99 does not exist","type":"value_error"}]`},
		{"datastores unknown", "POST", "/api/teams", `{"name":"A","datastore_ids":[77]}`, 422, `[{"loc":["body","datastore_ids",0],"msg":"Datastore 77 does not exist","type":"value_error"}]`},
		{"permission unknown", "POST", "/api/teams", `{"name":"A","permission":"Owner"}`, 422, `[{"loc":["body","permission"],"msg":"Input should be 'Editor', 'Author', 'Drafter', 'Viewer' or 'Reporter'","type":"enum"}]`},
		{"Public renamed", "PUT", "/api/teams/1", `{"name":"Everybody"}`, 400, `"The Public team cannot be renamed"`},
		{"Public emptied", "PUT", "/api/teams/1", `{"name":"Public","user_ids":[]}`, 400, `"The users of the Public team cannot be edited"`},
		{"Public deleted", "DELETE", "/api/teams/1", "", 400, `"The Public team cannot be deleted"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := start(t, qualytics.Config{})
			a.ExpectViolations("query parameter", "path parameter", "no body", "no such call", ": body")
			a.AddTeam(qualytics.Team{Name: "Finance DQ"})
			a.AddUser(qualytics.User{UserName: "ana.reis"})
			a.AddUser(qualytics.User{UserName: "gone", DeletedAt: &clock})
			before := compact(t, []any{a.Users(), a.Teams()})
			res := a.do(c.method, c.path, c.body, c.status)
			same(t, "detail", res.json["detail"], c.detail)
			same(t, "state", []any{a.Users(), a.Teams()}, before)
		})
	}
}

func TestContentTypeMustBeJSON(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.ExpectViolations("content type")
	for contentType, want := range map[string]int{
		"application/json; charset=utf-8": 200,
		"application/scim+json":           415,
		"text/plain":                      415,
		"":                                415,
	} {
		r := a.request(http.MethodPut, "/api/users/1", `{"role":"Admin"}`)
		r.Header.Set("Content-Type", contentType)
		if res, err := a.send(r); err != nil || res.status != want {
			t.Errorf("%q: %d, %v, want %d", contentType, res.status, err, want)
		}
	}
}

func TestIngressLimits(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.ExpectViolations("body")
	padding := strings.Repeat(" ", qualytics.MaxBody)
	if res := a.do("PUT", "/api/users/1", "{}"+padding, 413); !strings.Contains(res.text, "<html>") {
		t.Errorf("413 is %q, want a page", res.text)
	}
	a.do("PUT", "/api/users/1", "{}"+padding[2:], 200)
	fits := "/api/users?name=" + strings.Repeat("a", qualytics.MaxURI-len("/api/users?name="))
	a.do("GET", fits, "", 200)
	a.do("GET", fits+"a", "", 414)
}

func TestUnknownParametersAreIgnoredButNoted(t *testing.T) {
	a := start(t, qualytics.Config{})
	a.Seed(10, 0)
	a.ExpectViolations("query parameter email is unknown")
	res := a.do("GET", "/api/users?size=100&email=nobody", "", 200)
	if got := res.json["total"]; got != 11.0 {
		t.Errorf("total %v, want all 11 active users", got)
	}
	if got := a.Violations(); len(got) != 1 {
		t.Errorf("violations %q, want one", got)
	}
}
