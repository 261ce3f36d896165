package mapping

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestServiceProviderConfig(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.costs(0, func() {
		for _, path := range []string{"", "/", "//", "/ServiceProviderConfig", "/serviceproviderconfig/", "//ServiceProviderConfig//"} {
			shows(t, b.want(200, "GET", path, ""), map[string]any{
				"schemas.0": scim.SchemaServiceProviderConfig, "patch.supported": true, "filter.supported": true,
				"bulk.supported": true, "bulk.maxOperations": 500.0, "bulk.maxPayloadSize": 4194304.0, "sort.supported": true, "etag.supported": true, "changePassword.supported": false, "filter.maxResults": 1000.0,
				"pagination.cursor": true, "pagination.index": true, "pagination.defaultPaginationMethod": "index",
				"pagination.defaultPageSize": 1000.0, "pagination.maxPageSize": 1000.0, "pagination.cursorTimeout": nil,
				"authenticationSchemes.0.type": "oauthbearertoken", "meta.location": testBase + "/ServiceProviderConfig",
				"meta.resourceType": "ServiceProviderConfig",
			})
		}
	})
}

func TestResourceTypes(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.costs(0, func() {
		list := b.want(200, "GET", "/ResourceTypes", "")
		shows(t, list, map[string]any{"schemas.0": scim.MessageListResponse, "totalResults": 2.0, "itemsPerPage": 2.0, "startIndex": 1.0, "Resources.1.id": "Group"})
		for _, path := range []string{"/ResourceTypes/User", "/resourcetypes/user/"} {
			one := b.want(200, "GET", path, "")
			shows(t, one, map[string]any{
				"schemas.0": scim.SchemaResourceType, "id": "User", "name": "User", "endpoint": "/Users", "schema": scim.SchemaUser,
				"schemaExtensions": []any{}, "meta.location": testBase + "/ResourceTypes/User",
			})
			if !reflect.DeepEqual(at(list, "Resources.0"), any(one)) {
				t.Error("the list holds another entry")
			}
		}
		shows(t, b.want(200, "GET", "/ResourceTypes/Group", ""), map[string]any{
			"id": "Group", "endpoint": "/Groups", "schema": scim.SchemaGroup, "schemaExtensions": []any{},
		})
		b.fails(404, "", "GET", "/ResourceTypes/Device", "")
	})
}

// schemaAttributes returns the attributes of a schema by name, sub-attributes
// as "name.givenName".
func schemaAttributes(t *testing.T, doc any, prefix string) map[string]map[string]any {
	t.Helper()
	found := make(map[string]map[string]any)
	list, _ := doc.([]any)
	for _, item := range list {
		a, _ := item.(map[string]any)
		name := prefix + textOf(t, a, "name")
		found[name] = a
		for sub, m := range schemaAttributes(t, a["subAttributes"], name+".") {
			found[sub] = m
		}
	}
	return found
}

func TestSchemas(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	list := b.want(200, "GET", "/Schemas", "")
	one := b.want(200, "GET", "/schemas/"+scim.SchemaUser, "")
	shows(t, list, map[string]any{"totalResults": 5.0, "Resources.0": any(one)})
	shows(t, list, map[string]any{"Resources.1": any(b.want(200, "GET", "/Schemas/"+scim.SchemaGroup, ""))})
	shows(t, one, map[string]any{"id": scim.SchemaUser, "name": "User", "meta.location": testBase + "/Schemas/" + scim.SchemaUser})
	b.fails(404, "", "GET", "/Schemas/"+scim.SchemaEnterpriseUser, "")
	b.fails(404, "", "GET", "/Schemas/User", "")

	got := schemaAttributes(t, one["attributes"], "")
	want := []string{
		"active", "displayName", "emails", "emails.primary", "emails.type", "emails.value", "groups", "groups.$ref", "groups.display", "groups.value",
		"name", "name.familyName", "name.formatted", "name.givenName", "roles", "roles.primary", "roles.value", "userName",
	}
	var names []string
	for name := range got {
		names = append(names, name)
	}
	if slices.Sort(names); !slices.Equal(names, want) {
		t.Errorf("attributes %v, want %v", names, want)
	}
	for name, wants := range map[string]map[string]any{
		"userName":       {"uniqueness": "server", "required": true, "mutability": "readWrite", "type": "string"},
		"groups":         {"mutability": "readOnly", "multiValued": true},
		"groups.value":   {"mutability": "readOnly"},
		"active":         {"mutability": "readWrite", "type": "boolean"},
		"name.givenName": {"mutability": "readWrite", "required": false},
		"roles.value":    {"canonicalValues": []any{"Admin", "Manager", "Member"}},
		"emails.type":    {"canonicalValues": []any{"work"}},
		"displayName":    {"uniqueness": "none"},
	} {
		shows(t, got[name], wants)
	}
}

