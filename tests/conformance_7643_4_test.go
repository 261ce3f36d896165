package tests

import (
	"strings"
	"testing"
)

// userSections are those of RFC 7643 section 4.
var userSections = []section{
	{"7643-4.1.1", []check{
		{"user-name", func(t *testing.T, p *provider) {
			for _, body := range []string{`{"displayName":"No Name"}`, `{"userName":null}`, `{"userName":""}`, `{}`} {
				p.refuses(t, 400, "invalidValue", "POST", "/Users", body)
			}
			user := p.user(t)
			p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"remove","path":"userName"}`))
			got := p.puts(t, user.path(), `{"schemas":["`+userURN+`"],"displayName":"Still There"}`)
			if got.text("userName") != user.text("userName") {
				t.Errorf("userName %q", got.text("userName"))
			}
		}},
		{"user-name-unique", func(t *testing.T, p *provider) {
			user, other := p.user(t), p.user(t)
			taken := strings.ToUpper(user.text("userName"))
			p.refuses(t, 409, "uniqueness", "POST", "/Users", p.userBody(user.text("userName")))
			p.refuses(t, 409, "uniqueness", "POST", "/Users", p.userBody(taken))
			p.refuses(t, 409, "uniqueness", "PUT", other.path(), p.userBody(taken))
			p.refuses(t, 409, "uniqueness", "PATCH", other.path(), operations(`{"op":"replace","path":"userName","value":"`+taken+`"}`))
		}},
		{"user-name-without-case", func(t *testing.T, p *provider) {
			attribute := p.attribute(t, userURN, "userName")
			holds(t, "userName", attribute.json(t), `{"required":true,"caseExact":false,"uniqueness":"server"}`)
			user := p.user(t)
			same(t, "found in capitals", p.finds(t, "/Users", `userName eq "`+strings.ToUpper(user.text("userName"))+`"`, "id"), user.text("id"))
		}},
		{"name", func(t *testing.T, p *provider) {
			for _, members := range []string{
				`"name":{"givenName":"Ann Sue","familyName":"Lee"}`, `"name":{"formatted":"Ann Sue Lee"}`, `"displayName":"Ann Sue Lee"`,
			} {
				holds(t, members, p.user(t, members).json(t),
					`{"name":{"formatted":"Ann Sue Lee","givenName":"Ann Sue","familyName":"Lee"},"displayName":"Ann Sue Lee"}`)
			}
		}},
		{"display-name", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			if is := p.person(t, user).Name; is == nil || *is != "Ann Lee" {
				t.Error("the API shows another name than SCIM")
			}
			user = p.user(t)
			holds(t, "somebody without a name", user.json(t), `{"displayName":"`+user.text("userName")+`"}`)
		}},
		{"nick-name", func(t *testing.T, p *provider) {
			if user := p.user(t); user["nickName"] != nil {
				t.Errorf("a nickName that nobody gave: %v", user["nickName"])
			}
			user := p.user(t, `"nickName":"Annie"`)
			if is := user["nickName"]; p.keeps != (is == "Annie") {
				t.Errorf("nickName is %v", is)
			}
		}},
		{"password", func(t *testing.T, p *provider) {
			const secret = "Corr3ct-h0rse"
			p.sandbox.ResetCalls()
			user := p.user(t, `"password":"`+secret+`"`)
			path := user.path()
			for _, got := range []reply{
				p.scim(t, 200, "GET", path, ""),
				p.scim(t, 200, "GET", path+"?attributes=password", ""),
				p.scim(t, 200, "PUT", path, p.userBody(user.text("userName"), `"password":"`+secret+`2"`)),
				p.scim(t, 200, "PATCH", path, operations(`{"op":"replace","path":"password","value":"`+secret+`3"}`)),
				p.scim(t, 200, "PATCH", path+"?attributes=password", operations(`{"op":"replace","value":{"password":"`+secret+`4"}}`)),
				p.scim(t, 200, "GET", "/Users?attributes=password,userName", ""),
			} {
				if body := string(got.body); strings.Contains(body, secret) || strings.Contains(body, "password") {
					t.Errorf("the answer has the password: %s", body)
				}
			}
			for _, c := range p.sandbox.Calls() {
				if strings.Contains(string(c.Body)+c.Query.Encode(), secret) {
					t.Errorf("%s %s has the password", c.Method, c.Path)
				}
			}
			p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `password eq "`+secret+`"`), "")
		}},
	}},
	{"7643-4.1.2", []check{
		{"groups", func(t *testing.T, p *provider) {
			user := p.user(t)
			group := p.group(t, user)
			holds(t, "the user", p.gets(t, user.path()).json(t),
				`{"groups":[{"value":"`+group.text("id")+`","$ref":"`+group.text("meta", "location")+`","display":"`+group.text("displayName")+`"}]}`)
		}},
		{"groups-read-only", func(t *testing.T, p *provider) {
			group := p.group(t)
			groups := `"groups":[{"value":"` + group.text("id") + `"}]`
			user := p.user(t, groups)
			p.puts(t, user.path(), p.userBody(user.text("userName"), groups))
			p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"add","path":"groups","value":[{"value":"`+group.text("id")+`"}]}`))
			if members := objects(p.gets(t, group.path())["members"]); len(members) != 0 {
				t.Errorf("members %v", members)
			}
			holds(t, "groups in the schema", p.attribute(t, userURN, "groups").json(t), `{"mutability":"readOnly"}`)
		}},
		{"values-as-sent", func(t *testing.T, p *provider) {
			members := []string{
				`"emails":[{"value":"Ann.Lee@CORP.test","type":"work"}]`, `"phoneNumbers":[{"value":"555 0123","type":"work"}]`,
				`"ims":[{"value":"Ann Lee","type":"xmpp"}]`, `"addresses":[{"country":"Germany","type":"work"}]`,
			}
			user := p.user(t, members...)
			for i, member := range members {
				if i == 0 || p.keeps {
					holds(t, "the user", p.gets(t, user.path()).json(t), `{`+member+`}`)
				}
			}
		}},
		{"certificates", func(t *testing.T, p *provider) {
			if !p.keeps {
				return
			}
			holds(t, "the user", p.user(t, `"x509Certificates":[{"value":"TUlJRA=="}]`).json(t), `{"x509Certificates":[{"value":"TUlJRA=="}]}`)
			p.refuses(t, 400, "invalidValue", "POST", "/Users", p.userBody(p.name(), `"x509Certificates":[{"value":"no base64!"}]`))
		}},
	}},
	{"7643-4.2", []check{
		{"display-name", func(t *testing.T, p *provider) {
			for _, body := range []string{`{}`, `{"members":[]}`, `{"displayName":null}`} {
				p.refuses(t, 400, "invalidValue", "POST", "/Groups", body)
			}
			p.refuses(t, 400, "mutability", "PATCH", p.group(t).path(), operations(`{"op":"remove","path":"displayName"}`))
			holds(t, "displayName", p.attribute(t, groupURN, "displayName").json(t), `{"required":true}`)
		}},
		{"members", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			group := p.group(t, user)
			holds(t, "the group", p.gets(t, group.path()).json(t),
				`{"members":[{"value":"`+user.text("id")+`","$ref":"`+user.text("meta", "location")+`","display":"Ann Lee"}]}`)
		}},
		{"members-immutable", func(t *testing.T, p *provider) {
			user, other := p.user(t), p.user(t)
			group := p.group(t, user)
			p.refuses(t, 400, "mutability", "PATCH", group.path(), operations(
				`{"op":"replace","path":"members[value eq \"`+user.text("id")+`\"].value","value":"`+other.text("id")+`"}`))
			for _, sub := range objects(p.attribute(t, groupURN, "members")["subAttributes"]) {
				if m := sub.text("mutability"); m != "immutable" && m != "readOnly" {
					t.Errorf("members.%s is %s", sub.text("name"), m)
				}
			}
		}},
	}},
	{"7643-4.3", []check{
		{"manager", func(t *testing.T, p *provider) {
			boss := p.user(t)
			user := p.user(t, `"`+enterpriseURN+`":{"manager":{"value":"`+boss.text("id")+`"}}`)
			if p.keeps {
				holds(t, "the user", p.gets(t, user.path()).json(t), `{"`+enterpriseURN+`":{"manager":{"value":"`+boss.text("id")+`"}}}`)
				same(t, "found by the manager", p.finds(t, "/Users", enterpriseURN+`:manager.value eq "`+boss.text("id")+`"`, "id"), user.text("id"))
			} else if user[enterpriseURN] != nil {
				t.Errorf("what is not kept is returned: %v", user)
			}
		}},
	}},
}

// attribute returns an attribute as /Schemas has it.
func (p *provider) attribute(t *testing.T, urn, name string) object {
	t.Helper()
	for _, attribute := range objects(p.gets(t, "/Schemas/"+urn)["attributes"]) {
		if attribute.text("name") == name {
			return attribute
		}
	}
	t.Fatalf("the schema %s has no %s", urn, name)
	return nil
}
