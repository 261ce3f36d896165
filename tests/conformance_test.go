package tests

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/qualytics/scim-sidecar/tests/sandbox/qualytics"
)

// section is a part of an RFC with the checks of what it asks. Its name is the
// number of the RFC and that of the section: "7644-3.5.2". The tables in
// conformance/ have a row for each of its sentences.
type section struct {
	name   string
	checks []check
}

// check is one thing that a section asks for. Checks of a section share a
// stack, so each makes what it needs under names of its own.
type check struct {
	name string
	run  func(t *testing.T, p *provider)
}

// sections are all of them, in the order of the RFCs.
var sections = slices.Concat(sections7643, sections7644, sections9865)

// provider is a client that knows nothing but the RFCs, of a stack with twelve
// people and two teams.
type provider struct {
	*stack

	// keeps says that attributes which the API has no field for are kept.
	keeps bool

	// strict says that all leniencies are off.
	strict bool

	named int
}

// TestConformance runs all checks with what is shipped.
func TestConformance(t *testing.T) {
	conform(t, provider{}, func(*testing.T) setup { return setup{} })
}

// TestConformanceStrict runs them without leniencies.
func TestConformanceStrict(t *testing.T) {
	conform(t, provider{strict: true}, func(*testing.T) setup { return setup{edit: tolerances("strict")} })
}

// TestConformanceKeep runs them with a mapping that keeps what the API has no
// field for.
func TestConformanceKeep(t *testing.T) {
	conform(t, provider{keeps: true}, func(t *testing.T) setup {
		return setup{edit: withMapping(t, func(mapping string) string {
			return strings.Replace(keepAll(mapping), "    endpoint: /Groups\n", "    endpoint: /Groups\n    unmapped: keep\n", 1)
		})}
	})
}

func conform(t *testing.T, as provider, how func(t *testing.T) setup) {
	for _, section := range sections {
		t.Run(section.name, func(t *testing.T) {
			p := as
			p.stack = start(t, how(t))
			p.sandbox.Seed(12, 2)
			for _, c := range section.checks {
				t.Run(c.name, func(t *testing.T) { c.run(t, &p) })
			}
		})
	}
}

// object is a JSON object of an answer.
type object map[string]any

// value returns the value in nested objects, nil when there is none.
func (o object) value(path ...string) any { return at(map[string]any(o), path...) }

func (o object) text(path ...string) string {
	text, _ := o.value(path...).(string)
	return text
}

// path is where a resource is, below the SCIM base.
func (o object) path() string {
	_, path, _ := strings.Cut(o.text("meta", "location"), basePath)
	return path
}

func (o object) json(t *testing.T) string {
	t.Helper()
	return string(encode(t, o))
}

// name returns a user name or the name of a group that nobody has.
func (p *provider) name() string {
	p.named++
	return fmt.Sprintf("person.%d", p.named)
}

// user makes a person of a new name; members are further ones of the body.
func (p *provider) user(t *testing.T, members ...string) object {
	t.Helper()
	return p.posts(t, "/Users", p.userBody(p.name(), members...))
}

func (p *provider) userBody(userName string, members ...string) string {
	return `{` + strings.Join(append([]string{`"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]`, `"userName":"` + userName + `"`}, members...), ",") + `}`
}

// group makes a group of a new name with these members.
func (p *provider) group(t *testing.T, members ...object) object {
	t.Helper()
	return p.posts(t, "/Groups", p.groupBody("Group "+p.name(), members...))
}

func (p *provider) groupBody(name string, members ...object) string {
	var list []string
	for _, m := range members {
		list = append(list, `{"value":"`+m.text("id")+`"}`)
	}
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"` + name + `","members":[` + strings.Join(list, ",") + `]}`
}

func (p *provider) posts(t *testing.T, path, body string) object {
	t.Helper()
	return p.scim(t, 201, "POST", path, body).json(t)
}

func (p *provider) gets(t *testing.T, path string) object {
	t.Helper()
	return p.scim(t, 200, "GET", path, "").json(t)
}

func (p *provider) puts(t *testing.T, path, body string) object {
	t.Helper()
	return p.scim(t, 200, "PUT", path, body).json(t)
}

// patches sends operations, which must succeed with the resource.
func (p *provider) patches(t *testing.T, path, list string) object {
	t.Helper()
	return p.scim(t, 200, "PATCH", path, operations(list)).json(t)
}

// refuses expects a SCIM error with a status and scimType, "" for none, and
// that nothing in the API changes.
func (p *provider) refuses(t *testing.T, status int, scimType, method, path, body string) object {
	t.Helper()
	before := p.everything(t)
	got := p.scim(t, status, method, path, body)
	isSCIMError(t, got, status)
	answer := object(got.json(t))
	if answer.text("scimType") != scimType {
		t.Errorf("%s %s %s: scimType is %q instead of %q: %s", method, path, body, answer.text("scimType"), scimType, got.body)
	}
	if after := p.everything(t); after != before {
		t.Errorf("%s %s: the API was changed from\n\t%s\nto\n\t%s", method, path, before, after)
	}
	return answer
}

// query is the path of a list with parameters, names and values in turn.
func query(path string, parameters ...string) string {
	values := make(url.Values)
	for i := 0; i < len(parameters); i += 2 {
		values.Add(parameters[i], parameters[i+1])
	}
	return path + "?" + values.Encode()
}

// finds returns the values of an attribute of what a filter finds.
func (p *provider) finds(t *testing.T, path, filter, attribute string) []string {
	t.Helper()
	return valuesOf(p.gets(t, query(path, "filter", filter)), attribute)
}

// valuesOf returns the values of an attribute of the resources in a list.
func valuesOf(list object, attribute string) []string {
	var values []string
	resources, _ := list["Resources"].([]any)
	for _, r := range resources {
		resource, _ := r.(map[string]any)
		values = append(values, object(resource).text(strings.Split(attribute, ".")...))
	}
	return values
}

// same compares two lists of texts.
func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q instead of %q", what, got, want)
	}
}

// person returns the account that a SCIM resource is.
func (p *provider) person(t *testing.T, user object) qualytics.User {
	t.Helper()
	u, ok := p.sandbox.UserByName(user.text("userName"))
	if !ok {
		t.Fatalf("the API has no %s", user.text("userName"))
	}
	return u
}
