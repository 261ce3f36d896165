package mapping

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/qualytics/scim-sidecar/mapping/jsonpath"
	"github.com/qualytics/scim-sidecar/mapping/language"
	"github.com/qualytics/scim-sidecar/mapping/resource"
	"github.com/qualytics/scim-sidecar/mapping/schema"
	"github.com/qualytics/scim-sidecar/mapping/source"
	"github.com/qualytics/scim-sidecar/mapping/transform"
)

// attributes compiles what does not refer to other attributes. It returns the
// attributes by the names under which the file may refer to them.
func (c *compiler) attributes(r *resourceType, full *schema.Set, spec *resourceSpec, calls *callSet) map[string]*attribute {
	declared := make(map[string]*attribute)
	for i := range spec.attributes {
		s := &spec.attributes[i]
		a := c.attributeName(r, full, s)
		if a == nil {
			continue
		}
		if c.twice(r, a, s) {
			continue
		}
		c.attributeRead(a, s)
		c.attributeValues(a, s)
		c.attributeList(a, s)
		c.attributeWords(a, s)
		c.attributeState(r, a, s, calls)
		c.combinations(a, s)
		calls.silent = calls.silent || s.broken
		r.attributes = append(r.attributes, a)
		declared[s.name.value], declared[a.name()] = a, a
	}
	return declared
}

// twice reports an attribute that has a place already, as a whole or in parts.
func (c *compiler) twice(r *resourceType, a *attribute, s *attributeSpec) bool {
	for _, first := range r.attributes {
		switch {
		case first.path == a.path:
			c.Addf(s.name.pos, "%s is mapped in line %d already", a.name(), first.pos.Line)
		case first.path == a.path.Parent(), first.path.Parent() == a.path:
			c.Addf(s.name.pos, "%s is mapped in line %d already, and can't be both a whole and its parts", first.name(), first.pos.Line)
		default:
			continue
		}
		return true
	}
	return false
}

func (c *compiler) attributeName(r *resourceType, full *schema.Set, s *attributeSpec) *attribute {
	path, err := schema.ParseAttrPath(s.name.value)
	resolved, ok := full.Resolve(path)
	switch {
	case err != nil || !ok:
		c.AddHint(s.name.pos, c.attributeHint(full, path, s.name.value), "no schema has the attribute %q", s.name.value)
		return nil
	case resolved.Attribute == nil:
		c.Addf(s.name.pos, "%s is a schema; map its attributes, such as %s:%s", s.name.value, resolved.Schema.ID, resolved.Schema.Attributes[0].Name)
		return nil
	case contains(language.MadeByServer, resolved.Path().String()):
		c.Addf(s.name.pos, "%s is made by the server and can't be mapped", resolved.Path())
		return nil
	case resolved.Attribute.MultiValued && resolved.Sub != nil:
		c.Addf(s.name.pos, "%s has several values; map it as a whole", resolved.Attribute.Name)
		return nil
	case resolved.Sub == nil && isWhole(resolved.Attribute) && !s.keep && len(resolved.Attribute.SubAttributes) > 0:
		c.Addf(s.name.pos, "%s has sub-attributes; map those, such as %s.%s",
			resolved.Path(), resolved.Path(), resolved.Attribute.SubAttributes[0].Name)
		return nil
	}
	target := resolved.Target()
	a := &attribute{
		pos: s.name.pos, written: s, path: resolved.Path(), target: target,
		kept: s.keep, unique: s.unique.value == "true", exclusive: s.unique.present() && s.unique.value != "false", required: s.required || target.Required,
		readOnly: s.readOnly || resolved.IsReadOnly(),
		secret:   target.Returned == schema.ReturnedNever || resolved.Attribute.Returned == schema.ReturnedNever,
	}
	if !s.required {
		a.within = r.requiredWithin(resolved)
	}
	if c.declaredSchema(resolved.Schema.ID) != nil && !s.keep {
		declared := target.Uniqueness != schema.UniqueNone && target.Uniqueness != ""
		a.unique = a.unique || declared && !s.unique.present()
		a.exclusive = a.exclusive || declared
	}
	return a
}

// isWhole reports whether an attribute is one value that consists of others.
func isWhole(a *schema.Attribute) bool { return a.Type == schema.Complex && !a.MultiValued }

// requiredWithin returns what must have a value for a required attribute to be
// missed: the extension or the complex attribute that it is a part of, where
// these are not required themselves; nil when it is always missed.
func (r *resourceType) requiredWithin(resolved schema.Resolved) *schema.Path {
	switch {
	case resolved.Sub != nil && !resolved.Attribute.Required:
		return new(resolved.Path().Parent())
	case resolved.Extension && !r.isMandatory(resolved.Schema.ID):
		return &schema.Path{URN: resolved.Schema.ID}
	default:
		return nil
	}
}

