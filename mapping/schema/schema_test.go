package schema

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

func TestAttributeJSON(t *testing.T) {
	for _, tt := range []struct {
		name string
		attr *Attribute
		want string
	}{
		{
			"text", User().Attribute("USERNAME"),
			`{"name":"userName","type":"string","multiValued":false,"description":"The name by which the user signs in; unique among all users.","required":true,"caseExact":false,"mutability":"readWrite","returned":"default","uniqueness":"server"}`,
		},
		{
			"boolean", User().Attribute("active"),
			`{"name":"active","type":"boolean","multiValued":false,"description":"Whether the user may use the service.","required":false,"mutability":"readWrite","returned":"default"}`,
		},
		{
			"reference", Group().Attribute("members").Sub("$REF"),
			`{"name":"$ref","type":"reference","multiValued":false,"description":"The member's URI.","required":false,"caseExact":true,"mutability":"immutable","returned":"default","uniqueness":"none","referenceTypes":["User","Group"]}`,
		},
		{
			"defaults", &Attribute{Name: "x", Type: Integer},
			`{"name":"x","type":"integer","multiValued":false,"description":"","required":false,"mutability":"readWrite","returned":"default","uniqueness":"none"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.attr)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSchemasAreComplete(t *testing.T) {
	var walk func(t *testing.T, a *Attribute)
	walk = func(t *testing.T, a *Attribute) {
		if a.Description == "" || a.Mutability == "" || a.Returned == "" || a.Uniqueness == "" {
			t.Errorf("%s lacks a characteristic: %+v", a.Name, a)
		}
		if (a.Type == Complex) != (len(a.SubAttributes) > 0) {
			t.Errorf("%s: type %s with %d sub-attributes", a.Name, a.Type, len(a.SubAttributes))
		}
		for _, s := range a.SubAttributes {
			walk(t, s)
		}
	}
	for _, s := range []*Schema{User(), Group(), EnterpriseUser()} {
		for _, a := range s.Attributes {
			walk(t, a)
		}
	}
	if n := len(User().Attributes); n != 21 {
		t.Errorf("User has %d attributes, want 21", n)
	}
	if n := len(EnterpriseUser().Attributes); n != 6 {
		t.Errorf("EnterpriseUser has %d attributes, want 6", n)
	}
}

func TestCloneIsDeep(t *testing.T) {
	orig := User()
	c := orig.Clone()
	if !reflect.DeepEqual(orig, c) {
		t.Fatal("clone differs")
	}
	c.Attribute("name").Sub("givenName").Required = true
	c.Attribute("emails").Sub("type").CanonicalValues[0] = "x"
	if !reflect.DeepEqual(orig, User()) {
		t.Error("changing the clone changed the original")
	}
}

func TestParseAttrPath(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Path
		bad  bool
	}{
		{in: "userName", want: Path{Name: "userName"}},
		{in: "name.familyName", want: Path{Name: "name", Sub: "familyName"}},
		{in: "members.$ref", want: Path{Name: "members", Sub: "$ref"}},
		{in: scim.SchemaEnterpriseUser + ":manager.displayName", want: Path{scim.SchemaEnterpriseUser, "manager", "displayName"}},
		{in: "urn:scim:schemas:extension:enterprise:1.0", want: Path{URN: "urn:scim:schemas:extension:enterprise:1.0"}},
		{in: "http://x.test/2.0/Group:displayName", want: Path{URN: "http://x.test/2.0/Group", Name: "displayName"}},
		{in: "", bad: true},
		{in: "name.", bad: true},
		{in: ".name", bad: true},
		{in: "a.b.c", bad: true},
		{in: ":name", bad: true},
		{in: "urn:x:", bad: true},
		{in: "1st", bad: true},
		{in: "user name", bad: true},
		{in: `emails[type eq "work"]`, bad: true},
	} {
		got, err := ParseAttrPath(tt.in)
		if (err != nil) != tt.bad || got != tt.want {
			t.Errorf("%q: got %+v, %v", tt.in, got, err)
		}
		if err != nil && scim.AsError(err).Type != scim.InvalidPath {
			t.Errorf("%q: %v is not invalidPath", tt.in, err)
		}
	}
}

func TestResolve(t *testing.T) {
	user := NewSet(User(), EnterpriseUser())
	group := NewSet(Group())
	for _, tt := range []struct {
		set  *Set
		in   string
		want string // canonical path; empty if there is no such thing
		used []tolerance.Name
	}{
		{user, "USERNAME", "userName", nil},
		{user, "Name.FAMILYname", "name.familyName", nil},
		{user, "externalid", "externalId", nil},
		{user, "meta.lastmodified", "meta.lastModified", nil},
		{user, "schemas", "schemas", nil},
		{user, "URN:ietf:params:scim:schemas:core:2.0:user:username", "userName", nil},
		{user, scim.SchemaUser, scim.SchemaUser, nil},
		{user, "urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User", scim.SchemaEnterpriseUser, nil},
		{user, scim.SchemaEnterpriseUser + ":MANAGER.value", scim.SchemaEnterpriseUser + ":manager.value", nil},
		{user, "urn:scim:schemas:extension:enterprise:1.0:department", scim.SchemaEnterpriseUser + ":department", []tolerance.Name{tolerance.ForeignURNs}},
		{user, "urn:scim:schemas:extension:enterprise:2.0", scim.SchemaEnterpriseUser, []tolerance.Name{tolerance.ForeignURNs}},
		{user, "urn:scim:schemas:core:2.0:userName", "userName", []tolerance.Name{tolerance.ForeignURNs}},
		{group, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group:displayName", "displayName", []tolerance.Name{tolerance.ForeignURNs}},
		{user, "department", "", nil},
		{user, "name.nope", "", nil},
		{user, "userName.value", "", nil},
		{group, scim.SchemaEnterpriseUser + ":department", "", nil},
		{group, "userName", "", nil},
		{user, "urn:x:y:userName", "", nil},
		{user, "nic\u212aName", "", nil},
	} {
		t.Run(tt.in, func(t *testing.T) {
			p, err := ParseAttrPath(tt.in)
			if err != nil {
				if tt.want == "" {
					return
				}
				t.Fatal(err)
			}
			tol := tolerance.AllOn().Session()
			r, ok := tt.set.ResolveFor(p, tol)
			if ok != (tt.want != "") {
				t.Fatalf("found: %v", ok)
			}
			if ok && r.Path().String() != tt.want {
				t.Errorf("got %s, want %s", r.Path(), tt.want)
			}
			if got := tol.Used(); ok && !slices.Equal(got, tt.used) {
				t.Errorf("used %v, want %v", got, tt.used)
			}
			if _, ok := tt.set.Resolve(p); ok != (tt.want != "" && tt.used == nil) {
				t.Errorf("strict: found %v", ok)
			}
			if ok {
				again, err := ParseAttrPath(tt.want)
				if err != nil {
					t.Fatal(err)
				}
				if r2, ok := tt.set.Resolve(again); !ok || r2.Path() != r.Path() {
					t.Errorf("canonical path does not resolve to itself: %v", r2.Path())
				}
			}
		})
	}
}

func TestCoreOverridesCommon(t *testing.T) {
	core := Group()
	core.Attributes = append(core.Attributes, &Attribute{Name: "externalId", Type: String, Mutability: ReadOnly})
	if a := NewSet(core).Attribute("EXTERNALID"); !a.IsReadOnly() {
		t.Error("the core schema's own externalId is ignored")
	}
}

func TestWithout(t *testing.T) {
	full := NewSet(User(), EnterpriseUser())
	part := full.Without("externalId").Within(full)
	if part.Attribute("EXTERNALID") != nil || part.Attribute("id") == nil || full.Attribute("externalId") == nil {
		t.Error("not externalId alone is gone")
	}
	if _, ok := part.Resolve(Path{Name: "externalId"}); ok {
		t.Error("the path to what is gone leads somewhere")
	}
	if r, ok := part.Full().Resolve(Path{Name: "externalid"}); !ok || r.Path().String() != "externalId" {
		t.Error("the full set has lost it")
	}
}

func TestResolvedIsReadOnly(t *testing.T) {
	set := NewSet(User(), EnterpriseUser())
	for in, want := range map[string]bool{
		"id": true, "meta.created": true, "groups": true, "groups.value": true, "userName": false, "name.givenName": false,
		scim.SchemaEnterpriseUser: false, scim.SchemaEnterpriseUser + ":manager": false, scim.SchemaEnterpriseUser + ":manager.displayName": true,
	} {
		path, err := ParseAttrPath(in)
		r, ok := set.Resolve(path)
		if err != nil || !ok || r.IsReadOnly() != want {
			t.Errorf("%s: %t, %v", in, r.IsReadOnly(), err)
		}
	}
}

func TestIsURI(t *testing.T) {
	for in, want := range map[string]bool{
		"urn:example:params:scim:schemas:core:2.0:Device": true, "urn:x:y": true, "http://x.test/2.0/Group": true,
		"": false, "Device": false, "urn:": false, "urn:two words": false, ":x": false, "1:x": false, "urn:x[1]": false, "urn:\u00fc": false,
	} {
		if IsURI(in) != want {
			t.Errorf("%q: %t", in, !want)
		}
	}
}
