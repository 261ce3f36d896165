package tests

import (
	"testing"
)

// putSections are those of RFC 7644 sections 3.5 and 3.5.1.
var putSections = []section{
	{"7644-3.5", []check{
		{"put", func(t *testing.T, p *provider) {
			user := p.user(t)
			got := p.puts(t, user.path(), p.userBody(user.text("userName"), `"displayName":"Ann Put"`))
			holds(t, "the answer", got.json(t), `{"displayName":"Ann Put"}`)
			member := p.user(t)
			group := p.group(t, user)
			got = p.puts(t, group.path(), p.groupBody(group.text("displayName"), member))
			holds(t, "the group", got.json(t), `{"members":[{"value":"`+member.text("id")+`"}]}`)
		}},
		{"patch", func(t *testing.T, p *provider) {
			if !p.gets(t, "/ServiceProviderConfig").supports("patch") {
				t.Error("patch.supported is false")
			}
			p.patches(t, p.user(t).path(), `{"op":"replace","path":"displayName","value":"Ann Patch"}`)
			p.patches(t, p.group(t).path(), `{"op":"replace","path":"displayName","value":"Patched `+p.name()+`"}`)
		}},
	}},
	{"7644-3.5.1", []check{
		{"creates-nothing", func(t *testing.T, p *provider) {
			p.refuses(t, 404, "", "PUT", "/Users/99991", p.userBody(p.name()))
			p.refuses(t, 404, "", "PUT", "/Groups/99991", p.groupBody("Group "+p.name()))
		}},
		{"replaces", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`, `"emails":[{"value":"old@corp.test"}]`, `"externalId":"old"`, `"roles":[{"value":"Manager"}]`)
			renamed := p.name()
			got := p.puts(t, user.path(), p.userBody(renamed, `"displayName":"Sue Day"`, `"emails":[{"value":"new@corp.test"}]`,
				`"externalId":"new"`, `"roles":[{"value":"Member"}]`, `"active":false`))
			want := `{"userName":"` + renamed + `","displayName":"Sue Day","emails":[{"value":"new@corp.test"}],"externalId":"new","roles":[{"value":"Member"}],"active":false}`
			holds(t, "the answer", got.json(t), want)
			holds(t, "what is read", p.gets(t, user.path()).json(t), want)
			if u := p.person(t, got); u.Active() || *u.Email != "new@corp.test" || u.Role != "Member" || *u.Name != "Sue Day" {
				t.Errorf("the account is %+v", u)
			}
			group := p.group(t, user)
			got = p.puts(t, group.path(), `{"displayName":"`+group.text("displayName")+`","members":[]}`)
			if members := objects(got["members"]); len(members) != 0 {
				t.Errorf("members %v", members)
			}
		}},
		{"room-for-one", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"old@corp.test"}]`)
			got := p.puts(t, user.path(), p.userBody(user.text("userName"), `"emails":[{"value":"other@corp.test","type":"other"},{"value":"first@corp.test","type":"home","primary":true}]`))
			holds(t, "the answer", got.json(t), `{"emails":[{"value":"first@corp.test","type":"work","primary":true}]}`)
		}},
		{"omitted", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`, `"externalId":"kept"`)
			got := p.puts(t, user.path(), p.userBody(user.text("userName")))
			sameJSON(t, "the answer", got.json(t), user.json(t))
			got = p.puts(t, user.path(), p.userBody(user.text("userName"), `"externalId":null`))
			if got["externalId"] != nil {
				t.Errorf("externalId is %v", got["externalId"])
			}
		}},
		{"immutable", func(t *testing.T, p *provider) {
			user := p.user(t)
			group := p.group(t, user)
			member := `{"value":"` + user.text("id") + `","type":"User"}`
			got := p.puts(t, group.path(), `{"displayName":"`+group.text("displayName")+`","members":[`+member+`]}`)
			holds(t, "the group", got.json(t), `{"members":[{"value":"`+user.text("id")+`"}]}`)
		}},
		{"read-only-ignored", func(t *testing.T, p *provider) {
			user := p.user(t)
			got := p.puts(t, user.path(), p.userBody(user.text("userName"), `"id":"99991"`, `"groups":[{"value":"2"}]`,
				`"meta":{"resourceType":"X","created":"1999-01-01T00:00:00Z","version":"W/\"1\""}`))
			sameJSON(t, "the answer", got.json(t), user.json(t))
		}},
		{"required", func(t *testing.T, p *provider) {
			user, group := p.user(t), p.group(t)
			p.refuses(t, 400, "invalidValue", "PUT", user.path(), `{"userName":null}`)
			p.refuses(t, 400, "invalidValue", "PUT", user.path(), `{"userName":""}`)
			p.refuses(t, 400, "invalidValue", "PUT", group.path(), `{"displayName":null,"members":[]}`)
			sameJSON(t, "the answer to one without it", p.puts(t, user.path(), `{}`).json(t), user.json(t))
		}},
		{"answer", func(t *testing.T, p *provider) {
			user := p.user(t)
			got := p.scim(t, 200, "PUT", user.path(), p.userBody(user.text("userName"), `"displayName":"Ann Answer"`))
			sameJSON(t, "the answer", string(got.body), string(p.scim(t, 200, "GET", user.path(), "").body))
		}},
	}},
}
