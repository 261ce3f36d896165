package tests

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

const listURN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

// querySections are those of RFC 7644 sections 3.4 to 3.4.3, but for filters.
var querySections = []section{
	{"7644-3.4", []check{
		{"returned", func(t *testing.T, p *provider) {
			p.user(t, `"password":"Corr3ct-h0rse"`)
			returned := make(map[string]string)
			p.eachAttribute(t, func(name string, attribute object) {
				returned[strings.TrimPrefix(name, "User ")] = attribute.text("returned")
			})
			for _, user := range resourcesOf(p.gets(t, "/Users")) {
				for name := range user {
					if r := returned[name]; r == "never" || r == "request" {
						t.Errorf("%s is returned, though %s", name, r)
					}
				}
			}
		}},
	}},
	{"7644-3.4.1", []check{
		{"read", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			sameJSON(t, "the user", string(p.scim(t, 200, "GET", user.path(), "").body), user.json(t))
			group := p.group(t, user)
			sameJSON(t, "the group", string(p.scim(t, 200, "GET", group.path(), "").body), group.json(t))
			p.refuses(t, 404, "", "GET", "/Users/99991", "")
		}},
	}},
	{"7644-3.4.2", []check{
		{"unknown-parameters", func(t *testing.T, p *provider) {
			user := p.user(t)
			for _, path := range []string{
				user.path() + "?unknown=1", "/Users?unknown=1&filter=userName+pr&x", "/Schemas?unknown=1", "/Groups?%24top=1",
			} {
				p.scim(t, 200, "GET", path, "")
			}
		}},
		{"list", func(t *testing.T, p *provider) {
			p.group(t)
			for _, path := range []string{"/Users", "/Groups"} {
				list := p.gets(t, path)
				resources := resourcesOf(list)
				n := float64(len(resources))
				same(t, "schemas", texts(list["schemas"]), listURN)
				if list["totalResults"] != n || list["itemsPerPage"] != n || list["startIndex"] != 1.0 || n == 0 {
					t.Errorf("%s: totalResults %v, itemsPerPage %v, startIndex %v of %v", path, list["totalResults"], list["itemsPerPage"], list["startIndex"], n)
				}
				if list["meta"] != nil {
					t.Errorf("a list is no resource, and has meta %v", list["meta"])
				}
			}
		}},
		{"partial", func(t *testing.T, p *provider) {
			all := p.gets(t, "/Users")
			part := p.gets(t, query("/Users", "startIndex", "5", "count", "3"))
			same(t, "three of them", valuesOf(part, "id"), valuesOf(all, "id")[4:7]...)
			if part["totalResults"] != all["totalResults"] || part["itemsPerPage"] != 3.0 || part["startIndex"] != 5.0 {
				t.Errorf("totalResults %v, itemsPerPage %v, startIndex %v", part["totalResults"], part["itemsPerPage"], part["startIndex"])
			}
		}},
		{"no-match", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Users", "/Groups"} {
				holds(t, path, p.gets(t, query(path, "filter", `displayName eq "nobody at all"`)).json(t),
					`{"schemas":["`+listURN+`"],"totalResults":0,"Resources":[]}`)
			}
		}},
	}},
	{"7644-3.4.2.4", []check{
		{"start-index", func(t *testing.T, p *provider) {
			all := valuesOf(p.gets(t, "/Users"), "id")
			for start, from := range map[string]int{"-5": 0, "0": 0, "1": 0, "2": 1, "12": 11, "13": 12, "1000": 12} {
				list := p.gets(t, query("/Users", "startIndex", start))
				same(t, "startIndex="+start, valuesOf(list, "id"), all[from:]...)
				if list["totalResults"] != 12.0 {
					t.Errorf("startIndex=%s: totalResults %v", start, list["totalResults"])
				}
			}
			holds(t, "startIndex=-5", p.gets(t, query("/Users", "startIndex", "-5")).json(t), `{"startIndex":1}`)
		}},
		{"count", func(t *testing.T, p *provider) {
			all := valuesOf(p.gets(t, "/Users"), "id")
			for count, to := range map[string]int{"-1": 0, "0": 0, "1": 1, "5": 5, "12": 12, "13": 12, "100000": 12} {
				list := p.gets(t, query("/Users", "count", count))
				same(t, "count="+count, valuesOf(list, "id"), all[:to]...)
				if list["totalResults"] != 12.0 || list["itemsPerPage"] != float64(to) {
					t.Errorf("count=%s: totalResults %v, itemsPerPage %v", count, list["totalResults"], list["itemsPerPage"])
				}
			}
			found := query("/Users", "filter", `userName co "."`, "startIndex", "11", "count", "5")
			same(t, "of a filter", valuesOf(p.gets(t, found), "id"), all[10:]...)
		}},
		{"walk", func(t *testing.T, p *provider) {
			for _, path := range []string{"/Users", "/Groups"} {
				var walked []string
				for start := 1; start < 20; start += 3 {
					walked = append(walked, valuesOf(p.gets(t, query(path, "startIndex", strconv.Itoa(start), "count", "3")), "id")...)
				}
				same(t, path, walked, valuesOf(p.gets(t, path), "id")...)
			}
		}},
	}},
	{"7644-3.4.2.5", []check{
		{"attributes", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`, `"externalId":"attributes-1"`)
			for names, want := range map[string]string{
				"userName":                  `{"userName":"` + user.text("userName") + `"}`,
				"USERNAME, externalid":      `{"userName":"` + user.text("userName") + `","externalId":"attributes-1"}`,
				"name.familyName":           `{"name":{"familyName":"Lee"}}`,
				userURN + ":displayName":    `{"displayName":"Ann Lee"}`,
				userURN + ":name.givenName": `{"name":{"givenName":"Ann"}}`,
				"meta.resourceType":         `{"meta":{"resourceType":"User"}}`,
				"unknown, meta.unknown,":    `{}`,
			} {
				p.projects(t, user, query(user.path(), "attributes", names), want)
				p.projects(t, user, query("/Users", "attributes", names, "filter", `id eq "`+user.text("id")+`"`), want)
			}
		}},
		{"excluded", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			for names, gone := range map[string][]string{
				"displayName": {"displayName"}, "NAME": {"name"}, userURN + ":displayName,meta": {"displayName", "meta"}, "unknown": nil,
			} {
				want := make(object)
				for name, value := range user {
					if !slices.Contains(gone, name) {
						want[name] = value
					}
				}
				sameJSON(t, "without "+names, string(p.scim(t, 200, "GET", query(user.path(), "excludedAttributes", names), "").body), want.json(t))
			}
		}},
		{"always", func(t *testing.T, p *provider) {
			user := p.user(t)
			for _, got := range []object{
				p.gets(t, query(user.path(), "excludedAttributes", "id,schemas")),
				p.gets(t, query(user.path(), "attributes", "displayName")),
				resourcesOf(p.gets(t, query("/Users", "excludedAttributes", "id", "filter", `id eq "`+user.text("id")+`"`)))[0],
			} {
				if got.text("id") != user.text("id") || len(texts(got["schemas"])) == 0 {
					t.Errorf("neither id nor schemas may be missing: %v", got)
				}
			}
		}},
		{"members", func(t *testing.T, p *provider) {
			group := p.group(t, p.user(t))
			if got := p.gets(t, query(group.path(), "excludedAttributes", "members")); got["members"] != nil || got.text("displayName") == "" {
				t.Errorf("without members: %v", got)
			}
			if got := p.gets(t, query(group.path(), "attributes", "members")); got["members"] == nil || got["displayName"] != nil {
				t.Errorf("with members alone: %v", got)
			}
		}},
	}},
}

// projects reads a resource, or a list of it alone, and expects what is always
// there and these members.
func (p *provider) projects(t *testing.T, resource object, path, members string) {
	t.Helper()
	got := p.gets(t, path)
	if list := resourcesOf(got); list != nil {
		got = list[0]
	}
	want := object(decode(t, []byte(members)))
	want["id"], want["schemas"] = resource["id"], resource["schemas"]
	sameJSON(t, path, got.json(t), want.json(t))
}