func TestGroupSchema(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	one := b.want(200, "GET", "/Schemas/"+scim.SchemaGroup, "")
	shows(t, one, map[string]any{"id": scim.SchemaGroup, "name": "Group"})
	got := schemaAttributes(t, one["attributes"], "")
	for name, wants := range map[string]map[string]any{
		"displayName":     {"uniqueness": "server", "required": true, "mutability": "readWrite"},
		"members":         {"multiValued": true, "mutability": "readWrite", "required": false},
		"members.value":   {"mutability": "immutable"},
		"members.display": {"mutability": "readOnly"},
	} {
		if got[name] == nil {
			t.Errorf("the schema has no %s", name)
			continue
		}
		shows(t, got[name], wants)
	}
}

// TestSchemaTellsTheTruth has every attribute of an answer be in the schema.
func TestSchemaTellsTheTruth(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		doc := b.want(200, "GET", "/Users/"+somebody(b), "")
		known := schemaAttributes(t, b.want(200, "GET", "/Schemas/"+scim.SchemaUser, "")["attributes"], "")
		check := func(prefix string, v any) {
			members, _ := v.(map[string]any)
			for name := range members {
				if known[prefix+name] == nil {
					t.Errorf("the schema has no %s", prefix+name)
				}
			}
		}
		for name, v := range doc {
			if name == "schemas" || name == "id" || name == "meta" || name == "externalId" {
				continue
			}
			check("", map[string]any{name: v})
			check(name+".", v)
			if list, ok := v.([]any); ok {
				check(name+".", list[0])
			}
		}
	})
}

// TestServiceSchemasTellTheTruth has what the server says of itself, and nothing
// else, be in the schemas of that, with its type.
func TestServiceSchemasTellTheTruth(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	types := map[string]func(v any) bool{
		"string": isA[string], "reference": isA[string], "boolean": isA[bool], "integer": isA[float64], "complex": isA[map[string]any],
	}
	for urn, paths := range map[string][]string{
		scim.SchemaServiceProviderConfig: {"/ServiceProviderConfig"},
		scim.SchemaResourceType:          {"/ResourceTypes/User", "/ResourceTypes/Group"},
		scim.SchemaSchema:                {"/Schemas/" + scim.SchemaUser, "/Schemas/" + scim.SchemaGroup, "/Schemas/" + scim.SchemaSchema},
	} {
		known := schemaAttributes(t, b.want(200, "GET", "/Schemas/"+urn, "")["attributes"], "")
		seen := make(map[string]bool)
		var check func(prefix string, members map[string]any)
		check = func(prefix string, members map[string]any) {
			for name, v := range members {
				path := prefix + name
				if prefix == "" && (name == "schemas" || name == "id" || name == "meta") {
					continue
				}
				// Sub-attributes have none; it is their definition that has.
				if path = strings.Replace(path, ".subAttributes.subAttributes", ".subAttributes", 1); known[path] == nil {
					t.Errorf("%s has no %s", urn, path)
					continue
				}
				seen[path] = true
				values := []any{v}
				if known[path]["multiValued"] == true {
					values, _ = v.([]any)
				}
				for _, v := range values {
					if typ, _ := known[path]["type"].(string); !types[typ](v) {
						t.Errorf("%s has %s as a %s, which is %v", urn, path, typ, v)
					}
					if parts, ok := v.(map[string]any); ok {
						check(path+".", parts)
					}
				}
			}
		}
		for _, path := range paths {
			check("", b.want(200, "GET", path, ""))
		}
		for name := range known {
			// Of those there are none here.
			rare := strings.HasPrefix(name, "schemaExtensions.") || name == "attributes.canonicalValues" || name == "attributes.referenceTypes"
			if !seen[name] && !rare {
				t.Errorf("%s has %s, which is nowhere", urn, name)
			}
		}
	}
}

