package mapping

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

func TestParseEntityTags(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "  ": nil, ",": nil, " ,\t, ": nil,
		`W/"a"`:                        {"a"},
		`"a"`:                          {"a"},
		` W/"a" `:                      {"a"},
		`W/"a","b" , W/"c"`:            {"a", "b", "c"},
		`,, "a",, W/"a,b" ,`:           {"a", "a,b"},
		`""`:                           {""},
		`W/"!#$%&'()*+-./:;<=>?@[\]~"`: {`!#$%&'()*+-./:;<=>?@[\]~`},
		`"caf` + "\xe9" + `"`:          {"caf\xe9"},
		"*":                            {"*"}, " * ": {"*"},
	} {
		got, err := parseEntityTags("If-Match", text)
		switch {
		case err != nil:
			t.Errorf("%s: %v", text, err)
		case want == nil && got != nil:
			t.Errorf("%q is not nothing", text)
		case got != nil && got.any != slices.Equal(want, []string{"*"}):
			t.Errorf("%q is any: %t", text, got.any)
		case got != nil && !got.any && !slices.Equal(got.opaque, want):
			t.Errorf("%q: %q, want %q", text, got.opaque, want)
		}
	}
	for _, text := range malformedTags {
		if got, err := parseEntityTags("If-Match", text); err == nil || scim.AsError(err).Status != 400 {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
}

var malformedTags = []string{
	`abc`, `W/abc`, `w/"a"`, `W"a"`, `W/ "a"`, `"a`, `W/"`, `"a" "b"`, `"a";q=1`, `*, "a"`, `"a", *`, `**`, `"a b"`, `"a` + "\x00" + `"`,
	`"a` + "\x7f" + `"`, `'a'`, `W/W/"a"`, `"a"b`, `"a", b`, `W/\"a\"`,
}

// FuzzEntityTags reads whatever header: it is a list, nothing or an error, and
// the tags in it can be told apart from each other.
func FuzzEntityTags(f *testing.F) {
	for _, seed := range append([]string{"", "*", `W/"a"`, `"a", W/"b",,`}, malformedTags...) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tags, err := parseEntityTags("If-Match", text)
		if err != nil || tags == nil || tags.any {
			return
		}
		for _, opaque := range tags.opaque {
			if !strings.Contains(text, `"`+opaque+`"`) || !tags.holds(`W/"`+opaque+`"`) || !tags.holds(`"`+opaque+`"`) || tags.holds(`W/"`+opaque+`x"`) && !slices.Contains(tags.opaque, opaque+"x") {
				t.Errorf("%q in %q", opaque, text)
			}
		}
	})
}

// conditional is a request for a certain version.
func (b *bench) conditional(method, path, body, match, noneMatch string) Response {
	b.t.Helper()
	path, query, _ := strings.Cut(path, "?")
	return b.program.Serve(b.t.Context(), b.world, Request{
		Method: method, Path: path, Query: query, Body: []byte(body), Base: testBase, IfMatch: match, IfNoneMatch: noneMatch,
	})
}

// otherTag is one that no version has.
const otherTag = `W/"0123456789abcdef"`

// strong is the tag of a version as a client may have it that knows no weak ones.
func strong(version string) string { return strings.TrimPrefix(version, "W/") }

func TestConditionalGet(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		for _, path := range []string{"/Users/" + strconv.Itoa(b.one), b.path(), managers} {
			version := b.version(path)
			for _, c := range []struct {
				match, noneMatch string
				status           int
			}{
				{"", version, 304},
				{"", strong(version), 304},
				{"", otherTag + ", " + version, 304},
				{"", "*", 304},
				{"", otherTag, 200},
				{version, "", 200},
				{strong(version), "", 200},
				{"*", "", 200},
				{otherTag, "", 412},
				{otherTag, version, 412},
				{version, version, 304},
				{version, otherTag, 200},
			} {
				for _, query := range []string{"", "?attributes=displayName", "?excludedAttributes=members"} {
					for _, method := range []string{"GET", "HEAD"} {
						response := b.conditional(method, path+query, "", c.match, c.noneMatch)
						if response.Status != c.status {
							t.Errorf("%s %s, If-Match %s, If-None-Match %s: %d, want %d: %s", method, path+query, c.match, c.noneMatch, response.Status, c.status, response.Body)
						}
						if c.status == 304 && (response.Body != nil || response.Version != version || response.Err != nil) {
							t.Errorf("%s: %+v", path, response)
						}
						if c.status == 200 && (response.Body == nil || query == "" && response.Version != version) {
							t.Errorf("%s: %+v", path, response)
						}
					}
				}
			}
		}
		b.sameTeams(func() {
			if response := b.conditional("GET", "/Users/987654", "", "*", "*"); response.Status != 404 {
				t.Errorf("nobody: %d", response.Status)
			}
			for _, path := range []string{"/Users", "/ServiceProviderConfig", "/Schemas"} {
				if response := b.conditional("GET", path, "", otherTag, "*"); response.Status != 200 || response.Version != "" {
					t.Errorf("%s: %d %s", path, response.Status, response.Version)
				}
			}
		})
	})
}

