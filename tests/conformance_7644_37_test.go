package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// removalSections are those of RFC 7644 section 3.6.
var removalSections = []section{
	{"7644-3.6", []check{
		{"gone", func(t *testing.T, p *provider) {
			for _, resource := range []object{p.user(t), p.group(t)} {
				if got := p.scim(t, 204, "DELETE", resource.path(), ""); len(got.body) > 0 {
					t.Errorf("DELETE was answered with %s", got.body)
				}
				p.refuses(t, 404, "", "GET", resource.path(), "")
				p.refuses(t, 404, "", "PUT", resource.path(), `{"userName":"`+p.name()+`","displayName":"X"}`)
				p.refuses(t, 404, "", "PATCH", resource.path(), operations(`{"op":"replace","path":"displayName","value":"X"}`))
				p.refuses(t, 404, "", "DELETE", resource.path(), "")
			}
		}},
		{"not-found", func(t *testing.T, p *provider) {
			user, group := p.user(t, `"externalId":"removed"`), p.group(t)
			before := p.gets(t, "/Users")["totalResults"].(float64)
			p.scim(t, 204, "DELETE", user.path(), "")
			p.scim(t, 204, "DELETE", group.path(), "")
			for _, filter := range []string{
				`userName eq "` + user.text("userName") + `"`, `externalId eq "removed"`, `id eq "` + user.text("id") + `"`, `active eq false and userName sw "person"`,
			} {
				same(t, filter, p.finds(t, "/Users", filter, "id"))
			}
			same(t, "the group", p.finds(t, "/Groups", `displayName eq "`+group.text("displayName")+`"`, "id"))
			list := p.gets(t, "/Users")
			if slices.Contains(valuesOf(list, "id"), user.text("id")) || list["totalResults"] != before-1 {
				t.Errorf("%v of %v are listed", list["totalResults"], before)
			}
		}},
		{"no-conflict", func(t *testing.T, p *provider) {
			user, group := p.user(t, `"externalId":"first"`), p.group(t)
			p.scim(t, 204, "DELETE", user.path(), "")
			p.scim(t, 204, "DELETE", group.path(), "")
			again := p.posts(t, "/Users", p.userBody(user.text("userName"), `"externalId":"second"`))
			holds(t, "the user", p.gets(t, again.path()).json(t), `{"active":true,"externalId":"second"}`)
			p.posts(t, "/Groups", p.groupBody(group.text("displayName")))
		}},
		{"no-content", func(t *testing.T, p *provider) {
			user := p.user(t)
			p.scim(t, 204, "DELETE", user.path(), "")
			if p.person(t, user).Active() {
				t.Error("the account is active")
			}
			group := p.group(t)
			p.scim(t, 204, "DELETE", group.path(), "")
			if _, ok := p.sandbox.TeamByName(group.text("displayName")); ok {
				t.Error("the team is there")
			}
		}},
	}},
}

