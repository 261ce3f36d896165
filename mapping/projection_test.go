package mapping

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestProjection asks for parts of a user.
func TestProjection(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	for query, want := range map[string][]string{
		"attributes=userName":                                          {"id", "schemas", "userName"},
		"attributes=USERNAME,name.familyName":                          {"id", "name", "schemas", "userName"},
		"attributes=urn:ietf:params:scim:schemas:core:2.0:User:active": {"active", "id", "schemas"},
		"attributes=nickName":                                          {"id", "schemas"},
		"attributes=meta.location":                                     {"id", "meta", "schemas"},
		"attributes=meta.created":                                      {"id", "meta", "schemas"},
		"excludedAttributes=name,emails,roles,groups,meta,externalId":  {"active", "displayName", "id", "schemas", "userName"},
		"excludedAttributes=id,userName,meta,name,emails,groups,roles": {"active", "displayName", "externalId", "id", "schemas"},
	} {
		doc := b.want(200, "GET", "/Users/"+id+"?"+query, "")
		if got := sortedKeys(doc); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	name, _ := b.want(200, "GET", "/Users/"+id+"?attributes=name.familyName", "")["name"].(map[string]any)
	if len(name) != 1 || name["familyName"] != "Reis" {
		t.Errorf("the name is %v", name)
	}
	meta, _ := b.want(200, "GET", "/Users/"+id+"?excludedAttributes=meta.created", "")["meta"].(map[string]any)
	if len(meta) != 3 || meta["location"] == nil || meta["resourceType"] != "User" || meta["version"] == nil {
		t.Errorf("meta is %v", meta)
	}
	b.fails(400, scim.InvalidValue, "GET", "/Users?attributes=id&excludedAttributes=name", "")
}

// TestExcludedMembers saves the calls that the members would take.
func TestExcludedMembers(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(60, 4)
	b.costs(1, func() {
		doc := b.want(200, "GET", `/Groups?filter=displayName+eq+%22finance%20dq%22&excludedAttributes=members`, "")
		group, _ := at(doc, "Resources").([]any)[0].(map[string]any)
		if group["members"] != nil || group["displayName"] != "Finance DQ" {
			t.Errorf("the group is %v", group)
		}
	})
	b.costs(1, func() { b.want(200, "GET", "/Groups/2?excludedAttributes=members", "") })
}

// TestProjectionOfParts asks for sub-attributes, those of lists among them, with
// every method that answers with a resource.
func TestProjectionOfParts(t *testing.T) {
	tests := map[string]string{
		"attributes=emails.value":                           `{"schemas":[],"id":"","emails":[{"value":"ana@corp.test"}]}`,
		"attributes=EMAILS.Value,emails.PRIMARY":            `{"schemas":[],"id":"","emails":[{"value":"ana@corp.test","primary":true}]}`,
		"attributes=emails.value,emails":                    `{"schemas":[],"id":"","emails":[{"value":"ana@corp.test","type":"work","primary":true}]}`,
		"attributes=emails.display,roles.value":             `{"schemas":[],"id":"","roles":[{"value":"Manager"}]}`,
		"attributes=groups.display,name.familyName":         `{"schemas":[],"id":"","name":{"familyName":"Reis"},"groups":[{"display":"Finance DQ"},{"display":"Qualytics Manager"}]}`,
		"attributes=meta.lastModified":                      `{"schemas":[],"id":""}`,
		"attributes=externalId,nothing,%22,,a.b.c":          `{"schemas":[],"id":"","externalId":"e1"}`,
		"attributes=emails[type+eq+%22work%22]":             `{"schemas":[],"id":"","emails":[{"value":"ana@corp.test","type":"work","primary":true}]}`,
		"attributes=emails[value+eq+%22a,b%22].type,active": `{"schemas":[],"id":"","active":true,"emails":[{"type":"work"}]}`,
		"ATTRIBUTES=userName&attributes=active":             `{"schemas":[],"id":"","userName":"ana.r","active":true}`,
		"attributes=" + scim.SchemaUser + ":name":           `{"schemas":[],"id":"","name":{"formatted":"Ana Maria Reis","familyName":"Reis","givenName":"Ana Maria"}}`,
		"excludedAttributes=emails.type,name.formatted,roles.primary,groups,meta,userName,active,displayName,externalId": `{"schemas":[],"id":"","name":{"familyName":"Reis","givenName":"Ana Maria"},"emails":[{"value":"ana@corp.test","primary":true}],"roles":[{"value":"Manager"}]}`,
		"excludedAttributes=name,emails[type+eq+%22home%22],groups,meta,userName,active,displayName,externalId,roles":    `{"schemas":[],"id":"","emails":[{"value":"ana@corp.test","type":"work","primary":true}]}`,
		"excludedAttributes=meta,externalId,id,schemas," + scim.SchemaUser:                                               `{"schemas":[],"id":""}`,
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		for query, want := range tests {
			want = strings.Replace(strings.Replace(want, `"schemas":[]`, `"schemas":["`+scim.SchemaUser+`"]`, 1), `"id":""`, `"id":"`+id+`"`, 1)
			for _, request := range [][2]string{
				{"GET", ""}, {"PUT", `{"userName":"ana.r"}`}, {"PATCH", patchOf(`{"op":"replace","path":"active","value":true}`)},
			} {
				response, _ := b.send(request[0], "/Users/"+id+"?"+query, request[1])
				if response.Status != 200 || string(response.Body) != want {
					t.Errorf("%s %s: %d %s, want %s", request[0], query, response.Status, response.Body, want)
				}
			}
			response, _ := b.send("GET", "/Users?"+query+"&filter="+url.QueryEscape(`userName eq "ana.r"`), "")
			if !strings.Contains(string(response.Body), `"Resources":[`+want+`]`) {
				t.Errorf("list, %s: %s, want %s", query, response.Body, want)
			}
		}
		response, _ := b.send("POST", "/Users?attributes=emails.value", `{"userName":"new","emails":[{"value":"n@corp.test"}]}`)
		if !strings.HasSuffix(string(response.Body), `,"emails":[{"value":"n@corp.test"}]}`) || response.Status != 201 {
			t.Errorf("created %s", response.Body)
		}
		response, _ = b.send("POST", "/Groups?excludedAttributes=members.display,members.$ref,meta", `{"displayName":"New","members":[{"value":"`+id+`"}]}`)
		if !strings.HasSuffix(string(response.Body), `"displayName":"New","members":[{"value":"`+id+`"}]}`) || response.Status != 201 {
			t.Errorf("created %s", response.Body)
		}
		// A list that is empty is not the same as one of which nothing is asked.
		other := b.created(`{"userName":"lonely"}`)
		response, _ = b.send("GET", "/Users/"+other+"?attributes=emails.value,groups.value", "")
		if !strings.HasSuffix(string(response.Body), `"id":"`+other+`","emails":[]}`) {
			t.Errorf("read %s", response.Body)
		}
	})
}

