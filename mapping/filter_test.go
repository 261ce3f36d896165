package mapping

import (
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestFilters(t *testing.T) {
	tests := map[string][]string{
		`userName eq "ana.r"`: {"ana.r"},
		`username EQ "ANA.R"`: {"ana.r"},
		`userName eq ana.r`:   {"ana.r"},
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ana.r"`: {"ana.r"},
		`userName eq "ana"`: {},
		`userName eq ""`:    {},
		`userName eq "3e59e27b-0000-4000-8000-000000000000"`: {},
		`externalId eq "e1"`:                                             {"ana.r"},
		`externalId eq "E1"`:                                             {},
		`emails.value eq "shared@corp.test"`:                             {"a:b", "twin"},
		`emails.value eq "SHARED@corp.test"`:                             {"a:b", "twin"},
		`emails eq "ana@corp.test"`:                                      {"ana.r"},
		`emails[type eq "work"].value eq "ana@corp.test"`:                {"ana.r"},
		`emails[type eq "work" and value eq "ana@corp.test"]`:            {"ana.r"},
		`emails[type eq "home"].value eq "ana@corp.test"`:                {},
		`emails[primary eq true and value co "shared"]`:                  {"a:b", "twin"},
		`userName eq "ana.r" and active eq true`:                         {"ana.r"},
		`userName eq "ana.r" and active eq false`:                        {},
		`active eq true and userName eq "ana.r"`:                         {"ana.r"},
		`userName eq "ana.r" and externalId eq "e1"`:                     {"ana.r"},
		`userName eq "ana.r" and emails.value eq "shared@corp.test"`:     {},
		`userName eq "ana.r" or userName eq "twin"`:                      {"ana.r", "twin"},
		`(userName eq "ana.r" or userName eq "twin") and active eq true`: {"ana.r", "twin"},
		`displayName co "maria"`:                                         {"ana.r"},
		`displayName sw "ANA M"`:                                         {"ana.r"},
		`displayName ew "reis"`:                                          {"ana.reis", "ana.r"},
		`displayName eq "ana maria reis"`:                                {"ana.r"},
		`displayName co "maria" or displayName co "Twin"`:                {"ana.r", "twin"},
		`displayName co "maria" and name.familyName eq "Reis"`:           {"ana.r"},
		`not (displayName co "maria") and userName co "ana"`:             {"ana.reis"},
		`name.givenName eq "Ana Maria"`:                                  {"ana.r"},
		`name.formatted sw "Ana Maria"`:                                  {"ana.r"},
		`active eq false`:                                                {"off"},
		`active eq "False"`:                                              {"off"},
		`active ne true`:                                                 {"off"},
		`not (active eq true)`:                                           {"off"},
		`roles.value eq "admin"`:                                         {"ana.reis"},
		`roles eq "Manager"`:                                             {"ana.r"},
		`groups.display eq "Finance DQ" and userName co "ana"`:           {"ana.reis", "ana.r"},
		`userName sw "a:"`:                                               {"a:b"},
		`userName eq "a:b"`:                                              {"a:b"},
		`userName eq "x \"and\" y"`:                                      {`x "and" y`},
		`userName eq "p and q or r"`:                                     {"p and q or r"},
		`userName eq "u(1) eq [2]"`:                                      {"u(1) eq [2]"},
		`userName eq "back\\slash"`:                                      {`back\slash`},
		`userName eq "b\u00fccher \ud83d\udca1"`:                         {"bücher 💡"},
		`userName eq "BüCHER 💡"`:                                         {"bücher 💡"},
		`userName eq "plus+percent%41"`:                                  {"plus+percent%41"},
		`meta.created gt "2026-01-02T08:01:30Z" and meta.created lt "2026-01-02T08:02:30Z"`: {"chloe.martin"},
		`emails pr and userName eq "twin"`:                                                  {"twin"},
		`externalId pr`:                                                                     {"ana.r"},
		`schemas eq "urn:ietf:params:scim:schemas:core:2.0:User" and emails co "ana@"`:      {"ana.r"},
		`schemas eq "urn:ietf:params:scim:schemas:core:2.0:Group"`:                          {},
		`meta.resourceType eq "User" and emails co "ana@"`:                                  {"ana.r"},
		`meta.resourceType eq "Group"`:                                                      {},
		`meta.version sw "W/" and emails co "ana@"`:                                         {"ana.r"},
		`meta.location ew "/Users/1" or meta pr and emails co "ana@"`:                       {"ana.r"},
		`roles[value eq "Manager" and primary eq true]`:                                     {"ana.r"},
		`meta.created eq "2026-01-02T09:02:00+01:00"`:                                       {"chloe.martin"},
		`displayName gt "an" and displayName lt "ANA R"`:                                    {"ana.r"},
		`displayName ge "Ana Reis" and displayName le "ana reis"`:                           {"ana.reis"},
		`externalId ne null and not(externalId eq "e2")`:                                    {"ana.r"},
		`NOT (userName sw "a") AnD (userName sw "t" OR userName sw "B\u00fc")`:              {"twin", "bücher 💡"},
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		somebody(b)
		add := func(u qualytics.User) { b.sandbox.AddUser(u) }
		add(qualytics.User{UserName: "a:b", Email: new("shared@corp.test")})
		add(qualytics.User{UserName: "twin", Name: new("Twin"), Email: new("Shared@corp.test")})
		add(qualytics.User{UserName: "off", Name: new("Off Duty"), DeletedAt: new(someTime)})
		for _, name := range []string{`x "and" y`, "p and q or r", "u(1) eq [2]", `back\slash`, "bücher 💡", "plus+percent%41"} {
			add(qualytics.User{UserName: name})
		}
		for _, fresh := range []string{"before a scan", "after it"} {
			for filter, want := range tests {
				if fresh == "before a scan" {
					b.memory.Doubt("User")
				}
				got := []string{}
				for _, id := range b.found(filter) {
					got = append(got, b.user(id).UserName)
				}
				if slices.Sort(got); !slices.Equal(got, sorted(want)) {
					t.Errorf("%s, %s: found %q, want %q", filter, fresh, got, want)
				}
			}
		}
	})
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func TestFiltersRefused(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	b.costs(0, func() {
		for _, filter := range []string{
			`title eq "x"`, `nothing eq "x"`, `password eq "x"`, `name.middleName eq "x"`, `phoneNumbers pr`, `emails.display eq "x"`,
			`userName`, `userName eq`, `eq "x"`, `userName is "x"`, `userName eq "x`, `userName eq "x" and`, `(userName eq "x"`,
			`userName eq "x")`, `emails[type eq "work"`, `userName eq "x" userName eq "y"`, `not userName eq "x"`,
			`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"`, `active gt true`,
			`userName eq "ana.reis" and title eq "x"`, `userName eq "ana.reis" or department pr`, `meta.lastModified gt "2026-01-01T00:00:00Z"`,
			`meta.created gt "2026"`, `members pr`, `emails[value eq "x"`, `emails[display pr]`, `roles eq 'Admin'`, `userName regex "x"`,
			`userName eq "x" && active eq true`, `userName="x"`, `userName eq "x";drop`, `userName eq "x" and`, `()`, `not ()`, `emails[]`, `name eq "x"`,
		} {
			b.fails(400, scim.InvalidFilter, "GET", filtered(filter), "")
		}
	})
}

// TestFilterPushesDown has the API narrow the list where it can.
func TestFilterPushesDown(t *testing.T) {
	tests := map[string]string{
		`displayName co "an R"`:                                    "an R",
		`displayName sw "ana"`:                                     "ana",
		`displayName ew "reis"`:                                    "reis",
		`name.formatted eq "Ana Reis"`:                             "Ana Reis",
		`displayName co "ana" and active eq true`:                  "ana",
		`active eq true and displayName co "ana & co=1"`:           "ana & co=1",
		`displayName ne "ana"`:                                     "",
		`not (displayName co "ana")`:                               "",
		`displayName co "ana" or active eq true`:                   "",
		`displayName pr`:                                           "",
		`displayName gt "ana"`:                                     "",
		`meta pr and not (active eq false) and displayName sw "b"`: "b",
	}
	for filter, want := range tests {
		t.Run(filter, func(t *testing.T) {
			inBothDialects(t, func(t *testing.T, b *bench) {
				b.sandbox.Seed(30, 1)
				b.want(200, "GET", "/Groups?count=0", "")
				b.costs(1, func() { b.found(filter) })
				if got := b.sandbox.Calls()[0].Query.Get("name"); got != want {
					t.Errorf("name=%q was sent, want %q", got, want)
				}
			})
		})
	}
}

func TestFilterWindow(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(250, 1)
	doc := b.want(200, "GET", filtered(`active eq false`)+"&startIndex=21&count=10", "")
	shows(t, doc, map[string]any{"totalResults": 25.0, "startIndex": 21.0, "itemsPerPage": 5.0})
	doc = b.want(200, "GET", filtered(`active eq false`)+"&startIndex=99&count=0", "")
	shows(t, doc, map[string]any{"totalResults": 25.0, "itemsPerPage": 0.0, "Resources": []any{}})
}

// TestFilterByWhatIsKept looks for values that are kept here, in another case and
// within a list.
func TestFilterByWhatIsKept(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	b.edit("externalId: {keep: here}", "externalId: {keep: here}\n      title: {keep: here}\n      phoneNumbers: {keep: here}")
	id := b.created(`{"userName":"x","title":"Vice President","externalId":"E","phoneNumbers":[{"value":"tel:+1","type":"work"}]}`)
	for filter, found := range map[string]bool{
		`title eq "Vice President"`: true, `title eq "VICE president"`: true, `title eq "Vice"`: false, `title co "vice"`: true,
		`phoneNumbers.value eq "tel:+1"`: true, `phoneNumbers eq "TEL:+1"`: true, `phoneNumbers[type eq "work"].value eq "tel:+1"`: true,
		`phoneNumbers[type eq "home"].value eq "tel:+1"`: false, `externalId eq "E"`: true, `externalId eq "e"`: false,
	} {
		if got := b.found(filter); slices.Equal(got, []string{id}) != found {
			t.Errorf("%s: %v", filter, got)
		}
	}
	b.costs(1, func() { b.found(`externalId eq "E"`) })
}

// TestFilterByALongValue must not make a URL that the API refuses.
func TestFilterByALongValue(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.sandbox.Seed(3, 1)
	if ids := b.found(`displayName co "` + strings.Repeat("ü", 3000) + `"`); len(ids) > 0 {
		t.Errorf("found %v", ids)
	}
}

// TestFilterSeesWhatAnotherWriterDid looks for people whom others renamed.
func TestFilterSeesWhatAnotherWriterDid(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		id := somebody(b)
		b.found(`userName eq "ana.r"`)
		b.byHand(id, func(u *qualytics.User) { u.UserName, u.Email = "ana.new", new("new@corp.test") })
		// The first of these finds out that the scan is out of date.
		for _, filter := range []string{`userName eq "ana.r"`, `emails.value eq "ana@corp.test"`} {
			if ids := b.found(filter); len(ids) > 0 {
				t.Errorf("%s: found %v", filter, ids)
			}
		}
		for _, filter := range []string{`userName eq "ana.new"`, `emails.value eq "new@corp.test"`} {
			if ids := b.found(filter); len(ids) != 1 || ids[0] != id {
				t.Errorf("%s: found %v", filter, ids)
			}
		}
	})
}
