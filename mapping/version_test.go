package mapping

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// aVersion is the form of a version: a weak entity tag.
var aVersion = regexp.MustCompile(`^W/"[\w-]{16}"$`)

// versionIn returns the version that a resource shows.
func versionIn(t testing.TB, resource any) string {
	t.Helper()
	version, _ := at(resource, "meta.version").(string)
	if !aVersion.MatchString(version) {
		t.Errorf("the version is %q in %v", version, resource)
	}
	return version
}

// version returns the version of the resource at a path.
func (b *bench) version(path string) string {
	b.t.Helper()
	response, doc := b.send("GET", path, "")
	if response.Status != 200 {
		b.t.Fatalf("GET %s: status %d %v", path, response.Status, response.Err)
	}
	version := versionIn(b.t, doc)
	if response.Version != version {
		b.t.Errorf("GET %s: the header has %q, the body %q", path, response.Version, version)
	}
	return version
}

// TestVersionIsTheSameEverywhere has every answer about a resource in the same
// state give the same version, whatever part of it the answer holds.
func TestVersionIsTheSameEverywhere(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.byHand(strconv.Itoa(b.one), func(u *qualytics.User) { u.Role = qualytics.RoleAdmin })
		one := strconv.Itoa(b.one)
		b.want(200, "PATCH", "/Users/"+one, patchOf(`{"op":"add","path":"externalId","value":"e1"}`))
		b.want(200, "PATCH", b.path(), patchOf(`{"op":"add","path":"externalId","value":"g1"}`))
		for path, lookUp := range map[string]string{
			"/Users/" + one: `/Users?filter=userName+eq+%22ONE%22`,
			b.path():        `/Groups?filter=displayName+eq+%22finance%22`,
			admins:          `/Groups?filter=displayName+eq+%22qualytics%20admin%22`,
		} {
			want := b.version(path)
			for _, query := range []string{"", "attributes=displayName", "attributes=meta.version", "attributes=groups,members", "excludedAttributes=meta", "excludedAttributes=displayName,groups"} {
				response, doc := b.send("GET", path+"?"+query, "")
				if shown := at(doc, "meta.version"); shown != nil && shown != want {
					t.Errorf("%s?%s shows %v, want %s", path, query, shown, want)
				}
				if response.Version != want && !(path == admins && query == "attributes=displayName") {
					t.Errorf("%s?%s has %q, want %s", path, query, response.Version, want)
				}
			}
			collection := path[:strings.LastIndexByte(path, '/')]
			for _, list := range []string{collection, lookUp, collection + "?attributes=meta", lookUp + "&attributes=meta.version", collection + "?count=50&startIndex=1"} {
				id, found := path[strings.LastIndexByte(path, '/')+1:], false
				for _, resource := range at(b.want(200, "GET", list, ""), "Resources").([]any) {
					if at(resource, "id") != id {
						continue
					}
					found = true
					if got := versionIn(t, resource); got != want {
						t.Errorf("%s has %s of %s, want %s", list, got, path, want)
					}
				}
				if !found {
					t.Errorf("%s is not in %s", path, list)
				}
			}
			b.sameTeams(func() {
				for _, request := range [][2]string{
					{"PUT", `{"displayName":` + strconv.Quote(textOf(t, b.want(200, "GET", path, ""), "displayName")) + `}`},
					{"PATCH", patchOf(`{"op":"add","value":{}}`)},
				} {
					response, doc := b.send(request[0], path+"?attributes=meta.version", request[1])
					if response.Status != 200 || versionIn(t, doc) != want || response.Version != want {
						t.Errorf("%s %s has %q, want %s: %s", request[0], path, response.Version, want, response.Body)
					}
				}
			})
		}
	})
}

// TestVersionOfWhatWasWritten is that of the next reading.
func TestVersionOfWhatWasWritten(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		for _, request := range [][3]string{
			{"POST", "/Users", `{"userName":"new","externalId":"e9","active":false,"displayName":"New One"}`},
			{"PUT", "/Users/{one}", `{"displayName":"Other Name"}`},
			{"PUT", "/Users/{one}", `{"displayName":"Other Name","active":false}`},
			{"PATCH", "/Users/{one}", patchOf(`{"op":"replace","value":{"active":true,"roles":[{"value":"Manager"}]}}`)},
			{"POST", "/Groups", b.fill(`{"displayName":"New","externalId":"g9","members":[{"value":"{one}"},{"value":"{off}"}]}`)},
			{"PUT", "/Groups/{team}", b.fill(`{"displayName":"Other","members":[{"value":"{four}"}]}`)},
			{"PATCH", "/Groups/{team}", add(b.fill("{three}"))},
			{"PATCH", managers, add(b.fill("{three}"))},
			{"PUT", managers, b.fill(`{"displayName":"Qualytics Manager","members":[{"value":"{two}"}]}`)},
		} {
			path := b.fill(request[1])
			response, doc := b.send(request[0], path, request[2])
			if response.Status >= 300 {
				t.Fatalf("%s %s: %d %v", request[0], path, response.Status, response.Err)
			}
			path = strings.TrimPrefix(response.Location, testBase)
			if got := versionIn(t, doc); got != response.Version || got != b.version(path) {
				t.Errorf("%s %s answers %s and %s, GET %s", request[0], path, got, response.Version, b.version(path))
			}
		}
	})
}

