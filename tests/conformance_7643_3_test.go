package tests

import (
	"slices"
	"strings"
	"testing"
)

const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// resourceSections are those of RFC 7643 section 3.
var resourceSections = []section{
	{"7643-3", []check{
		{"schemas-known", func(t *testing.T, p *provider) {
			schemas := `["` + userURN + `","` + userURN + `","urn:example:unknown","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User"]`
			user := p.posts(t, "/Users", `{"schemas":`+schemas+`,"userName":"`+p.name()+`"}`)
			for _, answer := range []object{user, p.gets(t, user.path()), p.puts(t, user.path(), `{"schemas":`+schemas+`,"userName":"`+user.text("userName")+`"}`)} {
				same(t, "schemas", texts(answer["schemas"]), userURN)
			}
			same(t, "schemas of a group", texts(p.group(t)["schemas"]), groupURN)
		}},
		{"schemas-order", func(t *testing.T, p *provider) {
			for _, schemas := range []string{`["` + userURN + `","` + enterpriseURN + `"]`, `["` + enterpriseURN + `","` + userURN + `"]`} {
				user := p.posts(t, "/Users", `{"schemas":`+schemas+`,"userName":"`+p.name()+`","displayName":"Ann Lee"}`)
				if user.text("displayName") != "Ann Lee" {
					t.Errorf("%s: %v", schemas, user)
				}
			}
		}},
		{"common", func(t *testing.T, p *provider) {
			user := p.user(t, `"externalId":"Ext-`+p.name()+`"`)
			for _, filter := range []string{
				`id eq "` + user.text("id") + `"`,
				`externalId eq "` + user.text("externalId") + `"`,
				`meta.resourceType eq "User" and userName eq "` + user.text("userName") + `"`,
				userURN + `:externalId eq "` + user.text("externalId") + `"`,
			} {
				same(t, filter, p.finds(t, "/Users", filter, "id"), user.text("id"))
			}
			group := p.posts(t, "/Groups", `{"displayName":"Common `+p.name()+`","externalId":"g1"}`)
			holds(t, "the group", group.json(t), `{"externalId":"g1","meta":{"resourceType":"Group"}}`)
		}},
	}},
	{"7643-3.1", []check{
		{"common", func(t *testing.T, p *provider) {
			for _, resource := range []object{p.user(t, `"externalId":"c1"`), p.group(t)} {
				for _, path := range [][]string{{"id"}, {"meta", "resourceType"}, {"meta", "created"}, {"meta", "location"}} {
					if resource.text(path...) == "" {
						t.Errorf("%s of %s is not there", strings.Join(path, "."), resource.path())
					}
				}
			}
		}},
		{"characteristics", func(t *testing.T, p *provider) {
			p.eachAttribute(t, func(name string, attribute object) {
				for _, common := range []string{"id", "externalId", "meta", "schemas"} {
					if !strings.Contains(name, ".") && strings.EqualFold(attribute.text("name"), common) {
						t.Errorf("%s is listed as if it were the schema's own", name)
					}
				}
			})
			user := p.user(t, `"externalId":"Case-`+p.name()+`"`)
			same(t, "externalId in another case", p.finds(t, "/Users", `externalId eq "`+strings.ToLower(user.text("externalId"))+`"`, "id"))
		}},
		{"id-always", func(t *testing.T, p *provider) {
			user, group := p.user(t), p.group(t)
			for _, resource := range []object{user, group} {
				for _, parameter := range []string{"", "?attributes=displayName", "?excludedAttributes=id", "?excludedAttributes=id,meta,displayName"} {
					if got := p.gets(t, resource.path()+parameter); got.text("id") != resource.text("id") || got.text("id") == "" {
						t.Errorf("%s%s: id %q", resource.path(), parameter, got.text("id"))
					}
				}
			}
		}},
		{"id-stable", func(t *testing.T, p *provider) {
			user := p.user(t)
			id, path := user.text("id"), user.path()
			renamed := p.name()
			for _, answer := range []object{
				p.puts(t, path, p.userBody(renamed, `"externalId":"stable"`, `"emails":[{"value":"stable@corp.test"}]`)),
				p.patches(t, path, `{"op":"replace","path":"active","value":false}`),
				p.patches(t, path, `{"op":"replace","path":"active","value":true}`),
				p.gets(t, path),
			} {
				if answer.text("id") != id || answer.path() != path {
					t.Errorf("the id is %q at %s instead of %q at %s", answer.text("id"), answer.path(), id, path)
				}
			}
			group := p.group(t)
			p.scim(t, 204, "DELETE", group.path(), "")
			if again := p.posts(t, "/Groups", p.groupBody(group.text("displayName"))); again.text("id") == group.text("id") {
				t.Errorf("the id %s was given twice", again.text("id"))
			}
		}},
		{"id-not-given", func(t *testing.T, p *provider) {
			user := p.user(t, `"id":"99991"`)
			if user.text("id") == "99991" {
				t.Error("the client gave the id")
			}
			if got := p.puts(t, user.path(), p.userBody(user.text("userName"), `"id":"99992"`)); got.text("id") != user.text("id") {
				t.Errorf("PUT made the id %s", got.text("id"))
			}
			p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"replace","path":"id","value":"99993"}`))
			p.scim(t, 404, "GET", "/Users/99991", "")
		}},
		{"external-id", func(t *testing.T, p *provider) {
			user := p.user(t)
			if got := p.gets(t, user.path()); got["externalId"] != nil {
				t.Errorf("an externalId of nobody: %v", got["externalId"])
			}
			user = p.patches(t, user.path(), `{"op":"add","path":"externalId","value":"Given-1"}`)
			holds(t, "the answer", user.json(t), `{"externalId":"Given-1"}`)
			other := p.user(t, `"externalId":"Given-1"`)
			same(t, "found", p.finds(t, "/Users", `externalId eq "Given-1"`, "id"), user.text("id"), other.text("id"))
		}},
		{"content-location", func(t *testing.T, p *provider) {
			user, group := p.user(t), p.group(t)
			for _, s := range []step{
				get(user.path()), get(group.path()), put(user.path(), p.userBody(user.text("userName"))), get("/Users/" + user.text("id") + "/?attributes=meta"),
				patch(user.path(), operations(`{"op":"add","path":"active","value":true}`)), post("/Users", p.userBody(p.name())),
			} {
				got := p.roundTrip(t, s.raw(p.stack))
				if is, want := got.header.Get("Content-Location"), object(got.json(t)).text("meta", "location"); is != want || is == "" {
					t.Errorf("%s %s: Content-Location %q, meta.location %q", s.method, s.path, is, want)
				}
			}
		}},
		{"version", func(t *testing.T, p *provider) {
			for _, resource := range []object{p.user(t), p.group(t)} {
				got := p.scim(t, 200, "GET", resource.path(), "")
				if version := object(got.json(t)).text("meta", "version"); !strings.HasPrefix(version, `W/"`) || got.header.Get("ETag") != version {
					t.Errorf("%s: version %s, ETag %s", resource.path(), version, got.header.Get("ETag"))
				}
			}
		}},
		{"meta-ignored", func(t *testing.T, p *provider) {
			meta := `"meta":{"resourceType":"Group","created":"1999-01-01T00:00:00Z","location":"https://evil.test/","version":"W/\"x\""}`
			user := p.user(t, meta)
			changed := p.puts(t, user.path(), p.userBody(user.text("userName"), meta, `"displayName":"Meta Lee"`))
			for _, answer := range []object{user, changed} {
				if answer.text("meta", "resourceType") != "User" || answer.text("meta", "created") != "2026-03-01T10:00:00Z" ||
					answer.path() != "/Users/"+answer.text("id") {
					t.Errorf("meta %v", answer["meta"])
				}
			}
			p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"replace","path":"meta.created","value":"1999-01-01T00:00:00Z"}`))
		}},
	}},
	{"7643-3.3", []check{
		{"base-schema", func(t *testing.T, p *provider) {
			for path, urn := range map[string]string{"/Users": userURN, "/Groups": groupURN} {
				p.group(t, p.user(t))
				for _, resource := range resourcesOf(p.gets(t, path)) {
					if !slices.Contains(texts(resource["schemas"]), urn) {
						t.Errorf("%s: schemas %v", resource.path(), resource["schemas"])
					}
				}
			}
		}},
		{"extension-names", func(t *testing.T, p *provider) {
			core := make(map[string]bool)
			p.eachAttribute(t, func(name string, attribute object) {
				schema, _, _ := strings.Cut(name, " ")
				if core[attribute.text("name")] && schema == "EnterpriseUser" && !strings.Contains(name, ".") {
					t.Errorf("%s is an attribute of the core schema", name)
				}
				core[attribute.text("name")] = core[attribute.text("name")] || schema == "User" && !strings.Contains(name, ".")
			})
		}},
		{"container", func(t *testing.T, p *provider) {
			user := p.user(t, `"`+enterpriseURN+`":{"department":"Finance","employeeNumber":"7"}`)
			for _, answer := range []object{user, p.gets(t, user.path())} {
				if answer["department"] != nil {
					t.Errorf("department is among the core attributes: %v", answer)
				}
				want := []string{userURN}
				if p.keeps {
					want = append(want, enterpriseURN)
					holds(t, "the answer", answer.json(t), `{"`+enterpriseURN+`":{"department":"Finance","employeeNumber":"7"}}`)
				} else if answer[enterpriseURN] != nil {
					t.Errorf("an extension that is not served: %v", answer)
				}
				same(t, "schemas", texts(answer["schemas"]), want...)
			}
		}},
	}},
}
