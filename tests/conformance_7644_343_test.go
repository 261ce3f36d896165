package tests

import (
	"slices"
	"strings"
	"testing"
)

// searches sends a search, which must succeed.
func (p *provider) searches(t *testing.T, path, members string) object {
	t.Helper()
	return p.scim(t, 200, "POST", path+"/.search", searchRequest(members)).json(t)
}

func searchRequest(members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]` + members + `}`
}

// searchSections are those of RFC 7644 sections 3.4.2.1, 3.4.2.3 and 3.4.3.
var searchSections = []section{
	{"7644-3.4.2.1", []check{
		{"root", func(t *testing.T, p *provider) {
			user, group := p.user(t), p.group(t)
			all := valuesOf(p.searches(t, "", ""), "meta.location")
			for _, resource := range []object{user, group} {
				if !slices.Contains(all, resource.text("meta", "location")) {
					t.Errorf("%s is not found", resource.path())
				}
			}
			if want := len(valuesOf(p.gets(t, "/Users"), "id")) + len(valuesOf(p.gets(t, "/Groups"), "id")); len(all) != want {
				t.Errorf("%d resources instead of %d", len(all), want)
			}
			for _, resourceType := range []string{"User", "Group"} {
				for _, is := range valuesOf(p.searches(t, "", `"filter":"meta.resourceType eq \"`+resourceType+`\""`), "meta.resourceType") {
					if is != resourceType {
						t.Errorf("a %s among those of the type %s", is, resourceType)
					}
				}
			}
		}},
		{"root-get", func(t *testing.T, p *provider) {
			if schemas := texts(p.gets(t, "/")["schemas"]); schemas[0] != "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig" {
				t.Errorf("schemas %q", schemas)
			}
			user := p.user(t)
			same(t, "found at the root", p.finds(t, "/", `userName eq "`+user.text("userName")+`"`, "id"), user.text("id"))
		}},
		{"attributes-of-others", func(t *testing.T, p *provider) {
			user := p.user(t)
			group := p.group(t, user)
			for filter, found := range map[string][]bool{
				`userName eq \"` + user.text("userName") + `\"`: {true, false}, `userName pr`: {true, false}, `not (userName pr)`: {false, true},
				`members pr`: {false, true}, `members.value eq \"` + user.text("id") + `\"`: {false, true}, `displayName pr`: {true, true},
				`userName eq \"x\" or members pr`: {false, true},
			} {
				ids := valuesOf(p.searches(t, "", `"filter":"`+filter+`"`), "meta.location")
				for i, resource := range []object{user, group} {
					if is := slices.Contains(ids, resource.text("meta", "location")); is != found[i] {
						t.Errorf("%s finds %s: %t", filter, resource.path(), is)
					}
				}
			}
			p.refuses(t, 400, "invalidFilter", "POST", "/.search", searchRequest(`"filter":"noSuch pr"`))
		}},
	}},
	{"7644-3.4.2.3", []check{
		{"sorted", func(t *testing.T, p *provider) {
			p.user(t, `"displayName":"ann LEE"`, `"externalId":"b"`)
			p.user(t, `"displayName":"Ann Day"`, `"externalId":"B"`)
			for _, attribute := range []string{"userName", "displayName", "name.familyName", "meta.created", "emails.value", "id"} {
				up := p.gets(t, query("/Users", "sortBy", attribute))
				down := p.gets(t, query("/Users", "sortBy", attribute, "sortOrder", "descending"))
				if up["totalResults"] != down["totalResults"] || len(resourcesOf(up)) != len(resourcesOf(down)) {
					t.Errorf("%s: %v and %v results", attribute, up["totalResults"], down["totalResults"])
				}
				if attribute == "emails.value" || attribute == "id" {
					continue
				}
				values := valuesOf(up, attribute)
				inOrder := func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
				if !slices.IsSortedFunc(values, inOrder) {
					t.Errorf("%s: %q", attribute, values)
				}
				values = valuesOf(down, attribute)
				slices.Reverse(values)
				if !slices.IsSortedFunc(values, inOrder) {
					t.Errorf("%s, descending: %q", attribute, values)
				}
			}
		}},
		{"default-order", func(t *testing.T, p *provider) {
			same(t, "without sortOrder", valuesOf(p.gets(t, query("/Users", "sortBy", "userName")), "userName"),
				valuesOf(p.gets(t, query("/Users", "sortBy", "userName", "sortOrder", "ascending")), "userName")...)
			p.refuses(t, 400, "invalidValue", "GET", query("/Users", "sortBy", "userName", "sortOrder", "sideways"), "")
			p.refuses(t, 400, "invalidValue", "GET", query("/Users", "sortBy", "noSuch"), "")
		}},
		{"case", func(t *testing.T, p *provider) {
			for _, id := range []string{"b-case", "A-case", "a-case", "B-case"} {
				p.user(t, `"externalId":"`+id+`"`, `"displayName":"`+id+`"`)
			}
			filter := `externalId ew "-case"`
			same(t, "externalId", valuesOf(p.gets(t, query("/Users", "filter", filter, "sortBy", "externalId")), "externalId"), "A-case", "B-case", "a-case", "b-case")
			sorted := valuesOf(p.gets(t, query("/Users", "filter", filter, "sortBy", "displayName")), "displayName")
			for i, name := range sorted {
				sorted[i] = strings.ToLower(name)
			}
			same(t, "displayName", sorted, "a-case", "a-case", "b-case", "b-case")
		}},
		{"without-a-value", func(t *testing.T, p *provider) {
			with, without := p.user(t, `"externalId":"here"`, `"displayName":"Novalue"`), p.user(t, `"displayName":"Novalue"`)
			list := query("/Users", "filter", `displayName eq "Novalue"`, "sortBy", "externalId")
			same(t, "ascending", valuesOf(p.gets(t, list), "id"), with.text("id"), without.text("id"))
			same(t, "descending", valuesOf(p.gets(t, list+"&sortOrder=descending"), "id"), without.text("id"), with.text("id"))
		}},
		{"pages", func(t *testing.T, p *provider) {
			all := valuesOf(p.gets(t, query("/Users", "sortBy", "displayName")), "id")
			part := p.gets(t, query("/Users", "sortBy", "displayName", "startIndex", "4", "count", "5"))
			same(t, "five of them", valuesOf(part, "id"), all[3:8]...)
		}},
	}},
	{"7644-3.4.3", []check{
		{"search", func(t *testing.T, p *provider) {
			user := p.user(t)
			filter := `userName eq "` + user.text("userName") + `"`
			got := p.searches(t, "/Users", `"filter":`+string(encode(t, filter)))
			sameJSON(t, "the answer", got.json(t), p.gets(t, query("/Users", "filter", filter)).json(t))
			same(t, "schemas", texts(got["schemas"]), listURN)
			group := p.group(t, user)
			same(t, "the group", valuesOf(p.searches(t, "/Groups", `"filter":"displayName eq \"`+group.text("displayName")+`\""`), "id"), group.text("id"))
			got = p.searches(t, "/Users", `"startIndex":2,"count":3`)
			sameJSON(t, "a part", got.json(t), p.gets(t, query("/Users", "startIndex", "2", "count", "3")).json(t))
		}},
		{"message", func(t *testing.T, p *provider) {
			for _, body := range []string{``, `{`, `[]`, `{}`, `{"filter":"userName pr"}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`} {
				p.refuses(t, 400, "invalidSyntax", "POST", "/Users/.search", body)
			}
			p.refuses(t, 405, "", "GET", "/Users/.search", "")
		}},
		{"attributes", func(t *testing.T, p *provider) {
			user := p.user(t, `"displayName":"Ann Lee"`)
			filter := `"filter":"id eq \"` + user.text("id") + `\""`
			for names, want := range map[string]string{
				`"userName"`:                            `{"userName":"` + user.text("userName") + `"}`,
				`"name.familyName","DISPLAYNAME"`:       `{"name":{"familyName":"Lee"},"displayName":"Ann Lee"}`,
				`"` + userURN + `:name.givenName","id"`: `{"name":{"givenName":"Ann"}}`,
			} {
				got := resourcesOf(p.searches(t, "/Users", filter+`,"attributes":[`+names+`]`))[0]
				members := object(decode(t, []byte(want)))
				members["id"], members["schemas"] = user["id"], user["schemas"]
				sameJSON(t, names, got.json(t), members.json(t))
			}
		}},
		{"excluded", func(t *testing.T, p *provider) {
			user := p.user(t)
			got := resourcesOf(p.searches(t, "/Users", `"filter":"id eq \"`+user.text("id")+`\"","excludedAttributes":["id","schemas","`+userURN+`:name","META"]`))[0]
			delete(user, "name")
			delete(user, "meta")
			sameJSON(t, "the user", got.json(t), user.json(t))
		}},
		{"filter", func(t *testing.T, p *provider) {
			for _, filter := range []string{``, `userName`, `userName regex \"x\"`, `active gt true`, `noSuch pr`} {
				p.refuses(t, 400, "invalidFilter", "POST", "/Users/.search", searchRequest(`"filter":"`+filter+`"`))
			}
		}},
		{"sorted", func(t *testing.T, p *provider) {
			for _, name := range []string{"userName", userURN + ":name.familyName"} {
				got := p.searches(t, "/Users", `"sortBy":"`+name+`","sortOrder":"descending"`)
				sameJSON(t, name, got.json(t), p.gets(t, query("/Users", "sortBy", name, "sortOrder", "descending")).json(t))
			}
		}},
	}},
}
