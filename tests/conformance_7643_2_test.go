package tests

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// sections7643 are those of the core schema.
var sections7643 = slices.Concat(schemaSections, resourceSections, userSections, discoverySections)

// schemaSections are those of RFC 7643 section 2.
var schemaSections = []section{
	{"7643-2.1", []check{
		{"schemas", func(t *testing.T, p *provider) {
			user, group := p.user(t), p.group(t)
			for _, path := range []string{
				user.path(), group.path(), "/Users", "/Groups", "/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User",
				"/Schemas", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
			} {
				for _, resource := range append(resourcesOf(p.gets(t, path)), p.gets(t, path)) {
					if schemas := texts(resource["schemas"]); len(schemas) == 0 || !strings.HasPrefix(schemas[0], "urn:ietf:params:scim:") {
						t.Errorf("%s: schemas %q", path, schemas)
					}
				}
			}
		}},
		{"names", func(t *testing.T, p *provider) {
			p.eachAttribute(t, func(name string, attribute object) {
				if !regexp.MustCompile(`^[A-Za-z$][-$_0-9A-Za-z]*$`).MatchString(attribute.text("name")) {
					t.Errorf("%s is no name of an attribute", name)
				}
			})
		}},
		{"names-without-case", func(t *testing.T, p *provider) {
			name := p.name()
			user := p.posts(t, "/Users", `{"SCHEMAS":["urn:ietf:params:scim:schemas:core:2.0:User"],"UserName":"`+name+`","DISPLAYNAME":"Ann Lee"}`)
			holds(t, "the answer", user.json(t), `{"userName":"`+name+`","displayName":"Ann Lee"}`)
			same(t, "found by USERNAME", p.finds(t, "/Users", `USERNAME eq "`+name+`"`, "id"), user.text("id"))
		}},
	}},
	{"7643-2.2", []check{
		{"characteristics", func(t *testing.T, p *provider) {
			p.eachAttribute(t, func(name string, attribute object) {
				want := []string{"name", "type", "multiValued", "description", "required", "mutability", "returned"}
				switch attribute.text("type") {
				case "string", "reference", "binary":
					want = append(want, "caseExact", "uniqueness")
				case "complex":
					want = append(want, "subAttributes")
				}
				for _, characteristic := range want {
					if attribute[characteristic] == nil {
						t.Errorf("%s has no %s", name, characteristic)
					}
				}
			})
		}},
	}},
	{"7643-2.3", []check{
		{"types", func(t *testing.T, p *provider) {
			types := []string{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}
			p.eachAttribute(t, func(name string, attribute object) {
				if !slices.Contains(types, attribute.text("type")) {
					t.Errorf("%s is of the type %q", name, attribute.text("type"))
				}
			})
		}},
	}},
	{"7643-2.3.4", []check{
		{"whole-numbers", func(t *testing.T, p *provider) {
			body := string(p.scim(t, 200, "GET", query("/Users", "startIndex", "2", "count", "3"), "").body)
			for _, member := range []string{`"totalResults":`, `"startIndex":2`, `"itemsPerPage":3`} {
				if !regexp.MustCompile(member + `\d*[,}]`).MatchString(body) {
					t.Errorf("no whole number as %s: %s", member, body)
				}
			}
			for name, kind := range map[string]string{"startIndex": "invalidValue", "count": "invalidCount"} {
				for _, value := range []string{"1.5", "1e1", "one"} {
					p.refuses(t, 400, kind, "GET", query("/Users", name, value), "")
				}
			}
		}},
	}},
	{"7643-2.3.5", []check{
		{"returned", func(t *testing.T, p *provider) {
			for _, resource := range []object{p.user(t), p.group(t)} {
				created := resource.text("meta", "created")
				if _, err := time.Parse(time.RFC3339, created); err != nil {
					t.Errorf("meta.created is %q", created)
				}
			}
		}},
		{"compared", func(t *testing.T, p *provider) {
			for _, value := range []string{"2026-03-01", "10:00:00Z", "yesterday", "2026-13-01T00:00:00Z", ""} {
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `meta.created gt "`+value+`"`), "")
			}
		}},
	}},
	{"7643-2.3.7", []check{
		{"locations", func(t *testing.T, p *provider) {
			p.user(t)
			p.group(t)
			for _, path := range []string{"/Users", "/Groups", "/Schemas", "/ResourceTypes"} {
				for _, resource := range resourcesOf(p.gets(t, path)) {
					location, err := url.Parse(resource.text("meta", "location"))
					if err != nil || location.Scheme != "https" || location.Host != p.host {
						t.Fatalf("%s: location %q", path, resource.text("meta", "location"))
					}
					if read := p.gets(t, resource.path()); read.text("id") != resource.text("id") {
						t.Errorf("%s is %s", location, read.text("id"))
					}
				}
			}
		}},
	}},
	{"7643-2.3.8", []check{
		{"order", func(t *testing.T, p *provider) {
			name := p.name()
			user := p.posts(t, "/Users", `{"displayName":"Ann Lee","emails":[{"primary":true,"type":"work","value":"`+name+`@corp.test"}],`+
				`"userName":"`+name+`","schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}`)
			holds(t, "the answer", user.json(t), `{"displayName":"Ann Lee","emails":[{"type":"work","value":"`+name+`@corp.test"}]}`)
			name = p.name()
			p.patches(t, user.path(), `{"value":"`+name+`","path":"userName","op":"replace"}`)
		}},
		{"flat", func(t *testing.T, p *provider) {
			p.eachAttribute(t, func(name string, attribute object) {
				// The schema of schemas is the RFC's own exception.
				if strings.Contains(name, ".") && attribute.text("type") == "complex" && name != "Schema attributes.subAttributes" {
					t.Errorf("%s is complex within a complex attribute", name)
				}
			})
		}},
	}},
	{"7643-2.4", []check{
		{"sub-attributes", func(t *testing.T, p *provider) {
			want := map[string]string{"type": "string", "primary": "boolean", "display": "string", "$ref": "reference"}
			p.eachAttribute(t, func(name string, attribute object) {
				if typ := want[attribute.text("name")]; strings.Contains(name, ".") && typ != "" && attribute.text("type") != typ {
					t.Errorf("%s is of the type %q", name, attribute.text("type"))
				}
			})
		}},
		{"objects", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"object@corp.test"}]`)
			group := p.group(t, user)
			for _, list := range []any{user["emails"], user["roles"], group["members"]} {
				if len(objects(list)) != 1 {
					t.Errorf("not a list of one object: %v", list)
				}
			}
		}},
		{"one-primary", func(t *testing.T, p *provider) {
			emails := `"emails":[{"value":"a.primary@corp.test","primary":true,"type":"work"},{"value":"b.primary@corp.test","primary":true,"type":"home"}]`
			if p.strict {
				p.refuses(t, 400, "invalidValue", "POST", "/Users", p.userBody(p.name(), emails))
				return
			}
			primaries := 0
			for _, email := range objects(p.user(t, emails)["emails"]) {
				if email["primary"] == true {
					primaries++
				}
			}
			if primaries != 1 {
				t.Errorf("%d primary addresses", primaries)
			}
		}},
		{"primary-false", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"unsaid@corp.test"}]`, `"phoneNumbers":[{"value":"1"},{"value":"2","primary":true}]`)
			me := ` and id eq "` + user.text("id") + `"`
			same(t, "the only address", p.finds(t, "/Users", `emails[value eq "unsaid@corp.test" and primary eq false]`+me, "id"))
			if p.keeps {
				same(t, "the first number", p.finds(t, "/Users", `phoneNumbers[value eq "1" and primary eq false]`+me, "id"), user.text("id"))
				same(t, "the second number", p.finds(t, "/Users", `phoneNumbers[value eq "2" and primary eq false]`+me, "id"))
			}
		}},
		{"type", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"untyped@corp.test"}]`)
			holds(t, "the answer", user.json(t), `{"emails":[{"value":"untyped@corp.test","type":"work","primary":true}]}`)
		}},
		{"no-duplicates", func(t *testing.T, p *provider) {
			user := p.user(t)
			member := `{"value":"` + user.text("id") + `"}`
			group := p.posts(t, "/Groups", `{"displayName":"Twice `+p.name()+`","members":[`+member+`,`+member+`]}`)
			group = p.patches(t, group.path(), `{"op":"add","path":"members","value":[`+member+`]}`)
			if members := objects(group["members"]); len(members) != 1 {
				t.Errorf("members %v", members)
			}
			if !p.keeps {
				return
			}
			number := `{"value":"1","type":"work"}`
			user = p.patches(t, p.user(t, `"phoneNumbers":[`+number+`]`).path(), `{"op":"add","path":"phoneNumbers","value":[`+number+`,{"value":"1","type":"home"}]}`)
			sameJSON(t, "phoneNumbers", string(encode(t, user["phoneNumbers"])), `[`+number+`,{"value":"1","type":"home"}]`)
			user = p.puts(t, user.path(), p.userBody(user.text("userName"), `"phoneNumbers":[`+number+`,`+number+`]`))
			sameJSON(t, "phoneNumbers", string(encode(t, user["phoneNumbers"])), `[`+number+`]`)
		}},
	}},
	{"7643-2.5", []check{
		{"equivalent", func(t *testing.T, p *provider) {
			emails := `"emails":[{"value":"unset@corp.test"}]`
			for i, unset := range []func(user object) object{
				func(user object) object {
					return p.puts(t, user.path(), p.userBody(user.text("userName"), `"emails":null`))
				},
				func(user object) object {
					return p.puts(t, user.path(), p.userBody(user.text("userName"), `"emails":[]`))
				},
				func(user object) object { return p.patches(t, user.path(), `{"op":"remove","path":"emails"}`) },
				func(user object) object {
					return p.patches(t, user.path(), `{"op":"replace","path":"emails","value":[]}`)
				},
			} {
				user := p.user(t, emails)
				if user = unset(user); len(objects(user["emails"])) != 0 {
					t.Errorf("way %d leaves %v", i, user["emails"])
				}
				same(t, "found without an address", p.finds(t, "/Users", `userName eq "`+user.text("userName")+`" and not (emails pr)`, "id"), user.text("id"))
				if u := p.person(t, user); u.Email != nil {
					t.Errorf("way %d leaves %s", i, *u.Email)
				}
			}
			for _, member := range []string{`"externalId":null`, `"externalId":""`} {
				if p.strict && strings.HasSuffix(member, `""`) {
					continue
				}
				if user := p.user(t, member); user["externalId"] != nil {
					t.Errorf("%s became %v", member, user["externalId"])
				}
			}
		}},
	}},
}

// resourcesOf returns what a list holds; nil for a single resource.
func resourcesOf(list object) []object { return objects(list["Resources"]) }

// objects returns the objects of a list; nil unless it is one of objects alone.
func objects(list any) []object {
	values, _ := list.([]any)
	var found []object
	for _, v := range values {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		found = append(found, o)
	}
	return found
}

// texts returns a list of texts; nil if it is none.
func texts(list any) []string {
	js, _ := json.Marshal(list)
	var found []string
	_ = json.Unmarshal(js, &found)
	return found
}

// eachAttribute goes through all attributes and sub-attributes that /Schemas
// has. Their names are "SCHEMA emails.value".
func (p *provider) eachAttribute(t *testing.T, look func(name string, attribute object)) {
	t.Helper()
	seen := 0
	for _, schema := range resourcesOf(p.gets(t, "/Schemas")) {
		for _, attribute := range objects(schema["attributes"]) {
			name := fmt.Sprint(schema.text("name"), " ", attribute.text("name"))
			look(strings.ReplaceAll(name, ".", "\\."), attribute)
			for _, sub := range objects(attribute["subAttributes"]) {
				look(name+"."+sub.text("name"), sub)
				seen++
			}
		}
	}
	if seen == 0 {
		t.Error("there are no attributes")
	}
}