// isMandatory reports whether every resource has the extension.
func (r *resourceType) isMandatory(urn string) bool { return contains(r.mandatory, urn) }

// attributeHint says what was probably meant by a name that no schema has.
func (c *compiler) attributeHint(full *schema.Set, path schema.Path, name string) string {
	if hint := source.DidYouMean(name, schemaNames(full)); hint != "" {
		return hint
	}
	if path.URN != "" && full.Schema(path.URN, nil) == nil && (c.declaredSchema(path.URN) != nil || knownSchema(path.URN) != "") {
		return `the resource does not have that schema among its "extensions"`
	}
	whole, ok := full.Resolve(path.Parent())
	if !ok || path.Sub == "" || whole.Attribute == nil || len(whole.Attribute.SubAttributes) == 0 {
		return ""
	}
	return whole.Path().String() + " has " + source.AllOf(subNames(whole.Attribute))
}

func schemaNames(set *schema.Set) []string {
	var names []string
	for _, a := range append(slices.Clone(set.Core().Attributes), schema.Common()...) {
		names = append(names, a.Name)
		for _, sub := range a.SubAttributes {
			names = append(names, a.Name+"."+sub.Name)
		}
	}
	for _, extension := range set.Extensions() {
		for _, a := range extension.Attributes {
			names = append(names, extension.ID+":"+a.Name)
		}
	}
	return names
}

func (c *compiler) attributeRead(a *attribute, s *attributeSpec) {
	a.paths = c.jsonPaths(s.path)
	if !s.keep && len(s.path) == 0 && !s.broken {
		c.Addf(s.name.pos, `%s has neither a "path" in the API's objects nor "keep: here"`, a.name())
	}
	target := a.valueTarget()
	if s.read.present() {
		var err error
		a.read, err = transform.Find(s.read.value)
		switch {
		case err != nil:
			c.Addf(s.read.pos, "%v", err)
		case a.read.Test != nil && !isBoolean(target):
			c.Addf(s.read.pos, "%q makes true or false, but %s is a text", a.read.Name, a.name())
		case a.read.Text != nil && isBoolean(target):
			c.Addf(s.read.pos, "%q makes a text, but %s is true or false", a.read.Name, a.name())
		case a.read.Text != nil && isNumber(target):
			c.Addf(s.read.pos, "%q makes a text, but %s is a number", a.read.Name, a.name())
		}
	}
	if s.write.present() {
		var err error
		if a.write, err = transform.FindText(s.write.value); err != nil {
			c.Addf(s.write.pos, "%v", err)
		} else if isBoolean(target) {
			c.Addf(s.write.pos, "%q changes texts, but %s is true or false", a.write.Name, a.name())
		} else if isNumber(target) {
			c.Addf(s.write.pos, "%q changes texts, but %s is a number", a.write.Name, a.name())
		}
	}
	if s.absent != nil {
		a.absent = s.absent.raw
		if !fits(a.target, a.absent) {
			c.Addf(s.absent.pos, `"absent" is what SCIM shows, and %s is %s`, a.name(), expected(a.target))
		}
	}
}

func (c *compiler) attributeValues(a *attribute, s *attributeSpec) {
	if len(s.values) == 0 {
		return
	}
	a.toAPI, a.toSCIM = make(map[string]json.RawMessage), make(map[string]json.RawMessage)
	boolean := isBoolean(a.valueTarget())
	for _, v := range s.values {
		word := strings.TrimSpace(v.name.value)
		key, shown := strings.ToLower(word), quoteJSON(word)
		_, twice := a.toAPI[key]
		switch {
		case twice:
			c.Addf(v.name.pos, "the value %q is given twice; values are compared without case", word)
		case word == "":
			c.AddHint(v.name.pos, `"clear" and "absent" say what becomes of no value`, "a value of the table is empty")
		case boolean && key != "true" && key != "false":
			c.Addf(v.name.pos, "%s is true or false, not %q", a.name(), word)
		case boolean:
			shown = json.RawMessage(key)
		case isNumber(a.valueTarget()) && !resource.IsNumber(word):
			c.Addf(v.name.pos, "%s is a number, not %q", a.name(), word)
		case isNumber(a.valueTarget()):
			shown = json.RawMessage(word)
		}
		a.toAPI[key] = v.raw
		a.words = append(a.words, word)
		a.wordsAt = append(a.wordsAt, v.name.pos)
		// The first of several SCIM values for one of the API's is shown.
		if _, taken := a.toSCIM[string(v.raw)]; !taken {
			a.toSCIM[string(v.raw)] = shown
		}
	}
}

