package mapping

import (
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/scim"
)

// condition is what a request demands of the version of the resource that it
// is about (RFC 7644 section 3.14, RFC 9110 section 13.1).
type condition struct {
	// match must hold the version, and noneMatch must not; nil for no demand.
	match, noneMatch *entityTags
}

// condition reads what the request demands.
func (x *run) condition() (c condition, err error) {
	if c.match, err = parseEntityTags("If-Match", x.req.IfMatch); err != nil {
		return condition{}, err
	}
	c.noneMatch, err = parseEntityTags("If-None-Match", x.req.IfNoneMatch)
	return c, err
}

func (c condition) isSet() bool { return c.match != nil || c.noneMatch != nil }

// needsVersion reports whether it takes the version of a resource that is there
// to tell whether the condition holds.
func (c condition) needsVersion() bool {
	return c.match != nil && !c.match.any || c.noneMatch != nil && !c.noneMatch.any
}

// allowsWrite returns an error with status 412 unless a resource of this
// version may be changed.
func (c condition) allowsWrite(version string) error {
	if err := c.matches(version); err != nil {
		return err
	}
	if c.noneMatch.holds(version) {
		return scim.Errorf(412, "", "The resource is what If-None-Match says it must not be; nothing was changed.")
	}
	return nil
}

func (c condition) matches(version string) error {
	if c.match == nil || c.match.holds(version) {
		return nil
	}
	return scim.Errorf(412, "", "The resource has another version than the one that the request is for: it was changed since that was read. Nothing was done; read it again.")
}

// entityTags is the value of an If-Match or If-None-Match header.
type entityTags struct {
	// any stands for "*", any version that there is.
	any bool

	// opaque are the tags without W/ and quotes.
	opaque []string
}

// holds reports whether a version is among the tags; no version is among nil.
// Tags are compared weakly, in If-Match too: RFC 9110 has strong comparison
// there, but RFC 7644 section 3.14 sends weak tags in it, and there are no
// others.
func (t *entityTags) holds(version string) bool {
	if t == nil {
		return false
	}
	opaque, _, ok := cutEntityTag(version)
	return t.any || ok && slices.Contains(t.opaque, opaque)
}

// parseEntityTags reads the value of a header; nil when there is nothing in it.
// Elements of a list may be empty (RFC 9110 section 5.6.1.2).
func parseEntityTags(header, text string) (*entityTags, error) {
	const blank, between = " \t", " \t,"
	if text = strings.Trim(text, between); text == "" {
		return nil, nil
	}
	t := &entityTags{any: text == "*"}
	for !t.any && text != "" {
		opaque, rest, ok := cutEntityTag(text)
		if rest = strings.TrimLeft(rest, blank); !ok || rest != "" && rest[0] != ',' {
			return nil, scim.BadRequest(scim.InvalidValue,
				`%s is neither "*" nor a list of entity tags such as W/"0123456789abcdef".`, header)
		}
		t.opaque, text = append(t.opaque, opaque), strings.TrimLeft(rest, between)
	}
	return t, nil
}

// cutEntityTag returns what is between the quotes of the entity tag at the
// beginning of a text (RFC 9110 section 8.8.3), and what comes after it.
func cutEntityTag(text string) (opaque, rest string, ok bool) {
	text, ok = strings.CutPrefix(strings.TrimPrefix(text, "W/"), `"`)
	if !ok {
		return "", "", false
	}
	opaque, rest, ok = strings.Cut(text, `"`)
	wrong := func(c byte) bool { return c <= ' ' || c == 0x7f }
	return opaque, rest, ok && !slices.ContainsFunc([]byte(opaque), wrong)
}
