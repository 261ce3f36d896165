package tests

import "testing"

// patchSections are those of RFC 7644 section 3.5.2.
var patchSections = []section{
	{"7644-3.5.2", []check{
		{"message", func(t *testing.T, p *provider) {
			user := p.user(t)
			p.patches(t, user.path(), `{"op":"replace","path":"displayName","value":"Ann Patch"}`)
			for _, body := range []string{
				``, `{`, `[]`, `"x"`, `{}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
				operations(``), operations(`"x"`), operations(`{}`), operations(`{"path":"displayName","value":"X"}`),
				operations(`{"op":"move","path":"displayName","value":"X"}`), operations(`{"op":"add","op":"replace","path":"displayName","value":"X"}`),
				operations(`{"op":["add"],"path":"displayName","value":"X"}`),
			} {
				p.refuses(t, 400, "invalidSyntax", "PATCH", user.path(), body)
			}
		}},
		{"paths", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"paths@corp.test"}]`)
			for _, path := range []string{
				"displayName", "DISPLAYNAME", userURN + ":displayName", "name.familyName", userURN + ":name.givenName",
				`emails[type eq \"work\"].value`, `emails[value eq \"paths@corp.test\" and type eq \"work\"].value`,
			} {
				p.patches(t, user.path(), `{"op":"replace","path":"`+path+`","value":"paths@corp.test"}`)
			}
			for path, scimType := range map[string]string{
				"..noSuch": "invalidPath", "display Name": "invalidPath", "members.noSuch": "invalidPath", "displayName.": "invalidPath", "emails.value.x": "invalidPath",
				`emails[0].value`: "invalidFilter", `emails[type eq \"work\"`: "invalidFilter", `emails[type zz \"work\"].value`: "invalidFilter",
			} {
				p.refuses(t, 400, scimType, "PATCH", user.path(), operations(`{"op":"replace","path":"`+path+`","value":"x"}`))
			}
			p.refuses(t, 400, "invalidPath", "PATCH", user.path(), operations(`{"op":"replace","path":7,"value":"x"}`))
		}},
		{"mutability", func(t *testing.T, p *provider) {
			user, other := p.user(t), p.user(t)
			group := p.group(t, user)
			for _, path := range []string{"id", "meta", "meta.created", "groups"} {
				for _, op := range []string{"add", "replace"} {
					p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"`+op+`","path":"`+path+`","value":"1"}`))
				}
				p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"remove","path":"`+path+`"}`))
			}
			p.refuses(t, 400, "mutability", "PATCH", group.path(), operations(
				`{"op":"replace","path":"members[value eq \"`+user.text("id")+`\"].value","value":"`+other.text("id")+`"}`))
		}},
		{"types", func(t *testing.T, p *provider) {
			user := p.user(t)
			for _, operation := range []string{
				`{"op":"replace","path":"active","value":"maybe"}`, `{"op":"replace","path":"active","value":2}`, `{"op":"replace","path":"active","value":{}}`,
				`{"op":"replace","path":"displayName","value":{"x":1}}`, `{"op":"add","path":"name","value":"Ann"}`, `{"op":"add","path":"emails","value":7}`,
				`{"op":"replace","path":"roles","value":[{"value":"Emperor"}]}`, `{"op":"replace","value":"x"}`, `{"op":"replace","value":{"active":"maybe"}}`,
			} {
				p.refuses(t, 400, "invalidValue", "PATCH", user.path(), operations(operation))
			}
		}},
		{"schemas", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t).path(), `{"op":"add","path":"schemas","value":["`+enterpriseURN+`"]},{"op":"replace","path":"displayName","value":"Ann Lee"}`)
			same(t, "schemas", texts(user["schemas"]), userURN)
			if !p.keeps {
				return
			}
			user = p.patches(t, p.user(t).path(), `{"op":"add","path":"`+enterpriseURN+`:employeeNumber","value":"7"}`)
			same(t, "schemas", texts(user["schemas"]), userURN, enterpriseURN)
			user = p.patches(t, user.path(), `{"op":"remove","path":"`+enterpriseURN+`:employeeNumber"}`)
			same(t, "schemas", texts(user["schemas"]), userURN)
		}},
		{"in-order", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t).path(), `{"op":"replace","path":"displayName","value":"First"},{"op":"replace","path":"displayName","value":"Second"},`+
				`{"op":"add","path":"externalId","value":"e"},{"op":"remove","path":"externalId"}`)
			if user.text("displayName") != "Second" || user["externalId"] != nil {
				t.Errorf("the user is %v", user)
			}
			one, two := p.user(t), p.user(t)
			group := p.patches(t, p.group(t, one).path(), `{"op":"remove","path":"members"},{"op":"add","path":"members","value":[{"value":"`+two.text("id")+`"}]}`)
			holds(t, "the group", group.json(t), `{"members":[{"value":"`+two.text("id")+`"}]}`)
			group = p.patches(t, group.path(), `{"op":"add","path":"members","value":[{"value":"`+one.text("id")+`"}]},{"op":"remove","path":"members"}`)
			if len(objects(group["members"])) != 0 {
				t.Errorf("members %v", group["members"])
			}
		}},
		{"primary", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"old.primary@corp.test","primary":true,"type":"work"}]`)
			user = p.patches(t, user.path(), `{"op":"add","path":"emails","value":[{"value":"new.primary@corp.test","type":"home","primary":true}]}`)
			holds(t, "the user", user.json(t), `{"emails":[{"value":"new.primary@corp.test","primary":true}]}`)
			if !p.keeps {
				return
			}
			user = p.user(t, `"phoneNumbers":[{"value":"1","type":"work","primary":true},{"value":"2","type":"home"}]`)
			user = p.patches(t, user.path(), `{"op":"replace","path":"phoneNumbers[type eq \"home\"].primary","value":true}`)
			holds(t, "the user", user.json(t), `{"phoneNumbers":[{"value":"1","primary":false},{"value":"2","primary":true}]}`)
			user = p.patches(t, user.path(), `{"op":"add","path":"phoneNumbers","value":[{"value":"3","type":"mobile","primary":true}]}`)
			holds(t, "the user", user.json(t), `{"phoneNumbers":[{"value":"1","primary":false},{"value":"2","primary":false},{"value":"3","primary":true}]}`)
		}},
		{"atomic", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`, `"externalId":"atomic"`)
			good := `{"op":"replace","path":"displayName","value":"Changed"},{"op":"remove","path":"externalId"},`
			for bad, scimType := range map[string]string{
				`{"op":"replace","path":"userName","value":"ana.reis"}`: "uniqueness",
				`{"op":"replace","path":"id","value":"1"}`:              "mutability",
				`{"op":"replace","path":"no Such","value":"1"}`:         "invalidPath",
				`{"op":"replace","path":"active","value":"maybe"}`:      "invalidValue",
				`{"op":"remove"}`:                   "noTarget",
				`{"op":"remove","path":"userName"}`: "mutability",
				`{"op":"replace","path":"emails[type ne \"work\"].value","value":"x@corp.test"}`: "noTarget",
			} {
				status := 400
				if scimType == "uniqueness" {
					status = 409
				}
				p.refuses(t, status, scimType, "PATCH", user.path(), operations(good+bad))
				sameJSON(t, "the user after "+bad, string(p.scim(t, 200, "GET", user.path(), "").body), user.json(t))
			}
			group := p.group(t, user)
			p.refuses(t, 400, "invalidValue", "PATCH", group.path(), operations(
				`{"op":"replace","path":"displayName","value":"Renamed"},{"op":"remove","path":"members"},{"op":"add","path":"members","value":[{"value":"99991"}]}`))
		}},
		{"atomic-but-for-leavers", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`, `"externalId":"leaver"`)
			got := p.scim(t, 409, "PATCH", user.path(), operations(`{"op":"replace","path":"active","value":false},`+
				`{"op":"replace","path":"displayName","value":"Changed"},{"op":"remove","path":"externalId"},{"op":"replace","path":"userName","value":"ana.reis"}`))
			isSCIMError(t, got, 409)
			holds(t, "the user", p.gets(t, user.path()).json(t),
				`{"active":false,"displayName":"Ann Lee","externalId":"leaver","userName":"`+user.text("userName")+`"}`)
			if p.person(t, user).Active() {
				t.Error("the account is active")
			}
		}},
		{"error", func(t *testing.T, p *provider) {
			p.refuses(t, 404, "", "PATCH", "/Users/99991", operations(`{"op":"replace","path":"displayName","value":"X"}`))
			p.refuses(t, 400, "noTarget", "PATCH", p.user(t).path(), operations(`{"op":"remove"}`))
		}},
		{"answer", func(t *testing.T, p *provider) {
			user := p.user(t)
			got := p.scim(t, 200, "PATCH", user.path(), operations(`{"op":"replace","path":"displayName","value":"Ann Whole"}`))
			sameJSON(t, "the answer", string(got.body), string(p.scim(t, 200, "GET", user.path(), "").body))
			group := p.group(t, user)
			got = p.scim(t, 200, "PATCH", group.path(), operations(`{"op":"remove","path":"members"}`))
			sameJSON(t, "the answer", string(got.body), string(p.scim(t, 200, "GET", group.path(), "").body))
		}},
		{"answer-attributes", func(t *testing.T, p *provider) {
			user := p.user(t)
			got := p.scim(t, 200, "PATCH", user.path()+"?attributes=displayName", operations(`{"op":"replace","path":"displayName","value":"Ann Part"}`))
			sameJSON(t, "the answer", string(got.body), `{"schemas":["`+userURN+`"],"id":"`+user.text("id")+`","displayName":"Ann Part"}`)
		}},
	}},
	{"7644-3.5.2.1", []check{
		{"value", func(t *testing.T, p *provider) {
			user := p.user(t)
			p.refuses(t, 400, "invalidValue", "PATCH", user.path(), operations(`{"op":"add","path":"displayName"}`))
			p.refuses(t, 400, "invalidValue", "PATCH", user.path(), operations(`{"op":"add"}`))
		}},
		{"without-path", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t).path(), `{"op":"add","value":{"displayName":"Ann Lee","externalId":"e1","emails":[{"value":"pathless@corp.test","type":"work"}]}}`)
			holds(t, "the user", user.json(t), `{"displayName":"Ann Lee","externalId":"e1","emails":[{"value":"pathless@corp.test"}]}`)
		}},
		{"complex", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			p.refuses(t, 400, "invalidValue", "PATCH", user.path(), operations(`{"op":"add","path":"name","value":"Day"}`))
			user = p.patches(t, user.path(), `{"op":"add","path":"name","value":{"familyName":"Day"}}`)
			holds(t, "the user", user.json(t), `{"name":{"givenName":"Ann","familyName":"Day","formatted":"Ann Day"}}`)
		}},
		{"multi-valued", func(t *testing.T, p *provider) {
			one, two, three := p.user(t), p.user(t), p.user(t)
			group := p.patches(t, p.group(t, one).path(), `{"op":"add","path":"members","value":[{"value":"`+two.text("id")+`"},{"value":"`+three.text("id")+`"}]}`)
			same(t, "members", memberIDs(group), one.text("id"), two.text("id"), three.text("id"))
		}},
		{"room-for-one", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"only@corp.test"}]`)
			user = p.patches(t, user.path(), `{"op":"add","path":"emails","value":[{"value":"second@corp.test","type":"home"}]}`)
			holds(t, "the user", user.json(t), `{"emails":[{"value":"only@corp.test"}]}`)
			user = p.patches(t, user.path(), `{"op":"add","path":"emails","value":[{"value":"second@corp.test","type":"home","primary":true}]}`)
			holds(t, "the user", user.json(t), `{"emails":[{"value":"second@corp.test"}]}`)
		}},
		{"single-valued", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t, `"displayName":"Old"`, `"externalId":"old"`).path(),
				`{"op":"add","path":"displayName","value":"New"},{"op":"add","path":"externalId","value":"new"}`)
			holds(t, "the user", user.json(t), `{"displayName":"New","externalId":"new"}`)
		}},
		{"already-there", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`, `"externalId":"same"`, `"emails":[{"value":"same@corp.test"}]`)
			group := p.group(t, user)
			p.sandbox.ResetCalls()
			sameJSON(t, "the user", p.patches(t, user.path(), `{"op":"add","path":"displayName","value":"Ann Lee"},{"op":"add","path":"externalId","value":"same"},`+
				`{"op":"add","path":"emails","value":[{"value":"same@corp.test"}]},{"op":"add","path":"active","value":true}`).json(t),
				string(p.scim(t, 200, "GET", user.path(), "").body))
			sameJSON(t, "the group", p.patches(t, group.path(), `{"op":"add","path":"members","value":[{"value":"`+user.text("id")+`"}]}`).json(t), group.json(t))
			if writes := p.writes(); len(writes) > 0 {
				t.Errorf("the API was written to: %s", callList(writes))
			}
		}},
	}},
	{"7644-3.5.2.2", []check{
		{"without-path", func(t *testing.T, p *provider) {
			p.refuses(t, 400, "noTarget", "PATCH", p.user(t).path(), operations(`{"op":"remove"}`))
			p.refuses(t, 400, "noTarget", "PATCH", p.group(t).path(), operations(`{"op":"remove","value":[{"value":"1"}]}`))
		}},
		{"single-valued", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t, `"externalId":"gone"`).path(), `{"op":"remove","path":"externalId"}`)
			if user["externalId"] != nil {
				t.Errorf("externalId is %v", user["externalId"])
			}
			same(t, "found by it", p.finds(t, "/Users", `externalId eq "gone"`, "id"))
		}},
		{"cannot-be-without", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			for _, path := range []string{"userName", "active"} {
				p.refuses(t, 400, "mutability", "PATCH", user.path(), operations(`{"op":"remove","path":"`+path+`"}`))
			}
			// Without a name of their own they have that of somebody new.
			for _, path := range []string{"displayName", "name", "name.formatted"} {
				same(t, path, []string{p.patches(t, user.path(), `{"op":"remove","path":"`+path+`"}`).text("displayName")}, user.text("userName"))
			}
		}},
		{"multi-valued", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"all@corp.test"}]`)
			group := p.group(t, user, p.user(t))
			if members := memberIDs(p.patches(t, group.path(), `{"op":"remove","path":"members"}`)); len(members) != 0 {
				t.Errorf("members %q", members)
			}
			if emails := objects(p.patches(t, user.path(), `{"op":"remove","path":"emails"}`)["emails"]); len(emails) != 0 {
				t.Errorf("emails %v", emails)
			}
			manager := p.user(t, `"roles":[{"value":"Manager"}]`)
			holds(t, "whoever lost their role", p.patches(t, manager.path(), `{"op":"remove","path":"roles"}`).json(t), `{"roles":[{"value":"Member"}]}`)
		}},
		{"by-filter", func(t *testing.T, p *provider) {
			one, two := p.user(t), p.user(t)
			group := p.group(t, one, two)
			remove := func(user object) string {
				return `{"op":"remove","path":"members[value eq \"` + user.text("id") + `\"]"}`
			}
			same(t, "members", memberIDs(p.patches(t, group.path(), remove(one))), two.text("id"))
			same(t, "members", memberIDs(p.patches(t, group.path(), remove(one))), two.text("id"))
			same(t, "members", memberIDs(p.patches(t, group.path(), remove(two))))
			same(t, "groups without members", p.finds(t, "/Groups", `not (members pr) and id eq "`+group.text("id")+`"`, "id"), group.text("id"))
		}},
		{"by-sub-attribute", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"sub@corp.test","type":"work"}]`)
			user = p.patches(t, user.path(), `{"op":"remove","path":"emails[type eq \"work\" and value ew \"corp.test\"]"}`)
			if emails := objects(user["emails"]); len(emails) != 0 {
				t.Errorf("emails %v", emails)
			}
			if !p.keeps {
				return
			}
			user = p.user(t, `"phoneNumbers":[{"value":"1","type":"work","display":"one"},{"value":"2","type":"home"}]`)
			user = p.patches(t, user.path(), `{"op":"remove","path":"phoneNumbers[type eq \"work\"].display"}`)
			sameJSON(t, "phoneNumbers", string(encode(t, user["phoneNumbers"])), `[{"value":"1","type":"work"},{"value":"2","type":"home"}]`)
			user = p.patches(t, user.path(), `{"op":"remove","path":"phoneNumbers[type eq \"work\"]"}`)
			sameJSON(t, "phoneNumbers", string(encode(t, user["phoneNumbers"])), `[{"value":"2","type":"home"}]`)
			user = p.patches(t, user.path(), `{"op":"remove","path":"phoneNumbers[type eq \"home\"]"}`)
			if user["phoneNumbers"] != nil && len(objects(user["phoneNumbers"])) != 0 {
				t.Errorf("phoneNumbers %v", user["phoneNumbers"])
			}
		}},
		{"required", func(t *testing.T, p *provider) {
			p.refuses(t, 400, "mutability", "PATCH", p.user(t).path(), operations(`{"op":"remove","path":"userName"}`))
			p.refuses(t, 400, "mutability", "PATCH", p.group(t).path(), operations(`{"op":"remove","path":"displayName"}`))
			p.refuses(t, 400, "mutability", "PATCH", p.user(t).path(), operations(`{"op":"remove","path":"meta.created"}`))
			p.refuses(t, 400, "mutability", "PATCH", p.user(t).path(), operations(`{"op":"remove","path":"groups"}`))
		}},
	}},
	{"7644-3.5.2.3", []check{
		{"without-path", func(t *testing.T, p *provider) {
			user := p.user(t, `"externalId":"stays"`)
			user = p.patches(t, user.path(), `{"op":"replace","value":{"displayName":"Ann Lee","emails":[{"value":"new@corp.test"}],"active":false}}`)
			holds(t, "the user", user.json(t), `{"displayName":"Ann Lee","emails":[{"value":"new@corp.test"}],"active":false,"externalId":"stays"}`)
			p.refuses(t, 400, "invalidValue", "PATCH", user.path(), operations(`{"op":"replace","value":"Ann"}`))
			p.refuses(t, 400, "invalidValue", "PATCH", user.path(), operations(`{"op":"replace"}`))
		}},
		{"single-valued", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t, `"displayName":"Old"`).path(), `{"op":"replace","path":"displayName","value":"New"}`)
			holds(t, "the user", user.json(t), `{"displayName":"New"}`)
		}},
		{"multi-valued", func(t *testing.T, p *provider) {
			one, two := p.user(t), p.user(t)
			group := p.patches(t, p.group(t, one).path(), `{"op":"replace","path":"members","value":[{"value":"`+two.text("id")+`"}]}`)
			same(t, "members", memberIDs(group), two.text("id"))
		}},
		{"not-there", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t).path(), `{"op":"replace","path":"externalId","value":"new"},{"op":"replace","path":"emails","value":[{"value":"there@corp.test"}]}`)
			holds(t, "the user", user.json(t), `{"externalId":"new","emails":[{"value":"there@corp.test"}]}`)
		}},
		{"complex", func(t *testing.T, p *provider) {
			user := p.patches(t, p.user(t, `"displayName":"Ann Lee"`).path(), `{"op":"replace","path":"name","value":{"givenName":"Sue"}}`)
			holds(t, "the user", user.json(t), `{"name":{"givenName":"Sue","familyName":"Lee"}}`)
			p.refuses(t, 400, "invalidValue", "PATCH", user.path(), operations(`{"op":"replace","path":"name","value":"Sue"}`))
		}},
		{"by-filter", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"old.value@corp.test","type":"work"}]`)
			user = p.patches(t, user.path(), `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"new.value@corp.test","type":"work"}}`)
			holds(t, "the user", user.json(t), `{"emails":[{"value":"new.value@corp.test"}]}`)
			user = p.patches(t, user.path(), `{"op":"replace","path":"emails[type eq \"work\"].value","value":"newer@corp.test"}`)
			holds(t, "the user", user.json(t), `{"emails":[{"value":"newer@corp.test"}]}`)
			if !p.keeps {
				return
			}
			user = p.user(t, `"phoneNumbers":[{"value":"1","type":"work"},{"value":"2","type":"work"},{"value":"3","type":"home"}]`)
			user = p.patches(t, user.path(), `{"op":"replace","path":"phoneNumbers[type eq \"work\"].display","value":"desk"}`)
			sameJSON(t, "phoneNumbers", string(encode(t, user["phoneNumbers"])),
				`[{"value":"1","type":"work","display":"desk"},{"value":"2","type":"work","display":"desk"},{"value":"3","type":"home"}]`)
		}},
		{"no-match", func(t *testing.T, p *provider) {
			user := p.user(t)
			p.refuses(t, 400, "noTarget", "PATCH", user.path(), operations(`{"op":"replace","path":"emails[type ne \"work\"].value","value":"x@corp.test"}`))
			created := `{"op":"replace","path":"emails[type eq \"home\"].value","value":"home@corp.test"}`
			if p.strict {
				p.refuses(t, 400, "noTarget", "PATCH", user.path(), operations(created))
				return
			}
			holds(t, "the user", p.patches(t, user.path(), created).json(t), `{"emails":[{"value":"home@corp.test"}]}`)
		}},
	}},
}

// memberIDs returns the ids of the members of a group.
func memberIDs(group object) []string {
	var ids []string
	for _, m := range objects(group["members"]) {
		ids = append(ids, m.text("value"))
	}
	return ids
}
