package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sections7644 are those of the protocol.
var sections7644 = slices.Concat(accessSections, creationSections, querySections, searchSections, filterSections, putSections, patchSections,
	removalSections, bulkSections, answerSections, versionSections, serviceSections)

// creationSections are those of RFC 7644 sections 3.1 to 3.3.
var creationSections = []section{
	{"7644-3.1", []check{
		{"messages", func(t *testing.T, p *provider) {
			for _, answer := range []object{
				p.gets(t, "/Users"), p.gets(t, "/Schemas"),
				p.scim(t, 404, "GET", "/Users/999", "").json(t),
				p.scim(t, 200, "POST", "/Bulk", bulkRequest(0, `{"method":"DELETE","path":"/Users/999"}`)).json(t),
			} {
				if schemas := texts(answer["schemas"]); len(schemas) != 1 || !strings.HasPrefix(schemas[0], "urn:ietf:params:scim:api:") {
					t.Errorf("schemas %q", schemas)
				}
			}
		}},
		{"messages-undiscoverable", func(t *testing.T, p *provider) {
			for _, id := range valuesOf(p.gets(t, "/Schemas"), "id") {
				if strings.HasPrefix(id, "urn:ietf:params:scim:api:") {
					t.Errorf("/Schemas has %s", id)
				}
			}
			p.scim(t, 404, "GET", "/Schemas/urn:ietf:params:scim:api:messages:2.0:ListResponse", "")
		}},
		{"state", func(t *testing.T, p *provider) {
			name := p.name()
			made := p.scim(t, 201, "POST", "/Users", p.userBody(name, `"displayName":"Ann   Lee"`, `"name":{"middleName":"M"}`, `"roles":[{"value":"manager"}]`))
			user := object(made.json(t))
			holds(t, "the answer", user.json(t), `{"displayName":"Ann Lee","roles":[{"value":"Manager"}]}`)
			for _, again := range []reply{
				p.scim(t, 200, "GET", user.path(), ""),
				p.scim(t, 200, "PUT", user.path(), p.userBody(name, `"displayName":"Ann Lee"`)),
				p.scim(t, 200, "PATCH", user.path(), operations(`{"op":"replace","path":"displayName","value":"Ann   Lee"}`)),
			} {
				sameJSON(t, "the resource", string(again.body), string(made.body))
			}
		}},
	}},
	{"7644-3.2", []check{
		{"put-creates-nothing", func(t *testing.T, p *provider) {
			p.refuses(t, 404, "", "PUT", "/Users/99991", p.userBody(p.name()))
			p.refuses(t, 404, "", "PUT", "/Groups/99991", p.groupBody("Nobody's"))
			p.refuses(t, 405, "", "PUT", "/Users", p.userBody(p.name()))
		}},
		{"errors-twice", func(t *testing.T, p *provider) {
			p.refuses(t, 400, "invalidValue", "POST", "/Users", `{"displayName":"No Name"}`)
			p.refuses(t, 400, "invalidSyntax", "POST", "/Users", `{`)
			p.refuses(t, 404, "", "GET", "/Nothing", "")
			p.refuses(t, 405, "", "DELETE", "/Users", "")
			p.refuses(t, 501, "", "GET", "/Me", "")
		}},
	}},
	{"7644-3.3", []check{
		{"read-only-ignored", func(t *testing.T, p *provider) {
			user := p.user(t, `"id":"99991"`, `"meta":{"created":"1999-01-01T00:00:00Z"}`, `"groups":[{"value":"2"}]`)
			if user.text("id") == "99991" || user.text("meta", "created") != "2026-03-01T10:00:00Z" || user["groups"] != nil {
				t.Errorf("what is read-only was taken: %v", user)
			}
		}},
		{"defaults", func(t *testing.T, p *provider) {
			holds(t, "the user", p.user(t).json(t), `{"active":true,"roles":[{"value":"Member"}]}`)
			user := p.user(t, `"roles":[]`, `"emails":[]`)
			if len(objects(user["emails"])) != 0 {
				t.Errorf("an address that was cleared: %v", user["emails"])
			}
		}},
		{"created", func(t *testing.T, p *provider) {
			got := p.scim(t, 201, "POST", "/Users", p.userBody(p.name(), `"externalId":"created-1"`, `"displayName":"Ann Lee"`))
			user := object(got.json(t))
			holds(t, "the answer", user.json(t), `{"externalId":"created-1","displayName":"Ann Lee","schemas":["`+userURN+`"]}`)
			if want := fmt.Sprint("https://", p.host, basePath, "/Users/", user.text("id")); got.header.Get("Location") != want || user.text("meta", "location") != want {
				t.Errorf("Location %q, meta.location %q instead of %q", got.header.Get("Location"), user.text("meta", "location"), want)
			}
			sameJSON(t, "what is read", string(p.scim(t, 200, "GET", user.path(), "").body), string(got.body))
			if u := p.person(t, user); !u.Active() || u.Name == nil || *u.Name != "Ann Lee" {
				t.Errorf("the account is %+v", u)
			}
			p.scim(t, 201, "POST", "/Groups", p.groupBody("Created "+p.name(), user))
		}},
		{"conflict", func(t *testing.T, p *provider) {
			user, group := p.user(t), p.group(t)
			p.refuses(t, 409, "uniqueness", "POST", "/Users", p.userBody(user.text("userName"), `"externalId":"another"`))
			p.refuses(t, 409, "uniqueness", "POST", "/Groups", p.groupBody(group.text("displayName")))
			p.refuses(t, 409, "uniqueness", "POST", "/Groups", p.groupBody("Qualytics Admin"))
		}},
	}},
	{"7644-3.3.1", []check{
		{"resource-type", func(t *testing.T, p *provider) {
			for want, resource := range map[string]object{"User": p.user(t, `"meta":{"resourceType":"Group"}`), "Group": p.group(t)} {
				for _, answer := range []object{resource, p.gets(t, resource.path())} {
					if is := answer.text("meta", "resourceType"); is != want {
						t.Errorf("meta.resourceType is %q instead of %q", is, want)
					}
				}
			}
		}},
	}},
}
