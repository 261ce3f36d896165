package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
)

// given returns the keys that an attribute was given, in the reference's order.
func (spec *attributeSpec) given() []string {
	var keys []string
	for _, k := range []struct {
		name  string
		given bool
	}{
		{"path", len(spec.path) > 0},
		{"read", spec.read.present()},
		{"write", spec.write.present() || len(spec.state) > 0},
		{"from", len(spec.from) > 0},
		{"values", len(spec.values) > 0},
		{"words", len(spec.words) > 0},
		{"default", spec.fallback != nil},
		{"clear", spec.clear != nil},
		{"absent", spec.absent != nil},
		{"as", len(spec.as) > 0},
		{"take", len(spec.take) > 0},
		{"each", len(spec.each) > 0},
		{"except", len(spec.except) > 0},
		{"of", spec.of.present()},
		{"into", spec.into.present()},
		{"unknown", spec.unknown.present()},
		{"unique", spec.unique.present()},
		{"required", spec.required},
		{"read-only", spec.readOnly},
	} {
		if k.given {
			keys = append(keys, k.name)
		}
	}
	return keys
}

// pointless reports those of the keys that were given although they mean
// nothing, and why.
func (c *compiler) pointless(a *attribute, s *attributeSpec, why string, keys ...string) {
	given := slices.DeleteFunc(s.given(), func(key string) bool { return !contains(keys, key) })
	verb := "means"
	switch len(given) {
	case 0:
		return
	case 1:
	default:
		verb = "mean"
	}
	c.Addf(s.name.pos, "%s %s, so that %s %s nothing", a.name(), why, source.AllOf(given), verb)
}

// combinations reports keys that mean nothing beside others.
func (c *compiler) combinations(a *attribute, s *attributeSpec) {
	switch {
	case a.isList():
	case a.isPlainList():
		c.pointless(a, s, "is a list of plain values", "read", "write", "from", "as", "take", "each", "except", "of", "into", "unknown", "unique")
		if s.fallback != nil && !fits(a.target, s.fallback.raw) {
			c.Addf(s.fallback.pos, `"default" is what the API gets, and %s is a list`, a.name())
		}
	default:
		c.pointless(a, s, "has one value", "as", "take", "each", "except", "of", "into", "unknown")
	}
	if a.secret {
		c.pointless(a, s, "is never shown", "read", "from", "absent", "unique", "read-only", "each")
	}
	switch {
	case s.keep && a.secret:
		c.Addf(s.name.pos, "%s is never shown, so that there would be no use in keeping it", a.name())
	case s.keep:
		c.pointless(a, s, "is kept here and not in the API", "path", "read", "write", "from", "values", "default", "clear", "unique")
		if a.isList() {
			c.pointless(a, s, "is kept here as it comes", "as", "take", "each", "except", "of", "into", "unknown")
		}
		if a.readOnly {
			c.Addf(s.name.pos, "%s is read-only, so that there would never be anything to keep", a.name())
		}
		return
	case len(s.state) > 0:
		c.pointless(a, s, "is brought about by calls", "from", "values", "default", "clear", "read-only")
		return
	case len(s.each) > 0 && a.isList():
		c.pointless(a, s, `is a list in the API ("each")`, "read", "write", "from", "values", "default", "clear", "as", "take", "unique")
		if !a.readOnly && !s.into.present() {
			c.Addf(s.name.pos, `%s is a list in the API ("each"), which can only be read; say "read-only: true", or "into" which field it is written`, a.name())
		}
		return
	case a.isList() && a.target.Sub("value") == nil:
		c.AddHint(s.name.pos, `"each" reads a list of the API`, "%s has no single value that a field of the API could hold", a.name())
	case a.isList():
		c.pointless(a, s, `is not read as a list ("each")`, "except")
	}
	if len(s.values) > 0 {
		c.pointless(a, s, "has a table of values", "read", "write")
		c.inTable(a, s, s.fallback)
		c.inTable(a, s, s.clear)
	}
	if a.readOnly {
		c.pointless(a, s, "is read-only", "required")
	}
}

// valueTarget is what holds the attribute's one value: the attribute, or the
// "value" of an element. It is nil when there is none.
func (a *attribute) valueTarget() *schema.Attribute {
	if a.isList() {
		return a.target.Sub("value")
	}
	return a.target
}

func isBoolean(a *schema.Attribute) bool { return a != nil && a.Type == schema.Boolean }

func isNumber(a *schema.Attribute) bool {
	return a != nil && (a.Type == schema.Integer || a.Type == schema.Decimal)
}

