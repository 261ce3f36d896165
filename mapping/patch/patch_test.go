package patch

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	tol "github.com/qualytics/scim-sidecar/mapping/tolerance"
)

var (
	userSet  = schema.NewSet(userWithoutPassword(), schema.EnterpriseUser())
	groupSet = schema.NewSet(schema.Group())
)

const ent = scim.SchemaEnterpriseUser

// userWithoutPassword is what a service has that has no place for passwords.
func userWithoutPassword() *schema.Schema {
	user := schema.User()
	user.Attributes = slices.DeleteFunc(user.Attributes, func(a *schema.Attribute) bool { return a.Name == "password" })
	return user
}

func tree(t testing.TB, s string) resource.Resource {
	t.Helper()
	res, err := resource.ParseCanonical([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

const (
	user = `{"id":"1","userName":"ana","displayName":"Ana","title":"T","active":true,"name":{"givenName":"Ana","familyName":"R"},
		"emails":[{"value":"a@w","type":"work","primary":true},{"value":"a@h","type":"home"}],
		"` + ent + `":{"department":"IT","manager":{"value":"7","displayName":"B"}}}`
	group = `{"id":"g","displayName":"G","members":[{"value":"1","display":"one"},{"value":"2","type":"User"}]}`
)

// run parses and applies the operations in ops, or the body in ops if it is an
// object, to a user or, if there is "members" in it, a group.
func run(t *testing.T, ops string, session *tol.Session) (before, out resource.Resource, touched []schema.Path, notes resource.Notes, err error) {
	t.Helper()
	body := ops
	if !strings.HasPrefix(ops, "{") {
		body = `{"schemas":["` + scim.MessagePatchOp + `"],"Operations":` + ops + `}`
	}
	set, text := userSet, user
	if strings.Contains(ops, "members") || strings.Contains(ops, `"G`) {
		set, text = groupSet, group
	}
	before = tree(t, text)
	parsed, notes, err := Parse([]byte(body), Limits{}, set, session)
	if err != nil {
		return before, nil, nil, notes, err
	}
	out, touched, err = Apply(before, parsed, set, session)
	if !reflect.DeepEqual(before, tree(t, text)) {
		t.Error("Apply changed its input")
	}
	return before, out, touched, notes, err
}

func TestPatch(t *testing.T) {
	for _, tt := range []struct {
		name    string
		ops     string
		want    string // members of the result that differ; absent ones stay
		touched string
		used    []tol.Name
		notes   resource.Notes
	}{
		{name: "replace", ops: `[{"op":"replace","path":"displayName","value":"B"}]`, want: `{"displayName":"B"}`, touched: "displayName"},
		{name: "add is replace for a single value", ops: `[{"op":"add","path":"TITLE","value":"B"}]`, want: `{"title":"B"}`, touched: "title"},
		{name: "remove leaves null", ops: `[{"op":"remove","path":"title"}]`, want: `{"title":null}`, touched: "title"},
		{name: "remove what is not there", ops: `[{"op":"remove","path":"nickName"}]`, want: `{}`, touched: "nickName"},
		{name: "replace with null", ops: `[{"op":"replace","path":"title","value":null}]`, want: `{"title":null}`, touched: "title"},
		{name: "order counts", ops: `[{"op":"remove","path":"title"},{"op":"add","path":"title","value":"X"},{"op":"replace","path":"title","value":"Y"}]`, want: `{"title":"Y"}`, touched: "title"},
		{name: "sub-attribute", ops: `[{"op":"replace","path":"name.familyName","value":"S"}]`, want: `{"name":{"givenName":"Ana","familyName":"S"}}`, touched: "name.familyName"},
		{name: "remove sub-attribute", ops: `[{"op":"remove","path":"name.familyName"}]`, want: `{"name":{"givenName":"Ana","familyName":null}}`, touched: "name.familyName"},
		{name: "complex merges", ops: `[{"op":"replace","path":"name","value":{"familyName":"S"}}]`, want: `{"name":{"givenName":"Ana","familyName":"S"}}`, touched: "name.familyName"},
		{name: "extension attribute", ops: `[{"op":"replace","path":"` + ent + `:department","value":"HR"}]`, want: `{"` + ent + `":{"department":"HR","manager":{"value":"7","displayName":"B"}}}`, touched: ent + ":department"},
		{name: "extension as a whole", ops: `[{"op":"add","path":"` + ent + `","value":{"costCenter":"C"}}]`, want: `{"` + ent + `":{"department":"IT","costCenter":"C","manager":{"value":"7","displayName":"B"}}}`, touched: ent + ":costCenter"},
		{name: "remove extension", ops: `[{"op":"remove","path":"` + ent + `"}]`, want: `{"` + ent + `":{"department":null,"manager":null}}`, touched: ent},
		{name: "add appends", ops: `[{"op":"add","path":"emails","value":[{"value":"b@x","type":"other"},{"value":"A@W","type":"work"}]}]`, want: `{"emails":[{"value":"a@w","type":"work","primary":true},{"value":"a@h","type":"home"},{"value":"b@x","type":"other"}]}`, touched: "emails"},
		{name: "primary moves", ops: `[{"op":"add","path":"emails","value":[{"value":"b@x","primary":true}]}]`, want: `{"emails":[{"value":"a@w","type":"work","primary":false},{"value":"a@h","type":"home"},{"value":"b@x","primary":true}]}`, touched: "emails"},
		{name: "primary moves by path", ops: `[{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}]`, want: `{"emails":[{"value":"a@w","type":"work","primary":false},{"value":"a@h","type":"home","primary":true}]}`, touched: "emails.primary"},
		{name: "filter and sub", ops: `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"n@x"}]`, want: `{"emails":[{"value":"n@x","type":"work","primary":true},{"value":"a@h","type":"home"}]}`, touched: "emails.value"},
		{name: "filter replaces", ops: `[{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n@x"}}]`, want: `{"emails":[{"value":"n@x","type":"work"},{"value":"a@h","type":"home"}]}`, touched: "emails"},
		{name: "filter adds", ops: `[{"op":"add","path":"emails[type eq \"work\"]","value":{"display":"n"}}]`, want: `{"emails":[{"value":"a@w","type":"work","primary":true,"display":"n"},{"value":"a@h","type":"home"}]}`, touched: "emails"},
		{name: "filter removes", ops: `[{"op":"remove","path":"emails[type eq \"work\"]"}]`, want: `{"emails":[{"value":"a@h","type":"home"}]}`, touched: "emails"},
		{name: "filter removes sub", ops: `[{"op":"remove","path":"emails[type eq \"home\"].type"}]`, want: `{"emails":[{"value":"a@w","type":"work","primary":true},{"value":"a@h"}]}`, touched: "emails.type"},
		{name: "filter removes value", ops: `[{"op":"remove","path":"emails[type eq \"home\"].value"}]`, want: `{"emails":[{"value":"a@w","type":"work","primary":true}]}`, touched: "emails.value"},
		{name: "filter removes nothing", ops: `[{"op":"remove","path":"emails[type eq \"x\"]"}]`, want: `{}`, touched: "emails"},
		{name: "replace list", ops: `[{"op":"replace","path":"emails","value":[]}]`, want: `{"emails":[]}`, touched: "emails"},
		{
			name: "Entra creates the element", ops: `[{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"},{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"DE"}]`,
			want: `{"phoneNumbers":[{"type":"mobile","value":"1"}],"addresses":[{"type":"work","country":"DE"}]}`, touched: "phoneNumbers.value addresses.country", used: []tol.Name{tol.OpCase, tol.FilterPathCreates},
		},
		{name: "Entra disables", ops: `[{"op":"Replace","path":"active","value":"False"}]`, want: `{"active":false}`, touched: "active", used: []tol.Name{tol.StringBooleans, tol.OpCase}},
		{
			name: "Entra with flag", ops: `[{"op":"replace","value":{"displayName":"B","name.givenName":"C","emails[type eq \"work\"].value":"n@x","` + ent + `:department":"HR"}}]`,
			want:    `{"displayName":"B","name":{"givenName":"C","familyName":"R"},"emails":[{"value":"n@x","type":"work","primary":true},{"value":"a@h","type":"home"}],"` + ent + `":{"department":"HR","manager":{"value":"7","displayName":"B"}}}`,
			touched: "displayName name.givenName emails.value " + ent + ":department", used: []tol.Name{tol.URNKeys, tol.DottedKeys, tol.PathKeys},
		},
		{
			name: "Entra manager", ops: `[{"op":"add","path":"` + ent + `:manager","value":[{"$ref":"http://x/8","value":"8"}]}]`,
			want: `{"` + ent + `":{"department":"IT","manager":{"value":"8","$ref":"http://x/8","displayName":"B"}}}`, touched: ent + ":manager.value " + ent + ":manager.$ref", used: []tol.Name{tol.ListForSingle},
		},
		{
			name: "Okta rename", ops: `[{"op":"replace","value":{"id":"g","displayName":"G2"}}]`, want: `{"displayName":"G2"}`, touched: "displayName",
			used: []tol.Name{tol.PathlessReadOnly}, notes: resource.Notes{ReadOnly: []string{"id"}},
		},
		{name: "Okta password", ops: `[{"op":"replace","value":{"password":"p"}}]`, want: `{}`, notes: resource.Notes{Unmapped: []string{"password"}}},
		{name: "password by path", ops: `[{"op":"replace","path":"password","value":"p"}]`, want: `{}`, notes: resource.Notes{Unmapped: []string{"password"}}},
		{name: "unknown in a value", ops: `[{"op":"replace","value":{"active":false,"zip":1,"zap":2}}]`, want: `{"active":false}`, touched: "active", notes: resource.Notes{Unknown: []string{"zap", "zip"}}},
		{name: "blank boolean", ops: `[{"op":"replace","value":{"active":""}}]`, want: `{}`, used: []tol.Name{tol.BlankMeansUnset}},
		{name: "an element with the same immutable", ops: `[{"op":"replace","path":"members[value eq \"2\"]","value":{"value":"2","type":"user"}}]`, want: `{"members":[{"value":"1","display":"one"},{"value":"2","type":"user"}]}`, touched: "members"},
		{name: "member again", ops: `[{"op":"add","path":"members","value":[{"value":"1","display":"x"}]}]`, want: `{}`, touched: "members", notes: resource.Notes{ReadOnly: []string{"members.display"}}},
		{name: "Entra members", ops: `[{"op":"Add","path":"members","value":[{"$ref":null,"value":"3"}]}]`, want: `{"members":[{"value":"1","display":"one"},{"value":"2","type":"User"},{"value":"3"}]}`, touched: "members", used: []tol.Name{tol.OpCase}},
		{name: "member as an object", ops: `[{"op":"add","path":"members","value":{"value":"3"}}]`, want: `{"members":[{"value":"1","display":"one"},{"value":"2","type":"User"},{"value":"3"}]}`, touched: "members", used: []tol.Name{tol.SingleObjectForList}},
		{name: "member as a string", ops: `[{"op":"add","path":"members","value":"3"}]`, want: `{"members":[{"value":"1","display":"one"},{"value":"2","type":"User"},{"value":"3"}]}`, touched: "members", used: []tol.Name{tol.SingleObjectForList, tol.PlainStringForComplex}},
		{
			name: "OneLogin removes listed", ops: `[{"op":"remove","path":"members","value":[{"value":"1","display":""},{"value":"9"}]}]`, want: `{"members":[{"value":"2","type":"User"}]}`, touched: "members",
			used: []tol.Name{tol.RemoveWithValueList}, notes: resource.Notes{ReadOnly: []string{"members.display"}},
		},
		{name: "remove an empty list of members", ops: `[{"op":"remove","path":"members","value":[]}]`, want: `{}`, touched: "members", used: []tol.Name{tol.RemoveWithValueList}},
		{name: "remove all members", ops: `[{"op":"remove","path":"members"}]`, want: `{"members":null}`, touched: "members"},
		{name: "remove one member", ops: `[{"op":"remove","path":"members[value eq \"1\"]"}]`, want: `{"members":[{"value":"2","type":"User"}]}`, touched: "members"},
		{name: "remove last members", ops: `[{"op":"remove","path":"members[value eq \"1\" or value eq \"2\"]"}]`, want: `{"members":[]}`, touched: "members"},
		{name: "replace members", ops: `[{"op":"replace","path":"members","value":[{"value":"5"},{"value":"5"}]}]`, want: `{"members":[{"value":"5"}]}`, touched: "members"},
		{
			name: "many at once", ops: `[{"op":"remove","path":"members","value":["1","3","4","5","6","7"]},{"op":"add","path":"members","value":["2","3","4","5","3","7"]}]`,
			want: `{"members":[{"value":"2","type":"User"},{"value":"3"},{"value":"4"},{"value":"5"},{"value":"7"}]}`, touched: "members", used: []tol.Name{tol.PlainStringForComplex, tol.RemoveWithValueList},
		},
		{name: "SCIM 1.1 add", ops: `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"3"}]}`, want: `{"members":[{"value":"1","display":"one"},{"value":"2","type":"User"},{"value":"3"}]}`, touched: "members", used: []tol.Name{tol.SCIM11Patch}},
		{name: "SCIM 1.1 mixed", ops: `{"displayName":"G3","members":[{"value":"1","operation":"delete"},{"value":"3","operation":"add"}]}`, want: `{"displayName":"G3","members":[{"value":"2","type":"User"},{"value":"3"}]}`, touched: "displayName members", used: []tol.Name{tol.RemoveWithValueList, tol.SCIM11Patch}},
		{name: "SCIM 1.1 meta", ops: `{"meta":{"attributes":["title","name.familyName"]},"active":false}`, want: `{"active":false,"title":null,"name":{"givenName":"Ana","familyName":null}}`, touched: "title name.familyName active", used: []tol.Name{tol.SCIM11Patch}},
		{name: "schemas are left alone", ops: `[{"op":"add","path":"schemas","value":["x"]},{"op":"replace","path":"title","value":"Z","name":"x"}]`, want: `{"title":"Z"}`, touched: "title"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			session := tol.AllOn().Session()
			want, out, touched, notes, err := run(t, tt.ops, session)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range tree(t, tt.want) {
				want[k] = v
			}
			if !reflect.DeepEqual(out, want) {
				t.Errorf("got  %v\nwant %v", out, want)
			}
			var paths []string
			for _, p := range touched {
				paths = append(paths, p.String())
			}
			if got := strings.Join(paths, " "); got != tt.touched {
				t.Errorf("touched: got %s, want %s", got, tt.touched)
			}
			got, used := session.Used(), slices.Clone(tt.used)
			slices.Sort(got)
			slices.Sort(used)
			if !slices.Equal(got, used) {
				t.Errorf("used: got %v, want %v", got, used)
			}
			if !reflect.DeepEqual(notes, tt.notes) {
				t.Errorf("notes: got %+v, want %+v", notes, tt.notes)
			}
			if len(used) == 0 {
				if _, strict, _, _, err := run(t, tt.ops, tol.None().Session()); err != nil || !reflect.DeepEqual(strict, out) {
					t.Errorf("strictly: %v, %v", strict, err)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name, ops string
		typ       scim.ErrorType
		off       tol.Name
	}{
		{name: "no operations", ops: `{"schemas":[]}`, typ: scim.InvalidSyntax},
		{name: "empty operations", ops: `[]`, typ: scim.InvalidSyntax},
		{name: "no list", ops: `"x"`, typ: scim.InvalidSyntax},
		{name: "no object", ops: `["x"]`, typ: scim.InvalidSyntax},
		{name: "no op", ops: `[{"path":"title","value":"x"}]`, typ: scim.InvalidSyntax},
		{name: "unknown op", ops: `[{"op":"move","path":"title","value":"x"}]`, typ: scim.InvalidSyntax},
		{name: "op twice", ops: `[{"op":"add","OP":"add","path":"title","value":"x"}]`, typ: scim.InvalidSyntax},
		{name: "remove without path", ops: `[{"op":"remove","value":{"title":"x"}}]`, typ: scim.NoTarget},
		{name: "no value", ops: `[{"op":"replace","path":"title"}]`, typ: scim.InvalidValue},
		{name: "pathless value", ops: `[{"op":"replace","value":"secret"}]`, typ: scim.InvalidValue},
		{name: "wrong type", ops: `[{"op":"replace","path":"active","value":"secret"}]`, typ: scim.InvalidValue},
		{name: "path is a number", ops: `[{"op":"replace","path":1,"value":"x"}]`, typ: scim.InvalidPath},
		{name: "off unmapped-paths", ops: `[{"op":"replace","path":"nope","value":"x"}]`, typ: scim.InvalidPath, off: tol.UnmappedPaths},
		{name: "a kind of role", ops: `[{"op":"replace","path":"roles[value eq \"none\"].value","value":"x"}]`, typ: scim.NoTarget},
		{name: "a kind of role by type", ops: `[{"op":"add","path":"roles[type eq \"none\"].value","value":"x"}]`, typ: scim.NoTarget},
		{name: "a member that is not there", ops: `[{"op":"replace","path":"members[value eq \"99\"].value","value":"22"}]`, typ: scim.NoTarget},
		{name: "a value that is not there", ops: `[{"op":"replace","path":"emails[value eq \"nobody@x.test\"].type","value":"work"}]`, typ: scim.NoTarget},
		{name: "bad path", ops: `[{"op":"replace","path":"emails[type eq \"x\"","value":"x@x"}]`, typ: scim.InvalidFilter},
		{name: "filter on a single value", ops: `[{"op":"replace","path":"name[givenName eq \"x\"].familyName","value":"x"}]`, typ: scim.InvalidPath},
		{name: "read-only", ops: `[{"op":"replace","path":"id","value":"x"}]`, typ: scim.Mutability},
		{name: "read-only list", ops: `[{"op":"remove","path":"groups"}]`, typ: scim.Mutability},
		{name: "read-only sub", ops: `[{"op":"replace","path":"` + ent + `:manager.displayName","value":"x"}]`, typ: scim.Mutability},
		{name: "required", ops: `[{"op":"remove","path":"userName"}]`, typ: scim.Mutability},
		{name: "required unset", ops: `[{"op":"replace","value":{"userName":" "}}]`, typ: scim.Mutability},
		{name: "immutable", ops: `[{"op":"replace","path":"members[value eq \"1\"].value","value":"9"}]`, typ: scim.Mutability},
		{name: "immutable in an element", ops: `[{"op":"replace","path":"members[value eq \"1\"]","value":{"value":"9"}}]`, typ: scim.Mutability},
		{name: "no target", ops: `[{"op":"replace","path":"emails[value co \"x\"].type","value":"home"}]`, typ: scim.NoTarget},
		{name: "contradiction", ops: `[{"op":"replace","path":"emails[type eq \"x\" and type eq \"y\"].value","value":"h@x"}]`, typ: scim.NoTarget},
		{name: "all or nothing", ops: `[{"op":"replace","path":"title","value":"x"},{"op":"remove","path":"userName"}]`, typ: scim.Mutability},
		{name: "off op-case", ops: `[{"op":"Add","path":"title","value":"x"}]`, typ: scim.InvalidSyntax, off: tol.OpCase},
		{name: "off pathless-read-only", ops: `[{"op":"add","value":{"id":"x"}}]`, typ: scim.Mutability, off: tol.PathlessReadOnly},
		{name: "off remove-with-values", ops: `[{"op":"remove","path":"members","value":[{"value":"1"}]}]`, typ: scim.InvalidValue, off: tol.RemoveWithValueList},
		{name: "off filter-path-creates", ops: `[{"op":"add","path":"emails[type eq \"other\"].value","value":"x@x"}]`, typ: scim.NoTarget, off: tol.FilterPathCreates},
		{name: "off scim11-patch", ops: `{"members":[{"value":"1"}]}`, typ: scim.InvalidSyntax, off: tol.SCIM11Patch},
		{name: "off path-keys", ops: `[{"op":"add","value":{"emails[type eq \"work\"].value":"x@x"}}]`, typ: scim.InvalidSyntax, off: tol.PathKeys},
		{name: "off object-for-list", ops: `{"Operations":{"op":"add","path":"title","value":"x"}}`, typ: scim.InvalidSyntax, off: tol.SingleObjectForList},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, out, touched, _, err := run(t, tt.ops, tol.AllOn().Without(tt.off).Session())
			e := scim.AsError(err)
			if e == nil || e.Status != 400 || e.Type != tt.typ || out != nil || touched != nil {
				t.Fatalf("got %v with %v", err, out)
			}
			if strings.Contains(e.Detail, "secret") || !strings.Contains(e.Detail, string(tt.off)) {
				t.Errorf("detail: %s", e.Detail)
			}
			if tt.off != "" {
				if _, _, _, _, err := run(t, tt.ops, nil); err != nil {
					t.Errorf("with the leniency on: %v", err)
				}
			}
		})
	}
}

func TestTooManyOperations(t *testing.T) {
	body := `{"Operations":[` + strings.Repeat(`{"op":"remove","path":"title"},`, 3) + `{"op":"remove","path":"title"}]}`
	_, _, err := Parse([]byte(body), Limits{Operations: 3}, userSet, nil)
	if e := scim.AsError(err); e == nil || e.Status != 413 {
		t.Errorf("got %v", err)
	}
	if _, _, err := Parse([]byte(body), Limits{Operations: 4}, userSet, nil); err != nil {
		t.Error(err)
	}
}

func TestApplyToNothing(t *testing.T) {
	ops, _, err := Parse([]byte(`{"Operations":[{"op":"add","path":"name.givenName","value":"x"}]}`), Limits{}, userSet, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := Apply(nil, ops, userSet, nil)
	if want := tree(t, `{"name":{"givenName":"x"}}`); err != nil || !reflect.DeepEqual(out, want) {
		t.Errorf("got %v, %v", out, err)
	}
}

func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		`{"Operations":[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n@x"}]}`,
		`{"Operations":[{"op":"add","value":{"name.givenName":"C","emails":[{"value":"b@x","primary":"True"}]}},{"op":"remove","path":"emails","value":["b"]}]}`,
		`{"Operations":[{"op":"remove","path":"` + ent + `"},{"op":"add","path":"roles[value eq \"x\"].display","value":"y"}]}`,
		`{"emails":[{"value":"a@w","operation":"delete"},{"value":"z@x"}],"meta":{"attributes":["title"]}}`,
		`{"Operations":[{"op":"replace","path":"emails.type","value":"x@x"},{"op":"remove","path":"emails.value"}]}`,
	} {
		f.Add([]byte(s))
	}
	before := tree(f, user)
	f.Fuzz(func(t *testing.T, body []byte) {
		ops, _, err := Parse(body, Limits{}, userSet, tol.AllOn().Session())
		if err != nil {
			if e := scim.AsError(err); e.Status == 500 {
				t.Fatal(err)
			}
			return
		}
		out, touched, err := Apply(before, ops, userSet, nil)
		if !reflect.DeepEqual(before, tree(t, user)) {
			t.Fatal("the input changed")
		}
		if err != nil {
			return
		}
		out2, touched2, err := Apply(before, ops, userSet, nil)
		if err != nil || !reflect.DeepEqual(out, out2) || !reflect.DeepEqual(touched, touched2) {
			t.Fatal("two runs differ")
		}
		// What the operations do not aim at stays as it was.
		aimed := map[string]bool{}
		for _, p := range touched {
			aimed[p.URN+"|"+p.Name], aimed[p.URN+"|"] = true, true
		}
		for k, v := range before {
			if !aimed["|"+k] && !aimed[k+"|"] && !reflect.DeepEqual(out[k], v) {
				t.Fatalf("%s changed, touched %v", k, touched)
			}
		}
		primaries := 0
		list, _ := out["emails"].([]any)
		for _, e := range list {
			m := e.(map[string]any)
			if m["primary"] == true {
				primaries++
			}
			for k, v := range m {
				if v == nil {
					t.Fatalf("emails.%s is null", k)
				}
			}
		}
		if primaries > 1 {
			t.Fatalf("%d primary values", primaries)
		}
	})
}

func BenchmarkAddMembers(b *testing.B) {
	var members []any
	for i := range 10000 {
		members = append(members, map[string]any{"value": strings.Repeat("9", i%7) + string(rune('a'+i%26)) + strings.Repeat("1", i/1000)})
	}
	res := resource.Resource{"members": members}
	ops, _, err := Parse([]byte(`{"Operations":[`+strings.Repeat(`{"op":"add","path":"members","value":[{"value":"new"}]},`, 99)+`{"op":"remove","path":"members[value eq \"new\"]"}]}`), Limits{}, groupSet, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := Apply(res, ops, groupSet, nil); err != nil {
			b.Fatal(err)
		}
	}
}
