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

// partOf returns a set with these attributes only, with these sub-attributes.
func partOf(full *schema.Set, attributes map[string][]string) *schema.Set {
	core := &schema.Schema{ID: full.Core().ID, Name: full.Core().Name}
	for _, a := range full.Core().Attributes {
		subs, kept := attributes[a.Name]
		if !kept {
			continue
		}
		part := a.Clone()
		part.SubAttributes = slices.DeleteFunc(part.SubAttributes, func(s *schema.Attribute) bool { return !slices.Contains(subs, s.Name) })
		core.Attributes = append(core.Attributes, part)
	}
	return schema.NewSet(core).Within(full)
}

// TestUnmappedPaths has operations on what a mapping does not have: they are
// left out and noted, the others count.
func TestUnmappedPaths(t *testing.T) {
	set := partOf(userSet, map[string][]string{
		"userName": nil, "active": nil, "name": {"givenName", "familyName"}, "emails": {"value", "type"},
	})
	for _, tt := range []struct {
		path, noted string
	}{
		{`title`, "title"},
		{`name.middleName`, "name.middleName"},
		{`phoneNumbers[type eq \"mobile\"].value`, "phoneNumbers.value"},
		{`addresses[type eq \"work\"]`, "addresses"},
		{`emails[type eq \"work\"].display`, "emails.display"},
		{ent + `:department`, ent + ":department"},
		{ent + `:manager`, ent + ":manager"},
		{ent, ent},
		{`urn:scim:schemas:extension:enterprise:1.0:costCenter`, ent + ":costCenter"},
	} {
		for _, op := range []string{"add", "replace", "remove"} {
			body := `{"Operations":[{"op":"` + op + `","path":"` + tt.path + `","value":"secret"},{"op":"replace","path":"active","value":false}]}`
			session := tol.AllOn().Session()
			ops, notes, err := Parse([]byte(body), Limits{}, set, session)
			if err != nil || len(ops) != 1 || ops[0].Path.String() != "active" {
				t.Errorf("%s %s: %v, %v", op, tt.path, ops, err)
				continue
			}
			if !slices.Equal(notes.Unmapped, []string{tt.noted}) || !slices.Equal(notes.Paths, notes.Unmapped) || !slices.Contains(session.Used(), tol.UnmappedPaths) {
				t.Errorf("%s %s: noted %q, used %v", op, tt.path, notes.Unmapped, session.Used())
			}
			_, _, err = Parse([]byte(body), Limits{}, set, tol.AllOn().Without(tol.UnmappedPaths).Session())
			e := scim.AsError(err)
			if e == nil || e.Type != scim.InvalidPath || !strings.Contains(e.Detail, "unmapped-paths") || strings.Contains(e.Detail, "secret") {
				t.Errorf("%s %s without the leniency: %v", op, tt.path, err)
			}
		}
	}
	ops, notes, err := Parse([]byte(`{"meta":{"attributes":["title","name.givenName"]},"active":true}`), Limits{}, set, nil)
	if err != nil || len(ops) != 2 || !slices.Equal(notes.Unmapped, []string{"title"}) {
		t.Errorf("SCIM 1.1: %v, %q, %v", ops, notes.Unmapped, err)
	}
}

// TestPathsToNothing leaves out what a path names that is no attribute, or one that
// clients can't write of something that is not there, and does the rest.
func TestPathsToNothing(t *testing.T) {
	users := partOf(userSet, map[string][]string{"userName": nil, "emails": {"value"}})
	for path, want := range map[string]resource.Notes{
		`titel`:                           {Unknown: []string{"titel"}, Paths: []string{"titel"}},
		`urn:example:2.0:User:tag`:        {Unknown: []string{"urn:example:2.0:User:tag"}, Paths: []string{"urn:example:2.0:User:tag"}},
		`tags[type eq \"x\"].value`:       {Unknown: []string{"tags.value"}, Paths: []string{"tags.value"}},
		`emails[type eq \"work\"].colour`: {Unknown: []string{"emails.colour"}, Paths: []string{"emails.colour"}},
		ent + `:manager.displayName`:      {ReadOnly: []string{ent + ":manager.displayName"}},
	} {
		body := `{"Operations":[{"op":"replace","path":"` + path + `","value":"x"},{"op":"replace","path":"userName","value":"y"}]}`
		ops, notes, err := Parse([]byte(body), Limits{}, users, nil)
		if err != nil || len(ops) != 1 || !reflect.DeepEqual(notes, want) {
			t.Errorf("%s: %v, %+v, %v", path, ops, notes, err)
		}
	}
}

// TestNotUnmapped has operations that must not be left out, since they are
// about something that is there, about who has access, or no paths at all.
func TestNotUnmapped(t *testing.T) {
	users := partOf(userSet, map[string][]string{"userName": nil, "emails": {"value"}})
	groups := partOf(groupSet, map[string][]string{"displayName": nil, "members": {"value"}})
	for _, tt := range []struct {
		set  *schema.Set
		path string
		typ  scim.ErrorType
	}{
		{groups, `members[type eq \"User\" and value eq \"1\"]`, scim.InvalidFilter},
		{groups, `members[display eq \"one\"]`, scim.InvalidFilter},
		{users, `emails[type eq \"work\"].value`, scim.InvalidFilter},
		{users, `active`, scim.InvalidPath},
		{users, `groups`, scim.Mutability},
		{partOf(groupSet, map[string][]string{"displayName": nil}), `members[value eq \"1\"]`, scim.InvalidPath},
		{groups, `members.nick`, scim.InvalidPath},
		{users, `title[`, scim.InvalidPath},
		{users, `tit el`, scim.InvalidPath},
		{users, `tags[type eq \"x\"]value`, scim.InvalidPath},
	} {
		ops, _, err := Parse([]byte(`{"Operations":[{"op":"remove","path":"`+tt.path+`"}]}`), Limits{}, tt.set, nil)
		if e := scim.AsError(err); e == nil || e.Status != 400 || e.Type != tt.typ {
			t.Errorf("%s: %v, %v", tt.path, ops, err)
		}
	}
}

// TestPasswordPaths has operations on a password that there is no place for,
// which clients send all the same and which is named as left out, and on one
// that there is.
func TestPasswordPaths(t *testing.T) {
	users := partOf(schema.NewSet(schema.User()), map[string][]string{"userName": nil})
	for _, set := range []*schema.Set{users, groupSet} {
		for _, op := range []string{
			`{"op":"replace","path":"PASSWORD","value":"x"}`, `{"op":"replace","path":"` + set.Core().ID + `:password","value":"x"}`, `{"op":"add","value":{"password":"x"}}`,
		} {
			ops, notes, err := Parse([]byte(`{"Operations":[`+op+`]}`), Limits{}, set, tol.None().Session())
			if strings.Contains(op, set.Core().ID) && set == groupSet {
				continue // no schema has such an attribute
			}
			if err != nil && !strings.Contains(err.Error(), "urn-keys") || len(ops) > 0 || !slices.Equal(notes.Unmapped, []string{"password"}) {
				t.Errorf("%s: %v, %+v, %v", op, ops, notes, err)
			}
		}
	}
	ops, _, err := Parse([]byte(`{"Operations":[{"op":"replace","path":"password","value":"x"}]}`), Limits{}, schema.NewSet(schema.User()), nil)
	if err != nil || len(ops) != 1 || ops[0].Value != "x" {
		t.Errorf("%v, %v", ops, err)
	}
}
