package tests

import (
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// discoverySections are those of RFC 7643 sections 5 to 7.
var discoverySections = []section{
	{"7643-5", []check{
		{"attributes", func(t *testing.T, p *provider) {
			config := p.gets(t, "/ServiceProviderConfig")
			for _, feature := range []string{"patch", "bulk", "filter", "changePassword", "sort", "etag"} {
				if _, ok := config.value(feature, "supported").(bool); !ok {
					t.Errorf("%s.supported is %v", feature, config.value(feature, "supported"))
				}
			}
			for _, path := range [][]string{{"bulk", "maxOperations"}, {"bulk", "maxPayloadSize"}, {"filter", "maxResults"}} {
				if n, ok := config.value(path...).(float64); !ok || n < 1 || n != float64(int(n)) {
					t.Errorf("%s is %v", strings.Join(path, "."), n)
				}
			}
			schemes := objects(config["authenticationSchemes"])
			if len(schemes) == 0 {
				t.Error("there are no authenticationSchemes")
			}
			for _, scheme := range schemes {
				if scheme.text("type") != "oauthbearertoken" || scheme.text("name") == "" || scheme.text("description") == "" {
					t.Errorf("authenticationSchemes has %v", scheme)
				}
			}
			same(t, "schemas", texts(config["schemas"]), "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig")
		}},
		{"true", func(t *testing.T, p *provider) {
			config := p.gets(t, "/ServiceProviderConfig")
			user := p.user(t)
			p.patches(t, user.path(), `{"op":"replace","path":"displayName","value":"Ann Lee"}`)
			p.scim(t, 200, "POST", "/Bulk", bulkRequest(0, `{"method":"DELETE","path":"`+user.path()+`"}`))
			holds(t, "ServiceProviderConfig", config.json(t),
				`{"patch":{"supported":true},"bulk":{"supported":true},"filter":{"supported":true},"changePassword":{"supported":false}}`)
			sorted := valuesOf(p.gets(t, query("/Users", "sortBy", "userName", "sortOrder", "descending")), "userName")
			if works := slices.IsSortedFunc(sorted, func(a, b string) int { return strings.Compare(b, a) }); works != config.supports("sort") {
				t.Errorf("sort.supported is %t, and sorting works: %t", config.supports("sort"), works)
			}
			got := p.scim(t, 200, "GET", p.user(t).path(), "")
			if works := got.header.Get("ETag") != ""; works != config.supports("etag") {
				t.Errorf("etag.supported is %t, and there is an ETag: %t", config.supports("etag"), works)
			}
		}},
		{"max-results", func(t *testing.T, p *provider) {
			most, _ := p.gets(t, "/ServiceProviderConfig").value("filter", "maxResults").(float64)
			for range int(most) + 1 {
				p.sandbox.AddUser(qualytics.User{UserName: p.name()})
			}
			if found := p.finds(t, "/Users", `userName sw "person."`, "id"); len(found) != int(most) {
				t.Errorf("%d resources instead of %d at most", len(found), int(most))
			}
		}},
	}},
	{"7643-6", []check{
		{"attributes", func(t *testing.T, p *provider) {
			endpoints := make(map[string]string)
			for _, resourceType := range resourcesOf(p.gets(t, "/ResourceTypes")) {
				for _, name := range []string{"name", "description", "endpoint", "schema"} {
					if resourceType.text(name) == "" {
						t.Errorf("%s has no %s", resourceType.text("name"), name)
					}
				}
				endpoints[resourceType.text("name")] = resourceType.text("endpoint")
				same(t, "schemas", texts(resourceType["schemas"]), "urn:ietf:params:scim:schemas:core:2.0:ResourceType")
			}
			if endpoints["User"] != "/Users" || endpoints["Group"] != "/Groups" {
				t.Errorf("endpoints %v", endpoints)
			}
		}},
		{"schemas", func(t *testing.T, p *provider) {
			ids := valuesOf(p.gets(t, "/Schemas"), "id")
			extended := false
			for _, resourceType := range resourcesOf(p.gets(t, "/ResourceTypes")) {
				named := []string{resourceType.text("schema")}
				for _, extension := range objects(resourceType["schemaExtensions"]) {
					extended = true
					named = append(named, extension.text("schema"))
					if _, ok := extension["required"].(bool); !ok {
						t.Errorf("required of %v", extension)
					}
				}
				for _, urn := range named {
					if !slices.Contains(ids, urn) {
						t.Errorf("%s has the schema %s, which is not in /Schemas", resourceType.text("name"), urn)
					}
				}
			}
			if p.keeps && !extended {
				t.Error("the enterprise extension is not there")
			}
		}},
		{"read-only", func(t *testing.T, p *provider) {
			for _, path := range []string{"/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + userURN, "/ServiceProviderConfig"} {
				for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
					p.refuses(t, 405, "", method, path, "")
				}
			}
		}},
	}},
	{"7643-7", []check{
		{"attributes", func(t *testing.T, p *provider) {
			for _, schema := range resourcesOf(p.gets(t, "/Schemas")) {
				for _, name := range []string{"id", "name", "description"} {
					if schema.text(name) == "" {
						t.Errorf("%s has no %s", schema.text("id"), name)
					}
				}
				if len(objects(schema["attributes"])) == 0 {
					t.Errorf("%s has no attributes", schema.text("id"))
				}
				same(t, "schemas", texts(schema["schemas"]), "urn:ietf:params:scim:schemas:core:2.0:Schema")
			}
			p.eachAttribute(t, func(name string, attribute object) {
				if attribute.text("description") == "" {
					t.Errorf("%s has no description", name)
				}
			})
		}},
		{"sub-attributes", func(t *testing.T, p *provider) {
			p.eachAttribute(t, func(name string, attribute object) {
				if is := len(objects(attribute["subAttributes"])) > 0; is != (attribute.text("type") == "complex") {
					t.Errorf("%s is of the type %s and has sub-attributes: %t", name, attribute.text("type"), is)
				}
			})
		}},
		{"none-global", func(t *testing.T, p *provider) {
			p.eachAttribute(t, func(name string, attribute object) {
				if attribute.text("uniqueness") == "global" {
					t.Errorf("%s is globally unique", name)
				}
			})
		}},
		{"case-exact", func(t *testing.T, p *provider) {
			user := p.user(t, `"externalId":"MiXed-1"`, `"displayName":"MiXed Lee"`)
			for filter, found := range map[string]bool{
				`externalId eq "MiXed-1"`: true, `externalId eq "mixed-1"`: false, `externalId sw "mixed"`: false,
				`displayName eq "mixed lee"`: true, `displayName co "XED"`: true,
			} {
				if got := p.finds(t, "/Users", filter, "id"); slices.Contains(got, user.text("id")) != found {
					t.Errorf("%s: %q", filter, got)
				}
			}
		}},
		{"case-kept", func(t *testing.T, p *provider) {
			name := "CaSe." + p.name()
			user := p.posts(t, "/Users", p.userBody(name, `"externalId":"MiXed-2"`))
			holds(t, "the user", p.gets(t, user.path()).json(t), `{"externalId":"MiXed-2","userName":"`+name+`"}`)
		}},
		{"read-only", func(t *testing.T, p *provider) {
			user := p.user(t)
			for _, path := range []string{"id", "meta.resourceType", "groups"} {
				p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"replace","path":"`+path+`","value":"1"}`))
				p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"remove","path":"`+path+`"}`))
			}
		}},
		{"unique", func(t *testing.T, p *provider) {
			holds(t, "displayName of groups", p.attribute(t, groupURN, "displayName").json(t), `{"uniqueness":"server"}`)
			group := p.group(t)
			p.refuses(t, 409, "uniqueness", "POST", "/Groups", p.groupBody(strings.ToUpper(group.text("displayName"))))
			p.refuses(t, 409, "uniqueness", "PATCH", p.group(t).path(), operations(`{"op":"replace","path":"displayName","value":"`+group.text("displayName")+`"}`))
		}},
	}},
}

// supports reports what a ServiceProviderConfig says of a feature.
func (o object) supports(feature string) bool {
	yes, _ := o.value(feature, "supported").(bool)
	return yes
}
