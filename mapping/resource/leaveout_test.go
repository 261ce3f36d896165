package resource

import (
	"reflect"
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	tol "github.com/qualytics/scim-sidecar/mapping/tolerance"
)

// partSet has a few attributes of a user; everything else of RFC 7643 is in
// its full set.
func partSet() *schema.Set {
	part := &schema.Schema{ID: scim.SchemaUser, Name: "User"}
	for name, subs := range map[string][]string{"userName": nil, "active": nil, "name": {"givenName", "familyName"}, "emails": {"value", "type"}} {
		a := schema.User().Attribute(name)
		a.SubAttributes = slices.DeleteFunc(a.SubAttributes, func(s *schema.Attribute) bool { return !slices.Contains(subs, s.Name) })
		part.Attributes = append(part.Attributes, a)
	}
	return schema.NewSet(part).Without("externalId").Within(schema.NewSet(schema.User(), schema.EnterpriseUser()))
}

func TestLeaveOut(t *testing.T) {
	for name, tt := range map[string]struct {
		in    string
		notes Notes
	}{
		"known names":    {`{"TITLE":"x","externalid":"x","phoneNumbers":[{"value":"1"}]}`, Notes{Unmapped: []string{"externalId", "phoneNumbers", "title"}}},
		"unknown names":  {`{"shoeSize":4,"a.b":1,"urn:x:y":{"k":1},"a b":1}`, Notes{Unknown: []string{"a b", "a.b", "shoeSize", "urn:x:y"}}},
		"an extension":   {`{"` + ent + `":{"department":"D","Manager":{"value":"7"},"nope":1}}`, Notes{Unmapped: []string{ent + ":department", ent + ":manager"}, Unknown: []string{ent + ":nope"}}},
		"a foreign URN":  {`{"urn:scim:schemas:extension:enterprise:1.0":{"department":"D","costCenter":""}}`, Notes{Unmapped: []string{ent + ":department"}}},
		"no extension":   {`{"` + ent + `":"x"}`, Notes{Unmapped: []string{ent}}},
		"sub-attributes": {`{"name":{"middleName":"M","nick":"N"},"emails":[{"value":"a@x","display":"D","x":1}]}`, Notes{Unmapped: []string{"emails.display", "name.middleName"}, Unknown: []string{"emails.x", "name.nick"}}},
		"dotted keys":    {`{"name.middleName":"M","` + ent + `:manager.value":"7"}`, Notes{Unmapped: []string{"name.middleName", ent + ":manager.value"}}},
		"read-only":      {`{"groups":[{"value":"1"}],"` + ent + `":{"manager":{"displayName":"x"}},"` + ent + `:manager.displayName":"x"}`, Notes{ReadOnly: []string{"groups", ent + ":manager.displayName"}, Unmapped: []string{ent + ":manager"}}},
		"what says nothing": {`{"title":"","nickName":null,"photos":[],"shoeSize":" ","phoneNumbers":[{"value":"","type":"work"}],"addresses":[{"locality":" ","country":null}],
			"name":{"middleName":""},"` + ent + `":{"department":"","manager":{"managerId":"","displayName":" "}},"urn:x:y":{}}`, Notes{}},
		"what says little": {`{"title":0,"nickName":false,"addresses":[{"type":"work"}]}`, Notes{Unmapped: []string{"addresses", "nickName", "title"}}},
		"a password":       {`{"password":"x","` + scim.SchemaUser + `:password":"x"}`, Notes{Unmapped: []string{"password"}}},
	} {
		session := tol.AllOn().Session()
		res, notes, err := Parse([]byte(tt.in), Limits{}, partSet(), session)
		if err != nil || !reflect.DeepEqual(notes, tt.notes) {
			t.Errorf("%s: %+v, want %+v, %v", name, notes, tt.notes, err)
		}
		if used := session.Used(); len(used) > 0 && name != "sub-attributes" {
			t.Errorf("%s: used %v for what is left out", name, used)
		}
		if _, there := res["title"]; there {
			t.Errorf("%s: %v", name, res)
		}
	}
	if _, notes, err := Parse([]byte(`{"urn:scim:schemas:extension:enterprise:1.0":{"department":"D"}}`), Limits{}, partSet(), tol.None().Session()); err != nil ||
		!reflect.DeepEqual(notes, Notes{Unknown: []string{"urn:scim:schemas:extension:enterprise:1.0"}}) {
		t.Errorf("without the leniency: %+v, %v", notes, err)
	}
}

// TestPasswordThatIsServed has a service that takes passwords.
func TestPasswordThatIsServed(t *testing.T) {
	res, notes, err := Parse([]byte(`{"userName":"a","password":"p"}`), Limits{}, schema.NewSet(schema.User()), nil)
	if err != nil || !reflect.DeepEqual(notes, Notes{}) || res["password"] != "p" {
		t.Errorf("%v, %+v, %v", res, notes, err)
	}
}
