package mapping

import (
	"reflect"
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestDeviceSchema has a schema of the mapping's own shown with every
// characteristic that it has.
func TestDeviceSchema(t *testing.T) {
	b := newDeviceBench(t)
	device := b.want(200, "GET", "/Schemas/"+deviceURN, "")
	shows(t, device, map[string]any{"id": deviceURN, "name": "Device", "description": "Something that people carry around", "meta.location": testBase + "/Schemas/" + deviceURN})
	got := schemaAttributes(t, device["attributes"], "")
	simple := func(kind string, more ...any) map[string]any {
		a := map[string]any{
			"type": kind, "multiValued": false, "required": false, "description": "", "mutability": "readWrite", "returned": "default", "uniqueness": "none",
		}
		if kind == "string" || kind == "reference" || kind == "binary" {
			a["caseExact"] = kind != "string"
		}
		for i := 0; i < len(more); i += 2 {
			if name := more[i].(string); more[i+1] == nil {
				delete(a, name)
			} else {
				a[name] = more[i+1]
			}
		}
		return a
	}
	want := map[string]map[string]any{
		"serialNumber": simple("string", "required", true, "caseExact", true, "mutability", "immutable", "uniqueness", "server", "description", "What the maker calls it."),
		"model":        simple("string"),
		// The table of values knows no watch.
		"kind":          simple("string", "canonicalValues", []any{"phone", "tablet"}),
		"enabled":       simple("boolean", "uniqueness", nil),
		"slots":         simple("integer"),
		"weight":        simple("decimal"),
		"bought":        simple("dateTime"),
		"firmware":      simple("binary"),
		"manual":        simple("reference", "referenceTypes", []any{"external"}),
		"tags":          simple("string", "multiValued", true),
		"ports":         simple("integer", "multiValued", true),
		"pin":           simple("string", "mutability", "writeOnly", "returned", "never"),
		"inventory":     simple("string", "mutability", "readOnly", "returned", "always", "caseExact", true),
		"site":          simple("complex", "description", "Where it is."),
		"site.building": simple("string", "required", true),
		"site.floor":    simple("integer"),
	}
	for name, characteristics := range want {
		is := got[name]
		delete(is, "name")
		delete(is, "subAttributes")
		if !reflect.DeepEqual(is, characteristics) {
			t.Errorf("%s is\n%v, want\n%v", name, is, characteristics)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d attributes, want %d", len(got), len(want))
	}
	lease := b.want(200, "GET", "/schemas/"+leaseURN, "")
	shows(t, lease, map[string]any{"name": "Lease", "attributes.0.name": "lessor", "attributes.0.required": true, "attributes.1.type": "dateTime"})
	var ids []string
	for _, s := range b.want(200, "GET", "/Schemas", "")["Resources"].([]any) {
		ids = append(ids, textOf(t, s, "id"))
	}
	if !slices.Equal(ids, []string{
		scim.SchemaUser, scim.SchemaGroup, deviceURN, leaseURN, scim.SchemaServiceProviderConfig, scim.SchemaResourceType, scim.SchemaSchema,
	}) {
		t.Errorf("the schemas are %q", ids)
	}
}

func TestDeviceResourceType(t *testing.T) {
	b := newDeviceBench(t)
	doc := b.want(200, "GET", "/ResourceTypes/Device", "")
	want := map[string]any{
		"schemas": []any{scim.SchemaResourceType}, "id": "Device", "name": "Device", "endpoint": "/Devices", "schema": deviceURN,
		"description":      "Something that people carry around",
		"schemaExtensions": []any{map[string]any{"schema": leaseURN, "required": false}},
		"meta":             map[string]any{"resourceType": "ResourceType", "location": testBase + "/ResourceTypes/Device"},
	}
	if !reflect.DeepEqual(doc, want) {
		t.Errorf("got\n%v, want\n%v", doc, want)
	}
	shows(t, b.want(200, "GET", "/ResourceTypes", ""), map[string]any{"totalResults": 3.0, "Resources.2.id": "Device"})
}

const accountURN = "urn:example:params:scim:schemas:extension:account:2.0:User"

// TestExtensionOfUser has an extension with what the API has and RFC 7643 has
// not.
func TestExtensionOfUser(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.edit("resources:\n  User:\n", `schemas:
  `+accountURN+`:
    attributes:
      lastLogin: {type: dateTime, mutability: readOnly}
      subject: {type: string, caseExact: true, mutability: readOnly}
      unused: string
resources:
  User:
    extensions: [`+accountURN+`]
`, "      externalId: {keep: here}\n",
			"      externalId: {keep: here}\n      "+accountURN+":lastLogin: last_login\n      "+accountURN+":subject: user_id\n")
		id := somebody(b)
		b.byHand(id, func(u *qualytics.User) { u.LastLogin = new(someTime) })
		doc := b.want(200, "GET", "/Users/"+id, "")
		account, _ := doc[accountURN].(map[string]any)
		shows(t, account, map[string]any{"lastLogin": "2026-03-01T12:00:00Z", "subject": b.user(id).UserID})
		shows(t, doc, map[string]any{"schemas": []any{scim.SchemaUser, accountURN}})
		if ids := b.found(accountURN + `:lastLogin gt "2026-02-28T00:00:00Z"`); !slices.Equal(ids, []string{id}) {
			t.Errorf("found %v", ids)
		}
		b.writesNothing(func() {
			b.want(200, "PUT", "/Users/"+id, `{"`+accountURN+`":{"lastLogin":null,"subject":"x"}}`)
			b.fails(400, scim.Mutability, "PATCH", "/Users/"+id, patchOf(`{"op":"replace","path":"`+accountURN+`:subject","value":"x"}`))
		})
		got := schemaAttributes(t, b.want(200, "GET", "/Schemas/"+accountURN, "")["attributes"], "")
		if len(got) != 2 || got["lastLogin"]["mutability"] != "readOnly" {
			t.Errorf("the schema has %v", got)
		}
		shows(t, b.want(200, "GET", "/ResourceTypes/User", ""), map[string]any{"schemaExtensions": []any{map[string]any{"schema": accountURN, "required": false}}})
		b.fails(404, "", "GET", "/Schemas/"+scim.SchemaEnterpriseUser, "")
	})
}

// TestPasswords has an API that takes them.
func TestPasswords(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	shows(t, b.want(200, "GET", "/ServiceProviderConfig", ""), map[string]any{"changePassword.supported": false})
	b.edit("      externalId: {keep: here}\n", "      externalId: {keep: here}\n      password: {path: user_id}\n")
	shows(t, b.want(200, "GET", "/ServiceProviderConfig", ""), map[string]any{"changePassword.supported": true})
	// The API is so careless as to give it out.
	if doc := b.want(200, "GET", "/Users/"+somebody(b), ""); doc["password"] != nil {
		t.Errorf("the password is shown: %v", doc)
	}
	got := schemaAttributes(t, b.want(200, "GET", "/Schemas/"+scim.SchemaUser, "")["attributes"], "")
	shows(t, got["password"], map[string]any{"mutability": "writeOnly", "returned": "never"})
}