func isA[T any](v any) bool {
	_, is := v.(T)
	return is
}

func TestPaths(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	for _, path := range []string{"/users", "//Users/", "/USERS?", "/Users?&", "/users/2", "/Users//2//", "/Users/2?", "/Users/2?aadOptscim062020"} {
		b.want(200, "GET", path, "")
		b.want(200, "HEAD", path, "")
	}
	b.costs(0, func() {
		for _, path := range []string{"/Groupz", "/User", "/Users/2/restore", "/Bulk/x", "/Schemas/a/b", "/ServiceProviderConfig/x", "/..", "/Users/../Users"} {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				b.fails(404, "", method, path, "")
			}
		}
	})
}

func TestMethods(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	read := []string{"GET", "HEAD", "OPTIONS"}
	collection := []string{"GET", "HEAD", "POST", "OPTIONS"}
	single := []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
	bulk := []string{"POST", "OPTIONS"}
	b.costs(0, func() {
		for path, allow := range map[string][]string{
			"": read, "/ServiceProviderConfig": read, "/Schemas": read, "/Schemas/" + scim.SchemaUser: read, "/ResourceTypes": read,
			"/ResourceTypes/User": read, "/Users": collection, "/Users/2": single, "/Groups": collection, "/Groups/1": single,
			"/Bulk": bulk, "//bulk/": bulk,
		} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", ""} {
				if slices.Contains(allow, method) {
					continue
				}
				if response := b.fails(405, "", method, path, "{}"); !slices.Equal(response.Allow, allow) {
					t.Errorf("%s %s: Allow %v, want %v", method, path, response.Allow, allow)
				}
			}
			response, _ := b.send("OPTIONS", path, "")
			if response.Status != 204 || !slices.Equal(response.Allow, allow) {
				t.Errorf("OPTIONS %s: status %d, Allow %v, want %v", path, response.Status, response.Allow, allow)
			}
		}
	})
}

// TestMe is not supported, which is another thing than not being there.
func TestMe(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.costs(0, func() {
		for _, path := range []string{"/Me", "/me/", "//ME", "/Me?attributes=id", "/Me/emails"} {
			for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"} {
				b.fails(501, "", method, path, "{}")
			}
		}
		b.fails(404, "", "GET", "/Meter", "")
	})
}

// TestDiscoveryFilter has nobody take everything for what a filter finds.
func TestDiscoveryFilter(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + scim.SchemaUser} {
		for _, method := range []string{"GET", "HEAD"} {
			b.fails(403, "", method, path+"?filter=id+eq+%22User%22", "")
			b.fails(403, "", method, path+"?count=1&filter=nonsense", "")
		}
		// The rest of section 3.4.2 is ignored here.
		plain := b.want(200, "GET", path, "")
		same := b.want(200, "GET", path+"?startIndex=2&count=1&sortBy=id&sortOrder=descending&filter=", "")
		if !reflect.DeepEqual(plain, same) {
			t.Errorf("%s is otherwise with parameters: %v", path, same)
		}
		if plain["Resources"] != nil && plain["meta"] != nil {
			t.Errorf("%s: a list has a meta: %v", path, plain)
		}
	}
}

func TestDiscoveryReport(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	response, _ := b.send("GET", "/Schemas", "")
	if response.Report.Operation != "discover" || response.Report.Resource != "" {
		t.Errorf("report %+v", response.Report)
	}
	if response, _ = b.send("GET", "/nothing", ""); response.Report.Operation != "" {
		t.Errorf("report %+v", response.Report)
	}
}
