package filter

import (
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/scim"
)

const (
	userURN  = scim.SchemaUser
	groupURN = scim.SchemaGroup
)

// TestParseAmong has filters that name what only another resource type has,
// which is there without a value.
func TestParseAmong(t *testing.T) {
	group := tree(t, `{"schemas":["`+groupURN+`"],"id":"G1","displayName":"Finance","members":[{"value":"A1"}],"emails":[{"value":"x"}]}`)
	for _, tt := range []struct {
		filter string
		want   bool
		absent string // the terms that no group meets
	}{
		{`displayName eq "finance"`, true, ""},
		{`userName eq "ana"`, false, userURN + `:userName eq "ana"`},
		{`userName pr`, false, ""},
		{`userName ne "ana"`, true, ""},
		{`userName eq null`, true, ""},
		{`not (userName eq "ana")`, true, ""},
		{`userName gt "a" or displayName eq "finance"`, true, ""},
		{`displayName eq "finance" and userName eq "ana"`, false, userURN + `:userName eq "ana"`},
		{`emails[value eq "x"]`, false, userURN + `:emails.value eq "x"`},
		{`emails[value eq "x"].value eq "x"`, false, userURN + `:emails.value eq "x"|` + userURN + `:emails.value eq "x"`},
		{`not (emails[value eq "x"])`, true, ""},
		{`emails.value eq "x" or members eq "A1"`, true, ""},
		{ent + `:department pr or id eq "G1"`, true, ""},
		{userURN + `:displayName eq "finance"`, false, userURN + `:displayName eq "finance"`},
		{groupURN + `:displayName eq "finance"`, true, ""},
	} {
		f, err := ParseAmong(tt.filter, groupSet, []*schema.Set{userSet}, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.filter, err)
			continue
		}
		if got := f.Match(group); got != tt.want {
			t.Errorf("%s: %v", tt.filter, got)
		}
		var absent []string
		for _, term := range f.EqualityTerms() {
			if term.Absent {
				absent = append(absent, Text(&term.Comparison))
			}
		}
		if got := strings.Join(absent, "|"); got != tt.absent {
			t.Errorf("%s: absent are %s, want %s", tt.filter, got, tt.absent)
		}
		for _, path := range f.Paths() {
			if !slices.Contains([]string{"displayName", "members.value", "id"}, path.String()) {
				t.Errorf("%s: looks at %s, which no group has", tt.filter, path)
			}
		}
		again, err := ParseAmong(f.String(), groupSet, []*schema.Set{userSet}, nil)
		if err != nil || again.String() != f.String() || again.Match(group) != tt.want {
			t.Errorf("%s becomes %s, then %v, %v", tt.filter, f, again, err)
		}
	}
	for _, text := range []string{`nope eq "x"`, `members eq "x" and nope pr`, `password pr`, `name.nope pr`, userURN + ` pr`, `userName gt null`} {
		_, err := ParseAmong(text, groupSet, []*schema.Set{userSet}, nil)
		if e := scim.AsError(err); e == nil || e.Type != scim.InvalidFilter {
			t.Errorf("%s: %v", text, err)
		}
	}
}
