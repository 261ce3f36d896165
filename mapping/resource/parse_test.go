package resource

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

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

// mustTree reads canonical JSON, nulls included.
func mustTree(t testing.TB, s string) Resource {
	t.Helper()
	res, err := ParseCanonical([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		set   *schema.Set
		in    string
		want  string // canonical JSON
		used  []tol.Name
		notes Notes
	}{
		{
			name: "plain", in: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":" Ana ","active":false,"emails":[{"value":"a@x","primary":true}]}`,
			want: `{"userName":" Ana ","active":false,"emails":[{"value":"a@x","primary":true}]}`,
		},
		{
			name: "names in any case", in: `{"USERNAME":"a","Name":{"FamilyName":"B"},"Emails":[{"Value":"x@x","Primary":true}],"` + ent + `":{"Department":"D"}}`,
			want: `{"userName":"a","name":{"familyName":"B"},"emails":[{"value":"x@x","primary":true}],"` + ent + `":{"department":"D"}}`,
		},
		{
			name: "OneLogin v2 Enterprise",
			in: `{"schemas":["urn:scim:schemas:core:2.0","urn:scim:schemas:extension:enterprise:2.0"],"userName":"onelogin-test-user01","name":{"familyName":" User 01","givenName":"AAA Test"},
				"emails":{"value":"o@x.test","type":"work","primary":true},"title":"","active":"1","id":null,"meta":{"resourceType":"User"},
				"urn:scim:schemas:extension:enterprise:2.0":{"department":"IT","manager":{"managerId":"7","displayName":"A B"}}}`,
			want:  `{"userName":"onelogin-test-user01","name":{"familyName":"User 01","givenName":"AAA Test"},"emails":[{"value":"o@x.test","type":"work","primary":true}],"title":null,"active":true,"` + ent + `":{"department":"IT","manager":{"value":"7"}}}`,
			used:  []tol.Name{tol.StringBooleans, tol.SingleObjectForList, tol.BlankMeansUnset, tol.TrimNames, tol.ManagerShapes, tol.ForeignURNs},
			notes: Notes{ReadOnly: []string{"id", "meta", ent + ":manager.displayName"}},
		},
		{
			name: "OneLogin with unset macros",
			in:   `{"userName":"a","name":{"givenName":"","familyName":" "},"emails":{"value":"","type":"work","primary":true},"active":"","urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":""}}}`,
			want: `{"userName":"a","name":{"givenName":null,"familyName":null},"emails":[],"` + ent + `":{"manager":{"value":null}}}`,
			used: []tol.Name{tol.SingleObjectForList, tol.NullInList, tol.BlankMeansUnset, tol.ManagerShapes, tol.ForeignURNs},
		},
		{
			name: "Entra test suite",
			in:   `{"userName":"a","active":"True","roles":[{"value":"x","primary":"True"},{"value":"y","Primary":"True"}],"` + ent + `":{"Manager":"7"},"addresses":[{"country":null,"locality":"L"}]}`,
			want: `{"userName":"a","active":true,"roles":[{"value":"x","primary":true},{"value":"y","primary":false}],"` + ent + `":{"manager":{"value":"7"}},"addresses":[{"locality":"L"}]}`,
			used: []tol.Name{tol.StringBooleans, tol.PlainStringForComplex, tol.ManyPrimaries},
		},
		{
			name: "JumpCloud", in: `{"active":true,"emails":null,"id":"1","addresses":[],"userName":"a","password":"p"}`,
			want: `{"active":true,"emails":null,"addresses":[],"userName":"a"}`, notes: Notes{Unmapped: []string{"password"}, ReadOnly: []string{"id"}},
		},
		{
			name: "dotted and URN keys", in: `{"name":{"givenName":"G"},"name.familyName":"F","` + ent + `:department":"D","` + ent + `:manager.value":"7","` + scim.SchemaUser + `:title":"T"}`,
			want: `{"name":{"givenName":"G","familyName":"F"},"title":"T","` + ent + `":{"department":"D","manager":{"value":"7"}}}`,
			used: []tol.Name{tol.URNKeys, tol.DottedKeys},
		},
		{
			name: "core attributes under their URN", in: `{"urn:scim:schemas:core:2.0:User":{"userName":"a"}}`,
			want: `{"userName":"a"}`, used: []tol.Name{tol.ForeignURNs, tol.URNKeys},
		},
		{
			name: "unknown names", in: `{"zeta":1,"alpha":{"x":2},"emails":[{"value":"v@x","extra":3}],"urn:x:y":{"k":1},"emails.value":"q","` + ent + `":{"nope":1}}`,
			want: `{"emails":[{"value":"v@x"}]}`,
			notes: Notes{
				Unmapped: []string{"emails.value"},
				Unknown:  []string{"alpha", "emails.extra", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:nope", "urn:x:y", "zeta"},
			},
			used: []tol.Name{tol.DottedKeys},
		},
		{
			name: "strings and numbers in lists", set: groupSet, in: `{"displayName":" G ","members":["1",{"value":"2","$ref":null,"display":""},null,"",{"value":3}]}`,
			want:  `{"displayName":"G","members":[{"value":"1"},{"value":"2"},{"value":"3"}]}`,
			used:  []tol.Name{tol.NumberForString, tol.PlainStringForComplex, tol.NullInList, tol.BlankMeansUnset, tol.TrimNames},
			notes: Notes{ReadOnly: []string{"members.display"}},
		},
		{
			name: "values that are there twice",
			in:   `{"emails":[{"value":"a@x","type":"work"},{"type":"WORK","value":"A@x"},{"value":"a@x","type":"home"},{"value":"a@x"}]}`,
			want: `{"emails":[{"value":"a@x","type":"work"},{"value":"a@x","type":"home"},{"value":"a@x"}]}`,
		},
		{
			name: "one value as a string", in: `{"roles":"Admin","title":["T"],"nickName":{"value":"N"},"emails":""}`,
			want: `{"roles":[{"value":"Admin"}],"title":"T","nickName":"N","emails":null}`,
			used: []tol.Name{tol.SingleObjectForList, tol.ListForSingle, tol.PlainStringForComplex, tol.ObjectForSimple, tol.BlankMeansUnset},
		},
		{
			name: "number for a boolean", in: `{"active":0}`, want: `{"active":false}`, used: []tol.Name{tol.NumberBooleans},
		},
		{
			name: "extension unset as a whole", in: `{"` + ent + `":null}`, want: `{"` + ent + `":null}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := tt.set
			if set == nil {
				set = userSet
			}
			session := tol.AllOn().Session()
			res, notes, err := Parse([]byte(tt.in), Limits{}, set, session)
			if err != nil {
				t.Fatal(err)
			}
			if want := mustTree(t, tt.want); !reflect.DeepEqual(res, want) {
				t.Errorf("got  %v\nwant %v", res, want)
			}
			if !reflect.DeepEqual(notes, tt.notes) {
				t.Errorf("notes: got %+v, want %+v", notes, tt.notes)
			}
			if got := session.Used(); !sameNames(got, tt.used) {
				t.Errorf("used: got %v, want %v", got, tt.used)
			}
			strict, _, err := Parse([]byte(tt.in), Limits{}, set, tol.None().Session())
			if len(tt.used) == 0 && (err != nil || !reflect.DeepEqual(strict, res)) {
				t.Errorf("strictly: %v, %v", strict, err)
			}
		})
	}
}

func sameNames(a, b []tol.Name) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func TestParseErrors(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)
	for _, tt := range []struct {
		name, in string
		typ      scim.ErrorType
		detail   string // must be in the detail
		off      tol.Name
	}{
		{name: "empty", in: " ", typ: scim.InvalidSyntax, detail: "empty"},
		{name: "not JSON", in: `{"userName":}`, typ: scim.InvalidSyntax, detail: "not valid JSON"},
		{name: "cut off", in: `{"userName":"a"`, typ: scim.InvalidSyntax, detail: "ends within"},
		{name: "two values", in: `{} {}`, typ: scim.InvalidSyntax, detail: "goes on"},
		{name: "no object", in: `[]`, typ: scim.InvalidSyntax, detail: "not a JSON object"},
		{name: "UTF-8", in: "{\"userName\":\"\xff\"}", typ: scim.InvalidSyntax, detail: "UTF-8"},
		{name: "half a pair", in: `{"userName":"\ud83d"}`, typ: scim.InvalidSyntax, detail: "surrogate"},
		{name: "too deep", in: deep, typ: scim.InvalidSyntax, detail: "nests deeper"},
		{name: "same name", in: `{"userName":"a","userName":"b"}`, typ: scim.InvalidSyntax, detail: "twice"},
		{name: "same name in other case", in: `{"userName":"a","USERNAME":"b"}`, typ: scim.InvalidSyntax, detail: "userName"},
		{name: "same sub-attribute", in: `{"emails":[{"value":"a@x","Value":"b@x"}]}`, typ: scim.InvalidSyntax, detail: "emails[0].value"},
		{name: "same by dotted key", in: `{"name":{"givenName":"a"},"name.givenName":"b"}`, typ: scim.InvalidSyntax, detail: "name.givenName"},
		{name: "same extension", in: `{"` + ent + `":{},"urn:scim:schemas:extension:enterprise:2.0":{}}`, typ: scim.InvalidSyntax, detail: "twice"},
		{name: "boolean", in: `{"active":"maybe"}`, typ: scim.InvalidValue, detail: "active: must be true or false"},
		{name: "boolean 2", in: `{"active":2}`, typ: scim.InvalidValue, detail: "active"},
		{name: "boolean object", in: `{"active":{}}`, typ: scim.InvalidValue, detail: "active"},
		{name: "primary", in: `{"emails":[{"value":"a@x"},{"value":"secret@x","primary":"yes"}]}`, typ: scim.InvalidValue, detail: "emails[1].primary"},
		{name: "string", in: `{"title":true}`, typ: scim.InvalidValue, detail: "title: must be a string"},
		{name: "list for single", in: `{"title":["a","b"]}`, typ: scim.InvalidValue, detail: "title"},
		{name: "complex", in: `{"name":"secret"}`, typ: scim.InvalidValue, detail: "name: must be an object"},
		{name: "base64", in: `{"x509Certificates":[{"value":"?"}]}`, typ: scim.InvalidValue, detail: "x509Certificates[0].value"},
		{name: "reference", in: `{"profileUrl":"https://x/ secret"}`, typ: scim.InvalidValue, detail: "profileUrl: must be a URI"},
		{name: "reference that is none", in: `{"profileUrl":"://secret"}`, typ: scim.InvalidValue, detail: "profileUrl: must be a URI"},
		{name: "reference in a list", in: `{"photos":[{"value":"<secret>"}]}`, typ: scim.InvalidValue, detail: "photos[0].value: must be a URI"},
		{name: "NUL", in: `{"title":"a\u0000"}`, typ: scim.InvalidValue, detail: "NUL"},
		{name: "extension", in: `{"` + ent + `":"secret"}`, typ: scim.InvalidValue, detail: "must be an object"},
		{name: "nothing storable", in: `{"emails":[{"nope":"secret"}]}`, typ: scim.InvalidValue, detail: "emails[0]"},
		{name: "off string-booleans", in: `{"active":"true"}`, typ: scim.InvalidValue, detail: "string-booleans", off: tol.StringBooleans},
		{name: "off number-booleans", in: `{"active":1}`, typ: scim.InvalidValue, detail: "number-booleans", off: tol.NumberBooleans},
		{name: "off number-for-string", in: `{"title":1}`, typ: scim.InvalidValue, detail: "number-for-string", off: tol.NumberForString},
		{name: "off object-for-list", in: `{"emails":{"value":"a@x"}}`, typ: scim.InvalidValue, detail: "object-for-list", off: tol.SingleObjectForList},
		{name: "off list-for-single", in: `{"title":["a"]}`, typ: scim.InvalidValue, detail: "list-for-single", off: tol.ListForSingle},
		{name: "off string-for-complex", in: `{"roles":["a"]}`, typ: scim.InvalidValue, detail: "string-for-complex", off: tol.PlainStringForComplex},
		{name: "off object-for-simple", in: `{"title":{"value":"a"}}`, typ: scim.InvalidValue, detail: "object-for-simple", off: tol.ObjectForSimple},
		{name: "off null-in-list", in: `{"roles":[null]}`, typ: scim.InvalidValue, detail: "null-in-list", off: tol.NullInList},
		{name: "off many-primaries", in: `{"roles":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, typ: scim.InvalidValue, detail: "many-primaries", off: tol.ManyPrimaries},
		{name: "off blank-is-unset", in: `{"active":""}`, typ: scim.InvalidValue, detail: "blank-is-unset", off: tol.BlankMeansUnset},
		{name: "off manager-shapes", in: `{"` + ent + `":{"manager":{"managerId":"a"}}}`, typ: scim.InvalidValue, detail: "manager-shapes", off: tol.ManagerShapes},
		{name: "off urn-keys", in: `{"` + ent + `:department":"a"}`, typ: scim.InvalidSyntax, detail: "urn-keys", off: tol.URNKeys},
		{name: "off dotted-keys", in: `{"name.givenName":"a"}`, typ: scim.InvalidSyntax, detail: "dotted-keys", off: tol.DottedKeys},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Parse([]byte(tt.in), Limits{}, userSet, tol.AllOn().Without(tt.off).Session())
			if err == nil {
				t.Fatal("no error")
			}
			e := scim.AsError(err)
			if e.Status != 400 || e.Type != tt.typ || !strings.Contains(e.Detail, tt.detail) {
				t.Errorf("got %v, want %s with %q", e, tt.typ, tt.detail)
			}
			if strings.Contains(e.Detail, "secret") {
				t.Errorf("the detail shows a value: %v", e)
			}
			if tt.off != "" {
				if _, _, err := Parse([]byte(tt.in), Limits{}, userSet, nil); err != nil {
					t.Errorf("with the leniency on: %v", err)
				}
			}
		})
	}
}

func TestBlankKeptWhenOff(t *testing.T) {
	res, _, err := Parse([]byte(`{"title":"","displayName":" x"}`), Limits{}, userSet, tol.None().Session())
	if err != nil || !reflect.DeepEqual(res, Resource{"title": "", "displayName": " x"}) {
		t.Errorf("got %v, %v", res, err)
	}
}

// TestBlankMoment has no moment be one even where blanks are texts.
func TestBlankMoment(t *testing.T) {
	set := schema.NewSet(&schema.Schema{ID: "urn:x:Device", Attributes: []*schema.Attribute{{Name: "bought", Type: schema.DateTime}}})
	if _, _, err := Parse([]byte(`{"bought":""}`), Limits{}, set, tol.None().Session()); err == nil || scim.AsError(err).Type != scim.InvalidValue {
		t.Errorf("got %v", err)
	}
}

func TestNotesAreBoundedAndClean(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"a\nb":1`)
	for i := range 200 {
		b.WriteString(`,"` + strings.Repeat("n", i+1) + `":1`)
	}
	b.WriteString("}")
	_, notes, err := Parse([]byte(b.String()), Limits{}, userSet, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(notes.Unknown) != maxNotes || !slices.IsSorted(notes.Unknown) || notes.Unknown[0] != "a?b" {
		t.Errorf("%d notes, first %q", len(notes.Unknown), notes.Unknown[0])
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"userName":"a","active":"False","name":{"familyName":" F","givenName":""},"name.middleName":"m"}`,
		`{"emails":{"value":"a@x","primary":"true"},"roles":"x","roles.value":"y"}`,
		`{"urn:scim:schemas:extension:enterprise:2.0":{"manager":{"managerId":"7"}},"id":null,"meta":{}}`,
		`{"` + ent + `:department":"D","x509Certificates":[{"value":"YQ=="}]}`,
		`{"emails":null,"addresses":[],"phoneNumbers":[{"value":1e3}]}`,
		`{"userName":"\ud83d\ude00"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		res, notes, err := Parse(body, Limits{}, userSet, tol.AllOn().Session())
		res2, notes2, err2 := Parse(body, Limits{}, userSet, tol.AllOn().Session())
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("two parses differ: %v, %v", err, err2)
		}
		if err != nil {
			if e := scim.AsError(err); e.Status == 500 {
				t.Fatalf("an error of the server: %v", err)
			}
			return
		}
		if !reflect.DeepEqual(res, res2) || !reflect.DeepEqual(notes, notes2) {
			t.Fatal("two parses differ")
		}
		text := encode(res, userSet)
		if !json.Valid(text) {
			t.Fatalf("invalid JSON: %s", text)
		}
		strict := tol.None().Session()
		again, notes, err := Parse(text, Limits{}, userSet, strict)
		if err != nil {
			t.Fatalf("canonical text is refused: %v\n%s", err, text)
		}
		if !reflect.DeepEqual(notes, Notes{}) {
			t.Fatalf("canonical text has notes %v\n%s", notes, text)
		}
		if text2 := encode(again, userSet); string(text2) != string(text) {
			t.Fatalf("canonical text changes\n%s\n%s", text, text2)
		}
	})
}