// TestConditionalWrites fail without having written anything where somebody has
// changed the resource, and go through where nobody has.
func TestConditionalWrites(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		one := "/Users/" + strconv.Itoa(b.one)
		for _, request := range [][3]string{
			{"PUT", one, `{"displayName":"One More"}`},
			{"PATCH", one, patchOf(`{"op":"replace","path":"active","value":false}`)},
			{"PATCH", one, patchOf(`{"op":"replace","path":"active","value":true}`, `{"op":"replace","path":"externalId","value":"e1"}`)},
			{"PUT", b.path(), `{"displayName":"Money"}`},
			{"PATCH", b.path(), addMember(b.three)},
			{"PATCH", managers, addMember(b.three)},
			{"PUT", managers, b.fill(`{"displayName":"Qualytics Manager","members":[{"value":"{two}"}]}`)},
			{"DELETE", b.path(), ""},
			{"DELETE", one, ""},
		} {
			method, path, body := request[0], request[1], request[2]
			version := b.version(path)
			b.sameTeams(func() {
				for _, c := range [][2]string{{otherTag, ""}, {"", version}, {"", "*"}, {version, version}, {"", strong(version) + "," + otherTag}, {otherTag, otherTag}} {
					response := b.conditional(method, path, body, c[0], c[1])
					if response.Status != 412 || response.Err == nil || !tells(response, `"status":"412"`) || response.Version != "" {
						t.Errorf("%s %s, If-Match %s, If-None-Match %s: %d %s", method, path, c[0], c[1], response.Status, response.Body)
					}
				}
				if b.version(path) != version {
					t.Errorf("%s %s changed the version", method, path)
				}
			})
			response := b.conditional(method, path, body, otherTag+", "+version, otherTag)
			if response.Status >= 300 {
				t.Fatalf("%s %s: %d %s", method, path, response.Status, response.Body)
			}
			if method == "DELETE" {
				b.fails(404, "", "GET", path, "")
				continue
			}
			if response.Version == version || response.Version != b.version(path) {
				t.Errorf("%s %s made of %s %s, and GET %s", method, path, version, response.Version, b.version(path))
			}
			if response := b.conditional(method, path, body, "*", ""); response.Status != 200 {
				t.Errorf("%s %s of any version: %d %s", method, path, response.Status, response.Body)
			}
			b.sameTeams(func() {
				if response := b.conditional(method, path, body, version, ""); response.Status != 412 {
					t.Errorf("%s %s of the old version: %d", method, path, response.Status)
				}
			})
		}
	})
}

// TestConditionsOfOtherRequests are of no meaning, or come after what else is
// wrong.
func TestConditionsOfOtherRequests(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		if response := b.conditional("POST", "/Users", `{"userName":"x"}`, otherTag, "*"); response.Status != 201 || response.Version == "" {
			t.Errorf("POST: %d %s", response.Status, response.Body)
		}
		if response := b.conditional("POST", "/Groups", `{"displayName":"x"}`, "nonsense", "nonsense"); response.Status != 201 {
			t.Errorf("POST: %d %s", response.Status, response.Body)
		}
		b.sameTeams(func() {
			for _, c := range []struct {
				method, path, body string
				status             int
			}{
				{"PUT", "/Users/987654", `{"displayName":"x"}`, 404},
				{"PATCH", "/Groups/987654", addMember(b.one), 404},
				{"DELETE", "/Users/987654", "", 404},
				{"DELETE", "/Users/" + strconv.Itoa(b.gone), "", 404},
				{"DELETE", "/Users/" + strconv.Itoa(b.bot), "", 404},
				{"DELETE", admins, "", 403},
				{"PUT", "/Users/" + strconv.Itoa(b.one), `{`, 400},
				{"PATCH", b.path(), `{}`, 400},
			} {
				for _, match := range []string{"*", otherTag} {
					if response := b.conditional(c.method, c.path, c.body, match, ""); response.Status != c.status {
						t.Errorf("%s %s: %d, want %d", c.method, c.path, response.Status, c.status)
					}
				}
			}
		})
	})
}

// TestMalformedConditions are refused before anything is asked or done.
func TestMalformedConditions(t *testing.T) {
	inTeamDialects(t, func(t *testing.T, b *teamBench) {
		b.costs(0, func() {
			for _, text := range malformedTags {
				for method, body := range map[string]string{"GET": "", "PUT": `{"displayName":"x"}`, "PATCH": addMember(b.three), "DELETE": ""} {
					for _, response := range []Response{b.conditional(method, b.path(), body, text, ""), b.conditional(method, b.path(), body, "", text)} {
						if response.Status != 400 || !tells(response, "Match") || !tells(response, `"scimType":"invalidValue"`) {
							t.Errorf("%s of %q: %d %s", method, text, response.Status, response.Body)
						}
					}
				}
			}
		})
	})
}
