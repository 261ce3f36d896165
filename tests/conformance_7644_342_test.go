package tests

import (
	"slices"
	"testing"
)

// filterSections are those of RFC 7644 section 3.4.2.2.
var filterSections = []section{
	{"7644-3.4.2.2", []check{
		{"only-matches", func(t *testing.T, p *provider) {
			for filter, want := range map[string][]string{
				`userName eq "ana.reis"`:                               {"ana.reis"},
				`userName ne "ana.reis" and displayName sw "Ana"`:      nil,
				`displayName eq "Ana Reis"`:                            {"ana.reis"},
				`displayName co "sil"`:                                 {"bruno.silva"},
				`displayName sw "Chloe"`:                               {"chloe.martin"},
				`displayName ew "Volkov"`:                              {"dmitri.volkov"},
				`name.familyName eq "Kaya"`:                            {"elif.kaya"},
				`emails.value eq "ana.reis@corp.test"`:                 {"ana.reis"},
				`emails eq "ana.reis@corp.test"`:                       {"ana.reis"},
				`roles eq "Manager"`:                                   {"femi.okafor"},
				`active eq false`:                                      {"jonas.weber"},
				`not (active eq true)`:                                 {"jonas.weber"},
				`userName lt "b"`:                                      {"ana.reis"},
				`userName le "bruno.silva" and userName gt "ana.reis"`: {"bruno.silva"},
				`userName ge "liam.murphy"`:                            {"liam.murphy"},
			} {
				got := p.finds(t, "/Users", filter, "userName")
				slices.Sort(got)
				same(t, filter, got, want...)
			}
		}},
		{"an-expression", func(t *testing.T, p *provider) {
			for _, filter := range []string{"", " ", "userName", "eq", `"ana.reis"`, "()", "userName pr and", "and userName pr", "not", "[]"} {
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", filter), "")
			}
		}},
		{"name-operator-value", func(t *testing.T, p *provider) {
			for _, filter := range []string{
				`userName eq`, `eq "ana.reis"`, `userName "ana.reis"`, `userName eq eq "ana.reis"`, `userName pr "x"`, `"userName" eq "ana.reis"`,
				`userName eq "ana.reis`, `userName eq 'ana.reis'`, `userName == "ana.reis"`, `userName eq "a" userName eq "b"`,
			} {
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", filter), "")
			}
			p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `noSuchAttribute eq "x"`), "")
			p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `name.noSuch eq "x"`), "")
		}},
		{"no-order-among-booleans", func(t *testing.T, p *provider) {
			for _, operator := range []string{"gt", "ge", "lt", "le"} {
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `active `+operator+` true`), "")
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `emails.primary `+operator+` false`), "")
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `emails[primary `+operator+` false]`), "")
			}
		}},
		{"dates", func(t *testing.T, p *provider) {
			for filter, found := range map[string]bool{
				`meta.created lt "2026-01-02T08:00:01Z"`:      true,
				`meta.created lt "2026-01-02T08:00:00Z"`:      false,
				`meta.created le "2026-01-02T08:00:00.000Z"`:  true,
				`meta.created eq "2026-01-02T09:00:00+01:00"`: true,
				`meta.created gt "2026-01-02T07:59:59Z"`:      true,
			} {
				if got := p.finds(t, "/Users", filter+` and userName eq "ana.reis"`, "userName"); (len(got) == 1) != found {
					t.Errorf("%s: %q", filter, got)
				}
			}
		}},
		{"value-paths", func(t *testing.T, p *provider) {
			user := p.user(t, `"emails":[{"value":"value.path@corp.test","type":"work"}]`)
			for filter, found := range map[string]bool{
				`emails[type eq "work" and value co "value.path"]`:           true,
				`emails[type eq "home" and value co "value.path"]`:           false,
				`emails[type eq "work" and not (value co "value.path")]`:     false,
				`emails[(type eq "home" or type eq "work") and value pr]`:    true,
				`emails[type eq "work"] and userName pr`:                     true,
				`emails[value eq "value.path@corp.test"] or userName eq "x"`: true,
			} {
				if got := p.finds(t, "/Users", filter, "id"); slices.Contains(got, user.text("id")) != found {
					t.Errorf("%s: %q", filter, got)
				}
			}
			group := p.group(t, user)
			same(t, "by member", p.finds(t, "/Groups", `members[value eq "`+user.text("id")+`"]`, "id"), group.text("id"))
			for _, filter := range []string{`emails[]`, `emails[type]`, `emails[noSuch eq "x"]`, `emails[type eq "work"`, `emails[emails.type eq "work"]`, `userName[value eq "x"]`} {
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", filter), "")
			}
		}},
		{"grammar", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Con \"Q\" O'Malley and (or) [x]: 100%"`, `"externalId":"007"`)
			me := ` and id eq "` + user.text("id") + `"`
			for _, filter := range []string{
				`displayName eq "Con \"Q\" O'Malley and (or) [x]: 100%"`, `displayName co "\u0022Q\u0022"`, `displayName co " and ("`,
				`USERNAME EQ "` + user.text("userName") + `"`, userURN + `:userName Sw "person"`, userURN + `:name.formatted pr`,
				`((userName pr))`, `not (userName eq "x")`, `not (not (userName pr))`, `active eq true`, `externalId eq "007"`,
				`schemas eq "` + userURN + `"`, `name pr`, `emails eq null`, `(title eq null or userName pr)`,
			} {
				if filter == `(title eq null or userName pr)` && !p.keeps {
					continue
				}
				same(t, filter, p.finds(t, "/Users", filter+me, "id"), user.text("id"))
			}
		}},
		{"precedence", func(t *testing.T, p *provider) {
			for filter, want := range map[string][]string{
				`userName eq "ana.reis" or userName eq "bruno.silva" and userName eq "x"`:            {"ana.reis"},
				`(userName eq "ana.reis" or userName eq "bruno.silva") and userName eq "x"`:          nil,
				`userName eq "x" and userName eq "bruno.silva" or userName eq "ana.reis"`:            {"ana.reis"},
				`not (userName eq "ana.reis") and userName lt "c" or userName eq "liam.murphy"`:      {"bruno.silva", "liam.murphy"},
				`not (userName eq "ana.reis" or userName gt "b") or not (userName ne "hiro.tanaka")`: {"hiro.tanaka"},
			} {
				got := p.finds(t, "/Users", filter, "userName")
				slices.Sort(got)
				same(t, filter, got, want...)
			}
		}},
		{"any-value", func(t *testing.T, p *provider) {
			one, two := p.user(t), p.user(t)
			group := p.group(t, one, two)
			for _, member := range []object{one, two} {
				same(t, "by one of two", p.finds(t, "/Groups", `members.value eq "`+member.text("id")+`"`, "id"), group.text("id"))
			}
			got := p.finds(t, "/Groups", `members.value ne "`+one.text("id")+`"`, "id")
			if !slices.Contains(got, group.text("id")) {
				t.Errorf("no value is another one: %q", got)
			}
		}},
		{"sub-attributes", func(t *testing.T, p *provider) {
			p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `name eq "Ana Reis"`), "")
			p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `meta co "2026"`), "")
		}},
		{"defaults", func(t *testing.T, p *provider) {
			user := p.user(t)
			for _, filter := range []string{`active eq true`, `active pr`, `roles eq "Member"`, `displayName eq "` + user.text("displayName") + `"`} {
				same(t, filter, p.finds(t, "/Users", filter+` and userName eq "`+user.text("userName")+`"`, "id"), user.text("id"))
			}
		}},
		{"schemas", func(t *testing.T, p *provider) {
			user := p.user(t, `"`+enterpriseURN+`":{"department":"Finance"}`)
			same(t, "users", p.finds(t, "/Users", `schemas eq "`+userURN+`" and id eq "`+user.text("id")+`"`, "id"), user.text("id"))
			same(t, "groups", p.finds(t, "/Users", `schemas eq "`+groupURN+`"`, "id"))
			extended := p.finds(t, "/Users", `schemas eq "`+enterpriseURN+`"`, "id")
			if slices.Contains(extended, user.text("id")) != p.keeps || len(extended) > 1 {
				t.Errorf("with the extension: %q", extended)
			}
		}},
		{"unknown-operators", func(t *testing.T, p *provider) {
			answer := p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `userName regex "a.*"`), "")
			if answer.text("detail") == "" {
				t.Error("no detail")
			}
			for _, operator := range []string{"like", "=", "contains", "in", "xor"} {
				p.refuses(t, 400, "invalidFilter", "GET", query("/Users", "filter", `userName `+operator+` "a"`), "")
			}
		}},
		{"case", func(t *testing.T, p *provider) {
			user := p.user(t, `"externalId":"CaSe-1"`, `"displayName":"Älva Østby"`)
			me := ` and id eq "` + user.text("id") + `"`
			for filter, found := range map[string]bool{
				`userName sw "PERSON."`: true, `displayName eq "äLVA øSTBY"`: true, `externalId eq "CaSe-1"`: true,
				`externalId eq "case-1"`: false, `externalId co "case"`: false, `externalId ne "case-1"`: true,
			} {
				if got := p.finds(t, "/Users", filter+me, "id"); (len(got) == 1) != found {
					t.Errorf("%s: %q", filter, got)
				}
			}
		}},
	}},
}