// TestVersionChanges has somebody else change something: the version changes
// with what SCIM shows, and with nothing else.
func TestVersionChanges(t *testing.T) {
	user := func(edit func(*qualytics.User)) func(*teamBench) {
		return func(b *teamBench) { b.byHand(strconv.Itoa(b.one), edit) }
	}
	team := func(edit func(*qualytics.Team)) func(*teamBench) {
		return func(b *teamBench) { b.sandbox.EditTeam(b.team, edit) }
	}
	for name, c := range map[string]struct {
		change             func(b *teamBench)
		user, team, admins bool
	}{
		"nothing":           {func(*teamBench) {}, false, false, false},
		"a login":           {user(func(u *qualytics.User) { u.LastLogin = new(someTime) }), false, false, false},
		"another login":     {user(func(u *qualytics.User) { u.UserID = "saml|1" }), false, false, false},
		"a name":            {user(func(u *qualytics.User) { u.Name = new("One More") }), true, true, false},
		"an address":        {user(func(u *qualytics.User) { u.Email = new("one@corp.test") }), true, false, false},
		"a user name":       {user(func(u *qualytics.User) { u.UserName = "uno" }), true, false, false},
		"a role":            {user(func(u *qualytics.User) { u.Role = qualytics.RoleAdmin }), true, false, true},
		"a deactivation":    {user(switchOff), true, false, false},
		"a team":            {func(b *teamBench) { b.sandbox.AddTeam(qualytics.Team{Name: "More", UserIDs: []int{b.one}}) }, true, false, false},
		"a team of others":  {func(b *teamBench) { b.sandbox.AddTeam(qualytics.Team{Name: "More", UserIDs: []int{b.two}}) }, false, false, false},
		"a team's name":     {team(func(t *qualytics.Team) { t.Name = "Money" }), true, true, false},
		"its description":   {team(func(t *qualytics.Team) { t.Description = new("?") }), false, false, false},
		"its permission":    {team(func(t *qualytics.Team) { t.Permission = "Editor" }), false, false, false},
		"its datastores":    {team(func(t *qualytics.Team) { t.DatastoreIDs = []int{2} }), false, false, false},
		"a member more":     {team(func(t *qualytics.Team) { t.UserIDs = append(t.UserIDs, 1000) }), false, true, false},
		"a member less":     {team(func(t *qualytics.Team) { t.UserIDs = t.UserIDs[1:] }), true, true, false},
		"a member deleted":  {func(b *teamBench) { b.want(204, "DELETE", "/Users/"+strconv.Itoa(b.two), "") }, false, true, false},
		"somebody deleted":  {func(b *teamBench) { b.want(204, "DELETE", "/Users/"+strconv.Itoa(b.three), "") }, false, false, false},
		"an id of theirs":   {func(b *teamBench) { b.want(200, "PUT", b.fill("/Users/{one}"), `{"externalId":"e1"}`) }, true, false, false},
		"an id of the team": {func(b *teamBench) { b.want(200, "PUT", b.path(), `{"externalId":"g1"}`) }, false, true, false},
		"an id of the role": {func(b *teamBench) {
			b.want(200, "PATCH", admins, patchOf(`{"op":"add","path":"externalId","value":"r1"}`))
		}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			inTeamDialects(t, func(t *testing.T, b *teamBench) {
				b.sandbox.AddUser(qualytics.User{ID: 1000, UserName: "late"})
				paths := []string{"/Users/" + strconv.Itoa(b.one), b.path(), admins}
				changes := []bool{c.user, c.team, c.admins}
				var before []string
				for _, path := range paths {
					before = append(before, b.version(path))
				}
				c.change(b)
				for i, path := range paths {
					if changed := b.version(path) != before[i]; changed != changes[i] {
						t.Errorf("the version of %s changed: %t", path, changed)
					}
					if short := b.version(path + "?attributes=meta.version"); short != b.version(path) {
						t.Errorf("the version of %s without all else is another", path)
					}
				}
			})
		})
	}
}

// TestVersionChangesBack has what was done undone.
func TestVersionChangesBack(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		before := b.version(b.path())
		b.want(200, "PATCH", b.path(), addMember(b.three))
		changed := b.version(b.path())
		b.want(200, "PATCH", b.path(), removeMember(b.three))
		if after := b.version(b.path()); changed == before || after != before {
			t.Errorf("%s, %s, %s", before, changed, after)
		}
	})
}