// TestReturned has attributes that an answer holds only if asked, always, and
// never, as RFC 7643 section 7 has it.
func TestReturned(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	id := somebody(b)
	path := func(name, sub string) schema.Path { return schema.Path{Name: name, Sub: sub} }
	b.program.resources[0].returned = map[schema.Path]schema.Returned{
		path("displayName", ""): schema.ReturnedRequest, path("roles", ""): schema.ReturnedNever, path("userName", ""): schema.ReturnedAlways,
		path("emails", "type"): schema.ReturnedRequest, path("emails", "primary"): schema.ReturnedNever, path("name", "familyName"): schema.ReturnedAlways,
		path("groups", ""): schema.ReturnedRequest,
	}
	for query, want := range map[string]string{
		"":                             "active emails.0.value externalId id meta.created meta.location meta.resourceType meta.version name.familyName name.formatted name.givenName schemas.0 userName",
		"attributes=displayName":       "displayName id schemas.0 userName",
		"attributes=roles,roles.value": "id schemas.0 userName",
		"attributes=emails":            "emails.0.type emails.0.value id schemas.0 userName",
		"attributes=emails.type":       "emails.0.type id schemas.0 userName",
		"attributes=name.givenName":    "id name.familyName name.givenName schemas.0 userName",
		"attributes=groups.display":    "groups.0.display groups.1.display id schemas.0 userName",
		"attributes=active":            "active id schemas.0 userName",
		"excludedAttributes=userName,meta,active,externalId,name.familyName,emails.value": "id name.familyName name.formatted name.givenName schemas.0 userName",
		"excludedAttributes=name,meta,active,externalId,emails":                           "id schemas.0 userName",
	} {
		doc := b.want(200, "GET", "/Users/"+id+"?"+query, "")
		if got := strings.Join(leaves("", doc), " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	// A change still sees everything.
	b.costs(1, func() {
		b.want(200, "PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"roles","value":[{"value":"Manager"}]}`))
	})
}

// leaves returns the paths of all values in a document, in order.
func leaves(prefix string, v any) []string {
	var paths []string
	switch v := v.(type) {
	case map[string]any:
		for _, name := range sortedKeys(v) {
			paths = append(paths, leaves(prefix+"."+name, v[name])...)
		}
	case []any:
		for i, e := range v {
			paths = append(paths, leaves(prefix+"."+strconv.Itoa(i), e)...)
		}
	default:
		paths = append(paths, strings.TrimPrefix(prefix, "."))
	}
	return paths
}
