package order

import (
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/mapping/tolerance"
)

var (
	userSet  = schema.NewSet(schema.User(), schema.EnterpriseUser())
	groupSet = schema.NewSet(schema.Group())
	deviceID = "urn:example:Device"

	// deviceSet has what no schema of RFC 7643 has.
	deviceSet = schema.NewSet(&schema.Schema{ID: deviceID, Name: "Device", Attributes: []*schema.Attribute{
		{Name: "size", Type: schema.Decimal},
		{Name: "tags", Type: schema.String, MultiValued: true, CaseExact: true},
		{Name: "hidden", Type: schema.String, Returned: schema.ReturnedNever},
	}})
)

func tree(t testing.TB, s string) resource.Resource {
	t.Helper()
	res, err := resource.ParseCanonical([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestOrder sorts resources, which are in the order that is wanted when it
// ascends; "=" before one says that it is equal to the one before.
func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		sortBy string
		set    *schema.Set
		want   []string
	}{
		{"userName", userSet, []string{`{"userName":"10"}`, `{"userName":"9"}`, `{"userName":"ANA"}`, `={"userName":"ana"}`, `{"userName":"Bob"}`, `{"userName":"zoe"}`, `{"userName":"éva"}`, `={"userName":"ÉVA"}`, `{}`, `={"userName":null}`, `={"userName":""}`}},
		{"externalId", userSet, []string{`{"externalId":"B"}`, `{"externalId":"a"}`, `{"externalId":"b"}`, `{}`}},
		{"urn:ietf:params:scim:schemas:core:2.0:User:NAME.familyname", userSet, []string{`{"name":{"familyName":"A"}}`, `{"name":{"familyName":"b"}}`, `{"name":{"givenName":"a"}}`, `={}`}},
		{"active", userSet, []string{`{"active":false}`, `{"active":true}`, `{}`}},
		{"meta.created", userSet, []string{`{"meta":{"created":"0000-01-01T00:00:00+23:59"}}`, `{"meta":{"created":"1969-12-31T23:59:59.999Z"}}`, `{"meta":{"created":"2020-01-02T03:04:05+02:00"}}`, `{"meta":{"created":"2020-01-02T02:04:05Z"}}`, `={"meta":{"created":"2020-01-02T04:04:05+02:00"}}`, `{"meta":{"created":"2020-01-02T02:04:05.000000001Z"}}`, `{"meta":{"created":"9999-12-31T23:59:59-23:59"}}`, `{"meta":{"created":"yesterday"}}`, `={}`}},
		{"emails", userSet, []string{`{"emails":[{"value":"a"}]}`, `{"emails":[{"value":"z"},{"value":"B","primary":true}]}`, `{"emails":[{"value":"c"},{"value":"a"}]}`, `{"emails":[{"value":"d","primary":false},{"value":"a"}]}`, `{"emails":[{"value":"a"},{"type":"work","primary":true}]}`, `={"emails":[]}`, `={}`}},
		{"emails.type", userSet, []string{`{"emails":[{"value":"z","type":"home"}]}`, `{"emails":[{"type":"a"},{"type":"work","primary":true}]}`, `{"emails":[{"value":"a"}]}`}},
		{scim.SchemaEnterpriseUser + ":manager", userSet, []string{`{"` + scim.SchemaEnterpriseUser + `":{"manager":{"value":"1"}}}`, `{"` + scim.SchemaEnterpriseUser + `":{"manager":{"value":"2"}}}`, `{}`}},
		{"size", deviceSet, []string{`{"size":-1e2}`, `{"size":0}`, `={"size":0.0}`, `{"size":9}`, `{"size":10.5}`, `{"size":12345678901234567890}`, `{"size":12345678901234567891}`, `{}`}},
		{"tags", deviceSet, []string{`{"tags":["B","a"]}`, `{"tags":["b"]}`, `{"tags":[]}`, `={}`}},
		{"displayName", groupSet, []string{`{"displayName":"` + strings.Repeat("a", maxText) + `b"}`, `={"displayName":"` + strings.Repeat("A", maxText) + `"}`, `{"displayName":"b"}`}},
	} {
		for _, descending := range []string{"", "ascending", "DESCENDING"} {
			t.Run(tt.sortBy+" "+descending, func(t *testing.T) {
				by, err := Parse(tt.sortBy, descending, tt.set, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				// A group is what is equal.
				group, groups := 0, make([]int, len(tt.want))
				keys := make([]Key, len(tt.want))
				for i, doc := range tt.want {
					text, equal := strings.CutPrefix(doc, "=")
					if i > 0 && !equal {
						group++
					}
					groups[i] = group
					if descending == "DESCENDING" {
						groups[i] = -group
					}
					keys[i] = by.Key(tree(t, text))
				}
				for i := range keys {
					for j := range keys {
						if got, want := sign(by.Compare(keys[i], keys[j])), sign(groups[i]-groups[j]); got != want {
							t.Errorf("%s and %s: %d, want %d", tt.want[i], tt.want[j], got, want)
						}
					}
				}
			})
		}
	}
}

func sign(n int) int { return min(max(n, -1), 1) }

func TestParse(t *testing.T) {
	for _, tt := range []struct{ sortBy, sortOrder, want string }{
		{"", "", ""},
		{"", "descending", ""},
		{"USERNAME", "", "userName ascending"},
		{"userName", "Ascending", "userName ascending"},
		{"emails", "descending", "emails.value descending"},
		{"urn:scim:schemas:extension:enterprise:2.0:department", "", scim.SchemaEnterpriseUser + ":department ascending"},
	} {
		by, err := Parse(tt.sortBy, tt.sortOrder, userSet, nil, tolerance.AllOn().Session())
		switch {
		case err != nil:
			t.Errorf("%q %q: %v", tt.sortBy, tt.sortOrder, err)
		case by == nil:
			if tt.want != "" {
				t.Errorf("%q: no order", tt.sortBy)
			}
		case by.String() != tt.want:
			t.Errorf("%q %q: %s, want %s", tt.sortBy, tt.sortOrder, by, tt.want)
		}
	}
	for _, tt := range []struct{ sortBy, sortOrder, detail string }{
		{"nope", "", "sortBy names no attribute"},
		{"name.nope", "", "sortBy names no attribute"},
		{"user name", "", "sortBy is not the name"},
		{"-userName", "", "sortBy is not the name"},
		{`emails[type eq "work"].value`, "", "sortBy is not the name"},
		{"password", "", "sortBy names no attribute"},
		{"name", "", "sortBy names name, of which only a sub-attribute"},
		{"meta", "", "sortBy names meta, of which only a sub-attribute"},
		{scim.SchemaEnterpriseUser, "", "sortBy names no attribute"},
		{"userName", "up", "sortOrder is neither"},
		{"", "up", "sortOrder is neither"},
	} {
		_, err := Parse(tt.sortBy, tt.sortOrder, userSet, nil, nil)
		e := scim.AsError(err)
		if e == nil || e.Status != 400 || e.Type != scim.InvalidValue || !strings.Contains(e.Detail, tt.detail) {
			t.Errorf("%q %q: %v, want %s", tt.sortBy, tt.sortOrder, err, tt.detail)
		}
	}
	if _, err := Parse("hidden", "", userSet, []*schema.Set{deviceSet}, nil); err == nil {
		t.Error("what is never returned can be sorted by")
	}
}

// TestParseAmong sorts resources of several types.
func TestParseAmong(t *testing.T) {
	res := tree(t, `{"displayName":"x","userName":"y"}`)
	for _, tt := range []struct {
		sortBy string
		set    *schema.Set
		absent bool
	}{
		{"displayName", userSet, false},
		{"displayName", groupSet, false},
		{"userName", groupSet, true},
		{"userName", userSet, false},
		{scim.SchemaUser + ":displayName", groupSet, true},
		{scim.SchemaGroup + ":displayName", groupSet, false},
	} {
		by, err := Parse(tt.sortBy, "", tt.set, []*schema.Set{userSet, groupSet}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if by.Absent != tt.absent || by.Key(res).None != tt.absent {
			t.Errorf("%s in %s: %+v, key %+v", tt.sortBy, tt.set.Core().Name, by, by.Key(res))
		}
	}
}