// TestAddWhatIsThere changes neither the version nor anything else.
func TestAddWhatIsThere(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		one := "/Users/" + strconv.Itoa(b.one)
		b.want(200, "PATCH", one, patchOf(`{"op":"add","value":{"externalId":"e1","emails":[{"type":"work","value":"one@corp.test"}]}}`))
		b.byHand(strconv.Itoa(b.one), func(u *qualytics.User) { u.Role = qualytics.RoleAdmin })
		for path, body := range map[string]string{
			b.path(): addMember(b.one),
			admins:   addMember(b.one),
			one:      patchOf(`{"op":"add","value":{"externalId":"e1","emails":[{"type":"work","value":"one@corp.test"}]}}`, `{"op":"add","path":"active","value":true}`),
		} {
			before := b.want(200, "GET", path, "")
			b.sameTeams(func() {
				response, doc := b.send("PATCH", path, body)
				if response.Status != 200 || versionIn(t, doc) != versionIn(t, before) || b.version(path) != versionIn(t, before) {
					t.Errorf("%s: %d %s", path, response.Status, response.Body)
				}
				if at(doc, "meta.lastModified") != nil {
					t.Errorf("when it was changed is not known, but given: %s", response.Body)
				}
			})
		}
	})
}

// TestVersionHoldsWhatIsNotAlwaysKnown has the ids of teams that the API gives
// by name become known.
func TestVersionHoldsWhatIsNotAlwaysKnown(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.memory.ids, b.memory.scans = make(map[Key][]string), make(map[string]*Scan)
		path := "/Users/" + strconv.Itoa(b.one)
		before := b.want(200, "GET", path, "")
		if id := at(before, "groups.0.value"); (id == nil) == b.dialect.TeamObjects {
			t.Fatalf("the id of the team is %v", id)
		}
		b.want(200, "GET", "/Groups", "")
		after := b.want(200, "GET", path, "")
		if at(after, "groups.0.value") != strconv.Itoa(b.team) || versionIn(t, before) != versionIn(t, after) {
			t.Errorf("before\n%v, after\n%v", before, after)
		}
	})
}

// TestVersionOfARoleGroupWithoutMembers is left out rather than paid for, unless
// it is asked for.
func TestVersionOfARoleGroupWithoutMembers(t *testing.T) {
	inStaffDialects(t, func(t *testing.T, s *staff) {
		want := s.version(admins)
		s.costs(0, func() {
			for _, query := range []string{"excludedAttributes=members", "attributes=displayName"} {
				response, doc := s.send("GET", admins+"?"+query, "")
				if response.Status != 200 || response.Version != "" || at(doc, "meta.version") != nil {
					t.Errorf("%s: %q, %s", query, response.Version, response.Body)
				}
			}
		})
		s.costs(1, func() {
			if got := s.version(admins + "?attributes=meta.version"); got != want {
				t.Errorf("asked for it is %s, want %s", got, want)
			}
		})
	})
}