// fits reports whether a constant may stand where SCIM expects the attribute.
func fits(target *schema.Attribute, raw json.RawMessage) bool {
	v, ok := jsonpath.Document(raw)
	switch {
	case !ok || v.IsNull():
		return ok
	case target.MultiValued:
		fit := v.IsArray()
		one := *target
		one.MultiValued = false
		v.Each(func(element jsonpath.Value) bool {
			fit = fits(&one, []byte(element.Raw()))
			return fit
		})
		return fit
	}
	switch target.Type {
	case schema.Boolean:
		return v.IsBool()
	case schema.Integer, schema.Decimal:
		return v.IsNumber()
	case schema.Complex:
		return v.IsObject()
	default:
		return v.IsString()
	}
}

// expected names what a constant for the attribute has to be.
func expected(target *schema.Attribute) string {
	switch {
	case target.MultiValued:
		return "a list"
	case target.Type == schema.Boolean:
		return "true or false"
	case target.Type == schema.Integer || target.Type == schema.Decimal:
		return "a number"
	case target.Type == schema.Complex:
		return "a mapping"
	default:
		return "a text"
	}
}

// takes compiles the words by which one of several values is picked. A word
// that is not one of the schema's may be a provider's own, unless it looks
// like a slip.
func (c *compiler) takes(a *attribute, words []text, types []string) {
	known := append([]string{"primary", "first"}, types...)
	if sub := a.target.Sub("type"); sub != nil {
		known = append(known, sub.CanonicalValues...)
	}
	for i, t := range words {
		word := resource.Fold(t.value)
		if hint := source.DidYouMean(word, known); hint != "" && !contains(known, word) {
			c.AddHint(t.pos, hint, "no value of %s is %q", a.name(), t.value)
			continue
		}
		if word == "first" && i < len(words)-1 {
			c.Addf(words[i+1].pos, `"first" takes any value, so that nothing after it is ever looked at`)
		}
		a.take = append(a.take, word)
	}
}

// inTable reports a constant for the API that is not one of the values that the
// attribute's table gives it, or a list with one. The API may be without one.
func (c *compiler) inTable(a *attribute, s *attributeSpec, k *constantSpec) {
	if k == nil || string(k.raw) == "null" {
		return
	}
	if list, ok := jsonpath.Document(k.raw); ok && list.IsArray() && a.isPlainList() {
		list.Each(func(v jsonpath.Value) bool {
			c.inTable(a, s, &constantSpec{pos: k.pos, raw: []byte(v.Raw())})
			return true
		})
		return
	}
	known := make([]string, len(s.values))
	for i, v := range s.values {
		if string(v.raw) == string(k.raw) {
			return
		}
		known[i] = plain(v.raw)
	}
	hint := source.DidYouMean(plain(k.raw), known)
	if hint == "" {
		hint = "expected " + source.OneOf(known)
	}
	c.AddHint(k.pos, hint, "the table of %s has no value %q of the API", a.name(), plain(k.raw))
}

// plain returns a constant as it would be written in the file.
func plain(raw json.RawMessage) string {
	if s := unquote(raw); s != "" {
		return s
	}
	return string(raw)
}

// reserved are the names of endpoints that every SCIM server has.
var reserved = []string{"serviceproviderconfig", "resourcetypes", "schemas", "bulk", "me"}

// resourceNames checks a resource's name and endpoint against those before it.
func (c *compiler) resourceNames(spec *resourceSpec, before []resourceSpec) {
	if !isWord(spec.name) {
		c.Addf(spec.pos, "the name %q of the resource must be one word of letters and digits", spec.name)
	}
	endpoint := spec.endpoint.value
	word, slash := strings.CutPrefix(endpoint, "/")
	switch {
	case !spec.endpoint.present():
	case !slash || !isWord(word):
		c.Addf(spec.endpoint.pos, `the endpoint %q must be "/" and one word, such as "/Users"`, endpoint)
	case contains(reserved, strings.ToLower(word)):
		c.Addf(spec.endpoint.pos, "the endpoint %s is one that every SCIM server has", endpoint)
	}
	for i := range before {
		other := &before[i]
		if strings.EqualFold(other.name, spec.name) {
			c.Addf(spec.pos, "the resource %s is in line %d already; names are compared without case", other.name, other.pos.Line)
		}
		if spec.endpoint.present() && strings.EqualFold(other.endpoint.value, endpoint) {
			c.Addf(spec.endpoint.pos, "%s has the endpoint %s already", other.name, other.endpoint.value)
		}
	}
}

// isWord reports whether s can be one segment of a URL as it is.
func isWord(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == "" && s != ""
}
