package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// TestVersionsInSequences does the random requests of the other sequences, and
// has every resource have the version that it had before if and only if it is
// what it was before.
func TestVersionsInSequences(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dialect := qualytics.DialectA()
			if seed%2 == 1 {
				dialect = qualytics.DialectB()
			}
			b := newBareBench(t, unguarded(t), dialect)
			b.sandbox.Seed(7, 3)
			random := rand.New(rand.NewPCG(seed, 13))
			groups := groupSequence{bench: b, random: random, deleted: make(map[int]bool)}
			users := sequence{bench: b, random: random, deleted: make(map[string]bool), titles: make(map[string]any)}
			seen := seenVersions{bench: b, random: random, states: make(map[string]map[string]string), versions: make(map[string]map[string]string)}
			for range 80 {
				switch {
				case seed%4 > 1:
					users.step()
				case random.IntN(3) > 0:
					groups.model = b.sandbox.Teams()
					groups.step()
				default:
					seen.changeRoles()
				}
				seen.look()
				if t.Failed() {
					t.Fatalf("after:\n%s", strings.Join(slices.Concat(groups.log, users.log), "\n"))
				}
			}
		})
	}
}

// seenVersions are the versions that resources were seen to have.
type seenVersions struct {
	*bench
	random *rand.Rand

	// states and versions have, by the path of a resource, the state for a
	// version and the version for a state.
	states, versions map[string]map[string]string
}

func (s *seenVersions) changeRoles() {
	id := s.people()[s.random.IntN(len(s.people()))]
	n, _ := strconv.Atoi(id)
	path := []string{admins, managers}[s.random.IntN(2)]
	if s.random.IntN(2) == 0 {
		s.send("PATCH", path, addMember(n))
		return
	}
	s.send("PATCH", path, removeMember(n))
}

// look reads every resource, in whatever way.
func (s *seenVersions) look() {
	s.t.Helper()
	var paths []string
	for _, id := range s.people() {
		paths = append(paths, "/Users/"+id)
	}
	for _, team := range s.sandbox.Teams() {
		paths = append(paths, groupPath(team.ID))
	}
	for _, path := range append(paths, admins, managers) {
		response, doc := s.send("GET", path, "")
		if response.Status == 404 {
			continue
		}
		version := s.otherwise(path)
		if shown := versionIn(s.t, doc); shown != version {
			s.t.Errorf("%s has the versions %s and %s", path, shown, version)
		}
		if s.states[path] == nil {
			s.states[path], s.versions[path] = make(map[string]string), make(map[string]string)
		}
		state := s.state(path, doc)
		if before, seen := s.states[path][version]; seen && before != state {
			s.t.Errorf("%s has the version %s as\n%s and as\n%s", path, version, before, state)
		}
		if before, seen := s.versions[path][state]; seen && before != version {
			s.t.Errorf("%s has the versions %s and %s as\n%s", path, before, version, state)
		}
		s.states[path][version], s.versions[path][state] = state, version
	}
}

// otherwise returns the version of a resource in some other way than by a GET of
// the whole.
func (s *seenVersions) otherwise(path string) string {
	s.t.Helper()
	cut := strings.LastIndexByte(path, '/')
	collection, id := path[:cut], path[cut+1:]
	switch s.random.IntN(5) {
	case 0:
		return s.version(path + "?attributes=meta")
	case 1:
		_, doc := s.send("PATCH", path+"?attributes=id,meta.version", patchOf(`{"op":"add","value":{}}`))
		return versionIn(s.t, doc)
	case 2:
		_, doc := s.send("PUT", path, `{"nickName":"has no effect"}`)
		return versionIn(s.t, doc)
	case 3:
		filter := url.QueryEscape(`id eq "` + id + `"`)
		return versionIn(s.t, at(s.want(200, "GET", collection+"?filter="+filter, ""), "Resources.0"))
	default:
		for _, resource := range at(s.want(200, "GET", collection+[]string{"", "?attributes=meta.version"}[s.random.IntN(2)], ""), "Resources").([]any) {
			if at(resource, "id") == id {
				return versionIn(s.t, resource)
			}
		}
		return ""
	}
}

// state is all of a resource that is always known, and who is in a team without
// being shown, whom a version tells apart from nobody.
func (s *seenVersions) state(path string, doc map[string]any) string {
	delete(at(doc, "meta").(map[string]any), "version")
	sorted := func(list string, without ...string) {
		var values []string
		elements, _ := doc[list].([]any)
		for _, element := range elements {
			value := maps.Clone(element.(map[string]any))
			for _, name := range without {
				delete(value, name)
			}
			raw, _ := json.Marshal(value)
			values = append(values, string(raw))
		}
		slices.Sort(values)
		doc[list] = values
	}
	sorted("groups", "value", "$ref")
	if path == admins || path == managers {
		sorted("members", "display")
	}
	id, _ := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
	if team, ok := s.sandbox.Team(id); ok && strings.HasPrefix(path, "/Groups") {
		for _, member := range team.UserIDs {
			if u, ok := s.sandbox.User(member); ok && u.Type == qualytics.TypeService {
				doc[fmt.Sprint("service user ", member)] = true
			}
		}
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(raw)
}