// bulkSections are those of RFC 7644 section 3.7.
var bulkSections = []section{
	{"7644-3.7", []check{
		{"request", func(t *testing.T, p *provider) {
			for _, body := range []string{
				`{}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":{}}`,
				`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"method":"DELETE","path":"/Users/2"}]}`,
			} {
				p.refuses(t, 400, "invalidSyntax", "POST", "/Bulk", body)
			}
		}},
		{"operations", func(t *testing.T, p *provider) {
			before := p.everything(t)
			for _, operation := range []string{
				`{"path":"/Users/2"}`, `{"method":"GET","path":"/Users/2"}`, `{"method":"DELETE"}`, `{"method":"POST","path":"/Users","data":{"userName":"x"}}`,
				`{"method":"POST","path":"/Users","bulkId":"a"}`, `{"method":"PUT","path":"/Users/2"}`, `{"method":"PATCH","path":"/Users/2"}`,
				`{"method":"POST","path":"/Users/2","bulkId":"a","data":{"userName":"x"}}`, `{"method":"DELETE","path":"/Users"}`,
			} {
				results := p.bulks(t, 0, operation)
				if status := results[0].text("status"); len(results) != 1 || !strings.HasPrefix(status, "4") {
					t.Errorf("%s: %v", operation, results)
				}
			}
			if after := p.everything(t); after != before {
				t.Errorf("the API was changed from\n\t%s\nto\n\t%s", before, after)
			}
		}},
		{"results", func(t *testing.T, p *provider) {
			user, gone := p.user(t), p.user(t)
			name := p.name()
			results := p.bulks(t, 0,
				`{"method":"POST","path":"/Users","bulkId":"new","data":{"userName":"`+name+`"}}`,
				`{"method":"PUT","path":"`+user.path()+`","data":{"userName":"`+user.text("userName")+`","displayName":"Ann Put"}}`,
				`{"method":"PATCH","path":"`+user.path()+`","data":`+operations(`{"op":"replace","path":"displayName","value":"Ann Patch"}`)+`}`,
				`{"method":"DELETE","path":"`+gone.path()+`"}`)
			made := p.finds(t, "/Users", `userName eq "`+name+`"`, "meta.location")
			for i, want := range []string{
				`{"method":"POST","bulkId":"new","status":"201","location":"` + made[0] + `"}`,
				`{"method":"PUT","status":"200","location":"` + user.text("meta", "location") + `"}`,
				`{"method":"PATCH","status":"200","location":"` + user.text("meta", "location") + `"}`,
				`{"method":"DELETE","status":"204","location":"` + gone.text("meta", "location") + `"}`,
			} {
				holds(t, fmt.Sprint("result ", i), results[i].json(t), want)
			}
			holds(t, "the user", p.gets(t, user.path()).json(t), `{"displayName":"Ann Patch"}`)
			p.scim(t, 404, "GET", gone.path(), "")
		}},
		{"errors", func(t *testing.T, p *provider) {
			user := p.user(t)
			results := p.bulks(t, 0,
				`{"method":"POST","path":"/Users","bulkId":"taken","data":{"userName":"`+user.text("userName")+`"}}`,
				`{"method":"PATCH","path":"`+user.path()+`","data":`+operations(`{"op":"replace","path":"id","value":"1"}`)+`}`,
				`{"method":"DELETE","path":"/Users/99991"}`,
				`{"method":"POST","path":"/Users","bulkId":"fine","data":{"userName":"`+p.name()+`"}}`)
			for i, want := range []string{
				`{"bulkId":"taken","status":"409","location":"(nothing)","response":{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness"}}`,
				`{"status":"400","location":"` + user.text("meta", "location") + `","response":{"status":"400","scimType":"mutability"}}`,
				`{"status":"404","response":{"status":"404"}}`,
				`{"bulkId":"fine","status":"201","response":"(nothing)"}`,
			} {
				holds(t, fmt.Sprint("result ", i), results[i].json(t), want)
				if results[i]["response"] != nil && results[i].text("response", "detail") == "" {
					t.Errorf("result %d has no detail", i)
				}
			}
		}},
		{"versions", func(t *testing.T, p *provider) {
			user := p.user(t)
			change := func(version, name string) string {
				return `{"method":"PUT","path":"` + user.path() + `","version":` + string(encode(t, version)) + `,"data":{"userName":"` + user.text("userName") + `","displayName":"` + name + `"}}`
			}
			results := p.bulks(t, 0, change(`W/"another"`, "Wrong"), change(user.text("meta", "version"), "Right"))
			holds(t, "the first result", results[0].json(t), `{"status":"412","response":{"status":"412"}}`)
			now := p.gets(t, user.path())
			holds(t, "the user", now.json(t), `{"displayName":"Right"}`)
			if results[1].text("version") != now.text("meta", "version") {
				t.Errorf("the version is %q in the result and %q in the resource", results[1].text("version"), now.text("meta", "version"))
			}
		}},
		{"fail-on-errors", func(t *testing.T, p *provider) {
			bad := `{"method":"DELETE","path":"/Users/99991"}`
			user := p.user(t)
			good := `{"method":"DELETE","path":"` + user.path() + `"}`
			if results := p.bulks(t, 1, bad, good); len(results) != 1 {
				t.Errorf("results %v", results)
			}
			p.scim(t, 200, "GET", user.path(), "")
			if results := p.bulks(t, 2, bad, good, bad, bad); len(results) != 3 || results[1].text("status") != "204" {
				t.Errorf("results %v", results)
			}
		}},
		{"out-of-order", func(t *testing.T, p *provider) {
			name, group := p.name(), "Group "+p.name()
			results := p.bulks(t, 0,
				`{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"`+group+`","members":[{"value":"bulkId:u"}]}}`,
				`{"method":"POST","path":"/Users","bulkId":"u","data":{"userName":"`+name+`"}}`)
			same(t, "statuses", []string{results[0].text("status"), results[1].text("status")}, "201", "201")
			id := p.finds(t, "/Users", `userName eq "`+name+`"`, "id")
			found := resourcesOf(p.gets(t, query("/Groups", "filter", `displayName eq "`+group+`"`)))
			same(t, "members", memberIDs(found[0]), id...)
		}},
	}},
	{"7644-3.7.1", []check{
		{"circle", func(t *testing.T, p *provider) {
			one, two := p.name(), p.name()
			if !p.keeps {
				// Nothing else can refer to its own kind, and groups have no groups.
				group := func(name, member string) string {
					return `{"method":"POST","path":"/Groups","bulkId":"` + name + `","data":{"displayName":"` + name + `","members":[{"type":"Group","value":"bulkId:` + member + `"}]}}`
				}
				for _, result := range p.bulks(t, 0, group(one, two), group(two, one)) {
					holds(t, "the result", result.json(t), `{"status":"400","response":{"scimType":"invalidValue"}}`)
				}
				return
			}
			person := func(name, manager string) string {
				return `{"method":"POST","path":"/Users","bulkId":"` + name + `","data":{"userName":"` + name + `","` + enterpriseURN + `":{"manager":{"value":"bulkId:` + manager + `"}}}}`
			}
			for _, result := range p.bulks(t, 0, person(one, two), person(two, one)) {
				holds(t, "the result", result.json(t), `{"status":"201"}`)
			}
			for name, manager := range map[string]string{one: two, two: one} {
				made := resourcesOf(p.gets(t, query("/Users", "filter", `userName eq "`+name+`"`)))[0]
				holds(t, "the user", made.json(t), `{"`+enterpriseURN+`":{"manager":{"value":"`+p.finds(t, "/Users", `userName eq "`+manager+`"`, "id")[0]+`"}}}`)
			}
		}},
	}},
	{"7644-3.7.2", []check{
		{"replaced", func(t *testing.T, p *provider) {
			user := p.user(t)
			name := p.name()
			group := p.group(t, user)
			results := p.bulks(t, 0,
				`{"method":"POST","path":"/Users","bulkId":"qwerty","data":{"userName":"`+name+`"}}`,
				`{"method":"PATCH","path":"/Users/bulkId:qwerty","data":`+operations(`{"op":"replace","path":"displayName","value":"Ann Lee"}`)+`}`,
				`{"method":"PATCH","path":"`+group.path()+`","data":`+operations(`{"op":"add","path":"members","value":[{"value":"bulkId:qwerty"}]}`)+`}`)
			for _, result := range results {
				if strings.Contains(result.json(t), "bulkId:") || !strings.HasPrefix(result.text("status"), "20") {
					t.Errorf("result %v", result)
				}
			}
			made := resourcesOf(p.gets(t, query("/Users", "filter", `userName eq "`+name+`"`)))[0]
			holds(t, "the user", made.json(t), `{"displayName":"Ann Lee"}`)
			same(t, "members", memberIDs(p.gets(t, group.path())), user.text("id"), made.text("id"))
		}},
		{"extension", func(t *testing.T, p *provider) {
			boss, name := p.name(), p.name()
			results := p.bulks(t, 0,
				`{"method":"POST","path":"/Users","bulkId":"r","data":{"userName":"`+name+`","`+enterpriseURN+`":{"manager":{"value":"bulkId:b"}}}}`,
				`{"method":"POST","path":"/Users","bulkId":"b","data":{"userName":"`+boss+`"}}`)
			same(t, "statuses", []string{results[0].text("status"), results[1].text("status")}, "201", "201")
			made := resourcesOf(p.gets(t, query("/Users", "filter", `userName eq "`+name+`"`)))[0]
			if p.keeps {
				holds(t, "the user", made.json(t), `{"`+enterpriseURN+`":{"manager":{"value":"`+p.finds(t, "/Users", `userName eq "`+boss+`"`, "id")[0]+`"}}}`)
			} else if strings.Contains(made.json(t), "bulkId") {
				t.Errorf("the user is %v", made)
			}
		}},
	}},
	{"7644-3.7.4", []check{
		{"limits", func(t *testing.T, p *provider) {
			config := p.gets(t, "/ServiceProviderConfig")
			most, _ := config.value("bulk", "maxOperations").(float64)
			size, _ := config.value("bulk", "maxPayloadSize").(float64)
			one := `{"method":"DELETE","path":"/Users/99991"}`
			answer := p.refuses(t, 413, "", "POST", "/Bulk", bulkRequest(0, slices.Repeat([]string{one}, int(most)+1)...))
			if want := fmt.Sprintf("maxOperations (%d)", int(most)); !strings.Contains(answer.text("detail"), want) {
				t.Errorf("detail %q instead of %q", answer.text("detail"), want)
			}
			answer = p.refuses(t, 413, "", "POST", "/Bulk", bulkRequest(0, one)+strings.Repeat(" ", int(size)))
			if want := fmt.Sprintf("maxPayloadSize (%d)", int(size)); !strings.Contains(answer.text("detail"), want) {
				t.Errorf("detail %q instead of %q", answer.text("detail"), want)
			}
		}},
	}},
}

// bulks sends a bulk request, which must succeed, and returns the results.
func (p *provider) bulks(t *testing.T, failOnErrors int, list ...string) []object {
	t.Helper()
	answer := object(p.scim(t, 200, "POST", "/Bulk", bulkRequest(failOnErrors, list...)).json(t))
	same(t, "schemas", texts(answer["schemas"]), "urn:ietf:params:scim:api:messages:2.0:BulkResponse")
	results := objects(answer["Operations"])
	if len(results) == 0 {
		t.Fatalf("no results: %v", answer)
	}
	return results
}
