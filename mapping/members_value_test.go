package mapping

import (
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// TestMemberWhoIsSomebodyElse refuses a member whose parts name two.
func TestMemberWhoIsSomebodyElse(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		for _, member := range []string{
			`{"value":"{four}","$ref":"https://scim.test/api/scim/v2/Groups/{four}"}`,
			`{"value":"{four}","$ref":"../Users/{three}"}`,
			`{"value":"{four}","$ref":"{three}"}`,
			`{"value":"{four}","$ref":"/Users/{four}/"  ,"type":"Group"}`,
			`{"value":"{four}","$ref":"%zz"}`,
		} {
			b.writesNothing(func() {
				b.fails(400, scim.InvalidValue, "PATCH", b.path(), b.fill(patchOf(`{"op":"add","path":"members","value":[`+member+`]}`)))
				b.fails(400, scim.InvalidValue, "PUT", b.path(), b.fill(`{"displayName":"Finance","members":[`+member+`]}`))
				b.fails(400, scim.InvalidValue, "PATCH", b.path(), b.fill(patchOf(`{"op":"remove","path":"members","value":[`+member+`]}`)))
			})
		}
		for _, ref := range []string{`null`, `""`, `"https://elsewhere.test/scim/users/{four}"`, `"{four}"`, `"../Users/{four}"`} {
			b.want(200, "PATCH", b.path(), b.fill(patchOf(`{"op":"add","path":"members","value":[{"value":"{four}","$ref":`+ref+`}]}`)))
		}
	})
}

// TestBlankMemberRemoved has requests that name nobody to be removed: that must
// not be everybody.
func TestBlankMemberRemoved(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.writesNothing(func() {
			for _, value := range []string{`""`, `" "`, `[{"value":""}]`, `{"value":""}`, `[""]`} {
				b.fails(400, scim.InvalidValue, "PATCH", b.path(), patchOf(`{"op":"remove","path":"members","value":`+value+`}`))
			}
			b.want(200, "PATCH", b.path(), patchOf(`{"op":"remove","path":"members[value eq \"\"]"}`))
			b.want(200, "PATCH", b.path(), patchOf(`{"op":"remove","path":"members","value":[]}`))
			b.fails(400, scim.NoTarget, "PATCH", b.path(), b.fill(patchOf(`{"op":"replace","path":"members[value eq \"99999\"].value","value":"{four}"}`)))
		})
	})
}

// TestNamesWithBlanks looks for a name as a create would store it.
func TestNamesWithBlanks(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		id := textOf(t, b.want(201, "POST", "/Groups", `{"displayName":" Ledger "}`), "id")
		for _, filter := range []string{`displayName eq "Ledger "`, `displayName eq "LEDGER"`, `displayName eq " Ledger" and not (displayName ne "Ledger ")`} {
			if ids := idsOf(t, b.want(200, "GET", groupsBy(filter), "")); len(ids) != 1 || ids[0] != id {
				t.Errorf("%s finds %v", filter, ids)
			}
		}
		b.fails(409, scim.Uniqueness, "POST", "/Groups", `{"displayName":"ledger "}`)
		user := b.created(`{"userName":"kai","displayName":"Kai   Lang"}`)
		if ids := b.found(`displayName eq "kai  lang"`); len(ids) != 1 || ids[0] != user {
			t.Errorf("found %v", ids)
		}
	})
}

// TestDiscoveryKeepsItsWord removes every attribute that /Schemas calls optional
// and writable: that goes, and only that.
func TestDiscoveryKeepsItsWord(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		for _, schema := range at(b.want(200, "GET", "/Schemas", ""), "Resources").([]any) {
			if at(schema, "id") != scim.SchemaUser {
				continue
			}
			for _, a := range at(schema, "attributes").([]any) {
				name, required := textOf(t, a, "name"), at(a, "required") == true
				if at(a, "mutability") == "readOnly" {
					continue
				}
				status := 200
				if required {
					status = 400
				}
				b.want(status, "PATCH", "/Users/"+id, patchOf(`{"op":"remove","path":"`+name+`"}`))
			}
		}
	})
}