// TestVersionFromWhatTheAPIWrites depends on no order, spacing or escapes of the
// API, and on all that it says.
func TestVersionFromWhatTheAPIWrites(t *testing.T) {
	const team = `{"id":7,"created":"2026-01-02T08:00:00Z","name":"Café \"A\"","permission":"Editor","users":[` +
		`{"id":1,"name":"A B","email":"a@corp.test"},{"id":2,"name":"C","email":"c@corp.test"},{"id":2,"name":"C","email":"c@corp.test"}]}`
	for _, c := range []struct {
		path, object string
		same, other  []string
	}{
		{
			"/Groups/7", team,
			[]string{
				`{"users":[{"email":"c@corp.test","name":"C","id":2},{"id":1,"name":"A B","email":"a@corp.test","more":0},{"id":2,"email":"c@corp.test","name":"C"}],` +
					`"permission":"Viewer","id":7,"name":"Caf\u00e9 \"A\"","created_at":"1970-01-01T00:00:00Z","created":"2026-01-02T08:00:00Z"}`,
				strings.NewReplacer(`,`, " ,\n", `:[`, ` : [ `).Replace(team),
				strings.Replace(team, "A B", `\u0041 B`, 1),
				strings.Replace(team, "Café", `Caf\u00E9`, 1),
			},
			[]string{
				strings.Replace(team, `"id":1`, `"id":3`, 1), strings.Replace(team, "A B", "A  B", 1), strings.Replace(team, "Café", "Cafe", 1),
				strings.Replace(team, `,{"id":2,"name":"C","email":"c@corp.test"}`, ``, 1), strings.Replace(team, "2026-01", "2026-02", 1),
				strings.Replace(team, `{"id":1,"name":"A B","email":"a@corp.test"},`, ``, 1),
				strings.Replace(team, `{"id":1,"name":"A B"`, `{"id":1`, 1),
				strings.ReplaceAll(team, `{"id":2`, `{"id":4`),
			},
		},
		{
			"/Users/41", benchUser,
			[]string{
				strings.Replace(benchUser, `"Public","Finance DQ"`, `"Finance DQ","Public"`, 1),
				strings.Replace(benchUser, `"Public",`, ``, 1),
				strings.Replace(benchUser, "2026-02-03", "2026-02-04", 1),
				strings.Replace(benchUser, `"deleted_at":null`, `"deleted_at":null,"description":"new"`, 1),
				strings.Replace(benchUser, `,"deleted_at":null`, ``, 1),
				strings.Replace(benchUser, `"created_at"`, `"created"`, 1),
			},
			[]string{
				strings.Replace(benchUser, `"Finance DQ"`, `"finance dq"`, 1), strings.Replace(benchUser, `,"Finance DQ"`, ``, 1),
				strings.Replace(benchUser, `"deleted_at":null`, `"deleted_at":"2026-02-03T09:00:00Z"`, 1),
				strings.Replace(benchUser, `"email":"ana.reis@corp.test"`, `"email":null`, 1), strings.Replace(benchUser, `"Member"`, `"Manager"`, 1),
				strings.Replace(benchUser, `"name":"Ana Reis"`, `"name":null`, 1),
			},
		},
	} {
		want := versionFrom(t, c.path, c.object)
		for _, same := range c.same {
			if versionFrom(t, c.path, same) != want {
				t.Errorf("another version of\n%s", same)
			}
		}
		seen := []string{want}
		for _, other := range c.other {
			got := versionFrom(t, c.path, other)
			if slices.Contains(seen, got) {
				t.Errorf("the same version of\n%s", other)
			}
			seen = append(seen, got)
		}
	}
}

// versionFrom returns the version of a resource of which the API says this.
func versionFrom(t *testing.T, path, object string) string {
	t.Helper()
	if !json.Valid([]byte(object)) {
		t.Fatalf("not JSON: %s", object)
	}
	world := benchWorld()
	world.Upstream = sameAnswer(object)
	for id := range 5 {
		world.Correlations.Learn(strconv.Itoa(id), nil, []Key{{Resource: "User", Attribute: "id", Value: strconv.Itoa(id)}})
	}
	response := shipped(t).Serve(t.Context(), world, Request{Method: "GET", Path: path, Base: testBase})
	if response.Status != 200 {
		t.Fatalf("status %d: %s", response.Status, response.Body)
	}
	return response.Version
}

// TestVersionOfAKeptList does not depend on the order in which it was sent.
func TestVersionOfAKeptList(t *testing.T) {
	b := newBench(t, qualytics.Config{})
	b.edit("      externalId: {keep: here}\n\n      meta.created: {path: [created_at", "      phoneNumbers: {keep: here}\n      meta.created: {path: [created_at",
		"[userName, externalId]", "[userName]")
	path := "/Users/" + b.created(`{"userName":"x","phoneNumbers":[{"value":"1"},{"value":"2","type":"work"}]}`)
	want := b.version(path)
	for list, same := range map[string]bool{
		`[{"type":"work","value":"2"},{"value":"1"}]`: true, `[{"value":"1"},{"value":"2"}]`: false, `[{"value":"1"},{"value":"2","type":"work"},{"value":"3"}]`: false,
	} {
		b.want(200, "PUT", path, `{"phoneNumbers":`+list+`}`)
		if got := b.version(path); (got == want) != same {
			t.Errorf("%s has the version %s", list, got)
		}
	}
}

// TestFilterByVersion finds what has it.
func TestFilterByVersion(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		for path, id := range map[string]string{b.path(): strconv.Itoa(b.team), admins: "role-admin"} {
			version := b.version(path)
			filter := `meta.version eq "` + strings.ReplaceAll(version, `"`, `\"`) + `"`
			if got := idsOf(t, b.want(200, "GET", groupsBy(filter), "")); !slices.Equal(got, []string{id}) {
				t.Errorf("%s finds %v", filter, got)
			}
		}
	})
}

// TestNoVersionFromTheClock has time pass.
func TestNoVersionFromTheClock(t *testing.T) {
	b := newBench(t, qualytics.Config{Now: func() time.Time { return someTime }})
	b.sandbox.Seed(3, 2)
	before := b.version("/Users/2")
	later := newBench(t, qualytics.Config{Now: func() time.Time { return someTime.AddDate(1, 0, 0) }})
	later.sandbox.Seed(3, 2)
	if got := later.version("/Users/2"); got != before {
		t.Errorf("%s, a year later %s", before, got)
	}
}
