package mapping

import (
	"fmt"
	"slices"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

func TestGroupFilters(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		other := b.sandbox.AddTeam(qualytics.Team{Name: "Finance 2", UserIDs: []int{b.one, b.bot}})
		finance, second := fmt.Sprint(b.team), fmt.Sprint(other)
		for _, c := range []struct {
			filter string
			want   []string
		}{
			{`displayName eq "Finance"`, []string{finance}},
			{`displayname EQ "fINANCE"`, []string{finance}},
			{`displayName eq "Fin"`, nil},
			{`displayName eq ""`, nil},
			{`displayName sw "finance"`, []string{finance, second}},
			{`displayName co "2"`, []string{second}},
			{`id eq "{team}"`, []string{finance}},
			{`id eq "987654"`, nil},
			{`id eq "garbage"`, nil},
			{`members.value eq "{one}"`, []string{finance, second}},
			{`members eq "{two}"`, []string{finance}},
			{`members[value eq "{one}"]`, []string{finance, second}},
			{`members eq "{bot}"`, nil},
			{`members eq "{gone}"`, nil},
			{`members.value eq "{off}"`, []string{finance}},
			{`id eq "{team}" and members eq "{one}"`, []string{finance}},
			{`id eq "{team}" and members eq "{four}"`, nil},
			{`displayName eq "Finance 2" and members.value eq "{one}"`, []string{second}},
		} {
			if got := idsOf(t, b.want(200, "GET", groupsBy(b.fill(c.filter)), "")); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("%s finds %v, want %v", c.filter, got, c.want)
			}
		}
		for _, filter := range []string{`nickName eq "x"`, `permission eq "Author"`, `members.foo eq "x"`, `displayName`, `userName eq "one"`} {
			if response := b.fails(400, "invalidFilter", "GET", groupsBy(filter), ""); response.Err == nil {
				t.Errorf("%s is no error", filter)
			}
		}
	})
}

func TestGroupCosts(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.costs(1, func() { b.want(200, "GET", b.path(), "") })
		b.costs(1, func() { b.want(200, "GET", groupsBy(`displayName eq "finance"`), "") })
		b.costs(1, func() { b.want(200, "GET", groupsBy(`displayName eq "no such"`), "") })
		b.costs(1, func() { b.want(200, "GET", groupsBy(b.fill(`id eq "{team}" and members eq "{one}"`)), "") })
	})
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(60, 3)
		b.costs(2, func() { b.want(200, "GET", "/Groups/2", "") })
		b.costs(1, func() { b.want(200, "GET", "/Groups/2", "") })
		b.costs(1, func() { b.want(200, "GET", groupsBy(`displayName eq "sales dq"`)+"&excludedAttributes=members", "") })
		b.costs(2, func() {
			b.want(200, "PATCH", "/Groups/2", patchOf(`{"op":"remove","path":"members"}`))
		})
	})
}

func TestGroupLists(t *testing.T) {
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(20, 230)
		all := []string{"role-admin", "role-manager"}
		for _, team := range b.sandbox.Teams() {
			if team.Name != qualytics.PublicTeam {
				all = append(all, fmt.Sprint(team.ID))
			}
		}
		for range 2 {
			for _, c := range []struct {
				query    string
				from, to int
			}{
				{"", 0, 232},
				{"?count=1000", 0, 232},
				{"?startIndex=1&count=100", 0, 100},
				{"?startIndex=101&count=100", 100, 200},
				{"?startIndex=201&count=100", 200, 232},
				{"?startIndex=99&count=3", 98, 101},
				{"?startIndex=2&count=2", 1, 3},
				{"?count=2", 0, 2},
				{"?count=1", 0, 1},
				{"?startIndex=500", 0, 0},
				{"?count=0", 0, 0},
			} {
				doc := b.want(200, "GET", "/Groups"+c.query, "")
				shows(t, doc, map[string]any{"totalResults": 232.0, "itemsPerPage": float64(c.to - c.from)})
				if got := idsOf(t, doc); !slices.Equal(got, all[c.from:c.to]) {
					t.Errorf("%s: %v", c.query, got)
				}
			}
		}
	})
}

// TestFiltersByGroups asks for the ids of people's teams before anything is
// known, where the API gives the teams by name.
func TestFiltersByGroups(t *testing.T) {
	for filter, want := range map[string]float64{
		`id eq "2" and groups.value eq "2"`:                     1,
		`id eq "2" and groups eq "3"`:                           1,
		`id eq "2" and groups[value eq "3" and display sw "S"]`: 1,
		`id eq "2" and groups.$ref ew "/Groups/3"`:              1,
		`id eq "2" and not (groups.value eq "3")`:               0,
		`userName eq "bruno.silva" and groups.value eq "3"`:     1,
		`userName eq "bruno.silva" and groups.value eq "2"`:     0,
		`groups.value eq "3"`:                                   4,
	} {
		inBothDialects(t, func(t *testing.T, b *bench) {
			b.sandbox.Seed(12, 4)
			if got := b.want(200, "GET", filtered(filter), "")["totalResults"]; got != want {
				t.Errorf("%s: %v instead of %v", filter, got, want)
			}
		})
	}
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(12, 4)
		b.want(200, "GET", "/Groups", "")
		team := b.sandbox.AddTeam(qualytics.Team{Name: "Newcomers", UserIDs: []int{2}})
		for _, filter := range []string{`id eq "2" and groups.value eq "%d"`, `groups.value eq "%d"`} {
			filter = fmt.Sprintf(filter, team)
			if got := b.want(200, "GET", filtered(filter), "")["totalResults"]; got != 1.0 {
				t.Errorf("%s, of a team that nobody has seen yet: %v", filter, got)
			}
		}
	})
	inBothDialects(t, func(t *testing.T, b *bench) {
		b.sandbox.Seed(12, 4)
		groups, _ := b.want(200, "GET", "/Users/2?attributes=groups.value", "")["groups"].([]any)
		if len(groups) != 3 {
			t.Errorf("the groups of somebody whose ids are asked for: %v", groups)
		}
	})
	// Whoever can't be told from nobody is no empty list.
	b := newBench(t, qualytics.Config{Dialect: qualytics.DialectA()})
	b.sandbox.Seed(12, 4)
	b.sandbox.Fail("GET /api/teams", qualytics.Fault{Kind: qualytics.ServerError}, -1)
	b.fails(502, "", "GET", filtered(`id eq "2" and groups.value eq "2"`), "")
	b.fails(502, "", "GET", "/Users/2?attributes=groups.$ref", "")
	b.want(200, "GET", filtered(`id eq "2" and groups.display eq "Finance DQ"`), "")
}