// attributeWords compiles the further texts for true and false.
func (c *compiler) attributeWords(a *attribute, s *attributeSpec) {
	if len(s.words) > 0 && a.target.Type != schema.Boolean {
		c.Addf(s.words[0].word.pos, `%s is a %s; "words" are for true and false`, a.name(), a.target.Type)
		return
	}
	for _, w := range s.words {
		if a.texts == nil {
			a.texts = make(map[string]bool)
		}
		key := strings.ToLower(strings.TrimSpace(w.word.value))
		if key == "true" && !w.is || key == "false" && w.is || key == "" {
			c.Addf(w.word.pos, "%q can't stand for %t", w.word.value, w.is)
		}
		a.texts[key] = w.is
	}
}

// attributeList compiles what is said of an attribute with several values.
func (c *compiler) attributeList(a *attribute, s *attributeSpec) {
	if !a.isList() {
		return
	}
	var types []string
	for _, k := range s.as {
		sub := c.sub(a, k.name)
		switch {
		case sub == nil:
			continue
		case sub.Name == "value":
			c.Addf(k.name.pos, `the value itself comes from "path"; "as" says what stands beside it`)
			continue
		case slices.ContainsFunc(a.asParts, func(p fixedPart) bool { return p.name == sub.Name }):
			c.Addf(k.name.pos, "%q is given twice", sub.Name)
			continue
		case !fits(sub, k.raw):
			c.Addf(k.pos, "%q must be %s", sub.Name, expected(sub))
			continue
		case sub.Name == "type":
			types = append(types, resource.Fold(unquote(k.raw)))
		}
		a.as = append(append(append(a.as, ',', '"'), sub.Name...), '"', ':')
		a.as = append(a.as, k.raw...)
		a.asParts = append(a.asParts, fixedPart{sub.Name, k.raw})
	}
	c.takes(a, s.take, types)
	var made []string
	for _, e := range s.each {
		if sub := c.sub(a, e.sub); sub != nil {
			a.each = append(a.each, element{key: sub.Name, sub: sub, paths: c.jsonPaths(e.path)})
			made = append(made, sub.Name)
		}
	}
	for _, x := range s.except {
		if len(made) > 0 && !contains(made, x.name.value) {
			c.AddHint(x.name.pos, source.DidYouMean(x.name.value, made), `"except" names %q, which "each" does not make`, x.name.value)
		}
	}
	if len(made) > 0 {
		a.except = c.constants(s.except)
	}
	a.refers = s.of.present() && a.idPaths() != nil && a.target.Sub("$ref") != nil && !slices.Contains(made, "$ref")
	c.attributeInto(a, s)
}

// attributeInto compiles how a list of references is written.
func (c *compiler) attributeInto(a *attribute, s *attributeSpec) {
	a.skipUnknown = s.unknown.value == "skip"
	if !s.into.present() {
		c.pointless(a, s, "is not written", "unknown")
		return
	}
	into, ok := c.fieldPath(s.into)
	switch {
	case !s.of.present():
		c.Addf(s.into.pos, `%s is written as a list of ids; say "of" which resource's`, a.name())
	case a.idPaths() == nil:
		c.Addf(s.into.pos, `"each" must say where the "value" of an element is, which is the id that is written`)
	case a.readOnly:
		c.Addf(s.into.pos, "%s is read-only, so that it is never written", a.name())
	case ok:
		a.into = &into
	}
}

// idPaths returns where the id of an element of a list is; nil when the
// elements have none.
func (a *attribute) idPaths() []jsonpath.Path {
	for i := range a.each {
		if a.each[i].key == "value" {
			return a.each[i].paths
		}
	}
	return nil
}

// sub returns the sub-attribute of that name, and complains when there is none.
func (c *compiler) sub(a *attribute, name text) *schema.Attribute {
	sub := a.target.Sub(name.value)
	if sub == nil {
		hint := source.DidYouMean(name.value, subNames(a.target))
		if hint == "" {
			hint = "it has " + source.AllOf(subNames(a.target))
		}
		c.AddHint(name.pos, hint, "%s has no sub-attribute %q", a.name(), name.value)
	}
	return sub
}

func subNames(a *schema.Attribute) []string {
	names := make([]string, len(a.SubAttributes))
	for i, sub := range a.SubAttributes {
		names[i] = sub.Name
	}
	return names
}

func (c *compiler) attributeState(r *resourceType, a *attribute, s *attributeSpec, calls *callSet) {
	for _, state := range s.state {
		if !state.call.present() {
			continue
		}
		if target := calls.named(state.call); state.when {
			a.on = target
		} else {
			a.off = target
		}
	}
	if len(s.state) == 0 {
		return
	}
	if a.target.Type != schema.Boolean {
		c.Addf(s.name.pos, "%s is not true or false, which is all that calls can bring about", a.name())
	}
	if r.state != nil {
		c.Addf(s.name.pos, "%s is brought about by calls already; a resource has one such attribute", r.state.name())
		return
	}
	r.state = a
}
