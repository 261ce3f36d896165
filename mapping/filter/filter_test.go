package filter

import (
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	tol "github.com/qualytics/scim-sidecar/mapping/tolerance"
)

var (
	userSet  = schema.NewSet(schema.User(), schema.EnterpriseUser())
	groupSet = schema.NewSet(schema.Group())
)

const ent = scim.SchemaEnterpriseUser

func tree(t testing.TB, s string) resource.Resource {
	t.Helper()
	res, err := resource.ParseCanonical([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

const ana = `{"schemas":["` + scim.SchemaUser + `"],"id":"A1","externalId":"Ext","userName":"Ana@Corp.test","active":true,"title":"R&D and \"more\" [x] (y)",
	"name":{"familyName":"O'Neil: x.y","givenName":"Ana"},"displayName":"",
	"emails":[{"value":"a@work.test","type":"work","primary":true},{"value":"a@home.test","type":"home"}],
	"addresses":[],"roles":[{"value":"Admin"}],
	"` + ent + `":{"department":"IT","manager":{"value":"m7"}},
	"meta":{"created":"2020-01-02T03:04:05Z","resourceType":"User"}}`

func TestMatch(t *testing.T) {
	res := tree(t, ana)
	for _, tt := range []struct {
		filter string
		want   bool
	}{
		{`userName eq "ana@corp.TEST"`, true},
		{`USERNAME EQ "ana@corp.test"`, true},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ana@corp.test"`, true},
		{`userName ne "ana@corp.test"`, false},
		{`userName co "@CORP"`, true},
		{`userName sw "ana@"`, true},
		{`userName ew ".test"`, true},
		{`userName ew "@"`, false},
		{`userName gt "ana"`, true},
		{`userName lt "ana"`, false},
		{`userName ge "ana@corp.test"`, true},
		{`userName le "ANA@CORP.TEST"`, true},
		{`externalId eq "ext"`, false},
		{`externalId eq "Ext"`, true},
		{`id sw "a"`, false},
		{`title eq "r&d AND \"more\" [x] (y)"`, true},
		{`name.familyName eq "O'Neil: x.y"`, true},
		{`name.familyName eq "\u004f'neil: x.y" and title co " and "`, true},
		{`active eq true`, true},
		{`active eq false`, false},
		{`active ne false`, true},
		{`active pr`, true},
		{`displayName pr`, false},
		{`nickName pr`, false},
		{`nickName eq null`, true},
		{`nickName ne null`, false},
		{`userName eq null`, false},
		{`nickName ne "x"`, true},
		{`nickName eq "x"`, false},
		{`name pr`, true},
		{`addresses pr`, false},
		{`emails pr`, true},
		{`emails.display pr`, false},
		{`emails eq "A@WORK.test"`, true},
		{`emails co "home"`, true},
		{`emails.type eq "home"`, true},
		{`emails.type ne "home"`, true},
		{`addresses.type ne "home"`, true},
		{`emails.primary eq true`, true},
		{`emails[type eq "work"]`, true},
		{`emails[type eq "work" and value co "home"]`, false},
		{`emails.type eq "work" and emails.value co "home"`, true},
		{`emails[type eq "work"].value eq "a@work.test"`, true},
		{`emails[type eq "work"].value eq "a@home.test"`, false},
		{`emails[not (type eq "work")].value ew "home.test"`, true},
		{`emails[type eq "work" or type eq "home"].value eq "a@home.test" and active eq true`, true},
		{`name[givenName eq "ana"]`, true},
		{`roles eq "admin"`, true},
		{`roles[value eq "admin" and primary eq true]`, false},
		{ent + `:department eq "it"`, true},
		{ent + `:manager eq "m7"`, true},
		{ent + `:manager.value pr`, true},
		{ent + `:costCenter pr`, false},
		{`meta.created gt "2020-01-02T02:04:05Z"`, true},
		{`meta.created eq "2020-01-02T04:04:05.000+01:00"`, true},
		{`meta.created lt "2020-01-02T03:04:05.5Z"`, true},
		{`meta.created sw "2020-01"`, true},
		{`meta.resourceType eq "User"`, true},
		{`schemas eq "` + scim.SchemaUser + `"`, true},
		{`schemas[value eq "x"]`, false},
		{`not (active eq true)`, false},
		{`not(active eq true) or active eq true`, true},
		{`active eq true or active eq true and active eq false`, true},
		{`(active eq true or active eq true) and active eq false`, false},
		{` ( active eq true )  and  userName pr `, true},
	} {
		t.Run(tt.filter, func(t *testing.T) {
			session := tol.AllOn().Session()
			f, err := Parse(tt.filter, userSet, session)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Match(res); got != tt.want {
				t.Errorf("got %v", got)
			}
			if used := session.Used(); used != nil {
				t.Errorf("used %v", used)
			}
			text := f.String()
			again, err := Parse(text, userSet, tol.None().Session())
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if again.String() != text || again.Match(res) != tt.want {
				t.Errorf("%s becomes %s", text, again)
			}
		})
	}
}

func TestCanonicalText(t *testing.T) {
	for in, want := range map[string]string{
		`USERNAME EQ "a<b"`:                                       `userName eq "a<b"`,
		`emails eq "x"`:                                           `emails.value eq "x"`,
		`emails[TYPE eq "work"].Value eq "x"`:                     `emails[type eq "work" and value eq "x"]`,
		`emails[type eq "a" or type eq "b"].value pr`:             `emails[(type eq "a" or type eq "b") and value pr]`,
		`((active eq true)) and (title pr and not(nickName pr))`:  `active eq true and title pr and not (nickName pr)`,
		`urn:scim:schemas:extension:enterprise:2.0:MANAGER eq ""`: ent + `:manager.value eq ""`,
		`externalId eq jyoung`:                                    `externalId eq "jyoung"`,
		`externalId eq 00123`:                                     `externalId eq "00123"`,
		`externalId eq 123`:                                       `externalId eq "123"`,
		`externalId eq true and title pr`:                         `externalId eq "true" and title pr`,
		`roles[primary eq "True"]`:                                `roles[primary eq true]`,
		`userName eq a@x.test`:                                    `userName eq "a@x.test"`,
	} {
		f, err := Parse(in, userSet, nil)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if got := f.String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestTolerancesOff(t *testing.T) {
	for in, name := range map[string]tol.Name{
		`externalId eq jyoung`:                           tol.UnquotedFilterValue,
		`externalId eq 12`:                               tol.UnquotedFilterValue,
		`active eq "true"`:                               tol.StringBooleans,
		`urn:scim:schemas:core:1.0:userName eq "x"`:      tol.ForeignURNs,
		`urn:scim:schemas:core:1.0:userName eq "x" `:     tol.ForeignURNs,
		`emails[primary eq "False"].value eq "x"`:        tol.StringBooleans,
		`urn:scim:schemas:core:2.0:User:userName eq "x"`: tol.ForeignURNs,
	} {
		session := tol.AllOn().Session()
		if _, err := Parse(in, userSet, session); err != nil || !slices.Equal(session.Used(), []tol.Name{name}) {
			t.Errorf("%s: %v, used %v", in, err, session.Used())
		}
		_, err := Parse(in, userSet, tol.AllOn().Without(name).Session())
		if err == nil || !strings.HasSuffix(err.Error(), name.IsOff()) {
			t.Errorf("%s without %s: %v", in, name, err)
		}
	}
	for _, in := range []string{`password eq "x"`, `nope eq "x"`, `active eq "x"`, ent + `:nope pr`} {
		if _, err := Parse(in, userSet, tol.None().Session()); err == nil || strings.Contains(err.Error(), "leniency") {
			t.Errorf("%s, which no leniency would help: %v", in, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ filter, detail string }{
		{``, `column 1: expected an attribute, found the end`},
		{`userName`, `column 9: expected a blank and an operator`},
		{`userName eq`, `column 12: expected a blank and a value`},
		{`userName eq `, `column 13: expected a value`},
		{`userName is "secret"`, `column 10: expected an operator`},
		{`userName eq "secret`, `column 13: the string has no closing quote`},
		{`userName eq "secret\x"`, `column 13: the string is not a valid JSON string`},
		{`userName eq 'secret'`, `column 13: expected a value`},
		{`userName eq "a" userName`, `column 17: expected "and", "or" or the end`},
		{`userName eq "a"and title pr`, `column 16: expected a blank`},
		{`userName eq "ä" x`, `column 17: expected "and"`},
		{`userName eq "a" and`, `column 20: expected a blank`},
		{`userName eq "a" and `, `column 21: expected an attribute`},
		{`(userName eq "a"`, `column 17: expected "and", "or" or ")"`},
		{`userName eq "a")`, `column 16: expected "and", "or" or the end`},
		{`not userName eq "a"`, `column 5: expected "(" after "not"`},
		{`emails[type eq "work"`, `column 22: expected "and", "or" or "]"`},
		{`emails[type eq "work")`, `column 22: expected "and", "or" or "]"`},
		{`emails[emails[type pr]]`, `column 8: there is no attribute emails.emails`},
		{`emails[type[value pr]]`, `column 12: expected an operator`},
		{`emails[type eq "work"].`, `column 24: expected an attribute`},
		{`userName[value eq "a"]`, `column 1: the attribute userName has no values`},
		{`nope eq "secret"`, `column 1: there is no attribute nope`},
		{`name.nope eq "secret"`, `there is no attribute name.nope`},
		{`urn:x:y eq "secret"`, `there is no attribute urn:x:y`},
		{`password eq "secret"`, `there is no attribute password`},
		{`name eq "secret"`, `column 1: the attribute name can only be compared by a sub-attribute`},
		{`active gt true`, `column 8: the operator gt does not go with active`},
		{`active co "true"`, `column 8: the operator co does not go with active`},
		{`active eq "secret"`, `column 11: expected true or false for active`},
		{`active eq 1`, `column 11: expected true or false for active`},
		{`x509Certificates.value gt "YQ=="`, `the operator gt does not go with`},
		{`meta.created gt "secret"`, `column 17: expected a date and time`},
		{`userName gt null`, `column 10: null can be compared with eq and ne only`},
		{"userName eq \"\xff\"", `not valid UTF-8`},
		{strings.Repeat("(", 60) + `userName pr` + strings.Repeat(")", 60), `nests too deeply`},
		{strings.Repeat(`userName pr or `, 60) + `userName pr`, `too many terms`},
		{`userName eq "` + strings.Repeat("a", 9000) + `"`, `longer than 8192 bytes`},
	} {
		_, err := Parse(tt.filter, userSet, nil)
		e := scim.AsError(err)
		if e == nil || e.Status != 400 || e.Type != scim.InvalidFilter || !strings.Contains(e.Detail, tt.detail) {
			t.Errorf("%.60s: got %v, want %s", tt.filter, err, tt.detail)
		}
		if e != nil && strings.Contains(e.Detail, "secret") {
			t.Errorf("%s: the detail shows a value: %v", tt.filter, e)
		}
	}
}

func TestEqualityTerms(t *testing.T) {
	for _, tt := range []struct{ filter, want string }{
		{`userName eq "a"`, `userName eq "a"`},
		{`userName eq "a" and active eq true and title co "x"`, `userName eq "a"|active eq true`},
		{`(userName eq "a") and (id eq "1" and emails eq "x")`, `userName eq "a"|id eq "1"|emails.value eq "x"`},
		{`emails[type eq "work" and value eq "x"]`, `*emails.type eq "work"|*emails.value eq "x"`},
		{`emails[type eq "work"].value eq "x" and title pr`, `*emails.type eq "work"|*emails.value eq "x"`},
		{`userName eq "a" or id eq "1"`, ``},
		{`not (userName eq "a")`, ``},
		{`userName eq null and id eq "1"`, `id eq "1"`},
	} {
		f, err := Parse(tt.filter, userSet, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, term := range f.EqualityTerms() {
			s := Text(&term.Comparison)
			if term.Partial {
				s = "*" + s
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "|"); s != tt.want {
			t.Errorf("%s: got %s, want %s", tt.filter, s, tt.want)
		}
	}
	f, err := Parse(`id eq "g" and members eq "u"`, groupSet, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Paths(); !slices.Equal(got, []schema.Path{{Name: "id"}, {Name: "members", Sub: "value"}}) {
		t.Errorf("paths: %v", got)
	}
}

func TestParsePath(t *testing.T) {
	for _, tt := range []struct {
		in, want string // canonical text, or detail of the error
		typ      scim.ErrorType
	}{
		{in: `USERNAME`, want: `userName`},
		{in: `name.FAMILYNAME`, want: `name.familyName`},
		{in: `emails`, want: `emails`},
		{in: `Emails[Type eq "work"]`, want: `emails[type eq "work"]`},
		{in: `emails[type eq "a]b"].VALUE`, want: `emails[type eq "a]b"].value`},
		{in: `roles[primary eq "True"].value`, want: `roles[primary eq true].value`},
		{in: `urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "x"].value`, want: `emails[type eq "x"].value`},
		{in: ent + `:manager`, want: ent + `:manager`},
		{in: ent, want: ent},
		{in: `urn:scim:schemas:extension:enterprise:1.0:department`, want: ent + `:department`},
		{in: ``, want: `expected an attribute`, typ: scim.InvalidPath},
		{in: `nope`, want: `there is no attribute nope`, typ: scim.InvalidPath},
		{in: `emails[type eq "work"].nope`, want: `column 24: there is no such sub-attribute`, typ: scim.InvalidPath},
		{in: `emails[type eq "work"]x`, want: `column 23: expected "."`, typ: scim.InvalidPath},
		{in: `emails[type eq]`, want: `column 15: expected a blank`, typ: scim.InvalidFilter},
		{in: `emails[nope eq "x"]`, want: `there is no attribute emails.nope`, typ: scim.InvalidFilter},
		{in: `emails[`, want: `expected an attribute`, typ: scim.InvalidFilter},
		{in: ent + `[x pr]`, want: `expected an attribute before the bracket`, typ: scim.InvalidPath},
	} {
		p, err := ParsePath(tt.in, userSet, nil)
		if tt.typ == "" {
			if err != nil || p.String() != tt.want {
				t.Errorf("%s: got %s, %v", tt.in, p, err)
			}
			continue
		}
		if e := scim.AsError(err); e == nil || e.Type != tt.typ || !strings.Contains(e.Detail, tt.want) {
			t.Errorf("%s: got %v", tt.in, err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	res := tree(b, ana)
	f, err := Parse(`userName eq "nobody@corp.test" or emails[type eq "work" and value co "x@"]`, userSet, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Match(res)
	}
}
