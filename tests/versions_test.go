package tests

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// aVersion is the form of a version (RFC 7643 section 3.1): a weak entity tag.
var aVersion = regexp.MustCompile(`^W/"[\w-]{16}"$`)

// versions are those that resources were seen to have, by location.
type versions map[string]*seenVersions

// seenVersions are the versions that a resource had with what it was, whole and
// without what is not always known, both as JSON.
type seenVersions struct {
	byState map[string]string
	states  map[string]string
}

// takeOut takes the versions out of an answer and returns its body without
// them, so that it can be compared with one that does not name them. Each has to
// be a version, the ETag header of an answer that is one resource, and the same
// as before if and only if the resource is.
func (v versions) takeOut(t *testing.T, request string, got reply) []byte {
	t.Helper()
	etag := got.header.Get("ETag")
	if got.status >= 300 || len(got.body) == 0 {
		if etag != "" && got.status != 304 {
			t.Errorf("ETag %s with status %d", etag, got.status)
		}
		return got.body
	}
	answer := got.json(t)
	line, _, _ := strings.Cut(request, "\r\n")
	part := strings.Contains(strings.ToLower(line), "attributes=")
	list, isList := answer["Resources"].([]any)
	if !isList {
		list = []any{answer}
	}
	for _, resource := range list {
		meta, _ := at(resource, "meta").(map[string]any)
		kind, version := meta["resourceType"], meta["version"]
		if kind != "User" && kind != "Group" {
			continue
		}
		delete(meta, "version")
		text, _ := version.(string)
		if (version != nil || !part) && !aVersion.MatchString(text) {
			t.Errorf("the version is %v in %s", version, got.body)
		}
		if !isList && (version != nil || !part) && etag != text {
			t.Errorf("ETag is %q instead of %q", etag, text)
		}
		if !part {
			v.see(t, resource, text)
		}
	}
	if isList && etag != "" {
		t.Errorf("ETag %s for a list", etag)
	}
	return encode(t, answer)
}

// see compares a version with those that the resource had.
func (v versions) see(t *testing.T, resource any, version string) {
	t.Helper()
	location, _ := at(resource, "meta", "location").(string)
	had := v[location]
	if had == nil {
		had = &seenVersions{make(map[string]string), make(map[string]string)}
		v[location] = had
	}
	state := string(encode(t, resource))
	if before, seen := had.byState[state]; seen && before != version {
		t.Errorf("the version was %s and is %s, of the same: %s", before, version, state)
	}
	had.byState[state] = version
	known := string(encode(t, alwaysKnown(resource)))
	if before, seen := had.states[version]; seen && before != known {
		t.Errorf("the version is %s, of\n\t%s\nand of\n\t%s", version, before, known)
	}
	had.states[version] = known
}

// alwaysKnown returns a resource without what an answer may leave out: the ids
// of a user's groups, which the API may give by their names, and the names of
// the members of a role group.
func alwaysKnown(resource any) map[string]any {
	known := make(map[string]any)
	all, _ := resource.(map[string]any)
	for name, value := range all {
		known[name] = value
	}
	id, _ := known["id"].(string)
	for list, unknown := range map[string]string{"groups": "value", "members": "display"} {
		values, ok := known[list].([]any)
		if !ok || list == "members" && !strings.HasPrefix(id, "role-") {
			continue
		}
		parts := make([]any, len(values))
		for i, value := range values {
			part := make(map[string]any)
			whole, _ := value.(map[string]any)
			for name, sub := range whole {
				if name != unknown {
					part[name] = sub
				}
			}
			parts[i] = part
		}
		known[list] = parts
	}
	return known
}

// version returns the version of a resource.
func (st *stack) version(t *testing.T, endpoint string, id int) string {
	t.Helper()
	got := st.scim(t, 200, "GET", fmt.Sprintf("/%s/%d", endpoint, id), "")
	version, _ := at(got.json(t), "meta", "version").(string)
	if !aVersion.MatchString(version) {
		t.Errorf("the version is %q", version)
	}
	return version
}

// takeBulkVersions takes the versions out of the answer to a bulk request and
// returns them.
func takeBulkVersions(t *testing.T, answer map[string]any) []string {
	t.Helper()
	var taken []string
	operations, _ := answer["Operations"].([]any)
	for _, item := range operations {
		operation, _ := item.(map[string]any)
		version, _ := operation["version"].(string)
		if !aVersion.MatchString(version) {
			t.Errorf("the version is %v in %v", operation["version"], operation)
		}
		delete(operation, "version")
		taken = append(taken, version)
	}
	return taken
}
